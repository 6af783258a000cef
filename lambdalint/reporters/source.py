"""Lines of the files that findings point at, read once a file and within bounds."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping, Sequence

from lambdalint.finding import Span

MAX_BYTES = 24 * 1024 * 1024
"""A little over what the readers of templates take; of a longer file no line is shown."""


class Sources:
    """Gives a file's lines. It keeps one file at a time: the findings of a report come file by file.

    ``secrets`` are the places, by file, that are given as asterisks: a log must not hold them.
    """

    __slots__ = ("_file", "_lines", "_secrets")

    def __init__(self, secrets: Mapping[str, Sequence[Span]] | None = None) -> None:
        self._file = ""
        self._lines: list[str] = []
        self._secrets = secrets or {}

    def line(self, file: str, number: int) -> str | None:
        """Line ``number`` (from 1) of a file without its line break; None where there is none or it cannot be read."""
        if not file:
            return None
        if file != self._file:
            self._file, self._lines = file, _read(file)
        if not 0 < number <= len(self._lines):
            return None
        line = self._lines[number - 1]
        for span in self._secrets.get(file, ()):
            if span.line <= number <= span.end_line:
                line = _masked(line, span, number)
        return line


def _masked(line: str, span: Span, number: int) -> str:
    start = span.column - 1 if number == span.line else len(line) - len(line.lstrip())
    stop = max(span.end_column - 1, start + 1) if number == span.end_line else len(line)
    return line[:start] + "*" * len(line[start:stop].rstrip()) + line[stop:]


ARCHIVES = (".zip", ".jar", ".whl", ".tar", ".tgz", ".gz")
"""What is no text, also where a broken one has no null byte."""


def _read(file: str) -> list[str]:
    if file.lower().endswith(ARCHIVES):
        return []
    try:
        # Told apart before opening: opening a named pipe would wait for its writer.
        if not stat.S_ISREG(os.stat(file).st_mode):
            return []
        with open(file, "rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError):
        return []
    if len(data) > MAX_BYTES or b"\0" in data[:8192]:
        return []
    text = data.decode("utf-8-sig", "replace")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.split("\n")
