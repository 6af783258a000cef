"""What reporters know of terminals: widths, control characters, colours, the progress bar."""

from __future__ import annotations

import io
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdalint.reporters.display import excerpt, visible, width, wrapped
from lambdalint.reporters.progress import Progress
from lambdalint.reporters.terminal import Terminal, detect

CHARACTERS = st.text(st.characters(exclude_categories=[]), max_size=80)


class TestDisplay:
    @given(CHARACTERS, st.integers(0, 90), st.integers(0, 90), st.integers(20, 60))
    def test_excerpt_stays_in_its_room(self, line: str, start: int, end: int, room: int) -> None:
        text, offset, length = excerpt(line, start, end, room)
        assert width(text) <= room
        assert 0 <= offset <= room
        assert length >= 1
        assert all(char.isprintable() or char in "\u200c\u200d" for char in text)

    @given(CHARACTERS, st.text("abc", min_size=1, max_size=9), CHARACTERS, st.integers(40, 70))
    def test_excerpt_underlines_the_span(self, before: str, span: str, after: str, room: int) -> None:
        text, offset, length = excerpt(before + span + after, len(before), len(before) + len(span), room)
        cells = "".join(char * width(char) for char in text)  # a character for each cell
        assert cells[offset : offset + length] == span

    @given(CHARACTERS, st.integers(1, 60))
    def test_wrapped_loses_nothing(self, text: str, columns: int) -> None:
        text = visible(text)
        assert " ".join(wrapped(text, columns)) == text

    def test_a_line_of_combining_marks_is_cut(self) -> None:
        text, _, _ = excerpt("e" + "\u0301" * 100_000, 50_000, 50_001, 80)
        assert len(text) < 400

    def test_visible(self) -> None:
        assert visible("naïve 注文 🎉") == "naïve 注文 🎉"
        assert visible("a\tb\x7f\u202e\U000e0041\ud800") == "a\\tb\\x7f\\u202e\\U000e0041\\ud800"
        assert unicodedata.bidirectional("\u202e") == "RLO"


class Terminal80(io.StringIO):
    def isatty(self) -> bool:
        return True


class TestTerminal:
    @pytest.mark.parametrize(
        ("environ", "expected"),
        [
            ({"TERM": "xterm-256color", "COLUMNS": "100"}, Terminal(True, 100, False)),
            ({"TERM": "xterm-256color"}, Terminal(True, 80, False)),
            ({"TERM": "xterm", "NO_COLOR": "1"}, Terminal(False, 80, False)),
            ({"TERM": "xterm", "NO_COLOR": ""}, Terminal(True, 80, False)),
            ({"TERM": "dumb", "VTE_VERSION": "7000"}, Terminal(False, 80, False)),
            ({"TERM": "xterm", "VTE_VERSION": "7000", "COLUMNS": "x"}, Terminal(True, 80, True)),
            ({"TERM": "xterm-kitty"}, Terminal(True, 80, True)),
            ({"TERM": "xterm", "TERM_PROGRAM": "vscode"}, Terminal(True, 80, True)),
            ({"TERM": "screen-256color", "TMUX": "1", "TERM_PROGRAM": "vscode"}, Terminal(True, 80, False)),
        ],
    )
    def test_detect(self, environ: dict[str, str], expected: Terminal) -> None:
        assert detect(Terminal80(), environ) == expected
        assert detect(Terminal80(), environ, no_color=True) == Terminal(False, expected.width, False)
        assert detect(io.StringIO(), environ) == Terminal()

    def test_forced_into_a_pipe(self) -> None:
        assert detect(io.StringIO(), {"FORCE_COLOR": "1"}) == Terminal(True, 0, False)
        assert detect(io.StringIO(), {"FORCE_COLOR": "1", "NO_COLOR": "1"}) == Terminal()
        closed = io.StringIO()
        closed.close()
        assert detect(closed, {}) == Terminal()


class TestProgress:
    @pytest.mark.parametrize(
        ("stream", "delay", "shown"), [(Terminal80, 0, True), (io.StringIO, 0, False), (Terminal80, 9, False)]
    )
    def test_only_on_a_terminal_and_only_for_long_work(self, stream, delay, shown, monkeypatch) -> None:
        monkeypatch.setenv("TERM", "xterm-256color")
        monkeypatch.delenv("CI", raising=False)
        monkeypatch.setattr("lambdalint.reporters.progress.DELAY", delay)
        out = stream()
        with Progress(out, 3, "Linting") as bar:
            for _ in range(3):
                bar.advance()
        assert ("Linting" in out.getvalue()) == shown
