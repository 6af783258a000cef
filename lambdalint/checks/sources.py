"""LL4: what a mapping's source must be and bring, and how its failures end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lambdalint.checks import check
from lambdalint.checks.titles import title
from lambdalint.finding import Place, Problem
from lambdalint.model.arns import parse, single
from lambdalint.model.deployment import Deployment
from lambdalint.model.identity import identity
from lambdalint.model.mappings import Polled, mappings
from lambdalint.model.resource import Resource
from lambdalint.model.values import OpenList, OpenMap, Reference, Text, Unknown, Value, is_open, known, number

_TABLES = ("AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable")


@check("deployment")
def endless_retries(subject: Deployment, deployment: Deployment, kinds: Sequence[str]) -> Iterator[Problem]:
    """Streams on which one bad record is retried until it expires: no bound, and nowhere to put it."""
    for polled in mappings(deployment):
        mapping = polled.mapping
        if polled.kind not in kinds or is_open(mapping.properties):
            continue
        bounds = [mapping.get(name) for name in ("MaximumRetryAttempts", "MaximumRecordAgeInSeconds")]
        if all(value is None or number(value) == -1 for value in bounds):
            if mapping.get("DestinationConfig", "OnFailure") is None and not is_open(mapping.get("DestinationConfig")):
                yield Problem(mapping.at("MaximumRetryAttempts"), fields={"source": title(polled.kind)})


@check("deployment")
def whole_batches(subject: Deployment, deployment: Deployment, facts: Mapping[str, Any]) -> Iterator[Problem]:
    """Batches that are retried whole where one record fails."""
    takers = facts["mapping"]["settings"]["FunctionResponseTypes"]["only"]
    for polled in mappings(deployment):
        mapping = polled.mapping
        value = mapping.get("BatchSize")
        if polled.kind not in takers or is_open(mapping.properties):
            continue
        batch = facts["sources"][polled.kind]["batch"]["default"] if value is None else number(value)
        responses = mapping.get("FunctionResponseTypes")
        if batch is not None and batch > 1 and (responses is None or responses == []):
            yield Problem(mapping.at("FunctionResponseTypes"), fields={"batch": batch})


@check("deployment")
def stream_missing(subject: Deployment, deployment: Deployment) -> Iterator[Problem]:
    """A DynamoDB trigger on a table that has no stream, or on the table in place of its stream."""
    for polled in mappings(deployment):
        if polled.kind != "dynamodb":
            continue
        value = single(polled.mapping.get("EventSourceArn"))
        place = polled.mapping.at("EventSourceArn")
        table = polled.source if polled.source is not None and polled.source.type in _TABLES else None
        if isinstance(value, Reference):
            if table is None:
                continue
            related = ((table.place, "the table"),)
            if value.attribute != "StreamArn":
                yield Problem(place, "table", {}, related)
            elif table.get("StreamSpecification") is None and not is_open(table.properties):
                yield Problem(place, "stream", {}, ((table.at("StreamSpecification"), "the table has no stream"),))
        elif _is_table(value):
            yield Problem(place, "table", {}, ((table.place, "the table"),) if table is not None else ())


def _is_table(value: Value) -> bool:
    """Whether an ARN in text surely names a table: nothing stands behind the table's name."""
    arn = parse(value)
    if arn is None or any(isinstance(piece, Unknown) for piece in arn.resource):
        return False
    whole = "".join(piece if isinstance(piece, str) else "?" for piece in arn.resource)
    last = arn.resource[-1]
    attribute = last.attribute if isinstance(last, Reference) else "Ref"
    return whole.startswith("table/") and "/stream/" not in whole and attribute == "Ref"


@check("deployment")
def source_access(subject: Deployment, deployment: Deployment, facts: Mapping[str, Any]) -> Iterator[Problem]:
    """Brokers and clusters without the topic, queue, credentials or servers that reading them needs."""
    for polled in mappings(deployment):
        entry = facts["sources"].get(polled.kind)
        mapping = polled.mapping
        if entry is None or "access" not in entry or is_open(mapping.properties):
            continue
        kind = {"source": title(polled.kind)}
        for property, words in _NEEDED:
            value = mapping.get(property)
            if property in entry["required"] and (value is None or (value == [] and not is_open(value))):
                yield Problem(mapping.at(property), "missing", {**kind, "property": property, "needed": words})
        yield from _one_name(polled, facts, kind)
        yield from _access(mapping, entry, kind)
        yield from _servers(mapping, kind)


_NEEDED = (
    ("Topics", "a topic"),
    ("Queues", "a queue"),
    ("SourceAccessConfigurations", "credentials"),
    ("DocumentDBEventSourceConfig", "a database"),
)


def _one_name(polled: Polled, facts: Mapping[str, Any], kind: dict[str, Any]) -> Iterator[Problem]:
    """Topics and Queues take one name each."""
    for property in ("Topics", "Queues"):
        value = polled.mapping.get(property)
        most = facts["mapping"]["settings"][property]["items"]["max"]
        if isinstance(value, list) and len(value) > most:
            fields = {**kind, "property": property, "count": len(value), "most": most}
            yield Problem(polled.mapping.at(property, most), "count", fields)


def _access(mapping: Resource, entry: Mapping[str, Any], kind: dict[str, Any]) -> Iterator[Problem]:
    """Kinds of access that a source needs, and those that only come together."""
    value = mapping.get("SourceAccessConfigurations")
    if not isinstance(value, list) or not value or isinstance(value, OpenList):
        return
    types = [member.get("Type") if isinstance(member, dict) else member for member in value]
    if not all(isinstance(type, str) for type in types) or any(isinstance(member, OpenMap) for member in value):
        return
    place = mapping.at("SourceAccessConfigurations", key=True)
    for needed in entry.get("access_required", ()):
        if needed not in types:
            yield Problem(place, "access", {**kind, "needed": needed})
    together = entry.get("access_together", ())
    absent = [type for type in together if type not in types]
    if absent and len(absent) < len(together):
        present = next(type for type in together if type in types)
        yield Problem(place, "together", {**kind, "present": present, "needed": absent[0]})


def _servers(mapping: Resource, kind: dict[str, Any]) -> Iterator[Problem]:
    source = mapping.get("SelfManagedEventSource")
    if not isinstance(source, dict) or is_open(source):
        return
    endpoints = source.get("Endpoints")
    servers = endpoints.get("KafkaBootstrapServers") if isinstance(endpoints, dict) else endpoints
    if (servers is None and not is_open(endpoints)) or (servers == [] and not is_open(servers)):
        place = mapping.at("SelfManagedEventSource", key=True)
        fields = {**kind, "property": "KafkaBootstrapServers", "needed": "a bootstrap server"}
        yield Problem(place, "missing", fields)


@check("deployment")
def duplicate_mapping(
    subject: Deployment, deployment: Deployment, parts: Mapping[str, Sequence[str]]
) -> Iterator[Problem]:
    """Two mappings of one function and one source; ``parts`` are the settings that tell what is read of a source."""
    first: dict[Any, Place] = {}
    for polled in mappings(deployment):
        key = _key(deployment, polled, parts.get(polled.kind, ()))
        if key is None:
            continue
        place = polled.mapping.at("EventSourceArn" if polled.kind != "self-managed-kafka" else "SelfManagedEventSource")
        if key in first:
            yield Problem(place, fields={"source": title(polled.kind)}, related=((first[key], "the first mapping"),))
        else:
            first[key] = place


def _key(deployment: Deployment, polled: Polled, parts: Sequence[str]) -> Any:
    """What makes a mapping the same as another; None where it is not fully known."""
    mapping = polled.mapping
    if polled.target is not None:
        function: Any = (polled.target.function.id, polled.target.qualifier)
        if isinstance(polled.target.qualifier, Unknown):
            return None
    else:
        function = identity(deployment, mapping.get("FunctionName"))
    source = identity(deployment, mapping.get("EventSourceArn"))
    if polled.kind == "self-managed-kafka":
        source = _frozen(mapping.get("SelfManagedEventSource"))
    read = tuple(_frozen(mapping.get(name)) for name in parts)
    if function is None or source is None or any(part is None for part in read):
        return None
    return function, source, read


def _frozen(value: Value) -> Any:
    """A hashable form of a value that is known but for references and symbols; None where it is not."""
    if isinstance(value, (OpenList, OpenMap)) or value is None:
        return None
    if isinstance(value, dict):
        members = tuple(sorted((key, _frozen(child)) for key, child in value.items() if known(child)))
        return members if len(members) == len(value) else None
    if isinstance(value, list):
        members = tuple(_frozen(child) for child in value)
        return None if None in members else members
    if isinstance(value, Text):
        return None if any(isinstance(part, Unknown) for part in value.parts) else value
    return None if isinstance(value, Unknown) else value
