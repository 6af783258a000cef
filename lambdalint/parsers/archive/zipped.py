"""Zip files from their central directory, without unpacking.

The directory is read as it lies in the file (APPNOTE.TXT 4.3.12) and not with zipfile, which holds every entry in
memory before its number can be bounded and stops at the first odd one. Each member's local header is compared with its
entry: a directory that lies about names or sizes shows there.
"""

from __future__ import annotations

import os
import stat
import struct
import zlib
from collections.abc import Callable
from functools import partial
from operator import attrgetter
from typing import NamedTuple, Protocol

from lambdalint.model.artifact import Contents, Member
from lambdalint.parsers.archive.names import ODD_NAME, NameCheck, folders_of, leaves_package
from lambdalint.parsers.faults import Faults

MAX_MEMBERS = 250_000
"""Past that nothing of the directory is read: a package of 250 MB with so many files averages 1 KB a file."""
MAX_DIRECTORY = 256 << 20
BOMB_TOTAL = 1 << 30
"""Bytes: four times the quota. Below it the size alone is the finding."""
BOMB_RATIO = 100
MAX_LOOKED_AT = 1 << 24
"""Bytes of a member that are unpacked to see whether it holds more than it declares."""
MAX_LINK = 4096
MAX_RATIO = 1040
"""Deflate makes at most 1032 bytes of one."""

_END = struct.Struct("<IHHHHIIH")
_END64_LOCATOR = struct.Struct("<IIQI")
_END64 = struct.Struct("<IQHHIIQQQQ")
_ENTRY = struct.Struct("<IxB2xHH8xIIHHH4xII")
"""Version needed, time, checksum, disk and internal attributes passed over."""
_LOCAL = struct.Struct("<I2xHH8xIIHH")
_OFFSET = attrgetter("offset")
_SATURATED = 0xFFFFFFFF
_STORED, _DEFLATED = 0, 8
_UNIX = (3, 19)
"""Unix and macOS in ``version made by``: their modes are in the high half of the external attributes."""


class RawFile(Protocol):
    """An unbuffered file: a few bytes here and there are read, a buffer would read 4 KB for each."""

    def fileno(self) -> int: ...

    def read(self, size: int, /) -> bytes: ...

    def seek(self, offset: int, whence: int = 0, /) -> int: ...


class BadZip(Exception):
    """The archive cannot be read; ``args`` are the fault's kind and its detail."""


class Directory(NamedTuple):
    """Where the central directory lies."""

    start: int
    size: int
    entries: int
    shift: int
    """Bytes before the archive (a self-extracting program, a shebang)."""


def claims_zip(path: str) -> bool:
    """True for a file that begins as a zip file does."""
    if not os.path.isfile(path):
        return False
    try:
        with open(path, "rb") as file:
            return file.read(4) in (b"PK\x03\x04", b"PK\x05\x06")
    except OSError:
        return False


def find_directory(file: RawFile, size: int) -> Directory:
    """Where the central directory is; BadZip where there is none."""
    tail_size = min(size, 65_557)
    file.seek(size - tail_size)
    tail = file.read(tail_size)
    at = tail.rfind(b"PK\x05\x06")
    while at >= 0:
        if at + _END.size <= len(tail):
            comment = int.from_bytes(tail[at + 20 : at + 22], "little")
            if at + _END.size + comment <= len(tail):
                break
        at = tail.rfind(b"PK\x05\x06", 0, at)
    if at < 0:
        file.seek(0)
        raise BadZip("truncated" if file.read(4) == b"PK\x03\x04" else "not-a-zip", "no end of central directory")
    end = size - tail_size + at
    _, disk, first_disk, _, count, length, offset, _ = _END.unpack_from(tail, at)
    if _SATURATED in (length, offset) or count == 0xFFFF:
        found = _find_directory64(file, end)
        if found is not None:
            return found
    if disk not in (0, 0xFFFF) or first_disk not in (0, 0xFFFF):
        raise BadZip("bad-directory", "split over several disks")
    start = end - length
    if start < offset or start < 0:
        raise BadZip("truncated", "the central directory begins before the file does")
    return Directory(start, length, count, start - offset)


def _find_directory64(file: RawFile, end: int) -> Directory | None:
    if end < _END64_LOCATOR.size:
        return None
    file.seek(end - _END64_LOCATOR.size)
    signature, _, where, disks = _END64_LOCATOR.unpack(file.read(_END64_LOCATOR.size))
    if signature != 0x07064B50:
        return None
    if disks > 1:
        raise BadZip("bad-directory", "split over several disks")
    # Bytes before the archive move the record: it lies right before its locator where it has no extensible data.
    for at in (where, end - _END64_LOCATOR.size - _END64.size):
        if 0 <= at <= end - _END64.size:
            file.seek(at)
            signature, _, _, _, _, _, _, count, length, offset = _END64.unpack(file.read(_END64.size))
            if signature == 0x06064B50:
                if at < offset + length:
                    raise BadZip("truncated", "the central directory is cut short")
                start = at - length
                return Directory(start, length, count, start - offset)
    raise BadZip("bad-directory", "no zip64 end of central directory")


def read_contents(path: str) -> Contents:
    """Members and faults of a zip file; never raises for bad input."""
    faults = Faults()
    if os.path.exists(path) and not os.path.isfile(path):
        faults.add("unreadable", error="not a regular file")  # opening a pipe would wait for its writer
        return Contents(faults=faults.all(), complete=False)
    try:
        with open(path, "rb", buffering=0) as file:
            size = os.fstat(file.fileno()).st_size
            try:
                where = find_directory(file, size)
                if where.entries > MAX_MEMBERS:
                    faults.add("too-many-members", count=where.entries, limit=MAX_MEMBERS)
                    return Contents(faults=faults.all(), compressed=size, complete=False)
                if where.size > MAX_DIRECTORY:
                    raise BadZip("bad-directory", f"a central directory of {where.size} bytes")
                file.seek(where.start)
                return _Reading(file, where, faults).contents(file.read(where.size), size)
            except BadZip as error:
                faults.add(error.args[0], detail=error.args[1])
                return Contents(faults=faults.all(), compressed=size, complete=False)
    except OSError as error:
        faults.add("unreadable", error=error.strerror or str(error))
        return Contents(faults=faults.all(), complete=False)


class _Reading:
    """One pass over a central directory."""

    __slots__ = ("complete", "faults", "file", "where")

    def __init__(self, file: RawFile, where: Directory, faults: Faults) -> None:
        self.file = file
        self.where = where
        self.faults = faults
        self.complete = True

    def contents(self, data: bytes, size: int) -> Contents:
        members: dict[str, Member] = {}
        folders: set[str] = set()
        names = NameCheck(self.faults)
        total = position = count = 0
        found: list[Member] = []
        odd = ODD_NAME.search
        unpack, end, shift, faults = _ENTRY.unpack_from, len(data), self.where.shift, self.faults
        while position + 46 <= end:
            (
                signature, system, flags, method, packed, length, name_size, extra_size, comment_size, attributes,
                offset,
            ) = unpack(data, position)  # fmt: skip
            if signature != 0x02014B50:
                faults.add("bad-directory", detail="an entry has no signature")
                self.complete = False
                break
            count += 1
            if count > MAX_MEMBERS:
                faults.add("too-many-members", count=count, limit=MAX_MEMBERS)
                self.complete = False
                break
            at = position + 46
            raw = data[at : at + name_size]
            at += name_size
            extra = data[at : at + extra_size] if extra_size else b""
            position = at + extra_size + comment_size
            if position > end:
                faults.add("bad-directory", detail="an entry is cut short")
                self.complete = False
                break
            if raw.isascii():
                name = raw.decode("ascii")
            else:
                name = raw.decode("utf-8", "replace") if flags & 0x800 else raw.decode("cp437")
            if extra:
                if _SATURATED in (packed, length, offset):
                    length, packed, offset = _zip64(extra, length, packed, offset)
                if b"up" in extra:
                    name = _unicode_path(extra, raw) or name
            offset += shift
            if flags & 0x41:
                faults.add("encrypted", member=name)
            elif method != _DEFLATED and method != _STORED:
                faults.add("unknown-compression", member=name, method=method)
            elif (method == _STORED and packed != length) or length > packed * MAX_RATIO + 64:
                faults.add("forged-size", member=name, size=length)
            mode = attributes >> 16 if system in _UNIX else None
            if odd(name):
                name, folder = names.check(name)
                if folder:
                    folders.add(name)
                    continue
            total += length
            member = Member(name, length, packed, mode or None, None, offset)
            if mode and mode & 0o170000 == stat.S_IFLNK:
                member = member._replace(link=self.link(member))
            if name in members:
                faults.add("duplicate", member=name)
                # The last one wins, as unzip has it: its bytes take the place of the earlier one's.
                total -= members[name].size
            members[name] = member
            found.append(member)
        # Without zip64 the number wraps.
        if (count - self.where.entries) & 0xFFFF and self.complete:
            faults.add("bad-directory", detail=f"{self.where.entries} entries are announced, {count} are there")
        folders |= folders_of(members)
        for clash in sorted(folders & members.keys()):
            faults.add("file-and-folder", member=clash)
        self.compare_headers(found)
        if total > BOMB_TOTAL and total > size * BOMB_RATIO:
            faults.add("bomb", total=total, ratio=total // max(size, 1))
        return Contents(members, frozenset(folders - {""}), faults.all(), total, size, self.complete)

    def link(self, member: Member) -> str | None:
        data = extract(self.file, member, MAX_LINK)
        if data is None:
            return None
        target = data.decode("utf-8", "replace")
        if leaves_package(member.name, target):
            self.faults.add("link-outside", member=member.name, target=target)
        return target

    def compare_headers(self, members: list[Member]) -> None:
        """Each member against its local header. No two may share bytes (the flat zip bombs), and none may hold more
        than it declares."""
        unpack, faults, file, size = _LOCAL.unpack, self.faults, self.file, _LOCAL.size
        read_at = _read_at(file)
        previous = 0
        limit = self.where.start
        for name, length, packed, _, _, offset in sorted(members, key=_OFFSET):
            if offset < previous:
                faults.add("overlap", member=name)
                continue
            if offset + 30 + packed > limit:
                faults.add("truncated", member=name)
                continue
            signature, flags, _, local_packed, local_length, name_size, extra_size = unpack(read_at(size, offset))
            if signature != 0x04034B50:
                faults.add("bad-member", member=name, detail="no local header")
                continue
            if not flags & 8 and local_packed != packed and local_packed != _SATURATED:
                faults.add("bad-member", member=name, detail="its sizes differ between directory and header")
            previous = offset + 30 + name_size + extra_size + packed
            if previous > limit:
                faults.add("truncated", member=name)
            # Data that no compression makes smaller is stored, or costs 5 bytes in 16 KB; what takes more is looked at,
            # and what the header gives another size.
            two_sizes = not flags & 8 and local_length not in (length, _SATURATED)
            if (two_sizes and length < MAX_LOOKED_AT) or packed > length + 32 + (length >> 8):
                data = extract(file, Member(name, length, packed, offset=offset), length + 1)
                if data is None or len(data) > length:
                    faults.add("forged-size", member=name, size=length)


def _read_at(file: RawFile) -> Callable[[int, int], bytes]:
    """Reads so many bytes from a place: in one call to the system where it has one for it."""
    if hasattr(os, "pread"):
        return partial(os.pread, file.fileno())

    def read(size: int, offset: int) -> bytes:
        file.seek(offset)
        return file.read(size)

    return read


def _zip64(extra: bytes, length: int, packed: int, offset: int) -> tuple[int, int, int]:
    at = 0
    while at + 4 <= len(extra):
        tag, size = struct.unpack_from("<HH", extra, at)
        if tag == 1:
            body = extra[at + 4 : at + 4 + size]
            values = [int.from_bytes(body[i : i + 8], "little") for i in range(0, len(body) - 7, 8)]
            if length == _SATURATED and values:
                length = values.pop(0)
            if packed == _SATURATED and values:
                packed = values.pop(0)
            if offset == _SATURATED and values:
                offset = values.pop(0)
            break
        at += 4 + size
    return length, packed, offset


def _unicode_path(extra: bytes, raw: bytes) -> str | None:
    """Info-ZIP's Unicode path (0x7075), where it is of this name."""
    at = 0
    while at + 4 <= len(extra):
        tag, size = struct.unpack_from("<HH", extra, at)
        body = extra[at + 4 : at + 4 + size]
        if tag == 0x7075 and len(body) > 5 and body[0] == 1 and int.from_bytes(body[1:5], "little") == zlib.crc32(raw):
            return body[5:].decode("utf-8", "replace")
        at += 4 + size
    return None


def extract(file: RawFile, member: Member, limit: int) -> bytes | None:
    """The first ``limit`` bytes of a member; None where they cannot be read."""
    try:
        file.seek(member.offset)
        header = file.read(_LOCAL.size)
        if len(header) < _LOCAL.size:
            return None
        signature, flags, method, _, _, name_size, extra_size = _LOCAL.unpack(header)
        if signature != 0x04034B50 or flags & 0x41 or method not in (_STORED, _DEFLATED):
            return None
        file.seek(name_size + extra_size, os.SEEK_CUR)
        if method == _STORED:
            return file.read(min(limit, member.compressed))
        return _inflate(file, member.compressed, limit)
    except (OSError, zlib.error):
        return None


def _inflate(file: RawFile, packed: int, limit: int) -> bytes:
    inflate = zlib.decompressobj(-15)
    found: list[bytes] = []
    have = 0
    # Few bytes are wanted of most members: the first read is small.
    step = min(max(limit, 512), 1 << 16)
    while have < limit and packed > 0 and not inflate.eof:
        data = file.read(min(step, packed))
        if not data:
            break
        packed -= len(data)
        while data and have < limit:
            piece = inflate.decompress(data, limit - have)
            found.append(piece)
            have += len(piece)
            data = inflate.unconsumed_tail
    return b"".join(found)
