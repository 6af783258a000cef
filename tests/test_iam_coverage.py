"""Whether a pattern covers a resource: the truth table, in both directions."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdalint.iam.coverage import Context, covers, resource_arn
from lambdalint.model.values import Reference, Symbol, Text, Unknown

P, R, A = Symbol("AWS::Partition"), Symbol("AWS::Region"), Symbol("AWS::AccountId")
OPEN = Unknown("a parameter")


class Resource:
    def __init__(self, type: str, **properties: Any) -> None:
        self.type, self.properties = type, properties

    def get(self, *keys: Any) -> Any:
        return self.properties.get(keys[0])


RESOURCES = {
    "Bucket": Resource("AWS::S3::Bucket"),
    "Named": Resource("AWS::S3::Bucket", BucketName="my-bucket"),
    "ByAccount": Resource("AWS::S3::Bucket", BucketName=Text(("data-", A))),
    "Table": Resource("AWS::DynamoDB::Table"),
    "Orders": Resource("AWS::DynamoDB::Table", TableName="orders"),
    "Queue": Resource("AWS::SQS::Queue"),
    "Topic": Resource("AWS::SNS::Topic"),
    "Secret": Resource("AWS::SecretsManager::Secret", Name="db"),
    "Machine": Resource("AWS::StepFunctions::StateMachine"),
    "Group": Resource("AWS::Logs::LogGroup", LogGroupName="/aws/lambda/f"),
    "Loop": Resource("AWS::S3::Bucket", BucketName=Text((Reference("Loop"), "-x"))),
}
TEMPLATE = Context(RESOURCES.get)


def arn(*parts: Any) -> Text:
    return Text(tuple(parts))


TABLE_ARN = arn("arn:", P, ":dynamodb:", R, ":", A, ":table/", Reference("Table"))


@pytest.mark.parametrize(
    ("pattern", "resource", "expected"),
    [
        # the same words
        ("*", "arn:aws:s3:::b", True),
        ("arn:aws:s3:::b", "arn:aws:s3:::b", True),
        ("arn:aws:s3:::b", "arn:aws:s3:::c", False),
        ("arn:aws:s3:::b/*", "arn:aws:s3:::b/key", True),
        ("arn:aws:s3:::b/*", "arn:aws:s3:::b", False),
        ("arn:aws:s3:::b?", "arn:aws:s3:::bc", True),
        ("arn:aws:s3:::b?", "arn:aws:s3:::b", False),
        ("arn:aws:sqs:*:*:jobs-*", "arn:aws:sqs:eu-west-1:123456789012:jobs-low", True),
        ("arn:aws:s3:::B", "arn:aws:s3:::b", False),
        # references
        (Reference("Bucket", "Arn"), Reference("Bucket", "Arn"), True),
        (Reference("Bucket", "Arn"), Reference("Named", "Arn"), False),
        (arn(Reference("Bucket", "Arn"), "/*"), arn(Reference("Bucket", "Arn"), "/*"), True),
        (arn(Reference("Bucket", "Arn"), "/in/*"), arn(Reference("Bucket", "Arn"), "/*"), None),
        (arn(Reference("Bucket", "Arn"), "/in/*"), arn(Reference("Bucket", "Arn"), "/in/", OPEN), True),
        (arn(Reference("Bucket", "Arn"), "/in/*"), arn(Reference("Bucket", "Arn"), "/out/", OPEN), False),
        (Reference("Bucket", "Arn"), arn(Reference("Bucket", "Arn"), "/*"), False),
        (arn(Reference("Bucket", "Arn"), "*"), arn(Reference("Bucket", "Arn"), "/*"), True),
        # an ARN that is put together
        (arn("arn:", P, ":s3:::", Reference("Bucket"), "/*"), arn(Reference("Bucket", "Arn"), "/*"), True),
        (arn("arn:aws:s3:::", Reference("Bucket"), "/*"), arn(Reference("Bucket", "Arn"), "/*"), None),
        (arn("arn:aws:s3:::", Reference("Named"), "/*"), arn(Reference("Bucket", "Arn"), "/*"), False),
        (TABLE_ARN, Reference("Table", "Arn"), True),
        (arn(*TABLE_ARN.parts, "/index/*"), Reference("Table", "Arn"), False),
        (arn(*TABLE_ARN.parts, "*"), Reference("Table", "Arn"), True),
        (arn(Reference("Table", "Arn"), "/stream/*"), Reference("Table", "StreamArn"), True),
        (Reference("Table", "StreamArn"), Reference("Table", "StreamArn"), True),
        (Reference("Table", "Arn"), Reference("Table", "StreamArn"), False),
        (arn("arn:", P, ":sqs:", R, ":", A, ":", Reference("Queue", "QueueName")), Reference("Queue", "Arn"), True),
        (arn("arn:", P, ":sqs:*:*:", Reference("Queue", "QueueName")), Reference("Queue", "Arn"), True),
        (Reference("Queue"), Reference("Queue", "Arn"), None),
        (Reference("Topic"), Reference("Topic", "TopicArn"), True),
        (Reference("Machine"), Reference("Machine", "Arn"), True),
        (Reference("Secret"), Reference("Secret", "Id"), True),
        (arn("arn:", P, ":secretsmanager:", R, ":", A, ":secret:db-??????"), Reference("Secret"), None),
        (arn("arn:", P, ":secretsmanager:", R, ":", A, ":secret:db-*"), Reference("Secret"), True),
        (arn("arn:", P, ":secretsmanager:", R, ":", A, ":secret:other-*"), Reference("Secret"), False),
        (arn("arn:", P, ":logs:", R, ":", A, ":log-group:/aws/lambda/*"), Reference("Group", "Arn"), True),
        # names that are set
        ("arn:aws:s3:::my-bucket/*", arn(Reference("Named", "Arn"), "/*"), None),
        ("arn:*:s3:::my-bucket/*", arn(Reference("Named", "Arn"), "/*"), True),
        ("arn:*:s3:::other", Reference("Named", "Arn"), False),
        (arn("arn:*:s3:::data-", A, "/*"), arn(Reference("ByAccount", "Arn"), "/*"), True),
        ("arn:*:s3:::data-*/*", arn(Reference("ByAccount", "Arn"), "/*"), True),
        ("arn:aws:dynamodb:*:*:table/orders", Reference("Orders", "Arn"), None),
        ("arn:*:dynamodb:*:*:table/orders", Reference("Orders", "Arn"), True),
        ("arn:aws:dynamodb:*:*:table/other", Reference("Orders", "Arn"), False),
        # what is not known
        ("arn:aws:s3:::maybe/*", arn(Reference("Bucket", "Arn"), "/*"), None),
        ("arn:aws:sqs:*:*:*", Reference("Bucket", "Arn"), False),
        (OPEN, Reference("Bucket", "Arn"), None),
        (arn("arn:aws:s3:::", OPEN), "arn:aws:s3:::b", None),
        (arn("arn:aws:s3:::", OPEN), "arn:aws:sqs:::b", False),
        ("arn:aws:s3:::b", OPEN, None),
        ("*", OPEN, True),
        (arn("arn:aws:sqs:", R, ":1:q"), "arn:aws:sqs:eu-west-1:1:q", None),
        (arn("arn:aws:sqs:", R, ":1:q"), "arn:aws:sqs:eu-west-1:2:q", False),
        (arn("x", R), arn("x", A), False),
        (arn("x", R), arn("x", R), True),
        (None, "arn:aws:s3:::b", None),
    ],
)
def test_covers(pattern, resource, expected):
    assert covers(pattern, resource, TEMPLATE) is expected


def test_region_and_account_that_are_known():
    context = Context(RESOURCES.get, "eu-west-1", "123456789012")
    pattern = "arn:aws:sqs:eu-west-1:123456789012:*"
    assert covers(pattern, Reference("Queue", "Arn"), context) is True
    assert covers(pattern, Reference("Queue", "Arn"), Context(RESOURCES.get, "us-east-1")) is False
    assert covers(pattern, Reference("Queue", "Arn"), TEMPLATE) is None
    assert covers("arn:aws-cn:s3:::*", Reference("Bucket", "Arn"), Context(RESOURCES.get, "cn-north-1")) is True


def test_without_the_template_only_equal_references_are_equal():
    assert covers(Reference("A", "Arn"), Reference("A", "Arn")) is True
    assert covers(Reference("A", "Arn"), Reference("B", "Arn")) is False
    assert covers("arn:aws:s3:::x", Reference("A", "Arn")) is None


@pytest.mark.parametrize(
    ("action_types", "type", "expected"),
    [
        (("object",), "AWS::S3::Bucket", arn(Reference("X", "Arn"), "/*")),
        (("bucket",), "AWS::S3::Bucket", Reference("X", "Arn")),
        (("table",), "AWS::DynamoDB::Table", Reference("X", "Arn")),
        (("topic",), "AWS::SNS::Topic", Reference("X", "TopicArn")),
        (("Secret",), "AWS::SecretsManager::Secret", Reference("X")),
    ],
)
def test_resource_arn(action_types, type, expected):
    assert resource_arn(action_types, type, "X") == expected


def test_a_name_that_refers_to_itself_ends():
    assert covers("arn:*:s3:::a", Reference("Loop", "Arn"), TEMPLATE) in (None, False)


def test_hostile_patterns_take_bounded_time():
    started = time.perf_counter()
    assert covers("*a" * 3000, "a" * 5000) is None
    assert covers(Text(("*a" * 200, OPEN)), Text(("a" * 400, OPEN))) is None
    assert covers(Text(tuple([Reference("ByAccount")] * 20_000)), "x", TEMPLATE) is None
    assert time.perf_counter() - started < 5


PARTS = st.one_of(
    st.text(alphabet="ab:/*?", max_size=4),
    st.sampled_from([P, R, A, OPEN, Reference("Bucket", "Arn"), Reference("Named"), Reference("Nowhere"), 5, None]),
)
VALUES = st.one_of(
    PARTS, st.lists(PARTS, max_size=5).map(lambda parts: Text(tuple(parts))), st.lists(PARTS, max_size=2)
)


@settings(max_examples=500, deadline=None)
@given(VALUES, VALUES)
def test_nothing_makes_it_raise(pattern, resource):
    assert covers(pattern, resource, TEMPLATE) in (True, False, None)


@settings(max_examples=500, deadline=None)
@given(st.lists(PARTS.filter(lambda p: p is not OPEN and p not in (5, None)), max_size=4))
def test_everything_that_is_known_covers_itself(parts):
    value = Text(tuple(parts))
    plain = Text(tuple(p.replace("*", "s").replace("?", "q") if isinstance(p, str) else p for p in parts))
    assert covers(plain, plain, TEMPLATE) is True
    assert covers(value, plain, TEMPLATE) is True


@settings(max_examples=500, deadline=None)
@given(st.text(alphabet="ab*?", max_size=6), st.text(alphabet="ab", max_size=6), st.text(alphabet="ab", max_size=3))
def test_an_answer_holds_for_whatever_the_unknown_is(pattern, before, unknown):
    """A sure answer about a text with a hole is the answer for every filling of the hole."""
    answer = covers(pattern, Text((before, OPEN, "a")))
    if answer is not None:
        assert covers(pattern, before + unknown + "a") is answer
