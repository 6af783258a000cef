"""Intrinsic functions on anything that JSON can hold: no exception, and the values that CloudFormation gives."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdalint.model.values import OpenMap, Reference, Symbol, Text, Unknown, known, references
from lambdalint.parsers.intrinsics import evaluate, sub_names
from lambdalint.parsers.parameters import Assignment, Named, Parameters
from lambdalint.parsers.references import undefined
from lambdalint.parsers.scenarios import uses

TEMPLATE = {
    "Parameters": {
        "Size": {"Type": "Number", "Default": 512},
        "Stage": {"Type": "String", "Default": "dev"},
        "Names": {"Type": "CommaDelimitedList", "Default": "a, b,c"},
        "Open": {"Type": "String"},
        "Secret": {"Type": "String", "NoEcho": True, "Default": "x"},
        "Stored": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/x"},
    },
    "Mappings": {"Sizes": {"dev": {"memory": 128}, "prod": {"memory": 2048}}},
    "Conditions": {"IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}},
    "Resources": {"Queue": {"Type": "AWS::SQS::Queue"}},
}


PLAIN = Named()


def environment(named=PLAIN, template=TEMPLATE):
    return Assignment(Parameters(template), template["Conditions"], template["Mappings"], template["Resources"], named)


def value(node, named=PLAIN):
    return evaluate(node, environment(named)).value


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        ({"Ref": "Size"}, 512),
        ({"Ref": "Names"}, ["a", "b", "c"]),
        ({"Ref": "Queue"}, Reference("Queue")),
        ({"Fn::GetAtt": ["Queue", "Arn"]}, Reference("Queue", "Arn")),
        ({"Fn::GetAtt": "Queue.Arn"}, Reference("Queue", "Arn")),
        ({"Fn::Sub": "${Queue.Arn}"}, Reference("Queue", "Arn")),
        ({"Fn::Sub": "${Stage}-${Size}"}, "dev-512"),
        ({"Fn::Sub": "a ${!Literal} b"}, "a ${Literal} b"),
        ({"Fn::Sub": ["${Own}/${Stage}", {"Own": {"Ref": "Size"}}]}, "512/dev"),
        ({"Fn::If": ["IsProd", 1, 2]}, 2),
        ({"Fn::If": ["IsProd", {"Ref": "AWS::NoValue"}, {"Fn::If": ["IsProd", 3, 4]}]}, 4),
        ([1, {"Fn::If": ["IsProd", 2, {"Ref": "AWS::NoValue"}]}, 3], [1, 3]),
        ({"a": {"Ref": "AWS::NoValue"}, "b": 1}, {"b": 1}),
        ({"Fn::FindInMap": ["Sizes", {"Ref": "Stage"}, "memory"]}, 128),
        ({"Fn::FindInMap": ["Sizes", "none", "memory", {"DefaultValue": 64}]}, 64),
        ({"Fn::Join": ["-", ["a", {"Ref": "Stage"}]]}, "a-dev"),
        ({"Fn::Join": [",", {"Ref": "Names"}]}, "a,b,c"),
        ({"Fn::Select": [1, {"Ref": "Names"}]}, "b"),
        ({"Fn::Select": ["2", {"Fn::Split": ["/", "a/b/c"]}]}, "c"),
        ({"Fn::Base64": "hello"}, "aGVsbG8="),
        ({"Fn::Length": {"Ref": "Names"}}, 3),
        ({"Fn::ToJsonString": {"a": [1, {"Ref": "Stage"}]}}, '{"a":[1,"dev"]}'),
    ],
)
def test_values(node, expected):
    assert value(node) == expected


@pytest.mark.parametrize(
    "node",
    [
        {"Ref": "Open"},
        {"Ref": "Nobody"},
        {"Ref": ["a"]},
        {"Fn::ImportValue": "x"},
        {"Fn::Cidr": ["10.0.0.0/16", 2, 8]},
        {"Fn::GetAZs": ""},
        {"Fn::Select": [9, ["a"]]},
        {"Fn::Select": [{"Ref": "Open"}, ["a"]]},
        {"Fn::FindInMap": ["Sizes", "none", "memory"]},
        {"Fn::Split": [",", {"Ref": "Open"}]},
        {"Fn::If": ["IsProd"]},
        {"Fn::Sub": 3},
        {"Fn::OfTomorrow": 1},
    ],
)
def test_what_cannot_be_known(node):
    found = value(node)
    assert isinstance(found, Unknown)
    assert found.reason


@pytest.mark.parametrize(
    "node", [{"Ref": "Secret"}, "{{resolve:secretsmanager:db:SecretString:password}}", "{{resolve:ssm-secure:x:1}}"]
)
def test_secrets_are_unknown_and_marked(node):
    found = value(node)
    assert isinstance(found, Unknown)
    assert found.secret


def test_what_is_resolved_from_parameter_store_is_no_secret():
    assert not value("{{resolve:ssm:/x}}").secret
    assert not value({"Ref": "Stored"}).secret


def test_two_spellings_of_one_arn_are_the_same():
    joined = {"Fn::Join": [":", ["arn:aws:sqs", {"Ref": "AWS::Region"}, {"Ref": "AWS::AccountId"}, "jobs"]]}
    substituted = {"Fn::Sub": "arn:aws:sqs:${AWS::Region}:${AWS::AccountId}:jobs"}
    assert value(joined) == value(substituted)
    assert isinstance(value(joined), Text)
    assert hash(value(joined)) == hash(value(substituted))
    named = Named(region="eu-west-1", account="111122223333")
    assert value(joined, named) == "arn:aws:sqs:eu-west-1:111122223333:jobs"


@pytest.mark.parametrize(
    ("region", "partition", "suffix"),
    [
        ("eu-west-1", "aws", "amazonaws.com"),
        ("cn-north-1", "aws-cn", "amazonaws.com.cn"),
        ("us-gov-west-1", "aws-us-gov", "amazonaws.com"),
    ],
)
def test_partitions(region, partition, suffix):
    named = Named(region=region)
    assert value({"Ref": "AWS::Partition"}, named) == partition
    assert value({"Ref": "AWS::URLSuffix"}, named) == suffix


def test_a_symbol_is_itself():
    assert value({"Ref": "AWS::StackName"}) == Text((Symbol("AWS::StackName"),))


def test_an_include_leaves_a_map_open():
    found = value({"a": 1, "Fn::Transform": {"Name": "AWS::Include"}})
    assert isinstance(found, OpenMap)
    assert found == {"a": 1}
    assert isinstance(value({"Fn::Transform": {"Name": "AWS::Include"}}), Unknown)


def test_where_a_value_was_written():
    found = evaluate({"Memory": {"Fn::If": ["IsProd", 1, {"Ref": "Size"}]}}, environment(), ("Properties",))
    written = found.written[("Properties", "Memory")]
    assert written.path == ("Properties", "Memory", "Fn::If", 2)
    assert [link.path for link in written.links] == [("Parameters", "Size", "Default")]
    assert [(decision.name, decision.value) for decision in written.decisions] == [("IsProd", False)]


def test_a_list_that_lost_a_member_knows_where_the_others_were_written():
    node = [{"Fn::If": ["IsProd", 1, {"Ref": "AWS::NoValue"}]}, "second"]
    found = evaluate(node, environment(), ("Layers",))
    assert found.value == ["second"]
    assert found.written[("Layers", 0)].path == ("Layers", 1)
    assert [decision.name for decision in found.written[("Layers",)].decisions] == ["IsProd"]


def test_deep_nesting_ends():
    node: object = "x"
    for _ in range(400):
        node = {"Fn::Join": ["", [node]]}
    value(node)


def test_a_long_chain_of_conditions_ends():
    conditions = {f"C{i}": {"Fn::Not": [{"Condition": f"C{i + 1}"}]} for i in range(3000)}
    template = {**TEMPLATE, "Conditions": {**conditions, "C3000": {"Fn::Equals": ["a", "a"]}}}
    assert environment(template=template).condition("C0") in (True, False)


# -- anything at all -----------------------------------------------------------------------------------------------

NAMES = ("Size", "Stage", "Names", "Open", "Queue", "Nobody", "IsProd", "Sizes", "AWS::Region", "AWS::NoValue", "a.b")
FUNCTIONS = (
    "Ref Condition Fn::And Fn::Base64 Fn::Cidr Fn::Contains Fn::Equals Fn::FindInMap Fn::ForEach::X Fn::GetAtt"
    " Fn::GetAZs Fn::If Fn::ImportValue Fn::Join Fn::Length Fn::Not Fn::Or Fn::Select Fn::Split Fn::Sub"
    " Fn::ToJsonString Fn::Transform"
).split()

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(max_size=8),
    st.sampled_from(NAMES),
    st.sampled_from(
        ("${Stage}", "${!x}", "${", "${a.b} ${AWS::Region}", "{{resolve:ssm:x}}", "{{resolve:secretsmanager:x}}")
    ),
)
nodes = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.one_of(st.text(max_size=5), st.sampled_from(FUNCTIONS)), inner, max_size=3),
        st.builds(lambda name, argument: {name: argument}, st.sampled_from(FUNCTIONS), inner),
        st.builds(lambda name, arguments: {name: arguments}, st.sampled_from(FUNCTIONS), st.lists(inner, max_size=4)),
    ),
    max_leaves=25,
)


@settings(max_examples=400, deadline=None)
@given(nodes)
def test_evaluation_never_raises(node):
    found = evaluate({"it": node}, environment(), ("Properties",))
    known(found.value)
    list(references(found.value))
    for path in found.written:
        assert path[:1] == ("Properties",)


@settings(max_examples=200, deadline=None)
@given(nodes, nodes)
def test_nothing_that_reads_a_template_raises(node, condition):
    template = {
        "Parameters": TEMPLATE["Parameters"],
        "Conditions": {"IsProd": condition, "Other": {"Fn::Not": [{"Condition": "IsProd"}]}},
        "Resources": {"Fn": {"Type": "AWS::Lambda::Function", "Condition": "Other", "Properties": node}},
    }
    uses(template["Resources"]["Fn"])
    undefined(template, (), False)
    assert environment(template={**TEMPLATE, **template}).condition("Other") in (True, False)


@settings(max_examples=100, deadline=None)
@given(nodes, nodes)
def test_a_whole_run_never_crashes(node, condition):
    from lambdalint.model.template import Template
    from lambdalint.parsers.cloudformation import read
    from lambdalint.parsers.document import parse

    template = {
        "Parameters": TEMPLATE["Parameters"],
        "Conditions": {"IsProd": condition},
        "Resources": {
            "Fn": {"Type": "AWS::Lambda::Function", "Properties": {"Timeout": node, "Tags": node, "Layers": [node]}},
            "Queue": {"Type": "AWS::SQS::Queue", "Condition": "IsProd", "Properties": node},
        },
    }
    document = parse(json.dumps(template).encode(), "t.json")
    read(Template(document, "/nowhere", "/nowhere", "cloudformation"), [], "2026-11-23")


@given(st.text(alphabet="${}!ab.:", max_size=20))
def test_names_in_text_lie_where_they_are_said_to(text):
    for start, end, content in sub_names(text):
        assert text[start:end] == "${" + content + "}"
