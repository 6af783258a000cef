"""Which resource invokes which function, as EventSources.

``event_sources(deployment, function)`` is the one question that rules ask. Each resource is read once, whatever the
number of functions that it invokes.
"""

from __future__ import annotations

from collections.abc import Mapping

from lambdalint.model.arns import function_of, resource_of
from lambdalint.model.deployment import Deployment, relation
from lambdalint.model.event_source import EventSource
from lambdalint.model.links import reader_of
from lambdalint.model.mappings import mapping_kind
from lambdalint.model.resource import Function, Resource

__all__ = ["connections", "event_sources", "mapping_kind", "published_as"]


@relation
def event_sources(deployment: Deployment, function: Function) -> tuple[EventSource, ...]:
    """Everything in the template that invokes a function, its aliases or its versions, in the template's order."""
    ids = [function.id, *(published.id for published in published_as(deployment, function))]
    found: dict[str, Resource] = {}
    for logical_id in ids:
        found.update({resource.id: resource for resource in deployment.referrers(logical_id)})
    name = function.get("FunctionName")
    if isinstance(name, str):
        found.update({resource.id: resource for resource in deployment.callers(name)})
    return tuple(
        source
        for resource in found.values()
        if reader_of(resource.type) is not None
        for source in connections(deployment, resource).get(function.id, ())
    )


@relation
def published_as(deployment: Deployment, function: Function) -> tuple[Resource, ...]:
    """The aliases and versions of a function."""
    kinds = ("AWS::Lambda::Alias", "AWS::Lambda::Version")
    found = [resource for resource in deployment.referrers(function.id) if resource.type in kinds]
    name = function.get("FunctionName")
    if isinstance(name, str):
        found += [resource for resource in deployment.callers(name) if resource.type in kinds and resource not in found]
    return tuple(found)


@relation
def connections(deployment: Deployment, resource: Resource) -> Mapping[str, tuple[EventSource, ...]]:
    """The functions that one resource invokes: logical ID to event sources."""
    reader = reader_of(resource.type)
    result: dict[str, tuple[EventSource, ...]] = {}
    for link in reader(deployment, resource) if reader else ():
        target = function_of(deployment, link.function)
        if target is None:
            continue
        settings = link.settings if isinstance(link.settings, dict) else resource.properties
        source = EventSource(
            link.kind,
            link.mode,
            target.function.id,
            target.qualifier,
            resource,
            resource.at(*link.path),
            link.source,
            resource_of(deployment, link.source) if link.source is not None else None,
            settings,
            resource.at(*link.settings_path),
        )
        result[target.function.id] = (*result.get(target.function.id, ()), source)
    return result
