"""Assets: which file, folder or image directory is the code of which function or layer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lambdalint.parsers.cdk.files import inside
from lambdalint.parsers.cdk.stack import Stack


def files(stack: Stack) -> Iterator[tuple[str, str]]:
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


def _images(stack: Stack) -> Iterator[tuple[str, str]]:
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


def assets(resources: Mapping[str, Any], stack: Stack) -> dict[str, str]:
    """Logical ID of each function and layer whose code is an asset: the absolute path of that asset."""
    by_key = dict(files(stack))
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
        absolute = inside(stack.folder, path)
        if absolute is not None:
            found[logical_id] = absolute
    return found


def _legacy(stack: Stack) -> list[tuple[str, str]]:
    """Asset metadata of versions before asset manifests: the parameter of the key, and the path."""
    found = []
    for entries in stack.metadata.values():
        for entry in entries:
            data = entry.get("data")
            if isinstance(data, dict) and entry.get("type") == "aws:cdk:asset":
                parameter, path = data.get("s3KeyParameter"), data.get("path")
                if isinstance(parameter, str) and isinstance(path, str):
                    found.append((parameter, path))
    return found
