"""LL4: how events are declared: SAM's types and properties, and what raw resources cannot do without."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lambdalint.checks import check
from lambdalint.checks.inputs import problem_of
from lambdalint.finding import WARNING, Fault, Problem
from lambdalint.model.connections import connections
from lambdalint.model.deployment import Deployment
from lambdalint.model.mappings import MAPPING
from lambdalint.model.resource import Resource
from lambdalint.model.values import is_open
from lambdalint.nearest import nearest


@check("deployment")
def event_definition(
    subject: Deployment,
    deployment: Deployment,
    facts: Mapping[str, Any],
    elsewhere: Sequence[str],
    required: Mapping[str, Sequence[str]],
) -> Iterator[Problem]:
    """Events that SAM refuses, and triggers of raw CloudFormation without a property that they need.

    ``elsewhere`` are missing properties that rules on mappings tell (``NAME`` or ``NAME type``); ``required`` maps
    types of resources to properties: ``A or B`` is satisfied by either. What else SAM refuses of an event is LL011's.
    """
    for fault in deployment.faults:
        if _is_of_event(fault):
            property = fault.fields.get("property")
            told = property in elsewhere or f"{property} {fault.fields.get('event_type')}" in elsewhere
            if not (told and fault.kind == "missing-property"):
                yield _sam(fault, facts)
    for type, needed in required.items():
        for resource in deployment.of_type(type):
            if resource.id in deployment.owners or is_open(resource.properties):
                continue
            if type == MAPPING or connections(deployment, resource):
                yield from _missing(resource, needed)


def _is_of_event(fault: Fault) -> bool:
    """Whether it is about the names in one entry of Events."""
    of_names = fault.kind in ("missing-property", "unknown-property") and fault.path[3:4] == ("Events",)
    return of_names or fault.kind == "event-type"


def _sam(fault: Fault, facts: Mapping[str, Any]) -> Problem:
    """An unknown name is an error where it is plainly a slip of a known one; tables age."""
    words = str(fault.fields.get("event_type", "The event"))
    fields = {"hint": "", **fault.fields, "event_type": words}
    problem = problem_of(fault)
    if fault.kind == "missing-property":
        return problem._replace(at=problem.at._replace(key=True), fields=fields)
    if fault.kind == "unknown-property":
        near = nearest(str(fields["property"]), _properties(facts["sam_events"], words))
    else:
        near = nearest(str(fields["value"]), facts["sam_events"]["types"])
    fields["hint"] = f"; did you mean {near}?" if near else f" as of {facts['checked_on']}"
    return problem._replace(fields=fields, severity=None if near else WARNING)


def _properties(table: Mapping[str, Any], type: str) -> list[str]:
    """The properties that SAM knows of a type of event."""
    entry = table["types"].get(type, {"required": [], "optional": []})
    return [*entry["required"], *entry["optional"], *(table["polled"] if entry.get("polled") else ())]


def _missing(resource: Resource, needed: Sequence[str]) -> Iterator[Problem]:
    for entry in needed:
        names = entry.split(" or ")
        if all(resource.get(name) is None for name in names):
            fields = {"property": entry, "type": resource.type}
            yield Problem(resource.at(names[0]), "raw", fields)
