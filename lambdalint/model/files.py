"""Where a function's Python code lies, as a search path sees it: folders, and code inline in a template."""

import os
from collections.abc import Iterable, Iterator
from typing import Protocol

from lambdalint.finding import Path, Place, Span

MAX_FILE = 1_000_000
"""Bytes; a larger source file is not read."""


class Files(Protocol):
    """One folder on Python's search path: a source folder, a zip, a layer's ``python/``, code inline in a template.

    Names are POSIX paths relative to that folder. No method raises for what is absent, unreadable or outside.
    """

    def read(self, name: str) -> bytes | None:
        """The bytes of a file; None where there is none or it cannot be read. May be cut after MAX_FILE + 1 bytes."""

    def exists(self, name: str) -> bool:
        """Whether there is a file of that name."""

    def names_under(self, prefix: str) -> Iterable[str]:
        """Names of files that begin with ``prefix``, which is empty or ends where a name or a folder does."""

    def place(self, name: str, span: Span | None, anchor: str | None) -> Place:
        """Where a finding in that file points."""


class FolderFiles:
    """A folder on disk. A link is followed only while it stays under ``within`` (default: the folder itself)."""

    __slots__ = ("_real", "_within", "root")

    def __init__(self, root: str, within: str | None = None) -> None:
        self.root = root
        self._real = os.path.realpath(root)
        self._within = os.path.realpath(within) if within else self._real

    def _path(self, name: str) -> str | None:
        if not name or "\0" in name or "\\" in name:
            return None
        try:
            path = os.path.realpath(os.path.join(self._real, name))
        except (OSError, ValueError):
            return None
        inside = path.startswith(self._within.rstrip(os.sep) + os.sep)
        return path if inside else None

    def read(self, name: str) -> bytes | None:
        path = self._path(name)
        try:
            # A pipe or a device would never end.
            if path is None or not os.path.isfile(path):
                return None
            with open(path, "rb") as file:
                return file.read(MAX_FILE + 1)
        except OSError:
            return None

    def exists(self, name: str) -> bool:
        path = self._path(name)
        return path is not None and os.path.isfile(path)

    def names_under(self, prefix: str) -> Iterator[str]:
        folder, _, start = prefix.rpartition("/")
        top = os.path.join(self._real, folder) if folder else self._real
        for at, folders, files in os.walk(top):
            if at == top:
                folders[:] = [f for f in folders if f.startswith(start)]
                files = [f for f in files if f.startswith(start)]
            folders[:] = sorted(f for f in folders if f != "__pycache__" and not f.startswith("."))
            relative = os.path.relpath(at, self._real).replace(os.sep, "/")
            for name in sorted(files):
                yield name if relative == "." else f"{relative}/{name}"

    def place(self, name: str, span: Span | None, anchor: str | None) -> Place:
        return Place(file=os.path.join(self.root, *name.split("/")), span=span, anchor=anchor)


class InlineFiles:
    """Code written in the template: the one file ``index.py``. ``path`` is the property that holds it."""

    __slots__ = ("_data", "path")

    def __init__(self, text: str, path: Path = ()) -> None:
        self._data = text.encode("utf-8", "surrogatepass")
        self.path = path

    def read(self, name: str) -> bytes | None:
        return self._data[: MAX_FILE + 1] if name == "index.py" else None

    def exists(self, name: str) -> bool:
        return name == "index.py"

    def names_under(self, prefix: str) -> tuple[str, ...]:
        return ("index.py",) if "index.py".startswith(prefix) else ()

    def place(self, name: str, span: Span | None, anchor: str | None) -> Place:
        return Place(path=self.path, span=span, anchor=anchor, inside=True)
