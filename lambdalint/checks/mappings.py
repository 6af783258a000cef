"""LL4: the settings of event source mappings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lambdalint.checks import check
from lambdalint.checks.titles import title
from lambdalint.finding import WARNING, Problem
from lambdalint.model.deployment import Deployment
from lambdalint.model.mappings import UNKNOWN_KIND, Polled, mappings
from lambdalint.model.queues import is_fifo
from lambdalint.model.quota import Quota
from lambdalint.model.values import Value, is_open, known, number


def _queue_kind(deployment: Deployment, polled: Polled) -> str | None:
    """The kind, ``fifo`` for a FIFO queue; None for a queue that may be either."""
    if polled.kind != "sqs":
        return polled.kind
    fifo = is_fifo(deployment, polled.mapping.get("EventSourceArn"))
    return None if fifo is None else "fifo" if fifo else "sqs"


def _outside(value: float, quota: Quota) -> bool:
    return (quota.min is not None and value < quota.min) or (quota.max is not None and value > quota.max)


def _takes(facts: Mapping[str, Any], property: str, kind: str) -> bool:
    """Whether a kind of source takes a property; True where the kind is not known."""
    only = facts["mapping"]["settings"].get(property, {}).get("only")
    return only is None or kind in only or kind == UNKNOWN_KIND


@check("deployment")
def outside_range(
    subject: Deployment,
    deployment: Deployment,
    facts: Mapping[str, Any],
    settings: Sequence[str],
    quotas: Mapping[str, Quota],
) -> Iterator[Problem]:
    """Numbers outside their range. ``settings`` are paths with dots; ``quotas`` are by path, or by path and kind
    (``BatchSize fifo``) where a kind has a range of its own. ``PATH advice`` is a range that is only known."""
    for polled in mappings(deployment):
        kind = _queue_kind(deployment, polled)
        for path in settings:
            keys = path.split(".")
            value = number(polled.mapping.get(*keys))
            if value is None or not _takes(facts, keys[0], polled.kind):
                continue
            quota = quotas.get(f"{path} {kind or polled.kind}", quotas[path])
            fields = {"property": keys[-1], "value": value, "quota": quota, "source": title(kind or polled.kind)}
            advice = quotas.get(f"{path} advice")
            if _outside(value, quota):
                yield Problem(polled.mapping.at(*keys), fields=fields)
            elif advice is not None and value != quota.min and _outside(value, advice):
                fields = {**fields, "quota": quota, "least": advice.min}
                yield Problem(polled.mapping.at(*keys), "advice", fields, severity=WARNING)


@check("deployment")
def batching_window(subject: Deployment, deployment: Deployment, quotas: Mapping[str, Quota]) -> Iterator[Problem]:
    """A window out of range, missing beside a large batch of a queue, or on a FIFO queue."""
    window, unwindowed = quotas["window"], quotas["unwindowed"]
    for polled in mappings(deployment):
        mapping, kind = polled.mapping, _queue_kind(deployment, polled)
        value = mapping.get("MaximumBatchingWindowInSeconds")
        seconds, batch = number(value), number(mapping.get("BatchSize"))
        place = mapping.at("MaximumBatchingWindowInSeconds")
        fields = {"value": seconds, "quota": window, "batch": batch, "unwindowed": unwindowed}
        if seconds is not None and _outside(seconds, window):
            yield Problem(place, fields=fields)
        elif kind == "fifo" and seconds:
            yield Problem(place, "fifo", fields)
        elif polled.kind == "sqs" and kind != "fifo" and batch is not None and batch > unwindowed.max:
            # A queue that may be FIFO is wrong either way: such a batch is too large for it.
            absent = value is None and not is_open(mapping.properties)
            if absent or seconds == 0:
                yield Problem(
                    place, "missing" if absent else "zero", fields, ((mapping.at("BatchSize"), "the batch size"),)
                )


@check("deployment")
def starting_position(
    subject: Deployment, deployment: Deployment, facts: Mapping[str, Any], needed: Sequence[str]
) -> Iterator[Problem]:
    """Where reading starts: unknown to queues; ``needed`` are the kinds of sources that surely cannot do without."""
    sources = facts["sources"]
    names = facts["mapping"]["settings"]["StartingPosition"]["values"]
    for polled in mappings(deployment):
        source = sources.get(polled.kind)
        mapping = polled.mapping
        value = mapping.get("StartingPosition")
        if source is None or _is_queue_mode(mapping.get("SelfManagedKafkaEventSourceConfig")):
            continue
        place = mapping.at("StartingPosition")
        fields = {"value": value, "source": title(polled.kind), "allowed": source.get("starting_positions", names)}
        if source["starting_position"] == "required":
            if value is None:
                if polled.kind in needed and not is_open(mapping.properties):
                    yield Problem(place, "missing", fields)
            elif isinstance(value, str) and value not in fields["allowed"]:
                yield Problem(place, "value", fields)
            elif value == "AT_TIMESTAMP" and mapping.get("StartingPositionTimestamp") is None:
                if not is_open(mapping.properties):
                    yield Problem(place, "timestamp", fields)
        elif known(value) and value is not None:
            lower = WARNING if source.get("starting_position_verified") == "known" else None
            yield Problem(place, "forbidden", fields, severity=lower)


def _is_queue_mode(config: Value) -> bool:
    """Kafka read as a queue has no position (ConsumptionMode Queue, or one that is not known)."""
    mode = config.get("ConsumptionMode") if isinstance(config, dict) else None
    return mode is not None and mode != "Stream"


@check("deployment")
def not_for_source(
    subject: Deployment, deployment: Deployment, facts: Mapping[str, Any], elsewhere: Sequence[str]
) -> Iterator[Problem]:
    """Properties that the kind of source does not take; ``elsewhere`` are those that other rules judge.

    ``NAME kind`` in ``elsewhere`` is a property that another rule judges on that kind alone.
    """
    for polled in mappings(deployment):
        if polled.kind == UNKNOWN_KIND:
            continue
        for property, entry in facts["mapping"]["settings"].items():
            value = polled.mapping.get(property)
            if value is None or value is False or value == "false" or value in ({}, []):
                continue
            if property in elsewhere or f"{property} {polled.kind}" in elsewhere or not known_enough(value):
                continue
            if not _takes(facts, property, polled.kind):
                takers = [title(kind) for kind in entry["only"]]
                fields = {"property": property, "source": title(polled.kind), "takers": takers}
                yield Problem(polled.mapping.at(property, key=True), fields=fields)


def known_enough(value: Value) -> bool:
    """Something is surely set: a value that is known, or a collection with members."""
    return known(value) or (isinstance(value, (dict, list)) and bool(value))


@check("deployment")
def provisioned_pollers(
    subject: Deployment, deployment: Deployment, facts: Mapping[str, Any], quotas: Mapping[str, Quota]
) -> Iterator[Problem]:
    """Numbers of pollers out of range or upside down, or together with what excludes them."""
    for polled in mappings(deployment):
        mapping = polled.mapping
        config = mapping.get("ProvisionedPollerConfig")
        if not isinstance(config, dict) or not config or not _takes(facts, "ProvisionedPollerConfig", polled.kind):
            continue
        found = {}
        for name in ("MinimumPollers", "MaximumPollers"):
            value = number(config.get(name))
            quota = quotas.get(f"{name} {'sqs' if polled.kind == 'sqs' else 'kafka'}")
            if value is None or quota is None or polled.kind == UNKNOWN_KIND:
                continue
            found[name] = value
            if _outside(value, quota):
                fields = {"property": name, "value": value, "quota": quota, "source": title(polled.kind)}
                yield Problem(mapping.at("ProvisionedPollerConfig", name), fields=fields)
        low, high = found.get("MinimumPollers"), found.get("MaximumPollers")
        if low is not None and high is not None and low > high:
            related = ((mapping.at("ProvisionedPollerConfig", "MaximumPollers"), "the maximum"),)
            place = mapping.at("ProvisionedPollerConfig", "MinimumPollers")
            yield Problem(place, "order", {"minimum": low, "maximum": high}, related)
        scaling = mapping.get("ScalingConfig")
        if isinstance(scaling, dict) and scaling.get("MaximumConcurrency") is not None:
            place = mapping.at("ProvisionedPollerConfig", key=True)
            yield Problem(place, "both", {}, ((mapping.at("ScalingConfig", key=True), "excludes it"),))
