"""LL006, LL007: suppressions that do nothing, cannot be read, or have run out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lambdalint.checks import check
from lambdalint.checks.inputs import problem_of
from lambdalint.finding import Fault, Problem


@check("suppression")
def suppression_faults(subject: Sequence[Fault], deployment: None, kinds: Sequence[str]) -> Iterator[Problem]:
    """Facts of these kinds about the suppressions of a run."""
    for fault in subject:
        if fault.kind in kinds:
            yield problem_of(fault)
