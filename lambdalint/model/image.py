"""What a check sees of a container image: a tar of ``docker save``, an OCI layout as folder or tar.

An Image is a handle. Its manifests and its configuration are read on the first question; the layers are read, once,
only when their sizes or the files of the task root are asked for.
"""

# No "from __future__ import annotations" here: a NamedTuple would compile each of its annotations at every start.

from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

from lambdalint.finding import Fault

IMAGE_KINDS = frozenset(
    {
        "unreadable",  # the system refuses to read it: fields error
        "not-an-image",
        "truncated",
        "bad-json",  # fields blob
        "bad-digest",  # fields digest: not an algorithm and its hexadecimal digits
        "digest-mismatch",  # fields blob, digest (what is promised), actual
        "missing-blob",  # fields blob
        "size-mismatch",  # fields blob, size, actual
        "several-images",  # fields names; the first one is judged
        "too-many-members",  # fields limit
        "bomb",  # fields bytes: a gzipped archive that holds more than these
        "link-outside",  # fields member: a blob of a layout that links out of it
    }
)
"""``Image.faults``: what is wrong with the container of the image."""

LAYER_KINDS = frozenset(
    {
        "digest-mismatch",  # fields blob, digest, actual
        "corrupt-layer",  # fields blob, detail
        "truncated-layer",  # fields blob
        "layer-not-tar",  # fields blob
        "zstd-unread",  # fields blob: no zstandard module is installed
        "size-bound",  # fields bytes: no more than these were read
        "too-many-members",  # fields limit
        "absolute",  # fields blob, member
        "parent",  # fields blob, member
        "device",  # fields blob, member
    }
)
"""``Image.layer_faults``: what reading the layers shows."""

Progress = Callable[[int, int], None]
"""Called now and then with the bytes read so far and the bytes there are (as stored)."""


class Entry(NamedTuple):
    """A manifest that an index names."""

    digest: str
    media_type: str
    os: str | None = None
    architecture: str | None = None
    """As the image has it: ``amd64``, ``arm64``."""
    variant: str | None = None
    attestation: bool = False
    """No image: provenance, an SBOM, a signature."""
    name: str | None = None


class Config(NamedTuple):
    """The image's configuration; what it does not say is None or empty."""

    os: str | None = None
    architecture: str | None = None
    """``amd64``, ``arm64`` …"""
    variant: str | None = None
    entrypoint: tuple[str, ...] | None = None
    command: tuple[str, ...] | None = None
    working_dir: str | None = None
    environment: Mapping[str, str] = {}
    user: str | None = None
    diff_ids: tuple[str, ...] = ()
    """Digests of the layers uncompressed."""

    @property
    def task_root(self) -> str | None:
        """LAMBDA_TASK_ROOT, else the working directory: absolute; None where neither is set, or it is ``/``."""
        root = self.environment.get("LAMBDA_TASK_ROOT") or self.working_dir or ""
        return root.rstrip("/") or None if root.startswith("/") else None


class Layer(NamedTuple):
    """A layer, the lowest first."""

    blob: str
    """Its digest, else its name in the archive."""
    media_type: str | None
    """None in a docker-archive: what a push makes of it is not in the file."""
    size: int | None
    """Bytes as stored; None where the blob is missing."""
    digest: str = ""
    """What is promised of its bytes; empty where nothing is."""
    unpacked: bool = False
    """``digest`` is of the uncompressed layer."""


class ImageFile(NamedTuple):
    """A file below the task root."""

    name: str
    """Relative to the task root, POSIX."""
    size: int
    mode: int
    """Permission bits."""
    link: str | None = None
    """A symbolic link's target."""


class Manifest(NamedTuple):
    """What reading the manifests yields."""

    kind: str
    faults: tuple[Fault, ...] = ()
    index_type: str | None = None
    entries: tuple[Entry, ...] = ()
    media_type: str | None = None
    config: Config | None = None
    config_type: str | None = None
    layers: tuple[Layer, ...] = ()


class Scan(NamedTuple):
    """What reading the layers yields."""

    sizes: tuple[int | None, ...] = ()
    """Uncompressed bytes per layer; None where it could not be read."""
    exact: bool = True
    files: Mapping[str, ImageFile] = {}
    files_complete: bool = True
    faults: tuple[Fault, ...] = ()


class ImageReader(Protocol):
    """Gets at one image's bytes; lambdalint.parsers.image has it."""

    def manifest(self, progress: Progress | None) -> Manifest: ...

    def scan(self, manifest: Manifest, progress: Progress | None) -> Scan: ...


class Image:
    """A container image on disk."""

    __slots__ = ("_manifest", "_reader", "_scan", "path", "progress")

    def __init__(self, path: str, reader: ImageReader, progress: Progress | None = None) -> None:
        self.path = path
        self.progress = progress
        """Told while the layers (or a gzipped archive) are read; from several threads, one at a time."""
        self._reader = reader
        self._manifest: Manifest | None = None
        self._scan: Scan | None = None

    def __repr__(self) -> str:
        return f"Image({self.path!r})"

    @property
    def manifest(self) -> Manifest:
        if self._manifest is None:
            self._manifest = self._reader.manifest(self.progress)
        return self._manifest

    @property
    def scan(self) -> Scan:
        if self._scan is None:
            self._scan = self._reader.scan(self.manifest, self.progress)
        return self._scan

    @property
    def kind(self) -> str:
        """``docker-archive``, ``oci-layout``, ``oci-archive`` or, where it is none of them, ``unknown``."""
        return self.manifest.kind

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Of IMAGE_KINDS; does not read the layers."""
        return self.manifest.faults

    @property
    def index_type(self) -> str | None:
        """The media type of the index that a push of this would push; None where it would push a manifest."""
        return self.manifest.index_type

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Every manifest that the index (and what is nested in it) names; of one image without an index: itself."""
        return self.manifest.entries

    @property
    def platforms(self) -> tuple[Entry, ...]:
        """The entries that are images."""
        return tuple(entry for entry in self.entries if not entry.attestation)

    @property
    def attestations(self) -> tuple[Entry, ...]:
        """The entries that are no images but speak of one."""
        return tuple(entry for entry in self.entries if entry.attestation)

    @property
    def media_type(self) -> str | None:
        """The manifest's media type; None in an old docker-archive, which has none."""
        return self.manifest.media_type

    @property
    def config(self) -> Config | None:
        """None where it could not be read."""
        return self.manifest.config

    @property
    def layers(self) -> tuple[Layer, ...]:
        return self.manifest.layers

    @property
    def uncompressed(self) -> int | None:
        """Bytes of all layers uncompressed, at least so many where ``exact`` is False; None where none was read."""
        known = [size for size in self.scan.sizes if size is not None]
        return sum(known) if known or not self.layers else None

    @property
    def exact(self) -> bool:
        """False where ``uncompressed`` leaves something out: a layer that could not be read to its end."""
        return self.scan.exact

    @property
    def layer_faults(self) -> tuple[Fault, ...]:
        """Of LAYER_KINDS; reads the layers."""
        return self.scan.faults

    @property
    def files(self) -> Mapping[str, ImageFile]:
        """Files and links below the task root, by name relative to it, as the last layer leaves them."""
        return self.scan.files

    @property
    def files_complete(self) -> bool:
        """False where files may exist that are not seen."""
        return self.scan.files_complete
