"""LL6: function URLs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lambdalint.checks import check
from lambdalint.checks.limits import inside
from lambdalint.finding import Problem
from lambdalint.model.arns import function_of
from lambdalint.model.connections import event_sources
from lambdalint.model.deployment import Deployment
from lambdalint.model.permissions import (
    INVOKE,
    INVOKE_URL,
    Permission,
    may_be_for,
    permissions,
    plain,
    same_qualifier,
    unplaced_permissions,
)
from lambdalint.model.quota import Quota
from lambdalint.model.resource import Function, Resource
from lambdalint.model.values import boolean, number

URL = "AWS::Lambda::Url"


@check("deployment")
def public_url(subject: Deployment, deployment: Deployment) -> Iterator[Problem]:
    """A URL that asks nobody who he is."""
    for url in deployment.of_type(URL):
        if url.get("AuthType") == "NONE":
            yield Problem(url.at("AuthType"))


@check("deployment")
def open_cors(subject: Deployment, deployment: Deployment) -> Iterator[Problem]:
    """A URL that scripts of every site may call."""
    for url in deployment.of_type(URL):
        origins = url.get("Cors", "AllowOrigins")
        for index, origin in enumerate(origins if isinstance(origins, list) else ()):
            if origin == "*":
                kind = "credentials" if boolean(url.get("Cors", "AllowCredentials")) else "default"
                yield Problem(url.at("Cors", "AllowOrigins", index), kind)


@check("function")
def url_permission(function: Function, deployment: Deployment) -> Iterator[Problem]:
    """A URL for which somebody has one of the two rights that a call needs."""
    urls = [source for source in event_sources(deployment, function) if source.resource.type == URL]
    if not urls or deployment.is_open:
        return
    if any(may_be_for(function, resource) for resource in unplaced_permissions(deployment)):
        return
    granted = permissions(deployment, function)
    for url in urls:
        held = [one for one in granted if same_qualifier(one.qualifier, url.qualifier) is not False]
        if any(one.allows(INVOKE) is None or _who(one) is None for one in held):
            continue
        for who in dict.fromkeys(map(_who, held)):
            mine = [one for one in held if _who(one) == who]
            first = next((one for one in mine if one.allows(INVOKE_URL)), None)
            if first is None or not _needs_both(first, deployment):
                continue
            if any(one.allows(INVOKE) for one in held if _who(one) in (who, "*")):
                continue
            related = ((first.resource.place, "the permission"),)
            fields = {"granted": "lambda:InvokeFunctionUrl", "missing": "lambda:InvokeFunction", "principal": who}
            yield Problem(url.resource.place, fields=fields, related=related)
        yield from _without_url_right(url.resource, held)


def _without_url_right(url: Resource, held: list[Permission]) -> Iterator[Problem]:
    """The other half: calls through the URL are allowed, the URL itself is not."""
    for permission in held:
        if permission.via_url is None or boolean(permission.via_url) is not True or not permission.allows(INVOKE):
            continue
        who = _who(permission)
        if not any(one.allows(INVOKE_URL) for one in held if _who(one) in (who, "*")):
            related = ((permission.resource.place, "the permission"),)
            fields = {"granted": "lambda:InvokeFunction", "missing": "lambda:InvokeFunctionUrl", "principal": who}
            yield Problem(url.place, fields=fields, related=related)


def _who(permission: Permission) -> str | None:
    return plain(permission.principal)


def _needs_both(permission: Permission, deployment: Deployment) -> bool:
    """Not an identity of the same account, which may have the other right by its own policies."""
    if permission.is_public or permission.service is not None:
        return True
    who = plain(permission.principal) or ""
    account = who.split(":")[4] if who.startswith("arn:") and who.count(":") > 4 else who
    return account.isdigit() and deployment.account is not None and account != deployment.account


@check("deployment")
def url_config(subject: Deployment, deployment: Deployment, quotas: Mapping[str, Quota]) -> Iterator[Problem]:
    """A URL on a numbered version, and CORS settings that Lambda refuses."""
    for url in deployment.of_type(URL):
        yield from _version(url, deployment)
        for name, quota in quotas.items():
            yield from _cors(url, name, quota)


def _version(url: Resource, deployment: Deployment) -> Iterator[Problem]:
    target = function_of(deployment, url.get("TargetFunctionArn"))
    for name, qualifier in (("TargetFunctionArn", target and target.qualifier), ("Qualifier", url.get("Qualifier"))):
        resource = deployment.follow(qualifier)
        if resource is not None and resource.type == "AWS::Lambda::Version":
            yield Problem(url.at(name), "version", {"version": resource.id})
        elif isinstance(qualifier, str) and qualifier.isdigit():
            yield Problem(url.at(name), "version", {"version": qualifier})


def _cors(url: Resource, name: str, quota: Quota) -> Iterator[Problem]:
    value = url.get("Cors", name)
    place = url.at("Cors", name)
    if name == "MaxAge":
        age = number(value)
        if age is not None and not inside(age, quota):
            yield Problem(place, "age", {"value": age, "quota": quota})
        return
    if not isinstance(value, list):
        return
    fields: dict[str, Any] = {"property": name, "count": len(value), "quota": quota}
    if len(value) > quota.max:
        yield Problem(place, "count", fields)
    for index, member in enumerate(value):
        if quota.values and isinstance(member, str) and member not in quota.values:
            yield Problem(url.at("Cors", name, index), "method", {**fields, "value": member, "allowed": quota.values})
