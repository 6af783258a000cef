"""The least policy that a function needs: what its code, triggers and features ask for, and what is not known of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from lambdalint.finding import Place
from lambdalint.iam.actions import action as action_of
from lambdalint.iam.calls import Required, needs_of, required
from lambdalint.iam.cure import resource_for
from lambdalint.iam.needs import Demand, caller_demands, feature_demands, trigger_demands
from lambdalint.model.code import source_of
from lambdalint.model.deployment import Deployment
from lambdalint.model.resource import Function, Resource
from lambdalint.model.source import SdkCall, Source
from lambdalint.model.values import Reference, Symbol, Text, Value


class Row(NamedTuple):
    """One action that the function needs."""

    action: str
    resource: Value
    """The ARN; ``*`` where the action takes none or it is not known."""
    reason: str
    """``dynamodb put_item``, ``the event source mapping of Orders``."""
    place: Place


class Least(NamedTuple):
    """What a function needs. ``unknown`` says in sentences what could not be known."""

    rows: tuple[Row, ...]
    unknown: tuple[tuple[str, Place], ...]


def least(deployment: Deployment, function: Function, facts: Mapping[str, Any]) -> Least:
    """The actions that a function needs; ``facts`` is the table ``role_requirements``."""
    rows: list[Row] = []
    unknown: list[tuple[str, Place]] = []
    features = facts["features"]
    for demand in (
        *trigger_demands(deployment, function, facts["mappings"]),
        *feature_demands(deployment, function, features),
        *caller_demands(deployment, function, features),
    ):
        found = list(_of_demand(function, demand, features.get(demand.feature, {})))
        rows += found
        if any(row.resource == "*" and _takes_resource(row.action) for row in found):
            unknown.append((f"the resource of {demand.words} is not known: * stands for it", demand.place))
    source = source_of(deployment, function)
    if source is None:
        runtime = function.runtime or ("an image" if function.is_image else "of an unknown runtime")
        other = runtime.startswith("python")
        why = "is not here" if other else f"is not Python ({runtime})"
        unknown.append((f"the code {why}: what it calls is not known", function.place))
    else:
        _of_code(deployment, function, source, rows, unknown)
    return Least(tuple(_distinct(rows)), tuple(dict.fromkeys(unknown)))


def _distinct(rows: Iterable[Row]) -> Iterator[Row]:
    seen = set()
    for row in rows:
        key = (row.action, repr(row.resource), row.reason, row.place)
        if key not in seen:
            seen.add(key)
            yield row


# -- triggers and features ---------------------------------------------------------------------------------------------


def _of_demand(function: Function, demand: Demand, facts: Mapping[str, Any]) -> Iterator[Row]:
    if demand.feature == "logs":
        for need in demand.needs:
            yield Row(need.actions[0], _log_arn(function), demand.words, demand.place)
        return
    for need in demand.needs:
        resource = next((one for one in (need.resource, need.given) if one is not None), "*")
        if demand.feature == "durable":
            resource = _own_arn("lambda", "function:", function, ":*")
        yield Row(need.actions[0], resource, demand.words, demand.place)
    for more in ("documented", "writing"):
        for action in facts.get(more, ()):
            yield Row(action, "*", demand.words, demand.place)


def _takes_resource(name: str) -> bool:
    """Whether an action could be allowed on less than everything; EC2's network interfaces are not known beforehand."""
    found = action_of(name)
    return found is not None and found.scopable and not name.startswith("ec2:")


def _log_arn(function: Function) -> Value:
    group = function.get("LoggingConfig", "LogGroup")
    if group is None:
        return _own_arn("logs", "log-group:/aws/lambda/", function, ":*")
    name = group.parts if isinstance(group, Text) else (group,)
    return _arn("logs", "log-group:", *name, ":*")


def _own_arn(service: str, kind: str, function: Function, end: str) -> Value:
    """An ARN with the function's name: a reference to it in its own role would be circular."""
    name = function.get("FunctionName")
    own: tuple[Any, ...] = (name,) if isinstance(name, str) else (Symbol("AWS::StackName"), "-*")
    return _arn(service, kind, *own, end)


def _arn(service: str, *rest: Any) -> Value:
    parts: list[Any] = ["arn:", Symbol("AWS::Partition"), f":{service}:", Symbol("AWS::Region"), ":",
                        Symbol("AWS::AccountId"), ":"]  # fmt: skip
    for part in rest:
        if isinstance(part, str) and isinstance(parts[-1], str):
            parts[-1] += part
        else:
            parts.append(part)
    return Text(tuple(parts))


# -- code --------------------------------------------------------------------------------------------------------------


def _of_code(
    deployment: Deployment, function: Function, source: Source, rows: list[Row], unknown: list[tuple[str, Place]]
) -> None:
    for call in source.calls:
        place = source.place(call.site)
        found = required(deployment, function, call)
        if found is None:
            unknown.append((_unjudged(call), place))
            continue
        label = f"{found.label} (by the presigned URL)" if call.via == "presigned" else found.label
        for need in found.needs:
            if len(need) > 1:
                unknown.append((f"{found.label} needs {' or '.join(need)}: the first stands for them", place))
            resources = list(_resources(function, found, need[0]))
            if not resources:
                unknown.append((f"the resource of {found.label} is not known: * stands for it", place))
            for resource in resources or ["*"]:
                rows.append(Row(need[0], resource, label, place))
    for service in sorted(source.dynamic_services):
        whose = "clients of services" if service == "*" else f"a client of {service}"
        unknown.append((f"{whose} that cannot be followed through the code", function.place))
    if source.handler.module_status != "found":
        unknown.append(("the handler's module is not found: what it calls is not known", function.place))
    if not source.complete:
        unknown.append(("the code was not read to its end", function.place))


def _unjudged(call: SdkCall) -> str:
    name = f"{call.service} {call.method}"
    if call.foreign:
        return f"{name} is made with other credentials than the role's"
    if needs_of(call) is None:
        return f"which action {name} needs is not known"
    return f"{name} goes to an endpoint of its own"


def _resources(function: Function, found: Required, action: str) -> Iterator[Value]:
    """The ARNs that an action of a call is to be allowed on; none where that is not known."""
    resource = resource_for(action, found.target, found.name)
    if isinstance(found.target, Resource) and found.target.id == function.id:
        resource = _own_arn("lambda", "function:", function, "")
    if resource is None:
        return
    yield resource
    if found.exact or resource == "*":
        return
    if "Qualifier" in found.call.arguments or found.call.open:
        if action.startswith("lambda:"):
            yield _below(resource, ":*")
    if "IndexName" in found.call.arguments or found.call.open:
        if action in ("dynamodb:Query", "dynamodb:Scan"):
            yield _below(resource, "/index/*")


def _below(resource: Value, end: str) -> Value:
    if isinstance(resource, str):
        return resource + end
    parts = resource.parts if isinstance(resource, Text) else (resource,)
    return Text((*parts[:-1], parts[-1] + end)) if isinstance(parts[-1], str) else Text((*parts, end))


# -- as a policy -------------------------------------------------------------------------------------------------------


def document(rows: Iterable[Row]) -> dict[str, Any]:
    """The policy document: one statement for each service and resource; values are left as they are."""
    groups: dict[tuple[str, str], tuple[Value, set[str]]] = {}
    for row in rows:
        service = row.action.partition(":")[0]
        groups.setdefault((service, repr(row.resource)), (row.resource, set()))[1].add(row.action)
    statements = []
    used: dict[str, int] = {}
    for (service, _), (resource, actions) in sorted(groups.items(), key=lambda group: group[0]):
        sid = _sid(service, resource)
        used[sid] = used.get(sid, 0) + 1
        if used[sid] > 1:
            sid += str(used[sid])
        listed = sorted(actions)
        statements.append(
            {
                "Sid": sid,
                "Effect": "Allow",
                "Action": listed if len(listed) > 1 else listed[0],
                "Resource": resource,
            }
        )
    return {"Version": "2012-10-17", "Statement": statements}


def _sid(service: str, resource: Value) -> str:
    """A statement's name: the service and what it is about; letters and digits only."""
    parts = resource.parts if isinstance(resource, Text) else (resource,)
    name = next((part.resource for part in parts if isinstance(part, Reference)), "")
    if not name and isinstance(parts[-1], str) and parts[-1] != "*":
        name = re.split(r"[:/]", parts[-1].rstrip("*/:?-"))[-1]
    words = re.findall(r"[A-Za-z0-9]+", f"{service} {name}")
    return "".join(word[:1].upper() + word[1:] for word in words)
