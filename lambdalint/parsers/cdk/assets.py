"""Assets: which file, folder or image directory is the code of which function or layer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from lambdalint.parsers.cdk.stack import Stack


def problem_of(manifest: Mapping[str, Any]) -> str | None:
    """The first thing in an asset manifest that has another shape than the schema gives it."""
    for section in ("files", "dockerImages"):
        entries = manifest.get(section)
        if entries is not None and not isinstance(entries, dict):
            return f"{section} is no map"
        for name, entry in (entries or {}).items():
            for key in ("source", "destinations"):
                if not isinstance(entry, dict) or not isinstance(entry.get(key), dict):
                    return f"{key} of {name} is no map"
            if not all(isinstance(destination, dict) for destination in entry["destinations"].values()):
                return f"a destination of {name} is no map"
    return None


def _get(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, dict) else None


def _entries(stack: Stack, section: str, name: str) -> Iterator[tuple[str, Any]]:
    """What each asset is called where it is published, and its source."""
    for manifest in stack.assets:
        entries = manifest.get(section)
        for entry in entries.values() if isinstance(entries, dict) else ():
            destinations = _get(entry, "destinations")
            for one in destinations.values() if isinstance(destinations, dict) else ():
                called = _get(one, name)
                if isinstance(called, str):
                    yield called, _get(entry, "source")


def files(stack: Stack) -> Iterator[tuple[str, str]]:
    """Object key and path of every file asset."""
    for key, source in _entries(stack, "files", "objectKey"):
        path = _get(source, "path")
        if isinstance(path, str):
            yield key, path


def _images(stack: Stack) -> Iterator[tuple[str, str]]:
    """Tag of every image asset, and the directory that it is built from or the archive that a command loads."""
    for tag, source in _entries(stack, "dockerImages", "imageTag"):
        directory, command = _get(source, "directory"), _get(source, "executable")
        archive = _ARCHIVE.search(" ".join(map(str, command))) if isinstance(command, list) else None
        if isinstance(directory, str):
            yield tag, directory
        elif archive is not None:
            yield tag, archive[0]


_ARCHIVE = re.compile(r"(?<![\w.])[\w./-]*asset\.[0-9a-f]{64}\.tar(?![\w.])")
"""Of a TarballImageAsset, in the command that would load it."""

_CODE = {
    "AWS::Lambda::Function": "Code",
    "AWS::Lambda::LayerVersion": "Content",
    "AWS::Serverless::Function": "CodeUri",
    "AWS::Serverless::LayerVersion": "ContentUri",
}
"""The property that names the code."""


def assets(resources: Mapping[str, Any], stack: Stack) -> dict[str, str]:
    """Logical ID of each function and layer whose code is an asset: the absolute path of that asset."""
    by_key = dict(files(stack))
    by_tag = {**dict(_legacy(stack, "imageTag")), **dict(_images(stack))}
    legacy = list(_legacy(stack, "s3KeyParameter"))
    found: dict[str, str] = {}
    for logical_id, resource in resources.items():
        kind = _get(resource, "Type")
        if not isinstance(kind, str) or kind not in _CODE:
            continue
        code = _get(_get(resource, "Properties"), _CODE[kind])
        key = _get(code, "Key" if kind.startswith("AWS::Serverless") else "S3Key")
        image = _get(code, "ImageUri") or _get(_get(resource, "Properties"), "ImageUri")
        path: Any = None
        if isinstance(key, str):
            path = by_key.get(key)
        elif image is not None:
            words = repr(image)
            path = by_tag.get(max((tag for tag in by_tag if tag and tag in words), key=len, default=""))
        elif key is not None:
            words = repr(key)
            path = next((one for parameter, one in legacy if parameter in words), None)
        if path is None:
            path = _get(_get(resource, "Metadata"), "aws:asset:path")
        absolute = stack.folder.file(path)
        if absolute is not None:
            found[logical_id] = absolute
    return found


_SUFFIX = re.compile(r"(?<=S3VersionKey)[0-9A-F]{8}$")


def _legacy(stack: Stack, name: str) -> Iterator[tuple[str, str]]:
    """Asset metadata of versions before asset manifests: the parameter of the key, or an image's tag, and the path.

    A nested stack has the parameter under a longer name, in which that of its parent stands but for the eight letters
    at its end.
    """
    for entries in stack.metadata.values():
        for entry in entries:
            data = entry.get("data") if entry.get("type") == "aws:cdk:asset" else None
            called, path = _get(data, name), _get(data, "path")
            if isinstance(called, str) and called and isinstance(path, str):
                yield _SUFFIX.sub("", called), path


def nested_template(stack: Stack, url: str) -> str | None:
    """The template whose asset a TemplateURL means: its key, or the parameter of its key, stands in it."""
    known = (*files(stack), *_legacy(stack, "s3KeyParameter"))
    return next((path for name, path in known if name and name in url and path.endswith(".json")), None)
