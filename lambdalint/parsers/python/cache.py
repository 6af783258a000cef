"""What was read of a module, kept on disk by content: a second run parses nothing.

One file per module and version, sealed with its digest, under the platform's cache folder. An entry that is broken
or cannot be written counts as absent; two runs that write the same entry replace it whole. Entries hold plain lists,
dicts, text and numbers: marshal, a third of JSON's cost, reads none before its digest has shown that we wrote it.
"""

from __future__ import annotations

import marshal
import os
import sys
from typing import Any

from lambdalint.parsers.python.reading import FORMAT, digest

MAX_ENTRY = 512 * 1024
"""Bytes; a larger entry is not kept."""
MAX_FOLDER = 4 * 1024 * 1024
"""Bytes in one of the 16 folders: 64 MB in all. Past it the older half goes."""


def cache_folder() -> str | None:
    """Where this platform keeps what can be made again; None where there is no home."""
    environ = os.environ
    if sys.platform == "win32":
        base = environ.get("LOCALAPPDATA", "")
    elif environ.get("XDG_CACHE_HOME"):
        base = environ["XDG_CACHE_HOME"]
    else:
        home = os.path.expanduser("~")
        tail = ("Library", "Caches") if sys.platform == "darwin" else (".cache",)
        base = "" if home in ("", "~", "/") else os.path.join(home, *tail)
    return os.path.join(base, "lambdalint") if os.path.isabs(base) else None


class Cache:
    """Entries by key; ``folder`` None keeps nothing on disk (``--no-cache``), only for the length of a run."""

    __slots__ = ("folder", "memory", "writes")

    def __init__(self, folder: str | None) -> None:
        version = f"python-{FORMAT}-{sys.version_info[0]}.{sys.version_info[1]}"
        self.folder = os.path.join(folder, version) if folder else None
        self.memory: dict[str, dict[str, Any]] = {}
        self.writes = 0

    def get(self, key: str) -> dict[str, Any] | None:
        found = self.memory.get(key)
        if found is not None or self.folder is None:
            return found
        try:
            with open(self._path(key), "rb") as file:
                seal, _, data = file.read(MAX_ENTRY + 1).partition(b"\n")
            if seal != _seal(key, data):
                return None
            code: dict[str, Any] = marshal.loads(data)
        except (OSError, ValueError, EOFError, TypeError):
            return None
        self.memory[key] = code
        return code

    def put(self, key: str, code: dict[str, Any]) -> None:
        self.memory[key] = code
        if self.folder is None:
            return
        try:
            data = marshal.dumps(code)
        except ValueError:
            return
        data = _seal(key, data) + b"\n" + data
        if len(data) > MAX_ENTRY:
            return
        path = self._path(key)
        temporary = f"{path}.{os.getpid()}"
        try:
            try:
                descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            except FileNotFoundError:
                os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
                descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                with open(descriptor, "wb", buffering=0) as file:
                    file.write(data)
                os.replace(temporary, path)
            except OSError:
                os.unlink(temporary)
                raise
            self.writes += 1
            if self.writes % 32 == 1:
                _prune(os.path.dirname(path))
        except OSError:
            # A home that cannot be written to, or a full disk: this run goes on without.
            self.folder = None if not os.path.isdir(self.folder) else self.folder

    def _path(self, key: str) -> str:
        assert self.folder is not None
        return os.path.join(self.folder, key[0], key + ".facts")


def _seal(key: str, data: bytes) -> bytes:
    """What shows that an entry is whole and was written under this key."""
    return digest(key.encode() + data).encode()


def _prune(folder: str) -> None:
    """Drop the older half of a folder that has grown past its bound."""
    entries = []
    total = 0
    with os.scandir(folder) as listing:
        for entry in listing:
            status = entry.stat(follow_symlinks=False)
            total += status.st_size
            entries.append((status.st_mtime, entry.path))
    if total <= MAX_FOLDER:
        return
    entries.sort()
    for _, path in entries[: len(entries) // 2]:
        try:
            os.unlink(path)
        except OSError:
            continue
