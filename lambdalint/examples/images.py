"""Makes the container images that rule examples describe: OCI layouts, and archives as `docker save` writes them."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from lambdalint.examples.artifacts import content, mode_of

OCI = "application/vnd.oci.image"
_MANIFEST = f"{OCI}.manifest.v1+json"
_INDEX = f"{OCI}.index.v1+json"


def image_files(described: Mapping[str, Any]) -> dict[str, bytes]:
    """The files of an image by path: of an OCI layout, or with ``format: docker`` of an archive before Docker 25."""
    if described.get("format") == "docker":
        return _docker(described)
    layout = _Layout(described)
    platforms = described.get("platforms") or [described.get("architecture", "amd64")]
    manifests = [layout.image(architecture) for architecture in platforms]
    if described.get("attestation"):
        manifests.append(layout.attestation())
    if len(manifests) > 1 or described.get("index"):
        manifests = [layout.json({"schemaVersion": 2, "mediaType": _INDEX, "manifests": manifests}, _INDEX)]
    return layout.files(manifests)


def _config(described: Mapping[str, Any], architecture: str, layers: list[bytes]) -> bytes:
    inner = {"Env": ["LAMBDA_TASK_ROOT=/var/task"], **(described.get("config") or {})}
    rootfs = {"type": "layers", "diff_ids": [_digest(layer) for layer in layers]}
    system = described.get("os", "linux")
    return json.dumps({"os": system, "architecture": architecture, "config": inner, "rootfs": rootfs}).encode()


def _digest(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


class _Layout:
    def __init__(self, described: Mapping[str, Any]) -> None:
        self.described = described
        self.blobs: dict[str, bytes] = {}

    def add(self, data: bytes, media_type: str, **more: Any) -> dict[str, Any]:
        digest = _digest(data)
        self.blobs["blobs/" + digest.replace(":", "/")] = data
        return {"mediaType": media_type, "digest": digest, "size": len(data), **more}

    def json(self, value: Any, media_type: str, **more: Any) -> dict[str, Any]:
        return self.add(json.dumps(value).encode(), media_type, **more)

    def image(self, architecture: str) -> dict[str, Any]:
        given = self.described
        layers = [tar(members) for members in given.get("layers") or [[]]]
        kind = given.get("layer-type", f"{OCI}.layer.v1.tar+gzip")
        listed = []
        for layer in layers:
            data = gzip.compress(layer, mtime=0) if kind.endswith("gzip") else layer
            item = self.add(data, kind)
            if given.get("damage") == "layer":
                self.blobs["blobs/" + item["digest"].replace(":", "/")] = b"\0" + data[1:]
            listed.append(item)
        if given.get("damage") == "missing":
            del self.blobs["blobs/" + listed[-1]["digest"].replace(":", "/")]
        config = self.add(_config(given, architecture, layers), f"{OCI}.config.v1+json")
        media_type = given.get("manifest-type", _MANIFEST)
        manifest = {"schemaVersion": 2, "mediaType": media_type, "config": config, "layers": listed}
        platform = {"os": given.get("os", "linux"), "architecture": architecture}
        return self.json(manifest, media_type, platform=platform)

    def attestation(self) -> dict[str, Any]:
        """What buildx adds to say how an image was built."""
        statement = self.add(b'{"_type": "https://in-toto.io/Statement/v0.1"}', "application/vnd.in-toto+json")
        manifest = {"schemaVersion": 2, "config": self.json({}, f"{OCI}.config.v1+json"), "layers": [statement]}
        notes = {"vnd.docker.reference.type": "attestation-manifest"}
        platform = {"os": "unknown", "architecture": "unknown"}
        return self.json(manifest, _MANIFEST, annotations=notes, platform=platform)

    def files(self, top: list[dict[str, Any]]) -> dict[str, bytes]:
        index = json.dumps({"schemaVersion": 2, "manifests": top}).encode()
        return {"oci-layout": b'{"imageLayoutVersion": "1.0.0"}', "index.json": index, **self.blobs}


def _docker(described: Mapping[str, Any]) -> dict[str, bytes]:
    layers = [tar(members) for members in described.get("layers") or [[]]]
    config = _config(described, described.get("architecture", "amd64"), layers)
    name = hashlib.sha256(config).hexdigest() + ".json"
    files = {f"{number:064x}/layer.tar": layer for number, layer in enumerate(layers)}
    saved = [{"Config": name, "RepoTags": ["app:latest"], "Layers": list(files)}]
    return {**files, name: config, "manifest.json": json.dumps(saved).encode()}


def tar(members: Iterable[Mapping[str, Any]]) -> bytes:
    """A tar (ustar) of members as archives have them."""
    import io
    import tarfile

    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as file:
        for member in members:
            info = tarfile.TarInfo(member["name"])
            info.mode = mode_of(member)
            if "link" in member:
                info.type, info.linkname = tarfile.SYMTYPE, member["link"]
                file.addfile(info)
                continue
            if member.get("device"):
                info.type = tarfile.CHRTYPE
                file.addfile(info)
                continue
            data = content(member)
            data += bytes(max(int(member.get("size", 0)) - len(data), 0))
            info.size = len(data)
            file.addfile(info, io.BytesIO(data))
    return out.getvalue()
