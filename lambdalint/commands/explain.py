"""Explain a rule: what it finds, why it matters, how to mend it, with examples."""

from __future__ import annotations

import argparse

from lambdalint import __version__
from lambdalint.commands import named_rules, whole_book


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--no-color", action="store_true", help="no colours (NO_COLOR too)")
    parser.add_argument("--rules", metavar="DIR", action="append", default=[], help="a team's own rules too")
    parser.add_argument("codes", metavar="CODE", nargs="+", help="a code (LL404), a name (short-visibility-timeout)")


def run(given: argparse.Namespace) -> str:
    from lambdalint.cli import on_terminal
    from lambdalint.reporters import Options
    from lambdalint.reporters.help import explain

    rules = named_rules(whole_book(given.rules), given.codes)
    options = on_terminal(Options(version=__version__), given.no_color)
    return "\n".join(explain(rule, options) for rule in rules)
