"""What invokes a function: every kind of source, and every way in which templates write what they join."""

from __future__ import annotations

import os
import sys
from collections import Counter

import pytest
import yaml

from lambdalint.checks.titles import TITLES
from lambdalint.engine import readings
from lambdalint.model.arns import function_of, parse, resource_of, service_of, single
from lambdalint.model.connections import connections, event_sources, published_as
from lambdalint.model.mappings import mappings
from lambdalint.model.values import Reference, Symbol, Text, Unknown
from lambdalint.rulebook import load
from lambdalint.settings import Settings

FUNCTION = """
  Fn:
    Type: AWS::Lambda::Function
    Properties:
      FunctionName: worker
      Runtime: python3.13
      Handler: index.handler
      Role: arn:aws:iam::111122223333:role/worker
      Code: {ZipFile: "def handler(event, context): pass"}
"""


def read(resources, header="", **settings):
    text = f"{header}\nResources:{FUNCTION}{resources}"
    (deployment, *_) = readings(["-"], Settings(cwd=os.getcwd(), **settings), text.encode())
    return deployment


def sources(deployment, logical_id="Fn"):
    return event_sources(deployment, deployment.resource(logical_id))


def one(resources, **settings):
    found = sources(read(resources, **settings))
    assert len(found) == 1, found
    return found[0]


with open(os.path.join(os.path.dirname(__file__), "event_sources.yaml"), encoding="utf-8") as file:
    TEMPLATES = yaml.safe_load(file)
RAW = {name: (entry["mode"], entry["resources"]) for name, entry in TEMPLATES["raw"].items()}
SAM = {name: (entry["kind"], entry["properties"], entry["source"]) for name, entry in TEMPLATES["sam"].items()}


@pytest.mark.parametrize("name", RAW)
def test_raw(name):
    mode, text = RAW[name]
    source = one(text)
    assert (source.kind, source.mode) == (name.split(",")[0].split(" ")[0], mode)
    assert source.function == "Fn"
    deployment = read(text)
    assert source.resource.id == ("M" if "  M:" in text else "S")
    if "  S:" in text:
        assert source.source_resource is not None
        assert source.source_resource.id == "S"
    assert source.qualifier is None or name == "edge"
    value = deployment.resource(source.resource.id)
    for key in source.place.path[3:]:
        value = value.get(key) if hasattr(value, "get") else value[key]
        if not hasattr(value, "get") and not isinstance(value, list):
            break
    assert value is not None


def test_every_kind_is_in_the_table():
    """The model and the table of facts name the same kinds; two of them no template can show."""
    table = load().facts("event_sources")["sources"]
    kinds = {name.split(",")[0].split(" ")[0] for name in RAW}
    assert kinds - {"destination"} == set(table) - {"s3-batch"}
    for name, (mode, _) in RAW.items():
        if name in table and name != "ses":
            assert table[name]["mode"] == mode


def sam(events, more="", properties=""):
    text = f"""
Transform: AWS::Serverless-2016-10-31
Resources:
  Fn:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.13
      Handler: index.handler
      InlineCode: "def handler(event, context): pass"
      {properties}
      Events:
        {events}
{more}
"""
    (deployment, *_) = readings(["-"], Settings(cwd=os.getcwd()), text.encode())
    return deployment


@pytest.mark.parametrize("alias", [False, True])
@pytest.mark.parametrize("type", SAM)
def test_sam(type, alias):
    kind, properties, resource = SAM[type]
    more = f"  S: {{Type: {resource}}}" if resource else ""
    deployment = sam(
        f"On: {{Type: {type}, Properties: {{{properties}}}}}", more, "AutoPublishAlias: live" if alias else ""
    )
    (source,) = sources(deployment)
    assert source.kind == kind
    assert source.qualifier == ("live" if alias else None)
    if resource:
        assert source.source_resource.type == resource
    written = deployment.origin(source.place.path).path
    if type != "AlexaSkill" or not alias:
        assert written[:5] == ("Resources", "Fn", "Properties", "Events", "On")[:5] or type in ("Api", "HttpApi")


@pytest.mark.parametrize("type", ["SQS", "Kinesis", "DynamoDB", "MSK", "MQ", "DocumentDB"])
def test_sam_knows_the_kind_of_what_is_not_here(type):
    """The event's type says what an imported ARN is."""
    kind, properties, _ = SAM[type]
    name, _, rest = properties.partition(":")
    more = rest.partition(", ")[2]
    deployment = sam(f"On: {{Type: {type}, Properties: {{{name}: !ImportValue it, {more}}}}}")
    (source,) = sources(deployment)
    assert (source.kind, source.source_resource) == (kind, None)


def test_sam_covers_every_event_type():
    assert set(SAM) == set(load().facts("event_sources")["sam_events"]["types"])


def test_sam_subscription_by_queue():
    deployment = sam(
        "On: {Type: SNS, Properties: {Topic: !Ref T, SqsSubscription: true}}", "  T: {Type: AWS::SNS::Topic}"
    )
    (source,) = sources(deployment)
    assert (source.kind, source.source_resource.type) == ("sqs", "AWS::SQS::Queue")
    assert deployment.origin(source.source_resource.place.path).path[3:5] == ("Events", "On")


# -- how a queue may be named ----------------------------------------------------------------------------------------

QUEUE = "  Q: {Type: AWS::SQS::Queue, Properties: {QueueName: jobs}}"


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("!GetAtt Q.Arn", True),
        ("{'Fn::GetAtt': [Q, Arn]}", True),
        ("!Sub '${Q.Arn}'", True),
        ("!Sub 'arn:aws:sqs:${AWS::Region}:${AWS::AccountId}:${Q.QueueName}'", True),
        ("!Sub 'arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:jobs'", True),
        ("!Join [':', [arn, aws, sqs, !Ref AWS::Region, !Ref AWS::AccountId, !GetAtt Q.QueueName]]", True),
        ("!Join ['', ['arn:aws:sqs:', !Ref AWS::Region, ':', !Ref AWS::AccountId, ':jobs']]", True),
        ("arn:aws:sqs:eu-west-1:111122223333:jobs", True),
        ("!Ref QueueArn", True),
        ("!FindInMap [Queues, main, arn]", True),
        ("!If [Always, !GetAtt Q.Arn, !GetAtt Q.Arn]", True),
        ("arn:aws:sqs:eu-west-1:111122223333:others", False),
        ("arn:aws:sqs:us-east-1:111122223333:jobs", False),
        ("arn:aws:sns:eu-west-1:111122223333:jobs", False),
        ("!ImportValue shared-queue", False),
        ("!GetAtt Nested.Outputs.QueueArn", False),
        ("!Ref NoDefault", False),
        ("'{{resolve:ssm:/queue}}'", False),
    ],
)  # fmt: skip
def test_queue_by(written, found):
    header = """
Parameters:
  QueueArn: {Type: String, Default: "arn:aws:sqs:eu-west-1:111122223333:jobs"}
  NoDefault: {Type: String}
Conditions: {Always: !Equals [a, a]}
Mappings: {Queues: {main: {arn: "arn:aws:sqs:eu-west-1:111122223333:jobs"}}}
"""
    more = f"""
  M: {{Type: AWS::Lambda::EventSourceMapping, Properties: {{FunctionName: !Ref Fn, EventSourceArn: {written}}}}}
  Nested: {{Type: AWS::CloudFormation::Stack, Properties: {{TemplateURL: "https://example.com/t"}}}}
"""
    deployment = read(QUEUE + more, header, region="eu-west-1")
    (source,) = sources(deployment)
    assert (source.source_resource is not None) is found
    (polled,) = mappings(deployment)
    assert polled.target.function.id == "Fn"
    assert polled.source is source.source_resource


# -- how a function may be named -------------------------------------------------------------------------------------

ARN = "arn:aws:lambda:${AWS::Region}:${AWS::AccountId}:function:"


@pytest.mark.parametrize(
    ("written", "qualifier"),
    [
        ("!Ref Fn", None),
        ("worker", None),
        ("worker:live", "live"),
        ("111122223333:function:worker", None),
        ("111122223333:function:worker:live", "live"),
        ("!GetAtt Fn.Arn", None),
        ("!Sub '${Fn.Arn}'", None),
        ("!Sub '${Fn.Arn}:live'", "live"),
        ("!Sub '${Fn}:live'", "live"),
        ("!Join [':', [!GetAtt Fn.Arn, live]]", "live"),
        (f"!Sub '{ARN}worker'", None),
        (f"!Sub '{ARN}worker:live'", "live"),
        (f"!Sub '{ARN}${{Fn}}'", None),
        (f"!Sub '{ARN}${{Fn}}:live'", "live"),
        ("arn:aws:lambda:eu-west-1:111122223333:function:worker", None),
        ("arn:aws:lambda:eu-west-1:111122223333:function:worker:3", "3"),
        ("!Ref Live", "live"),
        ("!Ref Released", Reference("Released", "Version")),
        ("!Sub '${Fn.Arn}:${Stage}'", Unknown),
        (f"!Sub '{ARN}worker:${{Stage}}'", Unknown),
        ("!Sub '${Fn.Arn}:${!stageVariables.alias}'", Unknown),
        ("!Sub '${Fn.Arn}:$LATEST'", "$LATEST"),
    ],
)  # fmt: skip
def test_function_by(written, qualifier):
    more = f"""
  Live: {{Type: AWS::Lambda::Alias, Properties: {{FunctionName: !Ref Fn, Name: live, FunctionVersion: "1"}}}}
  Released: {{Type: AWS::Lambda::Version, Properties: {{FunctionName: !GetAtt Fn.Arn}}}}
  M: {{Type: AWS::Lambda::EventSourceMapping, Properties: {{FunctionName: {written}, EventSourceArn: !GetAtt Q.Arn}}}}
"""
    deployment = read(QUEUE + more, "Parameters: {Stage: {Type: String}}", region="eu-west-1")
    (source,) = sources(deployment)
    if qualifier is Unknown:
        assert isinstance(source.qualifier, Unknown)
    else:
        assert source.qualifier == qualifier
    assert {found.id for found in published_as(deployment, deployment.resource("Fn"))} == {"Live", "Released"}


@pytest.mark.parametrize(
    "written",
    [
        "another",
        "arn:aws:lambda:us-east-1:111122223333:function:worker",
        "arn:aws:lambda:eu-west-1:111122223333:function:workers",
        "!Sub 'arn:aws:lambda:eu-west-1:111122223333:function:worker-${Stage}'",
        "!Sub 'arn:aws:lambda:eu-west-1:111122223333:function:worker${Stage}'",
        "!Sub 'arn:aws:lambda:eu-west-1:111122223333:function:${!stageVariables.name}'",
        "!ImportValue worker",
        "!Ref Stage",
        "!Ref Q",
        "'{{resolve:ssm:/worker}}'",
    ],
)
def test_not_this_function(written):
    more = f"""
  M: {{Type: AWS::Lambda::EventSourceMapping, Properties: {{FunctionName: {written}, EventSourceArn: !GetAtt Q.Arn}}}}
"""
    deployment = read(QUEUE + more, "Parameters: {Stage: {Type: String}}", region="eu-west-1")
    assert sources(deployment) == ()
    (polled,) = mappings(deployment)
    assert polled.target is None
    assert polled.kind == "sqs"


def test_another_account():
    """An ARN of an account that is known not to be the stack's names nothing of this template."""
    deployment = read(QUEUE, region="eu-west-1")
    deployment.account = "111122223333"
    assert function_of(deployment, "arn:aws:lambda:eu-west-1:111122223333:function:worker") is not None
    assert function_of(deployment, "arn:aws:lambda:eu-west-1:999988887777:function:worker") is None
    assert function_of(deployment, "999988887777:function:worker") is None
    assert resource_of(deployment, "arn:aws:sqs:eu-west-1:111122223333:jobs").id == "Q"
    assert resource_of(deployment, "arn:aws:sqs:eu-west-1:999988887777:jobs") is None


def test_several_functions_of_one_resource():
    other = FUNCTION.replace("Fn:", "Other:").replace("worker", "other")
    machine = """
  Machine:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      RoleArn: arn:aws:iam::111122223333:role/machine
      DefinitionString: >-
        {"StartAt": "A", "States": {
        "A": {"Type": "Task", "Resource": "arn:aws:lambda:eu-west-1:111122223333:function:worker", "Next": "B"},
        "B": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters":
        {"FunctionName": "arn:aws:lambda:eu-west-1:111122223333:function:other:live"}, "End": true}}}
"""
    deployment = read(other + machine)
    assert [s.kind for s in sources(deployment)] == ["step-functions"]
    (source,) = sources(deployment, "Other")
    assert source.qualifier == "live"
    assert set(connections(deployment, deployment.resource("Machine"))) == {"Fn", "Other"}


def test_settings_are_where_they_were_written():
    source = one(
        "  S: {Type: AWS::S3::Bucket, Properties: {NotificationConfiguration: {LambdaConfigurations: "
        "[{Event: 's3:ObjectCreated:*', Function: !GetAtt Fn.Arn}]}}}"
    )
    assert source.settings["Event"] == "s3:ObjectCreated:*"
    assert source.at("Event").path[-3:] == ("LambdaConfigurations", 0, "Event")


def test_url_of_an_alias():
    source = one(
        "  M: {Type: AWS::Lambda::Url, Properties: {AuthType: NONE, TargetFunctionArn: !Ref Fn, Qualifier: live}}"
    )
    assert source.qualifier == "live"


@pytest.mark.parametrize("shape", ["null", "[]", "text", "{}", "[null]", "[[1]]", "3"])
def test_odd_shapes(shape):
    """Where a list of maps is expected anything may stand."""
    for type, name in (
        ("AWS::S3::Bucket", "NotificationConfiguration"),
        ("AWS::Events::Rule", "Targets"),
        ("AWS::Cognito::UserPool", "LambdaConfig"),
        ("AWS::CodePipeline::Pipeline", "Stages"),
        ("AWS::ApiGateway::RestApi", "Body"),
        ("AWS::ApiGateway::Method", "Integration"),
        ("AWS::StepFunctions::StateMachine", "DefinitionString"),
        ("AWS::Lambda::EventSourceMapping", "EventSourceArn"),
        ("AWS::SES::ReceiptRule", "Rule"),
        ("AWS::IoT::TopicRule", "TopicRulePayload"),
        ("AWS::CloudFront::Distribution", "DistributionConfig"),
    ):
        deployment = read(f"  S: {{Type: {type}, Properties: {{{name}: {shape}, Other: !Ref Fn}}}}")
        assert sources(deployment) == ()


# -- ARNs ------------------------------------------------------------------------------------------------------------


def test_parse():
    arn = parse(Text(("arn:aws:sqs:", Symbol("AWS::Region"), ":", Symbol("AWS::AccountId"), ":jobs")))
    assert (arn.partition, arn.service, arn.region) == ("aws", "sqs", Symbol("AWS::Region"))
    assert arn.account == Symbol("AWS::AccountId")
    assert arn.literal == "jobs"
    assert parse("arn:aws:s3:::bucket/a:b").literal == "bucket/a:b"
    assert parse("arn:aws:s3") is None
    assert parse("queue") is None
    assert parse(Reference("Q", "Arn")) is None
    assert single(Text((Reference("Q", "Arn"),))) == Reference("Q", "Arn")


def test_service():
    deployment = read(QUEUE)
    assert service_of(deployment, Reference("Q", "Arn")) == "sqs"
    assert service_of(deployment, "arn:aws:kinesis:eu-west-1:111122223333:stream/s") == "kinesis"
    assert service_of(deployment, Unknown("x")) is None
    assert service_of(deployment, Text((Unknown("x"), ":jobs"))) is None


def test_linear():
    """Asking for all connections takes work in proportion to the template; calls are counted, no time is taken."""

    def calls(count):
        function = FUNCTION.replace("FunctionName: worker", "FunctionName: worker-{i}").replace("Fn:", "Fn{i}:")
        part = (
            function + "  Q{i}: {Type: AWS::SQS::Queue}\n  M{i}: {Type: AWS::Lambda::EventSourceMapping, Properties: "
        )
        part += "{FunctionName: !Ref Fn{i}, EventSourceArn: !GetAtt Q{i}.Arn}}\n"
        deployment = read("".join(part.replace("{i}", str(i)) for i in range(count)))
        made = Counter()
        before = sys.getprofile()
        sys.setprofile(lambda frame, event, argument: made.update((event,)))
        try:
            found = [event_sources(deployment, function) for function in deployment.functions]
        finally:
            sys.setprofile(before)
        assert sum(map(len, found)) == count
        return made["call"] + made["c_call"]

    assert calls(400) < 4.5 * calls(100)


def test_every_kind_has_words_for_a_sentence() -> None:
    unsaid = [kind for kind in load().facts("event_sources")["sources"] if kind not in TITLES]
    assert unsaid == []
