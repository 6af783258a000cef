"""Logical ID to construct path, and to the line of the user's code that made the construct."""

from __future__ import annotations

import os
import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import Any

from lambdalint.finding import Location, Span
from lambdalint.settings import Roots

_FRAME = re.compile(r"(?:at )?(file://)?(.+?):(\d+)(?::(\d+))?")
_PYTHON_FRAME = re.compile(r'File "([^"]+)", line (\d+)')
_LIBRARIES = ("/node_modules/", "/site-packages/", "/dist-packages/")

Metadata = Mapping[str, Sequence[Mapping[str, Any]]]
"""Construct path, with a slash before it, to what the assembly says of the construct."""


def metadata_of(value: Any) -> Metadata:
    """What has the shape of metadata in a value that a manifest or a file gives."""
    if not isinstance(value, dict):
        return {}
    return {
        path: [entry for entry in entries if isinstance(entry, dict)]
        for path, entries in value.items()
        if isinstance(entries, list)
    }


def frames(entries: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """The lines of the stack traces that a construct was made in, the innermost first."""
    for entry in entries:
        found = entry.get("data") if entry.get("type") == "aws:cdk:creationStack" else entry.get("trace")
        yield from (frame for frame in found if isinstance(frame, str)) if isinstance(found, list) else ()


_NESTED = re.compile(r"^(.*/([^/]+))\.NestedStack/\2\.NestedStackResource$")


def scope_of(path: str) -> str | None:
    """The construct path of a nested stack by that of the resource which deploys it; both with a slash before them."""
    found = _NESTED.match(path)
    return found[1] if found else None


def constructs(resources: Mapping[str, Any], metadata: Metadata, scope: str | None) -> dict[str, str]:
    """Logical ID to construct path: the resource's own metadata, else the assembly's.

    The assembly tells together what a stack and those nested in it hold. ``scope`` is the construct path of a nested
    stack, with a slash before it; empty for one that is not nested, None for a nested one whose scope is not known.
    """
    nested = {inner for path in metadata if (inner := scope_of(path)) is not None}
    found: dict[str, str] = {}
    for path, entries in metadata.items():
        if scope is None or _nearest(path, nested) != scope:
            continue
        for entry in entries:
            logical_id = entry.get("data")
            if entry.get("type") == "aws:cdk:logicalId" and isinstance(logical_id, str):
                found.setdefault(logical_id, path.lstrip("/"))
    for logical_id, resource in resources.items():
        own = resource.get("Metadata") if isinstance(resource, dict) else None
        told = own.get("aws:cdk:path") if isinstance(own, dict) else None
        if isinstance(told, str):
            found[logical_id] = told.lstrip("/")
    return {logical_id: path for logical_id, path in found.items() if logical_id in resources}


def _nearest(path: str, scopes: Container[str]) -> str:
    """The innermost of the scopes that a construct is in; empty where it is in none."""
    while path and path not in scopes:
        path = path.rpartition("/")[0]
    return path


class Sources(Mapping[str, Location]):
    """Logical ID to the user's line that made it; each is looked for when a finding asks."""

    def __init__(
        self,
        constructs: Mapping[str, str],
        metadata: Metadata,
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
                for frame in frames(self._metadata.get(candidate, ())):
                    location = self._user(frame)
                    if location is not None:
                        return location
            own = own.rsplit("/", 1)[0]
        return None

    def _user(self, frame: str) -> Location | None:
        # "new Orders (/home/me/app.js:42:5)", or the place alone.
        called, _, inner = frame.strip().partition(" (")
        match = _FRAME.fullmatch(inner.removesuffix(")") if inner else called.removeprefix("(").removesuffix(")"))
        python = None if match else _PYTHON_FRAME.search(frame)
        if match:
            url, file, line, column = match.group(1), match.group(2), int(match.group(3)), int(match.group(4) or 1)
            if url and "%" in file:
                from urllib.parse import unquote

                file = unquote(file)
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
