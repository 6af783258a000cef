"""CDK cloud assemblies: stacks, stages and nested stacks with their assets, and the line of code of each construct.

Read from manifest.json as the CLI reads it (schema versions 0 to 55 known): inline metadata or a metadata file beside,
asset manifests or the asset metadata of old versions. tree.json is not needed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from lambdalint.finding import Fault, Location, Notice, Span
from lambdalint.model.deployment import Reading
from lambdalint.model.template import Input, Template
from lambdalint.model.values import text
from lambdalint.parsers.attach import attach
from lambdalint.parsers.cloudformation import read
from lambdalint.parsers.discover import Source
from lambdalint.parsers.document import read as read_document
from lambdalint.parsers.parameters import Named
from lambdalint.settings import Roots, Settings, project_root

KNOWN_VERSION = 55
"""The newest schema of the cloud assembly that this reader was tried on."""
MAX_DEPTH = 8
"""Stages and nested stacks inside each other."""

_FRAME = re.compile(r"\(?((?:[A-Za-z]:)?[^():]+):(\d+):(\d+)\)?$")
_PYTHON_FRAME = re.compile(r'File "([^"]+)", line (\d+)')
_LIBRARIES = ("/node_modules/", "/site-packages/", "/dist-packages/")

INTERNAL = re.compile(
    r"/(Custom::[A-Za-z0-9]+"
    r"|framework-on(Event|Timeout)|framework-isComplete"
    r"|LogRetention[0-9a-f]{32}"
    r"|AWS[0-9a-f]{32}"
    r"|BucketNotificationsHandler[0-9a-f]{32}"
    r"|SingletonLambda224e77f9a32e4b4dac32983477abba16"
    r"|@aws-cdk--[a-z0-9-]+\.[A-Za-z]+)(/|$)",
)
"""Construct paths of what CDK makes for itself: its own custom resources and their providers.

A SingletonFunction is the user's, but for the one by which aws-ses drops spam.
"""
_BUCKET_DEPLOYMENT = re.compile(r"/Custom::CDKBucketDeployment[0-9A-F]{32}")
_HANDLER_MARK = "aws:cdk:is-custom-resource-handler"


class _Stack(NamedTuple):
    """A stack's template, before it is read."""

    path: str
    """Absolute path of the template."""
    name: str
    folder: str
    """Absolute folder of its assembly: asset paths start there."""
    metadata: Mapping[str, list[dict[str, Any]]]
    assets: tuple[dict[str, Any], ...]
    """The asset manifests that concern it."""
    region: str | None
    account: str | None
    overrides: Mapping[str, Any] = {}
    depth: int = 0


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
        faults = manifest.faults if manifest.root is None else (_broken(path, folder),)
        yield Reading(Input(shown, manifest, faults))
        return
    artifacts = manifest.root.get("artifacts")
    artifacts = artifacts if isinstance(artifacts, dict) else {}
    wrong: list[Fault] = []
    notices = _newer(manifest.root, shown)
    stacks: list[_Stack] = []
    stages: list[str] = []
    manifests: dict[str, dict[str, Any]] = {}
    for name, artifact in artifacts.items():
        if _kind(artifact) == "cdk:asset-manifest":
            found = _beside(folder, _property(artifact, "file"), ("artifacts", name), wrong)
            if found is not None:
                manifests[name] = found
    for name, artifact in artifacts.items():
        kind = _kind(artifact)
        if kind == "aws:cloudformation:stack":
            stack = _stack(folder, name, artifact, manifests, wrong)
            if stack is not None:
                stacks.append(stack)
        elif kind == "cdk:cloud-assembly":
            directory = _property(artifact, "directoryName")
            inside = _inside(folder, directory)
            if inside is None or not os.path.isdir(inside):
                wrong.append(_missing(("artifacts", name), directory))
            else:
                stages.append(inside)
    yield Reading(Input(shown, manifest, tuple(wrong)), notices=notices)
    for stack in stacks:
        yield from _template(stack, settings, roots, seen)
    for stage in stages:
        yield from _assembly(stage, settings, roots, seen, depth + 1)


def _kind(artifact: Any) -> Any:
    return artifact.get("type") if isinstance(artifact, dict) else None


def _property(artifact: Any, name: str) -> Any:
    properties = artifact.get("properties") if isinstance(artifact, dict) else None
    return properties.get(name) if isinstance(properties, dict) else None


def _broken(path: str, folder: str) -> Fault:
    return Fault("assembly-broken", (), {"file": os.path.relpath(path, folder), "problem": "it is no map"})


def _missing(path: tuple[Any, ...], file: Any) -> Fault:
    return Fault("assembly-missing", path, {"file": file if isinstance(file, str) else "nothing"}, key=True)


def _newer(manifest: Mapping[str, Any], shown: str) -> tuple[Notice, ...]:
    version = str(manifest.get("version", ""))
    major = version.split(".", 1)[0]
    if major.isdigit() and int(major) > KNOWN_VERSION:
        words = (
            f"the assembly's schema {version} is newer than {KNOWN_VERSION}, the newest known; it is read all the same"
        )
        return (Notice(words, shown),)
    return ()


def _inside(folder: str, name: Any) -> str | None:
    """A path below an assembly's folder; None for one that leads elsewhere."""
    if not isinstance(name, str) or not name:
        return None
    real = os.path.realpath(os.path.join(folder, name))
    top = os.path.realpath(folder)
    # A stage shares the assets of the assembly above it.
    for _ in range(2):
        if real == top or real.startswith(top + os.sep):
            return os.path.normpath(os.path.join(folder, name))
        top = os.path.dirname(top)
    return None


def _beside(folder: str, name: Any, path: tuple[Any, ...], faults: list[Fault]) -> dict[str, Any] | None:
    """A JSON file that the manifest names; what is wrong with it is a fact at the manifest's line."""
    inside = _inside(folder, name)
    if inside is None or not os.path.isfile(inside):
        faults.append(_missing(path, name))
        return None
    document = read_document(inside)
    if not isinstance(document.root, dict):
        problem = next((str(f.fields.get("problem", f.kind)) for f in document.faults), "it is no map")
        faults.append(Fault("assembly-broken", path, {"file": name, "problem": problem}, key=True))
        return None
    return document.root


def _stack(
    folder: str, name: str, artifact: Any, manifests: Mapping[str, dict[str, Any]], faults: list[Fault]
) -> _Stack | None:
    path = ("artifacts", name)
    file = _property(artifact, "templateFile")
    template = _inside(folder, file)
    if template is None or not os.path.isfile(template):
        faults.append(_missing(path, file))
        return None
    metadata = artifact.get("metadata")
    if not isinstance(metadata, dict):
        extra = artifact.get("additionalMetadataFile")
        metadata = _beside(folder, extra, path, faults) if extra is not None else None
    account, region = _environment(artifact.get("environment"))
    needed = artifact.get("dependencies")
    assets = tuple(manifests[one] for one in needed if one in manifests) if isinstance(needed, list) else ()
    shown = artifact.get("displayName")
    parameters = _property(artifact, "parameters")
    return _Stack(
        template,
        shown if isinstance(shown, str) else name,
        folder,
        metadata or {},
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


# -- one template --------------------------------------------------------------------------------------------------


def _template(stack: _Stack, settings: Settings, roots: Roots, seen: set[str]) -> Iterator[Reading]:
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
    constructs = _constructs(resources, stack)
    project = project_root(stack.path, settings.cwd)
    template = Template(
        document,
        stack.folder,
        project,
        "cdk",
        sources=_Sources(constructs, stack.metadata, project, roots),
        constructs=constructs,
        internal=_internal(resources, constructs),
        assets=_assets(resources, stack),
        name=stack.name,
    )
    region = stack.region or settings.region
    overrides = {**stack.overrides, **settings.parameter_overrides}
    named = Named(None, {name: (value, None) for name, value in overrides.items()}, region, stack.account)
    found = read(attach(template, settings), [named], settings.as_of)
    nested = dict(_nested(stack, resources))
    absent = tuple(
        _missing(("Resources", id), os.path.basename(path)) for id, path in nested.items() if not os.path.isfile(path)
    )
    yield Reading(Input(shown, document, document.faults + found.faults + absent), found.deployments, name=stack.name)
    for logical_id, path in nested.items():
        parent = found.deployments[0].resources.get(logical_id) if found.deployments else None
        given = parent.get("Parameters") if parent is not None else None
        known = {k: text(v) for k, v in given.items() if text(v) is not None} if isinstance(given, dict) else {}
        inner = stack._replace(path=path, name=f"{stack.name}/{logical_id}", overrides=known, depth=stack.depth + 1)
        if os.path.isfile(path):
            yield from _template(inner, settings, roots, seen)


def _nested(stack: _Stack, resources: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Logical ID and template, there or not, of each nested stack whose template is of the assembly."""
    for logical_id, resource in resources.items():
        if not isinstance(resource, dict) or resource.get("Type") != "AWS::CloudFormation::Stack":
            continue
        metadata = resource.get("Metadata")
        file = metadata.get("aws:asset:path") if isinstance(metadata, dict) else None
        path = _inside(stack.folder, file) if file else _nested_by_asset(stack, resource)
        if path is not None:
            yield logical_id, path


def _nested_by_asset(stack: _Stack, resource: Mapping[str, Any]) -> str | None:
    """A nested template whose asset's key stands in TemplateURL."""
    properties = resource.get("Properties")
    url = repr(properties.get("TemplateURL")) if isinstance(properties, dict) else ""
    for key, source in _files(stack):
        if key and key in url and str(source).endswith(".json"):
            return _inside(stack.folder, source)
    return None


def _files(stack: _Stack) -> Iterator[tuple[str, str]]:
    """Object key and source path of every file asset."""
    for manifest in stack.assets:
        files = manifest.get("files")
        for entry in files.values() if isinstance(files, dict) else ():
            source = entry.get("source") if isinstance(entry, dict) else None
            path = source.get("path") if isinstance(source, dict) else None
            destinations = entry.get("destinations") if isinstance(entry, dict) else None
            for destination in destinations.values() if isinstance(destinations, dict) else ():
                key = destination.get("objectKey") if isinstance(destination, dict) else None
                if isinstance(key, str) and isinstance(path, str):
                    yield key, path


def _images(stack: _Stack) -> Iterator[tuple[str, str]]:
    """Tag and source directory of every image asset."""
    for manifest in stack.assets:
        images = manifest.get("dockerImages")
        for entry in images.values() if isinstance(images, dict) else ():
            source = entry.get("source") if isinstance(entry, dict) else None
            directory = source.get("directory") if isinstance(source, dict) else None
            destinations = entry.get("destinations") if isinstance(entry, dict) else None
            for destination in destinations.values() if isinstance(destinations, dict) else ():
                tag = destination.get("imageTag") if isinstance(destination, dict) else None
                if isinstance(tag, str) and isinstance(directory, str):
                    yield tag, directory


def _assets(resources: Mapping[str, Any], stack: _Stack) -> dict[str, str]:
    """Logical ID of each function and layer whose code is an asset: the absolute path of that asset."""
    by_key = dict(_files(stack))
    by_tag = dict(_images(stack))
    legacy = _legacy(stack)
    found: dict[str, str] = {}
    for logical_id, resource in resources.items():
        kind = resource.get("Type") if isinstance(resource, dict) else None
        if kind not in ("AWS::Lambda::Function", "AWS::Lambda::LayerVersion"):
            continue
        properties = resource.get("Properties")
        code = (
            properties.get("Code" if kind.endswith("Function") else "Content") if isinstance(properties, dict) else None
        )
        path: Any = None
        if isinstance(code, dict):
            key = code.get("S3Key")
            image = repr(code.get("ImageUri", ""))
            if isinstance(key, str):
                path = by_key.get(key)
            elif "ImageUri" in code:
                path = next((directory for tag, directory in by_tag.items() if tag in image), None)
            else:
                words = repr(key)
                path = next((one for parameter, one in legacy if f"'{parameter}'" in words), None)
        metadata = resource.get("Metadata")
        if path is None and isinstance(metadata, dict):
            path = metadata.get("aws:asset:path")
        inside = _inside(stack.folder, path)
        if inside is not None:
            found[logical_id] = inside
    return found


def _legacy(stack: _Stack) -> list[tuple[str, str]]:
    """Asset metadata of versions before asset manifests: the parameter of the key, and the path."""
    found = []
    for entries in stack.metadata.values():
        for entry in entries if isinstance(entries, list) else ():
            data = entry.get("data") if isinstance(entry, dict) else None
            if isinstance(data, dict) and entry.get("type") == "aws:cdk:asset":
                parameter, path = data.get("s3KeyParameter"), data.get("path")
                if isinstance(parameter, str) and isinstance(path, str):
                    found.append((parameter, path))
    return found


# -- constructs ----------------------------------------------------------------------------------------------------


def _constructs(resources: Mapping[str, Any], stack: _Stack) -> dict[str, str]:
    """Logical ID to construct path: the resource's own metadata, else the assembly's."""
    found: dict[str, str] = {}
    for path, entries in stack.metadata.items() if stack.depth == 0 else ():
        for entry in entries if isinstance(entries, list) else ():
            if (
                isinstance(entry, dict)
                and entry.get("type") == "aws:cdk:logicalId"
                and isinstance(entry.get("data"), str)
            ):
                found.setdefault(entry["data"], path.lstrip("/"))
    for logical_id, resource in resources.items():
        metadata = resource.get("Metadata") if isinstance(resource, dict) else None
        own = metadata.get("aws:cdk:path") if isinstance(metadata, dict) else None
        if isinstance(own, str):
            found[logical_id] = own.lstrip("/")
    return {logical_id: path for logical_id, path in found.items() if logical_id in resources}


def _internal(resources: Mapping[str, Any], constructs: Mapping[str, str]) -> frozenset[str]:
    """What CDK makes for itself: handlers that say so, and all below the construct of one of its providers."""
    owners = set()
    for logical_id, resource in resources.items():
        metadata = resource.get("Metadata") if isinstance(resource, dict) else None
        if isinstance(metadata, dict) and any(str(key).startswith(_HANDLER_MARK) for key in metadata):
            owners.add(constructs.get(logical_id, "").removesuffix("/Handler").removesuffix("/Resource"))
    owners.discard("")

    def inside(path: str) -> bool:
        whole = "/" + path
        if INTERNAL.search(whole) or _BUCKET_DEPLOYMENT.search(whole):
            return True
        return any(path == owner or path.startswith(owner + "/") for owner in owners)

    return frozenset(logical_id for logical_id, path in constructs.items() if inside(path))


class _Sources(Mapping[str, Location]):
    """Logical ID to the user's line that made it; each is looked for when a finding asks."""

    def __init__(
        self,
        constructs: Mapping[str, str],
        metadata: Mapping[str, list[dict[str, Any]]],
        project: str,
        roots: Roots,
    ) -> None:
        self._constructs = constructs
        self._metadata = metadata
        self._project = project
        self._roots = roots
        self._found: dict[str, Location | None] = {}

    def __getitem__(self, logical_id: str) -> Location:
        if logical_id not in self._found:
            path = self._constructs.get(logical_id)
            self._found[logical_id] = self._of(path) if path else None
        location = self._found[logical_id]
        if location is None:
            raise KeyError(logical_id)
        return location

    def __iter__(self) -> Iterator[str]:
        return (logical_id for logical_id in self._constructs if logical_id in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _of(self, path: str) -> Location | None:
        """The nearest construct at or above a path whose creation shows a line of the user's."""
        own = "/" + path
        while own.count("/") > 1:
            for candidate in (own, own + "/Resource"):
                for entry in self._metadata.get(candidate) or ():
                    location = self._frame(entry) if isinstance(entry, dict) else None
                    if location is not None:
                        return location
            own = own.rsplit("/", 1)[0]
        return None

    def _frame(self, entry: Mapping[str, Any]) -> Location | None:
        frames = entry.get("data") if entry.get("type") == "aws:cdk:creationStack" else entry.get("trace")
        for frame in frames if isinstance(frames, list) else ():
            location = self._user(frame) if isinstance(frame, str) else None
            if location is not None:
                return location
        return None

    def _user(self, frame: str) -> Location | None:
        match = _FRAME.search(frame.strip())
        python = None if match else _PYTHON_FRAME.search(frame)
        if match:
            file, line, column = match.group(1).strip(), int(match.group(2)), int(match.group(3))
            file = file.split("(")[-1].removeprefix("file://").removeprefix("at ").strip()
        elif python:
            file, line, column = python.group(1), int(python.group(2)), 1
        else:
            return None
        posix = file.replace("\\", "/")
        if any(library in f"/{posix}" for library in _LIBRARIES) or posix.startswith("node:"):
            return None
        absolute = os.path.realpath(os.path.join(self._project, file))
        if not absolute.startswith(self._project.rstrip(os.sep) + os.sep) or not os.path.isfile(absolute):
            return None
        return Location(self._roots.shown(absolute), Span(line, column, line, column + 1), None, absolute)
