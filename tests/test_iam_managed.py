"""AWS managed policies, SAM's policy templates, and the nearest name."""

from __future__ import annotations

import importlib.util

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdalint.iam import tables
from lambdalint.iam.managed import is_aws_managed, managed_policy, nearest_managed_policy
from lambdalint.iam.policies import ALLOWED, NOT_ALLOWED, UNKNOWN, Grants
from lambdalint.iam.templates import policy_template, policy_template_names
from lambdalint.model.values import Reference, Symbol, Text, Unknown
from lambdalint.nearest import distance, nearest

BASIC = "service-role/AWSLambdaBasicExecutionRole"
PARTITION = Symbol("AWS::Partition")


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("AWSLambdaBasicExecutionRole", "AWSLambdaBasicExecutionRole"),
        (f"arn:aws:iam::aws:policy/{BASIC}", "AWSLambdaBasicExecutionRole"),
        (f"arn:aws-us-gov:iam::aws:policy/{BASIC}", "AWSLambdaBasicExecutionRole"),
        (Text(("arn:", PARTITION, f":iam::aws:policy/{BASIC}")), "AWSLambdaBasicExecutionRole"),
        ("arn:aws:iam::aws:policy/AmazonS3FullAccess", "AmazonS3FullAccess"),
        ("arn:aws:iam::aws:policy/AWSLambdaBasicExecutionRole", None),
        ("arn:aws:iam::aws:policy/NoSuchPolicy", None),
        ("arn:aws:iam::123456789012:policy/AmazonS3FullAccess", None),
        ("arn:aws:s3:::aws:policy/AmazonS3FullAccess", None),
        ("arn:aws", None),
        ("", None),
        ("#", None),
        ("AmazonS3FullAccess\t/", None),
        (Text(("arn:", Symbol("AWS::AccountId"), ":x")), None),
        (Reference("Policy"), None),
        (Unknown("x"), None),
        (5, None),
        (None, None),
    ],
)
def test_names_and_arns(value, name):
    found = managed_policy(value)
    assert (found and found.name) == name


def test_a_policy_says_where_it_is():
    assert managed_policy("AWSLambdaBasicExecutionRole").arn == f"arn:aws:iam::aws:policy/{BASIC}"
    assert is_aws_managed("arn:aws:iam::aws:policy/NoSuchPolicy")
    assert not is_aws_managed("arn:aws:iam::123456789012:policy/AmazonS3FullAccess")


@pytest.mark.parametrize(
    ("name", "action", "expected"),
    [
        ("AWSLambdaBasicExecutionRole", "logs:PutLogEvents", ALLOWED),
        ("AWSLambdaBasicExecutionRole", "ec2:CreateNetworkInterface", NOT_ALLOWED),
        ("AWSLambdaVPCAccessExecutionRole", "ec2:CreateNetworkInterface", ALLOWED),
        ("AWSLambdaVPCAccessExecutionRole", "ec2:DescribeSubnets", ALLOWED),
        ("AWSLambdaENIManagementAccess", "ec2:DescribeSubnets", NOT_ALLOWED),
        ("AWSLambdaSQSQueueExecutionRole", "sqs:ReceiveMessage", ALLOWED),
        ("AWSLambdaKinesisExecutionRole", "kinesis:SubscribeToShard", ALLOWED),
        ("AWSLambdaDynamoDBExecutionRole", "dynamodb:ListStreams", ALLOWED),
        ("AWSLambdaMSKExecutionRole", "kafka:GetBootstrapBrokers", ALLOWED),
        ("AWSLambdaBasicDurableExecutionRolePolicy", "lambda:CheckpointDurableExecution", ALLOWED),
        ("AWSXrayWriteOnlyAccess", "xray:PutTraceSegments", ALLOWED),
        ("AWSLambdaExecute", "s3:PutObject", ALLOWED),
        ("AWSLambdaExecute", "s3:DeleteObject", NOT_ALLOWED),
        ("AmazonS3FullAccess", "s3:DeleteBucket", ALLOWED),
        ("AmazonS3ReadOnlyAccess", "s3:GetObject", ALLOWED),
        ("AmazonS3ReadOnlyAccess", "s3:PutObject", NOT_ALLOWED),
        ("AmazonDynamoDBFullAccess", "dynamodb:PutItem", ALLOWED),
        ("AmazonDynamoDBFullAccess", "iam:PassRole", UNKNOWN),
        ("SecretsManagerReadWrite", "secretsmanager:GetSecretValue", ALLOWED),
        ("AdministratorAccess", "iam:CreateUser", ALLOWED),
        ("PowerUserAccess", "s3:GetObject", ALLOWED),
        ("PowerUserAccess", "iam:CreateUser", NOT_ALLOWED),
        ("CloudWatchLambdaInsightsExecutionRolePolicy", "logs:PutLogEvents", ALLOWED),
    ],
)
def test_what_they_allow(name, action, expected):
    assert Grants(managed_policy(name).statements).allows(action) == expected


def test_one_that_cannot_be_attached_is_known_by_name_only():
    found = managed_policy("AWSLambdaReplicator")
    assert found.path == "/aws-service-role/"
    assert found.statements is None


def test_every_body_can_be_read():
    names = tables.names("managed_policies")
    assert len(names) > 1500
    bodies = [managed_policy(name) for name in names]
    assert all(policy is not None for policy in bodies)
    known = [policy for policy in bodies if policy.statements is not None]
    assert len(known) > 1000
    for policy in known:
        for statement in policy.statements:
            assert statement.effect in ("Allow", "Deny"), policy.name
            assert statement.actions or statement.not_actions, policy.name
            assert statement.resources or statement.not_resources, policy.name
            assert all(":" in a or a == "*" for a in statement.actions), policy.name
            assert statement.origin.name == policy.name


def test_nearest_managed_policy():
    assert nearest_managed_policy("AmazonDynamoDBFulAccess") == "AmazonDynamoDBFullAccess"
    assert nearest_managed_policy("MyOwnPolicy") is None


def test_policy_templates():
    assert len(policy_template_names()) == 81
    template = policy_template("SQSPollerPolicy")
    assert template.parameters == ("QueueName",)
    assert template.definition["Statement"][0]["Effect"] == "Allow"
    assert policy_template("NoSuchPolicy") is None
    assert policy_template("_source") is None


@pytest.mark.skipif(importlib.util.find_spec("samtranslator") is None, reason="aws-sam-translator is not installed")
def test_policy_templates_are_sams():
    import json
    import os

    import samtranslator

    folder = os.path.dirname(samtranslator.__file__)
    with open(os.path.join(folder, "policy_templates_data", "policy_templates.json"), encoding="utf-8") as file:
        theirs = json.load(file)["Templates"]
    assert set(policy_template_names()) == set(theirs)
    for name, template in theirs.items():
        assert policy_template(name).parameters == tuple(template.get("Parameters", {}))
        assert policy_template(name).definition == template["Definition"]


# -- nearest -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("GetObject", "GetObject"),
        ("getobject", "GetObject"),
        ("GetObjet", "GetObject"),
        ("GetObjetc", "GetObject"),
        ("GetOjec", "GetObject"),
        ("GetOjects", "GetObject"),
        ("Nothing", None),
        ("", None),
        ("x", None),
    ],
)
def test_nearest(word, expected):
    assert nearest(word, ["PutItem", "GetObject", "ListBucket"]) == expected


def test_the_nearer_one_wins_and_order_does_not_matter():
    for candidates in (["python3.12", "python3.11"], ["python3.11", "python3.12"]):
        assert nearest("python3.1", candidates) == "python3.11"
    assert nearest("ab", ["cd"]) is None
    assert nearest("abcdef", ["abcdxx", "abcdex"]) == "abcdex"


def plain_distance(one: str, other: str) -> int:
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        diagonal, row[0] = row[0], i
        for j, second in enumerate(other, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (letter != second))
    return row[-1]


@given(st.text(alphabet="abc", max_size=9), st.text(alphabet="abc", max_size=9), st.integers(0, 4))
def test_distance_is_levenshteins_within_the_limit(one, other, limit):
    exact = plain_distance(one, other)
    assert distance(one, other, limit) == (exact if exact <= limit else None)
