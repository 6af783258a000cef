"""LL6: who may invoke a function, by the AWS::Lambda::Permission resources of the template."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lambdalint.checks import check
from lambdalint.finding import WARNING, Place, Problem
from lambdalint.model.arns import parse
from lambdalint.model.connections import event_sources, published_as
from lambdalint.model.deployment import Deployment
from lambdalint.model.event_source import EventSource
from lambdalint.model.permissions import (
    INVOKE,
    TYPE,
    Permission,
    is_principal,
    may_be_for,
    permission_of,
    permissions,
    plain,
    same_qualifier,
    unplaced_permissions,
)
from lambdalint.model.quota import Quota
from lambdalint.model.resource import NAME_PROPERTIES, Function
from lambdalint.model.values import Reference, Text, Unknown, Value, is_open, lower_bound, references

_URL, _ALEXA = "function-url", "alexa"


# -- what a trigger needs ------------------------------------------------------------------------------------------


@check("function")
def invoke_permission(
    function: Function, deployment: Deployment, facts: Mapping[str, Any], credentials: Sequence[str], own: Sequence[str]
) -> Iterator[Problem]:
    """A trigger whose service nobody lets call: one problem for each API, bucket, rule … and alias that it calls.

    ``credentials`` name the settings by which a trigger takes a role; ``own`` kinds add the permission themselves.
    """
    sources = [
        source
        for source in event_sources(deployment, function)
        if source.kind not in own and _needs(source, facts, credentials)
    ]
    if not sources or deployment.is_open or _leaves_the_template(deployment, function):
        return
    if any(may_be_for(function, resource) for resource in unplaced_permissions(deployment)):
        return
    granted = permissions(deployment, function)
    seen: set[tuple[str, str, str]] = set()
    for source in sources:
        caller = source.source_resource if source.kind.startswith("api-gateway") else None
        key = (source.kind, (caller or source.resource).id, repr(source.qualifier))
        if key in seen:
            continue
        principals = _principals(source, facts)
        covers = [_covers(deployment, permission, source, principals) for permission in granted]
        if "yes" in covers or "maybe" in covers:
            continue
        seen.add(key)
        kind = "default"
        related: tuple[tuple[Place, str], ...] = ((function.place, "the function"),)
        for permission, answer in zip(granted, covers):
            if answer in ("qualifier", "unqualified", "elsewhere"):
                kind, related = answer, ((permission.resource.place, "the permission"), *related)
                break
        if source.kind == _URL:
            kind = "url" if kind == "default" else kind
        weak = kind == "unqualified" or facts["sources"][source.kind].get("principal_verified") == "known"
        fields = {"principal": principals[0], "invoked": _invoked(deployment.owner(function.id), source.qualifier)}
        reads = tuple(_absent(deployment, function))
        yield Problem(source.place, kind, fields, related, WARNING if weak else None, reads)


def _needs(source: EventSource, facts: Mapping[str, Any], credentials: Sequence[str]) -> bool:
    entry = facts["sources"].get(source.kind)
    if entry is None or source.kind == _ALEXA or isinstance(source.qualifier, Unknown):
        return False
    if source.kind == _URL:
        return source.settings.get("AuthType") == "NONE"
    if source.kind == "appsync":
        return source.resource.type == "AWS::AppSync::GraphQLApi"
    if entry["permission"] != "resource-policy" or is_open(source.settings):
        return False
    return all(source.settings.get(name) is None and source.resource.get(name) is None for name in credentials)


def _principals(source: EventSource, facts: Mapping[str, Any]) -> list[str]:
    entry = facts["sources"][source.kind]
    return list(entry.get("principals") or [entry.get("principal") or entry["authorizer_principal"]])


def _covers(deployment: Deployment, permission: Permission, source: EventSource, principals: Sequence[str]) -> str:
    """``yes``, ``no``, ``maybe``, or why a permission for the right service does not hold for this trigger."""
    action = permission.allows(INVOKE) if source.kind != _URL else True
    if action is False or (permission.is_for_url and source.kind != _URL):
        return "no"
    if not permission.is_public:
        if plain(permission.principal) is None:
            return "no" if permission.principal is None else "maybe"
        service = permission.service
        if service is None or not any(is_principal(service, one) for one in principals):
            return "no"
    same = same_qualifier(permission.qualifier, source.qualifier)
    if action is None or same is None:
        return "maybe"
    if not same:
        return "unqualified" if permission.qualifier in (None, "$LATEST") else "qualifier"
    return "elsewhere" if _is_for_another(deployment, permission, source) else "yes"


def _is_for_another(deployment: Deployment, permission: Permission, source: EventSource) -> bool:
    """Whether its SourceArn says another name, or refers to other resources only, one of them of the trigger's type."""
    own = source.source_resource
    if own is not None and own.type in _NAMED:
        name, arn = own.get(NAME_PROPERTIES[own.type]), parse(permission.source_arn)
        written = arn.resource[0] if arn is not None and len(arn.resource) == 1 else None
        if isinstance(name, str) and isinstance(written, str) and not {"*", "?"} & {*written}:
            return written != name
    if own is None or any(isinstance(part, Unknown) for part in getattr(permission.source_arn, "parts", ())):
        return False
    named = {reference.resource for reference in references(permission.source_arn)}
    if own.id in named or source.resource.id in named:
        return False
    return any(other is not None and other.type == own.type for other in map(deployment.resource, named))


_NAMED = ("AWS::S3::Bucket", "AWS::SNS::Topic")
"""Types whose ARN ends in the name that the template gives them, and in nothing else."""


def _invoked(function: str, qualifier: Value) -> str:
    if isinstance(qualifier, str) and qualifier != "$LATEST":
        return f"the {'version' if qualifier.isdigit() else 'alias'} {qualifier} of {function}"
    return f"{function} itself" if qualifier in (None, "$LATEST") else f"a version of {function}"


def _leaves_the_template(deployment: Deployment, function: Function) -> bool:
    """Whether a nested stack is told of the function: the permission may be there."""
    told = [function, *published_as(deployment, function)]
    return any(
        resource.type == "AWS::CloudFormation::Stack" for one in told for resource in deployment.referrers(one.id)
    )


def _absent(deployment: Deployment, function: Function) -> Iterator[Place]:
    """Permissions that speak of the function and are not there in this deployment: the problem rests on that."""
    section = deployment.sections.get("Resources")
    for logical_id in deployment.absent:
        raw = section.get(logical_id) if isinstance(section, dict) else None
        if isinstance(raw, dict) and raw.get("Type") == TYPE and function.id in repr(raw.get("Properties")):
            yield Place(("Resources", logical_id))


# -- one permission ------------------------------------------------------------------------------------------------


@check("deployment")
def confused_deputy(subject: Deployment, deployment: Deployment, facts: Mapping[str, Any]) -> Iterator[Problem]:
    """A service that may call on anybody's behalf; of what SAM wrote only what a property of its can cure."""
    tables = facts["permission"]
    for permission in _all(deployment):
        if permission.service is None or permission.is_for_url:
            continue
        is_token = _is_alexa(permission.service, facts)
        if permission.resource.id in deployment.owners and not is_token:
            continue
        fields = {"principal": permission.principal if isinstance(permission.principal, str) else permission.service}
        if not permission.is_narrowed:
            yield Problem(permission.at("Principal"), "token" if is_token else "default", fields)
        elif permission.source_account is None and permission.organization is None:
            if _service(deployment, permission.source_arn) in tables["arn_without_account"]:
                yield Problem(permission.at("SourceArn"), "bucket", fields)


def _is_alexa(service: str, facts: Mapping[str, Any]) -> bool:
    return any(is_principal(service, one) for one in facts["sources"][_ALEXA]["principals"])


def _service(deployment: Deployment, arn: Value) -> str | None:
    """The service of a SourceArn, as ARNs name it."""
    resource = deployment.follow(arn)
    if resource is not None:
        return "s3" if resource.type == "AWS::S3::Bucket" else None
    parts = parse(arn)
    return parts.service if parts is not None and isinstance(parts.service, str) else None


@check("deployment")
def public_invoke(subject: Deployment, deployment: Deployment) -> Iterator[Problem]:
    """Everybody may call it; the public grants of a function URL are another rule's."""
    for permission in _all(deployment):
        if permission.is_public and not permission.is_narrowed and not permission.is_for_url:
            yield Problem(permission.at("Principal"))


@check("deployment")
def principal_mismatch(subject: Deployment, deployment: Deployment, facts: Mapping[str, Any]) -> Iterator[Problem]:
    """A principal that never calls on behalf of the resource that SourceArn names."""
    tables = facts["permission"]
    for permission in _all(deployment):
        service = permission.service
        if service is None:
            continue
        resource = deployment.follow(permission.source_arn)
        owner: str | None
        if resource is not None:
            owner, expected = resource.type, tables["principal_by_source_resource"].get(resource.type)
        else:
            owner = _service(deployment, permission.source_arn)
            expected = tables["principal_by_arn_service"].get(owner)
        if expected and not any(is_principal(service, one) for one in expected):
            related = ((permission.at("SourceArn"), "the SourceArn"),)
            fields = {"principal": service, "owner": owner, "expected": expected[0]}
            yield Problem(permission.at("Principal"), fields=fields, related=related)


@check("deployment")
def permission_action(subject: Deployment, deployment: Deployment, allowed: Sequence[str]) -> Iterator[Problem]:
    """An action that is more than invoking; ``allowed`` in lower case."""
    for permission in _all(deployment):
        if isinstance(permission.action, str) and permission.action.lower() not in allowed:
            yield Problem(permission.at("Action"), fields={"action": permission.action})


def _all(deployment: Deployment) -> Iterator[Permission]:
    """Every permission of the template, whoever's function it is for."""
    for resource in deployment.of_type(TYPE):
        yield permission_of(resource, "", None)


# -- all permissions of a function ---------------------------------------------------------------------------------


@check("function")
def policy_size(function: Function, deployment: Deployment, quota: Quota) -> Iterator[Problem]:
    """The least that the resource policy of a function, or of one of its aliases, comes to."""
    groups: dict[str, list[Permission]] = {}
    for permission in permissions(deployment, function):
        groups.setdefault(repr(permission.qualifier), []).append(permission)
    for group in groups.values():
        size = _HEAD + sum(_statement_size(function, permission) for permission in group)
        if size > quota.max:
            related = ((group[0].resource.place, f"the first of {len(group)} permissions"),)
            fields = {"size": size, "count": len(group), "quota": quota}
            yield Problem(function.place, fields=fields, related=related)
            return


_HEAD = len('{"Version":"2012-10-17","Id":"default","Statement":[]}')
_LEAST = {"AWS::Region": 9, "AWS::AccountId": 12, "AWS::Partition": 3, "AWS::URLSuffix": 13, "AWS::StackName": 1}
"""The fewest characters that a pseudo parameter comes to."""
_RANDOM = 13
"""What CloudFormation appends to a name that it makes: a hyphen and twelve characters."""


def _statement_size(function: Function, permission: Permission) -> int:
    """The fewest bytes that Lambda's text of one statement takes."""
    sid = min(100, 2 + len(permission.resource.id) + _RANDOM)
    name = len(lower_bound(function.get("FunctionName"))) or min(64, 2 + len(function.id) + _RANDOM)
    size = len('{"Sid":"","Effect":"Allow","Principal":{"Service":""},"Action":"","Resource":""},') + sid
    size += _least(permission.principal) + _least(permission.action)
    size += len("arn:aws:lambda:us-east-1:111122223333:function:") + name
    size += _least(permission.qualifier)
    conditions = [
        (value, wrapping)
        for value, wrapping in (
            (permission.source_arn, '"ArnLike":{"AWS:SourceArn":""}'),
            (permission.source_account, '"StringEquals":{"AWS:SourceAccount":""}'),
            (permission.organization, '"StringEquals":{"aws:PrincipalOrgID":""}'),
            (permission.event_source_token, '"StringEquals":{"lambda:EventSourceToken":""}'),
            (permission.url_auth_type, '"StringEquals":{"lambda:FunctionUrlAuthType":""}'),
        )
        if value is not None
    ]
    if conditions:
        size += len('"Condition":{},') + sum(_least(value) + len(wrapping) for value, wrapping in conditions)
    return size


def _least(value: Value) -> int:
    """The fewest bytes of a value's text."""
    if isinstance(value, Reference):
        return len("arn:aws:s3:::abc") if value.attribute.endswith("Arn") else 1
    parts = value.parts if isinstance(value, Text) else (value,)
    size = 0
    for part in parts:
        if isinstance(part, str):
            size += len(part.encode("utf-8", "surrogatepass"))
        elif isinstance(part, Reference):
            size += 1
        else:
            size += _LEAST.get(getattr(part, "name", ""), 0)
    return size
