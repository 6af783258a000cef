"""Lines of the files that findings point at, read once a file and within bounds."""

from __future__ import annotations

import os
import stat

MAX_BYTES = 24 * 1024 * 1024
"""A little over what the readers of templates take; of a longer file no line is shown."""


class Sources:
    """Gives a file's lines. It keeps one file at a time: the findings of a report come file by file."""

    __slots__ = ("_file", "_lines")

    def __init__(self) -> None:
        self._file = ""
        self._lines: list[str] = []

    def line(self, file: str, number: int) -> str | None:
        """Line ``number`` (from 1) of a file without its line break; None where there is none or it cannot be read."""
        if not file:
            return None
        if file != self._file:
            self._file, self._lines = file, _read(file)
        return self._lines[number - 1] if 0 < number <= len(self._lines) else None


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
