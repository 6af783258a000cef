"""The hooks of pre-commit as shipped: on which names they fire, and what they do when pre-commit installs them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys

import pytest
import yaml

from lambdalint.cli import run as command
from lambdalint.rulebook import load

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

with open(os.path.join(ROOT, ".pre-commit-hooks.yaml"), encoding="utf-8") as file:
    HOOKS = {hook["id"]: hook for hook in yaml.safe_load(file)}


# -- which files -------------------------------------------------------------------------------------------------------

NAMES = {
    "lambdalint": (
        ["template.yaml", "template.yml", "infra/stack.json", "a.template", "a/b/queues.YAML", "x.cfn", "my stack.yml"],
        [
            "README.md", "app.py", "package.json", "web/package-lock.json", "tsconfig.json", ".github/workflows/ci.yml",
            "docker-compose.yml", "compose.yaml", "mkdocs.yml", ".pre-commit-config.yaml", "cdk.out/App.template.json",
            "src/.aws-sam/build/template.yaml", "node_modules/x/y.json", "template.yaml.bak", "yaml",
        ],
    ),
    "lambdalint-repo": (
        [
            "template.yaml", "samconfig.toml", "samconfig.yaml", "src/app.py", "src/index.mjs", "src/index.ts",
            "src/requirements.txt", "requirements-dev.txt", "pyproject.toml", "src/Dockerfile", "lambdalint.toml",
        ],
        ["README.md", "docs/picture.png", ".github/workflows/ci.yml", "setup.cfg", "app.pyc", "notes.txt"],
    ),
    "lambdalint-cdk": (
        ["bin/app.ts", "lib/stack.py", "cdk.json", "cdk.context.json", "package.json", "src/Main.java"],
        ["README.md", "template.yaml", ".github/workflows/ci.yml", "node_modules/x/index.js", "cdk.json.bak"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("hook", HOOKS)
def test_names(hook):
    pattern = re.compile(HOOKS[hook]["files"])
    fires, rests = NAMES[hook]
    assert [name for name in fires if not pattern.search(name)] == []
    assert [name for name in rests if pattern.search(name)] == []


def test_shape():
    assert list(HOOKS) == ["lambdalint", "lambdalint-repo", "lambdalint-cdk"]
    for hook in HOOKS.values():
        assert hook["language"] == "python"
        assert hook["require_serial"] is True
        assert "types" not in hook
        assert "types_or" not in hook
    assert [hook.get("pass_filenames", True) for hook in HOOKS.values()] == [True, False, False]


MENTIONS = {
    "list.json": '["AWS::Lambda::Function"]',
    "list.yaml": "- AWS::Lambda::Function\n",
    "chart.yaml": "{{- if .Values.x }}\nkind: AWS::Lambda::Function\n{{- end }}\n",
    "two.yaml": "kind: ConfigMap\ndata: {t: AWS::Lambda::Function}\n---\nkind: ConfigMap\nresources: {}\n",
    "rule.json": '{"Scope": {"ComplianceResourceTypes": ["AWS::Lambda::Function"]}}',
    "large.json": "[" + ", ".join(['{"a": "AWS::Lambda::Function", "b": [0]}'] * 200_000) + "]",
}
"""Files that a hook is given and that name a resource, none of which is a template."""


def test_what_merely_names_a_resource_is_passed_over(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name, text in MENTIONS.items():
        (tmp_path / name).write_text(text)
    assert command(["check", *MENTIONS]) == 0
    assert capsys.readouterr().out == "No findings; 0 functions in 0 files checked\n"


def test_a_section_misspelt_is_told_though_there_are_no_resources(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name in ("utf-8", "utf-16"):
        text = APPLICATION.replace("Resources:", "Resorces:")
        (tmp_path / f"{name}.yaml").write_bytes(text.encode(name))
    assert command(["check", "utf-8.yaml", "--quiet"]) == 1
    assert "LL002" in capsys.readouterr().out
    assert command(["check", "--quiet"]) == 1
    out = capsys.readouterr().out
    assert "utf-8.yaml:2:1  error  LL002 malformed-template" in out
    assert "utf-16.yaml:1:1  error  LL001" in out


# -- as pre-commit runs them -------------------------------------------------------------------------------------------

BAD = 'Resources: {A: {Type: "AWS::Lambda::Function", Properties: {Timeout: 901}}}\n'
APPLICATION = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Orders:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.13
      Handler: app.handler
      CodeUri: src/
      Timeout: 30
"""
HANDLER = "def handler(event, context):\n    return {}\n"


def git(folder, *words):
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false")
    run = subprocess.run(["git", *identity, *words], cwd=folder, capture_output=True, text=True, check=True)
    return run.stdout.strip()


@pytest.fixture(scope="module")
def pre_commit(tmp_path_factory):
    """Runs pre-commit in a project whose config names a clone of this repository."""
    base = tmp_path_factory.mktemp("hooks")
    clone = base / "lambdalint"
    ignored = shutil.ignore_patterns(
        ".git", "__pycache__", "*.egg-info", ".venv", ".*_cache", ".hypothesis", ".ci", "tests"
    )
    shutil.copytree(ROOT, clone, ignore=ignored)
    git(clone, "init", "--quiet")
    git(clone, "add", "--all")
    git(clone, "commit", "--quiet", "--message", "as it is")
    venv = base / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
    pip = [str(venv / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "pre-commit"]
    if subprocess.run(pip, capture_output=True, check=False).returncode:
        pytest.skip("pre-commit cannot be installed here")
    config = {
        "repos": [
            {
                "repo": str(clone),
                "rev": git(clone, "rev-parse", "HEAD"),
                "hooks": [
                    {"id": "lambdalint", "args": ["--as-of", "2026-11-23"]},
                    {"id": "lambdalint-repo", "args": ["--as-of", "2026-11-23", "--fail-on", "warning"]},
                    {"id": "lambdalint-cdk", "args": ["--as-of", "2026-11-23"]},
                ],
            }
        ]
    }
    env = {**os.environ, "PRE_COMMIT_HOME": str(base / "home")}
    env.pop("PYTHONPATH", None)

    class Project:
        def __init__(self, folder):
            self.folder = folder
            git(folder, "init", "--quiet")
            self.write(**{".pre-commit-config.yaml": json.dumps(config), ".gitignore": "cdk.out\n"})
            self.commit()

        def write(self, **files):
            for name, text in files.items():
                path = self.folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            git(self.folder, "add", "--all")

        def commit(self):
            git(self.folder, "commit", "--quiet", "--no-verify", "--allow-empty", "--message", "before")

        def run(self, hook):
            """Exit code and output of a hook on what is staged."""
            words = [str(venv / "bin" / "pre-commit"), "run", hook, "--verbose", "--color", "never"]
            done = subprocess.run(words, cwd=self.folder, env=env, capture_output=True, text=True, check=False)
            return done.returncode, done.stdout + done.stderr

    Project.program = str(venv / "bin" / "pre-commit")
    return Project


@pytest.mark.slow
def test_the_manifest_is_valid(pre_commit):
    run = subprocess.run(
        [pre_commit.program, "validate-manifest", os.path.join(ROOT, ".pre-commit-hooks.yaml")], check=False
    )
    assert run.returncode == 0


@pytest.mark.slow
def test_a_bad_template_is_blocked_and_shown(pre_commit, tmp_path):
    project = pre_commit(tmp_path)
    project.write(**{"template.yaml": BAD})
    code, output = project.run("lambdalint")
    assert code == 1, output
    assert "template.yaml:1" in output
    assert "Timeout is 901 s; Lambda accepts 1 to 900 s" in output


@pytest.mark.slow
def test_what_is_no_template_is_passed_over(pre_commit, tmp_path):
    project = pre_commit(tmp_path)
    project.write(**{"values.yaml": "a: [1, 2]\n", "broken.yaml": "a: [\n", "data.json": '{"a": 1}', "README.md": "#"})
    assert project.run("lambdalint")[0] == 0


@pytest.mark.slow
def test_several_files_at_once(pre_commit, tmp_path):
    project = pre_commit(tmp_path)
    project.write(**{f"{name}.yaml": BAD if name in "bd" else "a: 1\n" for name in "abcd"})
    code, output = project.run("lambdalint")
    assert code == 1
    assert "b.yaml:1" in output
    assert "d.yaml:1" in output
    assert " in 2 files; 2 functions in 2 files checked" in output


@pytest.mark.slow
def test_a_good_one_passes(pre_commit, tmp_path):
    project = pre_commit(tmp_path)
    project.write(**{"template.yaml": APPLICATION, "src/app.py": HANDLER})
    for hook in ("lambdalint", "lambdalint-repo"):
        code, output = project.run(hook)
        assert code == 0, output


@pytest.mark.slow
@pytest.mark.skipif("LL205" not in load().rules, reason="needs LL205")
def test_a_changed_handler_is_judged_with_its_template(pre_commit, tmp_path):
    project = pre_commit(tmp_path)
    project.write(**{"template.yaml": APPLICATION, "src/app.py": HANDLER})
    project.commit()
    project.write(**{"src/app.py": HANDLER.replace("def handler", "def main")})
    assert project.run("lambdalint")[0] == 0
    code, output = project.run("lambdalint-repo")
    assert code == 1, output
    assert "LL205" in output


@pytest.mark.slow
@pytest.mark.skipif("LL503" not in load().rules, reason="needs LL503")
def test_a_handler_that_no_longer_fits_its_role(pre_commit, tmp_path):
    project = pre_commit(tmp_path)
    project.write(**{"template.yaml": APPLICATION, "src/app.py": HANDLER})
    project.commit()
    call = "    boto3.client('dynamodb').put_item(TableName='orders', Item={})\n    return"
    project.write(**{"src/app.py": "import boto3\n\n\n" + HANDLER.replace("    return", call)})
    code, output = project.run("lambdalint-repo")
    assert code == 1, output
    assert "LL503" in output


@pytest.mark.slow
def test_other_changes_rest(pre_commit, tmp_path):
    project = pre_commit(tmp_path)
    project.write(**{"template.yaml": BAD})
    project.commit()
    project.write(**{"README.md": "# changed\n"})
    for hook in HOOKS:
        code, output = project.run(hook)
        assert code == 0
        assert "no files to check" in output


@pytest.mark.slow
def test_a_cloud_assembly(pre_commit, tmp_path):
    project = pre_commit(tmp_path)
    project.write(**{"bin/app.ts": "// an app\n"})
    code, output = project.run("lambdalint-cdk")
    assert code == 1
    assert "run cdk synth first" in output
    properties = {
        "Runtime": "python3.13",
        "Handler": "index.handler",
        "Code": {"ZipFile": HANDLER},
        "Role": "arn:aws:iam::111122223333:role/fn",
        "Timeout": 901,
    }
    metadata = {"aws:cdk:path": "App/Fn/Resource"}
    template = {"Resources": {"Fn": {"Type": "AWS::Lambda::Function", "Properties": properties, "Metadata": metadata}}}
    stack = {
        "type": "aws:cloudformation:stack",
        "environment": "aws://unknown-account/unknown-region",
        "properties": {"templateFile": "App.template.json"},
        "displayName": "App",
    }
    assembly = {"version": "38.0.0", "artifacts": {"App": stack}}
    files = {"manifest.json": json.dumps(assembly), "App.template.json": json.dumps(template), "cdk.out": "{}"}
    project.write(**{f"cdk.out/{name}": text for name, text in files.items()})
    code, output = project.run("lambdalint-cdk")
    assert code == 1, output
    assert "LL102" in output
    files["App.template.json"] = json.dumps(template).replace("901", "90")
    project.write(**{f"cdk.out/{name}": text for name, text in files.items()})
    assert project.run("lambdalint-cdk")[0] == 0
