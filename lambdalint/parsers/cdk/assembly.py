"""The manifest of an assembly: its stacks, its stages (assemblies inside it), and their files."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from typing import Any

from lambdalint.finding import Fault, Notice
from lambdalint.model.deployment import Reading
from lambdalint.model.template import Input
from lambdalint.parsers.cdk.files import beside, broken, inside, missing
from lambdalint.parsers.cdk.places import metadata_of
from lambdalint.parsers.cdk.stack import MAX_DEPTH, Stack
from lambdalint.parsers.cdk.template import read_stack
from lambdalint.parsers.discover import Source
from lambdalint.parsers.document import read as read_document
from lambdalint.settings import Roots, Settings

KNOWN_VERSION = 55
"""The newest schema of the cloud assembly that this reader was tried on."""


def read_assembly(source: Source, settings: Settings, roots: Roots) -> Iterator[Reading]:
    """One reading for each template of an assembly, and one for what is wrong with its manifests."""
    folder = os.path.join(settings.cwd, source.path)
    seen: set[str] = set()
    yield from _assembly(folder, settings, roots, seen, 0)


def _assembly(folder: str, settings: Settings, roots: Roots, seen: set[str], depth: int) -> Iterator[Reading]:
    path = os.path.join(folder, "manifest.json")
    if path in seen or depth > MAX_DEPTH:
        return
    seen.add(path)
    shown = roots.shown(path)
    manifest = read_document(path)
    if not isinstance(manifest.root, dict):
        faults = manifest.faults if manifest.root is None else (broken(path, folder),)
        yield Reading(Input(shown, manifest, faults))
        return
    artifacts = manifest.root.get("artifacts")
    artifacts = artifacts if isinstance(artifacts, dict) else {}
    wrong: list[Fault] = []
    notices = _newer(manifest.root, shown)
    stacks: list[Stack] = []
    stages: list[str] = []
    manifests: dict[str, dict[str, Any]] = {}
    for name, artifact in artifacts.items():
        if _kind(artifact) == "cdk:asset-manifest":
            found = beside(folder, _property(artifact, "file"), ("artifacts", name), wrong)
            if found is not None:
                manifests[name] = found
    for name, artifact in artifacts.items():
        kind = _kind(artifact)
        if kind == "aws:cloudformation:stack":
            stack = _stack_of(folder, name, artifact, manifests, wrong)
            if stack is not None:
                stacks.append(stack)
        elif kind == "cdk:cloud-assembly":
            directory = _property(artifact, "directoryName")
            stage = inside(folder, directory)
            if stage is None or not os.path.isdir(stage):
                wrong.append(missing(("artifacts", name), directory))
            else:
                stages.append(stage)
    yield Reading(Input(shown, manifest, tuple(wrong)), notices=notices)
    for stack in stacks:
        yield from read_stack(stack, settings, roots, seen)
    for stage in stages:
        yield from _assembly(stage, settings, roots, seen, depth + 1)


def _kind(artifact: Any) -> Any:
    return artifact.get("type") if isinstance(artifact, dict) else None


def _property(artifact: Any, name: str) -> Any:
    properties = artifact.get("properties") if isinstance(artifact, dict) else None
    return properties.get(name) if isinstance(properties, dict) else None


def _newer(manifest: Mapping[str, Any], shown: str) -> tuple[Notice, ...]:
    version = str(manifest.get("version", ""))
    major = version.split(".", 1)[0]
    if major.isdigit() and int(major) > KNOWN_VERSION:
        words = (
            f"the assembly's schema {version} is newer than {KNOWN_VERSION}, the newest known; it is read all the same"
        )
        return (Notice(words, shown),)
    return ()


def _stack_of(
    folder: str, name: str, artifact: Any, manifests: Mapping[str, dict[str, Any]], faults: list[Fault]
) -> Stack | None:
    path = ("artifacts", name)
    file = _property(artifact, "templateFile")
    template = inside(folder, file)
    if template is None or not os.path.isfile(template):
        faults.append(missing(path, file))
        return None
    metadata = artifact.get("metadata")
    if not isinstance(metadata, dict):
        extra = artifact.get("additionalMetadataFile")
        metadata = beside(folder, extra, path, faults) if extra is not None else None
    account, region = _environment(artifact.get("environment"))
    needed = artifact.get("dependencies")
    assets = tuple(manifests[one] for one in needed if one in manifests) if isinstance(needed, list) else ()
    shown = artifact.get("displayName")
    parameters = _property(artifact, "parameters")
    return Stack(
        template,
        shown if isinstance(shown, str) else name,
        folder,
        metadata_of(metadata),
        assets or tuple(manifests.values()),
        region,
        account,
        parameters if isinstance(parameters, dict) else {},
    )


def _environment(value: Any) -> tuple[str | None, str | None]:
    """Account and Region of ``aws://ACCOUNT/REGION``; ``unknown-account`` and ``unknown-region`` mean unknown."""
    match = re.fullmatch(r"aws://([^/]+)/([^/]+)", value) if isinstance(value, str) else None
    if not match:
        return None, None
    account, region = match.groups()
    return (
        None if account.startswith("unknown") else account,
        None if region.startswith("unknown") else region,
    )
