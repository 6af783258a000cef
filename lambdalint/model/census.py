"""The small row that each named deployment leaves for rules that only the whole run can judge."""

from __future__ import annotations

from typing import Any, NamedTuple

from lambdalint.finding import Location, Place
from lambdalint.model.deployment import Deployment


class Counted(NamedTuple):
    """One function of a deployment."""

    id: str
    location: Location
    reserved: int | None
    """Reserved concurrent executions."""


class Census(NamedTuple):
    """One named deployment: plain values, since rows cross processes."""

    template: str
    label: str | None
    account: str | None
    region: str | None
    parameters: frozenset[str]
    functions: tuple[Counted, ...]
    overrides: tuple[tuple[str, Location], ...] = ()
    """Parameters that the deployment sets, and where: the line of a samconfig, else the template's Parameters."""


def census_of(deployment: Deployment, judge: Any) -> Census:
    rows = []
    for function in deployment.functions:
        reserved = function.number("ReservedConcurrentExecutions")
        place: Place = function.at("ReservedConcurrentExecutions")
        location = judge._locate(place, deployment, [])[0]
        rows.append(Counted(function.id, location, int(reserved) if isinstance(reserved, int) else None))
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
