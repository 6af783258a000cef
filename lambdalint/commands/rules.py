"""List the rules, or run the examples of a team's own."""

from __future__ import annotations

import argparse
import os

from lambdalint.commands import named_rules, whole_book
from lambdalint.rulebook import Rule


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("codes", metavar="CODE", nargs="*", default=[], help="only these: LL404, a name, LL4")
    parser.add_argument("--rules", metavar="DIR", action="append", default=[], help="a team's own rules too")
    parser.add_argument(
        "--test", metavar="DIR", action="append", default=[], help="run the examples of the rules in DIR"
    )
    parser.add_argument("--format", choices=("text", "json", "markdown"), default="text")


def run(given: argparse.Namespace) -> str | tuple[str, int]:
    """What the command prints; with ``--test`` also the exit code, 1 where an example does not hold."""
    if given.test:
        return _test(given.test)
    book = whole_book(given.rules)
    rules = named_rules(book, given.codes) if given.codes else list(book.rules.values())
    if given.format == "json":
        import json

        rows = [
            {
                "code": rule.code,
                "name": rule.name,
                "severity": rule.severity,
                "enabled": rule.enabled,
                "summary": rule.summary,
            }
            for rule in rules
        ]
        return json.dumps({"version": 1, "rules": rows}, indent=2, ensure_ascii=False) + "\n"
    if given.format == "markdown":
        head = "| code | name | severity | on | reported when |\n|---|---|---|---|---|\n"
        return head + "".join(
            f"| {r.code} | {r.name} | {r.severity} | {'on' if r.enabled else 'off'} | {r.summary} |\n" for r in rules
        )
    name = max(len(rule.name) for rule in rules)
    return "".join(
        f"{r.code}  {r.name:<{name}}  {r.severity:<7}  {'   ' if r.enabled else 'off'}  {r.summary}\n" for r in rules
    )


def _test(folders: list[str]) -> tuple[str, int]:
    from lambdalint.examples import check_rule
    from lambdalint.ownrules import add_own
    from lambdalint.rulebook import load

    own = tuple(os.path.abspath(folder) for folder in folders)
    rules = add_own(load(), own)
    lines: list[str] = []
    failed = False
    for rule in rules:
        problems = _without_examples(rule) or list(check_rule(rule, own))
        failed = failed or bool(problems)
        examples = len(rule.examples.bad) + len(rule.examples.good)
        lines += problems or [f"{rule.code} {rule.name}: {examples} examples hold"]
    if not rules:
        lines.append(f"there are no rules in {', '.join(folders)}")
    return "".join(f"{line}\n" for line in lines), int(failed or not rules)


def _without_examples(rule: Rule) -> list[str]:
    examples = {"bad": rule.examples.bad, "good": rule.examples.good}
    return [f"{rule.code} {rule.name}: it has no {kind} example" for kind, found in examples.items() if not found]
