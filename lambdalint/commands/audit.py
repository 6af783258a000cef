"""How much of each quota each function uses: memory, timeout, package or image, layers, environment, storage."""

from __future__ import annotations

import argparse
from typing import Any

from lambdalint.model.artifact import Package
from lambdalint.model.deployment import Deployment
from lambdalint.model.quota import Quota
from lambdalint.model.resource import Function
from lambdalint.model.values import Unknown, is_open, lower_bound, number
from lambdalint.reporters.audit import AuditCell, AuditRow
from lambdalint.rulebook import RuleBook

TAKES_INPUTS = True


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", metavar="PATH", nargs="*", default=[], help="templates, folders, assemblies, packages")
    parser.add_argument("--format", choices=("text", "json", "markdown"), default="text")
    parser.add_argument("--no-color", action="store_true", help="no colours (NO_COLOR too)")


def run(given: argparse.Namespace) -> str:
    from lambdalint import __version__
    from lambdalint.cli import on_terminal, settings_of
    from lambdalint.engine import prepare
    from lambdalint.reporters import Options
    from lambdalint.reporters.audit import render

    settings, book = prepare(settings_of(given))
    rows = audit(given.paths, settings, book)
    options = Options(version=__version__, root=settings.cwd)
    if given.format == "text":
        options = on_terminal(options, given.no_color)
    return render(rows, options, given.format)


def audit(paths: list[str], settings: Any, book: RuleBook) -> list[AuditRow]:
    """A row for each function of each named deployment. Raises SettingsError for a path that does not exist."""
    from lambdalint.commands import deployments
    from lambdalint.settings import Roots

    roots = Roots(settings.cwd, settings.cwd)
    rows = []
    for deployment in deployments(paths, settings):
        scenario = deployment.scenario
        if scenario.derived:
            continue
        label = f" ({scenario.label})" if scenario.label else ""
        template = roots.shown(deployment.template.document.path) + label
        for function in deployment.functions:
            if function.id not in deployment.template.internal:
                cells = _cells(deployment, function, book)
                rows.append(AuditRow(deployment.owner(function.id), template, tuple(cells)))
    return rows


def _cells(deployment: Deployment, function: Function, book: RuleBook) -> list[AuditCell]:
    managed = ".managed-instances" if function.is_managed_instance else ""
    found = [
        _number(function, ("MemorySize",), "Memory", book.quota(f"function.memory{managed}"), "MB"),
        _number(function, ("Timeout",), "Timeout", book.quota(f"function.timeout{managed}"), "s"),
        _package(deployment, function, book),
    ]
    if not function.is_image:
        layers = function.get("Layers")
        count = None if is_open(layers) else len(layers) if isinstance(layers, list) else 0
        found.append(_cell("Layers", count, book.quota("function.layers"), ""))
    found.append(_cell("Environment", _environment(function), book.quota("function.environment"), "B"))
    storage = book.quota("function.ephemeral-storage")
    found.append(_number(function, ("EphemeralStorage", "Size"), "Storage", storage, "MB"))
    return found


def _cell(label: str, value: float | None, quota: Quota, unit: str) -> AuditCell:
    return AuditCell(quota.id, label, value, quota.max, unit)


def _number(function: Function, keys: tuple[str, ...], label: str, quota: Quota, unit: str) -> AuditCell:
    written = function.get(*keys)
    if isinstance(function.get(keys[0]), Unknown):
        return _cell(label, None, quota, unit)
    return _cell(label, quota.default if written is None else number(written), quota, unit)


def _environment(function: Function) -> int | None:
    """Bytes as Lambda counts them, of what is known; None where the variables themselves are not."""
    import json

    if is_open(function.get("Environment")):
        return None
    variables = function.get("Environment", "Variables")
    if variables is None:
        return 0
    if is_open(variables) or not isinstance(variables, dict):
        return None
    certain = {name: lower_bound(value) for name, value in variables.items()}
    return len(json.dumps(certain, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass"))


def _package(deployment: Deployment, function: Function, book: RuleBook) -> AuditCell:
    from lambdalint.model.packages import unzipped

    artifacts = deployment.template.artifacts
    if function.is_image:
        image = artifacts.image(deployment, function) if artifacts is not None else None
        return _cell(
            "Package", image.uncompressed if image is not None else None, book.quota("image.uncompressed"), "B"
        )
    if isinstance(inline := function.get("Code", "ZipFile"), str):
        return _cell("Package", len(inline.encode("utf-8", "surrogatepass")), book.quota("zip.unzipped"), "B")
    size = unzipped(deployment, function)
    known = size is not None and size.code is not None and (size.code.built or not _is_built_from(size.code))
    return _cell("Package", size.total if size is not None and known else None, book.quota("zip.unzipped"), "B")


def _is_built_from(package: Package) -> bool:
    """Whether a source folder has a manifest: what is installed by it is still to come."""
    from lambdalint.parsers.archive.folder import MANIFESTS

    return any(package.has(name) for name in MANIFESTS)
