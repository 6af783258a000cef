"""LL0: what a parser found wrong with its input becomes a problem of the same kind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from lambdalint.checks import check
from lambdalint.finding import Fault, Place, Problem
from lambdalint.model.deployment import Deployment, Input


def problem_of(fault: Fault) -> Problem:
    """A fact of a parser, told at its place."""
    return Problem(Place(fault.path, fault.key, fault.file, fault.span), fault.kind, dict(fault.fields))


def _faults(faults: Iterable[Fault], kinds: Sequence[str]) -> Iterator[Problem]:
    for fault in faults:
        if fault.kind in kinds:
            yield problem_of(fault)


@check("document")
def input_faults(subject: Input, deployment: None, kinds: Sequence[str]) -> Iterator[Problem]:
    """Facts of these kinds about the file itself."""
    yield from _faults(subject.faults, kinds)


@check("deployment")
def expansion_faults(subject: Deployment, deployment: Deployment, kinds: Sequence[str]) -> Iterator[Problem]:
    """Facts of these kinds that expanding SAM and ForEach gave."""
    yield from _faults(subject.faults, kinds)
