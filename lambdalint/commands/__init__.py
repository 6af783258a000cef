"""The commands besides check: each module has ``run(arguments) -> str``, what the command prints."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lambdalint.model.deployment import Deployment
    from lambdalint.rulebook import Rule, RuleBook
    from lambdalint.settings import Settings


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


def named_rules(book: RuleBook, words: Sequence[str]) -> list[Rule]:
    """The rules that codes, names or prefixes mean. Raises RuleError for one that means none."""
    from lambdalint.nearest import nearest
    from lambdalint.rulebook import RuleError

    rules: list[Rule] = []
    for word in words:
        found = book.matching(word)
        if not found:
            close = nearest(word, [name for rule in book.rules.values() for name in (rule.code, rule.name)])
            raise RuleError(f"there is no rule {word}" + (f"; did you mean {close}?" if close else ""))
        rules += found
    return rules


def deployments(paths: Sequence[str], settings: Settings) -> Iterator[Deployment]:
    """Every deployment below the paths; ``-`` is standard input.

    Raises SettingsError for a path that is not there, and where there is no deployment at all.
    """

    from lambdalint.cli import standard_input
    from lambdalint.engine import readings
    from lambdalint.settings import SettingsError

    found = readings(paths, settings, standard_input() if "-" in paths else None)
    first = next(found, None)
    if first is None:
        where = ", ".join(paths) or "."
        raise SettingsError(f"{where}: no template that can be read names an AWS::Lambda or AWS::Serverless resource")
    yield first
    yield from found
