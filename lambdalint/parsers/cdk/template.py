"""One stack: its template with assets, constructs and places, and the nested stacks below it."""

from __future__ import annotations

import os
from collections.abc import Iterator

from lambdalint.model.deployment import Deployment, Reading
from lambdalint.model.template import Input, Template
from lambdalint.model.values import Value
from lambdalint.parsers.attach import attach
from lambdalint.parsers.cdk.assets import assets
from lambdalint.parsers.cdk.files import missing
from lambdalint.parsers.cdk.internal import internal
from lambdalint.parsers.cdk.nested import nested_stacks
from lambdalint.parsers.cdk.places import Sources, constructs, scope_of
from lambdalint.parsers.cdk.stack import MAX_DEPTH, Stack
from lambdalint.parsers.cloudformation import read
from lambdalint.parsers.document import read as read_document
from lambdalint.parsers.nested import passed
from lambdalint.parsers.parameters import Named
from lambdalint.settings import Roots, Settings, project_root


def read_stack(stack: Stack, settings: Settings, roots: Roots, seen: set[str]) -> Iterator[Reading]:
    if stack.path in seen or stack.depth > MAX_DEPTH:
        return
    seen.add(stack.path)
    shown = roots.shown(stack.path)
    document = read_document(stack.path)
    document.path = shown
    if not isinstance(document.root, dict):
        yield Reading(Input(shown, document, document.faults), name=stack.name)
        return
    resources = document.root.get("Resources")
    resources = resources if isinstance(resources, dict) else {}
    paths = constructs(resources, stack.metadata, stack.scope)
    project = project_root(stack.path, settings.cwd)
    template = Template(
        document,
        stack.folder.path,
        project,
        "cdk",
        sources=Sources(paths, stack.metadata, project, roots),
        constructs=paths,
        internal=internal(resources, paths, stack.metadata),
        assets=assets(resources, stack),
        name=stack.name,
    )
    region = stack.region or settings.region
    overrides = stack.overrides if stack.depth else {**stack.overrides, **settings.parameter_overrides}
    named = Named(None, {name: (value, None) for name, value in overrides.items()}, region, stack.account)
    found = read(attach(template, settings), [named], settings.as_of)
    nested = list(nested_stacks(stack, resources))
    absent = tuple(missing(("Resources", id), os.path.basename(named)) for id, named, path in nested if path is None)
    yield Reading(Input(shown, document, document.faults + found.faults + absent), found.deployments, name=stack.name)
    for logical_id, _, path in nested:
        if path is not None:
            name = f"{stack.name}/{logical_id}"
            parameters = _given(found.deployments[0], logical_id) if found.deployments else {}
            scope = scope_of("/" + paths.get(logical_id, ""))
            inner = stack._replace(path=path, name=name, overrides=parameters, depth=stack.depth + 1, scope=scope)
            yield from read_stack(inner, settings, roots, seen)


def _given(parent: Deployment, logical_id: str) -> dict[str, Value]:
    """The parameters of a nested stack as its parent gives them; what names the parent's own resources is unknown."""
    resource = parent.resources.get(logical_id)
    given = resource.get("Parameters") if resource is not None else None
    return {name: passed(value) for name, value in given.items()} if isinstance(given, dict) else {}
