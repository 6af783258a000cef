"""Queues and topics: which are FIFO, which hold what failed."""

from __future__ import annotations

from lambdalint.model.arns import parse, resource_of, service_of
from lambdalint.model.deployment import Deployment, relation
from lambdalint.model.resource import Resource, each
from lambdalint.model.values import Reference, Text, Unknown, Value, boolean, references

QUEUE, TOPIC = "AWS::SQS::Queue", "AWS::SNS::Topic"
_FIFO = {QUEUE: ("FifoQueue", "QueueName"), TOPIC: ("FifoTopic", "TopicName")}
_FAILURES = ("deadLetterTargetArn", "DeadLetterConfig", "OnFailure", "DeadLetterQueue")


def is_fifo(deployment: Deployment, value: Value) -> bool | None:
    """Whether a queue's or topic's ARN or reference means a FIFO one; None where that is not known."""
    resource = resource_of(deployment, value)
    if resource is not None:
        return fifo(resource)
    if service_of(deployment, value) not in ("sqs", "sns"):
        return None
    arn = parse(value)
    last = arn.resource[-1] if arn is not None and arn.resource else None
    return last.endswith(".fifo") if isinstance(last, str) else None


def fifo(resource: Resource) -> bool | None:
    """Whether a queue or topic of the template is FIFO; None for other resources and where it is not known."""
    if resource.type not in _FIFO:
        return None
    flag, name = (resource.get(property) for property in _FIFO[resource.type])
    suffix = name if isinstance(name, str) else name.suffix if isinstance(name, Text) else ""
    if suffix.endswith(".fifo") or boolean(flag):
        return True
    if flag is None or boolean(flag) is False:
        return None if isinstance(name, Unknown) else False
    return None


@relation
def takes_failures(deployment: Deployment, queue: Resource) -> bool:
    """Whether a queue is the dead-letter queue or failure destination of something in the template."""
    return any(
        any(key in _FAILURES for key in path)
        for resource in deployment.referrers(queue.id)
        for path, value in each(resource.properties)
        if isinstance(value, (Reference, Text)) and any(found.resource == queue.id for found in references(value))
    )
