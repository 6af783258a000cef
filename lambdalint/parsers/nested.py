"""Nested stacks and applications whose template is a local file: read with the parameters that their parent gives.

A template that another one deploys has no deployments of its own: its parameters' defaults are in force only where the
parent leaves them. Source: AWS CLI, ``cloudformation package``: a ``TemplateURL`` or ``Location`` that is no URL is a
path from the folder of the template.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any

from lambdalint.finding import Location
from lambdalint.model.deployment import Deployment, Reading
from lambdalint.model.resource import Link
from lambdalint.model.template import Input
from lambdalint.model.values import Unknown, text
from lambdalint.parsers.discover import MAX_LOOK, NESTED, Source, has_stacks, is_template
from lambdalint.parsers.document import parse
from lambdalint.parsers.gitignore import matcher
from lambdalint.parsers.parameters import Named
from lambdalint.parsers.template import read_document, read_template
from lambdalint.settings import Settings, project_root

STACK = "AWS::CloudFormation::Stack"
PLACES = {STACK: "TemplateURL", "AWS::Serverless::Application": "Location"}
MAX_DEPTH = 8
"""Nested stacks inside each other."""


def joined(sources: Sequence[Source]) -> list[Source]:
    """The inputs with parents told apart, and without the templates that a parent among them deploys."""
    children = {os.path.realpath(one.path): _children(one) for one in sources if _may_be_parent(one)}
    kept: list[Source] = []
    deployed: set[str] = set()
    for source in sources:
        real = os.path.realpath(source.path)
        if children.get(real):
            source = source._replace(kind=NESTED)
            if real not in deployed:
                deployed |= _below(real, children) - {real}
        elif source.kind == "template" and source.path != "-" and not is_template(source.data or b""):
            continue
        kept.append(source)
    return [one for one in kept if one.path == "-" or os.path.realpath(one.path) not in deployed]


def _may_be_parent(source: Source) -> bool:
    return source.kind == "template" and source.path != "-" and has_stacks(source.data or b"")


def _children(source: Source) -> set[str]:
    root = parse(source.data or b"", source.path).root
    resources = root.get("Resources") if isinstance(root, dict) else None
    absolute = os.path.abspath(source.path)
    project = project_root(absolute, os.getcwd())
    found = set()
    for resource in resources.values() if isinstance(resources, dict) else ():
        kind = resource.get("Type") if isinstance(resource, dict) else None
        place = PLACES.get(kind) if isinstance(kind, str) else None
        properties = resource.get("Properties") if place else None
        if isinstance(properties, dict):
            found.add(_local(properties.get(place), absolute, project))
    return {os.path.realpath(path) for path in found if path is not None}


def _below(path: str, children: dict[str, set[str]]) -> set[str]:
    found: set[str] = set()
    ahead = [path]
    while ahead:
        new = children.get(ahead.pop(), set()) - found
        found |= new
        ahead += new
    return found


def _local(url: Any, parent: str, project: str) -> str | None:
    """The absolute path of a template that is here and below the project; None for a URL and for what is elsewhere."""
    if not isinstance(url, str) or not url or "://" in url:
        return None
    path = os.path.normpath(os.path.join(os.path.dirname(parent), url))
    real = os.path.realpath(path)
    return path if real.startswith(project.rstrip(os.sep) + os.sep) and os.path.isfile(real) else None


def read_nested(source: Source, settings: Settings) -> Iterator[Reading]:
    """The reading of a parent, and one of each template that it deploys, where there are resources of Lambda."""
    reading = read_template(source, settings)
    absolute = os.path.join(settings.cwd, source.path)
    below = _nested(reading, absolute, source.path, settings, {os.path.realpath(absolute)})
    yield from _with_parent(reading, source.data or b"", below)


def _with_parent(parent: Reading, data: bytes, below: Iterator[Reading]) -> Iterator[Reading]:
    """A parent without a resource of Lambda counts where a template below it has one: they are deployed as one."""
    first = None if is_template(data) else next(below, None)
    if first is not None or is_template(data):
        yield parent
    if first is not None:
        yield first
    yield from below


def _nested(reading: Reading, absolute: str, shown: str, settings: Settings, above: set[str]) -> Iterator[Reading]:
    """``above`` are the templates that lead here: one that deploys itself is not followed."""
    project = project_root(absolute, settings.cwd)
    stacks: dict[str, list[tuple[Deployment, str]]] = {}
    for deployment in sorted(reading.deployments, key=lambda one: one.scenario.derived):
        for logical_id, resource in deployment.resources.items():
            path = _local(resource.get("TemplateURL"), absolute, project) if resource.type == STACK else None
            if path is not None and not (deployment.scenario.derived and path in stacks):
                stacks.setdefault(path, []).append((deployment, logical_id))
    meant = matcher(settings.exclude)
    for path, parents in stacks.items():
        real = os.path.realpath(path)
        if real in above or len(above) > MAX_DEPTH or meant(os.path.relpath(path, settings.base).replace(os.sep, "/")):
            continue
        with open(path, "rb") as file:
            data = file.read(MAX_LOOK)
        name = os.path.normpath(os.path.join(os.path.dirname(shown), os.path.relpath(path, os.path.dirname(absolute))))
        document = parse(data, name)
        if not isinstance(document.root, dict):
            yield Reading(Input(name, document, document.faults))
            continue
        declared = document.root.get("Parameters")
        names = set(declared) if isinstance(declared, dict) else set()
        named = list({repr(one): one for one in (_named(*parent, names) for parent in parents)}.values())
        child = read_document(document, path, named, settings)
        below = _nested(child, path, name, settings, above | {real}) if has_stacks(data) else iter(())
        yield from _with_parent(child, data, below)


def _named(deployment: Deployment, logical_id: str, declared: set[str]) -> Named:
    """The nested stack's deployment: what the parent gives of the parameters that the template declares."""
    given = deployment.resources[logical_id].get("Parameters")
    document = deployment.template.document
    file = os.path.join(deployment.template.directory, os.path.basename(document.path))
    overrides: dict[str, tuple[Any, Link | None]] = {}
    if isinstance(given, Unknown):
        overrides = dict.fromkeys(declared, (given, None))
    for name, value in given.items() if isinstance(given, dict) else ():
        if name in declared:
            path = deployment.in_document(("Resources", logical_id, "Properties", "Parameters", name))
            place = Location(os.path.normpath(document.path).replace(os.sep, "/"), document.locate(path), None, file)
            overrides[name] = (passed(value), Link((), f"given by {logical_id}", place))
    return Named(deployment.scenario.label, overrides, deployment.region, deployment.account)


def passed(value: Any) -> Any:
    """A value as the nested stack gets it: what names the parent's own resources is not known there."""
    if isinstance(value, list):
        members = [text(member) for member in value]
        return Unknown("the parent stack gives it") if None in members else ",".join(m or "" for m in members)
    if isinstance(value, Unknown):
        return Unknown(value.reason, value.secret)
    if text(value) is None:
        return Unknown("the parent stack gives it when it is deployed")
    return value
