"""Makes the packages and images that rule examples describe: the same bytes every time, right or wrong as asked.

``archive`` of an example maps a path to a list of members, or to a map of them and of what is wrong with the archive;
a path that ends in a slash is made a folder. ``image`` maps a path to what an image is like. rules/rule.schema.json has
the words of both.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterable, Mapping
from typing import Any

_MACHINES = {"x86_64": 62, "arm64": 183, "riscv64": 243}
_MODE = 0o644
_BLOCK = 1 << 20


def build(folder: str, example: Mapping[str, Any]) -> None:
    """Write everything below a folder. Raises KeyError or ValueError for a description that is not understood."""
    for path, given in (example.get("archive") or {}).items():
        target = os.path.join(folder, path)
        os.makedirs(os.path.dirname(target.rstrip("/")), exist_ok=True)
        described = given if isinstance(given, dict) else {"members": given}
        if path.endswith("/"):
            _folder(target, described["members"])
        else:
            _write(target, _zip(described))
    for path, described in (example.get("image") or {}).items():
        from lambdalint.examples.images import image_files, tar

        target = os.path.join(folder, path)
        files = image_files(described)
        if path.endswith("/"):
            for name, data in files.items():
                _write(os.path.join(target, name), data)
            continue
        data = tar([{"name": name, "bytes": content} for name, content in files.items()])
        _write(target, data[: described["cut"]] if "cut" in described else data)


def _write(path: str, data: bytes) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data)


def content(member: Mapping[str, Any]) -> bytes:
    """A member's bytes, without what ``size`` fills it up with."""
    if "bytes" in member:
        data: bytes = member["bytes"]
        return data
    if "elf" in member:
        return _elf(member["elf"])
    if "mach-o" in member:
        number = {"x86_64": 0x01000007, "arm64": 0x0100000C}[member["mach-o"]]
        return struct.pack("<IIIIIII", 0xFEEDFACF, number, 3, 6, 0, 0, 0) + bytes(60)
    if "pe" in member:
        return _pe(0x8664 if member["pe"] == "x86_64" else 0xAA64, bool(member.get("managed")))
    return str(member.get("text", "")).encode()


def _elf(machine: str) -> bytes:
    head = b"\x7fELF" + bytes((2, 1, 1)) + bytes(9)
    return head + struct.pack("<HHI", 3, _MACHINES[machine], 1) + bytes(100)


def _pe(machine: int, managed: bool) -> bytes:
    head = b"MZ" + bytes(58) + struct.pack("<I", 128) + bytes(64)
    tables = (struct.pack("<II", *((8192, 72) if managed and at == 14 else (0, 0))) for at in range(16))
    optional = struct.pack("<H", 0x20B) + bytes(110) + b"".join(tables)
    return head + b"PE\0\0" + struct.pack("<HHIIIHH", machine, 1, 0, 0, 0, len(optional), 0x22) + optional + bytes(100)


def mode_of(member: Mapping[str, Any]) -> int:
    """Permission bits; ``mode`` is written in octal digits."""
    return int(str(member["mode"]), 8) if "mode" in member else _MODE


# -- folders -------------------------------------------------------------------------------------------------------


def _folder(target: str, members: Iterable[Mapping[str, Any]]) -> None:
    for member in members:
        path = os.path.join(target, member["name"])
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if "link" in member:
            os.symlink(member["link"], path)
            continue
        _write(path, content(member))
        if "size" in member:
            os.truncate(path, member["size"])
        os.chmod(path, mode_of(member))


# -- zip files -----------------------------------------------------------------------------------------------------


def _zip(described: Mapping[str, Any]) -> bytes:
    """A zip file of its parts (APPNOTE.TXT): zipfile would refuse to write most of what examples want wrong."""
    body, directory = bytearray(), bytearray()
    members = described["members"]
    for member in members:
        name = str(member["name"]).encode("cp437" if member.get("cp437") else "utf-8")
        packed, size, checksum = _deflated(member)
        flags = (1 if member.get("encrypted") else 0) | (0 if name.isascii() or member.get("cp437") else 0x800)
        method = member.get("method", 8)
        size = member.get("declared", size)
        kind = 0o120000 if "link" in member else 0o100000
        attributes = 0 if described.get("made-on") == "windows" else (kind | mode_of(member)) << 16
        system = 0 if described.get("made-on") == "windows" else 3
        offset = len(body)
        both = struct.pack("<HHHHIIIHH", flags, method, 0x21, 0x21, checksum, len(packed), size, len(name), 0)
        body += struct.pack("<IH", 0x04034B50, 20) + both + name + packed
        directory += struct.pack("<IBBH", 0x02014B50, 20, system, 20) + both
        directory += struct.pack("<HHHII", 0, 0, 0, attributes, offset) + name
    end = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, len(members), len(members), len(directory), len(body), 0)
    whole = bytes(body + directory + end)
    return whole[: described["cut"]] if "cut" in described else whole


def _deflated(member: Mapping[str, Any]) -> tuple[bytes, int, int]:
    """Packed bytes, unpacked size and checksum. What fills a member up is one packed block again and again."""
    data = str(member["link"]).encode() if "link" in member else content(member)
    fill = max(int(member.get("size", 0)) - len(data), 0)
    if member.get("stored") or member.get("method") == 0:
        data += bytes(fill)
        return data, len(data), zlib.crc32(data)
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    packed = bytearray(packer.compress(data) + packer.flush(zlib.Z_FULL_FLUSH))
    checksum, block = zlib.crc32(data), bytes(_BLOCK)
    packed_block = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    for _ in range(fill // _BLOCK):
        packed += packed_block
        checksum = zlib.crc32(block, checksum)
    rest = bytes(fill % _BLOCK)
    packed += packer.compress(rest) + packer.flush()
    return bytes(packed), len(data) + fill, zlib.crc32(rest, checksum)
