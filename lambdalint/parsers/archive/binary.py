"""What the first bytes of an executable say: ELF, Mach-O, PE (by their specifications) and ``#!``."""

from __future__ import annotations

import re
import stat
import struct

from lambdalint.model.artifact import Binary, Member

HEAD = 1024
"""Bytes of a file that are enough to tell."""

_NAMED = re.compile(
    r"(?:\.(?:so|node|dylib|dll|exe|pyd|wasm)|\.so(?:\.\d+)+|(?:^|/)bootstrap|(?:^|/)s?bin/[^/]+|^extensions/[^/]+)$",
    re.IGNORECASE,
)
_TEXT = re.compile(
    r"\.(?:py|pyi|js|mjs|cjs|ts|json|txt|md|rst|html|css|map|ya?ml|toml|h|c|pxd|pyx|rb|java|xml|pem)$", re.I
)
_ELF_MACHINES = {3: "x86", 40: "arm", 62: "x86_64", 183: "arm64"}
_PE_MACHINES = {0x14C: "x86", 0x8664: "x86_64", 0xAA64: "arm64", 0x1C0: "arm", 0x1C4: "arm"}
_MACHO_MACHINES = {7: "x86", 0x01000007: "x86_64", 12: "arm", 0x0100000C: "arm64"}
_MACHO_THIN = {b"\xfe\xed\xfa\xce": ">", b"\xfe\xed\xfa\xcf": ">", b"\xce\xfa\xed\xfe": "<", b"\xcf\xfa\xed\xfe": "<"}


def candidate(member: Member) -> bool:
    """True for a member that may be an executable or a library, by its name or by its mode."""
    name = member.name
    if _NAMED.search(name):
        return not _TEXT.search(name)
    if member.mode is not None and member.mode & stat.S_IXUSR:
        return "." not in name.rpartition("/")[2]
    return False


def classify(head: bytes) -> Binary | None:
    """What a file is by its first HEAD bytes; None for what is no executable or is cut short."""
    if head[:4] == b"\x7fELF":
        return _elf(head)
    if head[:2] == b"MZ":
        return _pe(head)
    if head[:2] == b"#!":
        line = head[2:].split(b"\n", 1)[0].strip()
        return Binary("script", interpreter=line.decode("utf-8", "replace"))
    return _mach_o(head)


def _elf(head: bytes) -> Binary | None:
    if len(head) < 20 or head[4] not in (1, 2) or head[5] not in (1, 2):
        return None
    kind, number = struct.unpack_from("<HH" if head[5] == 1 else ">HH", head, 16)
    machine = _ELF_MACHINES.get(number, f"machine {number}")
    return Binary("elf", (machine,), 64 if head[4] == 2 else 32, object_file=kind not in (2, 3))


def _pe(head: bytes) -> Binary | None:
    if len(head) < 64:
        return None
    start = int.from_bytes(head[60:64], "little")
    if head[start : start + 4] != b"PE\0\0" or len(head) < start + 26:
        return None
    number = int.from_bytes(head[start + 4 : start + 6], "little")
    magic = int.from_bytes(head[start + 24 : start + 26], "little")
    # The CLI header is the 15th data directory; the directories begin 96 bytes into the optional header (PE32+: 112).
    at = start + 24 + (112 if magic == 0x20B else 96) + 14 * 8
    managed = any(head[at : at + 8])
    return Binary("pe", (_PE_MACHINES.get(number, f"machine {number}"),), 64 if magic == 0x20B else 32, managed=managed)


def _mach_o(head: bytes) -> Binary | None:
    magic = head[:4]
    if order := _MACHO_THIN.get(magic):
        if len(head) < 16:
            return None
        (number,) = struct.unpack_from(order + "I", head, 4)
        return Binary("mach-o", (_macho_machine(number),), 64 if number & 0x01000000 else 32)
    if magic == b"\xca\xfe\xba\xbe" and len(head) >= 8:
        count = int.from_bytes(head[4:8], "big")
        # A Java class file has the same magic; there these bytes are its version, 45 or more.
        if 0 < count < 40 and len(head) >= 8 + 20 * count:
            machines = [int.from_bytes(head[8 + 20 * i : 12 + 20 * i], "big") for i in range(count)]
            return Binary("mach-o", tuple(_macho_machine(number) for number in machines))
    return None


def _macho_machine(number: int) -> str:
    return _MACHO_MACHINES.get(number, f"machine {number}")
