"""The GitHub action: its scripts run here as far as a runner is not needed, and inputs never become code."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import pytest
import yaml

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

with open(os.path.join(ROOT, "action.yml"), encoding="utf-8") as file:
    ACTION = yaml.safe_load(file)
STEPS = {step["name"]: step for step in ACTION["runs"]["steps"]}

BAD = 'Resources: {A: {Type: "AWS::Lambda::Function", Properties: {Timeout: 901}}}\n'
CLEAN = BAD.replace("901", "30")


@pytest.fixture
def lint(tmp_path):
    """Runs the Lint and the Gate step in a folder as a runner would: their exit code, outputs and log."""
    workspace = tmp_path / "work space"
    workspace.mkdir()
    venv = tmp_path / "venv" / "bin"
    venv.mkdir(parents=True)
    tool = venv / "lambdalint"
    tool.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT!r} exec {sys.executable} -m lambdalint "$@"\n')
    tool.chmod(0o755)

    def run(**inputs):
        given = {name: str(value["default"]) for name, value in ACTION["inputs"].items()} | inputs
        known = {"runner.temp": str(tmp_path)}
        known |= {f"inputs.{name}": value for name, value in given.items()}
        outputs = tmp_path / "outputs"
        outputs.write_text("")
        (tmp_path / "summary").write_text("")

        def step(name, extra):
            found = STEPS[name]
            names = {**known, **extra}

            def text(value):
                return re.sub(r"\$\{\{ *([\w.-]+) *\}\}", lambda match: names[match[1]], value)

            env = {key: text(value) for key, value in found.get("env", {}).items()}
            env["VENV"] = str(venv.parent)
            base = {"PATH": os.environ["PATH"], "GITHUB_OUTPUT": str(outputs)}
            base["GITHUB_STEP_SUMMARY"] = str(tmp_path / "summary")
            script = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", found["run"]]
            return subprocess.run(
                script, env={**base, **env}, cwd=workspace, capture_output=True, text=True, check=False
            )

        log = step("Lint", {})
        assert log.returncode == 0, log.stderr  # what follows runs also when the check fails
        lines = outputs.read_text().splitlines()
        code = next(line.partition("=")[2] for line in lines if line.startswith("exit-code="))
        gate = step("Gate", {"steps.lint.outputs.exit-code": code})
        sarif = (
            lines[lines.index(next(line for line in lines if line.startswith("sarif-file<<"))) + 1]
            if any(line.startswith("sarif-file<<") for line in lines)
            else ""
        )
        return gate.returncode, sarif, log.stdout, (tmp_path / "summary").read_text()

    run.workspace = workspace
    return run


def test_findings_fail_the_job_and_are_uploaded(lint):
    (lint.workspace / "template.yaml").write_text(BAD)
    code, sarif, log, summary = lint(arguments="--select\nLL102")
    assert code == 1
    assert sarif == "./lambdalint.sarif"
    run = json.loads((lint.workspace / "lambdalint.sarif").read_text())["runs"][0]
    assert [result["ruleId"] for result in run["results"]] == ["LL102"]
    assert run["automationDetails"]["id"] == "lambdalint/"
    assert "::error file=template.yaml" in log
    assert "LL102" in summary


def test_clean(lint):
    (lint.workspace / "template.yaml").write_text(CLEAN)
    assert lint(arguments="--select\nLL102")[:2] == (0, "./lambdalint.sarif")


def test_fail_on(lint):
    (lint.workspace / "template.yaml").write_text(BAD)
    assert lint(arguments="--select\nLL102", **{"fail-on": "never"})[0] == 0


def test_wrong_usage_and_nothing_to_lint_are_2(lint):
    (lint.workspace / "template.yaml").write_text(BAD)
    assert lint(arguments="--selct\nLL102")[:2] == (2, "")
    assert lint(paths="nowhere")[0] == 2


def test_paths_with_spaces_and_dashes(lint):
    (lint.workspace / "a stack.yaml").write_text(BAD)
    (lint.workspace / "-b.yaml").write_text(BAD)
    code, _, log, _ = lint(paths="a stack.yaml\n-b.yaml\n", arguments="--select\nLL102", **{"sarif-file": "out.sarif"})
    assert code == 1
    assert log.count("::error") == 2


@pytest.mark.parametrize("name", sorted(ACTION["inputs"]))
def test_inputs_are_never_run(lint, name):
    (lint.workspace / "template.yaml").write_text(BAD)
    hostile = "$(touch pwned) `touch pwned`; touch pwned; \"'; touch pwned #"
    if name not in ("python-version", "version", "upload"):
        given = {"arguments": "--select\nLL102"} | {name: hostile}
        if name == "summary":
            given[name] = 'true"; touch pwned; "'
        lint(**given)
    assert not (lint.workspace / "pwned").exists()


def test_no_script_holds_an_expression():
    for name, step in STEPS.items():
        assert "${{" not in step.get("run", ""), name


def test_what_must_always_run():
    for name in ("Upload to code scanning", "Gate"):
        assert "always()" in STEPS[name]["if"]
    names = list(STEPS)
    assert names.index("Lint") < names.index("Upload to code scanning") < names.index("Gate")


def test_actions_are_pinned_by_commit():
    for step in STEPS.values():
        if "uses" in step:
            assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", step["uses"])


def test_a_version_is_one(tmp_path):
    """The version becomes a word of pip's: nothing but a version may stand there."""
    fake = tmp_path / "python"
    fake.write_text(f'#!/bin/sh\nif [ "$1" = -m ] && [ "$2" = venv ]; then mkdir -p "$3/bin"; cp "$0" "$3/bin/python"; '
                    f'else echo "$@" >> {tmp_path}/log; fi\n')  # fmt: skip
    fake.chmod(0o755)

    def install(version):
        env = {"PATH": os.environ["PATH"], "PYTHON": str(fake), "VENV": str(tmp_path / "venv"), "VERSION": version}
        script = ["bash", "-eo", "pipefail", "-c", STEPS["Install lambdalint"]["run"]]
        return subprocess.run(
            script, env={**env, "ACTION_PATH": "/the action"}, capture_output=True, check=False
        ).returncode

    assert install("1.2.3") == 0
    assert install("") == 0
    assert install("1.0 --index-url=https://example.com") == 2
    assert install("1.0; x") == 2
    assert (tmp_path / "log").read_text().splitlines() == [
        "-m pip install --disable-pip-version-check --quiet lambdalint==1.2.3",
        "-m pip install --disable-pip-version-check --quiet /the action",
    ]
