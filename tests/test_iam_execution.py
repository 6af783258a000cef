"""Who wrote a role's policies, what a role lacks, and what it may write to: read from templates as checks see them."""

from __future__ import annotations

import pytest

from lambdalint.engine import readings
from lambdalint.iam.cure import resource_for, statement_words
from lambdalint.iam.execution import author, functions_of, lacking, may_write, members, policies_of
from lambdalint.iam.roles import role_policies
from lambdalint.model.values import Reference, Symbol, Text
from lambdalint.settings import Settings

HEAD = """
Transform: AWS::Serverless-2016-10-31
Parameters: {Policy: {Type: String}}
Conditions: {Here: !Equals [!Ref AWS::Region, eu-west-1]}
Resources:
  Files: {Type: AWS::S3::Bucket}
  Other: {Type: AWS::S3::Bucket}
  Queue: {Type: AWS::SQS::Queue}
  Topic: {Type: AWS::SNS::Topic}
  Table: {Type: AWS::Serverless::SimpleTable}
  Stream: {Type: AWS::Kinesis::Stream, Properties: {ShardCount: 1}}
  Log: {Type: AWS::Logs::LogGroup}
  Function:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.13
      Handler: index.handler
      InlineCode: "def handler(event, context): pass"
"""


@pytest.fixture
def read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def reading(properties: str = "", more: str = ""):
        indented = "".join(f"      {line}\n" for line in properties.splitlines())
        (tmp_path / "template.yaml").write_text(HEAD + indented + more)
        deployments = readings(["template.yaml"], Settings(as_of="2026-11-23", cache=False))
        deployment = next(one for one in deployments if not one.scenario.derived)
        return deployment, deployment.resources["Function"]

    return reading


def allow(action: str, resource: str) -> str:
    return f"Policies: [{{Statement: [{{Effect: Allow, Action: {action}, Resource: {resource}}}]}}]"


@pytest.mark.parametrize(
    ("name", "policies", "expected"),
    [
        ("Files", allow("s3:PutObject", '!Sub "${Files.Arn}/*"'), True),
        ("Files", allow("'s3:Put*'", "'*'"), True),
        ("Files", allow("s3:PutObject", '!Sub "${Other.Arn}/*"'), False),
        ("Files", allow("s3:GetObject", '!Sub "${Files.Arn}/*"'), False),
        ("Files", allow("s3:PutObject", '!Sub "${Files.Arn}/thumbnails/*"'), None),
        ("Files", "Policies: [{S3CrudPolicy: {BucketName: !Ref Files}}]", True),
        ("Files", "Policies: [!Ref Policy]", None),
        ("Files", "Role: arn:aws:iam::111122223333:role/other", None),
        ("Queue", "Policies: [{SQSSendMessagePolicy: {QueueName: !GetAtt Queue.QueueName}}]", True),
        ("Queue", "Policies: [{SQSPollerPolicy: {QueueName: !GetAtt Queue.QueueName}}]", False),
        ("Topic", allow("sns:Publish", "!Ref Topic"), True),
        ("Table", "Policies: [{DynamoDBWritePolicy: {TableName: !Ref Table}}]", True),
        ("Table", "Policies: [{DynamoDBReadPolicy: {TableName: !Ref Table}}]", False),
        ("Stream", allow("kinesis:PutRecords", "!GetAtt Stream.Arn"), True),
        ("Log", "", True),
        ("Function", "", None),
    ],
)
def test_may_write(read, name, policies, expected):
    deployment, function = read(policies)
    assert may_write(deployment, function, deployment.resources[name]) is expected


def authors(deployment, function):
    role, found = policies_of(deployment, function)
    return [author(deployment, role, entry) for entry in found.policies]


def test_who_wrote_a_policy(read):
    deployment, function = read(
        "DeadLetterQueue: {Type: SQS, TargetArn: !GetAtt Queue.Arn}\n"
        "Policies:\n"
        "  - S3ReadPolicy: {BucketName: !Ref Files}\n"
        "  - !If [Here, {S3ReadPolicy: {BucketName: b}}, {S3ReadPolicy: {BucketName: c}}]\n"
        "  - Statement: [{Effect: Allow, Action: s3:GetObject, Resource: '*'}]\n"
        "  - AmazonS3ReadOnlyAccess"
    )
    assert sorted(authors(deployment, function)) == sorted(
        ["generated", "template", "template", "written", "aws", "aws"]
    )


def test_what_a_connector_grants_is_generated(read):
    more = (
        "  Joining:\n    Type: AWS::Serverless::Connector\n    Properties:\n      Source: {Id: Function}\n"
        "      Destination: {Id: Table}\n      Permissions: [Write]\n"
    )
    deployment, function = read(more=more)
    assert sorted(authors(deployment, function)) == ["aws", "generated"]


def test_the_functions_of_a_role_are_those_that_run_with_it(read):
    deployment, function = read()
    role, _ = policies_of(deployment, function)
    assert functions_of(deployment, role) == (function,)


LOCAL = allow("[s3:GetObject]", '[!Sub "${Other.Arn}/*", !Sub "${Other.Arn}/x"]')


@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        (allow("s3:GetObject", '!Sub "${Files.Arn}/*"'), None),
        (LOCAL, "resource"),
        (allow("s3:PutObject", "'*'"), "action"),
        (allow("s3:GetObject", "'arn:aws:s3:::another/*'"), None),
        (allow("s3:GetObject", '[!Sub "${Other.Arn}/*", "arn:aws:s3:::another/*"]'), None),
        (allow("s3:GetObject", '!Sub "arn:aws:s3:::${Policy}/*"'), None),
        ("Policies: [!Ref Policy]", None),
    ],
)
def test_the_resource_decides_where_every_arn_is_of_the_template(read, policies, expected):
    deployment, function = read(policies)
    _, found = policies_of(deployment, function)
    lack = lacking(deployment, found.grants, ["s3:GetObject"], Text((Reference("Files", "Arn"), "/*")))
    assert (lack.kind if lack else None) == expected


def test_the_members_of_a_statement_have_their_places(read):
    deployment, function = read(LOCAL)
    role, found = policies_of(deployment, function)
    statement = next(s for entry in found.policies if entry.document for s in entry.policy.statements)
    places = [place.path[-2:] for place, _ in members(deployment, statement, "Resource")]
    assert places == [("Resource", 0), ("Resource", 1)]
    assert [value for _, value in members(deployment, statement, "Action")] == ["s3:GetObject"]
    assert role_policies(deployment, role) is found


def test_the_statement_that_cures(read):
    deployment, _ = read()
    queue, files = deployment.resources["Queue"], deployment.resources["Files"]
    words = statement_words(deployment, ["sqs:SendMessage"], queue, None)
    assert words == "{Effect: Allow, Action: sqs:SendMessage, Resource: !GetAtt Queue.Arn}"
    words = statement_words(deployment, ["s3:GetObject", "s3:PutObject"], files, None)
    assert words == '{Effect: Allow, Action: [s3:GetObject, s3:PutObject], Resource: !Sub "${Files.Arn}/*"}'
    assert statement_words(deployment, ["ec2:DescribeInstances"], None, None).endswith('Resource: "*"}')
    assert statement_words(deployment, ["sqs:SendMessage"], None, None).endswith('Resource: "<its ARN>"}')


@pytest.mark.parametrize(
    ("action", "name", "expected"),
    [
        ("s3:GetObject", "reports", ("arn:", "AWS::Partition", ":s3:::reports/*")),
        ("s3:ListBucket", "reports", ("arn:", "AWS::Partition", ":s3:::reports")),
        ("ssm:GetParameter", "/a/b", "parameter/a/b"),
        ("sqs:SendMessage", "https://sqs.eu-west-1.amazonaws.com/1/q", None),
        ("sns:Publish", "arn:aws:sns:eu-west-1:1:t", "arn:aws:sns:eu-west-1:1:t"),
    ],
)
def test_the_arn_of_a_name(action, name, expected):
    found = resource_for(action, None, name)
    if isinstance(expected, tuple):
        assert tuple(part.name if isinstance(part, Symbol) else part for part in found.parts) == expected
    elif isinstance(found, Text):
        assert found.suffix.endswith(expected)
    else:
        assert found == expected
