"""Opening images: `docker save` archives (old and new, gzipped too), OCI layouts as folders and as tars.

Nothing is read before an Image is asked, nothing is written, and no link is followed out of a layout.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from lambdalint.model.image import Image, Manifest, Progress, Scan
from lambdalint.parsers.faults import Faults
from lambdalint.parsers.image.layers import UNREAD, Budget, LayerScan, scan_layer, task_files, workers
from lambdalint.parsers.image.manifests import Manifests, blob_algorithm, blob_place
from lambdalint.parsers.image.store import FolderStore, GzipStore, Store, TarStore
from lambdalint.parsers.image.streams import BadStream, gunzip
from lambdalint.parsers.image.tar import TarError, looks_like_tar, walk_file

_ARCHIVE_MEMBER = re.compile(
    r"(?:blobs/|oci-layout$|index\.json$|manifest\.json$|repositories$|[0-9a-f]{64}(?:/|\.json$|\.tar$))"
)
_USUAL_ROOT = "/var/task"
"""Where a gzipped archive's layers are looked at before its configuration is known."""


def claims_image(path: str) -> bool:
    """True for a folder with an OCI layout and for a tar (gzipped or not) of an image, by its first headers."""
    if os.path.isdir(path):
        return os.path.isfile(os.path.join(path, "oci-layout")) or (
            os.path.isfile(os.path.join(path, "index.json")) and os.path.isdir(os.path.join(path, "blobs"))
        )
    if not os.path.isfile(path):
        return False
    try:
        with open(path, "rb", buffering=0) as file:
            first = file.read(1 << 16)
            if first[:2] == b"\x1f\x8b":
                block = next(gunzip(iter((first,))), b"")[:512]
                return looks_like_tar(block) and _ARCHIVE_MEMBER.match(_member_name(block)) is not None
            if not looks_like_tar(first[:512]):
                return False
            for count, entry in enumerate(walk_file(file, os.fstat(file.fileno()).st_size)):
                if entry.name.removeprefix("./") in ("manifest.json", "oci-layout"):
                    return True
                if count > 10_000:
                    break
    except (OSError, BadStream, TarError):
        return False
    return False


def _member_name(block: bytes) -> str:
    return block[:100].split(b"\0", 1)[0].decode("utf-8", "replace").removeprefix("./")


def open_image(
    path: str, *, root: str | None = None, architecture: str | None = None, progress: Progress | None = None
) -> Image:
    """The image at ``path``. Of several platforms that of ``architecture`` (``amd64``, ``arm64``) is looked at, else
    the first. ``root`` is the folder that links of a layout may lead to (default: its own). Never raises: what fails is
    in the image's ``faults``."""
    return Image(path, _Reader(path, root, architecture), progress)


class _Reader:
    __slots__ = ("_architecture", "_path", "_root", "_scanned", "_store")

    def __init__(self, path: str, root: str | None, architecture: str | None) -> None:
        self._path = path
        self._root = root
        self._architecture = architecture
        self._store: Store | None = None
        self._scanned: dict[str, LayerScan] = {}
        """Of a gzipped archive: its members that are no JSON, by name, as layers."""

    def manifest(self, progress: Progress | None) -> Manifest:
        faults = Faults()
        try:
            self._store = self._open(faults, progress)
            found = None if self._store is None else Manifests(self._store, faults, self._architecture).read()
        except OSError as error:
            faults.add("unreadable", error=error.strerror or str(error))
            found = None
        if found is None:
            if not faults:
                faults.add("not-an-image")
            return Manifest("unknown", faults.all())
        return found._replace(faults=faults.all())

    def _open(self, faults: Faults, progress: Progress | None) -> Store | None:
        if os.path.isdir(self._path):
            return FolderStore(self._path, self._root, faults)
        if os.path.exists(self._path) and not os.path.isfile(self._path):
            faults.add("unreadable", error="not a regular file")
            return None
        with open(self._path, "rb", buffering=0) as file:
            first = file.read(512)
        if first[:2] == b"\x1f\x8b":
            return self._open_gzip(faults, _USUAL_ROOT, progress)
        return TarStore(self._path, faults) if looks_like_tar(first) else None

    def _open_gzip(self, faults: Faults, root: str | None, progress: Progress | None) -> Store:
        budget = Budget(0, None)

        def scan(name: str, data: Iterator[bytes]) -> None:
            self._scanned[name] = scan_layer(name, data, blob_algorithm(name), root, budget)

        return GzipStore(self._path, faults, scan, progress)

    def scan(self, manifest: Manifest, progress: Progress | None) -> Scan:
        if self._store is None or not manifest.layers:
            return Scan(files_complete=manifest.config is not None and not manifest.faults)
        root = manifest.config.task_root if manifest.config else None
        if isinstance(self._store, GzipStore) and root not in (None, _USUAL_ROOT):
            self._open_gzip(Faults(), root, progress)
        sources = {layer.blob: layer for layer in manifest.layers if layer.size is not None}
        budget = Budget(sum(layer.size or 0 for layer in sources.values()), progress)
        if isinstance(self._store, GzipStore):
            found = {blob: self._scanned.get(self._store.resolve(blob_place(blob))) for blob in sources}
        else:
            found = self._scan_all(list(sources), root, budget)
        faults = Faults()
        for layer in sources.values():
            if (scan := found.get(layer.blob)) is not None:
                # In a gzipped archive layers are read before it is known which manifest names them, and how.
                for fault in scan.faults:
                    faults.add(fault.kind, **{**fault.fields, "blob": layer.blob})
                comparable = scan.digest and layer.digest and not (layer.unpacked and scan.compressed)
                if comparable and scan.digest != layer.digest:
                    faults.add("digest-mismatch", blob=layer.blob, digest=layer.digest, actual=scan.digest)
        scans = [found.get(layer.blob) or UNREAD for layer in manifest.layers]
        files, complete = task_files(scans, root) if root else ({}, False)
        sizes = tuple(scan.size for scan in scans)
        return Scan(sizes, all(scan.exact for scan in scans), files, complete, faults.all())

    def _scan_all(self, blobs: list[str], root: str | None, budget: Budget) -> dict[str, LayerScan | None]:
        from concurrent.futures import ThreadPoolExecutor

        def scan(blob: str) -> LayerScan | None:
            chunks = None if self._store is None else self._store.chunks(blob_place(blob))
            if chunks is None:
                return None
            return scan_layer(blob, chunks, blob_algorithm(blob_place(blob)), root, budget)

        with ThreadPoolExecutor(workers()) as pool:
            return dict(zip(blobs, pool.map(scan, blobs)))
