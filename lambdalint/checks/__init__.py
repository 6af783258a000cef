"""The predicates behind the rules, one module a family; each is imported when one of its rules is selected.

A check is a pure generator ``check(subject, deployment, **arguments) -> Iterator[Problem]``. It sees values, never
YAML nodes, intrinsics or files, and yields nothing for what it cannot know.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

C = TypeVar("C", bound=Callable[..., Any])


def check(subject: str) -> Callable[[C], C]:
    """Marks a check with the subject that it takes, as rule files name it: ``function``, ``deployment`` …"""

    def mark(function: C) -> C:
        function.subject = subject  # type: ignore[attr-defined]
        return function

    return mark
