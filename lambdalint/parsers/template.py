"""A template file on disk or from standard input, read as deployments."""

from __future__ import annotations

import os
from collections.abc import Sequence

from lambdalint.finding import Fault
from lambdalint.model.deployment import Reading
from lambdalint.model.template import Input, Template
from lambdalint.parsers.attach import attach
from lambdalint.parsers.cloudformation import SAM, read, transforms
from lambdalint.parsers.discover import Source
from lambdalint.parsers.document import Document, parse
from lambdalint.parsers.parameters import Named
from lambdalint.settings import Settings, project_root


def read_template(source: Source, settings: Settings) -> Reading:
    """The deployments of one template file; a file that cannot be read gives its faults."""
    shown = "<stdin>" if source.path == "-" else source.path
    document = parse(source.data or b"", shown)
    if not source.named and (any(fault.kind == "not-a-template" for fault in document.faults) or _is_other(document)):
        # A list (a playbook, the cases of a test), several documents, an event: they happen to name a resource.
        return Reading(Input(shown, document, ()))
    if document.faults and document.root is None:
        return Reading(Input(shown, document, document.faults))
    absolute = os.path.join(settings.cwd, source.path) if source.path != "-" else os.path.join(settings.cwd, "template")
    named, faults = deployments_named(absolute, source, settings)
    reading = read_document(document, absolute, named, settings)
    return reading._replace(input=reading.input._replace(faults=reading.input.faults + faults))


_SECTIONS = frozenset(
    "AWSTemplateFormatVersion Description Metadata Parameters Rules Mappings Conditions Transform Resources Outputs "
    "Hooks Globals".split()
)


def _is_other(document: Document) -> bool:
    """Whether a file has Resources of another kind than a template's, beside what no template has."""
    root = document.root
    return isinstance(root, dict) and not isinstance(root.get("Resources") or {}, dict) and not root.keys() <= _SECTIONS


def read_document(document: Document, absolute: str, named: Sequence[Named], settings: Settings) -> Reading:
    """The named deployments of a template that is read, and those derived from them. ``absolute`` is its path."""
    kind = "sam" if isinstance(document.root, dict) and SAM in transforms(document.root) else "cloudformation"
    template = Template(document, os.path.dirname(absolute), project_root(absolute, settings.cwd), kind)
    found = read(attach(template, settings), named, settings.as_of)
    return Reading(Input(document.path, document, document.faults + found.faults), found.deployments)


def deployments_named(absolute: str, source: Source, settings: Settings) -> tuple[list[Named], tuple[Fault, ...]]:
    """The command line's and config's overrides, and each environment of a samconfig; why that cannot be read."""
    named: list[Named] = []
    faults: tuple[Fault, ...] = ()
    if source.path != "-":
        named, faults = samconfig(absolute, os.path.dirname(source.path))
    if settings.region:
        named = [one._replace(region=settings.region) for one in named]
    if settings.parameter_overrides or not named:
        overrides = {name: (value, None) for name, value in settings.parameter_overrides.items()}
        named.insert(0, Named(None, overrides, settings.region))
    return named, faults


def samconfig(absolute: str, shown: str) -> tuple[list[Named], tuple[Fault, ...]]:
    """As samconfig.environments, without importing it where there is no such file."""
    folder = os.path.dirname(absolute)
    if not any(
        os.path.isfile(os.path.join(folder, name)) for name in ("samconfig.toml", "samconfig.yaml", "samconfig.yml")
    ):
        return [], ()
    from lambdalint.parsers.samconfig import environments

    return environments(absolute, shown)
