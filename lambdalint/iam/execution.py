"""Execution roles as checks ask about them: who uses one, what the user wrote of it, what it may do to a resource."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, Literal, NamedTuple

from lambdalint.finding import Place
from lambdalint.iam.actions import action as action_of
from lambdalint.iam.coverage import resource_arn
from lambdalint.iam.policies import ALLOWED, DENY, NOT_ALLOWED, Grants, Statement, matches_action, matches_resource
from lambdalint.iam.roles import ATTACHING, RolePolicies, RolePolicy, context, role_of, role_policies
from lambdalint.iam.templates import policy_template
from lambdalint.model.deployment import Deployment, relation
from lambdalint.model.resource import Function, Resource, Role
from lambdalint.model.values import Reference, Text, Value

Lack = Literal["action", "resource", "denied", "bounded"]
"""Why a role may not: no statement allows the action, or only on other resources; a Deny or the boundary forbids it."""

_ITEMS = ("dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:BatchWriteItem")
WRITES = {
    "AWS::S3::Bucket": ("s3:PutObject",),
    "AWS::SQS::Queue": ("sqs:SendMessage",),
    "AWS::SNS::Topic": ("sns:Publish",),
    "AWS::DynamoDB::Table": _ITEMS,
    "AWS::DynamoDB::GlobalTable": _ITEMS,
    "AWS::Kinesis::Stream": ("kinesis:PutRecord", "kinesis:PutRecords"),
    "AWS::Logs::LogGroup": ("logs:PutLogEvents",),
}
"""The actions that put something into a resource that may trigger a function."""


@relation
def functions_of(deployment: Deployment, role: Role) -> tuple[Function, ...]:
    """The functions that a role of the template is the execution role of, in the template's order."""
    named = isinstance(role.get("RoleName"), str)
    near = deployment.of_type("AWS::Lambda::Function") if named else deployment.referrers(role.id)
    return tuple(one for one in near if isinstance(one, Function) and role_of(deployment, one) is role)


def policies_of(deployment: Deployment, function: Function) -> tuple[Role, RolePolicies] | None:
    """The role of a function with its policies; None where it is not in the template."""
    role = role_of(deployment, function)
    return None if role is None else (role, role_policies(deployment, role))


# -- who wrote it ------------------------------------------------------------------------------------------------------


WRITTEN, TEMPLATE, GENERATED, AWS = "written", "template", "generated", "aws"
"""Who wrote a policy: the user; a policy template of SAM that the user names; SAM by itself; AWS."""


def author(deployment: Deployment, role: Role, entry: RolePolicy) -> str:
    """Who wrote a policy's document; AWS's where it is not seen."""
    if entry.document is None:
        return AWS
    if entry.path[1] != role.id:
        return GENERATED if entry.path[1] in deployment.owners else WRITTEN
    if role.id not in deployment.owners:
        return WRITTEN
    path = deployment.origin(entry.path).path or ()
    if path[2:4] != ("Properties", "Policies"):
        return GENERATED
    written: Any = deployment.template.document.root
    for key in path:
        written = written.get(key) if isinstance(written, dict) else _item(written, key)
    return TEMPLATE if _is_template(written) else WRITTEN


def is_written(deployment: Deployment, role: Role, entry: RolePolicy) -> bool:
    """Whether the user wrote a policy's document: it is not AWS's, nor SAM's own, nor a policy template's."""
    return author(deployment, role, entry) == WRITTEN


def _item(value: Any, key: Any) -> Any:
    return value[key] if isinstance(value, list) and isinstance(key, int) and key < len(value) else None


def _is_template(written: Any) -> bool:
    if not isinstance(written, dict) or len(written) != 1:
        return False
    ((name, value),) = written.items()
    if name == "Fn::If" and isinstance(value, list):
        return any(_is_template(branch) for branch in value[1:])
    return isinstance(name, str) and policy_template(name) is not None


def written_statements(deployment: Deployment, role: Role) -> Iterator[Statement]:
    """The statements of a role's policies that the user wrote."""
    for entry in role_policies(deployment, role).policies:
        if is_written(deployment, role, entry):
            yield from entry.policy.statements


def members(deployment: Deployment, statement: Statement, element: str) -> Iterator[tuple[Place, Value]]:
    """The members of a statement's Action, NotAction, Resource or NotResource with their places."""
    resource = deployment.resource(statement.path[1]) if len(statement.path) > 1 else None
    path = (*statement.path, element)
    written = resource.get(*path[3:]) if resource is not None else None
    if written is None:
        # The document is one text: its parts have no places of their own.
        values = {"Action": statement.actions, "NotAction": statement.not_actions, "Resource": statement.resources}
        yield from ((Place(statement.path), value) for value in values.get(element, ()))
        return
    for index, value in enumerate(written if isinstance(written, list) else [written]):
        if value is not None:
            yield Place((*path, index) if isinstance(written, list) else path), value


@relation
def evidence(deployment: Deployment, role: Role) -> tuple[Place, ...]:
    """The places whose conditions decide what a role lacks: its lists of policies, those that are absent among them."""
    top = ("Resources", role.id, "Properties")
    about = ("Policies", "ManagedPolicyArns", "PermissionsBoundary")
    found = [
        Place(path)
        for path, written in role.written.items()
        if written.decisions and path[:3] == top and len(path) > 3 and path[3] in about
    ]
    found += [Place(entry.path[:2]) for entry in role_policies(deployment, role).policies if entry.path[1] != role.id]
    found += [Place(("Resources", name)) for name in deployment.absent if _may_attach(deployment, name, role)]
    return tuple(dict.fromkeys(found))


def _may_attach(deployment: Deployment, name: str, role: Role) -> bool:
    """Whether an absent resource is a policy that would be attached to a role."""
    kind = deployment.declared.get(name, "")
    if kind not in ATTACHING:
        return False
    root: Any = deployment.template.document.root
    resource = root.get("Resources", {}).get(name) if isinstance(root, dict) else None
    properties = resource.get("Properties") if isinstance(resource, dict) else None
    return isinstance(properties, dict) and role.id in str(properties.get(ATTACHING[kind]))


# -- what it lacks -----------------------------------------------------------------------------------------------------


class Lacking(NamedTuple):
    """What a role lacks of a need, and the statements that decide: those that allow it elsewhere, or deny it."""

    kind: Lack
    statements: tuple[Statement, ...] = ()


def lacking(deployment: Deployment, grants: Grants, actions: Collection[str], arn: Value = None) -> Lacking | None:
    """What a role lacks to do any one of some actions; None where it lacks nothing or that is not known.

    The action decides. The resource (an ARN) decides too where every ARN concerned is of the same template.
    """
    if grants.allows_any(actions) == NOT_ALLOWED:
        arn = None
    elif arn is None:
        return None
    around = context(deployment)
    if arn is not None and grants.allows_any(actions, arn, around) != NOT_ALLOWED:
        return None
    speaking = [
        statement
        for action in actions
        for statement in grants.speaking_of(action)
        if matches_action(statement, action) is not False
    ]
    denying = [one for one in speaking if one.effect == DENY and (arn is None or matches_resource(one, arn, around))]
    if denying:
        return Lacking("denied", tuple(denying))
    if grants.boundary is not None and grants.boundary.allows_any(actions, arn, around) == NOT_ALLOWED:
        return Lacking("bounded")
    if arn is None:
        return Lacking("action")
    if all(_is_local(deployment, statement) for statement in speaking):
        return Lacking("resource", tuple(speaking))
    return None


def _is_local(deployment: Deployment, statement: Statement) -> bool:
    """Whether every ARN of a statement is of a resource of the template."""
    named = (*statement.resources, *statement.not_resources)
    return bool(statement.resources) and not statement.is_open and all(_names_local(deployment, one) for one in named)


def _names_local(deployment: Deployment, value: Value) -> bool:
    pieces = value.parts if isinstance(value, Text) else (value,)
    return any(isinstance(piece, Reference) and deployment.resource(piece.resource) is not None for piece in pieces)


def arn_for(action: str, target: Resource) -> Value:
    """The ARN of a template's resource on which an action must be allowed; None where the action takes no resource."""
    found = action_of(action)
    return resource_arn(found.resource_types, target.type, target.id) if found is not None and found.scopable else None


def may_write(deployment: Deployment, function: Function, resource: Resource) -> bool | None:
    """Whether a function's role may put something into a bucket, queue, topic, table, stream or log group.

    None where that is not known, the role is not in the template, or the resource is of another kind.
    """
    found = policies_of(deployment, function)
    if found is None:
        return None
    around = context(deployment)
    verdicts = {
        found[1].grants.allows(action, arn_for(action, resource), around) for action in WRITES.get(resource.type, ())
    }
    return True if ALLOWED in verdicts else False if verdicts == {NOT_ALLOWED} else None
