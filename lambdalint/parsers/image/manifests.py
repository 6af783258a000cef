"""The manifests of an image: index, manifest, configuration, and what `docker save` writes in their place."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any, NamedTuple

from lambdalint.model.image import Config, Entry, Layer, Manifest
from lambdalint.parsers.faults import Faults
from lambdalint.parsers.image.store import MAX_JSON, Store

INDEX_TYPES = frozenset(
    {"application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json"}
)
MAX_NESTING = 8
MAX_ENTRIES = 1_000
_COSIGN = re.compile(r"sha256-[0-9a-f]{64}\.(?:sig|att|sbom)$")
_HEX64 = re.compile(r"(?:^|/)([0-9a-f]{64})(?:\.json|\.tar)?$")
_DIGEST = re.compile(r"(sha256):([0-9a-f]{64})|(sha512):([0-9a-f]{128})")


def blob_place(blob: str) -> str:
    """A blob's path in its store: a digest's, or a name as it is."""
    return "blobs/" + blob.replace(":", "/", 1) if _DIGEST.fullmatch(blob) else blob


def blob_algorithm(name: str) -> str:
    return "sha512" if name.startswith("blobs/sha512/") else "sha256"


class _Chosen(NamedTuple):
    digest: str
    media_type: str | None


class Manifests:
    """Reads what a store says of itself, down to one image's manifest."""

    __slots__ = ("architecture", "entries", "faults", "seen", "store")

    def __init__(self, store: Store, faults: Faults, architecture: str | None) -> None:
        self.store = store
        self.faults = faults
        self.architecture = architecture
        self.entries: list[Entry] = []
        self.seen: set[str] = set()
        """Indexes that were read: each is, once."""

    def read(self) -> Manifest | None:
        index = self.json("index.json")
        saved = self.json("manifest.json")
        found = self.oci(index) if isinstance(index, dict) else None
        if isinstance(saved, list):
            return self.docker(saved, found)
        return found

    def json(self, name: str) -> Any:
        data = self.store.read(name, MAX_JSON)
        if data is None:
            if (self.store.size(name) or 0) > MAX_JSON:
                self.faults.add("bad-json", blob=name)
            return None
        return self.parsed(name, data)

    def parsed(self, name: str, data: bytes) -> Any:
        try:
            return json.loads(data)
        except (ValueError, RecursionError):
            self.faults.add("bad-json", blob=name)
            return None

    def blob(self, digest: object) -> Any:
        """The JSON of a blob, its digest verified; None (and a fault) where it cannot be had."""
        if not isinstance(digest, str) or not (found := _DIGEST.fullmatch(digest)):
            self.faults.add("bad-digest", digest=str(digest)[:200])
            return None
        data = self.store.read(blob_place(digest), MAX_JSON)
        if data is None:
            self.faults.add("missing-blob", blob=digest)
            return None
        actual = hashlib.new(found[1] or found[3], data, usedforsecurity=False).hexdigest()
        if actual != (found[2] or found[4]):
            self.faults.add("digest-mismatch", blob=digest, digest=digest, actual=f"{found[1] or found[3]}:{actual}")
        return self.parsed(digest, data)

    # -- OCI layouts

    def oci(self, index: dict[str, Any]) -> Manifest:
        kind = "oci-layout" if self.store.kind == "folder" else "oci-archive"
        top = [item for item in _list(index.get("manifests")) if isinstance(item, dict)]
        pushed = self.pushed_index(top)
        self.walk(top, 0)
        chosen = self.choose()
        manifest = Manifest(kind, index_type=pushed, entries=tuple(self.entries))
        return manifest if chosen is None else self.image(manifest, chosen)

    def pushed_index(self, top: list[dict[str, Any]]) -> str | None:
        """The index that a push would push: one that index.json names, or index.json itself where it holds the
        platforms (or attestations) of one image."""
        nested = [item for item in top if item.get("mediaType") in INDEX_TYPES]
        if nested:
            return str(nested[0]["mediaType"])
        # One image may have several names: its digest counts once.
        images = list({str(item.get("digest")): item for item in top if not _is_attestation(item)}.values())
        names = {_name(item) for item in images}
        platforms = {tuple(map(str, _map(item.get("platform")).items())) for item in images}
        if len(images) > 1 and (len(names) > 1 or len(platforms) < len(images)):
            self.faults.add("several-images", names=sorted(str(name) for name in names))
            return None
        if len(images) > 1 or any(_reference_type(item) for item in top):
            return "application/vnd.oci.image.index.v1+json"
        return None

    def walk(self, items: list[dict[str, Any]], depth: int) -> None:
        for item in items:
            if len(self.entries) + len(self.seen) >= MAX_ENTRIES or depth > MAX_NESTING:
                self.faults.add("too-many-members", limit=MAX_ENTRIES)
                return
            media_type = str(item.get("mediaType") or "")
            digest = item.get("digest")
            if media_type in INDEX_TYPES:
                if str(digest) in self.seen:
                    continue
                self.seen.add(str(digest))
                nested = self.blob(digest)
                if isinstance(nested, dict):
                    self.walk([inner for inner in _list(nested.get("manifests")) if isinstance(inner, dict)], depth + 1)
                continue
            platform = _map(item.get("platform"))
            self.entries.append(
                Entry(
                    str(digest),
                    media_type,
                    _text(platform.get("os")),
                    _text(platform.get("architecture")),
                    _text(platform.get("variant")),
                    _is_attestation(item),
                    _name(item),
                )
            )

    def choose(self) -> _Chosen | None:
        images = [entry for entry in self.entries if not entry.attestation]
        # Of several platforms a layout may hold one alone (`docker save`): one that is not there is no fault then.
        there = [entry for entry in images if self.store.size(blob_place(entry.digest)) is not None] or images
        fitting = [entry for entry in there if entry.architecture == self.architecture] if self.architecture else []
        for entry in fitting or there:
            return _Chosen(entry.digest, entry.media_type or None)
        return None

    def image(self, manifest: Manifest, chosen: _Chosen) -> Manifest:
        data = self.blob(chosen.digest)
        if not isinstance(data, dict):
            return manifest
        config = _map(data.get("config"))
        parsed = self.blob(config["digest"]) if "digest" in config else None
        layers = []
        for item in _list(data.get("layers")):
            if not isinstance(item, dict):
                continue
            digest = item.get("digest")
            if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
                self.faults.add("bad-digest", digest=str(digest)[:200])
                continue
            size = self.store.size(blob_place(digest))
            if size is None:
                self.faults.add("missing-blob", blob=digest)
            elif isinstance(item.get("size"), int) and item["size"] != size:
                self.faults.add("size-mismatch", blob=digest, size=item["size"], actual=size)
            layers.append(Layer(digest, _text(item.get("mediaType")), size, digest))
        return manifest._replace(
            media_type=chosen.media_type or _text(data.get("mediaType")),
            config=_config(parsed) if isinstance(parsed, dict) else None,
            config_type=_text(config.get("mediaType")),
            layers=tuple(layers),
        )

    # -- docker save

    def docker(self, saved: list[Any], oci: Manifest | None) -> Manifest:
        images = [item for item in saved if isinstance(item, dict) and isinstance(item.get("Layers"), list)]
        if not images:
            self.faults.add("bad-json", blob="manifest.json")
            return Manifest("docker-archive")
        if len(images) > 1:
            names = [str((_list(item.get("RepoTags")) or [item.get("Config")])[0]) for item in images]
            self.faults.add("several-images", names=sorted(names))
        if oci is not None and oci.layers:
            return oci._replace(kind="docker-archive")
        return self.saved(images[0])

    def saved(self, image: dict[str, Any]) -> Manifest:
        """An archive of `docker save` before version 25, of podman's or skopeo's: no manifest but manifest.json."""
        place = str(image.get("Config") or "")
        data = self.store.read(place, MAX_JSON)
        config = None
        if data is None:
            self.faults.add("missing-blob", blob=place)
        else:
            parsed = self.parsed(place, data)
            config = _config(parsed) if isinstance(parsed, dict) else None
            promised = _HEX64.search(place)
            actual = hashlib.sha256(data, usedforsecurity=False).hexdigest()
            if promised and promised[1] != actual:
                self.faults.add(
                    "digest-mismatch", blob=place, digest=f"sha256:{promised[1]}", actual=f"sha256:{actual}"
                )
        names = [name for name in image["Layers"] if isinstance(name, str)]
        digests = config.diff_ids if config and len(config.diff_ids) == len(names) else ("",) * len(names)
        layers = []
        for name, digest in zip(names, digests):
            size = self.store.size(name)
            if size is None:
                self.faults.add("missing-blob", blob=name)
            layers.append(Layer(name, None, size, digest, unpacked=True))
        return Manifest("docker-archive", config=config, layers=tuple(layers))


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _map(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _annotations(item: dict[str, Any]) -> dict[str, Any]:
    return _map(item.get("annotations"))


def _name(item: dict[str, Any]) -> str | None:
    """What an image is called; `docker save` gives the tag alone as its reference name."""
    notes = _annotations(item)
    return _text(notes.get("io.containerd.image.name")) or _text(notes.get("org.opencontainers.image.ref.name"))


def _reference_type(item: dict[str, Any]) -> str | None:
    return _text(_annotations(item).get("vnd.docker.reference.type"))


def _is_attestation(item: dict[str, Any]) -> bool:
    """True for a descriptor of no image: buildx's provenance and SBOM, a referrer, a signature of cosign's."""
    platform = item.get("platform")
    if _reference_type(item) == "attestation-manifest" or _text(item.get("artifactType")):
        return True
    if isinstance(platform, dict) and platform.get("os") == platform.get("architecture") == "unknown":
        return True
    return _COSIGN.search(str(_annotations(item).get("org.opencontainers.image.ref.name"))) is not None


def _config(data: dict[str, Any]) -> Config:
    inner = _map(data.get("config"))
    environment = {}
    for item in _list(inner.get("Env")):
        if isinstance(item, str):
            name, _, value = item.partition("=")
            environment[name] = value
    return Config(
        _text(data.get("os")),
        _text(data.get("architecture")),
        _text(data.get("variant")),
        _words(inner.get("Entrypoint")),
        _words(inner.get("Cmd")),
        _text(inner.get("WorkingDir")),
        environment,
        _text(inner.get("User")),
        tuple(str(digest) for digest in _list(_map(data.get("rootfs")).get("diff_ids"))),
    )


def _words(value: object) -> tuple[str, ...] | None:
    """A command in exec form; None where it is not set."""
    if isinstance(value, str):
        return (value,) if value else None
    words = tuple(str(word) for word in _list(value))
    return words or None
