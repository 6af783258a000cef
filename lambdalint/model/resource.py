"""The resources of a deployment: values only, and where each was written."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from lambdalint.finding import Decision, Location, Path, Place
from lambdalint.model.values import Value, items, number, references, text


class Link(NamedTuple):
    """Where a value came from: a place in the template, or in another file (a line of samconfig)."""

    path: Path
    note: str
    location: Location | None = None


class Written(NamedTuple):
    """Where a value stands when not at its own place, what it came through, and the decisions that led to it."""

    path: Path | None
    links: tuple[Link, ...] = ()
    decisions: tuple[Decision, ...] = ()


NAME_PROPERTIES = {
    "AWS::SQS::Queue": "QueueName",
    "AWS::SNS::Topic": "TopicName",
    "AWS::S3::Bucket": "BucketName",
    "AWS::Kinesis::Stream": "Name",
    "AWS::DynamoDB::Table": "TableName",
    "AWS::DynamoDB::GlobalTable": "TableName",
    "AWS::Lambda::Function": "FunctionName",
    "AWS::Events::Rule": "Name",
    "AWS::Events::EventBus": "Name",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::IAM::Role": "RoleName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::StepFunctions::StateMachine": "StateMachineName",
    "AWS::AmazonMQ::Broker": "BrokerName",
}
"""The property that gives a resource the name by which an ARN calls it."""


_FUNCTION_NAME = r":function:([A-Za-z0-9_-]+)"


class Resource:
    """A resource of a deployment. ``properties`` is a map (empty where the template has none)."""

    __slots__ = ("__weakref__", "_names", "attributes", "id", "properties", "targets", "type", "written")

    def __init__(
        self,
        id: str,
        type: str,
        properties: dict[str, Value],
        attributes: Mapping[str, Value] | None = None,
        written: Mapping[Path, Written] | None = None,
        targets: frozenset[str] | None = None,
    ) -> None:
        self.id = id
        self.type = type
        self.properties = properties
        self.attributes = attributes or {}
        """DependsOn, Metadata, Condition, DeletionPolicy … as the template has them."""
        self.written = written or {}
        self.targets = frozenset(ref.resource for ref in references(properties)) if targets is None else targets
        """Logical IDs that the properties refer to."""
        self._names: frozenset[str] | None = None

    @property
    def functions_named(self) -> frozenset[str]:
        """Names of functions that the properties call by literal text: in an ARN, or as FunctionName."""
        if self._names is None:
            found = set()
            for path, value in each(self.properties):
                pieces = getattr(value, "parts", (value,))
                for piece in pieces:
                    if isinstance(piece, str) and ":function:" in piece:
                        found.update(re.findall(_FUNCTION_NAME, piece))
                if path and path[-1] == "FunctionName" and isinstance(value, str):
                    found.add(value.split(":", 1)[0])
            self._names = frozenset(found)
        return self._names

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.id!r}, {self.type!r})"

    def get(self, *keys: Any) -> Value:
        """The value at a property path, or None where any part of it is missing or no collection."""
        value: Any = self.properties.get(keys[0]) if keys else self.properties
        for key in keys[1:]:
            if isinstance(value, dict):
                value = value.get(key)
            elif isinstance(value, list) and isinstance(key, int) and -len(value) <= key < len(value):
                value = value[key]
            else:
                return None
        return value

    def number(self, *keys: Any) -> int | float | None:
        return number(self.get(*keys))

    def text(self, *keys: Any) -> str | None:
        return text(self.get(*keys))

    def at(self, *keys: Any, key: bool = False) -> Place:
        """The place of a property."""
        return Place(("Resources", self.id, "Properties", *keys), key)

    @property
    def place(self) -> Place:
        """The place of the logical ID."""
        return Place(("Resources", self.id), True)


class Function(Resource):
    """AWS::Lambda::Function."""

    __slots__ = ()

    @property
    def is_image(self) -> bool | None:
        """Whether it is deployed as a container image; None where that is not known."""
        kind = self.get("PackageType")
        if kind is None:
            code = self.get("Code")
            if isinstance(code, dict):
                return "ImageUri" in code
            return False if code is None or isinstance(code, str) else None
        return kind == "Image" if isinstance(kind, str) else None

    @property
    def runtime(self) -> str | None:
        return self.text("Runtime")

    @property
    def handler(self) -> str | None:
        return self.text("Handler")

    @property
    def architecture(self) -> str | None:
        """``x86_64`` or ``arm64``; None where it is not known."""
        value = self.get("Architectures")
        if value is None:
            return "x86_64"
        members = items(value)
        return members[0] if len(members) == 1 and isinstance(members[0], str) else None

    @property
    def timeout(self) -> int | float | None:
        """Seconds; the default of 3 where none is set; None where it is not known."""
        return 3 if self.get("Timeout") is None else self.number("Timeout")

    @property
    def is_managed_instance(self) -> bool:
        return self.get("CapacityProviderConfig") is not None


class Layer(Resource):
    """AWS::Lambda::LayerVersion."""

    __slots__ = ()


class Role(Resource):
    """AWS::IAM::Role."""

    __slots__ = ()


CLASSES: dict[str, type[Resource]] = {
    "AWS::Lambda::Function": Function,
    "AWS::Lambda::LayerVersion": Layer,
    "AWS::IAM::Role": Role,
}


def each(value: Value, path: Path = ()) -> Iterator[tuple[Path, Value]]:
    """Every scalar, reference and unknown below a value, with its path."""
    if isinstance(value, dict):
        for key, child in value.items():
            yield from each(child, (*path, key))
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from each(child, (*path, index))
    else:
        yield path, value
