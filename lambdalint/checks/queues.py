"""LL4: queues that functions are fed from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from lambdalint.checks import check
from lambdalint.finding import Place, Problem
from lambdalint.model.deployment import Deployment
from lambdalint.model.mappings import Polled, mappings
from lambdalint.model.queues import QUEUE, takes_failures
from lambdalint.model.quota import Quota
from lambdalint.model.resource import Function, Resource
from lambdalint.model.values import is_open, number


class _Fed(NamedTuple):
    """A queue and the function that it feeds, with the numbers that count."""

    queue: Resource
    function: Function
    mapping: Resource
    visibility: int | float
    """Seconds, the default where none is set."""
    is_default: bool
    timeout: int | float
    window: int | float
    """Seconds; 0 where it is not known."""

    @property
    def place(self) -> Place:
        return self.queue.at("VisibilityTimeout")

    @property
    def related(self) -> tuple[tuple[Place, str], ...]:
        waits = f"the function may run {self.timeout} s"
        return (self.function.at("Timeout"), waits), (self.mapping.at("EventSourceArn"), "where the queue feeds it")


def _queues(deployment: Deployment) -> Iterator[tuple[Polled, Resource]]:
    for polled in mappings(deployment):
        if polled.kind == "sqs" and polled.source is not None and polled.source.type == QUEUE:
            yield polled, polled.source


def _fed(deployment: Deployment, default: Quota) -> Iterator[_Fed]:
    for polled, queue in _queues(deployment):
        if polled.target is None:
            continue
        value = queue.get("VisibilityTimeout")
        absent = value is None and not is_open(queue.properties)
        visibility = default.default if absent else number(value)
        timeout = polled.target.function.timeout
        if visibility is not None and timeout is not None:
            window = number(polled.mapping.get("MaximumBatchingWindowInSeconds")) or 0
            yield _Fed(queue, polled.target.function, polled.mapping, visibility, absent, timeout, window)


@check("deployment")
def visibility_under_timeout(subject: Deployment, deployment: Deployment, quota: Quota) -> Iterator[Problem]:
    """Lambda refuses a queue whose messages come back while the function still runs."""
    for fed in _fed(deployment, quota):
        if fed.visibility < fed.timeout:
            fields = {"visibility": fed.visibility, "timeout": fed.timeout}
            yield Problem(fed.place, "unset" if fed.is_default else "default", fields, fed.related)


@check("deployment")
def visibility_under_factor(
    subject: Deployment, deployment: Deployment, quotas: Mapping[str, Quota]
) -> Iterator[Problem]:
    """A visibility timeout with no room for retries of throttled batches."""
    factor = quotas["factor"].min
    for fed in _fed(deployment, quotas["visibility"]):
        wanted = factor * fed.timeout + fed.window
        if fed.timeout <= fed.visibility < wanted:
            plus = f" plus the batching window of {fed.window} s" if fed.window else ""
            fields = {
                "visibility": fed.visibility,
                "wanted": wanted,
                "factor": factor,
                "timeout": fed.timeout,
                "plus": plus,
            }
            yield Problem(fed.place, "unset" if fed.is_default else "default", fields, fed.related)


@check("deployment")
def redrive(subject: Deployment, deployment: Deployment, quota: Quota) -> Iterator[Problem]:
    """Source queues without a dead-letter queue, or that give up too early. One that takes failures itself is left."""
    seen = set()
    for polled, queue in _queues(deployment):
        policy = queue.get("RedrivePolicy")
        related = ((polled.mapping.at("EventSourceArn"), "where it feeds a function"),)
        if queue.id in seen:
            continue
        seen.add(queue.id)
        if policy is None:
            if not is_open(queue.properties) and not takes_failures(deployment, queue):
                yield Problem(queue.at("RedrivePolicy"), "missing", {}, related)
        elif isinstance(policy, dict):
            count = number(policy.get("maxReceiveCount"))
            if count is not None and count < quota.min:
                yield Problem(
                    queue.at("RedrivePolicy", "maxReceiveCount"),
                    fields={"value": count, "quota": quota},
                    related=related,
                )
