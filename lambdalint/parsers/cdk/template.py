"""One stack: its template with assets, constructs and places, and the nested stacks below it."""

from __future__ import annotations

import os
from collections.abc import Iterator

from lambdalint.model.deployment import Reading
from lambdalint.model.template import Input, Template
from lambdalint.model.values import text
from lambdalint.parsers.attach import attach
from lambdalint.parsers.cdk.assets import assets
from lambdalint.parsers.cdk.files import missing
from lambdalint.parsers.cdk.internal import internal
from lambdalint.parsers.cdk.nested import nested_stacks
from lambdalint.parsers.cdk.places import Sources, constructs
from lambdalint.parsers.cdk.stack import MAX_DEPTH, Stack
from lambdalint.parsers.cloudformation import read
from lambdalint.parsers.document import read as read_document
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
    paths = constructs(resources, stack.metadata, os.path.basename(stack.path), stack.depth > 0)
    project = project_root(stack.path, settings.cwd)
    template = Template(
        document,
        stack.folder,
        project,
        "cdk",
        sources=Sources(paths, stack.metadata, project, roots),
        constructs=paths,
        internal=internal(resources, paths, stack.metadata),
        assets=assets(resources, stack),
        name=stack.name,
    )
    region = stack.region or settings.region
    overrides = {**stack.overrides, **settings.parameter_overrides}
    named = Named(None, {name: (value, None) for name, value in overrides.items()}, region, stack.account)
    found = read(attach(template, settings), [named], settings.as_of)
    nested = dict(nested_stacks(stack, resources))
    absent = tuple(
        missing(("Resources", id), os.path.basename(path)) for id, path in nested.items() if not os.path.isfile(path)
    )
    yield Reading(Input(shown, document, document.faults + found.faults + absent), found.deployments, name=stack.name)
    for logical_id, path in nested.items():
        parent = found.deployments[0].resources.get(logical_id) if found.deployments else None
        given = parent.get("Parameters") if parent is not None else None
        known = {k: text(v) for k, v in given.items() if text(v) is not None} if isinstance(given, dict) else {}
        inner = stack._replace(path=path, name=f"{stack.name}/{logical_id}", overrides=known, depth=stack.depth + 1)
        if os.path.isfile(path):
            yield from read_stack(inner, settings, roots, seen)
