"""LL4: functions that may invoke themselves by what they write."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lambdalint.checks import check
from lambdalint.checks.titles import sentence, title
from lambdalint.finding import Place, Problem
from lambdalint.iam.policies import ALLOWED
from lambdalint.iam.roles import context, role_of, role_policies
from lambdalint.model.connections import event_sources
from lambdalint.model.deployment import Deployment
from lambdalint.model.event_source import EventSource
from lambdalint.model.resource import NAME_PROPERTIES, Function, Resource
from lambdalint.model.source import EnvironmentValue, SdkCall
from lambdalint.model.values import Reference, Text, Unknown, Value, items, references


@check("function")
def recursive_loop(
    function: Function, deployment: Deployment, writes: Mapping[str, Mapping[str, Any]]
) -> Iterator[Problem]:
    """A function that is triggered by what it may write to, and that names it.

    ``writes`` is, by kind of source: ``actions`` (any of them writes), ``key`` (what to append to the ARN), ``service``
    and ``methods`` (boto3's), and ``events`` (what an event's name begins with that writing causes).
    """
    if function.get("RecursiveLoop") == "Allow":
        return
    for source in event_sources(deployment, function):
        if source.kind == "logs":
            if _is_own_log_group(deployment, function, source.settings.get("LogGroupName")):
                yield Problem(source.place, "logs")
            continue
        entry = writes.get(source.kind)
        target = source.source_resource
        if entry is None or target is None or _is_filtered(source) or not _is_caused(source, entry):
            continue
        role = role_of(deployment, function)
        if role is None:
            continue
        grants, around = role_policies(deployment, role).grants, context(deployment)
        arns = _arns(source, target, entry)
        may = [a for a in entry["actions"] if any(grants.allows(a, arn, around) == ALLOWED for arn in arns)]
        named = _named(deployment, function, target, entry) if may else None
        if may and named is not None:
            fields = {"source": sentence(title(source.kind)), "action": may[0], "resource": target.id}
            yield Problem(source.place, fields=fields, related=(named,))


def _arns(source: EventSource, target: Resource, entry: Mapping[str, Any]) -> list[Value]:
    """The ARN that writing needs allowed: by reference, and as it is written or by its name."""
    key = entry.get("key", "")
    own = Reference(target.id, entry["attribute"])
    found: list[Value] = [Text((own, key)) if key else own]
    name = target.get("BucketName")
    if source.kind == "s3" and isinstance(name, str):
        found.append(f"arn:aws:s3:::{name}{key}")
    elif source.kind in ("sqs", "sns", "kinesis") and source.source is not None:
        found.append(source.source)
    return found


def _is_own_log_group(deployment: Deployment, function: Function, group: Value) -> bool:
    """Whether a log group is the one that the function writes to."""
    own = function.get("LoggingConfig", "LogGroup")
    if isinstance(group, Reference):
        resource = deployment.follow(group)
        if resource is None or resource.type != "AWS::Logs::LogGroup":
            return False
        if isinstance(own, Reference):
            return own.resource == resource.id
        group = resource.get("LogGroupName")
    if own is not None:
        return isinstance(own, (str, Text)) and own == group
    name = function.get("FunctionName")
    return group is not None and group in (Text((_LOGS, Reference(function.id))), _prefixed(name))


_LOGS = "/aws/lambda/"
"""What the name of a function's log group begins with."""


def _prefixed(name: Value) -> Value:
    """The log group's name for a function's name that is set; None for one that is not known."""
    if isinstance(name, str):
        return _LOGS + name
    if not isinstance(name, Text) or any(isinstance(part, Unknown) for part in name.parts):
        return None
    first, rest = name.parts[0], name.parts[1:]
    return Text((_LOGS + first, *rest) if isinstance(first, str) else (_LOGS, first, *rest))


def _is_filtered(source: EventSource) -> bool:
    """Whether a filter may keep out what the function writes."""
    filters = ("Filter", "FilterCriteria", "FilterPolicy")
    return any(source.settings.get(name) not in (None, {}, []) for name in filters)


def _is_caused(source: EventSource, entry: Mapping[str, Any]) -> bool:
    """Whether writing causes the event that triggers."""
    events = entry.get("events")
    if events is None:
        return True
    named = source.settings.get("Event", source.settings.get("Events"))
    return any(isinstance(event, str) and event.startswith(tuple(events)) for event in items(named))


def _named(
    deployment: Deployment, function: Function, target: Resource, entry: Mapping[str, Any]
) -> tuple[Place, str] | None:
    """Where the function's code or environment names the target; None where the code is known not to write to it."""
    variables = _variables(deployment, function, target)
    artifacts = deployment.template.artifacts
    source = artifacts.source(deployment, function) if artifacts is not None else None
    if source is not None and source.complete and source.handler.module_status == "found":
        calls = [c for c in source.calls if c.service == entry["service"] and c.method in entry["methods"]]
        for call in calls:
            if _means(call, entry, variables, target):
                return source.place(call.site), "the code writes to it here"
        untold = any(not isinstance(t, (str, EnvironmentValue)) for call in calls for t in _targets(call, entry))
        if not untold and not source.dynamic_services & {entry["service"], "*"}:
            return None
    return next(iter(variables.values()), None)


def _variables(deployment: Deployment, function: Function, target: Resource) -> dict[str, tuple[Place, str]]:
    """The environment variables that name a resource: by reference, or by its literal name."""
    found = function.get("Environment", "Variables")
    name = target.get(NAME_PROPERTIES.get(target.type, ""))
    result = {}
    for key, value in found.items() if isinstance(found, dict) else ():
        refers = any(reference.resource == target.id for reference in references(value))
        by_name = isinstance(value, str) and isinstance(name, str) and _last(value) == name
        if refers or by_name:
            result[key] = function.at("Environment", "Variables", key), f"the function knows it as {key}"
    return result


def _targets(call: SdkCall, entry: Mapping[str, Any]) -> list[Any]:
    """What a call writes to: its argument, or what its resource object was made with."""
    return list(call.identifiers[:1]) if call.identifiers else [call.arguments.get(entry["argument"])]


def _means(call: SdkCall, entry: Mapping[str, Any], variables: Mapping[str, Any], target: Resource) -> bool:
    """Whether a call surely writes to the target."""
    name = target.get(NAME_PROPERTIES.get(target.type, ""))
    for value in _targets(call, entry):
        if isinstance(value, EnvironmentValue) and value.name in variables:
            return True
        if isinstance(value, str) and isinstance(name, str) and _last(value) == name:
            return True
    return False


def _last(text: str) -> str:
    """The name at the end of an ARN or a URL."""
    return text.rpartition("/")[2].rpartition(":")[2]
