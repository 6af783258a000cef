"""Explain a rule: what it finds, why it matters, how to mend it, with examples."""

from __future__ import annotations

import argparse

from lambdalint import __version__
from lambdalint.commands import whole_book


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--no-color", action="store_true", help="no colours (NO_COLOR too)")
    parser.add_argument("--rules", metavar="DIR", action="append", default=[], help="a team's own rules too")
    parser.add_argument("codes", metavar="CODE", nargs="+", help="a code (LL404), a name (short-visibility-timeout)")


def run(given: argparse.Namespace) -> str:
    from lambdalint.cli import on_terminal
    from lambdalint.nearest import nearest
    from lambdalint.reporters import Options
    from lambdalint.reporters.help import explain
    from lambdalint.rulebook import RuleError

    book = whole_book(given.rules)
    options = on_terminal(Options(version=__version__), given.no_color)
    pages = []
    for word in given.codes:
        found = book.matching(word)
        if not found:
            names = [name for rule in book.rules.values() for name in (rule.code, rule.name)]
            close = nearest(word, names)
            raise RuleError(f"there is no rule {word}" + (f"; did you mean {close}?" if close else ""))
        pages += [explain(rule, options) for rule in found]
    return "\n".join(pages)
