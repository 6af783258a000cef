"""LL4: filters of mappings, patterns of rules, filter policies of subscriptions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lambdalint.checks import check
from lambdalint.checks.titles import title
from lambdalint.finding import WARNING, Place, Problem
from lambdalint.model.connections import connections
from lambdalint.model.deployment import Deployment
from lambdalint.model.event_pattern import check_pattern
from lambdalint.model.mappings import UNKNOWN_KIND, mappings
from lambdalint.model.quota import Quota
from lambdalint.model.resource import Resource
from lambdalint.model.values import Text, Value, boolean


@check("deployment")
def filter_criteria(
    subject: Deployment, deployment: Deployment, facts: Mapping[str, Any], quotas: Mapping[str, Quota]
) -> Iterator[Problem]:
    """Filters of mappings: how many, how long, and what is no pattern; patterns of rules, policies of subscriptions."""
    takers = facts["mapping"]["settings"]["FilterCriteria"]["only"]
    for polled in mappings(deployment):
        mapping = polled.mapping
        filters = mapping.get("FilterCriteria", "Filters")
        if not isinstance(filters, list) or not filters:
            continue
        if polled.kind == "documentdb":
            yield Problem(mapping.at("FilterCriteria", key=True), "source", {"source": title(polled.kind)})
        if polled.kind not in takers and polled.kind != UNKNOWN_KIND:
            continue
        yield from _count(mapping, filters, quotas["filters"])
        for index, member in enumerate(filters):
            if isinstance(member, dict):
                place = mapping.at("FilterCriteria", "Filters", index, "Pattern")
                yield from _pattern(member.get("Pattern"), "esm", place, quotas["pattern"])
    for rule in deployment.of_type("AWS::Events::Rule"):
        pattern = rule.get("EventPattern")
        if pattern is not None and connections(deployment, rule):
            yield from _pattern(pattern, "rule", rule.at("EventPattern"), quotas["rule"])
    for subscription in deployment.of_type("AWS::SNS::Subscription"):
        policy = subscription.get("FilterPolicy")
        if policy is not None and connections(deployment, subscription):
            yield from _pattern(policy, "sns", subscription.at("FilterPolicy"), None)


def _count(mapping: Resource, filters: list[Value], quota: Quota) -> Iterator[Problem]:
    """More filters than a mapping takes: refused past what the quota can be raised to, else only by default."""
    if len(filters) > quota.max:
        most = quota.max if quota.raised else max(quota.max, quota.adjustable_to or 0)
        lower = None if len(filters) > most else WARNING
        place = mapping.at("FilterCriteria", "Filters", int(quota.max))
        kind = "count" if lower is None else "many"
        fields = {"count": len(filters), "quota": quota, "most": most}
        yield Problem(place, kind, fields, severity=lower)


def _pattern(pattern: Value, dialect: str, place: Place, quota: Quota | None) -> Iterator[Problem]:
    length = len(pattern) if isinstance(pattern, str) else pattern.literal_length if isinstance(pattern, Text) else 0
    if quota is not None and length > quota.max:
        yield Problem(place, "length", {"length": length, "quota": quota})
        return
    if pattern is None:
        return
    for fault in check_pattern(pattern, dialect)[:1]:
        at = place if isinstance(pattern, str) else Place((*place.path, *fault.path))
        where = ".".join(str(key) for key in fault.path)
        fields = {"where": f" at {where}" if where else "", "hint": "", **fault.fields}
        lower = WARNING if fault.kind == "unknown_operator" else None
        if fields.get("nearest"):
            fields["hint"] = f"; did you mean {fields['nearest']}?"
        if boolean(fields.get("found")) is not None:
            fields["found"] = str(fields["found"]).lower()
        yield Problem(at, fault.kind, fields, severity=lower)
