"""Which deployments of a template are looked at: every reachable branch, no impossible combination, no product."""

from __future__ import annotations

import itertools
import json
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdalint.engine import lint
from lambdalint.model.template import Template
from lambdalint.model.values import Reference, Text, Unknown
from lambdalint.parsers.cloudformation import read
from lambdalint.parsers.document import parse
from lambdalint.parsers.parameters import Named
from lambdalint.parsers.scenarios import APART, MAX_SCENARIOS
from lambdalint.settings import Settings

FUNCTION = {
    "Runtime": "python3.13",
    "Handler": "index.handler",
    "Role": "arn:aws:iam::111122223333:role/report",
    "Code": {"ZipFile": "def handler(event, context): pass"},
}


def deployments_of(template, named=()):
    text = template if isinstance(template, str) else json.dumps(template)
    document = parse(text.encode(), "template.yaml")
    assert not document.faults
    return read(Template(document, "/nowhere", "/nowhere", "cloudformation"), list(named), "2026-11-23").deployments


def template_of(parameters, conditions, properties=None, **resources):
    section = {"Fn": {"Type": "AWS::Lambda::Function", "Properties": {**FUNCTION, **(properties or {})}}}
    for name, condition in resources.items():
        section[name] = {"Type": "AWS::SQS::Queue", "Condition": condition}
    return {"Parameters": parameters, "Conditions": conditions, "Resources": section}


def equals(name, value):
    return {"Fn::Equals": [{"Ref": name}, value]}


def condition(name):
    return {"Condition": name}


def seen(deployments, *keys):
    return [deployment.resource("Fn").get(*keys) for deployment in deployments]


def findings(folder, files, **given):
    for name, text in files.items():
        (folder / name).write_text(text if isinstance(text, str) else json.dumps(text), encoding="utf-8")
    report, _ = lint(["."], Settings(cwd=str(folder), as_of="2026-11-23", **given))
    assert not [notice for notice in report.notices if "internal error" in notice.message]
    return report.findings


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


# -- branches ------------------------------------------------------------------------------------------------------


def test_without_conditions_there_is_one():
    (deployment,) = deployments_of(template_of({"Memory": {"Type": "Number", "Default": 512}}, {}))
    assert not deployment.scenario.derived


def test_both_branches_of_a_condition():
    template = template_of(
        {"Stage": {"Type": "String", "Default": "dev"}},
        {"IsProd": equals("Stage", "prod")},
        {"Timeout": {"Fn::If": ["IsProd", 30, 3]}},
    )
    assert sorted(seen(deployments_of(template), "Timeout")) == [3, 30]


@pytest.mark.parametrize("depth", [1, 3, 8])
def test_a_branch_behind_nested_ands(depth):
    """Each step adds a parameter that has to be set too."""
    parameters = {f"P{i}": {"Type": "String", "Default": "off"} for i in range(depth)}
    conditions = {"C0": equals("P0", "on")}
    for i in range(1, depth):
        conditions[f"C{i}"] = {"Fn::And": [condition(f"C{i - 1}"), equals(f"P{i}", "on")]}
    template = template_of(parameters, conditions, {"Timeout": {"Fn::If": [f"C{depth - 1}", 901, 3]}})
    assert set(seen(deployments_of(template), "Timeout")) == {901, 3}


def test_and_or_not_within_each_other():
    parameters = {name: {"Type": "String", "Default": "no"} for name in ("A", "B", "C", "D")}
    yes = {name: equals(name, "yes") for name in parameters}
    inner = {"Fn::Or": [yes["B"], {"Fn::Not": [{"Fn::Or": [yes["C"], {"Fn::Not": [yes["D"]]}]}]}]}
    template = template_of(parameters, {"Deep": {"Fn::And": [yes["A"], inner]}}, Queue="Deep")
    present = [deployment.resource("Queue") is not None for deployment in deployments_of(template)]
    assert set(present) == {True, False}


def test_nested_ifs_in_one_value():
    parameters = {name: {"Type": "String", "Default": "no"} for name in ("A", "B")}
    value = {"Fn::If": ["A", {"Fn::If": ["B", 1, 2]}, {"Fn::If": ["B", 3, 4]}]}
    template = template_of(parameters, {n: equals(n, "yes") for n in parameters}, {"Timeout": value})
    assert set(seen(deployments_of(template), "Timeout")) == {1, 2, 3, 4}


def test_a_branch_that_cannot_be_is_not_looked_at():
    template = template_of(
        {"Stage": {"Type": "String", "Default": "dev"}},
        {"IsProd": equals("Stage", "prod"), "IsDev": {"Fn::Not": [condition("IsProd")]}},
        {"Timeout": {"Fn::If": ["IsProd", {"Fn::If": ["IsDev", 901, 30]}, 3]}},
    )
    assert 901 not in seen(deployments_of(template), "Timeout")


def test_correlated_conditions_agree():
    template = template_of(
        {"Stage": {"Type": "String", "Default": "dev", "AllowedValues": ["dev", "test", "prod"]}},
        {
            "IsProd": equals("Stage", "prod"),
            "IsTest": equals("Stage", "test"),
            "Small": {"Fn::Not": [{"Fn::Or": [condition("IsProd"), condition("IsTest")]}]},
        },
        {"Tags": [{"Fn::If": [name, name, "not " + name]} for name in ("IsProd", "IsTest", "Small")]},
    )
    for tags in seen(deployments_of(template), "Tags"):
        assert sum(not tag.startswith("not ") for tag in tags) == 1


def test_a_condition_that_names_itself_ends():
    template = template_of({}, {"Loop": {"Fn::Not": [condition("Loop")]}}, {"Timeout": {"Fn::If": ["Loop", 1, 2]}})
    assert deployments_of(template)


# -- parameters ----------------------------------------------------------------------------------------------------


def test_each_allowed_value():
    template = template_of(
        {"Memory": {"Type": "Number", "Default": 256, "AllowedValues": [128, 256, 512]}},
        {},
        {"MemorySize": {"Ref": "Memory"}},
    )
    found = deployments_of(template)
    assert sorted(seen(found, "MemorySize")) == [128, 256, 512]
    assert [deployment.scenario.derived for deployment in found].count(False) == 1


def test_allowed_values_are_packed_and_not_multiplied():
    parameters = {
        f"P{i}": {"Type": "String", "Default": "a", "AllowedValues": ["a", "b", "c", "d", "e"]} for i in range(10)
    }
    variables = {name: {"Ref": name} for name in parameters}
    found = deployments_of(template_of(parameters, {}, {"Environment": {"Variables": variables}}))
    assert len(found) <= 1 + APART
    for name in parameters:
        assert set(seen(found, "Environment", "Variables", name)) == set("abcde")


def test_a_parameter_without_a_value_takes_both_sides():
    template = template_of(
        {"Stage": {"Type": "String"}}, {"IsProd": equals("Stage", "prod")}, {"Timeout": {"Fn::If": ["IsProd", 30, 3]}}
    )
    assert set(seen(deployments_of(template), "Timeout")) == {30, 3}


def test_a_parameter_without_a_value_is_unknown():
    (deployment,) = deployments_of(template_of({"M": {"Type": "Number"}}, {}, {"MemorySize": {"Ref": "M"}}))
    assert isinstance(deployment.resource("Fn").get("MemorySize"), Unknown)


def test_bounds_of_a_parameter_are_no_deployment():
    parameters = {"M": {"Type": "Number", "Default": 512, "MinValue": 1, "MaxValue": 99999}}
    assert seen(deployments_of(template_of(parameters, {}, {"MemorySize": {"Ref": "M"}})), "MemorySize") == [512]


def test_two_parameters_compared_with_each_other():
    template = template_of(
        {"A": {"Type": "String", "Default": "x"}, "B": {"Type": "String", "Default": "x"}},
        {"Same": {"Fn::Equals": [{"Ref": "A"}, {"Ref": "B"}]}},
        {"Timeout": {"Fn::If": ["Same", 30, 3]}},
    )
    assert set(seen(deployments_of(template), "Timeout")) == {30, 3}


def test_a_comparison_of_text():
    template = template_of(
        {"Stage": {"Type": "String", "Default": "dev", "AllowedValues": ["dev", "prod"]}},
        {"IsProd": {"Fn::Equals": [{"Fn::Sub": "app-${Stage}"}, "app-prod"]}},
        {"Timeout": {"Fn::If": ["IsProd", 30, 3]}},
    )
    assert set(seen(deployments_of(template), "Timeout")) == {30, 3}


# -- pseudo parameters and named deployments -----------------------------------------------------------------------

REGIONAL = template_of({}, {"Home": equals("AWS::Region", "eu-west-1")}, {"Timeout": {"Fn::If": ["Home", 30, 3]}})


def test_a_region_that_is_not_known_takes_both_sides():
    assert set(seen(deployments_of(REGIONAL), "Timeout")) == {30, 3}


@pytest.mark.parametrize(("region", "timeout"), [("eu-west-1", 30), ("us-east-1", 3)])
def test_a_region_that_is_known_settles_it(region, timeout):
    found = deployments_of(REGIONAL, [Named(region=region)])
    assert seen(found[:1], "Timeout") == [timeout]


def test_the_region_is_itself_within_text():
    template = template_of({}, {}, {"Description": {"Fn::Sub": "in ${AWS::Region}"}})
    (value,) = seen(deployments_of(template), "Description")
    assert isinstance(value, Text)
    assert value.prefix == "in "
    (value,) = seen(deployments_of(template, [Named(region="eu-west-1")]), "Description")
    assert value == "in eu-west-1"


STAGED = """\
Parameters:
  Memory: {Type: Number, Default: 64}
Resources:
  Fn:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.13
      Handler: index.handler
      Role: arn:aws:iam::111122223333:role/report
      Code: {ZipFile: "def handler(event, context): pass"}
      MemorySize: !Ref Memory
"""


def samconfig(**environments):
    lines = ["version = 0.1"]
    for name, overrides in environments.items():
        lines += [f"[{name}.deploy.parameters]", f'parameter_overrides = "{overrides}"']
    return "\n".join(lines) + "\n"


def test_a_finding_names_its_environment(folder):
    config = samconfig(dev="Memory=256", prod="Memory=20000")
    (finding,) = findings(folder, {"template.yaml": STAGED, "samconfig.toml": config}, select=["LL101"])
    assert finding.when == ("samconfig environment prod",)
    assert any(
        related.location.path == "samconfig.toml" and related.location.span.line == 5 for related in finding.related
    )


def test_a_default_that_no_environment_leaves_in_force_is_not_looked_at(folder):
    config = samconfig(dev="Memory=256", prod="Memory=512")
    assert not findings(folder, {"template.yaml": STAGED, "samconfig.toml": config}, select=["LL101"])


def test_a_default_that_one_environment_leaves_in_force_is(folder):
    config = samconfig(dev="Other=1", prod="Memory=512")
    (finding,) = findings(folder, {"template.yaml": STAGED, "samconfig.toml": config}, select=["LL101"])
    assert finding.when == ("samconfig environment dev",)
    assert any("default of parameter Memory" in related.message for related in finding.related)


def test_overrides_of_the_run_are_a_deployment(folder):
    (finding,) = findings(folder, {"template.yaml": STAGED}, select=["LL101"], parameter_overrides={"Memory": "99999"})
    assert "99999" in finding.message


BROKEN = [
    ("samconfig.toml", "version = 0.1\n[prod.deploy\n", "LL001", 2, "Expected ']' at the end of a table declaration"),
    (
        "samconfig.toml",
        'version = 0.1\n[prod.deploy.parameters]\nregion = "eu\n',
        "LL001",
        3,
        "samconfig.toml cannot be",
    ),
    ("samconfig.toml", "version = 0.1\n\n[prod]\nx = [\n\n", "LL001", 4, "Invalid value"),
    ("samconfig.toml", b"version = 0.1\n# \xff\n", "LL001", 2, "samconfig.toml is not UTF-8"),
    ("samconfig.toml", "x = " + "[" * 9999, "LL001", 1, "nested too deep"),
    ("samconfig.toml", "#" * (1 << 20) + "\n", "LL001", 1, "samconfig.toml is larger than 1048576 bytes"),
    ("samconfig.yaml", "version: 0.1\nprod: {deploy: [\n", "LL001", 3, "samconfig.yaml cannot be read"),
    ("samconfig.yaml", "version: 0.1\nprod: {}\nprod: {}\n", "LL001", 3, "prod stands twice in this mapping"),
    ("samconfig.yaml", "x: " + "[" * 9999, "LL001", 1, "samconfig.yaml is nested more than 100 levels deep"),
    ("samconfig.yaml", "- version: 0.1\n", "LL002", 1, "samconfig.yaml is a list; it has to be a map"),
    ("samconfig.yml", "version: '0.1'\n", "LL002", 1, "samconfig.yml has no version that SAM CLI takes"),
    ("samconfig.toml", "[prod.deploy.parameters]\n", "LL002", 1, "samconfig.toml has no version that SAM CLI takes"),
    ("samconfig.toml", "version = 0.1\ndefault = 3\n", "LL002", 2, "default is a number; it has to be a map"),
    ("samconfig.toml", "version = 0.1\n[[prod]]\n", "LL002", 2, "prod is a list"),
    ("samconfig.toml", "version = 0.1\n[prod]\ndeploy = 'x'\n", "LL002", 3, "prod.deploy is a string"),
    (
        "samconfig.toml",
        "version = 0.1\n[prod]\ndeploy = {parameters = 1}\n",
        "LL002",
        3,
        "prod.deploy.parameters is a number",
    ),
    (
        "samconfig.toml",
        "version = 0.1\n[prod.deploy.parameters]\nconfirm_changeset = true\nparameter_overrides = 5\n",
        "LL002",
        4,
        "prod.deploy.parameters.parameter_overrides is a number; it has to be a string, a list or a map",
    ),
    (
        "samconfig.yaml",
        "version: 0.1\nprod:\n  global:\n    parameters:\n      region: [eu-west-1]\n",
        "LL002",
        5,
        "prod.global.parameters.region is a list; it has to be a string",
    ),
]


@pytest.mark.parametrize(("name", "content", "code", "line", "words"), BROKEN, ids=range(len(BROKEN)))
def test_what_is_wrong_with_a_samconfig_is_said_at_its_place(folder, name, content, code, line, words):
    (folder / "template.yaml").write_text(STAGED, encoding="utf-8")
    (folder / "other.yaml").write_text(STAGED, encoding="utf-8")
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    report, _ = lint(["."], Settings(cwd=str(folder), as_of="2026-11-23", select=["LL001", "LL002", "LL101"]))
    assert report.trusted
    assert not report.notices
    told = [(f.code, f.location.path, f.location.span.line, f.message) for f in report.findings]
    assert [one[:2] for one in told if one[1] != name] == [("LL101", "other.yaml"), ("LL101", "template.yaml")]
    (found,) = [one for one in told if one[1] == name]
    assert found[:3] == (code, name, line)
    assert words in found[3]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("samconfig.toml", ""),
        ("samconfig.yaml", "# nothing yet\n"),
        ("samconfig.toml", "version = 0.1\ntitle = 'ours'\n[prod.build]\nparameters = 3\n"),
        ("samconfig.yaml", "version: 0.1\nprod:\n  deploy:\n    parameters:\n      parameter_overrides:\n"),
        ("samconfig.yaml", "version: 0.1\nprod:\n  deploy: !Secret x\n"),
    ],
)
def test_a_samconfig_with_nothing_wrong_in_what_a_deployment_takes(folder, name, content):
    assert not findings(folder, {"template.yaml": STAGED, name: content}, select=["LL001", "LL002"])


# -- two decisions -------------------------------------------------------------------------------------------------

PAIR = template_of(
    {"Net": {"Type": "String", "Default": "both"}, "Log": {"Type": "String", "Default": "json"}},
    {"NoGroups": equals("Net", "subnets"), "AsText": equals("Log", "text")},
    {
        "LoggingConfig": {
            "LogFormat": {"Fn::If": ["AsText", "Text", "JSON"]},
            "ApplicationLogLevel": {"Fn::If": ["NoGroups", "INFO", {"Ref": "AWS::NoValue"}]},
        }
    },
)


def test_two_independent_decisions_of_a_derived_scenario_are_nobodys_deployment(folder):
    assert not findings(folder, {"template.json": PAIR}, select=["LL115"])


def test_a_named_deployment_may_take_both(folder):
    given = {"Net": "subnets", "Log": "text"}
    (finding,) = findings(folder, {"template.json": PAIR}, select=["LL115"], parameter_overrides=given)
    assert finding.severity == "error"


def test_two_decisions_of_one_parameter_are_one(folder):
    template = json.loads(json.dumps(PAIR))
    template["Conditions"]["NoGroups"] = {"Fn::Not": [equals("Log", "json")]}
    (finding,) = findings(folder, {"template.json": template}, select=["LL115"])
    assert set(finding.when) == {"AsText", "NoGroups"}


def test_one_decision_beside_the_default_is_told(folder):
    template = json.loads(json.dumps(PAIR))
    template["Parameters"]["Net"]["Default"] = "subnets"
    (finding,) = findings(folder, {"template.json": template}, select=["LL115"])
    assert "AsText" in finding.when


# -- many of them --------------------------------------------------------------------------------------------------


def many(conditions=40, parameters=20, resources=200):
    """Independent conditions, each with a parameter of its own, and parameters with five allowed values each."""
    section = {f"Flag{i}": {"Type": "String", "Default": "no"} for i in range(conditions)}
    section |= {
        f"Choice{i}": {"Type": "String", "Default": "a", "AllowedValues": list("abcde")} for i in range(parameters)
    }
    functions = {}
    for i in range(resources):
        variables = {"CHOICE": {"Ref": f"Choice{i % parameters}"}}
        timeout = {"Fn::If": [f"C{i % conditions}", 30, 3]}
        properties = {**FUNCTION, "Timeout": timeout, "Environment": {"Variables": variables}}
        functions[f"Fn{i}"] = {"Type": "AWS::Lambda::Function", "Properties": properties}
    return {
        "Parameters": section,
        "Conditions": {f"C{i}": equals(f"Flag{i}", "yes") for i in range(conditions)},
        "Resources": functions,
    }


def test_many_independent_conditions_need_few_scenarios():
    found = deployments_of(many())
    assert len(found) <= 1 + APART
    for i in range(40):
        assert {deployment.resource(f"Fn{i}").get("Timeout") for deployment in found} == {3, 30}
        values = {deployment.resource(f"Fn{i}").get("Environment", "Variables", "CHOICE") for deployment in found}
        assert values == set("abcde")


def test_what_does_not_differ_is_shared():
    template = many(conditions=2, parameters=2, resources=4)
    template["Resources"]["Same"] = {"Type": "AWS::Lambda::Function", "Properties": dict(FUNCTION)}
    found = deployments_of(template)
    assert len(found) > 1
    assert len({id(deployment.resource("Same")) for deployment in found}) == 1


def test_more_than_the_bound_is_a_notice():
    """A chain of values that exclude each other needs a scenario each."""
    values = [f"v{i}" for i in range(MAX_SCENARIOS + 5)]
    template = template_of(
        {"P": {"Type": "String", "Default": "v0", "AllowedValues": values}}, {}, {"Description": {"Ref": "P"}}
    )
    found = deployments_of(template)
    assert len(found) <= MAX_SCENARIOS
    assert any("left out" in notice.message for deployment in found for notice in deployment.notices)


# -- against every combination -------------------------------------------------------------------------------------

NAMES = ("A", "B", "C")
VALUES = ("x", "y", "z")


def expressions():
    leaf = st.builds(equals, st.sampled_from(NAMES), st.sampled_from(VALUES))
    return st.recursive(
        leaf,
        lambda inner: st.one_of(
            st.builds(lambda one: {"Fn::Not": [one]}, inner),
            st.builds(lambda items: {"Fn::And": items}, st.lists(inner, min_size=2, max_size=3)),
            st.builds(lambda items: {"Fn::Or": items}, st.lists(inner, min_size=2, max_size=3)),
        ),
        max_leaves=6,
    )


def holds(expression, values):
    ((name, argument),) = expression.items()
    if name == "Fn::Not":
        return not holds(argument[0], values)
    if name == "Fn::And":
        return all(holds(item, values) for item in argument)
    if name == "Fn::Or":
        return any(holds(item, values) for item in argument)
    return values[argument[0]["Ref"]] == argument[1]


@pytest.mark.parametrize(
    ("definition", "possible"),
    [
        ({"Type": "String", "Default": "x", "AllowedValues": list(VALUES)}, VALUES),
        ({"Type": "String", "Default": "x"}, (*VALUES, "another")),
        ({"Type": "String"}, (*VALUES, "another")),
    ],
    ids=["allowed values", "a default", "no value"],
)
@settings(max_examples=150, deadline=None)
@given(conditions=st.lists(expressions(), min_size=1, max_size=4))
def test_all_that_can_be_is_reached_and_nothing_else(conditions, definition, possible):
    """Against the truth table: each condition takes every value that it can, in combinations that exist."""
    section = {f"C{i}": expression for i, expression in enumerate(conditions)}
    tags = [{"Fn::If": [name, True, False]} for name in section]
    template = template_of(dict.fromkeys(NAMES, definition), section, {"Tags": tags})
    found = {tuple(row) for row in seen(deployments_of(template), "Tags")}
    table = {
        tuple(holds(expression, dict(zip(NAMES, values))) for expression in conditions)
        for values in itertools.product(possible, repeat=len(NAMES))
    }
    assert found <= table
    for index in range(len(conditions)):
        assert {row[index] for row in found} == {row[index] for row in table}


def test_references_stay_references():
    template = template_of({}, {}, {"DeadLetterConfig": {"TargetArn": {"Fn::GetAtt": ["Queue", "Arn"]}}})
    template["Resources"]["Queue"] = {"Type": "AWS::SQS::Queue"}
    (deployment,) = deployments_of(template)
    assert deployment.resource("Fn").get("DeadLetterConfig", "TargetArn") == Reference("Queue", "Arn")


def test_the_order_does_not_depend_on_hashes():
    """The same template gives the same scenarios in the same order, whatever the hash seed."""
    import subprocess
    import sys

    code = (
        "import json, sys; sys.path.insert(0, 'tests'); import test_scenarios as t;"
        "print([sorted(map(str, d.scenario.departures)) for d in t.deployments_of(t.many(6, 4, 12))])"
    )
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=root,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": root},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(outputs) == 1
