"""Logical ID to construct path, and to the line of the user's code that made the construct."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from typing import Any

from lambdalint.finding import Location, Span
from lambdalint.parsers.cdk.stack import Stack
from lambdalint.settings import Roots

_FRAME = re.compile(r"\(?((?:[A-Za-z]:)?[^():]+):(\d+):(\d+)\)?$")
_PYTHON_FRAME = re.compile(r'File "([^"]+)", line (\d+)')
_LIBRARIES = ("/node_modules/", "/site-packages/", "/dist-packages/")


def constructs(resources: Mapping[str, Any], stack: Stack) -> dict[str, str]:
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


class Sources(Mapping[str, Location]):
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
