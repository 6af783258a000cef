"""Text as a terminal shows it: control characters made visible, widths in cells, wrapping.

What a template, a path or a file holds is not to be trusted with a terminal: an escape sequence in a property could
move the cursor, set the clipboard or hide a finding, and a bidirectional override could reorder what is read.
"""

from __future__ import annotations

TAB = 4
"""Columns between tab stops."""

_JOINERS = "\u200c\u200d"


def _shown(char: str) -> str:
    if char.isprintable() or char in _JOINERS:
        return char
    if char in "\n\r\t":
        return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}[char]
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def visible(text: str) -> str:
    """The text on one line, with what a terminal would act on or not show written as an escape."""
    return text if text.isprintable() else "".join(map(_shown, text))


def flowed(text: str) -> str:
    """Prose of a rule: line breaks are spaces, the rest as :func:`visible` has it."""
    return visible(" ".join(text.split()))


def width(text: str) -> int:
    """Cells that a text takes on a terminal: 2 for wide East Asian characters, 0 for combining ones."""
    return len(text) if text.isascii() else sum(map(_cells, text))


def _cells(char: str) -> int:
    from unicodedata import category, east_asian_width

    if char in _JOINERS or category(char) in ("Mn", "Me"):
        return 0
    return 2 if east_asian_width(char) in "WF" else 1


def wrapped(text: str, columns: int) -> list[str]:
    """The text broken at spaces into lines of at most ``columns`` cells; a longer word stays whole; 0: one line."""
    if not columns or width(text) <= columns:
        return [text]
    first, *words = text.split(" ")
    lines, line, used = [], first, width(first)
    for word in words:
        size = width(word)
        if used + 1 + size > columns:
            lines.append(line)
            line, used = word, size
        else:
            line, used = f"{line} {word}", used + 1 + size
    return [*lines, line]


def excerpt(line: str, start: int, end: int, room: int) -> tuple[str, int, int]:
    """The part of a source line around a span, at most ``room`` cells wide.

    ``start`` and ``end`` are 0-based offsets in code points, the end exclusive. Returned: the text as shown, and the
    offset and width of the underline in cells. The work done depends on ``room``, not on the length of the line.
    """
    start = min(start, len(line))
    end = max(min(end, len(line)), start)
    if len(line) <= room and line.isascii() and line.isprintable():
        return line, start, max(end - start, 1)
    first = _window(line, start, end, room)
    cut = "..."
    pieces = [cut] if first else []
    used, offset, finish = len(cut) if first else 0, -1, -1
    for at in range(first, min(len(line), first + 3 * room)):
        piece = _expanded(line[at], used)
        size = width(piece)
        if used + size > room - len(cut) and not _fits(line, at, used, room):
            pieces.append(cut)
            break
        if at == start:
            offset = used
        if at == end:
            finish = used
        pieces.append(piece)
        used += size
    offset = used if offset < 0 else offset
    finish = used if finish < 0 else finish
    return "".join(pieces), offset, max(finish - offset, 1)


def _window(line: str, start: int, end: int, room: int) -> int:
    """The first character to show: 0 where the span, or a good part of it, is then in sight."""
    if _fits(line, 0, 0, room):
        return 0
    if _fits(line[: start + min(end - start, room // 2)], 0, 0, room - len("...")):
        return 0
    first, used = start, 0
    while first > max(start - room, 0):
        used += width(_expanded(line[first - 1], 0))
        if used > room // 3:
            break
        first -= 1
    return first


def _fits(line: str, at: int, used: int, room: int) -> bool:
    """Whether the rest of a line from ``at``, shown from cell ``used`` on, ends within ``room``."""
    if len(line) - at > 2 * room:  # more combining characters than any script has
        return False
    for char in line[at:]:
        used += width(_expanded(char, used))
        if used > room:
            return False
    return True


def _expanded(char: str, used: int) -> str:
    return " " * (TAB - used % TAB) if char == "\t" else _shown(char)
