"""The command line as a user meets it: outputs, exit codes, broken pipes, full disks, the same answer every time."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time

import pytest

from lambdalint.cli import run as command
from lambdalint.output import write_whole
from lambdalint.settings import SettingsError

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CORPUS = os.path.join(ROOT, "..", "shared", "corpus")
BAD = 'Resources: {A: {Type: "AWS::Lambda::Function", Properties: {Timeout: 901}}}\n'
CLEAN = BAD.replace("901", "30")
ONLY = ("--select", "LL102")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "template.yaml").write_text(BAD)
    return tmp_path


def tool(*words, **more):
    """The program as a process of its own."""
    env = {**os.environ, "PYTHONPATH": ROOT, **more.pop("env", {})}
    options = {"capture_output": True, "text": True, "check": False, "timeout": 120, **more}
    return subprocess.run([sys.executable, "-m", "lambdalint", *words], env=env, **options)


# -- exit codes --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["template.yaml"], 1),
        (["check", "template.yaml"], 1),
        (["clean.yaml"], 0),
        (["template.yaml", "--fail-on", "never"], 0),
        (["template.yaml", "missing.yaml"], 2),
        (["empty"], 2),
        (["other.yaml"], 0),
        (["template.yaml", "--wrong"], 2),
        (["template.yaml", "--format", "yaml"], 2),
        (["template.yaml", "--jobs", "-1"], 2),
        (["template.yaml", "--update-baseline"], 2),
        (["template.yaml", "--select", "LL1O2"], 2),
        (["template.yaml", "--quota", "x"], 2),
        (["template.yaml", "--quota", "account.concurency=1"], 2),
        (["template.yaml", "--config", "missing.toml"], 2),
        (["--version"], 0),
        (["--help"], 0),
    ],
)
@pytest.mark.parametrize("form", ["text", "sarif", "json", "github", "markdown"])
def test_exit_codes_do_not_depend_on_the_format(folder, capsys, words, code, form):
    (folder / "clean.yaml").write_text(CLEAN)
    (folder / "other.yaml").write_text("a: 1\n")
    (folder / "empty").mkdir()
    assert command([*words, "--format", form, *(() if "--select" in words else ONLY)]) == code


def test_severities_and_fail_on(folder):
    (folder / "lambdalint.toml").write_text('select = ["LL102"]\n[severity]\nLL102 = "warning"\n')
    assert command([]) == 0
    assert command(["--fail-on", "warning"]) == 1
    assert command(["--fail-on", "note"]) == 1
    (folder / "lambdalint.toml").write_text('select = ["LL102"]\nfail-on = "note"\n[severity]\nLL102 = "note"\n')
    assert command([]) == 1


def test_where_a_cdk_app_lies_it_says_so(folder, capsys):
    (folder / "app").mkdir()
    (folder / "app" / "cdk.json").write_text("{}")
    assert command(["app"]) == 2
    assert "cdk synth" in capsys.readouterr().out
    assert command(["cdk.out"]) == 2
    assert "cdk synth" in capsys.readouterr().out


def test_a_folder_is_not_empty_where_what_lies_in_it_is_named(folder, capsys):
    (folder / "template.yaml").unlink()
    (folder / "cdk.out").mkdir()
    (folder / "cdk.out" / "manifest.json").write_text('{"version": "38.0.0", "artifacts": {}}')
    (folder / "cdk.out" / "cdk.out").write_text("{}")
    assert command(["."]) == 2
    assert "nothing to lint here" in capsys.readouterr().out
    assert command([".", "cdk.out"]) == 0
    assert "nothing to lint here" not in capsys.readouterr().out


def test_messages_are_one_line_and_name_the_nearest(folder, capsys):
    assert command(["--select", "LL1022"]) == 2
    assert (
        capsys.readouterr().err
        == "lambdalint: the command line: select: there is no rule LL1022; did you mean LL102?\n"
    )
    assert command(["--format", "jsn"]) == 2
    assert "did you mean json?" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--formt", "json"], "there is no option --formt; did you mean --format?"),
        (["template.yaml", "--no-colour"], "there is no option --no-colour; did you mean --no-color?"),
        (["--json"], "there is no option --json; did you mean --format json?"),
        (["-v"], "there is no option -v; see lambdalint --help"),
        (["--region", "eu_central_1"], "--region takes a Region as eu-central-1, not 'eu_central_1'"),
        (["--architecture", "amd64"], "argument --architecture: invalid choice: 'amd64'"),
        (["--fail-on"], "argument --fail-on: expected one argument; see lambdalint --help"),
        (["explian", "LL404"], "there is no command and no path explian; did you mean explain?"),
        (["--quiet", "explain", "LL404"], "there is no option --quiet; see lambdalint explain --help"),
        (
            ["template.yaml", "explain", "LL404"],
            "explain is a command, and a command comes first: lambdalint explain ...",
        ),
        (["help"], "there is no command and no path help; did you mean --help?"),
        (["rules", "timeot"], "there is no rule timeot; did you mean timeout?"),
        (["quotas", "function", "more"], "more is one word too many; see lambdalint quotas --help"),
        (["policy"], "the following arguments are required: LOGICAL_ID; see lambdalint policy --help"),
        (["quotas", "funtion"], "no quota begins with funtion; did you mean function?"),
        (["--parameter-overrides", "template.yaml"], "--parameter-overrides takes NAME=VALUE words, as in "),
    ],
)
def test_wrong_usage_is_told_in_one_line(folder, capsys, words, said):
    assert command(words) == 2
    out, err = capsys.readouterr()
    assert err.startswith(f"lambdalint: {said}")
    assert (err.count("\n"), out) == (1, "")


def test_a_path_that_is_named_nearly_as_a_command_is_the_path(folder):
    (folder / "rule").mkdir()
    (folder / "rule" / "template.yaml").write_text(BAD)
    assert command(["rule", *ONLY]) == 1


def test_options_and_paths_in_any_order(folder, capsys):
    (folder / "clean.yaml").write_text(CLEAN)
    assert command(["clean.yaml", "--quiet", "template.yaml", *ONLY, "clean.yaml"]) == 1
    assert capsys.readouterr().out.startswith("template.yaml:1:")
    assert command(["policy", "A", "--format", "json", "template.yaml"]) == 0
    assert "Statement" in json.loads(capsys.readouterr().out)
    assert command(["explain", "LL101", "--no-color", "LL102"]) == 0
    assert "LL102 timeout" in capsys.readouterr().out


def test_behind_two_dashes_there_are_paths_only(folder, capsys):
    (folder / "--quiet.yaml").write_text(BAD)
    assert command([*ONLY, "--quiet", "--", "--quiet.yaml"]) == 1
    assert capsys.readouterr().out.startswith("--quiet.yaml:1:")


def test_help_names_every_command_and_option_on_one_screen(capsys):
    from lambdalint.cli import COMMANDS, DEFAULTS

    assert command(["--help"]) == 0
    told = capsys.readouterr().out
    assert told.startswith("usage: lambdalint [check] [OPTION ...] [PATH ...]\n")
    assert all(f"--{name.replace('_', '-')}" in told for name in DEFAULTS)
    assert all(name in told for name in COMMANDS)
    assert told.count("\n") < 64
    for name in COMMANDS[1:]:
        assert command([name, "--help"]) == 0
        assert capsys.readouterr().out.startswith(f"usage: lambdalint {name} ")


# -- settings ----------------------------------------------------------------------------------------------------------


def test_show_reads_standard_input(folder):
    (deployment,) = json.loads(tool("show", "-", input=BAD).stdout)["deployments"]
    assert deployment["template"] == "<stdin>"
    assert deployment["resources"]


COMMANDS = pytest.mark.parametrize("command_words", [["show"], ["audit"], ["policy", "Worker"]], ids=" ".join)


@COMMANDS
def test_a_command_says_that_a_path_is_missing(folder, capsys, command_words):
    assert command([*command_words, "template.yaml", "nowhere"]) == 2
    shown = capsys.readouterr()
    assert "there is no such file or folder: nowhere" in shown.err
    assert not shown.out


@COMMANDS
def test_a_command_says_that_there_is_nothing_to_lint(folder, capsys, command_words):
    (folder / "empty").mkdir()
    assert command([*command_words, "empty"]) == 2
    assert "empty: nothing to lint here: no template names an AWS::Lambda" in capsys.readouterr().err
    (folder / "empty" / "cdk.json").write_text("{}")
    assert command([*command_words, "empty"]) == 2
    assert "run cdk synth, then lint cdk.out" in capsys.readouterr().err


@COMMANDS
@pytest.mark.parametrize("content", ["a: 1\n", BAD + "  - [\n", "Resources: {A: {Type: AWS::SQS::Queue}}\n"])
def test_a_command_says_that_no_file_holds_a_deployment(folder, capsys, command_words, content):
    (folder / "template.yaml").write_text(content)
    assert command([*command_words, "template.yaml"]) == 2
    shown = capsys.readouterr()
    assert "template.yaml: no template that can be read names an AWS::Lambda" in shown.err
    assert not shown.out


def test_show_settings(folder, capsys):
    (folder / "lambdalint.toml").write_text('ignore = ["LL101"]\nregion = "eu-west-1"\n')
    words = ["--show-settings", "--region", "eu-west-2", "--ignore", "timeout", "--as-of", "2027-01-01"]
    assert command(words) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["version"] == 1
    assert shown["config"] == str(folder / "lambdalint.toml")
    settings = shown["settings"]
    assert settings["region"] == {"value": "eu-west-2", "from": "the command line"}
    assert settings["ignore"] == {"value": ["LL101", "timeout"], "from": "lambdalint.toml:1, the command line"}
    assert settings["fail-on"] == {"value": "error", "from": "default"}
    assert settings["as-of"]["value"] == "2027-01-01"


def test_show_settings_says_mistakes(folder, capsys):
    assert command(["--show-settings", "--select", "nothing"]) == 2


def test_parameter_overrides_take_words_with_equals_only(folder):
    (folder / "template.yaml").write_text("Parameters: {T: {Type: Number}}\n" + BAD.replace("901", "!Ref T"))
    assert command([*ONLY, "--parameter-overrides", "T=901", "template.yaml"]) == 1
    assert command([*ONLY, "--parameter-overrides", "T=30", "template.yaml"]) == 0
    assert command([*ONLY, "--parameter-overrides", "T=901", "Other=1", "--", "template.yaml"]) == 1


# -- outputs -----------------------------------------------------------------------------------------------------------


def test_several_outputs_of_one_run(folder, capsys):
    words = ["--format", "text", "--format", "sarif=out.sarif", "--format", "json=out.json"]
    assert command([*ONLY, *words]) == 1
    assert "LL102" in capsys.readouterr().out
    assert json.loads((folder / "out.sarif").read_text())["runs"][0]["results"][0]["ruleId"] == "LL102"
    assert json.loads((folder / "out.json").read_text())["summary"]["error"] == 1


def test_a_dash_is_standard_output(folder, capsys):
    for words in (["--output", "-"], ["--format", "text=-"], ["--format", "text=-", "--format", "json=out.json"]):
        assert command(["template.yaml", *ONLY, *words]) == 1
        assert "Timeout is 901 s" in capsys.readouterr().out
    assert not (folder / "-").exists()
    assert command(["template.yaml", "--format", "text=-", "--format", "json=-"]) == 2
    assert "cannot both be printed" in capsys.readouterr().err


def test_codes_are_separated_by_commas_or_blanks(folder, capsys):
    assert command(["template.yaml", "--quiet", "--select", "LL101 LL102", "--ignore", " LL101,"]) == 1
    assert capsys.readouterr().out.count("\n") == 1


def test_some_of_the_rules(capsys):
    assert command(["rules", "LL102", "memory-size"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["LL102", "LL101"]


def test_output_takes_what_has_no_file_of_its_own(folder, capsys):
    assert command([*ONLY, "--format", "json", "--format", "sarif=a.sarif", "--output", "b.json"]) == 1
    assert capsys.readouterr().out == ""
    assert json.loads((folder / "b.json").read_text())["version"] == 1
    assert json.loads((folder / "a.sarif").read_text())["version"] == "2.1.0"


@pytest.mark.parametrize(
    "words",
    [
        ["--format", "json", "--format", "text"],
        ["--format", "json=a", "--format", "text=./a"],
        ["--format", "json=a", "--output", "b"],
        ["--format", "json="],
        ["--output", "no/such/folder/a"],
        ["--output", "."],
    ],
)
def test_outputs_that_cannot_be(folder, words, capsys):
    assert command([*ONLY, *words]) == 2
    assert capsys.readouterr().err.startswith("lambdalint: ")
    assert sorted(path.name for path in folder.iterdir()) == ["template.yaml"]


def test_all_files_or_none(folder):
    (folder / "a.json").write_text("old")
    (folder / "b").mkdir()
    assert command([*ONLY, "--format", "json=a.json", "--format", "sarif=b"]) == 2
    assert (folder / "a.json").read_text() == "old"
    assert sorted(path.name for path in folder.iterdir()) == ["a.json", "b", "template.yaml"]


def test_links_modes_and_devices_stay_what_they_are(folder):
    target = folder / "real.json"
    target.write_text("old")
    target.chmod(0o600)
    (folder / "link.json").symlink_to("real.json")
    write_whole({"link.json": "new", "/dev/null": "gone"})
    assert target.read_text() == "new"
    assert (folder / "link.json").is_symlink()
    assert target.stat().st_mode & 0o777 == 0o600
    assert not os.path.isfile("/dev/null")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device that is always full")
def test_full_disk(folder):
    run = tool(*ONLY, "--output", "/dev/full")
    assert (run.returncode, run.stderr) == (2, "lambdalint: /dev/full cannot be written: No space left on device\n")
    assert not os.path.isfile("/dev/full")
    with open("/dev/full", "w") as full:
        run = tool(*ONLY, capture_output=False, stdout=full, stderr=subprocess.PIPE)
    assert run.returncode == 2
    assert run.stderr == "lambdalint: standard output cannot be written: No space left on device\n"
    run = tool(*ONLY, "--format", "json=a.json", "--format", "text=/dev/full")
    assert run.returncode == 2
    assert not (folder / "a.json").exists()


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="no folder in which nobody, not even root, may write")
def test_unwritable_folder(folder, capsys):
    assert command([*ONLY, "--output", "/proc/self/a.json"]) == 2
    assert capsys.readouterr().err.startswith("lambdalint: /proc/self/a.json cannot be written: ")


def test_a_file_size_limit_leaves_no_half_file(folder):
    """A disk that fills up half way: the old report stays."""
    (folder / "a.json").write_text("old")
    script = "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100)); import signal; "
    script += (
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); from lambdalint.cli import run; sys.exit(run(sys.argv[1:]))"
    )
    run = subprocess.run(
        [sys.executable, "-c", script, *ONLY, "--format", "json", "--output", "a.json"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": ROOT, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert run.returncode == 2
    assert "a.json cannot be written: File too large" in run.stderr
    assert (folder / "a.json").read_text() == "old"
    assert sorted(path.name for path in folder.iterdir()) == ["a.json", "template.yaml"]


def test_closed_pipe(folder):
    """`| head -1` takes a line and goes: no traceback, and the gate's own verdict."""
    functions = "".join(
        f'  F{n}: {{Type: "AWS::Lambda::Function", Properties: {{Timeout: 901}}}}\n' for n in range(2000)
    )
    (folder / "template.yaml").write_text("Resources:\n" + functions)
    script = f"set -o pipefail; {sys.executable} -m lambdalint --select LL102 --format json --output '' 2>err | head -1"
    script = script.replace(" --output ''", "")
    run = subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": ROOT}
    )
    assert run.stdout.startswith('{"version": 1')
    assert (folder / "err").read_text() == ""
    assert run.returncode == 1


@pytest.mark.skipif(os.name != "posix", reason="a shell of POSIX closes them")
@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("template.yaml --select LL102 >&-", 1),
        ("template.yaml --select LL102 --format json=out.json >&- 2>&- <&-", 1),
        ("template.yaml --wrong 2>&-", 2),
        ("- <&-", 2),
        ("show - <&-", 2),
    ],
)
def test_streams_that_the_caller_closed(folder, words, code):
    line = f"{sys.executable} -m lambdalint {words}"
    run = subprocess.run(line, shell=True, env={**os.environ, "PYTHONPATH": ROOT}, capture_output=True, text=True)
    assert run.returncode == code
    assert "Traceback" not in run.stderr
    if words.endswith(" - <&-") or words == "- <&-":
        assert run.stderr == "lambdalint: standard input cannot be read: it is closed\n"
    if "json=" in words:
        assert json.loads((folder / "out.json").read_text())["findings"]


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_interrupt(folder, jobs):
    """Ctrl-C reaches the whole group of processes: one line, exit code 130, no half-written report."""
    (folder / "template.yaml").unlink()
    for number in range(40):
        functions = "".join(
            f'  F{n}: {{Type: "AWS::Lambda::Function", Properties: {{Timeout: 901}}}}\n' for n in range(1500)
        )
        (folder / f"t{number}.yaml").write_text("Resources:\n" + functions)
    process = subprocess.Popen(
        [sys.executable, "-m", "lambdalint", "--jobs", jobs, "--format", "json", "--output", "out.json"],
        env={**os.environ, "PYTHONPATH": ROOT},
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    time.sleep(1.5)
    assert process.poll() is None, "it was done before the interrupt"
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert errors == "lambdalint: interrupted\n"
    assert process.returncode == 130
    assert not (folder / "out.json").exists()


def test_what_vanishes_while_linting(folder, monkeypatch, capsys):
    """Files that go between the search and the reading are passed over, named ones are told."""
    import lambdalint.parsers.discover as discovery

    (folder / "b.yaml").write_text(BAD)
    real = os.scandir

    def scandir(path):
        entries = list(real(path))
        (folder / "b.yaml").unlink(missing_ok=True)
        return iter(entries)

    with monkeypatch.context() as patched:
        patched.setattr(discovery.os, "scandir", scandir)
        assert command([*ONLY, "."]) == 1
    assert "template.yaml" in capsys.readouterr().out
    (folder / "gone.yaml").symlink_to("nowhere.yaml")
    assert command([*ONLY, "."]) == 1
    assert command([*ONLY, "template.yaml", "gone.yaml"]) == 2
    assert "gone.yaml: there is no such file or folder" in capsys.readouterr().out


@pytest.fixture
def denied(folder, monkeypatch):
    """Paths in this set may not be read, whoever runs the tests."""
    paths = set()

    def guarded(real):
        def call(path=".", *rest, **more):
            if isinstance(path, str) and os.path.abspath(path) in paths:
                raise PermissionError(13, "Permission denied", path)
            return real(path, *rest, **more)

        return call

    monkeypatch.setattr("builtins.open", guarded(open))
    for name in ("scandir", "listdir"):
        monkeypatch.setattr(os, name, guarded(getattr(os, name)))
    return paths


@pytest.mark.parametrize("name", ["template.yaml", "closed"])
def test_what_may_not_be_read_is_told_and_spoils_a_run_that_names_it(folder, denied, capsys, name):
    (folder / "closed").mkdir()
    denied.add(str(folder / name))
    assert command(["check", name]) == 2
    assert f"notice: {name}: it cannot be read: Permission denied\n" in capsys.readouterr().out
    for words in (["audit"], ["show"], ["policy", "A"]):
        assert command([*words, name]) == 2
        assert capsys.readouterr().err == f"lambdalint: {name} cannot be read: Permission denied\n"


def test_what_a_search_may_not_read_is_told(folder, denied, capsys):
    (folder / "closed").mkdir()
    (folder / "other.yaml").write_text(BAD)
    denied |= {str(folder / "closed"), str(folder / "template.yaml")}
    assert command(list(ONLY)) == 1
    out = capsys.readouterr().out
    assert "notice: closed: it cannot be read: Permission denied\n" in out
    assert "notice: template.yaml: it cannot be read: Permission denied\n" in out
    assert "other.yaml:1:70  error  LL102" in out


def test_interrupted_while_it_loads(folder):
    code = """
import signal, sys
class Interrupting:
    def find_spec(self, name, *_):
        if name == "lambdalint.settings":
            signal.raise_signal(signal.SIGINT)
sys.meta_path.insert(0, Interrupting())
sys.argv = ["lambdalint", "template.yaml"]
from lambdalint.__main__ import main
main()
"""
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": ROOT},
    )
    assert (run.returncode, run.stdout, run.stderr) == (130, "", "")


def test_a_crash_is_no_finding(folder, monkeypatch, capsys):
    def crash(*_):
        raise ZeroDivisionError("never")

    monkeypatch.setattr("lambdalint.engine._discovered", crash)
    assert command(["check", "."]) == 2
    err = capsys.readouterr().err
    assert "ZeroDivisionError: never" in err
    assert err.endswith("/issues\n")


def test_code_that_vanishes_while_linting(folder, monkeypatch):
    """Source lines and comments are read after the findings were made: without the file the report is still whole."""
    from lambdalint import checking

    real = checking.Checking.result

    def result(self):
        (folder / "template.yaml").unlink(missing_ok=True)
        return real(self)

    monkeypatch.setattr(checking.Checking, "result", result)
    for form in ("text", "sarif", "json", "github", "markdown"):
        (folder / "template.yaml").write_text(BAD)
        assert command([*ONLY, "--format", form, "template.yaml"]) == 1


def test_a_parser_that_breaks_is_told_and_the_others_are_linted(folder, monkeypatch, capsys):
    from lambdalint.parsers import template

    (folder / "a.yaml").write_text(BAD)
    real = template.read_template

    def read(source, *rest):
        if source.path.endswith("a.yaml") and "template" not in source.path:
            raise ZeroDivisionError("for the test")
        return real(source, *rest)

    monkeypatch.setattr(template, "read_template", read)
    assert command([*ONLY]) == 2
    out = capsys.readouterr().out
    assert "ZeroDivisionError" in out
    assert "template.yaml:1" in out


# -- the same answer every time ----------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.skipif(not os.path.isdir(CORPUS), reason="the corpus is not here")
def test_hash_seed_and_jobs_change_nothing(tmp_path):
    sample = [os.path.join(CORPUS, name) for name in ("generated", "aws+aws-sam-cli", "widdix+aws-cf-templates")]
    paths = [path for path in sample if os.path.isdir(path)]
    seen = set()
    for seed, jobs in (("0", "1"), ("1", "1"), ("1", "2"), ("0", "2")):
        words = ["--format", f"sarif={tmp_path}/s", "--format", f"json={tmp_path}/j", "--format", f"text={tmp_path}/t"]
        run = tool(*paths, *words, "--jobs", jobs, "--as-of", "2026-11-23", "--no-cache", env={"PYTHONHASHSEED": seed})
        assert run.stderr == ""
        seen.add((run.returncode, *(hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() for name in "sjt")))
    assert len(seen) == 1


def test_hash_seed_changes_nothing_in_suppressions(folder):
    functions = "".join(
        f"  F{n}:\n    Type: AWS::Lambda::Function\n"
        f"    Metadata: {{lambdalint: {{ignore: [LL101, LL102, LL10{n}, none]}}}}\n"
        f"    Properties: {{Timeout: {900 + n}, MemorySize: 1}}\n"
        for n in range(5)
    )
    (folder / "template.yaml").write_text("# lambdalint: ignore[LL103,nothing]\nResources:\n" + functions)
    (folder / "other.yaml").write_text("# lambdalint: ignore[LL102]\n" + BAD)
    reports = {
        tool("--format", "json", "--jobs", jobs, env={"PYTHONHASHSEED": seed}).stdout for seed in "012" for jobs in "12"
    }
    assert len(reports) == 1
    assert "LL006" in next(iter(reports))


# -- start-up ----------------------------------------------------------------------------------------------------------


def test_a_plain_run_loads_nothing_heavy(folder):
    script = (
        "import sys; from lambdalint.cli import run; run(sys.argv[1:]); print(*sorted(sys.modules), file=sys.stderr)"
    )
    (folder / "template.yaml").write_text(BAD)
    run = subprocess.run(
        [sys.executable, "-c", script, *ONLY, "template.yaml"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": ROOT},
    )
    loaded = set(run.stderr.split())
    heavy = {"rich", "libcst", "jsonschema", "tomli", "dataclasses", "pathlib", "tempfile", "subprocess", "zipfile"}
    ours = {"lambdalint.baseline", "lambdalint.ownrules", "lambdalint.suppressions.directives", "lambdalint.output"}
    assert loaded & (heavy | ours) == set()


def test_write_whole_says_why(folder):
    with pytest.raises(SettingsError, match="it is a folder"):
        write_whole({".": "text"})


@pytest.mark.parametrize(
    ("words", "name", "rest"),
    [
        ("--quiet check x", "check", "--quiet x"),
        ("--no-color --format json audit x", "audit", "--no-color --format json x"),
        ("--format=json show", "show", "--format=json"),
        ("--as-of 2026-01-01 --jobs 2 check", "check", "--as-of 2026-01-01 --jobs 2"),
        ("--parameter-overrides A=1 B=2 check x", "check", "--parameter-overrides=A=1 --parameter-overrides=B=2 x"),
        ("--help audit", "audit", "--help"),
        ("check check", "check", "check"),
        # A value, what stands behind a path or --, a path that says so.
        ("--output check x", "", "--output check x"),
        ("x check", "", "x check"),
        ("--quiet -- check", "", "--quiet -- check"),
        ("- audit", "", "- audit"),
        ("--quiet ./check", "", "--quiet ./check"),
        ("--config", "", "--config"),
    ],
)
def test_options_may_stand_before_the_command(words, name, rest):
    from lambdalint.cli import _command_of, _overrides_together

    assert _command_of(_overrides_together(words.split())) == (name, rest.split())


def test_an_option_before_check_is_checks(folder, capsys):
    assert command(["--quiet", "check", "template.yaml", *ONLY]) == 1
    before = capsys.readouterr().out
    assert command(["check", "--quiet", "template.yaml", *ONLY]) == 1
    assert capsys.readouterr().out == before
    assert command(["--as-of", "2026-11-23", "audit", "template.yaml"]) == 0
    assert "901 s" in capsys.readouterr().out


def test_the_options_without_a_value_are_false_by_default():
    from lambdalint.arguments import check_parser
    from lambdalint.cli import DEFAULTS

    flags = {action.dest for action in check_parser()._actions if action.option_strings and action.nargs == 0}
    assert flags - {"help", "version"} == {name for name, value in DEFAULTS.items() if value is False}


def test_paths_alone_mean_what_the_parser_makes_of_them():
    from lambdalint.arguments import check_parser
    from lambdalint.cli import DEFAULTS

    parsed = vars(check_parser().parse(["a.yaml", "b"]))
    assert parsed.pop("paths") == ["a.yaml", "b"]
    assert {name: value or None for name, value in parsed.items()} == {n: v or None for n, v in DEFAULTS.items()}


def test_project_templates_are_passed_over(folder, capsys):
    """A folder that cookiecutter names holds no template yet; one that is named is read all the same."""
    made = folder / "{{cookiecutter.project}}"
    made.mkdir()
    (made / "template.yaml").write_text("Resources:\n{% if api %}\n  Fn: {Type: AWS::Lambda::Function}\n{% endif %}\n")
    assert command(["--select", "LL001", "."]) == 0
    assert command(["--select", "LL001", str(made / "template.yaml")]) == 1


def test_files_with_resources_of_another_kind_are_passed_over(folder, capsys):
    """An event that names a resource type is no template with a malformed section, unless it is named itself."""
    (folder / "event.json").write_text('{"source": "audit", "Resources": [{"Type": "AWS::Lambda::Function"}]}')
    (folder / "broken.yaml").write_text('Description: none\nResources: ["AWS::Lambda::Function"]\n')
    assert command(["--select", "LL002", "."]) == 1
    output = capsys.readouterr().out
    assert "broken.yaml" in output
    assert "event.json" not in output
    assert command(["--select", "LL002", "event.json"]) == 1
