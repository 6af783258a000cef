"""The policies of a role, from everywhere in a template that they come from."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lambdalint.iam.policies import ALLOWED, NOT_ALLOWED, UNKNOWN
from lambdalint.iam.roles import context, role_of, role_policies
from lambdalint.model.deployment import Deployment
from lambdalint.model.resource import CLASSES, Resource
from lambdalint.model.template import Template
from lambdalint.model.values import OpenList, Reference, Symbol, Text, Unknown

ROLE = {"AssumeRolePolicyDocument": {}}
MANAGED = "arn:aws:iam::aws:policy/"


def deployment(resources: dict[str, Any], **more: Any) -> Deployment:
    made = {name: CLASSES.get(type, Resource)(name, type, properties) for name, (type, properties) in resources.items()}
    return Deployment(Template(None, "/", "/", "cloudformation"), made, **more)  # type: ignore[arg-type]


def document(action: Any, resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": resource, **more}]}


def role(**properties: Any) -> tuple[str, dict[str, Any]]:
    return "AWS::IAM::Role", {**ROLE, **properties}


def grants(resources: dict[str, Any], **more: Any):
    made = deployment(resources, **more)
    return role_policies(made, made.resources["Role"]).grants


def inline(action: Any, **more: Any) -> dict[str, Any]:
    return {"PolicyName": "p", "PolicyDocument": document(action, **more)}


def test_inline_managed_and_attached_policies_add_up():
    made = deployment(
        {
            "Role": role(
                Policies=[inline("s3:GetObject")],
                ManagedPolicyArns=[MANAGED + "service-role/AWSLambdaBasicExecutionRole", Reference("Customer")],
            ),
            "Customer": ("AWS::IAM::ManagedPolicy", {"PolicyDocument": document("sns:Publish")}),
            "Attached": ("AWS::IAM::Policy", {"Roles": [Reference("Role")], "PolicyDocument": document("sqs:*")}),
            "Pushed": ("AWS::IAM::ManagedPolicy", {"Roles": [Reference("Role")], "PolicyDocument": document("kms:*")}),
            "Single": ("AWS::IAM::RolePolicy", {"RoleName": Reference("Role"), "PolicyDocument": document("ssm:Get*")}),
            "Other": ("AWS::IAM::Policy", {"Roles": [Reference("Else")], "PolicyDocument": document("ec2:*")}),
        }
    )
    found = role_policies(made, made.resources["Role"])
    allowed = found.grants
    for action in (
        "s3:GetObject",
        "logs:PutLogEvents",
        "sns:Publish",
        "sqs:SendMessage",
        "kms:Decrypt",
        "ssm:GetParameter",
    ):
        assert allowed.allows(action) == ALLOWED, action
    assert allowed.allows("ec2:RunInstances") == NOT_ALLOWED
    assert allowed.complete
    assert [p.origin.kind for p in found.policies] == ["inline", "managed", "customer", "policy", "customer", "policy"]
    assert found.policies[0].path == ("Resources", "Role", "Properties", "Policies", 0)
    assert found.policies[0].policy.statements[0].path == (
        "Resources", "Role", "Properties", "Policies", 0, "PolicyDocument", "Statement", 0,
    )  # fmt: skip
    assert found.policies[3].policy.statements[0].path[:2] == ("Resources", "Attached")
    assert found.policies[1].managed.name == "AWSLambdaBasicExecutionRole"


def test_a_policy_attached_from_both_sides_counts_once():
    made = deployment(
        {
            "Role": role(ManagedPolicyArns=[Reference("Customer")]),
            "Customer": ("AWS::IAM::ManagedPolicy", {"Roles": [Reference("Role")], "PolicyDocument": document("a:b")}),
        }
    )
    assert len(role_policies(made, made.resources["Role"]).policies) == 1


@pytest.mark.parametrize(
    "properties",
    [
        {"ManagedPolicyArns": ["arn:aws:iam::123456789012:policy/Own"]},
        {"ManagedPolicyArns": [Text(("arn:aws:iam::", Symbol("AWS::AccountId"), ":policy/Own"))]},
        {"ManagedPolicyArns": [MANAGED + "NoSuchPolicy"]},
        {"ManagedPolicyArns": [MANAGED + "ReadOnlyAccess"]},
        {"ManagedPolicyArns": [Unknown("x")]},
        {"ManagedPolicyArns": OpenList([])},
        {"ManagedPolicyArns": Unknown("x")},
        {"ManagedPolicyArns": [Reference("Parameter")]},
        {"Policies": Unknown("x")},
        {"Policies": OpenList([])},
        {"Policies": [Unknown("x")]},
        {"Policies": [{"PolicyName": "p", "PolicyDocument": Unknown("x")}]},
        {"Policies": [{"PolicyName": "p", "PolicyDocument": {"Statement": OpenList([])}}]},
    ],
)
def test_what_is_not_seen_leaves_it_unknown(properties):
    found = grants({"Role": role(**properties)})
    assert not found.complete
    assert found.unknowns
    assert found.allows("s3:GetObject") == UNKNOWN


def test_an_open_template_leaves_it_unknown():
    assert grants({"Role": role()}, is_open=True).allows("s3:GetObject") == UNKNOWN
    assert grants({"Role": role()}).allows("s3:GetObject") == NOT_ALLOWED


@pytest.mark.parametrize(
    ("roles", "name", "expected"),
    [
        ([Reference("Role")], None, ALLOWED),
        (["my-role"], "my-role", ALLOWED),
        (["other"], "my-role", NOT_ALLOWED),
        (["my-role"], None, NOT_ALLOWED),
        ([Unknown("x")], "my-role", UNKNOWN),
        ([Unknown("x")], None, NOT_ALLOWED),
        ([Text((Symbol("AWS::StackName"), "-r"))], Text((Symbol("AWS::StackName"), "-r")), ALLOWED),
        ([Text((Symbol("AWS::StackName"), "-r"))], "my-role", UNKNOWN),
        (["a", Reference("Role")], None, ALLOWED),
    ],
)
def test_roles_by_name(roles, name, expected):
    resources = {
        "Role": role(**({"RoleName": name} if name else {})),
        "Policy": ("AWS::IAM::Policy", {"Roles": roles, "PolicyDocument": document("s3:*")}),
    }
    assert grants(resources).allows("s3:GetObject") == expected


@pytest.mark.parametrize(
    ("boundary", "action", "expected"),
    [
        (MANAGED + "AmazonS3FullAccess", "s3:GetObject", ALLOWED),
        (MANAGED + "AmazonS3FullAccess", "sqs:SendMessage", NOT_ALLOWED),
        (Reference("Limit"), "sqs:SendMessage", ALLOWED),
        (Reference("Limit"), "s3:GetObject", NOT_ALLOWED),
        ("arn:aws:iam::123456789012:policy/Own", "s3:GetObject", UNKNOWN),
        (Unknown("x"), "s3:GetObject", UNKNOWN),
    ],
)
def test_boundary(boundary, action, expected):
    resources = {
        "Role": role(Policies=[inline("*")], PermissionsBoundary=boundary),
        "Limit": ("AWS::IAM::ManagedPolicy", {"PolicyDocument": document("sqs:*")}),
    }
    assert grants(resources).allows(action) == expected


@pytest.mark.parametrize(
    ("principal", "expected"),
    [
        ("*", UNKNOWN),
        ({"AWS": "*"}, UNKNOWN),
        ({"AWS": Reference("Role", "Arn")}, UNKNOWN),
        ({"AWS": [Unknown("x")]}, UNKNOWN),
        ({"Service": "events.amazonaws.com"}, NOT_ALLOWED),
        ({"AWS": Text(("arn:aws:iam::", Symbol("AWS::AccountId"), ":root"))}, NOT_ALLOWED),
        ({"AWS": "arn:aws:iam::123456789012:role/other"}, NOT_ALLOWED),
    ],
)
def test_a_resource_policy_may_allow_what_the_role_does_not(principal, expected):
    policy = document("sqs:*", Principal=principal)
    resources = {"Role": role(), "Policy": ("AWS::SQS::QueuePolicy", {"PolicyDocument": policy, "Queues": []})}
    found = grants(resources)
    assert found.allows("sqs:SendMessage") == expected
    assert found.allows("s3:GetObject") == NOT_ALLOWED


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({"Principal": "*", "Action": "lambda:InvokeFunction"}, UNKNOWN),
        ({"Principal": Reference("Role", "Arn"), "Action": "lambda:InvokeFunction"}, UNKNOWN),
        ({"Principal": "*", "Action": "lambda:InvokeFunctionUrl"}, NOT_ALLOWED),
        ({"Principal": "*", "Action": "lambda:InvokeFunction", "InvokedViaFunctionUrl": True}, NOT_ALLOWED),
        ({"Principal": "s3.amazonaws.com", "Action": "lambda:InvokeFunction"}, NOT_ALLOWED),
    ],
)
def test_lambda_permissions_that_allow_the_role(properties, expected):
    resources = {"Role": role(), "Permission": ("AWS::Lambda::Permission", {"FunctionName": "f", **properties})}
    assert grants(resources).allows("lambda:InvokeFunction") == expected


def test_resource_policies_inside_resources_and_as_json_text():
    everybody = document("kms:Decrypt", Principal="*")
    key = {"Role": role(), "Key": ("AWS::KMS::Key", {"KeyPolicy": everybody})}
    assert grants(key).allows("kms:Decrypt") == UNKNOWN
    assert grants(key).allows("kms:Encrypt") == NOT_ALLOWED
    text = json.dumps(document("logs:*", Principal={"Service": "es.amazonaws.com"}))
    logs = {"Role": role(), "Policy": ("AWS::Logs::ResourcePolicy", {"PolicyDocument": text})}
    assert grants(logs).allows("logs:PutLogEvents") == NOT_ALLOWED


def test_resources_of_the_same_template():
    resources = {
        "Role": role(
            Policies=[{"PolicyName": "p", "PolicyDocument": document("s3:*", Text((Reference("In", "Arn"), "/*")))}]
        ),
        "In": ("AWS::S3::Bucket", {}),
        "Out": ("AWS::S3::Bucket", {"BucketName": "out"}),
    }
    made = deployment(resources, region="eu-west-1")
    found = role_policies(made, made.resources["Role"]).grants
    around = context(made)
    assert found.allows("s3:GetObject", Text((Reference("In", "Arn"), "/*")), around) == ALLOWED
    assert found.allows("s3:GetObject", Text((Reference("Out", "Arn"), "/*")), around) == NOT_ALLOWED
    assert found.allows("s3:GetObject", "arn:aws:s3:::out/x", around) == UNKNOWN


def test_the_role_of_a_function():
    made = deployment(
        {
            "Role": role(),
            "F": ("AWS::Lambda::Function", {"Role": Reference("Role", "Arn")}),
            "G": ("AWS::Lambda::Function", {"Role": "arn:aws:iam::123456789012:role/x"}),
            "H": ("AWS::Lambda::Function", {"Role": Text((Reference("Role", "Arn"),))}),
            "I": ("AWS::Lambda::Function", {"Role": Reference("F", "Arn")}),
        }
    )
    found = [role_of(made, made.resources[name]) for name in "FGHI"]
    assert found == [made.resources["Role"], None, made.resources["Role"], None]
