"""JSON: values from the json module, places from a scan of the text that is made when the first one is asked for."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from lambdalint.finding import Fault, Path
from lambdalint.parsers.document import DEPTH_LIMIT, Contents, Extent, Found, Lines

VALUES_LIMIT = 600_000
"""The most commas and opening brackets, which bound the number of values: a cloud assembly of 5 MB has some 200,000."""

_DUPLICATES_LIMIT = 100
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_CONSTANT = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|-?Infinity|NaN', re.DOTALL)
_ESCAPED_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_SPACE = re.compile(r"[ \t\r\n]*")
_COLON = re.compile(r"[ \t\r\n]*:[ \t\r\n]*")
_COMMA = re.compile(r"[ \t\r\n]*,?[ \t\r\n]*")
_DIGITS = bytes(48 <= byte <= 57 for byte in range(256))
_BLOCK = 65_536
_LONGEST = 18
"""Digits of a number that is surely no more than 64 bits: a longer one stays as it is written."""
_NEXT = re.compile(r"[ \t\r\n]*([,}])[ \t\r\n]*")
_ONE_KIND = bytes.maketrans(b"{}[]", b"()()")
_NO_STRUCTURE = bytes(byte for byte in range(256) if byte not in b'{}[],:"')
_PLACED = 4
"""Levels of objects whose members' places are noted while they are read: down to the properties of each resource."""


def load(lines: Lines, data: bytes) -> Contents:
    """Read a JSON text, given in UTF-8 too. Root and places are None where its syntax is wrong or a limit was met."""
    text = lines.text
    skeleton = _skeleton(data)
    keys = skeleton.count(b":")
    if len(skeleton) - skeleton.count(b")") - keys > VALUES_LIMIT:
        return _refused(lines, "too-large", 0, limit=VALUES_LIMIT, unit="values")
    start = _behind(_SPACE, text, 0)
    if start == len(text):
        return _refused(lines, "empty", 0)
    if _is_deep(skeleton):
        return _refused(lines, "too-deep", start, limit=DEPTH_LIMIT)
    long = b"\1" * (_LONGEST + 1)
    has_long = any(long in block.translate(_DIGITS) for block in _blocks(data, _LONGEST))
    sizes: list[int] = []

    def counted(values: dict[str, Any]) -> dict[str, Any]:
        sizes.append(len(values))
        return values

    hooks: dict[str, Any] = {
        "parse_int": _integer if has_long else None,  # a hook for each number costs more than a look at all digits
        "parse_float": _float,
        "parse_constant": _constant,
        "object_hook": counted,
    }
    members: dict[int, Any] = {}
    try:
        root, end = _read(text, start, _PLACED, _scanner(**hooks), members)
        sizes += map(len, members.values())
        if _behind(_SPACE, text, end) != len(text):
            sizes.clear()
            root = json.loads(text, **hooks)
    except RecursionError:
        return _refused(lines, "too-deep", start, limit=DEPTH_LIMIT)
    except _NotJsonError as error:
        found = next((f for f in _CONSTANT.finditer(text) if f[0] == error.args[0]), None)
        problem = f"{error.args[0]} is not JSON"
        return _refused(lines, "syntax", found.start() if found else start, problem=problem, context="")
    except json.JSONDecodeError as error:
        return _refused(lines, "syntax", error.pos, problem=error.msg, context="")
    if "\\" in text and _ESCAPED_SURROGATE.search(text):
        root = _without_lone_surrogates(root)
        members.clear()
    places = JsonPlaces(lines, start, members)
    faults = places.duplicates() if keys != sum(sizes) else []
    if not isinstance(root, dict):
        found_kind = "list" if isinstance(root, list) else "scalar"
        faults.append(Fault("not-a-template", (), {"found": found_kind}, lines.span(places.find(())[2])))
    return Contents(root, tuple(faults), places)


def _scanner(**hooks: Any) -> Callable[[str, int], tuple[Any, int]]:
    """The json module's own reader of one value, in C where it has one: value and offset behind it."""
    decoder: Any = json.JSONDecoder(**hooks)
    scan: Callable[[str, int], tuple[Any, int]] = decoder.scan_once
    return scan


def _read(
    text: str, at: int, levels: int, scan: Callable[[str, int], tuple[Any, int]], members: dict[int, Any]
) -> tuple[Any, int]:
    """The value that starts here, and the offset behind it; for so many levels of objects where their members are.

    Raises what json.loads would: it is asked where anything is not as it should be.
    """
    try:
        if text[at] != "{" or not levels:
            return scan(text, at)
        values: dict[str, Any] = {}
        extents: dict[str, tuple[int, int, int, int]] = {}
        inner = _behind(_SPACE, text, at + 1)
        end = inner + 1 if text[inner] == "}" else 0
        while not end:
            name, behind = scan(text, inner)
            colon = _COLON.match(text, behind)
            if name.__class__ is not str or colon is None:
                raise StopIteration
            begin = colon.end()
            inner_object = levels > 1 and text[begin] == "{"
            values[name], stop = _read(text, begin, levels - 1, scan, members) if inner_object else scan(text, begin)
            extents[name] = inner, behind, begin, stop
            following = _NEXT.match(text, stop)
            if following is None:
                raise StopIteration
            inner = following.end()
            if following[1] == "}":
                end = following.end(1)
            elif text[inner] != '"':
                raise StopIteration
        members[at] = extents
        return values, end
    except (StopIteration, IndexError, json.JSONDecodeError):
        return json.loads(text), len(text)


class _NotJsonError(Exception):
    """NaN, Infinity or -Infinity, which Python's json takes and JSON does not have."""


def _constant(text: str) -> Any:
    raise _NotJsonError(text)


def _integer(text: str) -> int | str:
    return int(text) if len(text) <= _LONGEST else text


def _float(text: str) -> float | str:
    """A float, or the text where the float would lose how it was written (3.10, but not 1e3)."""
    value = float(text)
    if "e" in text or "E" in text:
        return value if value - value == 0 else text  # 1e999 is infinite
    return value if repr(value) == text else text


def _refused(lines: Lines, kind: str, offset: int, **fields: Any) -> Contents:
    offset = min(offset, len(lines.text))
    end = offset + 1 if lines.text[offset : offset + 1].strip() else offset
    return Contents(faults=(Fault(kind, (), fields, lines.span((offset, end))),))


def _behind(pattern: re.Pattern[str], text: str, offset: int) -> int:
    """The offset behind what stands here; the same one where nothing of it does."""
    found = pattern.match(text, offset)
    return found.end() if found else offset


def _blocks(data: bytes, overlap: int = 0) -> Iterator[bytes]:
    """The bytes in pieces that a processor's cache holds: nothing as large as the file itself is made of them."""
    return (data[at : at + _BLOCK + overlap] for at in range(0, len(data), _BLOCK))


def _skeleton(data: bytes) -> bytes:
    """The commas and colons of a JSON text and its brackets, all as ``(`` and ``)``, without those in strings.

    Where a text is no JSON, all that comes before its first fault is right.
    """
    if b"\\" in data:
        data = data.replace(b"\\\\", b"").replace(b'\\"', b"")
    bare = b"".join(block.translate(_ONE_KIND, _NO_STRUCTURE) for block in _blocks(data)).replace(b'""', b"")
    return b"".join(bare.split(b'"')[::2])


def _is_deep(skeleton: bytes) -> bool:
    """Whether collections lie deeper than the limit. The innermost are taken away, level by level: no recursion."""
    inner = skeleton.translate(None, b",:")
    for _ in range(DEPTH_LIMIT):
        outer = inner.replace(b"()", b"")
        if len(outer) == len(inner):
            return False  # nothing is left, or what is left has no end and is no JSON
        inner = outer
    return bool(inner)


def _without_lone_surrogates(value: Any) -> Any:
    """U+FFFD for half of a surrogate pair, which no UTF-8 can hold."""
    if isinstance(value, str):
        return _LONE_SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_without_lone_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {_LONE_SURROGATE.sub("\ufffd", key): _without_lone_surrogates(item) for key, item in value.items()}
    return value


class JsonPlaces:
    """Where the values of a valid JSON text were written.

    The members of the uppermost levels were told apart when they were read; those of a value further down are when a
    path leads through it: the scanner of the json module tells where a value ends.
    """

    __slots__ = ("_above", "_members", "_skip", "end", "lines", "start")

    def __init__(self, lines: Lines, start: int, members: dict[int, Any]) -> None:
        self.lines = lines
        self.start = start
        self.end = len(lines.text.rstrip(" \t\r\n"))
        self._above: tuple[Path, Found] = (), (0, None, (start, self.end))
        """The path above the latest one that was asked for, and what it leads to."""
        self._skip = _scanner(parse_int=str, parse_float=str)
        self._members = members
        """Where key and value begin and end by key, extents by index, None for a scalar: by the offset of the value."""

    def find(self, path: Path) -> Found:
        """See ``document.Places``."""
        above = path[:-1]
        if self._above[0] != above:  # what is asked for next stands beside it, more often than not
            self._above = above, self._below(above, (0, None, (self.start, self.end)))
        found = self._above[1]
        return self._below(path[-1:], found) if found[0] == len(above) else found

    def _below(self, steps: Path, found: Found) -> Found:
        """What lies these steps below what was found, as far as they lead."""
        depth, key, extent = found
        for step in steps:
            members = self._members_of(extent[0])
            if members.__class__ is dict:
                hit = members.get(step)
                if hit is None:
                    break
                key, extent = hit[:2], hit[2:]
            elif members is not None and isinstance(step, int) and 0 <= step < len(members):
                key, extent = None, members[step]
            else:
                break
            depth += 1
        return depth, key, extent

    def comments(self) -> Iterator[Extent]:
        """JSON has none."""
        return iter(())

    def duplicates(self) -> list[Fault]:
        """A Fault for each key that its object had before; no more than a hundred, else all in order."""
        faults: list[Fault] = []
        waiting: list[tuple[int, Path]] = [(self.start, ())]
        while waiting:
            offset, path = waiting.pop()
            inner: dict[Any, int] = {}
            first: dict[str, int] = {}
            if self.lines.text[offset] == "[":
                inner = {index: begin for index, (begin, _) in enumerate(self._items(offset))}
            for name, (start, end, begin, _) in self._pairs(offset) if self.lines.text[offset] == "{" else ():
                if name in first:
                    fields = {"key": name, "first_line": self.lines.position(first[name])[0]}
                    faults.append(Fault("duplicate-key", (*path, name), fields, self.lines.span((start, end)), True))
                    if len(faults) == _DUPLICATES_LIMIT:
                        return faults
                else:
                    first[name] = start
                inner[name] = begin
            waiting += [(begin, (*path, name)) for name, begin in inner.items() if self.lines.text[begin] in "{["]
        return sorted(faults, key=lambda fault: fault.span or ())

    def _members_of(self, offset: int) -> Any:
        if offset not in self._members:
            first = self.lines.text[offset]
            self._members[offset] = (
                dict(self._pairs(offset)) if first == "{" else list(self._items(offset)) if first == "[" else None
            )
        return self._members[offset]

    def _pairs(self, offset: int) -> Iterator[tuple[str, tuple[int, int, int, int]]]:
        """The members of the object that starts here: where key and value begin and end."""
        text, skip = self.lines.text, self._skip
        at = _behind(_SPACE, text, offset + 1)
        while text[at] != "}":
            name, end = skip(text, at)
            if "\\" in text[at:end]:
                name = _LONE_SURROGATE.sub("\ufffd", name)
            begin = _behind(_COLON, text, end)
            stop = skip(text, begin)[1]
            yield name, (at, end, begin, stop)
            at = _behind(_COMMA, text, stop)

    def _items(self, offset: int) -> Iterator[Extent]:
        """Where each item of the array that starts here begins and ends."""
        text, skip = self.lines.text, self._skip
        at = _behind(_SPACE, text, offset + 1)
        while text[at] != "]":
            end = skip(text, at)[1]
            yield at, end
            at = _behind(_COMMA, text, end)
