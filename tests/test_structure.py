"""The structure holds: imports go one way, start-up stays small, the compiled book is the one of the YAML."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys

import pytest

import lambdalint

PACKAGE = os.path.dirname(lambdalint.__file__)
ROOMS = [
    "finding",
    "model",
    "data",
    "nearest",
    "parsers",
    "iam",
    "checks",
    "rulebook",
    "engine",
    "reporters",
    "commands",
    "cli",
]

MAY_IMPORT = {
    "finding": set(),
    "nearest": set(),
    "data": set(),
    "model": {"finding", "model"},
    "iam": {"finding", "model", "data", "iam", "nearest"},
    "checks": {"finding", "model", "iam", "data", "nearest", "checks", "rulebook"},
    "parsers": {"finding", "model", "data", "nearest", "parsers", "settings", "judge"},
    "rulebook": {"finding"},
    "judge": {"finding", "model", "rulebook"},
    "settings": {"finding"},
    "reporters": {"finding", "reporters"},
}


def modules():
    for folder, _, names in os.walk(PACKAGE):
        for name in names:
            if name.endswith(".py") and not name.startswith("refresh"):
                path = os.path.join(folder, name)
                yield os.path.relpath(path, PACKAGE).replace(os.sep, "/"), path


def imported(path):
    """The rooms of ours that a module imports, at its top level or in a function."""
    with open(path, encoding="utf-8") as file:
        tree = ast.parse(file.read())
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("lambdalint."):
            yield node.module.split(".")[1]
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.startswith("lambdalint."):
                    yield alias.name.split(".")[1]


@pytest.mark.parametrize("room", sorted(MAY_IMPORT))
def test_imports_go_one_way(room):
    for name, path in modules():
        if name.split("/")[0].removesuffix(".py") == room:
            assert set(imported(path)) - {"rulebook"} <= MAY_IMPORT[room] | {"rulebook"}, name
            if room not in ("checks", "judge"):
                assert "rulebook" not in set(imported(path)), name


def test_only_the_command_line_prints():
    for name, path in modules():
        with open(path, encoding="utf-8") as file:
            tree = ast.parse(file.read())
        calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)]
        if name != "cli.py":
            assert not [c for c in calls if c.func.id in ("print", "exit")], name


HEAVY = (
    "rich libcst jsonschema tomli dataclasses importlib.metadata pathlib tempfile subprocess zipfile tarfile argcomplete"
    " concurrent.futures multiprocessing hashlib urllib.parse ipaddress shutil logging asyncio typing_extensions"
).split()


def test_start_up_loads_nothing_heavy():
    """A plain run on one template: what each module costs is what a hook feels."""
    template = os.path.join(os.path.dirname(__file__), "data", "ec2-scheduler", "template.yaml")
    code = (
        "import sys; from lambdalint.cli import run; run([sys.argv[1]]); "
        "print('|' + ' '.join(sorted(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-S", "-c", PATHS + code, template], capture_output=True, text=True)
    loaded = set(done.stderr.rsplit("|", 1)[1].split())
    allowed = {"tempfile", "shutil"} if not os.path.isdir(os.path.join(PACKAGE, "book")) else set()
    assert not loaded & (set(HEAVY) - allowed)


PATHS = "import sys; sys.path[:] = " + repr(sys.path) + "; "


def test_the_compiled_book_is_the_same(tmp_path):
    from lambdalint import rulebook
    from lambdalint.rulefiles import compile_book, read_facts, read_rules

    compile_book(rulebook.CHECKOUT, str(tmp_path))
    names = {name.removesuffix(".json") for name in os.listdir(tmp_path)}
    tables = {}
    for name in names:
        with open(tmp_path / f"{name}.json", encoding="utf-8") as file:
            tables[name] = json.load(file)
    source = read_rules(rulebook.CHECKOUT)
    assert {stem: {**tables["rules"][stem], **tables["docs"][stem]} for stem in source} == json.loads(
        json.dumps(source)
    )
    facts = read_facts(rulebook.CHECKOUT)
    for name in names - {"rules", "docs"}:
        assert tables[name] == json.loads(json.dumps(facts(name)))
