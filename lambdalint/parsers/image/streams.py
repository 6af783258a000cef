"""Compressed streams, piece by piece: gzip (of several members too) and, where a module for it is installed, zstd."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from itertools import chain
from typing import Any

PIECE = 1 << 20
"""Bytes that a piece of output has at most: what bounds memory, however much the input would expand to."""
MAX_WINDOW = 1 << 27
"""Of zstd (``--long=27``): what its own command takes without being asked for more."""


class BadStream(Exception):
    """The stream is broken: ``args`` are a kind (``truncated``, ``corrupt``, ``zstd-unread``) and a detail."""


def expanded(chunks: Iterator[bytes]) -> tuple[Iterator[bytes], bool]:
    """The uncompressed bytes of a stream, and whether it is compressed: its first bytes tell how. Reading the bytes may
    raise BadStream."""
    first = next(chunks, b"")
    while 0 < len(first) < 4 and (more := next(chunks, b"")):
        first += more
    chunks = chain((first,), chunks)
    if first[:2] == b"\x1f\x8b":
        return gunzip(chunks), True
    # A zstd frame, or a skippable one (0x184D2A50 to 0x184D2A5F, as zstd:chunked writes them).
    if first[:4] == b"\x28\xb5\x2f\xfd" or (first[1:4] == b"\x2a\x4d\x18" and first[0] >> 4 == 5):
        return unzstd(chunks), True
    return chunks, False


def gunzip(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The bytes of a gzip stream, its checksums verified. What lies behind the last member is passed over."""
    inflate = zlib.decompressobj(31)
    try:
        for data in chunks:
            while data:
                if inflate.eof:
                    data = data.lstrip(b"\0")
                    if not data:
                        break
                    if not data.startswith(b"\x1f"):
                        return
                    inflate = zlib.decompressobj(31)
                if piece := inflate.decompress(data, PIECE):
                    yield piece
                data = inflate.unused_data if inflate.eof else inflate.unconsumed_tail
        # What is still held back where the input ended just as a piece was full.
        while not inflate.eof and (piece := inflate.decompress(b"", PIECE)):
            yield piece
    except zlib.error as error:
        raise BadStream("corrupt", str(error)) from None
    if not inflate.eof:
        raise BadStream("truncated", "the gzip stream breaks off")


def unzstd(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The bytes of a zstd stream, by the standard library's module (3.14) or by ``zstandard`` (extra ``zstd``)."""
    read = _zstd_reader(_File(chunks))
    if read is None:
        raise BadStream("zstd-unread", "no zstandard module is installed")
    while True:
        try:
            piece = read(PIECE)
        except BadStream:
            raise
        except Exception as error:  # each module has an error of its own
            raise BadStream("truncated" if isinstance(error, EOFError) else "corrupt", str(error)) from None
        if not piece:
            return
        yield piece


def _zstd_reader(file: _File) -> Any:
    from importlib import import_module

    try:
        module: Any = import_module("compression.zstd")
        return module.ZstdFile(file, options={module.DecompressionParameter.window_log_max: 27}).read
    except ImportError:
        pass
    try:
        module = import_module("zstandard")
    except ImportError:
        return None
    decompressor = module.ZstdDecompressor(max_window_size=MAX_WINDOW)
    return decompressor.stream_reader(file, read_across_frames=True).read


class _File:
    """A stream as a file to read from."""

    __slots__ = ("_chunks", "_left")

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._left = b""

    def read(self, size: int = -1) -> bytes:
        if not self._left:
            self._left = next(self._chunks, b"")
        data, self._left = (self._left, b"") if size < 0 else (self._left[:size], self._left[size:])
        return data

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False
