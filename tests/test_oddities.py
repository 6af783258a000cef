"""Oddities of real templates, read as CloudFormation and SAM read them."""

from __future__ import annotations

import json

import pytest

from lambdalint.engine import lint, readings
from lambdalint.model.values import OpenMap, Unknown, is_open
from lambdalint.settings import Settings

HEAD = """\
      Runtime: python3.13
      Handler: index.handler
      Role: arn:aws:iam::111122223333:role/report
      Code: {ZipFile: "def handler(event, context): pass"}
"""


def settings(folder, **given):
    return Settings(cwd=str(folder), as_of="2026-11-23", **given)


def write(folder, text, name="template.yaml"):
    (folder / name).write_text(text, encoding="utf-8")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def deployments(folder, text, name="template.yaml"):
    write(folder, text, name)
    return list(readings([name], settings(folder)))


def findings(folder, text, *, name="template.yaml", select=("LL0", "LL1", "LL2"), ignore=("LL005",)):
    write(folder, text, name)
    report, _ = lint([name], settings(folder, select=list(select), ignore=list(ignore)))
    assert not [notice for notice in report.notices if "internal error" in notice.message]
    return [(finding.code, finding.location.span.line) for finding in report.findings]


def raw(properties="", before="", id="Fn"):
    return f"{before}Resources:\n  {id}:\n    Type: AWS::Lambda::Function\n    Properties:\n{HEAD}{properties}"


def sam(properties="", before=""):
    return (
        f"Transform: AWS::Serverless-2016-10-31\n{before}Resources:\n  Fn:\n    Type: AWS::Serverless::Function\n"
        f"    Properties:\n      CodeUri: s3://artifacts/fn.zip\n{properties}"
    )


SWITCH = 'Parameters:\n  Switch: {Type: String, Default: "off"}\nConditions:\n  Raised: !Equals [!Ref Switch, "on"]\n'


# -- nothing where something is expected ---------------------------------------------------------------------------


@pytest.mark.parametrize("section", ["Parameters", "Conditions", "Mappings", "Outputs", "Metadata", "Globals", "Rules"])
def test_a_null_section_is_an_absent_one(folder, section):
    assert findings(folder, raw(before=f"{section}:\n")) == []
    (deployment,) = deployments(folder, raw(before=f"{section}:\n"))
    assert [function.id for function in deployment.functions] == ["Fn"]


def test_a_null_property_is_an_absent_one(folder):
    text = raw("      Timeout:\n      Layers: ~\n      VpcConfig: null\n")
    assert findings(folder, text) == []
    (deployment,) = deployments(folder, text)
    assert deployment.functions[0].timeout == 3


def test_null_properties_of_a_resource(folder):
    (deployment,) = deployments(folder, raw() + "  Queue:\n    Type: AWS::SQS::Queue\n    Properties:\n")
    assert deployment.resource("Queue").properties == {}


def test_a_null_resource_is_passed_over(folder):
    (deployment,) = deployments(folder, raw() + "  Later:\n")
    assert [function.id for function in deployment.functions] == ["Fn"]


def test_role_null_gets_the_role_that_sam_makes(folder):
    (deployment,) = deployments(
        folder, sam("      Runtime: python3.13\n      Handler: app.handler\n      Role: null\n")
    )
    role = deployment.follow(deployment.functions[0].get("Role"))
    assert role is not None
    assert role.type == "AWS::IAM::Role"


def test_null_in_a_section_of_globals(folder):
    text = sam("      Runtime: python3.13\n      Handler: app.handler\n", "Globals:\n  Function:\n  Api:\n")
    assert findings(folder, text, select=["LL1", "LL2", "LL002", "LL008"]) == []


# -- scalars -------------------------------------------------------------------------------------------------------


def test_unquoted_dates_are_text(folder):
    text = raw(before="AWSTemplateFormatVersion: 2010-09-09\n") + (
        "  Role:\n    Type: AWS::IAM::Role\n    Properties:\n      AssumeRolePolicyDocument:\n"
        "        Version: 2012-10-17\n        Statement: []\n"
    )
    assert findings(folder, text) == []
    (deployment,) = deployments(folder, text)
    assert deployment.resource("Role").get("AssumeRolePolicyDocument", "Version") == "2012-10-17"


def test_scalars_stay_what_was_written(folder):
    variables = "      Environment:\n        Variables: {A: 3.10, B: 010, C: 12:30, D: yes, E: 2024-01-01, F: 1_000}\n"
    (deployment,) = deployments(folder, raw(variables))
    found = deployment.functions[0].get("Environment", "Variables")
    assert {name: str(value) for name, value in found.items()} == {
        "A": "3.10",
        "B": "010",
        "C": "12:30",
        "D": str(found["D"]),
        "E": "2024-01-01",
        "F": "1_000",
    }
    assert findings(folder, raw(variables)) == [("LL106", 10)] * 6


# -- functions where a shape is expected ---------------------------------------------------------------------------


def test_layers_under_a_condition(folder):
    layers = ", ".join(f"arn:aws:lambda:eu-west-1:111122223333:layer:l{i}:1" for i in range(6))
    text = raw(f"      Layers: !If [Raised, [{layers}], !Ref AWS::NoValue]\n", SWITCH)
    assert findings(folder, text) == [("LL107", 13)]
    counts = {len(d.functions[0].get("Layers") or ()) for d in deployments(folder, text)}
    assert counts == {0, 6}


def test_code_under_a_condition(folder):
    text = (
        SWITCH + "Resources:\n  Fn:\n    Type: AWS::Lambda::Function\n    Properties:\n"
        "      Runtime: !If [Raised, ruby3.4, python3.13]\n      Handler: index.handler\n"
        "      Role: arn:aws:iam::111122223333:role/report\n"
        '      Code: !If [Raised, {S3Bucket: b, S3Key: k}, {ZipFile: "def handler(event, context): pass"}]\n'
    )
    assert findings(folder, text) == []


def test_properties_of_sam_under_a_condition(folder):
    text = sam(
        "      Runtime: python3.13\n      Handler: app.handler\n      Timeout: !If [Raised, 901, 3]\n"
        "      Layers: !If [Raised, [arn:aws:lambda:eu-west-1:111122223333:layer:a:1], !Ref AWS::NoValue]\n",
        SWITCH,
    )
    assert findings(folder, text) == [("LL102", 13)]


def test_a_condition_in_globals(folder):
    text = sam(
        "      Handler: app.handler\n",
        SWITCH + "Globals:\n  Function:\n    Runtime: !If [Raised, python3.14, python3.13]\n"
        "    Environment: {Variables: !If [Raised, {A_B: 1}, {C_D: 2}]}\n    Timeout: !If [Raised, 900, 1000]\n",
    )
    assert findings(folder, text) == [("LL102", 10)]
    found = {
        (d.functions[0].runtime, *d.functions[0].get("Environment", "Variables")) for d in deployments(folder, text)
    }
    assert found == {("python3.13", "C_D"), ("python3.14", "A_B")}


def test_no_value_over_a_scalar_of_globals(folder):
    """SAM takes the function's own NoValue, so nothing is left of the value in Globals."""
    text = sam(
        "      Runtime: python3.13\n      Handler: app.handler\n      Timeout: !Ref AWS::NoValue\n",
        "Globals:\n  Function: {Timeout: 901}\n",
    )
    (deployment,) = deployments(folder, text)
    assert deployment.functions[0].get("Timeout") is None
    assert findings(folder, text) == []


def test_no_value_in_a_list_and_in_a_map(folder):
    text = raw(
        "      Layers: [!Ref AWS::NoValue, arn:aws:lambda:eu-west-1:111122223333:layer:a:1]\n"
        "      Environment: {Variables: {GONE: !Ref AWS::NoValue, THERE: 1}}\n      Tags: !Ref AWS::NoValue\n"
    )
    (deployment,) = deployments(folder, text)
    function = deployment.functions[0]
    assert function.get("Layers") == ["arn:aws:lambda:eu-west-1:111122223333:layer:a:1"]
    assert function.get("Environment", "Variables") == {"THERE": 1}
    assert function.get("Tags") is None
    assert findings(folder, text) == []


def test_a_resource_with_a_condition(folder):
    text = raw("      Timeout: 901\n", SWITCH).replace(
        "Function\n    Prop", "Function\n    Condition: Raised\n    Prop"
    )
    write(folder, text)
    report, _ = lint(["template.yaml"], settings(folder, select=["LL102"]))
    (finding,) = report.findings
    assert finding.when == ("Raised",)
    assert {bool(d.functions) for d in deployments(folder, text)} == {True, False}


# -- what cannot be read, or only in part --------------------------------------------------------------------------


def test_an_unknown_tag_is_an_unknown_value(folder):
    text = raw("      Description: !Rain::Embed text.md\n      Tags: !Rain::Module {a: 1}\n")
    assert findings(folder, text) == []
    (deployment,) = deployments(folder, text)
    assert isinstance(deployment.functions[0].get("Description"), Unknown)


def test_braces_of_a_project_generator_are_a_syntax_error(folder):
    text = raw("      Timeout: {{ cookiecutter.timeout }}\n")
    assert findings(folder, text) == [("LL001", 9)]
    text = "{%- if cookiecutter.x %}\n" + raw()
    assert findings(folder, text) == [("LL001", 1)]


LOOP = """\
Transform: AWS::LanguageExtensions
Resources:
  Fn::ForEach::Workers:
    - Name
    - [One, Two]
    - Worker${Name}:
        Type: AWS::Lambda::Function
        Properties:
          Runtime: python3.13
          Handler: index.handler
          Role: arn:aws:iam::111122223333:role/report
          Code: {ZipFile: "def handler(event, context): pass"}
          Timeout: 901
"""


def test_a_loop_makes_resources(folder):
    (deployment,) = deployments(folder, LOOP)
    assert {function.id for function in deployment.functions} == {"WorkerOne", "WorkerTwo"}
    assert findings(folder, LOOP) == [("LL102", 13), ("LL102", 13)]


def test_a_loop_over_what_is_not_known_leaves_the_template_open(folder):
    text = LOOP.replace("[One, Two]", "!Ref Names").replace(
        "Resources:", "Parameters:\n  Names: {Type: CommaDelimitedList}\nResources:"
    )
    assert all(deployment.is_open for deployment in deployments(folder, text))
    assert findings(folder, text) == []


def test_an_include_leaves_the_properties_open(folder):
    text = (
        "Resources:\n  Fn:\n    Type: AWS::Lambda::Function\n    Properties:\n"
        "      Fn::Transform: {Name: AWS::Include, Parameters: {Location: s3://artifacts/properties.yaml}}\n"
        "      Timeout: 10\n"
    )
    (deployment,) = deployments(folder, text)
    assert isinstance(deployment.functions[0].properties, OpenMap)
    assert is_open(deployment.functions[0].properties)
    assert findings(folder, text) == []


def test_a_macro_leaves_the_template_open(folder):
    (deployment,) = deployments(folder, raw(before="Transform: OurMacro\n"))
    assert deployment.is_open


# -- JSON ----------------------------------------------------------------------------------------------------------


def test_a_large_json_template(folder):
    """What the .NET tools write: JSON of 80 KB and more, with tabs and escapes."""
    resources = {
        f"Fn{i}": {
            "Type": "AWS::Serverless::Function",
            "Properties": {
                "Handler": f"Shop::Shop.Functions{i}::Handle",
                "Runtime": "dotnet8",
                "CodeUri": "s3://artifacts/shop.zip",
                "Description": 'Käse\t"Brot" ' + "x" * 200,
                "MemorySize": 128 if i != 77 else 99,
                "Policies": ["AWSLambdaBasicExecutionRole"],
                "Events": {"Root": {"Type": "Api", "Properties": {"Path": f"/p{i}", "Method": "GET"}}},
            },
        }
        for i in range(140)
    }
    text = json.dumps({"Transform": "AWS::Serverless-2016-10-31", "Resources": resources}, indent="\t")
    assert len(text) > 80_000
    lines = text.splitlines()
    (line,) = [number for number, line in enumerate(lines, 1) if '"MemorySize": 99' in line]
    assert findings(folder, text, name="serverless.template", select=["LL101"]) == [("LL101", line)]


def test_json_with_null_and_an_escaped_key(folder):
    text = json.dumps(
        {
            "Parameters": None,
            "Resources": {
                "Fn": {
                    "Type": "AWS::Lambda::Function",
                    "Properties": {
                        "Runtime": "python3.13",
                        "Handler": "index.handler",
                        "Role": "arn:aws:iam::111122223333:role/report",
                        "Code": {"ZipFile": "def handler(event, context): pass"},
                        "Layers": None,
                    },
                }
            },
        }
    ).replace('"Layers"', '"L\\u0061yers"')
    assert findings(folder, text, name="template.json") == []
