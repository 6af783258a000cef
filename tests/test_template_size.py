"""LL012 and LL110 at sizes that no example in a rule file has room for."""

from __future__ import annotations

import json

import pytest

from lambdalint.engine import lint
from lambdalint.settings import Settings

FUNCTION = {
    "Type": "AWS::Lambda::Function",
    "Properties": {
        "Runtime": "python3.13",
        "Handler": "index.handler",
        "Role": "arn:aws:iam::111122223333:role/report",
        "Code": {"ZipFile": "def handler(event, context): pass"},
    },
}


def messages(template, code):
    text = template if isinstance(template, str) else json.dumps(template)
    report, _ = lint(["-"], Settings(as_of="2026-11-23", select=[code], cwd="/"), text.encode())
    assert not [notice for notice in report.notices if "internal error" in notice.message]
    return [finding.message for finding in report.findings]


def queues(count):
    return {f"Queue{i}": {"Type": "AWS::SQS::Queue"} for i in range(count)}


def test_500_resources_and_one_more():
    assert messages({"Resources": {"Fn": FUNCTION, **queues(499)}}, "LL012") == []
    (message,) = messages({"Resources": {"Fn": FUNCTION, **queues(500)}}, "LL012")
    assert message == "There are 501 resources; CloudFormation takes 500"


def test_resources_behind_conditions_count():
    conditional = {name: {**queue, "Condition": "Never"} for name, queue in queues(500).items()}
    template = {"Conditions": {"Never": {"Fn::Equals": ["a", "b"]}}, "Resources": {"Fn": FUNCTION, **conditional}}
    assert len(messages(template, "LL012")) == 1


def test_what_sam_makes_counts():
    """A function with a role and a schedule: function, role, rule and permission."""
    functions = {
        f"Fn{i}": {
            "Type": "AWS::Serverless::Function",
            "Properties": {
                "Runtime": "python3.13",
                "Handler": "app.handler",
                "CodeUri": "s3://artifacts/fn.zip",
                "Events": {"Daily": {"Type": "Schedule", "Properties": {"Schedule": "rate(1 day)"}}},
            },
        }
        for i in range(126)
    }
    template = {"Transform": "AWS::Serverless-2016-10-31", "Resources": functions}
    (message,) = messages(template, "LL012")
    assert message.startswith("There are 504 resources")
    del functions["Fn0"]
    assert messages(template, "LL012") == []


@pytest.mark.parametrize("section", ["Parameters", "Outputs", "Mappings"])
def test_200_of_a_section_and_one_more(section):
    member = {"Parameters": {"Type": "String"}, "Outputs": {"Value": "a"}, "Mappings": {"a": {"b": "c"}}}[section]
    for count, found in ((200, 0), (201, 1)):
        template = {section: {f"M{i}": member for i in range(count)}, "Resources": {"Fn": FUNCTION}}
        assert len(messages(template, "LL012")) == found


def test_a_million_bytes_and_one_more():
    template = {"Metadata": {"Note": ""}, "Resources": {"Fn": FUNCTION}}
    template["Metadata"]["Note"] = "n" * (1_000_000 - len(json.dumps(template)))
    assert messages(template, "LL012") == []
    template["Metadata"]["Note"] += "n"
    assert messages(template, "LL012") == ["The template has 1000001 bytes; CloudFormation takes 1000000"]


def test_inline_code_of_4_mb_and_one_more_byte():
    function = json.loads(json.dumps(FUNCTION))
    template = {"Resources": {"Fn": function}}
    function["Properties"]["Code"]["ZipFile"] = "#" * 4_194_304
    assert messages(template, "LL110") == []
    function["Properties"]["Code"]["ZipFile"] += "#"
    assert messages(template, "LL110") == ["The inline code has 4194305 bytes; Lambda takes 4194304"]
