"""A template as bytes becomes a Document: plain values, what is wrong with them, and where each was written.

YAML and JSON are read as CloudFormation reads them. Both readers are imported on first use: a JSON template never
loads yaml. Offsets are code points of the decoded text (without a BOM); they become lines and columns on demand.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from lambdalint.finding import FIRST_LINE, Fault, Path, Span

YAML_LIMIT = 2_000_000
"""The most bytes of YAML that are read. CloudFormation takes 1 MB (its quota "Template body in an S3 object")."""
JSON_LIMIT = 20_000_000
"""The most bytes of JSON that are read: a cloud assembly's tree.json outgrows a template."""
DEPTH_LIMIT = 100
"""The most levels of nesting that are read: what walks the values afterwards may use recursion."""
_HEAD = 65_536
"""Bytes in which the first that is not blank tells JSON from YAML."""
_BLOCK = 4_096

Extent = tuple[int, int]
"""Offsets in the text: of the first code point, and behind the last one."""
Found = tuple[int, Extent | None, Extent]
"""What ``Places.find`` gives."""

_BOM = b"\xef\xbb\xbf"
_BREAK = r"\r\n?|\n"


class Lines:
    """Text whose offsets can be told as lines and columns. CR, LF and CRLF end a line, nothing else (as in SARIF)."""

    __slots__ = ("_above", "_starts", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._starts: list[int] | None = None
        self._above: list[int] | None = None
        """How many lines end above each block of the text, where all of them end in LF alone."""

    @property
    def starts(self) -> list[int]:
        """The offset at which each line starts."""
        if self._starts is None:
            self._starts = [0, *(found.end() for found in re.finditer(_BREAK, self.text))]
        return self._starts

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column, from 1."""
        text = self.text
        if self._above is None:
            ends = (text.count("\n", at, at + _BLOCK) for at in range(0, len(text) + 1, _BLOCK))
            self._above = [] if "\r" in text else [0, *accumulate(ends)]
        if self._above:  # a text of CDK's has lines by the hundred thousand: no list of them
            block = offset // _BLOCK
            above = self._above[block] + text.count("\n", block * _BLOCK, offset)
            return above + 1, offset - text.rfind("\n", 0, offset)
        line = bisect_right(self.starts, offset)
        return line, offset - self.starts[line - 1] + 1

    def span(self, extent: Extent) -> Span:
        start, end = extent
        line, column = self.position(start)
        if self._above and self.text.find("\n", start, end) < 0:
            return Span(line, column, line, column + end - start)
        return Span(line, column, *self.position(end))

    def line(self, number: int) -> str:
        """The text of a line without its break; empty where there is no such line."""
        starts = self.starts
        if not 0 < number <= len(starts):
            return ""
        end = starts[number] if number < len(starts) else len(self.text)
        return self.text[starts[number - 1] : end].rstrip("\r\n")

    def conflict(self) -> Extent | None:
        """Where a merge left both sides in the text; None where it did not."""
        found = re.search(r"^<<<<<<< [^\r\n]*", self.text, re.MULTILINE)
        ended = found and re.compile(r"^>>>>>>> ", re.MULTILINE).search(self.text, found.end())
        return found.span() if found and ended else None

    def first_line(self, extent: Extent) -> Extent:
        """The part of an extent that lies on its first line."""
        found = re.compile(_BREAK).search(self.text, *extent)
        return (extent[0], found.start()) if found else extent


if TYPE_CHECKING:
    from typing import Protocol

    class Places(Protocol):
        """Where the values of a document were written."""

        def find(self, path: Path) -> tuple[int, Extent | None, Extent]:
            """How many steps of the path exist, the extent of the last one's key (None in a list), and of its value."""

        def comments(self) -> Iterator[Extent]:
            """The extents of the comments, in order."""


class Contents:
    """What a reader makes of a text."""

    __slots__ = ("faults", "places", "root")

    def __init__(self, root: Any = None, faults: tuple[Fault, ...] = (), places: Places | None = None) -> None:
        self.root = root
        self.faults = faults
        self.places = places


class Document:
    """A template that was read: its values, its faults, and the places of both.

    ``path`` is what the caller gave (``<stdin>`` for ``-``), ``data`` the bytes without a BOM, ``kind`` is ``yaml`` or
    ``json``. ``root`` is plain values: YAML short tags in their long form, aliases and merge keys expanded (aliases
    share one object: change nothing in place), Unknown for a value under a tag that is not known. It is None where
    nothing was read.

    Kinds of ``faults``: ``syntax`` (fields ``problem``, ``context``), ``duplicate-key`` (fields ``key``,
    ``first_line``), ``not-a-template`` (field ``found``: scalar, list or documents), ``empty``, ``not-utf8`` (field
    ``offset`` in bytes), ``too-large`` (fields ``limit`` and ``unit``: bytes or values), ``too-deep`` and
    ``too-many-aliases`` (field ``limit``); from ``read`` also ``not-found``, ``is-directory``, and ``unreadable``
    (field ``problem``).
    """

    __slots__ = ("_latest", "_lines", "_places", "data", "faults", "kind", "path", "root")

    def __init__(self, path: str, data: bytes, kind: str, contents: Contents, text: Lines | None = None) -> None:
        self.path = path
        self.data = data
        self.kind = kind
        self.root = contents.root
        self.faults = contents.faults
        self._places = contents.places
        self._lines = text or Lines("")
        self._latest: tuple[Path, Found] | None = None

    def _find(self, path: Path) -> Found:
        """As ``Places.find``; whoever asks whether something is there asks next where it is."""
        if self._latest is None or self._latest[0] is not path:
            assert self._places is not None
            self._latest = path, self._places.find(path)
        return self._latest[1]

    def __repr__(self) -> str:
        return f"Document({self.path!r}, {self.kind}, {len(self.data)} bytes, {len(self.faults)} faults)"

    def locate(self, path: Path, key: bool = False) -> Span:
        """The span of a value, or of its key (a short tag is the key of its long form).

        A list item has no key: its first line stands for it. Where the path does not exist, the key of the nearest
        ancestor that does, and the first line of the file where that is the root.
        """
        if self._places is None:
            return FIRST_LINE
        depth, key_extent, extent = self._find(path)
        if depth == len(path) and not key:
            return self._lines.span(extent)
        if key_extent is not None:
            return self._lines.span(key_extent)
        if depth == 0:
            return FIRST_LINE
        return self._lines.span(self._lines.first_line(extent))

    def has(self, path: Path) -> bool:
        """Whether something was written at exactly this path."""
        return self._places is not None and self._find(path)[0] == len(path)

    def locate_in(self, path: Path, line: int, column: int, end_line: int, end_column: int) -> Span:
        """The span in the file of a region inside a string value, given by line and column (from 1) in the string.

        Exact for a literal block scalar (``|``), also below Fn::Sub; the value's own span otherwise.
        """
        value, path = self._string(path)
        if value is None or self._places is None or not self.has(path):
            return self.locate(path)
        extent = self._find(path)[2]
        if self.kind != "yaml" or not self._lines.text.startswith("|", extent[0]):
            return self._lines.span(extent)
        above = self._lines.position(extent[0])[0]
        indent = 0
        for number, text in enumerate(value.split("\n"), above + 1):
            if text.strip(" "):  # with an indicator (|2) the value's first line may itself begin with spaces
                source = self.line(number)
                indent = len(source) - len(source.lstrip(" ")) - len(text) + len(text.lstrip(" "))
                break
        first, last = above + line, above + end_line
        start, end = column + indent, end_column + indent
        return Span(first, min(start, len(self.line(first)) + 1), last, min(end, len(self.line(last)) + 1))

    def line(self, number: int) -> str:
        """The text of a line, without its break; empty where there is no such line."""
        return self._lines.line(number)

    def comments(self) -> Iterator[tuple[int, int, str, bool]]:
        """Line, column, text from ``#`` on, and whether it is alone on its line. JSON has none."""
        if self._places is None or self.kind != "yaml":
            return
        for start, end in self._places.comments():
            line, column = self._lines.position(start)
            yield line, column, self._lines.text[start:end], not self.line(line)[: column - 1].strip()

    def _string(self, path: Path) -> tuple[str | None, Path]:
        """The string at a path, or the one that the Fn::Sub there is about; and its path."""
        value = self.root
        for step in path:
            try:
                value = value[step]
            except (KeyError, IndexError, TypeError):
                return None, path
        if isinstance(value, dict) and len(value) == 1 and "Fn::Sub" in value:
            value, path = value["Fn::Sub"], (*path, "Fn::Sub")
        if isinstance(value, list) and value and path[-1:] == ("Fn::Sub",):
            value, path = value[0], (*path, 0)
        return (value if isinstance(value, str) else None), path


def parse(data: bytes, path: str) -> Document:
    """Read a template from bytes; never raises.

    What begins with a brace is JSON, and where it is no valid JSON, YAML (a flow mapping): not so under a name that
    ends in .json, which promises JSON. Everything else is YAML.
    """
    data = data.removeprefix(_BOM)
    named_json = path.lower().endswith(".json")
    kind = _kind(data, named_json)
    if len(data) > (JSON_LIMIT if kind == "json" else YAML_LIMIT):
        return _too_large(path, kind)
    try:
        lines = Lines(data.decode())
    except UnicodeDecodeError as error:
        before = Lines(data[: error.start].decode())
        end = len(before.text)
        fault = Fault("not-utf8", fields={"offset": error.start}, span=before.span((end, end)))
        return Document(path, data, kind, Contents(faults=(fault,)), before)
    document = _read(data, path, kind, lines, named_json)
    if document.faults and document.faults[0].kind == "syntax" and (extent := lines.conflict()):
        fields = {"problem": "a merge conflict is not resolved", "context": ""}
        document.faults = (Fault("syntax", fields=fields, span=lines.span(extent)),)
    return document


def _read(data: bytes, path: str, kind: str, lines: Lines, named_json: bool) -> Document:
    if kind == "json":
        from lambdalint.parsers.document.json import load as load_json

        contents = load_json(lines, data)
        broken = bool(contents.faults) and contents.faults[0].kind == "syntax"
        if named_json or not broken or len(data) > YAML_LIMIT:
            return Document(path, data, kind, contents, lines)
    from lambdalint.parsers.document.yaml import load as load_yaml

    in_yaml = load_yaml(lines)
    if kind == "json" and in_yaml.root is None and not path.lower().endswith((".yaml", ".yml")):
        return Document(path, data, kind, contents, lines)
    return Document(path, data, "yaml", in_yaml, lines)


def read(path: str) -> Document:
    """Read a template from a file, or standard input for ``-``; never raises, reads no more than the limits."""
    import os
    import stat

    named_json = path.lower().endswith(".json")
    kind = "json" if named_json else "yaml"
    most = JSON_LIMIT + len(_BOM) + 1
    try:
        if path == "-":
            import sys

            path, stream = "<stdin>", sys.stdin.buffer
        else:
            found = os.stat(path)
            if stat.S_ISDIR(found.st_mode):
                return _failed(path, kind, "is-directory")
            if stat.S_ISREG(found.st_mode):
                most = min(most, found.st_size + 1)  # room for no more than there is
            stream = open(path, "rb")  # noqa: SIM115 - standard input stays open
        try:
            data = stream.read(most)
        finally:
            if path != "<stdin>":
                stream.close()
    except FileNotFoundError:
        return _failed(path, kind, "not-found")
    except (OSError, ValueError) as error:
        return _failed(path, kind, "unreadable", problem=getattr(error, "strerror", None) or str(error))
    return parse(data, path)


def _kind(data: bytes, named_json: bool) -> str:
    start = data[:_HEAD].lstrip()[:1]
    return "json" if start in (b"{", b"[") or (named_json and not start) else "yaml"


def _failed(path: str, kind: str, fault: str, **fields: Any) -> Document:
    return Document(path, b"", kind, Contents(faults=(Fault(fault, fields=fields, span=FIRST_LINE),)))


def _too_large(path: str, kind: str) -> Document:
    return _failed(path, kind, "too-large", limit=JSON_LIMIT if kind == "json" else YAML_LIMIT, unit="bytes")
