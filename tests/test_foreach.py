"""Fn::ForEach unrolled on the raw tree."""

from __future__ import annotations

import copy
import json
from textwrap import dedent, indent
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdalint.model.template import Template
from lambdalint.model.values import OpenMap, Unknown
from lambdalint.parsers import sam
from lambdalint.parsers.cloudformation import read
from lambdalint.parsers.document import parse
from lambdalint.parsers.foreach import LIMIT, expand_foreach


def looped(collection: Any, body: Any, **more: Any) -> dict[str, Any]:
    return {
        "Transform": ["AWS::LanguageExtensions"],
        "Resources": {"Fn::ForEach::Loop": ["Name", collection, body]},
        **more,
    }


TOPIC = {"Topic${Name}": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": {"Ref": "Name"}}}}


def test_a_template_without_loops_is_the_same_object() -> None:
    template = {"Resources": {"A": {"Type": "AWS::SNS::Topic"}}}
    assert expand_foreach(template).template is template


@pytest.mark.parametrize(
    ("collection", "parameters", "names"),
    [
        (["A", "B"], {}, ["A", "B"]),
        ([], {}, []),
        ({"Ref": "Names"}, {"Names": "A, B"}, ["A", "B"]),
        ({"Ref": "Names"}, {"Names": ["A", "B"]}, ["A", "B"]),
        ([{"Ref": "One"}, "B"], {"One": "A"}, ["A", "B"]),
        ({"Fn::Split": ["-", "A-B"]}, {}, ["A", "B"]),
        ({"Fn::FindInMap": ["M", {"Ref": "Env"}, "Names"]}, {"Env": "prod"}, ["A", "B"]),
        ([1, 2], {}, ["1", "2"]),
    ],
)
def test_collections(collection: Any, parameters: dict[str, Any], names: list[str]) -> None:
    template = looped(collection, TOPIC, Mappings={"M": {"prod": {"Names": ["A", "B"]}}})
    before = copy.deepcopy(template)
    unrolled = expand_foreach(template, parameters)
    assert unrolled.template["Resources"] == {
        f"Topic{name}": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": name}} for name in names
    }
    assert unrolled.faults == ()
    assert not unrolled.open
    assert unrolled.reads == set(parameters)
    assert template == before


@pytest.mark.parametrize(
    "collection",
    [{"Ref": "Names"}, {"Fn::GetAtt": ["A", "B"]}, Unknown("x"), [{"Ref": "Names"}], None, 3, {"Fn::Split": ["", "x"]}],
)
def test_an_unknown_collection_is_left_out(collection: Any) -> None:
    unrolled = expand_foreach(looped(collection, TOPIC))
    assert unrolled.open
    assert unrolled.faults == ()
    assert isinstance(unrolled.template["Resources"], OpenMap)
    assert unrolled.template["Resources"] == {}


def test_identifiers_are_put_in_everywhere() -> None:
    body = {
        "Fn${Name}&{Name}": {
            "Type": "AWS::Lambda::Function",
            "DependsOn": ["Topic${Name}"],
            "Properties": {
                "FunctionName": {"Fn::Sub": "${AWS::StackName}-${Name}-${!Name}"},
                "Role": {"Fn::GetAtt": ["Role&{Name}", "Arn"]},
            },
        }
    }
    resource = expand_foreach(looped(["a-b"], body)).template["Resources"]["Fna-bab"]
    assert resource["DependsOn"] == ["Topica-b"]
    assert resource["Properties"]["FunctionName"] == {"Fn::Sub": "${AWS::StackName}-a-b-${!Name}"}
    assert resource["Properties"]["Role"] == {"Fn::GetAtt": ["Roleab", "Arn"]}


def test_nested_loops_and_loops_among_properties() -> None:
    inner = {"Fn::ForEach::Inner": ["Size", ["s", "m"], {"T${Name}${Size}": {"Type": "AWS::SNS::Topic"}}]}
    template = looped(["A", "B"], inner)
    template["Resources"]["Own"] = {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "Environment": {"Variables": {"Fn::ForEach::V": ["K", ["X", "Y"], {"${K}_NAME": {"Ref": "K"}}]}}
        },
    }
    unrolled = expand_foreach(template)
    resources = unrolled.template["Resources"]
    assert list(resources) == ["TAs", "TAm", "TBs", "TBm", "Own"]
    assert resources["Own"]["Properties"]["Environment"]["Variables"] == {"X_NAME": "X", "Y_NAME": "Y"}
    origin = ("Resources", "Fn::ForEach::Loop", 2, "Fn::ForEach::Inner", 2, "T${Name}${Size}")
    assert sam.written(unrolled.moved, ("Resources", "TBm", "Type")) == (*origin, "Type")
    variable = ("Resources", "Own", "Properties", "Environment", "Variables", "Y_NAME")
    assert sam.written(unrolled.moved, variable)[-3:] == ("Fn::ForEach::V", 2, "${K}_NAME")


def test_sam_is_expanded_after_the_loop() -> None:
    body = {
        "Fn${Name}": {
            "Type": "AWS::Serverless::Function",
            "Properties": {
                "Handler": "a.b",
                "Runtime": "python3.13",
                "CodeUri": "src/${Name}",
                "Events": {"Q": {"Type": "SQS", "Properties": {"Queue": "q", "BatchSize": 5}}},
            },
        }
    }
    unrolled = expand_foreach(looped(["A", "B"], body))
    expanded = sam.expand(unrolled.template)
    assert expanded.template["Resources"]["FnB"]["Properties"]["Code"] == "src/B"
    place = sam.written(expanded.moved, ("Resources", "FnBQ", "Properties", "BatchSize"))
    place = sam.written(unrolled.moved, place)
    assert place[:4] == ("Resources", "Fn::ForEach::Loop", 2, "Fn${Name}")
    assert place[-2:] == ("Properties", "BatchSize")


@pytest.mark.parametrize("loop", [None, [], ["Name", ["A"]], ["Name", ["A"], []], [3, ["A"], {}], {"a": "b"}])
def test_a_loop_of_no_shape_is_a_fault(loop: Any) -> None:
    unrolled = expand_foreach({"Resources": {"Fn::ForEach::Loop": loop, "T": {"Type": "AWS::SNS::Topic"}}})
    assert [(fault.kind, fault.path) for fault in unrolled.faults] == [("foreach", ("Resources", "Fn::ForEach::Loop"))]
    assert unrolled.template["Resources"] == {"T": {"Type": "AWS::SNS::Topic"}}


def test_the_same_key_twice_is_a_fault() -> None:
    unrolled = expand_foreach(looped(["A", "B"], {"Topic": {"Type": "AWS::SNS::Topic"}}))
    assert [fault.kind for fault in unrolled.faults] == ["foreach-duplicate"]


def test_what_loops_make_is_bounded() -> None:
    body: Any = {"T${A}${B}${C}${Name}": {"Type": "AWS::SNS::Topic"}}
    for identifier in ("A", "B", "C"):
        body = {f"Fn::ForEach::{identifier}": [identifier, [str(n) for n in range(100)], body]}
    unrolled = expand_foreach(looped([str(n) for n in range(100)], body))
    assert "foreach-size" in [fault.kind for fault in unrolled.faults]
    assert len(unrolled.template["Resources"]) <= LIMIT


TREES = st.recursive(
    st.none() | st.integers() | st.sampled_from(["A", "${N}", "&{N}", "N", "x,y"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["Fn::ForEach::L", "Ref", "K${N}", "Fn::Split", "Fn::FindInMap"]), inner, max_size=3
        )
    ),
    max_leaves=15,
)


@settings(max_examples=200, deadline=None)
@given(TREES, TREES, TREES)
def test_it_never_raises(collection: Any, body: Any, other: Any) -> None:
    template = {
        "Transform": "AWS::LanguageExtensions",
        "Resources": {"Fn::ForEach::L": ["N", collection, body], "K": other},
        "Outputs": other,
        "Mappings": other,
    }
    before = json.dumps(template)
    expand_foreach(template, {"N": "x"})
    assert json.dumps(template) == before


# -- names that nothing bears ------------------------------------------------------------------------------------------


def undefined(resources: str, more: str = "") -> list[str]:
    """The names that LL003 is told of in a template with these resources and a function that mentions some."""
    text = f"Transform: [AWS::LanguageExtensions, AWS::Serverless-2016-10-31]\n{more}Resources:\n"
    document = parse((text + indent(dedent(resources), "  ")).encode(), "template.yaml")
    assert not document.faults
    found = read(Template(document, "", "", "sam"), (), "2026-11-23").faults
    return sorted(fault.fields["name"] for fault in found if fault.kind == "undefined-reference")


def mentioning(*names: str) -> str:
    variables = ", ".join(f"V{number}: !Ref {name}" for number, name in enumerate(names))
    return (
        "Caller: {Type: AWS::Serverless::Function, Properties: {Runtime: python3.13, Handler: app.handler, "
        f"CodeUri: s3://code/app.zip, Environment: {{Variables: {{{variables}}}}}}}}}\n"
    )


UNKNOWN = "Parameters: {Names: {Type: CommaDelimitedList}}\n"
GIVEN = "Parameters: {Names: {Type: CommaDelimitedList, Default: 'A,B'}}\n"
QUEUES = "Fn::ForEach::Queues: [Name, COLLECTION, {'Q${Name}s': {Type: AWS::SQS::Queue}}]\n"
NESTED = (
    "Fn::ForEach::Outer: [A, COLLECTION, {'Fn::ForEach::Inner': [B, [z], {'Q${A}${B}': {Type: AWS::SQS::Queue}}]}]\n"
)
FUNCTIONS = QUEUES.replace("AWS::SQS::Queue", "AWS::Serverless::Function").replace("Queues", "Functions")


@pytest.mark.parametrize(
    ("resources", "more", "names"),
    [
        # The collection is known: what the loop makes is there, nothing else is.
        (QUEUES.replace("COLLECTION", "[A, B]") + mentioning("QAs", "QBs", "QCs", "Other"), "", ["QCs", "Other"]),
        # It is not, or another one may be given: what it can make may be there.
        (
            QUEUES.replace("COLLECTION", "!Ref Names") + mentioning("QAs", "QCs", "QC", "Other"),
            UNKNOWN,
            ["QC", "Other"],
        ),
        (QUEUES.replace("COLLECTION", "!Ref Names") + mentioning("QAs", "QCs", "QC", "Other"), GIVEN, ["QC", "Other"]),
        # SAM makes others of a function, and calls them after it.
        (
            FUNCTIONS.replace("COLLECTION", "!Ref Names") + mentioning("QCsRole", "RQCs", "ServerlessRestApi"),
            UNKNOWN,
            ["RQCs"],
        ),
        # A loop that is not read may make anything.
        ("Fn::ForEach::Queues: [Name, {}]\n" + mentioning("Anything"), "", []),
        # A macro may as well.
        (QUEUES.replace("COLLECTION", "[A]") + mentioning("Other"), "", ["Other"]),
        ("Fn::Transform: {Name: AWS::Include, Parameters: {Location: s3://b/k}}\n" + mentioning("Other"), "", []),
        # A loop in a loop.
        (NESTED.replace("COLLECTION", "[x, y]") + mentioning("Qxz", "Qyz", "Qzx"), "", ["Qzx"]),
        (NESTED.replace("COLLECTION", "!Ref Names") + mentioning("Qaz", "Other"), UNKNOWN, ["Other"]),
    ],
)
def test_names_that_nothing_bears_beside_a_loop(resources: str, more: str, names: list[str]) -> None:
    assert undefined(resources, more) == sorted(names)


def test_what_a_loop_makes_is_told_once() -> None:
    body = "{Type: AWS::Lambda::Function, Properties: {Environment: {Variables: {A: !Sub '${Gone} ${Lost${Name}}'}}}}"
    assert undefined(f"Fn::ForEach::F: [Name, [A, B, C], {{'F${{Name}}': {body}}}]\n") == ["Gone", "LostA"]


def test_a_loop_among_properties_hides_nothing() -> None:
    loop = "'Fn::ForEach::V': [Name, !Ref Names, {'V${Name}': !Ref Name}]"
    function = (
        f"F: {{Type: AWS::Lambda::Function, Properties: {{Environment: {{Variables: {{{loop}, B: !Ref Gone}}}}}}}}\n"
    )
    assert undefined(function, UNKNOWN) == ["Gone"]
    assert undefined(function, GIVEN) == ["Gone"]
