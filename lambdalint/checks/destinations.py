"""LL4: asynchronous invocation: retries, destinations, dead-letter queues."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from lambdalint.checks import check
from lambdalint.checks.titles import title
from lambdalint.finding import Place, Problem
from lambdalint.model.arns import function_of, service_of
from lambdalint.model.connections import connections, event_sources
from lambdalint.model.deployment import Deployment
from lambdalint.model.event_source import SYNC
from lambdalint.model.links import reader_of
from lambdalint.model.mappings import mappings
from lambdalint.model.queues import TOPIC, fifo, is_fifo
from lambdalint.model.quota import Quota
from lambdalint.model.resource import Function, Resource
from lambdalint.model.values import Value, number

SERVICES = {"events": "eventbridge"}
"""What the tables call a service, where that is not the name in its ARNs."""
_NAMES = {
    "sqs": "an SQS queue",
    "sns": "an SNS topic",
    "lambda": "a function",
    "eventbridge": "an event bus",
    "s3": "a bucket",
    "kafka": "a Kafka topic",
    "dynamodb": "a DynamoDB table",
    "kinesis": "a Kinesis stream",
    "states": "a state machine",
    "firehose": "a Firehose stream",
}


class _Destination(NamedTuple):
    """Somewhere that Lambda sends what was done or what failed."""

    value: Value
    place: Place
    role: str
    """``dead-letter queue``, ``destination for failures``, ``destination for successes``."""
    allowed: Sequence[str]
    """Services that it may belong to."""


def _destinations(deployment: Deployment, facts: Mapping[str, Any]) -> Iterator[_Destination]:
    asynchronous = facts["asynchronous"]
    for function in deployment.functions:
        value = function.get("DeadLetterConfig", "TargetArn")
        place = function.at("DeadLetterConfig", "TargetArn")
        yield _Destination(value, place, "dead-letter queue", asynchronous["dead_letter_queue"])
    for config in deployment.of_type("AWS::Lambda::EventInvokeConfig"):
        for key, role in (("OnSuccess", "success"), ("OnFailure", "failure")):
            keys = ("DestinationConfig", key, "Destination")
            words = f"destination of {'successes' if role == 'success' else 'failures'}"
            yield _Destination(config.get(*keys), config.at(*keys), words, asynchronous[role])
    for polled in mappings(deployment):
        keys = ("DestinationConfig", "OnFailure", "Destination")
        allowed = facts["sources"].get(polled.kind, {}).get("failure_destinations")
        if allowed:
            yield _Destination(polled.mapping.get(*keys), polled.mapping.at(*keys), "destination of failures", allowed)


def _service(deployment: Deployment, value: Value) -> str | None:
    if isinstance(value, str) and value.startswith("kafka://"):
        return "kafka"
    service = service_of(deployment, value)
    if service is None and function_of(deployment, value) is not None:
        return "lambda"
    return SERVICES.get(service, service) if service is not None else None


@check("deployment")
def destination_kind(subject: Deployment, deployment: Deployment, facts: Mapping[str, Any]) -> Iterator[Problem]:
    """Destinations of a kind that is not allowed where they stand."""
    for destination in _destinations(deployment, facts):
        service = _service(deployment, destination.value)
        if service is not None and service not in destination.allowed:
            found = _NAMES.get(service, f"a resource of {service}")
            allowed = [_NAMES[name] for name in destination.allowed]
            yield Problem(destination.place, fields={"found": found, "role": destination.role, "allowed": allowed})
    for polled in mappings(deployment):
        takes = facts["sources"].get(polled.kind, {}).get("failure_destinations")
        if polled.mapping.get("DestinationConfig", "OnSuccess") is not None and takes != []:
            place = polled.mapping.at("DestinationConfig", "OnSuccess", key=True)
            yield Problem(place, "mapping", {"source": title(polled.kind)})


@check("deployment")
def fifo_target(subject: Deployment, deployment: Deployment, facts: Mapping[str, Any]) -> Iterator[Problem]:
    """FIFO queues and topics where only standard ones are taken."""
    for destination in _destinations(deployment, facts):
        if destination.value is not None and is_fifo(deployment, destination.value):
            yield Problem(destination.place, fields={"role": destination.role})
    for subscription in deployment.of_type("AWS::SNS::Subscription"):
        topic = subscription.get("TopicArn")
        yield from _subscribed(deployment, subscription, (), is_fifo(deployment, topic), "TopicArn")
    for found in deployment.of_type(TOPIC):
        members = found.get("Subscription")
        for index, member in enumerate(members if isinstance(members, list) else ()):
            if isinstance(member, dict):
                own = fifo(found)
                yield from _subscribed(deployment, found, ("Subscription", index), own, "Protocol")
    for bucket in deployment.of_type("AWS::S3::Bucket"):
        for name, key in (("QueueConfigurations", "Queue"), ("TopicConfigurations", "Topic")):
            members = bucket.get("NotificationConfiguration", name)
            for index, member in enumerate(members if isinstance(members, list) else ()):
                if isinstance(member, dict) and is_fifo(deployment, member.get(key)):
                    place = bucket.at("NotificationConfiguration", name, index, key)
                    yield Problem(place, "bucket", {"what": key.lower()})


def _subscribed(
    deployment: Deployment, resource: Resource, path: tuple[Any, ...], is_first_in: bool | None, topic: str
) -> Iterator[Problem]:
    """A function on a FIFO topic, or a FIFO queue on a standard one."""
    protocol, endpoint = resource.get(*path, "Protocol"), resource.get(*path, "Endpoint")
    if protocol == "lambda" and is_first_in:
        yield Problem(resource.at(*path, topic), "topic")
    elif protocol == "sqs" and is_first_in is False and is_fifo(deployment, endpoint):
        yield Problem(resource.at(*path, "Endpoint"), "queue")


@check("deployment")
def async_settings(subject: Deployment, deployment: Deployment, quotas: Mapping[str, Quota]) -> Iterator[Problem]:
    """Retries and ages out of range: of asynchronous invocation, and of the rules and schedules that invoke."""
    for config in deployment.of_type("AWS::Lambda::EventInvokeConfig"):
        yield from _ranges(config, (), quotas)
    for rule in deployment.of_type("AWS::Events::Rule"):
        members = rule.get("Targets")
        for index, member in enumerate(members if isinstance(members, list) else ()):
            if isinstance(member, dict) and _is_function(deployment, member.get("Arn")):
                yield from _ranges(rule, ("Targets", index, "RetryPolicy"), quotas, "target ")
    for schedule in deployment.of_type("AWS::Scheduler::Schedule"):
        if _is_function(deployment, schedule.get("Target", "Arn")):
            yield from _ranges(schedule, ("Target", "RetryPolicy"), quotas, "target ")


def _is_function(deployment: Deployment, value: Value) -> bool:
    return function_of(deployment, value) is not None or service_of(deployment, value) == "lambda"


def _ranges(
    resource: Resource, path: tuple[Any, ...], quotas: Mapping[str, Quota], prefix: str = ""
) -> Iterator[Problem]:
    for name in ("MaximumRetryAttempts", "MaximumEventAgeInSeconds"):
        value, quota = number(resource.get(*path, name)), quotas[prefix + name]
        if value is not None and not quota.min <= value <= quota.max:
            yield Problem(resource.at(*path, name), fields={"property": name, "value": value, "quota": quota})


@check("function")
def unused_dead_letter_queue(
    function: Function, deployment: Deployment, facts: Mapping[str, Any], harmless: Sequence[str]
) -> Iterator[Problem]:
    """A dead-letter queue of a function that nothing invokes asynchronously.

    Silent where anything else in the template knows the function: whoever may invoke it may do so asynchronously.
    """
    if function.get("DeadLetterConfig", "TargetArn") is None:
        return
    found = event_sources(deployment, function)
    waiting = {kind for kind, entry in facts["sources"].items() if entry["mode"] != "async"} - _MAY_NOT_WAIT
    if not found or any(source.kind not in waiting or source.mode == "async" for source in found):
        return
    if any(source.kind == "edge" for source in found):
        return  # LL901
    principals = {
        principal
        for kind, entry in facts["sources"].items()
        if entry["mode"] == SYNC
        for principal in (entry.get("principal"), *entry.get("principals", ()))
    }
    for resource in deployment.referrers(function.id):
        if resource.type == "AWS::Lambda::Permission":
            if resource.get("Principal") not in principals:
                return
        elif resource.type not in harmless:
            if reader_of(resource.type) is None or not connections(deployment, resource).get(function.id):
                return
    by = sorted({title(source.kind) for source in found})
    related = ((found[0].place, "what invokes it"),)
    yield Problem(function.at("DeadLetterConfig", key=True), fields={"callers": by}, related=related)


_MAY_NOT_WAIT = {"step-functions", "pipes", "appsync", "s3-batch", "mapping"}
"""Callers that wait or do not, as their own settings say."""
