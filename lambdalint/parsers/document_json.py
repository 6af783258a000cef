"""JSON: values from the json module, places from a scan of the text that is made when the first one is asked for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from lambdalint.finding import Fault, Path
from lambdalint.parsers.document import DEPTH_LIMIT, Contents, Extent, Lines

VALUES_LIMIT = 600_000
"""The most commas and opening brackets, which bound the number of values: a cloud assembly of 5 MB has some 200,000."""

_DUPLICATES_LIMIT = 100
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_TO_BRACKET = re.compile(r'[^"\[\]{}]*(?:"[^"\\]*(?:\\.[^"\\]*)*"[^"\[\]{}]*){0,99}', re.DOTALL)
"""Up to the next bracket, or a hundred strings further: each repetition takes memory until the match ends."""
_CONSTANT = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|-?Infinity|NaN', re.DOTALL)
_ESCAPED_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_STRING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_SPACE = re.compile(r"[ \t\r\n]*")
_COLON = re.compile(r"[ \t\r\n]*:[ \t\r\n]*")
_COMMA = re.compile(r"[ \t\r\n]*,?[ \t\r\n]*")
_SCALAR = re.compile(r"[^\s,\]}]+")


def load(lines: Lines) -> Contents:
    """Read a JSON text. Root and places are None where its syntax is wrong or a limit was met."""
    text = lines.text
    if text.count(",") + text.count("[") + text.count("{") > VALUES_LIMIT:
        return _refused(lines, "too-large", 0, limit=VALUES_LIMIT, unit="values")
    start = _space(text, 0)
    if start == len(text):
        return _refused(lines, "empty", 0)
    repeated = False

    def mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal repeated
        values = dict(pairs)
        if len(values) < len(pairs):
            repeated = True
        return values

    try:
        root = json.loads(
            text, object_pairs_hook=mapping, parse_int=_integer, parse_float=_float, parse_constant=_constant
        )
    except RecursionError:
        return _refused(lines, "too-deep", start, limit=DEPTH_LIMIT)
    except _NotJsonError as error:
        found = next((f for f in _CONSTANT.finditer(text) if f[0] == error.args[0]), None)
        problem = f"{error.args[0]} is not JSON"
        return _refused(lines, "syntax", found.start() if found else start, problem=problem, context="")
    except json.JSONDecodeError as error:
        return _refused(lines, "syntax", error.pos, problem=error.msg, context="")
    if _too_deep(root):
        return _refused(lines, "too-deep", start, limit=DEPTH_LIMIT)
    if _ESCAPED_SURROGATE.search(text):
        root = _without_lone_surrogates(root)
    places = JsonPlaces(lines, start)
    faults = places.duplicates() if repeated else []
    if not isinstance(root, dict):
        found_kind = "list" if isinstance(root, list) else "scalar"
        faults.append(Fault("not-a-template", (), {"found": found_kind}, lines.span(places.find(())[2])))
    return Contents(root, tuple(faults), places)


class _NotJsonError(Exception):
    """NaN, Infinity or -Infinity, which Python's json takes and JSON does not have."""


def _constant(text: str) -> Any:
    raise _NotJsonError(text)


def _integer(text: str) -> int | str:
    return int(text) if len(text) < 19 else text


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


def _too_deep(root: Any) -> bool:
    """Level by level: no recursion, and only collections are kept."""
    level = [root] if isinstance(root, (dict, list)) else []
    for _ in range(DEPTH_LIMIT):
        level = [
            item
            for values in level
            for item in (values.values() if values.__class__ is dict else values)
            if item.__class__ is dict or item.__class__ is list
        ]
        if not level:
            return False
    return True


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

    One pass finds the end of every object and array; the members of one are told apart when a path leads through it.
    """

    __slots__ = ("_ends", "_members", "lines", "start")

    def __init__(self, lines: Lines, start: int) -> None:
        self.lines = lines
        self.start = start
        self._ends: dict[int, int] = {}
        """The offset behind each closing bracket, by that of its opening one."""
        self._members: dict[int, Any] = {}

    def find(self, path: Path) -> tuple[int, Extent | None, Extent]:
        """See ``document.Places``."""
        key, depth = None, 0
        extent = (self.start, self._end(self.start))
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
            waiting += [(extent[0], (*path, name)) for name, extent in members.items() if extent[0] in self._ends]
        return sorted(faults, key=lambda fault: fault.span or ())

    def _members_of(self, offset: int) -> Any:
        """Extents of key and value by key, extents by index, or None for a scalar."""
        if offset not in self._members:
            first = self.lines.text[offset]
            members: Any = None
            if first == "{":
                members = {name: (key, extent) for name, key, extent in self._scan(offset)}
            elif first == "[":
                members = [extent for _, _, extent in self._scan(offset)]
            self._members[offset] = members
        return self._members[offset]

    def _scan(self, offset: int) -> Iterator[tuple[Any, Extent | None, Extent]]:
        """Name or index, extent of the key (None in an array) and of the value of each member, in order."""
        text = self.lines.text
        if text[offset] not in "{[":
            return
        close = self._end(offset) - 1
        in_object = text[offset] == "{"
        at = _space(text, offset + 1)
        index = 0
        while at < close:
            name: Any = index
            key = None
            if in_object:
                end = self._end(at)
                key = (at, end)
                name = text[at + 1 : end - 1]
                if "\\" in name:
                    name = _LONE_SURROGATE.sub("\ufffd", json.loads(text[at:end]))
                colon = _COLON.match(text, end)
                at = colon.end() if colon else end
            end = self._end(at)
            yield name, key, (at, end)
            comma = _COMMA.match(text, end)
            at = comma.end() if comma else end
            index += 1

    def _end(self, offset: int) -> int:
        """The offset behind the value that starts here."""
        text = self.lines.text
        first = text[offset]
        if first in "{[":
            if not self._ends:
                self._match_brackets()
            return self._ends[offset]
        found = (_STRING if first == '"' else _SCALAR).match(text, offset)
        return found.end() if found else offset + 1

    def _match_brackets(self) -> None:
        text, ends = self.lines.text, self._ends
        opened: list[int] = []
        skip, length = _TO_BRACKET.match, len(text)
        at = 0
        while (found := skip(text, at)) is not None and (at := found.end()) < length:
            if text[at] in "{[":
                opened.append(at)
                at += 1
            elif text[at] in "}]":
                at += 1
                ends[opened.pop()] = at
