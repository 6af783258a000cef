"""LL005: what no rule can judge, told to those who ask."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lambdalint.checks import check
from lambdalint.finding import Problem
from lambdalint.model.deployment import Deployment
from lambdalint.model.resource import each
from lambdalint.model.template import ALONE
from lambdalint.model.values import OpenList, OpenMap, Text, Unknown, Value


@check("deployment")
def unknown_value(subject: Deployment, deployment: Deployment, types: Sequence[str]) -> Iterator[Problem]:
    """A property of these types of resources whose value, or part of it, is not known statically."""
    if deployment.template.kind == ALONE:
        return  # nothing was written that could be unknown
    for resource in deployment.of_type(*types):
        for path, value in each(resource.properties):
            reason = _reason(value)
            if reason is not None:
                name = ".".join(str(key) for key in path)
                yield Problem(resource.at(*path), fields={"property": name, "reason": reason})
        if isinstance(resource.properties, (OpenMap, OpenList)):
            yield Problem(resource.place, "open")


def _reason(value: Value) -> str | None:
    if isinstance(value, Unknown):
        return value.reason
    if isinstance(value, Text):
        return next((part.reason for part in value.parts if isinstance(part, Unknown)), None)
    return None
