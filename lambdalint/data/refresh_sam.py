"""Makes the SAM tables of this folder anew: ``python -m lambdalint.data.refresh_sam``.

A development tool: nothing of it runs in lambdalint. It reads what aws-sam-translator ships, without importing it:
the paths of AWS managed policies (``managed_policy_paths.json``) and the profiles of connectors
(``connector_profiles.json``). The same source gives the same bytes; the date is the day of the last change.
"""

from __future__ import annotations

import datetime
import json
import sys
from pathlib import Path
from typing import Any

from lambdalint.data.refresh_iam import HERE, Sources, source

ARN = "arn:aws:iam::aws:policy/"


def managed_policy_paths(package: Path) -> dict[str, Any]:
    """Name -> path (``service-role/``, often empty), of the standard partition."""
    raw = json.loads((package / "internal" / "data" / "aws_managed_policies.json").read_text(encoding="utf-8"))
    return {"paths": {name: arn[len(ARN) : -len(name)] for name, arn in sorted(raw["aws"].items())}}


def connector_profiles(package: Path) -> dict[str, Any]:
    """What a resource type is referred to by, and what each pair of types is granted."""
    raw = json.loads((package / "model" / "connector_profiles" / "profiles.json").read_text(encoding="utf-8"))
    return {"resources": raw["CfnResourceProperties"], "permissions": raw["Permissions"]}


def refresh(sources: Sources, folder: Path = HERE, today: str = "") -> None:
    """Make both tables in ``folder``; ``today`` (YYYY-MM-DD) dates what changed."""
    package = sources.package("samtranslator")
    header = source(sources, "samtranslator", "aws-sam-translator", "Apache-2.0")
    tables = {
        "managed_policy_paths.json": managed_policy_paths(package),
        "connector_profiles.json": connector_profiles(package),
    }
    for name, table in tables.items():
        path = folder / name
        old = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        before = old.pop("_source", {})
        same = old == table and all(before.get(key) == value for key, value in header.items())
        date = before["checked_on"] if same else today or datetime.date.today().isoformat()
        members = {"_source": {**header, "checked_on": date}, **table}
        lines = [f"{json.dumps(key)}:{json.dumps(value, separators=(',', ':'))}" for key, value in members.items()]
        path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8", newline="\n")
        print(f"{name}: {'unchanged' if same else 'changed'}")


if __name__ == "__main__":
    refresh(Sources(sys.argv[1] if len(sys.argv) > 1 else None))
