"""Spreads inputs over processes: only findings, notices and census rows come back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lambdalint.checking import Result, Run
    from lambdalint.parsers.discover import Source

_run: Any = None


def _start(settings: Any, roots: Any) -> None:
    import gc
    import signal

    from lambdalint import COLLECT

    gc.set_threshold(*COLLECT)  # a spawned process has not inherited it
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    global _run
    from lambdalint.checking import Run
    from lambdalint.engine import prepare

    settings, book = prepare(settings)
    _run = Run(settings, book, roots)


def _work(source: Any) -> Any:
    from lambdalint.engine import lint_source

    return lint_source(_run, source)


def spread(run: Run, sources: Sequence[Source], jobs: int) -> Iterator[Result]:
    """The results in the order of the sources, whatever the number of jobs."""
    from concurrent.futures import ProcessPoolExecutor

    chunk = max(1, len(sources) // (jobs * 4))
    pool = ProcessPoolExecutor(min(jobs, len(sources)), initializer=_start, initargs=(run.settings, run.roots))
    try:
        yield from pool.map(_work, sources, chunksize=chunk)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
