"""What invokes a function and how: one type for pollers, asynchronous and synchronous callers.

The kinds are those of rules/event_sources.yaml, which says what each needs (principal, ranges, the caller's patience).
"""

# No "from __future__ import annotations" here: a NamedTuple would compile each of its annotations at every start.

from collections.abc import Mapping
from typing import NamedTuple

from lambdalint.finding import Place
from lambdalint.model.resource import Resource
from lambdalint.model.values import Value

POLL, ASYNC, SYNC = "poll", "async", "sync"


class EventSource(NamedTuple):
    """One thing that invokes one function."""

    kind: str
    """``sqs``, ``s3``, ``api-gateway-rest`` …; ``mapping`` for a mapping whose source is not known."""
    mode: str
    """``poll``, ``async`` or ``sync``."""
    function: str
    """Logical ID of the function."""
    qualifier: Value
    """Alias or version that is invoked; None for the function itself; an Unknown where it is not known."""
    resource: Resource
    """The resource that makes the connection: a mapping, a rule, a bucket, a method."""
    place: Place
    """Where the function is named in it."""
    source: Value
    """ARN or reference of the source (queue, stream, bucket, topic …), or None."""
    source_resource: Resource | None
    """The source, where it is a resource of the same template."""
    settings: Mapping[str, Value]
    """The properties of the connection as CloudFormation (or OpenAPI) names them."""
    settings_place: Place
    """Where the settings are: a setting's place is this with its name."""

    def at(self, *keys: object, key: bool = False) -> Place:
        """The place of a setting."""
        return Place((*self.settings_place.path, *keys), key)
