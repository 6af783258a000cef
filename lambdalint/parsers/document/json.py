"""JSON: values from the json module, places from a scan of the text that is made when the first one is asked for."""

from __future__ import annotations

import gc
import json
import re
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

from lambdalint.finding import Fault, Path
from lambdalint.parsers.document import DEPTH_LIMIT, Contents, Extent, Lines

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
_LONGEST = 18
"""Digits of a number that is surely no more than 64 bits: a longer one stays as it is written."""
_NEXT = re.compile(r"[ \t\r\n]*([,}])[ \t\r\n]*")
_PLACED = 4
"""Levels of objects whose members' places are noted while they are read: down to the properties of each resource."""


def load(lines: Lines) -> Contents:
    """Read a JSON text. Root and places are None where its syntax is wrong or a limit was met."""
    text = lines.text
    if text.count(",") + text.count("[") + text.count("{") > VALUES_LIMIT:
        return _refused(lines, "too-large", 0, limit=VALUES_LIMIT, unit="values")
    start = _space(text, 0)
    if start == len(text):
        return _refused(lines, "empty", 0)
    # A hook for each integer would take as long as all the rest.
    has_long = b"\1" * (_LONGEST + 1) in text.encode("utf-8", "surrogatepass").translate(_DIGITS)
    whole = _integer if has_long else None
    sizes: list[int] = []

    def counted(values: dict[str, Any]) -> dict[str, Any]:
        sizes.append(len(values))
        return values

    hooks: dict[str, Any] = {
        "parse_int": whole,
        "parse_float": _float,
        "parse_constant": _constant,
        "object_hook": counted,
    }
    members: dict[int, Any] = {}
    try:
        root, end = _read(text, start, _PLACED, _scanner(**hooks), members)
        sizes += map(len, members.values())
        if _space(text, end) != len(text):
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
    if _is_deep(root):
        return _refused(lines, "too-deep", start, limit=DEPTH_LIMIT)
    if _ESCAPED_SURROGATE.search(text):
        root = _without_lone_surrogates(root)
        members.clear()
    places = JsonPlaces(lines, start, members)
    faults = places.duplicates() if _may_repeat(text, sum(sizes)) else []
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
        extents: dict[str, tuple[Extent, Extent]] = {}
        inner = _space(text, at + 1)
        end = inner + 1 if text[inner] == "}" else 0
        while not end:
            name, behind = scan(text, inner)
            colon = _COLON.match(text, behind)
            if name.__class__ is not str or colon is None:
                raise StopIteration
            begin = colon.end()
            values[name], stop = _read(text, begin, levels - 1, scan, members)
            extents[name] = (inner, behind), (begin, stop)
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


def _space(text: str, offset: int) -> int:
    found = _SPACE.match(text, offset)
    return found.end() if found else offset


def _is_deep(root: Any) -> bool:
    """Whether values lie deeper than the limit. Level by level: no recursion.

    Every value of the file passes here, so the loop is the collector's: it tracks what holds others and no scalar. It
    may pass over a map of scalars, hence one level less; what comes so near the limit is looked at exactly.
    """
    level = [root]
    for _ in range(DEPTH_LIMIT - 1):
        level = list(filter(gc.is_tracked, gc.get_referents(*level)))
        if not level:
            return False
    level = [root]
    for _ in range(DEPTH_LIMIT):
        inner = chain.from_iterable(value.values() if value.__class__ is dict else value for value in level)
        level = [value for value in inner if value.__class__ in (dict, list)]
        if not level:
            return False
    return True


def _may_repeat(text: str, keys: int) -> bool:
    """Whether a text has more keys than those that its objects came to.

    A key is a quotation mark with a colon behind it: neither an escaped one, nor that of a string which begins so.
    """
    if text.count('": ') == keys:
        return False
    written = text.count('":')
    for before in " [,:\\\n\t\r":
        if written == keys:
            return False
        written -= text.count(before + '":')
    return written != keys


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

    __slots__ = ("_members", "_skip", "lines", "start")

    def __init__(self, lines: Lines, start: int, members: dict[int, Any]) -> None:
        self.lines = lines
        self.start = start
        self._skip = _scanner(parse_int=str, parse_float=str)
        self._members = members
        """Extents of key and value by key, extents by index, None for a scalar: by the offset of the value."""

    def find(self, path: Path) -> tuple[int, Extent | None, Extent]:
        """See ``document.Places``."""
        key, depth = None, 0
        extent = self.start, len(self.lines.text.rstrip(" \t\r\n"))
        for step in path:
            members = self._members_of(extent[0])
            if members.__class__ is dict:
                hit = members.get(step)
                if hit is None:
                    break
                key, extent = hit
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
            members: dict[Any, Extent] = {}
            first: dict[Any, Extent] = {}
            for name, key, extent in self._scan(offset):
                if key is not None and name in first:
                    fields = {"key": name, "first_line": self.lines.position(first[name][0])[0]}
                    faults.append(Fault("duplicate-key", (*path, name), fields, self.lines.span(key), True))
                    if len(faults) == _DUPLICATES_LIMIT:
                        return faults
                elif key is not None:
                    first[name] = key
                members[name] = extent
            waiting += [(at, (*path, name)) for name, (at, _) in members.items() if self.lines.text[at] in "{["]
        return sorted(faults, key=lambda fault: fault.span or ())

    def _members_of(self, offset: int) -> Any:
        if offset not in self._members:
            members: Any = None
            if self.lines.text[offset] == "{":
                members = {name: (key, extent) for name, key, extent in self._scan(offset)}
            elif self.lines.text[offset] == "[":
                members = [extent for _, _, extent in self._scan(offset)]
            self._members[offset] = members
        return self._members[offset]

    def _scan(self, offset: int) -> Iterator[tuple[Any, Extent | None, Extent]]:
        """Name or index, extent of the key (None in an array) and of the value of each member, in order."""
        text, skip = self.lines.text, self._skip
        if text[offset] not in "{[":
            return
        in_object = text[offset] == "{"
        at = _space(text, offset + 1)
        name: Any = -1
        key: Extent | None = None
        while text[at] not in "}]":
            if in_object:
                name, end = skip(text, at)
                if "\\" in text[at:end]:
                    name = _LONE_SURROGATE.sub("\ufffd", name)
                key = (at, end)
                colon = _COLON.match(text, end)
                at = colon.end() if colon else end
            else:
                name += 1
            end = skip(text, at)[1]
            yield name, key, (at, end)
            comma = _COMMA.match(text, end)
            at = comma.end() if comma else end
