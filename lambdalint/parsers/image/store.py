"""Where the blobs of an image lie: in a folder, in a tar, in a gzipped tar. Blobs go by their path in it."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Callable, Container, Iterator, Mapping
from itertools import chain
from typing import Protocol

from lambdalint.model.image import Progress
from lambdalint.parsers.faults import Faults
from lambdalint.parsers.image.streams import BadStream, gunzip
from lambdalint.parsers.image.tar import TarEntry, TarError, tar_members, walk_file

MAX_MEMBERS = 100_000
MAX_JSON = 8 << 20
"""Bytes of one manifest, index or configuration."""
MAX_ARCHIVE = 16 << 30
"""Bytes that a gzipped archive may hold: it is read to its end to know what is in it."""
MAX_JSON_TOTAL = 64 << 20
"""Bytes of all such blobs of a gzipped archive, which are held while it is read."""
CHUNK = 1 << 18


class Store(Protocol):
    """A container of blobs. ``read`` gives None for what is not there, or is larger than ``limit``."""

    kind: str

    def size(self, name: str) -> int | None: ...

    def read(self, name: str, limit: int) -> bytes | None: ...

    def chunks(self, name: str) -> Iterator[bytes] | None: ...


class FolderStore:
    """An OCI layout as it lies on disk; links are followed within ``root`` (default: the layout itself) only."""

    kind = "folder"

    __slots__ = ("_faults", "_path", "_root")

    def __init__(self, path: str, root: str | None, faults: Faults) -> None:
        self._path = path
        self._root = os.path.realpath(root or path).rstrip(os.sep) + os.sep
        self._faults = faults

    def _file(self, name: str) -> str | None:
        path = os.path.join(self._path, *name.split("/"))
        real = os.path.realpath(path)
        if not real.startswith(self._root):
            if os.path.lexists(path):
                self._faults.add("link-outside", member=name)
            return None
        return real if os.path.isfile(real) else None

    def size(self, name: str) -> int | None:
        file = self._file(name)
        return None if file is None else os.path.getsize(file)

    def read(self, name: str, limit: int) -> bytes | None:
        file = self._file(name)
        if file is None or os.path.getsize(file) > limit:
            return None
        with open(file, "rb") as handle:
            return handle.read(limit)

    def chunks(self, name: str) -> Iterator[bytes] | None:
        file = self._file(name)
        return None if file is None else _stretch(file, 0, os.path.getsize(file))


class TarStore:
    """A tar that is not compressed: its members are found by their headers and read where they lie."""

    kind = "tar"

    __slots__ = ("_links", "_members", "_path")

    def __init__(self, path: str, faults: Faults) -> None:
        self._path = path
        self._members: dict[str, tuple[int, int]] = {}
        self._links: dict[str, str] = {}
        with open(path, "rb", buffering=0) as file:
            size = os.fstat(file.fileno()).st_size
            try:
                for entry in walk_file(file, size):
                    if len(self._members) >= MAX_MEMBERS:
                        faults.add("too-many-members", limit=MAX_MEMBERS)
                        break
                    name = _plain(entry.name)
                    if link := _link(name, entry):
                        self._links[name] = link
                    elif entry.kind == "0":
                        self._members[name] = (entry.offset, entry.stored)
                        if entry.offset + entry.stored > size:
                            faults.add("truncated", member=name)
            except TarError as error:
                faults.add("truncated", detail=error.args[1])

    def _find(self, name: str) -> tuple[int, int] | None:
        return self._members.get(_follow(name, self._members, self._links))

    def size(self, name: str) -> int | None:
        found = self._find(name)
        return None if found is None else found[1]

    def read(self, name: str, limit: int) -> bytes | None:
        found = self._find(name)
        if found is None or found[1] > limit:
            return None
        with open(self._path, "rb", buffering=0) as file:
            file.seek(found[0])
            return file.read(found[1])

    def chunks(self, name: str) -> Iterator[bytes] | None:
        found = self._find(name)
        return None if found is None else _stretch(self._path, *found)


def _stretch(path: str, offset: int, size: int, progress: Progress | None = None) -> Iterator[bytes]:
    left = size
    with open(path, "rb", buffering=0) as file:
        file.seek(offset)
        while left > 0 and (data := file.read(min(CHUNK, left))):
            left -= len(data)
            if progress is not None:
                progress(size - left, size)
            yield data


class GzipStore:
    """A gzipped tar. There is no way to a member but through all that lies before it: one pass keeps the small JSON
    members and hands every other to ``scan`` as it comes by."""

    kind = "gzip"

    __slots__ = ("_json", "_links", "_sizes")

    def __init__(
        self,
        path: str,
        faults: Faults,
        scan: Callable[[str, Iterator[bytes]], None],
        progress: Progress | None = None,
    ) -> None:
        self._json: dict[str, bytes] = {}
        self._sizes: dict[str, int] = {}
        self._links: dict[str, str] = {}
        total = whole = 0
        size = os.path.getsize(path)
        try:
            for entry, data in tar_members(gunzip(_stretch(path, 0, size, progress))):
                name = _plain(entry.name)
                if link := _link(name, entry):
                    self._links[name] = link
                if entry.kind != "0":
                    continue
                if len(self._sizes) >= MAX_MEMBERS:
                    faults.add("too-many-members", limit=MAX_MEMBERS)
                    break
                self._sizes[name] = entry.stored
                whole += entry.stored
                if whole > MAX_ARCHIVE:
                    faults.add("bomb", bytes=MAX_ARCHIVE)
                    break
                first = next(data, b"")
                # The first byte tells JSON from a layer.
                if first[:1] in (b"{", b"[") and entry.stored <= MAX_JSON and total < MAX_JSON_TOTAL:
                    total += entry.stored
                    self._json[name] = b"".join((first, *data))
                else:
                    scan(name, chain((first,), data))
        except (TarError, BadStream) as error:
            faults.add("truncated", detail=str(error.args[-1]))

    def resolve(self, name: str) -> str:
        """The member that a link leads to."""
        return _follow(name, self._sizes, self._links)

    def size(self, name: str) -> int | None:
        return self._sizes.get(self.resolve(name))

    def read(self, name: str, limit: int) -> bytes | None:
        data = self._json.get(self.resolve(name))
        return data if data is not None and len(data) <= limit else None

    def chunks(self, name: str) -> Iterator[bytes] | None:
        return None


def _plain(name: str) -> str:
    return posixpath.normpath(name).lstrip("/")


def _link(name: str, entry: TarEntry) -> str | None:
    """Where a link of a tar leads in it; old `docker save` links layers that are the same."""
    if entry.kind == "2":
        return posixpath.normpath(posixpath.join(posixpath.dirname(name), entry.link))
    return _plain(entry.link) if entry.kind == "1" else None


def _follow(name: str, members: Container[str], links: Mapping[str, str]) -> str:
    for _ in range(8):
        if name in members or name not in links:
            break
        name = links[name]
    return name
