"""Writes the small packages and images that tests judge: nothing binary lies in the repository."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import struct
import tarfile
import zlib
from pathlib import Path
from typing import Any, NamedTuple

X86_64, AARCH64 = 62, 183


def elf(machine: int = X86_64, bits: int = 64, kind: int = 3) -> bytes:
    """The head of an ELF file; ``kind`` 2 executable, 3 shared object, 1 relocatable."""
    ident = b"\x7fELF" + bytes([2 if bits == 64 else 1, 1, 1]) + bytes(9)
    return ident + struct.pack("<HHI", kind, machine, 1) + bytes(100)


def mach_o(*cpus: int) -> bytes:
    """A Mach-O file of one processor, a universal one of several."""
    if len(cpus) == 1:
        return struct.pack("<IIIIIII", 0xFEEDFACF, cpus[0], 3, 6, 0, 0, 0) + bytes(60)
    return struct.pack(">II", 0xCAFEBABE, len(cpus)) + b"".join(struct.pack(">5I", c, 0, 4096, 100, 12) for c in cpus)


def pe(machine: int = 0x8664, managed: bool = False) -> bytes:
    """The head of a PE file (PE32+); ``managed`` gives it a CLI header."""
    head = b"MZ" + bytes(58) + struct.pack("<I", 128) + bytes(64)
    optional = (
        struct.pack("<H", 0x20B)
        + bytes(110)
        + b"".join(struct.pack("<II", *((8192, 72) if managed and i == 14 else (0, 0))) for i in range(16))
    )
    return head + b"PE\0\0" + struct.pack("<HHIIIHH", machine, 1, 0, 0, 0, len(optional), 0x22) + optional + bytes(100)


class Item(NamedTuple):
    """A zip member; what is given beside data overrides what would be written."""

    name: bytes
    data: bytes = b""
    mode: int | None = 0o100644
    method: int = 8
    flags: int = 0
    declared: int | None = None
    """Uncompressed size to declare."""
    local_packed: int | None = None
    system: int = 3
    extra: bytes = b""
    offset: int | None = None


def raw_zip(items: list[Item], *, count: int | None = None, prefix: bytes = b"", comment: bytes = b"") -> bytes:
    """A zip file as the items have it, right or wrong."""
    body, directory = io.BytesIO(), io.BytesIO()
    for item in items:
        data = item.data
        if item.method == 8:
            packer = zlib.compressobj(9, zlib.DEFLATED, -15)
            data = packer.compress(item.data) + packer.flush()
        size = len(item.data) if item.declared is None else item.declared
        crc = zlib.crc32(item.data)
        offset = body.tell() if item.offset is None else item.offset
        packed = len(data) if item.local_packed is None else item.local_packed
        body.write(
            struct.pack(
                "<IHHHIIIIHH", 0x04034B50, 20, item.flags, item.method, 0x21, crc, packed, size, len(item.name), 0
            )
        )
        body.write(item.name + data)
        attributes = (item.mode or 0) << 16
        directory.write(
            struct.pack(
                "<IBBHHHIIIIHHHHHII", 0x02014B50, 20, item.system, 20, item.flags, item.method, 0x21, crc, len(data),
                size,                 len(item.name), len(item.extra), 0, 0, 0, attributes, offset,
            )
            + item.name + item.extra
        )  # fmt: skip
    entries = len(items) if count is None else count
    end = struct.pack(
        "<IHHHHIIH", 0x06054B50, 0, 0, entries & 0xFFFF, entries & 0xFFFF, directory.tell(), body.tell(), len(comment)
    )
    return prefix + body.getvalue() + directory.getvalue() + end + comment


def write_tree(root: Path, files: dict[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return root


def tar_of(entries: list[tuple[str, Any]], form: int = tarfile.PAX_FORMAT) -> bytes:
    """A tar. Bytes are a file, ``("link", target)`` a link, ``("hard", target)`` a hard link; ``"folder"`` and
    ``"device"`` are what they say. A mode may be the third part."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as tar:
        for name, content, *mode in entries:
            info = tarfile.TarInfo(name)
            info.mode = mode[0] if mode else 0o644
            data = b""
            if content == "folder":
                info.type = tarfile.DIRTYPE
            elif content == "device":
                info.type = tarfile.CHRTYPE
            elif isinstance(content, tuple):
                info.type = tarfile.SYMTYPE if content[0] == "link" else tarfile.LNKTYPE
                info.linkname = content[1]
            else:
                data = content
                info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


def digest_of(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


OCI = "application/vnd.oci.image"
DOCKER = "application/vnd.docker"


class Blobs:
    """Blobs of an OCI layout under way."""

    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}

    def add(self, data: bytes, media_type: str, **more: Any) -> dict[str, Any]:
        digest = digest_of(data)
        self.blobs[digest] = data
        return {"mediaType": media_type, "digest": digest, "size": len(data), **more}

    def json(self, value: Any, media_type: str, **more: Any) -> dict[str, Any]:
        return self.add(json.dumps(value).encode(), media_type, **more)

    def image(
        self,
        layers: list[bytes],
        *,
        packing: str = "gzip",
        architecture: str = "amd64",
        config: dict[str, Any] | None = None,
        **more: Any,
    ) -> dict[str, Any]:
        """The descriptor of an image with these layers (tars)."""
        inner = {"Env": ["LAMBDA_TASK_ROOT=/var/task"], "Cmd": ["app.handler"]} if config is None else config
        whole = {"os": "linux", "architecture": architecture, "config": inner,
                 "rootfs": {"type": "layers", "diff_ids": [digest_of(layer) for layer in layers]}}  # fmt: skip
        described = []
        for layer in layers:
            data = gzip.compress(layer, mtime=0) if packing == "gzip" else layer
            described.append(self.add(data, f"{OCI}.layer.v1.tar" + ("+gzip" if packing == "gzip" else "")))
        manifest = {"schemaVersion": 2, "mediaType": f"{OCI}.manifest.v1+json",
                    "config": self.json(whole, f"{OCI}.config.v1+json"), "layers": described}  # fmt: skip
        return self.json(manifest, f"{OCI}.manifest.v1+json", **more)

    def index(self, manifests: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
        return self.json({"schemaVersion": 2, "manifests": manifests}, f"{OCI}.index.v1+json", **more)

    def attestation(self) -> dict[str, Any]:
        """What buildx adds to say how an image was built."""
        statement = self.add(b'{"_type": "https://in-toto.io/Statement/v0.1"}', "application/vnd.in-toto+json")
        manifest = {"schemaVersion": 2, "config": self.json({}, f"{OCI}.config.v1+json"), "layers": [statement]}
        notes = {"vnd.docker.reference.type": "attestation-manifest"}
        platform = {"os": "unknown", "architecture": "unknown"}
        return self.json(manifest, f"{OCI}.manifest.v1+json", annotations=notes, platform=platform)

    def files(self, top: list[dict[str, Any]]) -> dict[str, bytes]:
        """The files of a layout, by path."""
        found = {"blobs/" + digest.replace(":", "/"): data for digest, data in self.blobs.items()}
        found["index.json"] = json.dumps({"schemaVersion": 2, "manifests": top}).encode()
        found["oci-layout"] = b'{"imageLayoutVersion": "1.0.0"}'
        return found


def oci_files(layers: list[bytes], **options: Any) -> dict[str, bytes]:
    """A layout of one image."""
    blobs = Blobs()
    return blobs.files([blobs.image(layers, **options)])


def docker_files(layers: list[bytes], config: dict[str, Any] | None = None) -> list[tuple[str, Any]]:
    """The members of a `docker save` archive before version 25: the second of two equal layers is a link."""
    inner = (
        {"Env": ["LAMBDA_TASK_ROOT=/var/task"], "Entrypoint": ["/lambda-entrypoint.sh"]} if config is None else config
    )
    whole = json.dumps({"os": "linux", "architecture": "arm64", "config": inner,
                        "rootfs": {"diff_ids": [digest_of(layer) for layer in layers]}}).encode()  # fmt: skip
    name = hashlib.sha256(whole).hexdigest() + ".json"
    members: list[tuple[str, Any]] = []
    seen: dict[bytes, str] = {}
    names = []
    for number, layer in enumerate(layers):
        folder = f"{number:064x}"
        names.append(f"{folder}/layer.tar")
        members += [(folder + "/", "folder"), (f"{folder}/VERSION", b"1.0")]
        members.append((names[-1], ("link", f"../{seen[layer]}/layer.tar") if layer in seen else layer))
        seen.setdefault(layer, folder)
    saved = json.dumps([{"Config": name, "RepoTags": ["app:latest"], "Layers": names}]).encode()
    return [*members, (name, whole), ("manifest.json", saved), ("repositories", b"{}")]
