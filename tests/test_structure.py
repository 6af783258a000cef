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
MAY_IMPORT = {
    "finding": set(),
    "nearest": set(),
    "data": set(),
    "digest": set(),
    "patterns": set(),
    "model": {"finding", "model"},
    "iam": {"finding", "model", "data", "iam", "nearest"},
    "checks": {"finding", "model", "iam", "data", "nearest", "patterns", "checks"},
    "settings": {"finding"},
    "parsers": {"finding", "model", "data", "nearest", "parsers", "settings", "digest"},
    "rulebook": {"finding", "model", "rulebook"},
    "judge": {"finding", "model", "rulebook", "settings", "digest"},
    "reporters": {"finding", "reporters"},
}
"""What each room may know."""


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
            assert set(imported(path)) <= MAY_IMPORT[room], name


def test_only_the_command_line_prints():
    for name, path in modules():
        with open(path, encoding="utf-8") as file:
            tree = ast.parse(file.read())
        calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)]
        if name != "cli.py":
            assert not [c for c in calls if c.func.id in ("print", "exit")], name


HEAVY = (
    "rich libcst jsonschema tomli dataclasses importlib.metadata pathlib tempfile subprocess zipfile tarfile"
    " concurrent.futures multiprocessing hashlib urllib.parse ipaddress shutil logging asyncio typing_extensions"
    " argparse gettext locale importlib"
).split()
OURS = (
    "arguments directives iam model.source model.artifact model.image"
    " model.packages model.census parsers.artifacts parsers.archive parsers.python parsers.cdk parsers.document.json"
    " parsers.foreach checks.edge checks.urls checks.mappings checks.package checks.images checks.handlers"
    " reporters.text_rich ownrules baseline pool"
).split()
"""What a plain template needs none of: rules say what they need, and the rest is imported where it is used."""


def test_start_up_loads_nothing_heavy(tmp_path):
    """A plain run on one template, as a wheel has the book: what each module costs is what a hook feels."""
    from lambdalint import rulebook
    from lambdalint.rulebook.files import compile_book

    compile_book(rulebook.CHECKOUT, str(tmp_path / "book"))
    template = tmp_path / "template.yaml"
    template.write_text(TEMPLATE, encoding="utf-8")
    code = (
        "import sys; import lambdalint.rulebook as book; book.COMPILED = sys.argv[1]; "
        "from lambdalint.cli import run; run([sys.argv[2]]); print('|' + ' '.join(sorted(sys.modules)))"
    )
    command = [sys.executable, "-S", "-c", PATHS + code, str(tmp_path / "book"), str(template)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    report, _, names = done.stdout.rpartition("|")
    assert "LL102" in report
    loaded = set(names.split())
    assert not loaded & {*HEAVY, *(f"lambdalint.{name}" for name in OURS)}
    assert len([name for name in loaded if name.startswith("lambdalint")]) < 80


TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Globals:
  Function:
    Runtime: python3.13
Resources:
  Report:
    Type: AWS::Serverless::Function
    Properties:
      Handler: app.handler
      CodeUri: s3://bucket/key.zip
      Timeout: 901
      Environment:
        Variables:
          STAGE: test
      Events:
        Nightly:
          Type: Schedule
          Properties:
            Schedule: rate(1 day)
"""
PATHS = "import sys; sys.path[:] = " + repr(sys.path) + "; "


def test_the_compiled_book_is_the_same(tmp_path):
    from lambdalint import rulebook
    from lambdalint.rulebook.files import compile_book, read_facts, read_rules

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
    with open(os.path.join(rulebook.CHECKOUT, "rule.schema.json"), encoding="utf-8") as file:
        assert tables.pop("rule.schema") == json.load(file)
    for name in set(tables) - {"rules", "docs"}:
        assert tables[name] == json.loads(json.dumps(facts(name)))
