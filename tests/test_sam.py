"""SAM's expansion beyond what the reference shows: places, oddities, unknown values, bad input."""

from __future__ import annotations

import copy
import json
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lambdalint.model.values import OpenList, OpenMap, Unknown
from lambdalint.parsers import sam

SAM = "AWS::Serverless-2016-10-31"
BASE = {"Handler": "app.handler", "Runtime": "python3.13", "CodeUri": "./src"}


def function(events: Any = None, **properties: Any) -> dict[str, Any]:
    merged = {**BASE, **properties}
    if events is not None:
        merged["Events"] = events
    return {"Type": "AWS::Serverless::Function", "Properties": merged}


def template(**resources: Any) -> dict[str, Any]:
    return {"Transform": SAM, "Resources": resources}


def exists(document: Any, path: tuple[Any, ...]) -> bool:
    for step in path:
        found = isinstance(document, dict) and step in document
        if not found and not (isinstance(document, list) and isinstance(step, int) and step < len(document)):
            return False
        document = document[step]
    return True


# --- is it SAM


@pytest.mark.parametrize(
    ("transform", "expected"),
    [
        (SAM, True),
        ([SAM], True),
        (["AWS::LanguageExtensions", SAM], True),
        ({"Fn::Transform": {"Name": SAM}}, True),
        ([{"Name": SAM}], True),
        ({"Name": "AWS::Include"}, False),
        ("AWS::LanguageExtensions", False),
        (None, False),
        ([], False),
        (3, False),
    ],
)
def test_is_sam(transform: Any, expected: bool) -> None:
    assert sam.is_sam({"Transform": transform}) is expected
    assert sam.is_sam([transform]) is False


def test_other_transforms_and_sections_stay() -> None:
    written = {**template(Fn=function()), "Outputs": {"A": {"Value": {"Ref": "Fn"}}}, "Description": "x"}
    written["Transform"] = ["AWS::LanguageExtensions", SAM]
    written["Globals"] = {"Function": {"Timeout": 5}}
    expanded = sam.expand(written).template
    assert expanded["Transform"] == ["AWS::LanguageExtensions"]
    assert "Globals" not in expanded
    assert expanded["Outputs"] is written["Outputs"]
    assert expanded["Description"] == "x"


# --- places


def test_globals_lead_to_globals() -> None:
    written = template(Fn=function(Environment={"Variables": {"B": "2"}}, Layers=["own"], Tags={"t": "u"}))
    written["Globals"] = {
        "Function": {
            "Timeout": 901,
            "Environment": {"Variables": {"A": "1"}},
            "Layers": ["shared"],
            "Tags": {"g": "h"},
            "DeadLetterQueue": {"Type": "SQS", "TargetArn": "arn:aws:sqs:eu-west-1:123456789012:q"},
            "Tracing": "Active",
        }
    }
    moved = sam.expand(written).moved

    def place(*steps: Any) -> Any:
        return sam.written(moved, ("Resources", "Fn", "Properties", *steps))

    own = ("Resources", "Fn", "Properties")
    assert place("Timeout") == ("Globals", "Function", "Timeout")
    assert place("Environment", "Variables", "A") == ("Globals", "Function", "Environment", "Variables", "A")
    assert place("Environment", "Variables", "B") == (*own, "Environment", "Variables", "B")
    assert place("Layers", 0) == ("Globals", "Function", "Layers", 0)
    assert place("Layers", 1) == (*own, "Layers", 0)
    assert place("Tags", 1) == ("Globals", "Function", "Tags", "g")
    assert place("Tags", 2) == (*own, "Tags", "t")
    assert place("DeadLetterConfig", "TargetArn") == ("Globals", "Function", "DeadLetterQueue", "TargetArn")
    assert place("TracingConfig", "Mode")[:3] == ("Globals", "Function", "Tracing")
    assert place("Code") == (*own, "CodeUri")
    assert place("Handler") == (*own, "Handler")


def test_generated_resources_lead_to_what_was_written() -> None:
    written = template(
        Fn=function(
            {
                "Queue": {"Type": "SQS", "Properties": {"Queue": {"Fn::GetAtt": ["Q", "Arn"]}, "BatchSize": 20000}},
                "Get": {"Type": "Api", "Properties": {"Path": "/x", "Method": "get", "TimeoutInMillis": 40000}},
                "Tick": {"Type": "Schedule", "Properties": {"Schedule": "rate(0 minutes)"}},
                "Up": {"Type": "S3", "Properties": {"Bucket": {"Ref": "B"}, "Events": ["s3:Foo"]}},
            },
            Policies=["AWSLambdaRole", {"SQSPollerPolicy": {"QueueName": "q"}}, {"Statement": [{"Action": "*"}]}],
            AutoPublishAlias="live",
            FunctionUrlConfig={"AuthType": "NONE"},
            EventInvokeConfig={"MaximumRetryAttempts": 3, "DestinationConfig": {"OnFailure": {"Type": "SQS"}}},
        ),
        Q={"Type": "AWS::SQS::Queue"},
        B={"Type": "AWS::S3::Bucket"},
    )
    expanded = sam.expand(written)
    own = ("Resources", "Fn", "Properties")

    def place(*path: Any) -> Any:
        return sam.written(expanded.moved, ("Resources", *path))

    queue = (*own, "Events", "Queue")
    assert place("FnQueue", "Properties", "BatchSize") == (*queue, "Properties", "BatchSize")
    assert place("FnQueue", "Properties", "EventSourceArn") == (*queue, "Properties", "Queue")
    assert place("FnTick", "Properties", "ScheduleExpression") == (*own, "Events", "Tick", "Properties", "Schedule")
    inline = ("FnRole", "Properties", "Policies")
    destination = (*own, "EventInvokeConfig", "DestinationConfig")
    assert place(*inline, 0)[:5] == destination
    assert place(*inline, 2, "PolicyDocument", "Statement", 0) == (*own, "Policies", 2, "Statement", 0)
    assert place("FnRole", "Properties", "ManagedPolicyArns", 1) == (*own, "Policies", 0)
    assert place("FnUrl", "Properties", "AuthType") == (*own, "FunctionUrlConfig", "AuthType")
    assert place("FnAliaslive") == (*own, "AutoPublishAlias")
    retries = place("FnEventInvokeConfig", "Properties", "MaximumRetryAttempts")
    assert retries == (*own, "EventInvokeConfig", "MaximumRetryAttempts")
    method = ("ServerlessRestApi", "Properties", "Body", "paths", "/x", "get")
    assert place(*method) == (*own, "Events", "Get")
    timeout = place(*method, "x-amazon-apigateway-integration", "timeoutInMillis")
    assert timeout == (*own, "Events", "Get", "Properties", "TimeoutInMillis")
    notification = ("B", "Properties", "NotificationConfiguration", "LambdaConfigurations", 0)
    assert place(*notification, "Event") == (*own, "Events", "Up", "Properties", "Events", 0)
    for logical_id in expanded.template["Resources"]:
        if logical_id not in written["Resources"]:
            assert expanded.owners[logical_id] == "Fn"
            assert exists(written, place(logical_id)), logical_id
    assert [(event.id, event.type) for event in expanded.events] == [
        ("Get", "Api"),
        ("Queue", "SQS"),
        ("Tick", "Schedule"),
        ("Up", "S3"),
    ]
    assert expanded.events[1].generated == ("FnQueue",)


def test_every_recorded_place_is_in_the_document() -> None:
    written = template(
        A=function({"H": {"Type": "HttpApi"}}, Connectors={}),
        T={
            "Type": "AWS::SNS::Topic",
            "Connectors": {"C": {"Properties": {"Destination": {"Id": "A"}, "Permissions": ["Write"]}}},
        },
        L={"Type": "AWS::Serverless::LayerVersion", "Properties": {"ContentUri": "layer/"}},
        M={"Type": "AWS::Serverless::StateMachine", "Properties": {"DefinitionUri": "x.json"}},
    )
    expanded = sam.expand(written)
    for logical_id in expanded.template["Resources"]:
        assert exists(written, sam.written(expanded.moved, ("Resources", logical_id))), logical_id
    assert sam.written(expanded.moved, ("Resources", "TCWriteLambdaPermission")) == (
        "Resources",
        "T",
        "Connectors",
        "C",
    )
    assert expanded.owners["TCWriteLambdaPermission"] == "T"


# --- code


@pytest.mark.parametrize(
    ("properties", "code"),
    [
        ({"CodeUri": "./src"}, "./src"),
        ({"CodeUri": None}, "."),
        ({"CodeUri": "s3://b/k/l?versionId=3"}, {"S3Bucket": "b", "S3Key": "k/l", "S3ObjectVersion": "3"}),
        ({"CodeUri": {"Bucket": "b", "Key": {"Ref": "K"}}}, {"S3Bucket": "b", "S3Key": {"Ref": "K"}}),
        ({"CodeUri": {"Ref": "Source"}}, {"Ref": "Source"}),  # sam build reads it
        ({"InlineCode": "x"}, {"ZipFile": "x"}),
    ],
)
def test_code(properties: dict[str, Any], code: Any) -> None:
    expanded = sam.expand(template(Fn=function(**properties)))
    assert expanded.template["Resources"]["Fn"]["Properties"]["Code"] == code
    assert expanded.faults == ()


def test_an_image_that_sam_builds() -> None:
    image = {"Type": "AWS::Serverless::Function", "Properties": {"PackageType": "Image"}}
    built = {**image, "Metadata": {"DockerContext": "./app", "Dockerfile": "Dockerfile"}}
    expanded = sam.expand(template(Fn=built))
    assert isinstance(expanded.template["Resources"]["Fn"]["Properties"]["Code"]["ImageUri"], Unknown)
    assert expanded.faults == ()
    assert [fault.fields["property"] for fault in sam.expand(template(Fn=image)).faults] == ["ImageUri"]


# --- parameters


def test_parameters_that_the_expansion_reads() -> None:
    written = template(
        Fn=function(AutoPublishAlias={"Ref": "Alias"}, Timeout={"Ref": "Timeout"}, Tracing={"Ref": "Tracing"})
    )
    written["Parameters"] = {name: {"Type": "String"} for name in ("Alias", "Timeout", "Tracing")}
    assert sam.read_parameters(written) == {"Alias", "Tracing"}
    expanded = sam.expand(written, {"Alias": "live", "Tracing": "Disabled"})
    properties = expanded.template["Resources"]["Fn"]["Properties"]
    assert "FnAliaslive" in expanded.template["Resources"]
    assert "TracingConfig" not in properties
    assert properties["Timeout"] == {"Ref": "Timeout"}


def test_an_alias_from_a_parameter_without_value_is_no_fault() -> None:
    written = template(Fn=function(AutoPublishAlias={"Ref": "Alias"}))
    written["Parameters"] = {"Alias": {"Type": "String"}}
    assert sam.expand(written).faults == ()


@pytest.mark.parametrize(
    "properties",
    [
        {"AutoPublishAlias": "live", "AutoPublishCodeSha256": {"Ref": "P"}},
        {"EventInvokeConfig": {"DestinationConfig": {"OnSuccess": {"Type": {"Ref": "P"}, "Destination": "x"}}}},
        {
            "AutoPublishAlias": {"Fn::Sub": "a-${P}"},
            "DeploymentPreference": {"Type": {"Ref": "P"}, "PassthroughCondition": {"Ref": "P"}},
        },
    ],
)
def test_what_a_parameter_without_value_settles_is_no_fault(properties: dict[str, Any]) -> None:
    written = template(Fn=function(**properties))
    written["Parameters"] = {"P": {"Type": "String"}}
    assert sam.expand(written).faults == ()
    del written["Parameters"]
    assert sam.expand(written).faults != ()


def test_the_partition_follows_the_region() -> None:
    written = template(Fn=function())
    arns = sam.expand(written, {"AWS::Region": "cn-north-1"}).template["Resources"]["FnRole"]["Properties"]
    assert arns["ManagedPolicyArns"] == ["arn:aws-cn:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"]


# --- what cannot be known


def test_unknown_values_are_passed_through() -> None:
    tag = Unknown("!Rain::Embed")
    written = template(
        Fn=function({"A": tag}, Environment=tag, Policies=[tag, "AWSLambdaRole"], Tags=tag, Layers=tag, Timeout=tag),
        Other=tag,
    )
    expanded = sam.expand(written)
    properties = expanded.template["Resources"]["Fn"]["Properties"]
    assert properties["Environment"] is tag
    assert properties["Tags"] is tag
    assert isinstance(expanded.template["Resources"]["FnRole"]["Properties"]["ManagedPolicyArns"], OpenList)
    assert expanded.template["Resources"]["Other"] is tag
    assert expanded.faults == ()


def test_an_unknown_policy_template_leaves_the_role_open() -> None:
    expanded = sam.expand(template(Fn=function(Policies=[{"SQSPolerPolicy": {"QueueName": "q"}}])))
    (fault,) = expanded.faults
    assert fault.kind == "policy-template"
    assert fault.path == ("Resources", "Fn", "Properties", "Policies", 0, "SQSPolerPolicy")
    assert fault.fields["nearest"][0] == "SQSPollerPolicy"
    assert isinstance(expanded.template["Resources"]["FnRole"]["Properties"]["ManagedPolicyArns"], OpenList)


def test_an_open_map_of_resources_stays_open() -> None:
    written = {"Transform": SAM, "Resources": OpenMap({"Fn": function()})}
    assert isinstance(sam.expand(written).template["Resources"], OpenMap)


# --- what SAM refuses


def test_events_under_if_and_unknown_events() -> None:
    conditional = {"Fn::If": ["C", {"Type": "SQS", "Properties": {"Queue": "q"}}, {"Ref": "AWS::NoValue"}]}
    expanded = sam.expand(template(Fn=function({"A": conditional, "B": {"Type": "Sqs"}, "D": {"Type": "SQS"}})))
    kinds = [(fault.kind, fault.path[4:]) for fault in expanded.faults]
    assert ("events-intrinsic", ("A",)) in kinds
    assert ("event-type", ("B", "Type")) in kinds
    assert ("missing-property", ("D",)) in kinds
    assert next(fault for fault in expanded.faults if fault.kind == "event-type").fields["nearest"] == ["SQS"]
    assert "Fn" in expanded.template["Resources"]
    assert "FnRole" in expanded.template["Resources"]


def test_nothing_of_sam_is_left() -> None:
    broken = template(
        A={"Type": "AWS::Serverless::Function"},
        B={"Type": "AWS::Serverless::Function", "Properties": None},
        C={"Type": "AWS::Serverless::Foo"},
        D={"Type": "AWS::Serverless::Api", "Properties": []},
        E=None,
        F={"Type": "AWS::SNS::Topic"},
    )
    expanded = sam.expand(broken)
    types = [r["Type"] for r in expanded.template["Resources"].values() if isinstance(r, dict)]
    assert not [type_ for type_ in types if type_.startswith("AWS::Serverless")]
    assert expanded.template["Resources"]["F"] is broken["Resources"]["F"]
    assert len(expanded.faults) >= 6


@pytest.mark.parametrize("resources", [None, [], "x", {}, {"A": None}, {"Fn::Transform": {"Name": "AWS::Include"}}])
def test_resources_that_are_none(resources: Any) -> None:
    expanded = sam.expand({"Transform": SAM, "Resources": resources})
    assert expanded.template["Resources"] == resources


SCALARS = st.none() | st.booleans() | st.integers(-3, 3) | st.text(max_size=4) | st.sampled_from(["C", "Fn", "live"])
NAMES = st.sampled_from(
    """Type Properties Events Policies Role CodeUri Ref Fn::If Fn::Sub Fn::GetAtt Environment Auth DefinitionBody
    paths Path Method RestApiId Bucket Queue Tags Layers DeadLetterQueue EventInvokeConfig DestinationConfig Fn Api
    A""".split()
)
TREES = st.recursive(
    SCALARS | st.sampled_from(["AWS::Serverless::Function", "AWS::Serverless::Api", "SQS", "Api", "S3", "HttpApi"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)
KINDS = st.sampled_from(
    """Function Api HttpApi StateMachine LayerVersion SimpleTable Application Connector GraphQLApi WebSocketApi
    CapacityProvider WebFunction MicrovmImage NetworkConnector""".split()
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(KINDS, st.dictionaries(NAMES, TREES, max_size=5), TREES, TREES)
def test_expansion_never_raises(kind: str, properties: Any, other: Any, shared: Any) -> None:
    resource = {"Type": "AWS::Serverless::" + kind, "Properties": properties}
    written = {"Resources": {"A": resource, "Fn": function({"E": other}), "Other": other}, "Globals": shared}
    before = copy.deepcopy(written)
    expanded = sam.expand(written)
    assert written == before
    for resource in expanded.template["Resources"].values():
        if isinstance(resource, dict) and isinstance(resource.get("Type"), str) and resource is not other:
            assert not resource["Type"].startswith("AWS::Serverless::")


@settings(max_examples=100, deadline=None)
@given(TREES)
def test_any_template_is_taken(tree: Any) -> None:
    sam.is_sam(tree)
    if isinstance(tree, dict):
        sam.expand({"Resources": tree, "Conditions": tree, "Parameters": tree, "Globals": tree})


# --- speed


def test_speed() -> None:
    """500 functions, in well under a second on a quiet machine: the bound is for what is not linear."""
    resources = {
        f"Fn{number}": function(
            {"Q": {"Type": "SQS", "Properties": {"Queue": "q"}}}, Policies=[{"SQSPollerPolicy": {"QueueName": "q"}}]
        )
        for number in range(500)
    }
    written = template(**resources)
    written["Globals"] = {"Function": {"Timeout": 3, "Environment": {"Variables": {"A": "b"}}}}
    sam.expand(written)
    start = time.perf_counter()
    expanded = sam.expand(written)
    assert time.perf_counter() - start < 20
    assert len(json.dumps(expanded.template)) > 100_000
