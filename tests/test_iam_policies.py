"""What policies allow: wildcards, Deny, NotAction, conditions, boundaries, and what is not known."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdalint.iam.policies import (
    ALLOWED,
    NOT_ALLOWED,
    UNKNOWN,
    Grants,
    action_matches,
    is_wildcard_action,
    matches_action,
    parse_policy,
    size,
)
from lambdalint.model.values import OpenList, OpenMap, Reference, Symbol, Text, Unknown

BUCKET = Reference("Bucket", "Arn")
OBJECTS = Text((BUCKET, "/*"))
OPEN = Unknown("the parameter X has no value")


def statement(effect="Allow", action="s3:GetObject", resource="*", **more):
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


def grants(*statements, **more):
    return Grants(parse_policy({"Version": "2012-10-17", "Statement": list(statements)}).statements, **more)


@pytest.mark.parametrize(
    ("pattern", "action", "expected"),
    [
        ("*", "s3:GetObject", True),
        ("s3:*", "s3:GetObject", True),
        ("*:*", "s3:GetObject", True),
        ("s3:Get*", "s3:GetObject", True),
        ("S3:getobject", "s3:GetObject", True),
        ("s3:Get?bject", "s3:GetObject", True),
        ("s3:Get?bject", "s3:GetOobject", False),
        ("dynamodb:*Item", "dynamodb:PutItem", True),
        ("dynamodb:*Item", "dynamodb:BatchWriteItem", True),
        ("dynamodb:*Item", "dynamodb:Query", False),
        ("s3:GetObject", "s3:GetObjectVersion", False),
        ("s3:GetObject*", "s3:GetObject", True),
        ("sqs:*", "s3:GetObject", False),
        ("s3:*Object*Tagging", "s3:PutObjectVersionTagging", True),
        ("s3:*a*a*a*a*a*a*a*b", "s3:" + "a" * 60, False),
        ("", "s3:GetObject", False),
    ],
)
def test_action_patterns(pattern, action, expected):
    assert action_matches(pattern, action) is expected


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*", True),
        ("s3:*", True),
        ("*:*", True),
        ("s3:Get*", False),
        ("s3:GetObject", False),
        (OPEN, False),
        ("", False),
    ],
)
def test_wildcard_actions(pattern, expected):
    assert is_wildcard_action(pattern) is expected


@pytest.mark.parametrize(
    ("statements", "action", "expected"),
    [
        ([statement()], "s3:GetObject", ALLOWED),
        ([statement()], "s3:PutObject", NOT_ALLOWED),
        ([], "s3:GetObject", NOT_ALLOWED),
        ([statement(action=["s3:PutObject", "s3:Get*"])], "s3:GetObject", ALLOWED),
        ([statement(action=OPEN)], "s3:GetObject", UNKNOWN),
        ([statement(action=["sqs:SendMessage", OPEN])], "s3:GetObject", UNKNOWN),
        ([statement(action=OpenList(["sqs:SendMessage"]))], "s3:GetObject", UNKNOWN),
        ([statement(action="*"), statement("Deny", "s3:*")], "s3:GetObject", NOT_ALLOWED),
        ([statement(action="*"), statement("Deny", "s3:PutObject")], "s3:GetObject", ALLOWED),
        ([statement("Deny"), statement()], "s3:GetObject", NOT_ALLOWED),
        ([statement(), statement("Deny", resource="arn:aws:s3:::other/*")], "s3:GetObject", UNKNOWN),
        ([statement(), statement("Deny", Condition={"StringEquals": {"aws:x": "y"}})], "s3:GetObject", UNKNOWN),
        (
            [statement(), statement("Deny", Condition={"Bool": {"aws:SecureTransport": "false"}})],
            "s3:GetObject",
            ALLOWED,
        ),
        ([statement(), statement("Deny", action=OPEN)], "s3:GetObject", UNKNOWN),
        ([statement("Deny", action=OPEN)], "s3:GetObject", NOT_ALLOWED),
        ([statement(Condition={"StringEquals": {"s3:prefix": "a"}})], "s3:GetObject", UNKNOWN),
        ([statement(Condition={"StringEquals": {"s3:prefix": "a"}})], "s3:PutObject", NOT_ALLOWED),
        ([statement(Condition={})], "s3:GetObject", ALLOWED),
        ([statement(Condition=OPEN)], "s3:GetObject", UNKNOWN),
        ([statement(Condition={"Bool": {"aws:SecureTransport": True}})], "s3:GetObject", ALLOWED),
        ([statement(Condition={"Bool": {"aws:SecureTransport": "false"}})], "s3:GetObject", NOT_ALLOWED),
        ([statement(OPEN)], "s3:GetObject", UNKNOWN),
        ([statement(OPEN), statement()], "s3:GetObject", UNKNOWN),
        ([{"Effect": "Allow", "NotAction": ["iam:*"], "Resource": "*"}], "s3:GetObject", ALLOWED),
        ([{"Effect": "Allow", "NotAction": ["iam:*"], "Resource": "*"}], "iam:PassRole", NOT_ALLOWED),
        ([{"Effect": "Allow", "NotAction": ["iam:*", OPEN], "Resource": "*"}], "s3:GetObject", UNKNOWN),
        ([{"Effect": "Allow", "NotAction": ["iam:*", OPEN], "Resource": "*"}], "iam:PassRole", NOT_ALLOWED),
        ([statement(), {"Effect": "Deny", "NotAction": "logs:*", "Resource": "*"}], "s3:GetObject", NOT_ALLOWED),
        ([{"Effect": "Allow", "Action": "s3:*", "NotResource": "arn:aws:s3:::x"}], "s3:GetObject", ALLOWED),
        ([OpenMap({"Effect": "Allow"})], "s3:GetObject", UNKNOWN),
    ],
)
def test_allows_by_action(statements, action, expected):
    assert grants(*statements).allows(action) == expected


@pytest.mark.parametrize(
    ("statements", "resource", "expected"),
    [
        ([statement(resource=OBJECTS)], OBJECTS, ALLOWED),
        ([statement(resource=BUCKET)], OBJECTS, NOT_ALLOWED),
        ([statement(resource=[BUCKET, OBJECTS])], OBJECTS, ALLOWED),
        ([statement(resource=Text((BUCKET, "/in/*")))], OBJECTS, UNKNOWN),
        ([statement(resource=Text((Reference("Other", "Arn"), "/*")))], OBJECTS, NOT_ALLOWED),
        ([statement(resource=OPEN)], OBJECTS, UNKNOWN),
        ([statement(resource=OpenList([BUCKET]))], OBJECTS, UNKNOWN),
        ([statement(), statement("Deny", resource=OBJECTS)], OBJECTS, NOT_ALLOWED),
        ([statement(), statement("Deny", resource=Text((Reference("Other", "Arn"), "/*")))], OBJECTS, ALLOWED),
        ([statement(), statement("Deny", resource=Text((BUCKET, "/in/*")))], OBJECTS, UNKNOWN),
        ([{"Effect": "Allow", "Action": "s3:*", "NotResource": OBJECTS}], OBJECTS, NOT_ALLOWED),
        ([{"Effect": "Allow", "Action": "s3:*", "NotResource": Text((Reference("B", "Arn"), "/*"))}], OBJECTS, ALLOWED),
        ([statement(), {"Effect": "Deny", "Action": "s3:*", "NotResource": [BUCKET, OBJECTS]}], OBJECTS, ALLOWED),
        ([statement(resource="*")], OPEN, ALLOWED),
        ([statement(resource="arn:aws:s3:::x/*")], OPEN, UNKNOWN),
    ],
)
def test_allows_by_resource(statements, resource, expected):
    assert grants(*statements).allows("s3:GetObject", resource) == expected


def test_boundary_limits_and_never_grants():
    inside = grants(statement(action="s3:*"))
    assert grants(statement(), boundary=inside).allows("s3:GetObject") == ALLOWED
    assert grants(statement(action="*"), boundary=inside).allows("sqs:SendMessage") == NOT_ALLOWED
    assert grants(statement(action="sqs:*"), boundary=inside).allows("s3:GetObject") == NOT_ALLOWED
    assert grants(statement(), boundary=Grants(complete=False)).allows("s3:GetObject") == UNKNOWN
    assert grants(complete=False, boundary=inside).allows("sqs:SendMessage") == NOT_ALLOWED


def test_what_is_not_seen_makes_it_unknown_but_never_undoes_an_answer():
    assert grants(complete=False).allows("s3:GetObject") == UNKNOWN
    assert grants(statement(), complete=False).allows("s3:GetObject") == ALLOWED
    assert grants(statement("Deny"), complete=False).allows("s3:GetObject") == NOT_ALLOWED
    assert grants(elsewhere=["s3:Get*"]).allows("s3:GetObject") == UNKNOWN
    assert grants(elsewhere=["s3:Get*"]).allows("s3:PutObject") == NOT_ALLOWED
    assert grants(statement(), elsewhere=["s3:*"], boundary=grants()).allows("s3:GetObject") == UNKNOWN
    assert grants(statement("Deny"), elsewhere=["s3:*"]).allows("s3:GetObject") == NOT_ALLOWED


def test_allows_any():
    role = grants(statement(action="dynamodb:PutItem"))
    assert role.allows_any(("dynamodb:GetItem", "dynamodb:PutItem")) == ALLOWED
    assert role.allows_any(("dynamodb:GetItem",)) == NOT_ALLOWED
    assert role.allows_any(()) == NOT_ALLOWED


def test_statements_know_their_place():
    policy = parse_policy(
        {"Version": "2012-10-17", "Statement": [{"Sid": "A", **statement()}, statement("Deny")]}, ("Resources", "Role")
    )
    assert [s.path for s in policy.statements] == [("Resources", "Role", "Statement", n) for n in (0, 1)]
    assert policy.statements[0].sid == "A"
    single = parse_policy({"Version": "2012-10-17", "Statement": statement()}, ("P",))
    assert single.statements[0].path == ("P", "Statement")
    assert single.faults == ()


@pytest.mark.parametrize(
    ("document", "faults"),
    [
        ({"Version": "2012-10-17", "Statement": [statement()]}, []),
        ({"Version": "2012-10-18", "Statement": [statement()]}, ["version"]),
        ({"Version": OPEN, "Statement": [statement()]}, []),
        ({"Version": "2012-10-17"}, ["no-statement"]),
        (OpenMap({"Version": "2012-10-17"}), []),
        ({"Statement": [{"Action": "s3:*", "Resource": "*"}]}, ["no-effect"]),
        ({"Statement": [{"Effect": "allow", "Action": "s3:*", "Resource": "*"}]}, ["effect"]),
        ({"Statement": [{"Effect": OPEN, "Action": "s3:*", "Resource": "*"}]}, []),
        ({"Statement": [{"Effect": "Allow", "Resource": "*"}]}, ["no-action"]),
        ({"Statement": [{"Effect": "Allow", "Action": "s3:*"}]}, ["no-resource"]),
        ({"Statement": [{"Effect": "Allow", "NotAction": "s3:*", "NotResource": "*"}]}, []),
        ({"Statement": [OpenMap({"Effect": "Allow"})]}, []),
        ({"Statement": [{"Effect": "Allow", "Action": "s3:*", "NotAction": "a:b", "Resource": "*"}]}, ["both"]),
        ({"Statement": [statement(action=["s3:*", "GetObject", OPEN])]}, ["action"]),
        ({"Statement": ["text"]}, ["statement"]),
        (["a list"], ["no-document"]),
        (OPEN, []),
        (None, []),
        ("text", ["no-document"]),
        ('{"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}', []),
    ],
)
def test_faults(document, faults):
    assert [fault.kind for fault in parse_policy(document).faults] == faults


def test_trust_policies_need_a_principal_and_no_resource():
    document = {"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "x"}}]}
    assert parse_policy(document, trust=True).faults == ()
    assert [f.kind for f in parse_policy({"Statement": [{"Effect": "Allow", "Action": "a:b"}]}, trust=True).faults] == [
        "no-principal"
    ]


def test_fault_places():
    [fault] = parse_policy({"Statement": [statement(action=["s3:Get*", "bad"])]}, ("P",)).faults
    assert fault.path == ("P", "Statement", 0, "Action", 1)
    assert fault.fields == {"value": "bad"}


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"a": "b"}, 9),
        ({"a": "b c\td"}, 13),
        ({"a": ["b", 1, True]}, 18),
        ({"a": Unknown("x")}, 2),
        ({"a": Text(("abc", Symbol("AWS::AccountId")))}, 23),
        ({"a": Reference("X")}, 9),
        ('{ "a" : "b" }', 9),
        ([], 2),
        ({}, 2),
    ],
)
def test_size_leaves_white_space_out_and_is_a_lower_bound(document, expected):
    assert size(document) == expected


ATOMS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=8), st.sampled_from(["*", "s3:*", "Allow", "Deny"]),
    st.just(OPEN), st.just(BUCKET), st.just(OBJECTS), st.just(Symbol("AWS::Region")), st.floats(allow_nan=True),
)  # fmt: skip
KEYS = st.sampled_from(
    [
        "Effect",
        "Action",
        "NotAction",
        "Resource",
        "NotResource",
        "Condition",
        "Principal",
        "Statement",
        "Version",
        "Sid",
    ]
)
VALUES = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(OpenList),
        st.dictionaries(KEYS, inner, max_size=4),
        st.dictionaries(KEYS, inner, max_size=4).map(OpenMap),
    ),
    max_leaves=20,
)


@settings(max_examples=300, deadline=None)
@given(VALUES, VALUES, st.text(max_size=12), VALUES)
def test_nothing_makes_it_raise(document, boundary, action, resource):
    policy = parse_policy(document, ("P",))
    limit = Grants(parse_policy(boundary).statements)
    assert Grants(policy.statements, boundary=limit).allows(action, resource) in (ALLOWED, NOT_ALLOWED, UNKNOWN)
    assert size(document) >= 0


@settings(max_examples=200, deadline=None)
@given(st.lists(VALUES, max_size=3), st.sampled_from(["s3:GetObject", "iam:PassRole"]))
def test_more_allow_statements_never_allow_less(documents, action):
    document = {"Statement": documents}
    found = [s for s in parse_policy(document).statements if s.effect == "Allow"]
    order = [NOT_ALLOWED, UNKNOWN, ALLOWED]
    before = 0
    for count in range(len(found) + 1):
        now = order.index(Grants(found[:count]).allows(action))
        assert now >= before
        before = now


def test_matches_action_of_a_statement_without_any():
    [only] = parse_policy({"Statement": [{"Effect": "Allow", "Resource": "*"}]}).statements
    assert matches_action(only, "s3:GetObject") is False
