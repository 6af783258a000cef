"""The commands besides check: each module has ``run(arguments) -> str``, what the command prints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lambdalint.rulebook import RuleBook


def whole_book(folders: Sequence[str]) -> RuleBook:
    """The book with a team's own rules: those that the config here names, and those in ``folders``."""
    from lambdalint.config import configured
    from lambdalint.rulebook import load

    book = load()
    own = (*configured(None, []).rules, *folders)
    if own:
        from lambdalint.ownrules import add_own

        add_own(book, own)
    return book
