"""The manifest of an assembly: its stacks, its stages (assemblies inside it), and their files."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from typing import Any

from lambdalint.finding import Fault, Notice
from lambdalint.model.deployment import Reading
from lambdalint.model.template import Input
from lambdalint.parsers.cdk.assets import problem_of
from lambdalint.parsers.cdk.files import Folder, beside, broken, folder_of, misshapen, missing
from lambdalint.parsers.cdk.places import metadata_of
from lambdalint.parsers.cdk.stack import MAX_DEPTH, Stack
from lambdalint.parsers.cdk.template import read_stack
from lambdalint.parsers.discover import Source
from lambdalint.parsers.document import Document
from lambdalint.parsers.document import read as read_document
from lambdalint.settings import Roots, Settings, project_root

KNOWN_VERSION = 55
"""The newest schema of the cloud assembly that this reader was tried on."""

_SHAPES: Mapping[str, type] = {
    "type": str,
    "properties": dict,
    "metadata": dict,
    "additionalMetadataFile": str,
    "environment": str,
    "dependencies": list,
    "displayName": str,
}
_PROPERTIES: Mapping[str, type] = {"templateFile": str, "file": str, "directoryName": str, "parameters": dict}
_NAMES = {"dict": "map", "list": "list", "str": "string"}
_FILES = {
    "aws:cloudformation:stack": "templateFile",
    "cdk:asset-manifest": "file",
    "cdk:cloud-assembly": "directoryName",
}
"""The kinds of artifacts that are read, and the property that names their file."""


def read_assembly(source: Source, settings: Settings, roots: Roots) -> Iterator[Reading]:
    """One reading for each template of an assembly, and one for what is wrong with its manifests."""
    folder = os.path.join(settings.cwd, source.path)
    seen: set[str] = set()
    yield from _assembly(folder, settings, roots, seen, 0)


def _assembly(folder: str, settings: Settings, roots: Roots, seen: set[str], depth: int) -> Iterator[Reading]:
    path = os.path.join(folder, "manifest.json")
    if os.path.realpath(path) in seen or depth > MAX_DEPTH:
        return
    seen.add(os.path.realpath(path))
    shown = roots.shown(path)
    document = read_document(path)
    manifest = _Manifest(document, folder_of(folder, project_root(folder, settings.cwd)))
    faults = (*document.faults, *manifest.faults)
    yield Reading(Input(shown, document, faults), notices=_newer(manifest.version, shown))
    for stack in manifest.stacks:
        yield from read_stack(stack, settings, roots, seen)
    for stage in manifest.stages:
        yield from _assembly(stage, settings, roots, seen, depth + 1)


def _newer(version: str, shown: str) -> tuple[Notice, ...]:
    if int(version.partition(".")[0] or 0) > KNOWN_VERSION:
        words = (
            f"the assembly's schema {version} is newer than {KNOWN_VERSION}, the newest known; it is read all the same"
        )
        return (Notice(words, shown),)
    return ()


class _Manifest:
    """What a manifest tells, and what is wrong with it: whatever has another shape than it should is left out."""

    def __init__(self, document: Document, folder: Folder) -> None:
        self.folder = folder
        self.faults: list[Fault] = []
        self.version = ""
        self.stacks: list[Stack] = []
        self.stages: list[str] = []
        if document.root is None:
            return
        if not isinstance(document.root, dict):
            self.faults.append(misshapen((), "it is no map"))
            return
        version = document.root.get("version")
        if isinstance(version, str) and re.match(r"[0-9]{1,9}(\.|$)", version):
            self.version = version
        else:
            self.faults.append(misshapen(("version",), "the schema's version is missing"))
        self._read(document.root.get("artifacts"))

    def _read(self, artifacts: Any) -> None:
        if artifacts is None:
            return
        if not isinstance(artifacts, dict):
            self.faults.append(misshapen(("artifacts",), "artifacts is no map"))
            return
        shaped = {name: self._shaped(name, artifact) for name, artifact in artifacts.items()}
        manifests: dict[str, dict[str, Any]] = {}
        for name, artifact in shaped.items():
            if artifact.get("type") == "cdk:asset-manifest":
                found = beside(self.folder, self._file(name, artifact), ("artifacts", name), self.faults)
                if found is not None:
                    manifests[name] = found
                    problem = problem_of(found)
                    if problem is not None:
                        self.faults.append(broken(("artifacts", name), artifact["properties"]["file"], problem))
        for name, artifact in shaped.items():
            if artifact.get("type") == "aws:cloudformation:stack":
                self._add_stack(name, artifact, manifests)
            elif artifact.get("type") == "cdk:cloud-assembly":
                directory = self._file(name, artifact)
                stage = self.folder.file(directory)
                if stage is not None and os.path.isdir(stage):
                    self.stages.append(stage)
                elif directory is not None:
                    self.faults.append(missing(("artifacts", name), directory))

    def _shaped(self, name: str, artifact: Any) -> dict[str, Any]:
        """An artifact without what has the wrong shape."""
        path = ("artifacts", name)
        if not isinstance(artifact, dict):
            self.faults.append(misshapen(path, f"{name} is no map"))
            return {}
        if artifact.get("type") is None:
            self.faults.append(misshapen(path, f"{name} has no type"))
        found = self._of_shape(path, artifact, _SHAPES)
        found["properties"] = self._of_shape((*path, "properties"), found.get("properties") or {}, _PROPERTIES)
        return found

    def _of_shape(self, path: tuple[Any, ...], values: Any, shapes: Mapping[str, type]) -> dict[str, Any]:
        found = {}
        for key, value in values.items():
            shape = shapes.get(key)
            if shape is None or value is None or isinstance(value, shape):
                found[key] = value
            else:
                self.faults.append(misshapen((*path, key), f"{key} of {path[1]} is no {_NAMES[shape.__name__]}"))
        return found

    def _file(self, name: str, artifact: Mapping[str, Any]) -> str | None:
        """What an artifact names as its file or folder."""
        key = _FILES[artifact["type"]]
        file: str | None = artifact["properties"].get(key)
        if file is None and not any(fault.path[:2] == ("artifacts", name) for fault in self.faults):
            self.faults.append(misshapen(("artifacts", name), f"{name} has no {key}"))
        return file

    def _add_stack(self, name: str, artifact: Mapping[str, Any], manifests: Mapping[str, dict[str, Any]]) -> None:
        path = ("artifacts", name)
        file = self._file(name, artifact)
        if file is None:
            return
        template = self.folder.file(file)
        if template is None or not os.path.isfile(template):
            self.faults.append(missing(path, file))
            return
        metadata = artifact.get("metadata")
        extra = artifact.get("additionalMetadataFile")
        if metadata is None and extra is not None:
            metadata = beside(self.folder, extra, path, self.faults)
        if any(not isinstance(entries, list) for entries in (metadata or {}).values()):
            self.faults.append(misshapen(path, f"the metadata of {name} holds what is no list"))
        account, region = _environment(artifact.get("environment"))
        needed = [one for one in artifact.get("dependencies") or () if isinstance(one, str)]
        assets = tuple(manifests[one] for one in needed if one in manifests)
        self.stacks.append(
            Stack(
                template,
                artifact.get("displayName") or name,
                self.folder,
                metadata_of(metadata),
                assets or tuple(manifests.values()),
                region,
                account,
                artifact["properties"].get("parameters") or {},
            )
        )


def _environment(value: str | None) -> tuple[str | None, str | None]:
    """Account and Region of ``aws://ACCOUNT/REGION``; ``unknown-account`` and ``unknown-region`` mean unknown."""
    match = re.fullmatch(r"aws://([^/]+)/([^/]+)", value or "")
    if not match:
        return None, None
    account, region = match.groups()
    return (
        None if account.startswith("unknown") else account,
        None if region.startswith("unknown") else region,
    )
