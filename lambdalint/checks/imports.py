"""LL313: what a Python handler's module imports and nobody packs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lambdalint.checks import check
from lambdalint.finding import WARNING, Problem
from lambdalint.model.artifact import Package, Requirements
from lambdalint.model.deployment import Deployment
from lambdalint.model.packages import layers_of, wrapped
from lambdalint.model.resource import Function
from lambdalint.model.runtimes import runtime_of
from lambdalint.model.source import MODULE, Import, Source
from lambdalint.model.template import ALONE

_MOVED_PATH = ("sys.path", "addsitedir", "unzip_requirements", "__import__(", "install_aliases")
"""Where a module says so, its later imports may be found anywhere."""


@check("function")
def import_not_packaged(function: Function, deployment: Deployment, facts: Mapping[str, Any]) -> Iterator[Problem]:
    """Imports at the top level of the handler's module that nothing of what is deployed has."""
    artifacts = deployment.template.artifacts
    runtime = runtime_of(function, facts["runtimes"])
    if artifacts is None or runtime is None or wrapped(deployment, function):
        return
    source: Source | None = artifacts.source(deployment, function)
    if source is None or source.handler.module_status != "found":
        return
    inline = function.get("Code", "ZipFile") is not None
    at_hand = runtime_modules(facts["bundled_modules"], str(runtime.get("python")), inline)
    imports = [one for one in source.imports if _counts(one) and one.module.partition(".")[0] not in (at_hand or ())]
    if not imports or at_hand is None:
        return
    package: Package | None = None if inline else artifacts.package(deployment, function)
    if not inline and (package is None or not package.complete):
        return
    supply = _Supply(function, deployment, package)
    if supply.open:
        return
    told = set()
    for one in imports:
        top = one.module.partition(".")[0]
        if top in told or _moves_path(source, one):
            continue
        relative = one.level > 0 and not one.module
        if not relative and (not top or supply.has(top, one.module, facts["distributions"])):
            continue
        told.add(top)
        place = source.place(one.site)
        at = place._replace(path=function.at("Code").path) if place.file is not None else place
        fields = {"module": one.module or "." * one.level, "runtime": runtime["id"], "where": supply.where}
        severity = WARNING if not relative and (supply.unbuilt or deployment.template.kind == ALONE) else None
        kind = "relative" if relative else "unbuilt" if supply.unbuilt else "inline" if inline else "default"
        yield Problem(at, kind, fields, severity=severity)


def _counts(one: Import) -> bool:
    return one.in_handler_module and one.reach == MODULE and one.certain and not one.guarded and not one.found


def _moves_path(source: Source, one: Import) -> bool:
    text = source.text(one.site.root, one.site.file) or ""
    return any(word in text for word in _MOVED_PATH)


_known: list[tuple[Any, dict[tuple[str, bool], frozenset[str]]]] = []


def runtime_modules(table: Mapping[str, Any], version: str, inline: bool) -> frozenset[str] | None:
    """Top-level modules that a Python runtime has without packing; None for a version that the table does not know."""
    if not _known or _known[0][0] is not table:
        _known[:] = [(table, {})]
    cache = _known[0][1]
    if (version, inline) not in cache:
        library = table["standard_library"]
        changes = library["changes"].get(version)
        if changes is None and version != library["base"]:
            return None
        names = set(library["modules"].split())
        if changes is not None:
            names = names - set(changes["removed"]) | set(changes["added"])
        for section in ("bundled", "runtime_client", "tools", *(("inline",) if inline else ())):
            names.update(table[section]["modules"])
        names.update(table["runtime_client"].get("snapstart", ()))
        if version in table["durable"]["versions"]:
            names.update(table["durable"]["modules"])
        cache[version, inline] = frozenset(names)
    return cache[version, inline]


class _Supply:
    """What a function's package, its layers and its requirements bring along."""

    def __init__(self, function: Function, deployment: Deployment, package: Package | None) -> None:
        artifacts = deployment.template.artifacts
        self.artifacts = artifacts
        self.packages: list[tuple[Package, str]] = [] if package is None else [(package, "")]
        self.wanted: list[Requirements] = []
        self.open = False
        self.unbuilt = package is not None and not package.built
        files: list[str] = []
        if package is not None and self.unbuilt:
            self._add(artifacts.requirements(deployment, function))
            files = [name for found in self.wanted for name in found.files]
            self.open = self.open or "Makefile" in files
        for use in layers_of(deployment, function) or ():
            if use.package is None or use.layer is None or not use.package.complete:
                self.open = True
                continue
            self.packages += [(use.package, root) for root in use.package.python_roots]
            if use.package.built:
                continue
            wanted = artifacts.requirements(deployment, use.layer)
            if artifacts.has_build_step(deployment, use.layer):
                # Before its build a layer's source lies without the folder that the build puts around it.
                self.packages.append((use.package, ""))
                self.unbuilt = True
            elif "python/" in use.package.left_out or artifacts.ignored(f"{use.package.path}/python"):
                self.open = True  # a script installs into it
            self.unbuilt = self.unbuilt or bool(wanted.names or wanted.open)
            self._add(wanted)
        if layers_of(deployment, function) is None:
            self.open = True
        self.where = f"what {', '.join(dict.fromkeys(files))} asks for" if files else "a requirements.txt"

    def _add(self, found: Requirements) -> None:
        self.wanted.append(found)
        self.open = self.open or found.open

    def has(self, top: str, module: str, distributions: Mapping[str, Any]) -> bool:
        """Whether a module may be there: packed, left out of a source folder, or brought by a requirement."""
        path = module.replace(".", "/")
        for package, root in self.packages:
            if package.may_have(f"{root}{top}.py") or package.may_have(f"{root}{top}/__init__.py"):
                return True
            if any(package.may_have(f"{root}{top}{ending}") for ending in (".so", ".abi3.so", ".pyc")):
                return True
            if not package.built and any(
                self.artifacts.ignored(f"{package.path}/{root}{top}{end}") for end in ("", ".py")
            ):
                return True
            # Of a namespace package (no __init__.py) each part may be packed by itself.
            if top in package.modules(root) and any(package.has(f"{root}{path}{end}") for end in (".py", ".so")):
                return True
            if top in package.modules(root) and package.is_dir(root + path):
                return True
        return any(_brings(found.names, top, distributions) for found in self.wanted)


def _brings(names: frozenset[str], top: str, distributions: Mapping[str, Any]) -> bool:
    """Whether one of the distributions may install a module: what the table does not know may install anything."""
    table = distributions["distributions"]
    seen: set[str] = set()
    pending = list(names)
    while pending:
        name = pending.pop()
        if name in seen:
            continue
        seen.add(name)
        entry = table.get(name)
        if entry is None:
            return True
        if top in entry.get("modules", (name.replace("-", "_"),)):
            return True
        pending += entry.get("requires") or ()
    return False
