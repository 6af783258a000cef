"""Input that is no template, or a bomb: a finding or an error, soon and small, named itself or found in a folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

pytest.importorskip("resource")

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FUNCTION = b"Resources:\n  Fn:\n    Type: AWS::Lambda::Function\n    Properties:\n"
IN_JSON = b'{"Resources": {"Fn": {"Type": "AWS::Lambda::Function", "Properties": {"A": '
MARK = b"# AWS::Lambda::Function\n"
MOST_SECONDS, MOST_MEGABYTES = 30, 300
"""Each takes under two seconds on a quiet machine; a loaded one must not decide, and what hangs crosses this too."""

# name: (name of the file, its bytes, a part of what is said)
INPUTS = {
    "latin-1": ("t.yaml", lambda: FUNCTION + b"      Description: caf\xe9\n", "not UTF-8"),
    "utf-16": ("t.yaml", lambda: FUNCTION.decode().encode("utf-16"), "not UTF-8"),
    "utf-16 without a mark": ("t.yaml", lambda: b"\xfe\xff" + FUNCTION.decode().encode("utf-16-be"), "not UTF-8"),
    "nul bytes": ("t.yaml", lambda: FUNCTION + b"      A: \0\n", "cannot be read"),
    "50 MB of YAML": ("t.yaml", lambda: FUNCTION + b"      A: b\n" * 5_000_000, "larger than 2000000 bytes"),
    "50 MB in one line": ("t.yaml", lambda: FUNCTION + b"      A: " + b"b" * 50_000_000, "larger than 2000000 bytes"),
    "brackets": ("t.yaml", lambda: FUNCTION + b"      A: " + b"[" * 1_000_000, "more than 100 levels"),
    "braces": ("t.yaml", lambda: FUNCTION + b"      A: " + b"{a: " * 400_000, "more than 100 levels"),
    "indentation": (
        "t.yaml",
        lambda: FUNCTION + b"".join(b" " * n + b"a:\n" for n in range(6, 10_000)),
        "larger than 2000000 bytes",
    ),
    "less indentation": (
        "t.yaml",
        lambda: FUNCTION + b"".join(b" " * n + b"a:\n" for n in range(6, 1_900)),
        "more than 100 levels",
    ),
    "lists in lists": ("t.yaml", lambda: FUNCTION + b"      A:\n        " + b"- " * 900_000, "more than 100 levels"),
    "aliases": (
        "t.yaml",
        lambda: (
            MARK
            + b"a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
            + b"".join(b"a%d: &a%d [%s]\n" % (n, n, b",".join([b"*a%d" % (n - 1)] * 9)) for n in range(1, 12))
            + FUNCTION
        ),
        "aliases stand for more than",
    ),
    "an alias of itself": ("t.yaml", lambda: FUNCTION + b"      A: &a [*a]\n", "cannot be read"),
    "anchors": ("t.yaml", lambda: FUNCTION + b"".join(b"      a%d: &a%d 1\n" % (n, n) for n in range(60_000)), "LL"),
    "an open quote": ("t.yaml", lambda: FUNCTION + b'      A: "' + b"a\n" * 600_000, "cannot be read"),
    "brackets of JSON": ("t.json", lambda: IN_JSON + b"[" * 1_000_000, "LL001"),
    "closed brackets of JSON": ("t.json", lambda: IN_JSON + b"[" * 250_000 + b"]" * 250_000 + b"}" * 4, "levels"),
    "braces of JSON": ("t.json", lambda: IN_JSON + b'{"a":' * 250_000, "levels"),
    "50 MB of JSON": ("t.json", lambda: IN_JSON + b'"' + b"a" * 50_000_000 + b'"' + b"}" * 4, "20000000 bytes"),
    "values of JSON": ("t.json", lambda: IN_JSON + b"[" + b"1," * 9_000_000 + b"1]" + b"}" * 4, "values"),
    "digits of JSON": ("t.json", lambda: IN_JSON + b"1" * 10_000_000 + b"}" * 4, "LL012"),
    "keys of JSON": ("t.json", lambda: IN_JSON + b"1" + b', "A": 1' * 290_000 + b"}" * 4, "LL008"),
    "escapes of JSON": ("t.json", lambda: IN_JSON + b'"' + b"\\ud800" * 1_000_000 + b'"' + b"}" * 4, "LL"),
    "a loop of references": (
        "t.yaml",
        lambda: (
            FUNCTION
            + b"      Role: !GetAtt A.Arn\n  A:\n    Type: AWS::Lambda::Alias\n    Properties: {FunctionName: !Ref A}\n"
        ),
        "LL",
    ),
    "conditions on conditions": (
        "t.yaml",
        lambda: (
            b"Parameters: {P: {Type: String}}\nConditions:\n  C0: !Equals [!Ref P, a]\n"
            + b"".join(
                b"  C%d: !Or [!And [!Condition C%d, !Condition C%d], !Not [!Condition C0]]\n" % (n, n - 1, n - 1)
                for n in range(1, 60)
            )
            + FUNCTION
            + b"      Timeout: !If [C59, 901, 3]\n"
        ),
        "LL",
    ),
    "many resources": (
        "t.yaml",
        lambda: b"Resources:\n" + b"".join(b"  F%d: {Type: AWS::Lambda::Function}\n" % n for n in range(1_500)),
        "LL012",
    ),
}  # fmt: skip


LAUNCH = """
import json, resource, subprocess, sys, time
begun = time.perf_counter()
done = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
seconds = time.perf_counter() - begun
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // (1 << (20 if sys.platform == "darwin" else 10))
print(json.dumps([done.returncode, done.stdout.decode(), seconds, peak]))
"""
"""Linux counts what a process was before it became another program: only the child of a small one is measured alone."""


def run(folder, *arguments):
    """Exit code, output, seconds, and megabytes at most of a lambdalint of its own."""
    command = [sys.executable, "-c", LAUNCH, sys.executable, "-m", "lambdalint", "--quiet", *arguments]
    environment = {**os.environ, "PYTHONPATH": ROOT, "PYTHONUTF8": "1"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize("how", ["named", "in a folder"])
@pytest.mark.parametrize("name", INPUTS)
def test_a_bad_template_is_a_finding_soon_and_small(name, how, tmp_path):
    file, make, said = INPUTS[name]
    (tmp_path / file).write_bytes(make())
    code, output, seconds, megabytes = run(tmp_path, file if how == "named" else ".")
    assert "internal error" not in output
    assert "Traceback" not in output
    assert said in output
    assert not [line for line in output.splitlines() if "{problem}" in line or "{limit}" in line]
    assert code == 1, output[:1000]
    assert seconds < MOST_SECONDS
    assert megabytes < MOST_MEGABYTES


def test_bad_files_leave_the_others_to_be_linted(tmp_path):
    (tmp_path / "bad.yaml").write_bytes(FUNCTION + b"      A: [\n")
    (tmp_path / "big.yaml").write_bytes(FUNCTION + b"      A: b\n" * 400_000)
    (tmp_path / "good.yaml").write_bytes(FUNCTION + b"      Timeout: 901\n")
    code, output, *_ = run(tmp_path, "--format", "json", "--select", "LL001,LL102", ".")
    found = {(one["path"], one["code"]) for one in json.loads(output)["findings"]}
    assert found == {("bad.yaml", "LL001"), ("big.yaml", "LL001"), ("good.yaml", "LL102")}
    assert code == 1


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["missing.yaml"], 2, "no such file"),
        (["missing.yaml", "good.yaml"], 2, "no such file"),
        (["empty.yaml"], 0, ""),  # a hook gets all YAML files of a commit
        (["other.yaml", "binary.yaml"], 0, ""),
        (["nothing"], 2, "nothing to lint here"),
        (["folder.yaml"], 2, "nothing to lint here"),
        (["good.yaml"], 0, ""),
        (["--config", "missing.toml", "good.yaml"], 2, "missing.toml"),
        (["--as-of", "yesterday", "good.yaml"], 2, "--as-of"),
        (["--nonsense", "good.yaml"], 2, "--nonsense"),
    ],
)
def test_exit_codes(arguments, code, said, tmp_path):
    (tmp_path / "empty.yaml").write_bytes(b"")
    (tmp_path / "other.yaml").write_bytes(b"a: [")
    (tmp_path / "binary.yaml").write_bytes(bytes(range(256)) * 100)
    (tmp_path / "nothing").mkdir()
    (tmp_path / "folder.yaml").mkdir()
    (tmp_path / "good.yaml").write_bytes(b"Resources: {Fn: {Type: 'AWS::Lambda::EventInvokeConfig'}}\n")
    got, output, *_ = run(tmp_path, "--select", "LL1", *arguments)
    assert (got, "Traceback" in output) == (code, False), output
    assert said in output


def test_unreadable_and_odd_files(tmp_path):
    """A named pipe, a dangling link, a link to itself: nothing waits and nothing breaks."""
    os.mkfifo(tmp_path / "pipe.yaml")
    os.symlink("nowhere", tmp_path / "dangling.yaml")
    os.symlink("self.yaml", tmp_path / "self.yaml")
    os.symlink(".", tmp_path / "loop")
    (tmp_path / "good.yaml").write_bytes(FUNCTION + b"      Timeout: 901\n")
    code, output, seconds, _ = run(tmp_path, "--select", "LL102", ".")
    assert (code, output.count("LL102")) == (1, 1), output
    assert seconds < MOST_SECONDS
