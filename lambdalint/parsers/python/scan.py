"""Logical lines of Python source, found without a parser: where statements begin and how deep they nest.

A syntax tree from libcst carries no positions, and asking for them costs twice what parsing does. Logical lines are the
cheap bridge: the n-th statement of the tree stands on the n-th logical line. The same scan tells, before a recursive
parser sees the text, whether nesting is deep enough to exhaust its stack; and it finds the exact span of a name much
later, from the text alone, when a finding needs it.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from lambdalint.finding import Span

MAX_DEPTH = 400
"""Nesting that is still parsed. CPython allows 200 brackets; chains of operators count here as well."""
LONG_LINE = 1500
"""Code points; only a logical line at least this long, or this many brackets, can nest deeper than MAX_DEPTH."""

_MARK = re.compile(r"[\n()\[\]{}#\\\"']")
_BLANK = re.compile(r"(?:[ \t\f]*(?:#[^\n]*)?\n)*[ \t\f]*")
_BODIES = {
    '"': re.compile(r'(?:[^"\\\n]|\\.)*"', re.DOTALL),
    "'": re.compile(r"(?:[^'\\\n]|\\.)*'", re.DOTALL),
    '"""': re.compile(r'(?:[^"\\]|\\.|"(?!""))*"""', re.DOTALL),
    "'''": re.compile(r"(?:[^'\\]|\\.|'(?!''))*'''", re.DOTALL),
}
_FORMATTED = re.compile(r"[\\\n{}\"']")
_LETTERS = frozenset("rRbBuUfFtT")
"""With which the prefix of a string literal ends."""
_PREFIX = re.compile(r"(?<!\w)[A-Za-z]{1,2}\Z")
_LINK = re.compile(
    r"(?P<open>[(\[{])|(?P<close>[)\]}])|(?P<end>[,;\n])|\#[^\n]*"
    r"|(?P<step>\"[^\"\n]*\"|'[^'\n]*'|[-+~]|[*/%&|^<>=@.!]+|\b(?:not|and|or|if|else|lambda|await|in|is|yield)\b)"
)


class Line(NamedTuple):
    """One logical line: offsets of its first character and of its end, its line number, and its indentation."""

    start: int
    end: int
    number: int
    indent: int


class Scan(NamedTuple):
    """The logical lines of a text, and the depth of nesting found in it."""

    lines: list[Line]
    depth: int
    nested_quotes: int
    """Offset of the first f-string that holds its own quote or a backslash in an expression (3.12), else -1."""


def logical_lines(text: str, start: int = 0, number: int = 1, limit: int = 0) -> Scan:
    """Scan a text with ``\\n`` line ends; from an offset that begins a line, ``limit`` logical lines (0: all)."""
    lines: list[Line] = []
    search, blank = _MARK.search, _BLANK.match
    depth = deepest = 0
    nested = -1
    size = len(text)
    skip = blank(text, start)
    assert skip is not None
    position = skip.end()
    number += text.count("\n", start, position)
    begin, first, indent = position, number, position - (text.rfind("\n", 0, position) + 1)
    while True:
        found = search(text, position)
        if found is None:
            break
        at = found.start()
        mark = text[at]
        position = at + 1
        if mark == "\n":
            number += 1
            if depth:
                continue
            lines.append(Line(begin, at, first, indent))
            if limit and len(lines) >= limit:
                return Scan(lines, deepest, nested)
            skip = blank(text, position)
            assert skip is not None
            number += text.count("\n", position, skip.end())
            begin, first = skip.end(), number
            indent = begin - (text.rfind("\n", 0, begin) + 1)
            position = begin
        elif mark in "([{":
            depth += 1
            if depth > deepest:
                deepest = depth
        elif mark in ")]}":
            if depth:
                depth -= 1
        elif mark == "#":
            end = text.find("\n", position)
            position = size if end < 0 else end
        elif mark == "\\":
            if text.startswith("\n", position):
                number += 1
                position += 1
        elif text[at - 1 : at] not in _LETTERS and not text.startswith(mark * 3, at):
            # By far the most: a plain string on one line, without a prefix.
            found = _BODIES[mark].match(text, position)
            if found is None:
                end = text.find("\n", position)
                position = size if end < 0 else end
            else:
                position = found.end()
                if "\n" in found.group():
                    number += text.count("\n", at, position)
        else:
            position, folded = string_end(text, at)
            number += text.count("\n", at, position)
            if folded and nested < 0:
                nested = at
            if folded > 1 and depth + folded > deepest:
                deepest = depth + folded
    if begin < size:
        lines.append(Line(begin, size, first, indent))
    return Scan(lines, deepest, nested)


def string_end(text: str, at: int, level: int = 0) -> tuple[int, int]:
    """The offset after the string literal whose quote is at ``at``; how many f-strings nest in it on the same quote."""
    quote = text[at]
    if text.startswith(quote * 3, at):
        quote *= 3
    before = _PREFIX.search(text, max(0, at - 3), at)
    prefix = before.group().lower() if before else ""
    begin = at + len(quote)
    if "f" not in prefix and "t" not in prefix:
        found = _BODIES[quote].match(text, begin)
        if found is not None:
            return found.end(), 0
        end = -1 if len(quote) == 3 else text.find("\n", begin)
        return (len(text) if end < 0 else end), 0
    return _formatted_end(text, begin, quote, level)


def _formatted_end(text: str, position: int, quote: str, level: int) -> tuple[int, int]:
    """The end of an f-string, whose expressions may hold strings with the same quote (PEP 701)."""
    braces = 0
    folded = 0
    size = len(text)
    while True:
        found = _FORMATTED.search(text, position)
        if found is None:
            return size, folded
        at = found.start()
        mark = text[at]
        position = at + 1
        if mark == "\\":
            if braces:
                folded = max(folded, 1)
            position += 1
        elif mark == "\n":
            if len(quote) == 1 and not braces:
                return at, folded
        elif mark == "{":
            if not braces and text.startswith("{", position):
                position += 1
            else:
                braces += 1
        elif mark == "}":
            if braces:
                braces -= 1
        elif mark == quote[0] and not braces:
            if text.startswith(quote, at):
                return at + len(quote), folded
        elif braces and level < 200:
            position, inner = string_end(text, at, level + 1)
            if not folded and "\\" in text[at:position]:
                folded = 1
            # Before 3.12 this quote ended the literal.
            own = mark == quote[0] and text.startswith(quote, at)
            folded = max(folded, inner + 1 if own else inner)


def nesting(text: str, scan: Scan) -> int:
    """A bound for the depth of the syntax tree: brackets, chains of operators, runs of ``elif``."""
    deepest = scan.depth
    for line in scan.lines:
        if line.end - line.start >= LONG_LINE:
            deepest = max(deepest, _chain(text[line.start : line.end]))
    if text.count("elif") > MAX_DEPTH:
        runs: dict[int, int] = {}
        for line in scan.lines:
            if text.startswith("elif", line.start):
                runs[line.indent] = runs.get(line.indent, 0) + 1
                deepest = max(deepest, runs[line.indent])
            elif text.startswith("if", line.start):
                runs[line.indent] = 0
    return deepest


def _chain(line: str) -> int:
    """The deepest sum of brackets and operators that stand open at one point of a logical line."""
    open_ = [0]
    total = deepest = 0
    for found in _LINK.finditer(line):
        kind = found.lastgroup
        if kind == "step":
            open_[-1] += 1
            total += 1
        elif kind == "open":
            open_.append(0)
            total += 1
        elif kind == "close":
            if len(open_) > 1:
                # What was called or indexed is one deeper from now on.
                total -= open_.pop()
                open_[-1] += 1
        elif kind == "end":
            total -= open_[-1]
            open_[-1] = 0
        if total > deepest:
            deepest = total
    return deepest


def span_of(text: str, number: int, token: str, nth: int) -> Span:
    """The span of the ``nth`` (from 0) ``token`` in the logical line that begins at line ``number`` (from 1).

    For a name it takes in what it is an attribute of and the brackets that follow: ``os.environ["X"]``. Where the
    token is not found, the whole logical line.
    """
    start = 0
    for _ in range(number - 1):
        start = text.find("\n", start) + 1
        if not start:
            return Span(number, 1, number, 1)
    scan = logical_lines(text, start, number, 1)
    if not scan.lines:
        return Span(number, 1, number, 1)
    line = scan.lines[0]
    found = list(_tokens(text, line, token, nth))
    if not token or not found:
        return _span(text, line.start, line.end, line)
    begin = found[-1]
    match = re.compile(_pattern(token)).match(text, begin)
    end = match.end() if match is not None else begin + len(token)
    if token[-1].isalnum() or token[-1] == "_":
        while begin > line.start and (text[begin - 1].isalnum() or text[begin - 1] in "._"):
            begin -= 1
        if text[begin] == ".":
            # A method of what another call gave.
            begin = end - len(token) + 1
        end = bracket_end(text, end, line.end)
    return _span(text, begin, end, line)


def _pattern(token: str) -> str:
    """What matches a token: an attribute with its dot, a name that is no keyword argument, a sign."""
    if token[:1] == "." and token[1:].isidentifier():
        return r"\.\s*" + token[1:] + r"(?!\w)"
    if token.isidentifier():
        return r"(?<![\w.])" + token + r"(?!\w)(?!\s*=[^=])"
    return re.escape(token)


def _tokens(text: str, line: Line, token: str, nth: int) -> list[int]:
    """Offsets of the first ``nth`` + 1 places of a token in a logical line, outside comments and plain strings."""
    places: list[int] = []
    word = re.compile(f"({_pattern(token)})|[#\"']")
    position, end = line.start, line.end
    while position < end and len(places) <= nth:
        found = word.search(text, position, end)
        if found is None:
            break
        at = found.start()
        if found[1] is not None:
            places.append(at)
            position = found.end()
        elif text[at] == "#":
            stop = text.find("\n", at)
            position = end if stop < 0 else stop
        else:
            before = _PREFIX.search(text, max(0, at - 3), at)
            stop = string_end(text, at)[0]
            if before and ("f" in before.group().lower() or "t" in before.group().lower()):
                for inner in re.compile(word.pattern).finditer(text, at + 1, min(stop, end)):
                    if inner[1] is not None:
                        places.append(inner.start())
            position = stop
    return places[: nth + 1]


def bracket_end(text: str, position: int, limit: int) -> int:
    """The end of the bracket that opens here, or ``position`` where none does."""
    if position >= limit or text[position] not in "([":
        return position
    depth = 0
    at = position
    while at < limit:
        found = _MARK.search(text, at, limit)
        if found is None:
            break
        at = found.start()
        mark = text[at]
        if mark in "([{":
            depth += 1
        elif mark in ")]}":
            depth -= 1
            if not depth:
                return at + 1
        elif mark == "#":
            stop = text.find("\n", at)
            at = limit if stop < 0 else stop
            continue
        elif mark in "\"'":
            at = string_end(text, at)[0]
            continue
        at += 1
    return position


def _span(text: str, begin: int, end: int, line: Line) -> Span:
    """Offsets of a logical line as lines and columns."""
    while end > begin and text[end - 1] in " \t\f\\\n":
        end -= 1
    first = line.number + text.count("\n", line.start, begin)
    last = first + text.count("\n", begin, end)
    return Span(first, begin - text.rfind("\n", 0, begin), last, end - text.rfind("\n", 0, end))
