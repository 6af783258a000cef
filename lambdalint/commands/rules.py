"""List the rules, or run the examples of a team's own."""

from __future__ import annotations

import argparse


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--test", metavar="DIR", help="run the examples of the rules in DIR")
    parser.add_argument("--format", choices=("text", "json", "markdown"), default="text")


def run(given: argparse.Namespace) -> str:
    from lambdalint.rulebook import load

    rules = list(load().rules.values())
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
