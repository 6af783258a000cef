"""LL9: advice that not everybody wants; these rules run only when they are selected."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lambdalint.checks import check
from lambdalint.checks.titles import title
from lambdalint.finding import Problem
from lambdalint.model.connections import event_sources, published_as
from lambdalint.model.deployment import Deployment
from lambdalint.model.event_source import ASYNC
from lambdalint.model.resource import Function, Resource
from lambdalint.model.runtimes import runtime_of
from lambdalint.model.values import Reference, Text, Unknown, Value, is_open, items, known

_GROUP = "/aws/lambda/"
_RETENTION = "Custom::LogRetention"
"""What CDK sets a retention with."""


@check("function")
def property_missing(
    function: Function, deployment: Deployment, property: Sequence[str], packages: str = "any", edge: bool = True
) -> Iterator[Problem]:
    """A property that is not set. ``packages: zip`` leaves images out, ``edge: false`` functions at the edge."""
    parent = function.get(*property[:-1]) if len(property) > 1 else function.properties
    if function.get(*property) is not None or isinstance(parent, Unknown) or is_open(parent):
        return
    if packages == "zip" and function.is_image is not False:
        return
    if edge or not _is_at_edge(deployment, function):
        yield Problem(function.at(*property))


def _is_at_edge(deployment: Deployment, function: Function) -> bool:
    return any(source.kind == "edge" for source in event_sources(deployment, function))


@check("function")
def tracing_off(function: Function, deployment: Deployment) -> Iterator[Problem]:
    """No traces of its own; a function at the edge cannot have them."""
    mode = function.get("TracingConfig", "Mode")
    if mode in (None, "PassThrough") and not is_open(function.get("TracingConfig")):
        if not _is_at_edge(deployment, function):
            yield Problem(function.at("TracingConfig", "Mode"))


@check("function")
def log_format(function: Function, deployment: Deployment) -> Iterator[Problem]:
    """Logs as plain text."""
    if function.get("LoggingConfig", "LogFormat") in (None, "Text") and not is_open(function.get("LoggingConfig")):
        yield Problem(function.at("LoggingConfig", "LogFormat"))


@check("function")
def environment_not_encrypted(function: Function, deployment: Deployment) -> Iterator[Problem]:
    """Variables under the key of the service alone."""
    if function.get("Environment", "Variables") and function.get("KmsKeyArn") is None:
        yield Problem(function.at("KmsKeyArn"))


@check("function")
def untagged(function: Function, deployment: Deployment, ignored: Sequence[str]) -> Iterator[Problem]:
    """No tags but those that tools put there (``ignored``)."""
    tags = function.get("Tags")
    if is_open(tags):
        return
    keys = [tag.get("Key") if isinstance(tag, dict) else None for tag in items(tags)]
    if all(key in ignored for key in keys):
        yield Problem(function.at("Tags"))


@check("function")
def newer_runtime(function: Function, deployment: Deployment, facts: Mapping[str, Any]) -> Iterator[Problem]:
    """A family's newest runtime that is generally available: the table lists the newest first."""
    own = runtime_of(function, facts)
    if own is None:
        return
    for one in facts["runtimes"]:
        if one["family"] == own["family"] and "availability" not in one and one["package"] == "zip":
            if one["id"] != own["id"]:
                yield Problem(function.at("Runtime"), fields={"runtime": own["id"], "newer": one["id"]})
            return


# -- logs ----------------------------------------------------------------------------------------------------------


@check("function")
def log_retention(function: Function, deployment: Deployment) -> Iterator[Problem]:
    """No log group of the template keeps the function's logs for a time that is set."""
    if deployment.is_open:
        return
    configured = function.get("LoggingConfig", "LogGroup")
    groups = list(_groups(deployment, function, configured))
    if configured is not None and not groups and not isinstance(configured, str):
        return
    if any(group.type == _RETENTION or group.get("RetentionInDays") is not None for group in groups):
        return
    if groups:
        yield Problem(groups[0].at("RetentionInDays"), "unset", related=((function.place, "the function"),))
    else:
        yield Problem(function.place)


def _groups(deployment: Deployment, function: Function, configured: Value) -> Iterator[Resource]:
    kinds = ("AWS::Logs::LogGroup", _RETENTION)
    group = deployment.follow(configured)
    if group is not None:
        yield group
        return
    if configured is not None:
        yield from (one for one in deployment.of_type(*kinds) if one.get("LogGroupName") == configured)
        return
    yield from (one for one in deployment.referrers(function.id) if one.type in kinds)
    name = function.get("FunctionName")
    if isinstance(name, Reference):
        return
    expected: Value = None
    if isinstance(name, str):
        expected = _GROUP + name
    elif isinstance(name, Text):
        first = (_GROUP + name.parts[0], *name.parts[1:]) if name.prefix else (_GROUP, *name.parts)
        expected = Text(first)
    if expected is not None:
        yield from (one for one in deployment.of_type(*kinds) if one.get("LogGroupName") == expected)


# -- failures ------------------------------------------------------------------------------------------------------


@check("function")
def no_failure_destination(function: Function, deployment: Deployment, ignored: Sequence[str]) -> Iterator[Problem]:
    """Invoked asynchronously, and nowhere for an event that fails; ``ignored`` kinds report failures themselves."""
    if function.get("DeadLetterConfig") is not None or deployment.is_open:
        return
    sources = [s for s in event_sources(deployment, function) if s.mode == ASYNC and s.kind not in ignored]
    if not sources or any(_has_destination(one) for one in _invoke_configs(deployment, function)):
        return
    fields = {"source": title(sources[0].kind)}
    yield Problem(function.place, fields=fields, related=((sources[0].place, "the event source"),))


def _invoke_configs(deployment: Deployment, function: Function) -> Iterator[Resource]:
    for one in (function, *published_as(deployment, function)):
        yield from (r for r in deployment.referrers(one.id) if r.type == "AWS::Lambda::EventInvokeConfig")
    name = function.get("FunctionName")
    if isinstance(name, str):
        yield from (r for r in deployment.callers(name) if r.type == "AWS::Lambda::EventInvokeConfig")


def _has_destination(config: Resource) -> bool:
    return config.get("DestinationConfig", "OnFailure") is not None or is_open(config.get("DestinationConfig"))


@check("function")
def source_without_queue(function: Function, deployment: Deployment, settings: Mapping[str, str]) -> Iterator[Problem]:
    """A rule's target or a subscription that drops what it cannot deliver; ``settings``: kind to property."""
    for source in event_sources(deployment, function):
        name = settings.get(source.kind)
        if name is not None and source.settings.get(name) is None and not is_open(source.settings):
            yield Problem(source.place, fields={"property": name}, related=((function.place, "the function"),))


# -- networks and layers -------------------------------------------------------------------------------------------


@check("function")
def single_zone(function: Function, deployment: Deployment) -> Iterator[Problem]:
    """Fewer than two subnets, or all of them in one zone."""
    subnets = function.get("VpcConfig", "SubnetIds")
    if not isinstance(subnets, list) or not subnets or is_open(subnets) or any(isinstance(s, Unknown) for s in subnets):
        return
    place = function.at("VpcConfig", "SubnetIds")
    if len(subnets) < 2:
        yield Problem(place)
        return
    resources = [deployment.follow(subnet) for subnet in subnets]
    zones = [one.get("AvailabilityZone") if one is not None else None for one in resources]
    if known(zones[0]) and zones[0] is not None and all(zone == zones[0] for zone in zones):
        yield Problem(place, "zone", {"count": len(subnets), "zone": zones[0]})


@check("function")
def foreign_layer(function: Function, deployment: Deployment, own: Sequence[str]) -> Iterator[Problem]:
    """A layer of another account than the stack's; ``own``: expressions for the names of AWS's layers."""
    layers = function.get("Layers")
    found: list[tuple[int, str, str]] = []
    for index, value in enumerate(layers if isinstance(layers, list) else ()):
        match = re.fullmatch(r"arn:[a-z-]+:lambda:[a-z0-9-]+:(\d{12}):layer:([^:]+)(?::\d+)?", str(value))
        if match and not any(re.fullmatch(pattern, match[2]) for pattern in own):
            found.append((index, match[1], match[2]))
    accounts = dict.fromkeys(account for _, account, _ in found)
    for index, account, name in found:
        if deployment.account is not None:
            if account != deployment.account:
                fields = {"layer": name, "account": account, "own": deployment.account}
                yield Problem(function.at("Layers", index), fields=fields)
        elif len(accounts) > 1 and account != next(iter(accounts)):
            fields = {"layer": name, "account": account, "other": next(iter(accounts))}
            yield Problem(function.at("Layers", index), "two", fields)
