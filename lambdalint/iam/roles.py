"""What a role of the template may do: its policies from everywhere in the template that they come from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from lambdalint.finding import Path
from lambdalint.iam.coverage import Context
from lambdalint.iam.managed import ManagedPolicy, managed_policy
from lambdalint.iam.policies import DENY, Grants, Origin, Policy, parse_policy
from lambdalint.model.arns import parse
from lambdalint.model.deployment import Deployment, relation
from lambdalint.model.resource import Resource, Role
from lambdalint.model.values import OpenList, OpenMap, Reference, Symbol, Text, Unknown, Value, boolean, items, known

ATTACHING = {"AWS::IAM::Policy": "Roles", "AWS::IAM::ManagedPolicy": "Roles", "AWS::IAM::RolePolicy": "RoleName"}
"""Types of policies that attach themselves to roles, and the property that names those."""

RESOURCE_POLICIES = {
    "AWS::DynamoDB::GlobalTable": "dynamodb",
    "AWS::DynamoDB::Table": "dynamodb",
    "AWS::ECR::Repository": "ecr",
    "AWS::EFS::FileSystem": "elasticfilesystem",
    "AWS::Events::EventBus": "events",
    "AWS::Events::EventBusPolicy": "events",
    "AWS::KMS::Key": "kms",
    "AWS::Kinesis::ResourcePolicy": "kinesis",
    "AWS::Lambda::LayerVersionPermission": "lambda",
    "AWS::Lambda::Permission": "lambda",
    "AWS::Logs::ResourcePolicy": "logs",
    "AWS::OpenSearchService::Domain": "es",
    "AWS::S3::AccessPoint": "s3",
    "AWS::S3::BucketPolicy": "s3",
    "AWS::S3Express::BucketPolicy": "s3express",
    "AWS::S3Tables::TableBucketPolicy": "s3tables",
    "AWS::SNS::TopicPolicy": "sns",
    "AWS::SQS::QueuePolicy": "sqs",
    "AWS::SecretsManager::ResourcePolicy": "secretsmanager",
}
"""Types that hold a resource policy, and the service whose actions it speaks of."""
_DOCUMENTS = (
    ("PolicyDocument",), ("KeyPolicy",), ("Policy",), ("ResourcePolicy", "PolicyDocument"), ("RepositoryPolicyText",),
    ("FileSystemPolicy",), ("AccessPolicies",), ("ResourcePolicy",), ("Statement",),
)  # fmt: skip


class RolePolicy(NamedTuple):
    """One policy of a role."""

    origin: Origin
    policy: Policy
    path: Path
    """Where it is attached: the member of Policies or ManagedPolicyArns, or the resource that attaches itself."""
    document: Value = None
    """The document as evaluated; None for AWS's own policies and for what is not known."""
    managed: ManagedPolicy | None = None
    """AWS's own policy."""


class RolePolicies(NamedTuple):
    """Every policy of a role that is seen, and what they allow together."""

    policies: tuple[RolePolicy, ...]
    boundary: RolePolicy | None
    grants: Grants


def context(deployment: Deployment) -> Context:
    """What ``covers`` and ``allows`` want to know of a deployment."""
    return Context(deployment.resource, deployment.region, deployment.account)


def role_of(deployment: Deployment, function: Resource) -> Role | None:
    """The role of a function (or of anything with a ``Role`` property) where it is in the template, else None."""
    value = function.get("Role")
    if isinstance(value, Text) and len(value.parts) == 1:
        value = value.parts[0]
    if isinstance(value, Reference):
        found = deployment.follow(value) if value.attribute == "Arn" else None
    else:
        found = _by_name(deployment, value)
    return found if isinstance(found, Role) else None


def _by_name(deployment: Deployment, value: Value) -> Resource | None:
    """The role that an ARN of the stack's own account means: by a reference in it, or by the name that it is given."""
    arn = parse(value)
    if arn is None or arn.service != "iam" or arn.account not in (_ACCOUNT, deployment.account):
        return None
    first, *rest = arn.resource
    if not isinstance(first, str) or not first.startswith("role/"):
        return None
    if not rest:
        return deployment.named("AWS::IAM::Role", first.rpartition("/")[2])
    is_name = len(rest) == 1 and first.endswith("/") and isinstance(rest[0], Reference) and rest[0].attribute == "Ref"
    return deployment.follow(rest[0]) if is_name else None


_ACCOUNT = Symbol("AWS::AccountId")


@relation
def role_policies(deployment: Deployment, role: Role) -> RolePolicies:
    """The policies of a role: inline, by ARN, by resources that attach themselves, and its boundary; never raises."""
    unknowns: list[str] = []
    found = [*_inline(role, unknowns), *_by_arn(deployment, role, unknowns), *_attached(deployment, role, unknowns)]
    if deployment.is_open:
        unknowns.append("the template has resources that are not seen")
    if isinstance(role.properties, OpenMap):
        unknowns.append("properties of the role that a macro adds")
    for entry in found:
        if entry.policy.is_open:
            unknowns.append(f"statements of the policy {entry.origin.name or 'inline'} that are not known")
    boundary, bound = role.get("PermissionsBoundary"), None
    if boundary is not None:
        bound = _resolve(deployment, boundary, role.at("PermissionsBoundary").path, "boundary")
    limit = bound and Grants(bound.policy.statements, complete=not bound.policy.is_open)
    grants = Grants(
        (statement for entry in found for statement in entry.policy.statements),
        complete=not unknowns,
        boundary=limit,
        elsewhere=_elsewhere(deployment, role),
        unknowns=dict.fromkeys(unknowns),
    )
    return RolePolicies(tuple(found), bound, grants)


def _text(value: Value) -> str:
    return value if isinstance(value, str) else ""


def _inline(role: Role, unknowns: list[str]) -> Iterator[RolePolicy]:
    whole = role.get("Policies")
    if isinstance(whole, (Unknown, OpenList)):
        unknowns.append("inline policies that are not known")
    if not isinstance(whole, list):
        return
    for index, entry in enumerate(whole):
        if not isinstance(entry, dict):
            if entry is not None:
                unknowns.append("an inline policy that is not known")
            continue
        path = role.at("Policies", index).path
        origin = Origin("inline", _text(entry.get("PolicyName")))
        document = entry.get("PolicyDocument")
        yield RolePolicy(origin, parse_policy(document, (*path, "PolicyDocument"), origin=origin), path, document)


def _by_arn(deployment: Deployment, role: Role, unknowns: list[str]) -> Iterator[RolePolicy]:
    whole = role.get("ManagedPolicyArns")
    if isinstance(whole, (Unknown, OpenList)):
        unknowns.append("managed policies that are not known")
    if not isinstance(whole, list):
        return
    for index, arn in enumerate(whole):
        if arn is not None:
            yield _resolve(deployment, arn, role.at("ManagedPolicyArns", index).path, "managed")


def _resolve(deployment: Deployment, arn: Value, path: Path, kind: str) -> RolePolicy:
    """The policy that an ARN names: AWS's, or one of the template; an open one where it is not known."""
    if isinstance(arn, Text) and len(arn.parts) == 1:
        arn = arn.parts[0]
    if isinstance(arn, Reference):
        resource = deployment.follow(arn)
        if resource is not None and resource.type == "AWS::IAM::ManagedPolicy":
            return _document(resource, path, "boundary" if kind == "boundary" else "customer")
        return RolePolicy(Origin(kind, arn.resource), Policy(is_open=True), path)
    aws = managed_policy(arn)
    if aws is None or aws.statements is None:
        name = aws.name if aws is not None else _text(arn).rpartition("/")[2]
        return RolePolicy(Origin(kind, name), Policy(is_open=True), path, managed=aws)
    return RolePolicy(Origin(kind, aws.name), Policy(aws.statements), path, managed=aws)


def _document(resource: Resource, path: Path, kind: str) -> RolePolicy:
    origin, document = Origin(kind, resource.id), resource.get("PolicyDocument")
    place = resource.at("PolicyDocument").path
    return RolePolicy(origin, parse_policy(document, place, origin=origin), path, document)


def _attached(deployment: Deployment, role: Role, unknowns: list[str]) -> Iterator[RolePolicy]:
    seen = {arn.resource for arn in items(role.get("ManagedPolicyArns")) if isinstance(arn, Reference)}
    for resource in _attaching(deployment):
        named = resource.get(ATTACHING[resource.type])
        answers = [_names(role, name) for name in (named if isinstance(named, list) else [named])]
        if True in answers and resource.id not in seen:
            yield _document(resource, resource.place.path, "customer" if "Managed" in resource.type else "policy")
        elif None in answers:
            unknowns.append(f"whether {resource.id} is attached to it")


@relation
def _attaching(deployment: Deployment) -> tuple[Resource, ...]:
    """The template's policies that attach themselves to roles; each role asks for all of them."""
    return deployment.of_type(*ATTACHING)


@relation
def _with_resource_policy(deployment: Deployment) -> tuple[Resource, ...]:
    """What holds a resource policy in the template; each role asks for all of it."""
    return deployment.of_type(*RESOURCE_POLICIES)


def _names(role: Role, value: Value) -> bool | None:
    """Whether a role's name as a policy gives it is this role's; a generated name can only be given by reference."""
    if isinstance(value, Text) and len(value.parts) == 1:
        value = value.parts[0]
    if isinstance(value, Reference):
        return value == Reference(role.id)
    name = role.get("RoleName")
    if name is None or value is None:
        return False
    if isinstance(name, Unknown) or isinstance(value, Unknown):
        return None
    if name == value:
        return True
    return False if known(name) and known(value) else None


# -- resource policies -------------------------------------------------------------------------------------------------


def _elsewhere(deployment: Deployment, role: Role) -> dict[str, None]:
    """The actions (patterns) that resource policies in the template may allow this role by themselves."""
    found: dict[str, None] = {}
    for resource in _with_resource_policy(deployment):
        whole = RESOURCE_POLICIES[resource.type] + ":*"
        if whole not in found:
            found.update(dict.fromkeys(_granted(resource, role, whole)))
    return found


def _granted(resource: Resource, role: Role, whole: str) -> Iterator[str]:
    """The actions that one resource policy may allow the role; ``whole`` stands for what is not known."""
    if resource.get("Principal") is not None:
        through_url = boolean(resource.get("InvokedViaFunctionUrl")) is True
        if _includes(resource.get("Principal"), role) and not through_url:
            action = resource.get("Action")
            yield action if isinstance(action, str) else whole
        return
    for keys in _DOCUMENTS:
        document = resource.get(*keys)
        if document is None:
            continue
        if keys == ("Statement",):
            document = {"Statement": document}
        policy = parse_policy(document, trust=True)
        if policy.is_open:
            yield whole
        for statement in policy.statements:
            if statement.effect == DENY:
                continue
            if statement.not_principal is not None or _includes(statement.principal, role):
                plain = not statement.not_actions and not statement.is_open
                for action in statement.actions if plain else (whole,):
                    yield action if isinstance(action, str) else whole


def _includes(principal: Value, role: Role) -> bool:
    """Whether a principal may be this role: itself, everybody, something unknown, a role by a name that it may have."""
    if isinstance(principal, dict):
        principal = principal.get("AWS")
    for value in principal if isinstance(principal, list) else [principal]:
        if isinstance(value, Text) and len(value.parts) == 1:
            value = value.parts[0]
        if value == "*" or isinstance(value, (Unknown, OpenList)):
            return True
        if isinstance(value, Reference) and value.resource == role.id:
            return True
        suffix = value.suffix if isinstance(value, Text) else _text(value)
        if role.get("RoleName") is not None and ("role/" in repr(value)) and not suffix.endswith(":root"):
            return True
    return False
