"""Event source mappings: what Lambda polls, for which function, from which source."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from lambdalint.model.arns import Target, function_of, resource_of, service_of
from lambdalint.model.deployment import Deployment, relation
from lambdalint.model.resource import Resource

MAPPING = "AWS::Lambda::EventSourceMapping"
UNKNOWN_KIND = "mapping"
KINDS = {
    "sqs": "sqs",
    "kinesis": "kinesis",
    "dynamodb": "dynamodb",
    "kafka": "msk",
    "mq": "mq",
    "rds": "documentdb",
}
"""Service of an EventSourceArn, and the kind of source."""


SAM_KINDS = {
    "SQS": "sqs",
    "SNS": "sqs",
    "Kinesis": "kinesis",
    "DynamoDB": "dynamodb",
    "MSK": "msk",
    "SelfManagedKafka": "self-managed-kafka",
    "MQ": "mq",
    "DocumentDB": "documentdb",
}
"""Type of SAM's event, and the kind of source that its mapping has; SNS has one where it goes through a queue."""


class Polled(NamedTuple):
    """One AWS::Lambda::EventSourceMapping."""

    kind: str
    """``sqs``, ``kinesis`` …; ``mapping`` where it cannot be known."""
    mapping: Resource
    source: Resource | None
    """The source, where it is a resource of the same template."""
    target: Target | None
    """The function, where it is a resource of the same template."""


def mappings(deployment: Deployment) -> Iterator[Polled]:
    """Every event source mapping of a deployment, in the template's order."""
    for mapping in deployment.of_type(MAPPING):
        yield polled(deployment, mapping)


@relation
def polled(deployment: Deployment, mapping: Resource) -> Polled:
    """A mapping, its kind, and what it joins."""
    arn = mapping.get("EventSourceArn")
    source = resource_of(deployment, arn) if arn is not None else None
    return Polled(
        mapping_kind(deployment, mapping), mapping, source, function_of(deployment, mapping.get("FunctionName"))
    )


def mapping_kind(deployment: Deployment, mapping: Resource) -> str:
    """The kind of source of an AWS::Lambda::EventSourceMapping; ``mapping`` where it cannot be known."""
    if (
        mapping.get("SelfManagedEventSource") is not None
        or mapping.get("SelfManagedKafkaEventSourceConfig") is not None
    ):
        return "self-managed-kafka"
    service = service_of(deployment, mapping.get("EventSourceArn"))
    if service in KINDS:
        return KINDS[service]
    written = deployment.event_types.get(mapping.id)
    if written in SAM_KINDS:
        return SAM_KINDS[written]
    for name, kind in (
        ("AmazonManagedKafkaEventSourceConfig", "msk"),
        ("DocumentDBEventSourceConfig", "documentdb"),
        ("Queues", "mq"),
    ):
        if mapping.get(name) is not None:
            return kind
    return UNKNOWN_KIND
