"""LL4: how long a function may run, against how long its caller waits and its poller lets it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lambdalint.checks import check
from lambdalint.checks.titles import title
from lambdalint.finding import Problem
from lambdalint.model.connections import event_sources, published_as
from lambdalint.model.deployment import Deployment
from lambdalint.model.event_source import POLL, SYNC, EventSource
from lambdalint.model.quota import Quota
from lambdalint.model.resource import Function
from lambdalint.model.values import Value, number

_INVOCATION_TYPE = "integration.request.header.x-amz-invocation-type"


@check("function")
def caller_waits_less(
    function: Function, deployment: Deployment, facts: Mapping[str, Any], quotas: Mapping[str, Quota]
) -> Iterator[Problem]:
    """A function that may run longer than the caller waits; ``quotas`` are by kind of source, in seconds.

    Where anything without such a limit uses the function too, its timeout may be meant for that.
    """
    timeout = function.timeout
    if timeout is None:
        return
    shortest: tuple[float, EventSource] | None = None
    for source in event_sources(deployment, function):
        if source.kind == "edge":
            continue
        waits = _patience(source, quotas)
        if waits is None:
            return
        if shortest is None or waits < shortest[0]:
            shortest = waits, source
    if shortest is None or timeout <= shortest[0] + quotas["tolerance"].max:
        return
    if _others_may_invoke(function, deployment, facts, quotas):
        return
    waits, source = shortest
    fields = {"timeout": timeout, "caller": title(source.kind), "waits": int(waits) if waits == int(waits) else waits}
    fields["context"] = " by its own setting" if waits != quotas[source.kind].max else ""
    yield Problem(function.at("Timeout"), fields=fields, related=((source.place, "the caller"),))


def _others_may_invoke(
    function: Function, deployment: Deployment, facts: Mapping[str, Any], limits: Mapping[str, Quota]
) -> bool:
    """Whether a permission lets someone in who has no limit: a rule or bucket of another stack, an account."""
    limited = {
        principal
        for kind, entry in facts["sources"].items()
        if kind in limits or kind == "authorizer-websocket"
        for principal in (entry.get("principal"), *entry.get("principals", ()))
    }
    return any(
        resource.type == "AWS::Lambda::Permission" and str(resource.get("Principal")) not in limited
        for invoked in (function, *published_as(deployment, function))
        for resource in deployment.referrers(invoked.id)
    )


def _patience(source: EventSource, quotas: Mapping[str, Quota]) -> float | None:
    """Seconds that a caller waits; None where it does not wait, has no limit, or that is not known."""
    quota = quotas.get(source.kind)
    if quota is None or source.mode != SYNC:
        return None
    settings = source.settings
    if source.kind.startswith("api-gateway"):
        if _streams(settings) or not _waits(settings.get("RequestParameters", settings.get("requestParameters"))):
            return None
        own = settings.get("TimeoutInMillis", settings.get("timeoutInMillis"))
        if own is not None:
            milliseconds = number(own)
            return None if milliseconds is None else milliseconds / 1000
    return float(quota.max)


def _streams(settings: Mapping[str, Value]) -> bool:
    mode = settings.get("ResponseTransferMode", settings.get("responseTransferMode"))
    return mode is not None and mode != "BUFFERED"


def _waits(parameters: Value) -> bool:
    """False where the integration invokes asynchronously, or may."""
    if parameters is None:
        return True
    if not isinstance(parameters, dict):
        return False
    found = [value for name, value in parameters.items() if name.lower() == _INVOCATION_TYPE]
    return all(value == "'RequestResponse'" for value in found)


@check("function")
def poller_timeout(
    function: Function, deployment: Deployment, facts: Mapping[str, Any], quotas: Mapping[str, Quota]
) -> Iterator[Problem]:
    """A timeout past what pollers of brokers and clusters take; beyond every function's maximum LL102 speaks."""
    timeout, quota = function.timeout, quotas["poller"]
    most = quotas["managed" if function.is_managed_instance else "function"].max
    if timeout is None or not quota.max < timeout <= most:
        return
    for source in event_sources(deployment, function):
        entry = facts["sources"].get(source.kind, {})
        if source.mode != POLL or "function_timeout" not in entry:
            continue
        if function.is_managed_instance and entry.get("managed_instances"):
            continue
        fields = {"timeout": timeout, "quota": quota, "source": title(source.kind)}
        yield Problem(function.at("Timeout"), fields=fields, related=((source.place, "the poller"),))
        return


@check("function")
def durable_invocation(
    function: Function,
    deployment: Deployment,
    facts: Mapping[str, Any],
    quotas: Mapping[str, Quota],
    unqualified: Sequence[str],
) -> Iterator[Problem]:
    """A durable function that a mapping waits too long for, or that is invoked without alias, version or $LATEST.

    ``unqualified`` are the kinds of sources that need no qualifier.
    """
    config = function.get("DurableConfig")
    if not isinstance(config, dict):
        return
    execution = number(config.get("ExecutionTimeout"))
    for source in event_sources(deployment, function):
        entry = facts["sources"].get(source.kind, {})
        longer = function.is_managed_instance and entry.get("managed_instances", False)
        quota = quotas["managed" if longer else "mapping"]
        if source.mode == POLL and execution is not None and execution > quota.max:
            fields = {"execution": execution, "quota": quota, "source": title(source.kind)}
            related = ((function.at("DurableConfig", "ExecutionTimeout"), "the execution timeout"),)
            yield Problem(source.place, fields=fields, related=related)
        elif source.qualifier is None and source.kind not in unqualified:
            yield Problem(source.place, "unqualified", {}, ((function.at("DurableConfig", key=True), "durable"),))
