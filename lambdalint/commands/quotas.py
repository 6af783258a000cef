"""List the quotas that the rules stand on, with their sources."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from typing import Any

from lambdalint.settings import SettingsError


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "prefix", metavar="PREFIX", nargs="?", default="", help="only the ids that begin so, e.g. function"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text")


def run(given: argparse.Namespace) -> str:
    from lambdalint.rulebook import load

    known = load().facts("quotas")
    entries = {id: entry for id, entry in known.items() if id.startswith(given.prefix)}
    if not entries:
        raise SettingsError(f"no quota begins with {given.prefix}{_meant(given.prefix, known)}")
    if given.format == "json":
        import json

        return json.dumps({"version": 1, "quotas": entries}, indent=2, ensure_ascii=False) + "\n"
    width = max((len(id) for id in entries), default=0)
    lines = []
    for id, entry in entries.items():
        lines.append(f"{id:<{width}}  {_value(entry)}")
        lines.append(f"{'':<{width}}  {entry['source']} ({entry['checked_on']}, {entry['verified']})")
    return "\n".join(lines) + "\n"


def _meant(prefix: str, known: Iterable[str]) -> str:
    """``; did you mean function?`` for a slip in an id, or in its part before the dot."""
    from lambdalint.nearest import nearest

    families = dict.fromkeys(id.partition(".")[0] for id in known)
    close = nearest(prefix, (*families, *known))
    return f"; did you mean {close}?" if close else f"; they begin with {', '.join(families)}"


def _value(entry: dict[str, Any]) -> str:
    parts = []
    if "min" in entry and "max" in entry:
        parts.append(f"{entry['min']} to {entry['max']}")
    elif "max" in entry:
        parts.append(f"at most {entry['max']}")
    elif "min" in entry:
        parts.append(f"at least {entry['min']}")
    if "values" in entry:
        parts.append(", ".join(map(str, entry["values"])))
    if "pattern" in entry:
        parts.append(entry["pattern"])
    text = "; ".join(parts) or str(entry.get("default", ""))
    if entry.get("unit") not in (None, "names", "regex", "rule"):
        text += f" {entry['unit']}"
    if "default" in entry and parts:
        text += f", default {entry['default']}"
    return text + (", adjustable" if entry.get("kind") == "adjustable" else "")
