"""What a stream can show: colours, its width, links."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, TextIO


class Terminal(NamedTuple):
    color: bool = False
    width: int = 0
    """Columns; 0 where the stream is no terminal."""
    hyperlinks: bool = False


def detect(stream: TextIO, environ: Mapping[str, str], *, no_color: bool = False) -> Terminal:
    """Looks at the stream and the environment: ``NO_COLOR``, ``TERM=dumb``, ``COLUMNS``, ``FORCE_COLOR``.

    ``FORCE_COLOR`` colours a pipe too (some CI logs show colours); text stays unwrapped there.
    """
    try:
        terminal = stream.isatty()
    except ValueError:  # closed
        terminal = False
    muted = no_color or bool(environ.get("NO_COLOR")) or environ.get("TERM") == "dumb"
    if not terminal:
        return Terminal(color=not muted and environ.get("FORCE_COLOR", "0") not in ("", "0", "false"))
    return Terminal(not muted, columns(stream, environ), not muted and takes_links(environ))


def columns(stream: TextIO, environ: Mapping[str, str]) -> int:
    """The terminal's width, 80 where it does not say."""
    import os

    given = environ.get("COLUMNS", "")
    if given.isdecimal() and int(given) > 0:
        return int(given)
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except (OSError, ValueError):
        return 80


def takes_links(environ: Mapping[str, str]) -> bool:
    """Whether the terminal is one known to make links of OSC 8; within tmux and screen it depends: no."""
    term = environ.get("TERM", "")
    if environ.get("TMUX") or environ.get("CI") or term.startswith(("screen", "tmux")):
        return False
    if environ.get("TERM_PROGRAM") in ("iTerm.app", "WezTerm", "vscode", "ghostty", "Hyper", "WarpTerminal"):
        return True
    if any(environ.get(name) for name in ("WT_SESSION", "KITTY_WINDOW_ID", "KONSOLE_VERSION", "DOMTERM")):
        return True
    vte = environ.get("VTE_VERSION", "")
    return term in ("xterm-kitty", "alacritty", "foot", "xterm-ghostty") or (vte.isdecimal() and int(vte) >= 5000)
