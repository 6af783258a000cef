"""Where the values of a YAML document were written.

The place of a scalar is ``(start, end)``, that of an alias ``(start, end, place)`` with its anchor's place, that of
anything with members a Node. All are offsets, as libyaml's marks tell them; what those leave inexact is put right
when a place is asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml
from yaml.events import ScalarEvent

from lambdalint.finding import Path
from lambdalint.parsers.document import Extent, Lines

if hasattr(yaml, "CSafeLoader"):
    from yaml._yaml import CParser
else:  # PyYAML built without libyaml
    from yaml import SafeLoader as CParser  # type: ignore[assignment]

PROPERTIES = r"(?:[&!]\S*(?:\s|#[^\r\n]*)*)+"
"""Anchors, tags, and the comments between them, before the content of a node. Compiled when a document has some."""


def events(text: str) -> Iterator[Any]:
    """libyaml's events of a text. Made one at a time: raises yaml.YAMLError where the text is wrong."""
    return iter(CParser(text).get_event, None)


class Node:
    """The place of a mapping (``members`` by key: key's start, key's end, place), a list, or a short tag."""

    __slots__ = ("end", "members", "start")

    def __init__(self, start: int, members: Any) -> None:
        self.start = start
        self.end = start
        self.members = members


def target_of(place: Any) -> Any:
    """The place of what an alias stands for; any other place itself."""
    while place.__class__ is tuple and len(place) == 3:
        place = place[2]
    return place


def extent_of(place: Any) -> Extent:
    return (place.start, place.end) if place.__class__ is Node else (place[0], place[1])


class YamlPlaces:
    """Where the values of a YAML document were written."""

    __slots__ = ("lines", "root")

    def __init__(self, lines: Lines, root: Any) -> None:
        self.lines = lines
        self.root = root

    def find(self, path: Path) -> tuple[int, Extent | None, Extent]:
        """See ``document.Places``. An alias is where it stands; what lies within it is at the anchor."""
        place, depth = self.root, 0
        key: Extent | None = None
        for step in path:
            target = target_of(place)
            if target.__class__ is not Node:
                break
            members = target.members
            if members.__class__ is dict:
                hit = members.get(step)
                if hit is None:
                    break
                key, place = hit[:2], hit[2]
            elif isinstance(step, int) and 0 <= step < len(members):
                key, place = None, members[step]
            else:
                break
            depth += 1
        return depth, key and self._trimmed(key), self._trimmed(extent_of(place))

    def _trimmed(self, extent: Extent) -> Extent:
        """Without white space at the end: a block scalar's mark runs on to the next token."""
        start, end = extent
        text = self.lines.text
        while end > start and text[end - 1] in " \t\r\n":
            end -= 1
        return start, end

    def comments(self) -> Iterator[Extent]:
        """A second pass over the events: a comment is a ``#`` behind white space that is in no scalar."""
        text = self.lines.text
        offset = text.find("#")
        if offset < 0:
            return
        scalars = self._scalars()
        start, end = next(scalars, (len(text), len(text)))
        while offset >= 0:
            while end <= offset:
                start, end = next(scalars, (len(text), len(text)))
                if start == len(text):
                    break
            if start <= offset < end:
                offset = text.find("#", end)
            elif offset and text[offset - 1] not in " \t\r\n":
                offset = text.find("#", offset + 1)
            else:
                line_end = self.lines.first_line((offset, len(text)))[1]
                yield offset, line_end
                offset = text.find("#", line_end)

    def _scalars(self) -> Iterator[Extent]:
        """The extents of scalars, in order, without what stands before them: tags, anchors, a block scalar's header."""
        text = self.lines.text
        for event in events(text):
            kind = event.__class__
            if kind is ScalarEvent:
                start, end = event.start_mark.index, event.end_mark.index
                if event.anchor is not None or event.tag is not None:
                    found = re.compile(PROPERTIES).match(text, start, end)
                    start = found.end() if found else start
                if event.style in ("|", ">"):
                    start = self.lines.first_line((start, end))[1]
                yield start, end
