"""The layers of an image: their uncompressed sizes, their digests, and the files that they leave in the task root.

Each layer is read once, as a stream; several at a time where there are several cores.
"""

from __future__ import annotations

import hashlib
import os
import posixpath
import threading
from collections.abc import Iterator
from typing import NamedTuple

from lambdalint.finding import Fault
from lambdalint.model.image import ImageFile, Progress
from lambdalint.parsers.faults import Faults
from lambdalint.parsers.image.streams import BadStream, expanded
from lambdalint.parsers.image.tar import TarEntry, TarError, TarFeed

MAX_BYTES = 12 << 30
"""Uncompressed bytes of one image that are read: 2 GiB past the quota, which says enough of a larger one."""
MAX_FILES = 100_000
"""Files of the task root that are kept, per layer."""


class LayerScan(NamedTuple):
    """What one layer holds."""

    size: int | None
    exact: bool
    """False where it was not read to its end."""
    digest: str
    """Of the bytes as stored; empty where they were not read to their end."""
    compressed: bool
    entries: tuple[TarEntry, ...]
    """Of the task root and what leads to it; names relative to the image's root."""
    complete: bool
    faults: tuple[Fault, ...]


class Budget:
    """What the layers of one image share: how many bytes may still be read, and whom to tell."""

    __slots__ = ("_done", "_left", "_lock", "_progress", "_total")

    def __init__(self, total: int, progress: Progress | None) -> None:
        self._lock = threading.Lock()
        self._left = MAX_BYTES
        self._done = 0
        self._total = total
        self._progress = progress

    def spend(self, size: int) -> bool:
        """Count uncompressed bytes; False once there have been too many."""
        with self._lock:
            self._left -= size
            return self._left >= 0

    def tell(self, size: int) -> None:
        """Count bytes as stored."""
        if self._progress is not None:
            with self._lock:
                self._done += size
                self._progress(self._done, self._total)


UNREAD = LayerScan(None, False, "", False, (), False, ())


def scan_layer(blob: str, chunks: Iterator[bytes], algorithm: str, root: str | None, budget: Budget) -> LayerScan:
    """Read one layer to its end; ``algorithm`` (``sha256``, ``sha512``) makes its digest."""
    faults = Faults()
    digest = hashlib.new(algorithm, usedforsecurity=False)
    raw = _watched(chunks, digest, budget)
    entries = _Entries(blob, root, faults)
    feed = TarFeed(entries.take)
    size, exact, readable, compressed = 0, True, True, False
    try:
        pieces, compressed = expanded(raw)
        for piece in pieces:
            size += len(piece)
            if not budget.spend(len(piece)):
                faults.add("size-bound", blob=blob, bytes=MAX_BYTES)
                exact = False
                break
            if readable:
                try:
                    feed.feed(piece)
                except TarError as error:
                    readable = _fault(faults, blob, error)
        if readable and exact:
            try:
                feed.close()
            except TarError as error:
                readable = _fault(faults, blob, error)
    except BadStream as error:
        kind, detail = error.args
        exact = readable = False
        if kind == "zstd-unread":
            return UNREAD._replace(faults=(Fault(kind, fields={"blob": blob}),), compressed=True)
        faults.add("truncated-layer" if kind == "truncated" else "corrupt-layer", blob=blob, detail=detail)
    except OSError as error:
        exact = readable = False
        faults.add("corrupt-layer", blob=blob, detail=error.strerror or str(error))
    stored = ""
    if exact:
        for _ in raw:
            pass  # what lies behind the end of the compressed stream
        stored = f"{algorithm}:{digest.hexdigest()}"
    seen = entries.complete and readable and exact
    return LayerScan(size, exact, stored, compressed, tuple(entries.kept), seen, faults.all())


def _fault(faults: Faults, blob: str, error: TarError) -> bool:
    kind, detail = error.args
    names = {"not-tar": "layer-not-tar", "truncated": "truncated-layer", "corrupt": "corrupt-layer"}
    faults.add(names[kind], blob=blob, detail=detail)
    return False


def _watched(chunks: Iterator[bytes], digest: hashlib._Hash, budget: Budget) -> Iterator[bytes]:
    for data in chunks:
        digest.update(data)
        budget.tell(len(data))
        yield data


class _Entries:
    """Those entries of a layer that matter for the task root."""

    __slots__ = ("_above", "_blob", "_faults", "_inside", "complete", "kept")

    def __init__(self, blob: str, root: str | None, faults: Faults) -> None:
        self._blob = blob
        self._faults = faults
        plain = (root or "").strip("/")
        self._inside = plain + "/"
        parts = plain.split("/")
        self._above = frozenset("/".join(parts[: i + 1]) for i in range(len(parts))) if plain else frozenset()
        self.kept: list[TarEntry] = []
        self.complete = bool(plain)

    def take(self, entry: TarEntry) -> None:
        name = entry.name
        if name.startswith("/"):
            self._faults.add("absolute", blob=self._blob, member=name)
            name = name.lstrip("/")
        if ".." in name and ".." in name.split("/"):
            self._faults.add("parent", blob=self._blob, member=name)
            return
        if entry.kind in "34":
            self._faults.add("device", blob=self._blob, member=name)
        if name.startswith("./") or name.endswith("/") or "//" in name:
            name = posixpath.normpath(name)
        if name.startswith(self._inside) or name in self._above or ".wh." in name:
            if len(self.kept) < MAX_FILES:
                self.kept.append(entry._replace(name=name))
            else:
                self.complete = False


def task_files(scans: list[LayerScan], root: str) -> tuple[dict[str, ImageFile], bool]:
    """The files that the layers, the lowest first, leave below ``root``, by name relative to it; and whether these are
    all."""
    inside = root.strip("/") + "/"
    above = {inside[: at + 1].rstrip("/") for at, char in enumerate(inside) if char == "/"}
    files: dict[str, ImageFile] = {}
    complete = True
    for scan in scans:
        complete = complete and scan.complete
        gone = _gone(scan.entries)
        if gone:
            files = {name: file for name, file in files.items() if not _under(inside + name, gone)}
        for entry in scan.entries:
            name = entry.name
            if posixpath.basename(name).startswith(".wh."):
                continue
            if not name.startswith(inside):
                # The root, or a folder above it, is a link: its files lie elsewhere.
                if name in above and entry.kind != "5":
                    complete = False
                continue
            short = name[len(inside) :]
            if entry.kind == "0":
                files[short] = ImageFile(short, entry.size, entry.mode)
            elif entry.kind == "2":
                files[short] = ImageFile(short, 0, 0o777, entry.link)
            elif entry.kind == "1":
                target = posixpath.normpath(entry.link).lstrip("/")
                same = files.get(target[len(inside) :]) if target.startswith(inside) else None
                files[short] = ImageFile(short, same.size if same else 0, same.mode if same else entry.mode)
            elif entry.kind == "5":
                files.pop(short, None)
    return dict(sorted(files.items())), complete


def _gone(entries: tuple[TarEntry, ...]) -> set[str]:
    """What a layer takes from those below it: a name with all under it; with a slash, what is under it alone."""
    gone = set()
    for entry in entries:
        folder, _, base = entry.name.rpartition("/")
        if base == ".wh..wh..opq":
            gone.add(folder + "/")
        elif base.startswith(".wh.") and not base.startswith(".wh..wh."):
            gone.add(f"{folder}/{base[4:]}" if folder else base[4:])
        elif entry.kind != "5":
            gone.add(entry.name + "/")  # a file in the place of a folder
    return gone


def _under(name: str, gone: set[str]) -> bool:
    if name in gone:
        return True
    while name:
        name = name.rpartition("/")[0]
        if name in gone or name + "/" in gone:
            return True
    return False


def workers() -> int:
    """Threads for the layers: zlib and hashlib let others run, so the cores there are."""
    return max(1, min(8, os.cpu_count() or 1))
