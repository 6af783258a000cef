"""A quota as a check sees it."""

# No "from __future__ import annotations" here: a NamedTuple would compile each of its annotations at every start.

from collections.abc import Sequence
from typing import Any, NamedTuple


class Quota(NamedTuple):
    """A fact with numbers (``min`` and ``max`` inclusive), from rules/quotas.yaml or raised by the user."""

    id: str
    min: Any = None
    max: Any = None
    default: Any = None
    values: Sequence[Any] | None = None
    pattern: str | None = None
    unit: str = ""
    kind: str = "hard"
    verified: str = ""
    source: str = ""
    checked_on: str = ""
    adjustable_to: Any = None
    warn_only: bool = False
    """Nobody has verified it: a warning at most."""
    raised: bool = False
    """The user gave the account's own value."""
