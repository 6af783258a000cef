"""What invokes a function, how, and as whom: one type for pollers, asynchronous and synchronous callers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from lambdalint.finding import Place
from lambdalint.model.deployment import Resource
from lambdalint.model.values import Value

POLL, ASYNC, SYNC = "poll", "async", "sync"


class EventSource(NamedTuple):
    """One thing that invokes one function. The kinds are those of rules/event_sources.yaml."""

    kind: str
    """``sqs``, ``s3``, ``api-gateway-rest`` …"""
    mode: str
    """``poll``, ``async`` or ``sync``."""
    function: str
    """Logical ID of the function."""
    qualifier: Value
    """Alias or version that is invoked; None for the function itself; Unknown where it cannot be known."""
    resource: Resource
    """The resource that makes the connection: a mapping, a rule, a bucket, a method."""
    place: Place
    """Where the connection is written."""
    source: Value
    """The source's ARN or reference (queue, stream, bucket, topic …), or None."""
    source_resource: Resource | None
    """The source, where it is a resource of the same template."""
    principal: str | None
    """The service principal that needs a permission; None where a role or nothing is needed."""
    settings: Mapping[str, Value]
    """The properties of the connection as CloudFormation names them (BatchSize …)."""
    wait: int | float | None = None
    """Seconds that the caller waits at most; None where it does not wait or that is not known."""
    wait_place: Place | None = None
    """Where the wait is written, when it is."""
