"""LL7: concurrency, and what everything that is linted together takes of an account's quotas."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lambdalint.checks import check
from lambdalint.finding import WARNING, Place, Problem
from lambdalint.model.census import Census, Counted
from lambdalint.model.connections import event_sources, published_as
from lambdalint.model.deployment import Deployment
from lambdalint.model.quota import Quota
from lambdalint.model.resource import Function, Resource
from lambdalint.model.values import Text, known, number

_PROVISIONED = ("ProvisionedConcurrencyConfig", "ProvisionedConcurrentExecutions")
_SCALED = "lambda:function:ProvisionedConcurrency"


# -- the whole run -------------------------------------------------------------------------------------------------


@check("run")
def reserved_total(census: Sequence[Census], deployment: None, quotas: Mapping[str, Quota]) -> Iterator[Problem]:
    """Reserved concurrency of one stack, or of all that are known to share an account and a Region."""
    account, unreserved = quotas["account"], quotas["unreserved"]
    available = account.max - unreserved.min
    severity = None if account.raised else WARNING
    for where, rows in _together(census):
        found = [one for one in rows if one.reserved]
        total = sum(one.reserved or 0 for one in found)
        if total > available:
            fields = {
                "total": total,
                "available": available,
                "quota": account,
                "unreserved": unreserved,
                "where": where,
            }
            yield _problem(found, fields, lambda one: f"{one.reserved} reserved for {one.id}", severity)


@check("run")
def code_storage(census: Sequence[Census], deployment: None, quota: Quota) -> Iterator[Problem]:
    """The unzipped packages of one stack, or of all that are known to share an account and a Region."""
    for where, rows in _together(census):
        found = sorted((one for one in rows if one.package_bytes), key=lambda one: -one.package_bytes)
        total = sum(one.package_bytes for one in found)
        if total > quota.max:
            fields = {"total": total, "quota": quota, "where": where}
            yield _problem(found, fields, lambda one: f"{one.package_bytes} bytes of {one.id}", None)


def _together(census: Sequence[Census]) -> Iterator[tuple[str, list[Counted]]]:
    """What certainly shares an account's quotas, and how a message calls it."""
    groups: dict[tuple[str, str], list[Census]] = {}
    for row in census:
        if row.account and row.region:
            groups.setdefault((row.account, row.region), []).append(row)
        else:
            yield "this deployment", list(row.functions)
    for (account, region), rows in groups.items():
        unique = {(row.template, row.label): row for row in rows}
        yield f"account {account} in {region}", [one for row in unique.values() for one in row.functions]


def _problem(found: Sequence[Counted], fields: dict[str, Any], note: Any, severity: str | None) -> Problem:
    """One problem at the first of what is counted; the others, twenty at most, are related."""
    related = tuple((_place(one), note(one)) for one in found[1:21])
    return Problem(_place(found[0]), fields={**fields, "count": len(found)}, related=related, severity=severity)


def _place(one: Counted) -> Place:
    location = one.location
    return Place(("Resources", one.id), file=location.file or location.path, span=location.span)


# -- one function --------------------------------------------------------------------------------------------------


def _provisioned(deployment: Deployment, function: Function) -> list[tuple[Resource, int | float]]:
    """The aliases and versions that provide concurrency, each with how much."""
    found = []
    for published in published_as(deployment, function):
        value = number(published.get(*_PROVISIONED))
        if value is not None:
            found.append((published, value))
    return found


@check("function")
def provisioned_over_reserved(function: Function, deployment: Deployment) -> Iterator[Problem]:
    """More provisioned concurrency, over all aliases and versions, than the function has reserved."""
    reserved = function.number("ReservedConcurrentExecutions")
    if reserved is None:
        return
    provided = _provisioned(deployment, function)
    total = sum(value for _, value in provided)
    if provided and total > reserved:
        first, *others = (resource.at(*_PROVISIONED) for resource, _ in provided)
        related = [(function.at("ReservedConcurrentExecutions"), "the reserved concurrency")]
        related += [(place, "more provisioned concurrency") for place in others]
        yield Problem(first, fields={"provisioned": total, "reserved": reserved}, related=tuple(related))


@check("deployment")
def provisioned_unqualified(subject: Deployment, deployment: Deployment) -> Iterator[Problem]:
    """Provisioned concurrency for the unpublished function."""
    for fault in subject.faults:
        fields = fault.fields
        if fault.kind == "missing-property" and fields.get("needed_by") == "ProvisionedConcurrencyConfig":
            yield Problem(Place(fields.get("inherited", fault.path), True), "sam")
    for alias in deployment.of_type("AWS::Lambda::Alias"):
        if alias.get("ProvisionedConcurrencyConfig") and alias.get("FunctionVersion") == "$LATEST":
            yield Problem(alias.at("ProvisionedConcurrencyConfig", key=True), "latest")
    for target in deployment.of_type("AWS::ApplicationAutoScaling::ScalableTarget"):
        if target.get("ScalableDimension") == _SCALED and _is_unqualified(deployment, target):
            yield Problem(target.at("ResourceId"), "scaling")


def _is_unqualified(deployment: Deployment, target: Resource) -> bool:
    """Whether the target is ``function:NAME`` where ``function:NAME:ALIAS`` is asked for."""
    value = target.get("ResourceId")
    if isinstance(value, str):
        return value.startswith("function:") and value.count(":") == 1
    parts: tuple[Any, ...] = value.parts if isinstance(value, Text) else ()
    if len(parts) != 2 or parts[0] != "function:":
        return False
    named = deployment.follow(parts[1])
    return isinstance(named, Function) and parts[1].attribute == "Ref"


@check("function")
def function_disabled(function: Function, deployment: Deployment) -> Iterator[Problem]:
    """No concurrency at all."""
    if function.number("ReservedConcurrentExecutions") == 0:
        yield Problem(function.at("ReservedConcurrentExecutions"))


@check("function")
def queue_concurrency(function: Function, deployment: Deployment, quota: Quota) -> Iterator[Problem]:
    """Less reserved concurrency than the pollers of its queue start with, or than the mapping may use.

    A mapping with a bound of its own starts no more than that; a FIFO queue no more than it has message groups.
    """
    reserved = function.number("ReservedConcurrentExecutions")
    if not reserved:
        return
    for source in event_sources(deployment, function):
        if (
            source.kind != "sqs"
            or not known(source.settings.get("Enabled"))
            or source.settings.get("Enabled") in (False, "false")
        ):
            continue
        related = ((source.place, "the event source"),)
        place = function.at("ReservedConcurrentExecutions")
        scaling = source.settings.get("ScalingConfig")
        if scaling is not None:
            most = number(source.resource.get("ScalingConfig", "MaximumConcurrency"))
            if most is not None and reserved < most:
                related = ((source.at("ScalingConfig", "MaximumConcurrency"), "the maximum concurrency"),)
                yield Problem(place, "maximum", {"reserved": reserved, "maximum": most}, related)
                return
        elif reserved < quota.min and source.settings.get("ProvisionedPollerConfig") is None and not _is_fifo(source):
            yield Problem(place, fields={"reserved": reserved, "quota": quota}, related=related)
            return


def _is_fifo(source: Any) -> bool:
    queue = source.source_resource
    if queue is not None and queue.get("FifoQueue") not in (None, False, "false"):
        return True
    return str(getattr(source.source, "suffix", source.source)).endswith(".fifo")
