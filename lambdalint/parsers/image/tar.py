"""A tar reader that is fed: headers are looked at, data is passed over, nothing is kept but what is asked for.

Reads v7, ustar, pax and GNU archives (long names, sparse files, sizes in base 256), without padding or end marker too.
tarfile takes some 40 µs for each header and wants a file to read from; here it is some 5 µs, and the bytes may come
from anywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple, Protocol

MAX_EXTENDED = 1 << 20
"""Bytes of one pax header or long name."""
_ZEROS = bytes(512)
_EXTENDED = b"xgLKXNV"


class TarError(Exception):
    """Not a tar, or a broken one; ``args`` are the kind (``not-tar``, ``truncated``, ``corrupt``) and a detail."""


class TarEntry(NamedTuple):
    name: str
    """As written."""
    kind: str
    """The type flag: ``0`` file, ``1`` hard link, ``2`` link, ``3`` and ``4`` devices, ``5`` folder, ``6`` pipe."""
    size: int
    """Bytes of the file; of a sparse one those it would unpack to."""
    mode: int
    link: str
    stored: int
    """Bytes of data in the archive."""
    offset: int
    """Where the data begins."""


class TarFeed:
    """Takes an archive piece by piece and calls ``found`` for each entry."""

    __slots__ = ("_ended", "_found", "_long", "_padding", "_pending", "_position", "_seen", "_skip")

    def __init__(self, found: Callable[[TarEntry], None]) -> None:
        self._found = found
        self._pending = b""
        self._skip = 0
        self._padding = 0
        """How much of ``_skip`` is padding."""
        self._position = 0
        """Bytes before the piece that is being fed."""
        self._long: dict[str, str] = {}
        self._ended = 0
        self._seen = False

    @property
    def skip(self) -> int:
        """Bytes of data still to come that nobody looks at: a seekable source may leave them out (``skipped``)."""
        return 0 if self._pending else self._skip

    def skipped(self, count: int) -> None:
        self._skip -= count
        self._position += count

    def feed(self, data: bytes) -> None:
        if self._ended >= 2:
            return
        if self._pending:
            data = self._pending + data
            self._position -= len(self._pending)
            self._pending = b""
        at, size = 0, len(data)
        while True:
            if self._skip:
                step = min(self._skip, size - at)
                self._skip -= step
                at += step
                if self._skip:
                    break
            if size - at < 512:
                self._pending = data[at:]
                break
            used = self._header(data, at)
            if not used:
                self._pending = data[at:]
                break
            at += used
            if self._ended >= 2:
                break
        self._position += size

    def close(self) -> None:
        """The archive is at its end; TarError where it breaks off."""
        if self._ended:
            return
        # Data without its padding, or nothing behind the last member: some writers leave out both.
        if self._skip > self._padding or self._pending.strip(b"\0"):
            raise TarError("truncated" if self._seen else "not-tar", "the archive breaks off")

    def _header(self, data: bytes, at: int) -> int:
        """Take in one header; the bytes used, 0 where more are needed."""
        block = data[at : at + 512]
        if block == _ZEROS:
            self._ended += 1
            return 512
        total = sum(block) - sum(block[148:156]) + 256
        if _number(block[148:156]) != total and not _signed_sum_fits(block):
            raise TarError("corrupt" if self._seen else "not-tar", "a header's checksum is wrong")
        self._ended = 0
        size = _number(block[124:136])
        if size < 0:
            raise TarError("corrupt", "a negative size")
        flag = block[156:157]
        if flag in _EXTENDED and flag:
            return self._extended(flag, data, at, size)
        self._seen = True
        kind = "0" if flag in (b"\0", b"7", b"") else flag.decode("latin-1")
        name = block[:100].split(b"\0", 1)[0]
        if block[257:263] == b"ustar\0" and block[345]:
            name = block[345:500].split(b"\0", 1)[0] + b"/" + name
        link = block[157:257].split(b"\0", 1)[0] if kind in "12" else b""
        used = 512
        real = size
        if kind == "S":
            real = _number(block[483:495])
            more = block[482]
            while more:
                if len(data) - at < used + 512:
                    self._seen = True
                    return 0
                more = data[at + used + 504]
                used += 512
            kind = "0"
        text = name.decode("utf-8", "surrogateescape")
        target = link.decode("utf-8", "surrogateescape")
        if self._long:
            text = self._long.get("GNU.sparse.name") or self._long.get("path") or text
            target = self._long.get("linkpath") or target
            if "size" in self._long:
                size = real = _decimal(self._long["size"])
            if sparse := self._long.get("GNU.sparse.realsize") or self._long.get("GNU.sparse.size"):
                real = _decimal(sparse)
            self._long = {}
        if kind in "123456":
            size = real = 0
        elif kind == "0" and text.endswith("/"):
            kind = "5"  # v7 has no flag for folders
        self._padding = -size % 512
        self._skip = size + self._padding
        self._found(
            TarEntry(text, kind, real, _number(block[100:108]) & 0o7777, target, size, self._position + at + used)
        )
        return used

    def _extended(self, flag: bytes, data: bytes, at: int, size: int) -> int:
        if size > MAX_EXTENDED:
            raise TarError("corrupt", "an extended header is too long")
        used = 512 + ((size + 511) & ~511)
        if len(data) - at < used:
            return 0
        body = data[at + 512 : at + 512 + size]
        if flag == b"L":
            self._long["path"] = body.split(b"\0", 1)[0].decode("utf-8", "surrogateescape")
        elif flag == b"K":
            self._long["linkpath"] = body.split(b"\0", 1)[0].decode("utf-8", "surrogateescape")
        elif flag in b"xX":
            self._long.update(_records(body))
        return used


def _records(body: bytes) -> dict[str, str]:
    """Pax records: ``LENGTH KEY=VALUE\\n``."""
    found = {}
    at = 0
    while at < len(body):
        head, space, _ = body[at : at + 24].partition(b" ")
        if not space or not head.isdigit():
            break
        length = int(head)
        if length <= len(head) + 1:
            break
        key, _, value = body[at + len(head) + 1 : at + length - 1].partition(b"=")
        found[key.decode("utf-8", "replace")] = value.decode("utf-8", "surrogateescape")
        at += length
    return found


def _number(field: bytes) -> int:
    """A numeric field: octal digits, or base 256 where the first bit is set; -1 where it is neither."""
    if field[0] & 0x80:
        value = int.from_bytes(field[1:], "big") | (field[0] & 0x3F) << (8 * (len(field) - 1))
        return -1 if field[0] & 0x40 else value
    digits = field.split(b"\0", 1)[0].strip()
    try:
        return int(digits, 8) if digits else 0
    except ValueError:
        return -1


def _decimal(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 19:
        raise TarError("corrupt", "a pax size is no number")
    return int(text)


def _signed_sum_fits(block: bytes) -> bool:
    """Some old writers summed signed bytes."""
    body = block[:148] + b" " * 8 + block[156:]
    return _number(block[148:156]) == sum(byte - 256 if byte > 127 else byte for byte in body)


class _Seekable(Protocol):
    def read(self, size: int, /) -> bytes: ...

    def seek(self, offset: int, /) -> int: ...


def walk_file(file: _Seekable, size: int) -> Iterator[TarEntry]:
    """The entries of a tar on disk; the data between headers is passed over."""
    found: list[TarEntry] = []
    feed = TarFeed(found.append)
    at = 0
    step = 512
    while at < size:
        file.seek(at)
        data = file.read(step)
        if not data:
            break
        feed.feed(data)
        at += len(data)
        # Headers come singly between large members; where they come in a row, more is read at once.
        step = 512 if feed.skip else min(step * 2, 1 << 16)
        if over := min(feed.skip, size - at):
            feed.skipped(over)
            at += over
        yield from found
        found.clear()
    feed.close()


def tar_members(chunks: Iterator[bytes]) -> Iterator[tuple[TarEntry, Iterator[bytes]]]:
    """The entries of a stream, each with its data; what of the data is not taken is passed over."""
    found: list[TarEntry] = []
    feed = TarFeed(found.append)
    pull = _Pull(chunks)
    while header := pull.exactly(512):
        feed.feed(header)
        for entry in found:
            data = _data(pull, feed, entry.stored)
            yield entry, data
            for _ in data:
                pass
        found.clear()
        while feed.skip and (rest := pull.some(feed.skip)):
            feed.skipped(len(rest))
    feed.close()


def _data(pull: _Pull, feed: TarFeed, left: int) -> Iterator[bytes]:
    while left and (data := pull.some(left)):
        left -= len(data)
        feed.skipped(len(data))
        yield data


class _Pull:
    """Bytes of a stream, as many as are wanted."""

    __slots__ = ("_at", "_chunks", "_data")

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._data = b""
        self._at = 0

    def some(self, size: int) -> bytes:
        """At most ``size`` bytes, without joining pieces; b"" at the end."""
        if self._at >= len(self._data):
            self._data, self._at = next(self._chunks, b""), 0
        data = self._data[self._at : self._at + size]
        self._at += len(data)
        return data

    def exactly(self, size: int) -> bytes:
        """``size`` bytes; fewer at the end."""
        data = self.some(size)
        while len(data) < size and (more := self.some(size - len(data))):
            data += more
        return data


def looks_like_tar(block: bytes) -> bool:
    """True for 512 bytes that are a tar header."""
    return len(block) == 512 and block != _ZEROS and _number(block[148:156]) == sum(block) - sum(block[148:156]) + 256
