"""Paints a layout for a terminal, with rich.

The colours are fixed ones of the 256, each with a contrast of about 4:1 or more to white and to black: the sixteen
named ones are the theme's, and its yellow on white or its bright black on dark blue cannot be read.
"""

from __future__ import annotations

from collections.abc import Iterable

from lambdalint.reporters.layout import Line

STYLES = {
    "error": "bold color(196)",
    "warning": "bold color(166)",
    "note": "bold color(32)",
    "notice": "bold color(32)",
    "good": "bold color(28)",
    "low": "color(32)",
    "path": "bold",
    "message": "",
    "label": "bold",
    "fix": "bold color(28)",
    "title": "bold",
    "summary": "bold",
    "dim": "color(244)",
}


def painted(lines: Iterable[Line], *, hyperlinks: bool, color_system: str | None = "auto") -> str:
    """The lines with escape sequences for the terminal that the environment names; plain for a dumb one.

    ``color_system`` is one of rich's: ``auto``, ``standard``, ``256``, ``truecolor``, or None for no colour.
    """
    codes = _codes(color_system)
    if codes is None:
        from lambdalint.reporters.layout import plain

        return plain(lines)
    written = []
    for line in lines:
        for style, text, link in _trimmed(line):
            before, after = codes.get(style, ("", ""))
            if link and hyperlinks:
                # Not rich's own links: those carry a random number, and output is to be the same each time.
                before, after = f"\x1b]8;;{link}\x1b\\{before}", f"{after}\x1b]8;;\x1b\\"
            written.append(f"{before}{text}{after}" if text else "")
        written.append("\n")
    return "".join(written)


def _trimmed(line: Line) -> Line:
    """Without the blanks at its end: on a line that fills the terminal they would make an empty one below it."""
    kept = list(line)
    while kept:
        style, text, link = kept.pop()
        if text := text.rstrip(" "):
            return [*kept, (style, text, link)]
    return kept


def _codes(color_system: str | None) -> dict[str, tuple[str, str]] | None:
    """What to write before and after a text of each style; None where the terminal takes no sequences."""
    from rich.console import COLOR_SYSTEMS, Console
    from rich.style import Style

    if color_system == "auto":
        console = Console(force_terminal=True)
        if console.legacy_windows:
            return None
        color_system = console.color_system
    if color_system is None:
        return None
    system = COLOR_SYSTEMS[color_system]
    codes = {}
    for name, definition in STYLES.items():
        before, _, after = Style.parse(definition).render("\0", color_system=system).partition("\0")
        codes[name] = before, after
    return codes
