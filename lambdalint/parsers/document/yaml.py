"""YAML as CloudFormation reads it, built from libyaml's events in one pass without recursion.

Composing nodes (yaml.compose) recurses in C and overflows its stack; events do not, so depth is counted as it grows.
Each value is built together with its place (see yaml_places).
"""

from __future__ import annotations

import re
from itertools import islice
from typing import Any

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from lambdalint.finding import Fault
from lambdalint.model.values import Unknown
from lambdalint.parsers.document import DEPTH_LIMIT, Contents, Extent, Lines
from lambdalint.parsers.document.yaml_places import PROPERTIES, Node, YamlPlaces, events, extent_of, target_of

EVENTS_LIMIT = 400_000
"""The most parsing events (keys, values, beginnings and ends) of one document; 1 MB of a real template has 60,000."""
ALIASED_LIMIT = 100_000
"""The most values that aliases and merge keys add when they are expanded."""

_WORDS: dict[str, Any] = dict.fromkeys(("", "~", "null", "Null", "NULL"))
for _word in ("true", "yes", "on"):  # YAML 1.1, as in SnakeYAML: y and n are no booleans
    _WORDS.update(dict.fromkeys((_word, _word.capitalize(), _word.upper()), True))
for _word in ("false", "no", "off"):
    _WORDS.update(dict.fromkeys((_word, _word.capitalize(), _word.upper()), False))

_DIGITS = frozenset("0123456789")
_CORE = "tag:yaml.org,2002:"
_DUPLICATES_LIMIT = 100
_MERGE: Any = object()
"""Stands for the key ``<<`` while its value is read."""
_ANCHOR = r"&\S*(?:\s|#[^\r\n]*)*"


def scalar(text: str) -> Any:
    """A plain scalar as CloudFormation reads it: null, booleans of YAML 1.1, numbers in canonical form, else text.

    What a number would lose stays as written: ``010``, ``3.10``, ``12:30``, ``1e3``, ``1_000``, ``+5``, dates.
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] in _DIGITS or text[0] == "-":
        digits = text.removeprefix("-")
        whole, point, part = digits.partition(".")
        if len(digits) <= 18 and _DIGITS.issuperset(whole) and whole and (whole[0] != "0" or whole == "0"):
            if not point:
                return int(text) if text != "-0" else text
            if _DIGITS.issuperset(part) and repr(float(text)) == text:
                return float(text)
    return text


_Frame = tuple[Any, Node, bool, Any, int, int, "Node | None", "str | None", "str | None", "list[tuple[Any, Any]]"]
"""A collection that waits while one within it is read: its values, place, whether it is a mapping, the key that waits
for its value, where that key starts and ends, the place of the collection's short tag, the tag, the anchor, and what
is to be merged. A plain tuple: one is made for every collection."""


class _Refused(Exception):
    """The document cannot be read further; carries the Fault."""


def _is_short(tag: str) -> bool:
    """Whether a tag may be an intrinsic function's: those with colons are other tools'."""
    return tag[0] == "!" and "A" <= tag[1:2] <= "Z" and tag[1:].isalnum() and tag.isascii()


def _long_form(tag: str) -> str:
    return tag[1:] if tag in ("!Ref", "!Condition") else "Fn::" + tag[1:]


def _merge(values: dict[str, Any], members: dict[str, Any], bases: list[tuple[Any, Any]]) -> None:
    """Put the bases' members before a mapping's own, which win."""
    own, own_members = dict(values), dict(members)
    values.clear()
    members.clear()
    for base, place in bases:
        values.update(base)
        members.update(place.members)
    values.update(own)
    members.update(own_members)


def _syntax(lines: Lines, error: yaml.YAMLError) -> Fault:
    """libyaml's error. Where it saw the end of something too late, the place is where that began."""
    problem = str(getattr(error, "problem", None) or getattr(error, "reason", None) or "cannot be read")
    context = str(getattr(error, "context", None) or "")
    late = context == "while scanning a simple key" or "unexpected end of stream" in problem
    marks: list[Any] = [getattr(error, name, None) for name in ("problem_mark", "context_mark")]
    mark = next((mark for mark in (reversed(marks) if late else marks) if mark is not None), None)
    offset = mark.index if mark is not None else 0
    if mark is None:  # of a character that YAML does not take, libyaml tells only the byte
        unprintable = r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
        found = re.search(unprintable, lines.text)
        offset = found.start() if found else 0
    offset = min(offset, len(lines.text))
    if "nesting depth" in problem:  # libyaml 0.2.6 looks ahead and meets its own bound, of 1,000, before ours
        return Fault("too-deep", (), {"limit": DEPTH_LIMIT}, lines.span((offset, offset + 1)))
    fields = {"problem": problem, "context": context}
    end = offset + 1 if lines.text[offset : offset + 1].strip() else offset
    return Fault("syntax", (), fields, lines.span((offset, end)))


def load(lines: Lines) -> Contents:
    """Read the first document of a text. Root and places are None where its syntax is wrong or a limit was met."""
    reader = _Reader(lines)
    try:
        root, places = reader.read()
    except _Refused as error:
        return Contents(faults=(*reader.faults, error.args[0]))
    except yaml.YAMLError as error:
        return Contents(faults=(*reader.faults, _syntax(lines, error)))
    if root is None:
        reader.fault("empty", (0, 0))
    elif not isinstance(root, dict):
        reader.fault("not-a-template", extent_of(places.root), found="list" if isinstance(root, list) else "scalar")
    return Contents(root, tuple(reader.faults), places)


class _Reader:
    """Builds the values and the places of one document."""

    __slots__ = ("aliased", "anchors", "faults", "lines", "sizes", "stack", "text")

    def __init__(self, lines: Lines) -> None:
        self.lines = lines
        self.text = lines.text
        self.faults: list[Fault] = []
        self.anchors: dict[str, tuple[Any, Any] | None] = {}
        """Value and place of each anchor; None while its node is still being read."""
        self.aliased = 0
        self.sizes: dict[int, tuple[int, int, Any]] = {}
        self.stack: list[_Frame] = []

    def fault(self, kind: str, extent: Extent, **fields: Any) -> None:
        self.faults.append(Fault(kind, (), fields, self.lines.span(extent)))

    def refuse(self, kind: str, extent: Extent, **fields: Any) -> _Refused:
        return _Refused(Fault(kind, (), fields, self.lines.span(extent)))

    def wrong(self, extent: Extent, problem: str) -> _Refused:
        """What libyaml's events allow and no mapping can hold."""
        return self.refuse("syntax", extent, problem=problem, context="")

    def read(self) -> tuple[Any, YamlPlaces]:
        """The one loop over libyaml's events; what is rare has a method of its own."""
        stack, plain = self.stack, scalar
        values: Any = []  # the root stands in a list of one
        members: Any = []
        node = Node(0, members)
        mapping = False
        key: Any = None
        key_start = key_end = start = end = depth = 0
        tagged: Node | None = None
        tag: str | None = None
        anchor: str | None = None
        merges: list[tuple[Any, Any]] = []
        event: Any = None
        place: Any
        for event in islice(events(self.text), EVENTS_LIMIT):
            kind = event.__class__
            if kind is ScalarEvent:
                start = event.start_mark.index
                end = event.end_mark.index
                value = event.value
                if mapping and key is None:
                    key, key_start, key_end = value, start, end
                    if event.tag is not None or event.anchor is not None:
                        self.property_of_key(event)
                    elif value == "<<" and not event.style:
                        key = _MERGE
                    continue
                place = (start, end)
                if event.tag is not None or event.anchor is not None:
                    value, place = self.property_of_scalar(event)
                elif not event.style:
                    value = plain(value)
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                start = event.start_mark.index
                if mapping and key is None:
                    problem = "a mapping or a list cannot be a key"
                    raise self.wrong((start, event.end_mark.index), problem=problem)
                stack.append((values, node, mapping, key, key_start, key_end, tagged, tag, anchor, merges))
                tag, anchor, tagged, key = event.tag, event.anchor, None, None
                depth += 1
                if anchor is not None:
                    self.anchors[anchor] = None
                    start = self.behind(_ANCHOR, start)
                if tag is not None:
                    tagged = Node(start, None)
                    depth += 1
                    start = self.behind(PROPERTIES, start)
                if depth > DEPTH_LIMIT:
                    raise self.refuse("too-deep", (start, start + 1), limit=DEPTH_LIMIT)
                mapping = kind is MappingStartEvent
                values, members = ({}, {}) if mapping else ([], [])
                node = Node(start, members)
                merges = []
                continue
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                if event.end_mark.index > event.start_mark.index:  # a bracket: a block ends with its last member
                    end = event.end_mark.index
                node.end = end
                if merges:
                    _merge(values, members, merges)
                depth -= 1
                value, place = values, node
                if tag is not None and tagged is not None:
                    depth -= 1
                    tagged.end = end
                    value, place = self.tagged(tag, tagged, values, node)
                if anchor is not None:
                    self.anchors[anchor] = (value, place)
                values, node, mapping, key, key_start, key_end, tagged, tag, anchor, merges = stack.pop()
                members = node.members
            elif kind is AliasEvent:
                start = event.start_mark.index
                end = event.end_mark.index
                value, place = self.alias(event, depth)
                if mapping and key is None:
                    if isinstance(value, (dict, list)):
                        problem = "a mapping or a list cannot be a key"
                        raise self.wrong((start, end), problem=problem)
                    target = target_of(place)
                    key, key_start, key_end = self.text[target[0] : target[1]].strip("'\""), start, end
                    continue
            elif kind is DocumentStartEvent and values:
                self.fault("not-a-template", (event.start_mark.index, event.end_mark.index), found="documents")
                break
            else:
                continue
            if not mapping:
                values.append(value)
                members.append(place)
                continue
            if key is _MERGE:
                merges += self.bases(value, place)
            else:
                if key in values:
                    self.duplicate(key, members[key], (key_start, key_end), tag)
                values[key] = value
                members[key] = (key_start, key_end, place)
            key = None
        else:
            if event.__class__ is not StreamEndEvent:
                raise self.refuse("too-large", (start, end), limit=EVENTS_LIMIT, unit="values")
        if not values:
            return None, YamlPlaces(self.lines, (0, 0))
        return values[0], YamlPlaces(self.lines, members[0])

    def behind(self, pattern: str, offset: int) -> int:
        found = re.compile(pattern).match(self.text, offset)
        return found.end() if found else offset

    def property_of_key(self, event: Any) -> None:
        """A key with an anchor, or with a tag (only the tags of YAML's own scalars keep it a key)."""
        if event.tag is not None and not event.tag.startswith(_CORE) and event.tag != "!":
            extent = (event.start_mark.index, event.end_mark.index)
            raise self.wrong(extent, problem=f"a value with the tag {event.tag} cannot be a key")
        if event.anchor is not None:
            start = min(self.behind(PROPERTIES, event.start_mark.index), event.end_mark.index)
            self.anchors[event.anchor] = (event.value, (start, event.end_mark.index))

    def property_of_scalar(self, event: Any) -> tuple[Any, Any]:
        """Value and place of a scalar that has an anchor or a tag."""
        end = event.end_mark.index
        outer = min(self.behind(_ANCHOR, event.start_mark.index), end)
        place: Any = (min(self.behind(PROPERTIES, outer), end), end)
        value = event.value
        if event.tag is not None:
            tagged = Node(outer, None)
            tagged.end = end
            value, place = self.tagged(event.tag, tagged, value, place)
        elif not event.style:
            value = scalar(value)
        if event.anchor is not None:
            self.anchors[event.anchor] = (value, place)
        return value, place

    def tagged(self, tag: str, outer: Node, value: Any, place: Any) -> tuple[Any, Any]:
        """Value and place under a tag. ``outer`` is the place of all, from the tag on; its members are filled here."""
        if _is_short(tag):
            key = _long_form(tag)
            if key == "Fn::GetAtt" and isinstance(value, str):
                value, place = self.attribute(value, place)
            outer.members = {key: (outer.start, min(outer.start + len(tag), outer.end), place)}
            return {key: value}, outer
        if tag == "!" or (tag.startswith(_CORE) and tag[len(_CORE) :] in ("str", "map", "seq")):
            return value, place
        if tag.startswith(_CORE):
            if isinstance(value, str) and tag[len(_CORE) :] in ("null", "bool", "int", "float"):
                return scalar(value), place
            tag = "!!" + tag[len(_CORE) :]
        return Unknown(f"the tag {tag} is not known"), (outer.start, outer.end)

    def attribute(self, value: str, place: Extent) -> tuple[list[str], Node]:
        """``A.B.C`` of a short GetAtt as ["A", "B.C"], each half with its own place where it is written plainly."""
        start, end = place
        parts = value.split(".", 1)
        node = Node(start, [])
        node.end = end
        at = start if self.text[start:end] == value else start + 1  # else in quotes
        for part in parts:
            plain = self.text.startswith(part, at) and at + len(part) <= end
            node.members.append((at, at + len(part)) if plain else place)
            at += len(part) + 1
        return parts, node

    def alias(self, event: Any, depth: int) -> tuple[Any, Any]:
        """The value that an alias stands for, shared with its anchor, and the place of both."""
        extent = (event.start_mark.index, event.end_mark.index)
        if event.anchor not in self.anchors:
            raise self.wrong(extent, problem=f"found undefined alias {event.anchor!r}")
        anchored = self.anchors[event.anchor]
        if anchored is None:
            raise self.wrong(extent, problem=f"the anchor {event.anchor!r} holds an alias of itself")
        value, place = anchored
        size, height = self.size(value)
        self.aliased += size
        if self.aliased > ALIASED_LIMIT:
            raise self.refuse("too-many-aliases", extent, limit=ALIASED_LIMIT)
        if depth + height > DEPTH_LIMIT:
            raise self.refuse("too-deep", extent, limit=DEPTH_LIMIT)
        return value, (*extent, place)

    def size(self, value: Any) -> tuple[int, int]:
        """How many values it expands to, and how many levels. Each shared object is counted once and remembered."""
        if not isinstance(value, (dict, list)):
            return 1, 0
        known = self.sizes.get(id(value))
        if known is None:
            count, height = 1, 0
            for item in value.values() if isinstance(value, dict) else value:
                inner = self.size(item)
                count, height = count + inner[0], max(height, inner[1])
            known = self.sizes[id(value)] = (count, height + 1, value)  # the value keeps its id from being used again
        return known[0], known[1]

    def bases(self, value: Any, place: Any) -> list[tuple[Any, Any]]:
        """The mappings, with their places, that a merge key names, those that win last."""
        target = target_of(place)
        pairs = [(value, target)]
        if isinstance(value, list) and isinstance(target, Node):
            pairs = [(item, target_of(at)) for item, at in zip(value, target.members)][::-1]
        for item, at in pairs:
            if not isinstance(item, dict) or not isinstance(at, Node):
                problem = "expected a mapping or a list of mappings for merging"
                raise self.wrong(extent_of(place), problem=problem)
        return pairs

    def duplicate(self, key: str, first: tuple[int, int, Any], again: Extent, own_tag: str | None) -> None:
        if len(self.faults) >= _DUPLICATES_LIMIT:
            return
        path: list[Any] = []
        for index, (values, _, mapping, waiting, *_, tag, _, _) in enumerate(self.stack):
            if tag is not None and _is_short(tag):
                path.append(_long_form(tag))
            if index:  # the first is the list of one that holds the root
                path.append(waiting if mapping else len(values))
        if own_tag is not None and _is_short(own_tag):
            path.append(_long_form(own_tag))
        fields = {"key": key, "first_line": self.lines.position(first[0])[0]}
        self.faults.append(Fault("duplicate-key", (*path, key), fields, self.lines.span(again), True))
