"""The small row that each named deployment leaves for rules that only the whole run can judge."""

from __future__ import annotations

from typing import Any, NamedTuple

from lambdalint.finding import Location
from lambdalint.model.deployment import Deployment
from lambdalint.model.resource import Resource


class Counted(NamedTuple):
    """One function or layer of a deployment, where there is something to count."""

    id: str
    """Logical ID that the user wrote."""
    location: Location
    """Where the reserved concurrency stands, or the function."""
    reserved: int | None
    """Reserved concurrent executions."""
    package_bytes: int = 0
    """Unzipped size of its package; 0 where it is not known or an image."""


class Census(NamedTuple):
    """One named deployment: plain values, since rows cross processes."""

    template: str
    label: str | None
    account: str | None
    region: str | None
    parameters: frozenset[str]
    functions: tuple[Counted, ...]
    """Those with reserved concurrency, and functions and layers whose package is here."""
    overrides: tuple[tuple[str, Location], ...] = ()
    """Parameters that the deployment sets, and where: the line of a samconfig, else the template's Parameters."""


def census_of(deployment: Deployment, judge: Any) -> Census:
    """The row of one deployment; ``judge`` turns places into locations."""
    rows = []
    for thing in (*deployment.functions, *deployment.layers):
        reserved = thing.number("ReservedConcurrentExecutions")
        whole = int(reserved) if reserved is not None and reserved == int(reserved) else None
        size = _package_bytes(deployment, thing)
        if whole is not None or size:
            rows.append(Counted(deployment.owner(thing.id), _location(deployment, thing, judge), whole, size))
    section = deployment.sections.get("Parameters")
    names = frozenset(section) if isinstance(section, dict) else frozenset()
    overrides = tuple(
        (name, location or judge._in_document(("Parameters",), True))
        for name, location in deployment.scenario.overrides
    )
    return Census(
        deployment.template.document.path,
        deployment.scenario.label,
        deployment.account,
        deployment.region,
        names,
        tuple(rows),
        overrides,
    )


def _package_bytes(deployment: Deployment, thing: Resource) -> int:
    artifacts = deployment.template.artifacts
    here = artifacts is not None and artifacts.code(thing) is not None
    package = artifacts.package(deployment, thing) if here else None
    return package.total if package is not None else 0


def _location(deployment: Deployment, thing: Resource, judge: Any) -> Location:
    source = deployment.template.sources.get(thing.id)
    if source is not None:
        return source
    location: Location = judge._locate(thing.at("ReservedConcurrentExecutions"), deployment, [])[0]
    return location
