"""A progress bar for long work: on a terminal, from one second on; never in a pipe."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any, TextIO

DELAY = 1.0
"""Seconds of work before the bar appears: what is quicker needs none."""


class Progress:
    """``with Progress(sys.stderr, len(paths), "Linting") as bar: … bar.advance()``.

    ``stream`` is where the bar goes (standard error: the report is on standard output); ``enabled`` False for
    ``--quiet``. The bar is erased at the end.
    """

    __slots__ = ("_bar", "_done", "_enabled", "_label", "_started", "_stream", "_task", "_total")

    def __init__(self, stream: TextIO, total: int, label: str, *, enabled: bool = True) -> None:
        self._stream, self._total, self._label = stream, total, label
        self._enabled = enabled and _wanted(stream)
        self._done = 0
        self._started = 0.0
        self._bar: Any = None
        self._task: Any = None

    def __enter__(self) -> Progress:
        from time import monotonic

        self._started = monotonic()
        return self

    def advance(self, count: int = 1) -> None:
        """Counts work done."""
        self._done += count
        if not self._enabled:
            return
        if self._bar is not None:
            self._bar.update(self._task, completed=self._done)
            return
        from time import monotonic

        if monotonic() - self._started >= DELAY:
            self._show()

    def _show(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._bar = Bar(*columns, console=Console(file=self._stream), transient=True, redirect_stdout=False)
        self._task = self._bar.add_task(self._label, total=self._total, completed=self._done)
        self._bar.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()


class Reading:
    """A bar for bytes that are read: ``with Reading(sys.stderr, "Reading the image") as told: told(done, total)``.

    The calls may come from several threads, one at a time; each image begins anew at a small ``done``.
    """

    __slots__ = ("_bar", "_enabled", "_label", "_last", "_started", "_stream", "_task")

    def __init__(self, stream: TextIO, label: str, *, enabled: bool = True) -> None:
        self._stream, self._label = stream, label
        self._enabled = enabled and _wanted(stream)
        self._started: float | None = None
        self._last = 0
        self._bar: Any = None
        self._task: Any = None

    def __enter__(self) -> Callable[[int, int], None] | None:
        return self._told if self._enabled else None

    def _told(self, done: int, total: int) -> None:
        if self._bar is not None:
            self._bar.update(self._task, completed=done, total=total)
            return
        from time import monotonic

        if self._started is None or done < self._last:
            self._started = monotonic()
        self._last = done
        if monotonic() - self._started >= DELAY:
            self._show(done, total)

    def _show(self, done: int, total: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
        self._bar = Bar(*columns, console=Console(file=self._stream), transient=True, redirect_stdout=False)
        self._task = self._bar.add_task(self._label, total=total, completed=done)
        self._bar.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()


def _wanted(stream: TextIO) -> bool:
    import os

    return _terminal(stream) and os.environ.get("TERM") != "dumb" and not os.environ.get("CI")


def _terminal(stream: TextIO) -> bool:
    try:
        return stream.isatty()
    except ValueError:  # closed
        return False
