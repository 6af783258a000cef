"""Settings from files: where they are looked for, what they may say, and how mistakes in them are told."""

from __future__ import annotations

import json
import subprocess
import sys

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdalint.config import SCHEMA, checked, configured, fits
from lambdalint.parsers.gitignore import matcher
from lambdalint.rulebook import load
from lambdalint.settings import Settings, SettingsError

with open(SCHEMA, encoding="utf-8") as file:
    SHAPE = json.load(file)

FULL = """\
select = ["LL1", "timeout"]
ignore = ["LL102"]
fail-on = "warning"
exclude = ["vendored/"]
region = "eu-central-1"
rules = ["our/rules"]
baseline = "known.jsonl"

[per-file-ignores]
"legacy/*.yaml" = ["LL1"]

[severity]
LL102 = "warning"

[parameter-overrides]
Stage = "prod"
Size = 512
Debug = false

[quotas]
"account.concurrency" = 5000
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


# -- what a file says --------------------------------------------------------------------------------------------------


def test_every_setting(folder):
    write(folder / "lambdalint.toml", FULL)
    settings = configured(None, [])
    assert settings._replace(origins={}) == Settings(
        select=("LL1", "timeout"),
        ignore=("LL102",),
        fail_on="warning",
        exclude=("vendored/",),
        region="eu-central-1",
        rules=(str(folder / "our/rules"),),
        baseline=str(folder / "known.jsonl"),
        per_file_ignores={"legacy/*.yaml": ["LL1"]},
        severity={"LL102": "warning"},
        parameter_overrides={"Stage": "prod", "Size": "512", "Debug": "false"},
        quotas={"account.concurrency": 5000},
        config=str(folder / "lambdalint.toml"),
    )
    assert settings.origins["fail_on"] == "lambdalint.toml:3"
    assert settings.origins["quotas"] == "lambdalint.toml:20"


def test_pyproject(folder):
    write(folder / "pyproject.toml", '[project]\nname = "x"\n\n[tool.lambdalint]\nselect = ["LL1"]\n')
    settings = configured(None, [])
    assert settings.select == ("LL1",)
    assert settings.origins == {"select": "pyproject.toml:5"}


def test_a_table_in_pyproject_written_apart(folder):
    write(folder / "pyproject.toml", '[tool.lambdalint.severity]\nLL102 = "nte"\n')
    with pytest.raises(SettingsError, match=r"pyproject\.toml:2: severity\.LL102 is 'nte'.*did you mean note\?"):
        configured(None, [])


def test_a_pyproject_that_does_not_name_us_is_not_parsed(folder):
    write(folder / "pyproject.toml", "this is = no TOML [")
    assert configured(None, []) == Settings()


# -- where it is looked for --------------------------------------------------------------------------------------------


def test_nearest_above_the_common_ancestor_of_the_paths(folder):
    write(folder / "lambdalint.toml", 'region = "eu-west-1"\n')
    write(folder / "a" / "lambdalint.toml", 'region = "eu-west-2"\n')
    write(folder / "a" / "b" / "t.yaml", "")
    write(folder / "a" / "c" / "t.yaml", "")
    write(folder / "d" / "t.yaml", "")
    assert configured(None, ["a/b/t.yaml"]).region == "eu-west-2"
    assert configured(None, ["a/b/t.yaml", "a/c"]).region == "eu-west-2"
    assert configured(None, ["a/b/t.yaml", "d/t.yaml"]).region == "eu-west-1"
    assert configured(None, ["-"]).region == "eu-west-1"


def test_else_from_the_working_directory(folder, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    write(folder / "lambdalint.toml", 'region = "eu-west-1"\n')
    assert configured(None, [str(elsewhere)]).region == "eu-west-1"


def test_own_file_before_pyproject(folder):
    write(folder / "pyproject.toml", '[tool.lambdalint]\nregion = "eu-west-2"\n')
    write(folder / "lambdalint.toml", 'region = "eu-west-1"\n')
    assert configured(None, []).region == "eu-west-1"


def test_a_file_that_is_named(folder):
    write(folder / "lambdalint.toml", 'region = "eu-west-1"\n')
    write(folder / "ci" / "strict.toml", 'region = "eu-west-2"\n')
    assert configured("ci/strict.toml", []).region == "eu-west-2"
    with pytest.raises(SettingsError, match=r"nowhere\.toml cannot be read"):
        configured("nowhere.toml", [])


# -- mistakes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('slect = ["LL1"]\n', "lambdalint.toml:1: there is no setting slect; did you mean select?"),
        ('\nfail_on = "error"\n', "lambdalint.toml:2: there is no setting fail_on; did you mean fail-on?"),
        ("zebra = 1\n", "lambdalint.toml:1: there is no setting zebra"),
        (
            "[tool.lambdalint]\nregion = 1\n",
            "lambdalint.toml:1: there is no setting tool; here the settings stand without [tool.lambdalint], which is"
            " for pyproject.toml",
        ),
        ('fail-on = "eror"\n', "takes error, warning, note or never; did you mean error?"),
        ('select = "LL1"\n', "lambdalint.toml:1: select takes a list, not 'LL1'"),
        ("select = [1]\n", "lambdalint.toml:1: select takes text, not 1"),
        ('\n[severity]\nLL101 = "note"\nLL102 = "fatal"\n', "lambdalint.toml:4: severity.LL102 is 'fatal'"),
        ("[quotas]\naccount.concurrency = 5000\n", 'in quotes, as in "account.concurrency" = 5000'),
        ('[quotas]\n"account.concurrency" = true\n', "lambdalint.toml:2: quotas.account.concurrency takes a number"),
        ('region = "Frankfurt"\n', "region is 'Frankfurt', which is no region"),
        ("region = \n", "lambdalint.toml:1: no valid TOML"),
        ('[per-file-ignores]\n"a.yaml" = "LL1"\n', "lambdalint.toml:2: per-file-ignores.a.yaml takes a list"),
        ("x = [" + "[" * 5000 + "]" * 5000 + "]\n", "no valid TOML"),
    ],
)
def test_mistakes(folder, text, words):
    write(folder / "lambdalint.toml", text)
    with pytest.raises(SettingsError) as error:
        configured(None, [])
    assert words in str(error.value)


def test_all_mistakes_at_once_in_the_order_of_the_file(folder):
    write(folder / "lambdalint.toml", 'zebra = 1\nfail-on = "x"\nselect = 3\n')
    with pytest.raises(SettingsError) as error:
        configured(None, [])
    assert [line.split(": ")[0] for line in str(error.value).splitlines()] == [
        f"lambdalint.toml:{n}" for n in (1, 2, 3)
    ]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"select": ("LL1022",)}, "select: there is no rule LL1022; did you mean LL102?"),
        ({"ignore": ("timout",)}, "ignore: there is no rule timout; did you mean timeout?"),
        ({"ignore": ("E501",), "origins": {"ignore": "a.toml:7"}}, "a.toml:7: ignore: there is no rule E501"),
        ({"severity": {"LL1022": "note"}}, "severity: there is no rule LL1022"),
        ({"per_file_ignores": {"x": ["LL1022"]}}, "per-file-ignores: there is no rule LL1022"),
        ({"quotas": {"account.concurency": 1}}, "no quota account.concurency; did you mean account.concurrency?"),
    ],
)  # fmt: skip
def test_names_that_are_none(settings, words):
    with pytest.raises(SettingsError) as error:
        checked(Settings(**settings), load())
    assert words in str(error.value)


def test_names_that_are_some():
    settings = Settings(select=("ALL", "LL1", "timeout", "cdk-internal"), ignore=("ll102",))
    assert checked(settings, load()) == settings


def test_severity_by_name_and_prefix():
    settings = checked(Settings(severity={"LL102": "error", "LL1": "note", "syntax-error": "warning"}), load())
    assert settings.severity["LL102"] == "error"
    assert settings.severity["LL001"] == "warning"
    assert {level for code, level in settings.severity.items() if code[:3] == "LL1" and code != "LL102"} <= {"note"}


# -- the schema --------------------------------------------------------------------------------------------------------


def test_schema_is_one_and_names_every_setting_of_a_file():
    jsonschema.Draft202012Validator.check_schema(SHAPE)
    assert {name.replace("-", "_") for name in SHAPE["properties"]} <= set(Settings._fields)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.sampled_from(["error", "x", "eu-west-1"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["LL1", "a"]), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.sampled_from([*SHAPE["properties"], "unknown"]), json_values, max_size=4))
def test_the_quick_look_agrees_with_jsonschema(value):
    assert fits(value, SHAPE) == jsonschema.Draft202012Validator(SHAPE).is_valid(value)


def test_a_good_config_does_not_load_jsonschema(folder):
    """It costs a tenth of a second, which a hook feels."""
    write(folder / "lambdalint.toml", FULL)
    code = (
        "import sys; from lambdalint.config import configured; configured(None, []); print('jsonschema' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "False\n"


# -- patterns of files -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("patterns", "path", "meant"),
    [
        (["vendored/"], "vendored/a/b.yaml", True),
        (["vendored/"], "vendored", False),
        (["vendored"], "sub/vendored/x.yaml", True),
        (["/vendored"], "sub/vendored/x.yaml", False),
        (["*.json"], "a/b.json", True),
        (["a/**/x.yaml"], "a/b/c/x.yaml", True),
        (["*.yaml", "!keep.yaml"], "keep.yaml", False),
        (["*.yaml", "!keep.yaml"], "other.yaml", True),
    ],
)
def test_patterns(patterns, path, meant):
    assert matcher(patterns)(path) is meant


def test_exclude_starts_from_the_config(folder, monkeypatch):
    from lambdalint.cli import run as command

    body = 'Resources: {A: {Type: "AWS::Lambda::Function", Properties: {Timeout: 901}}}\n'
    for name in ("a/vendored/t.yaml", "a/t.yaml", "vendored/t.yaml"):
        write(folder / name, body)
    write(folder / "lambdalint.toml", 'select = ["LL102"]\nexclude = ["/a/vendored/"]\n')

    def files(*paths):
        command([*paths, "--format", "json=out.json"])
        return [finding["path"] for finding in json.loads((folder / "out.json").read_text())["findings"]]

    assert files() == ["a/t.yaml", "vendored/t.yaml"]
    assert files("a") == ["a/t.yaml"]
    assert files("a/vendored/t.yaml") == ["a/vendored/t.yaml"]
    monkeypatch.chdir(folder / "a")
    command([".", "--format", f"json={folder}/out.json"])
    assert [f["path"] for f in json.loads((folder / "out.json").read_text())["findings"]] == ["t.yaml"]
