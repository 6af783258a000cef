"""LL1: what one function's or layer's properties may be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lambdalint.checks import check
from lambdalint.finding import Problem
from lambdalint.model.deployment import Deployment, Function
from lambdalint.model.values import number
from lambdalint.rulebook import Quota


@check("function")
def outside_quota(
    function: Function, deployment: Deployment, property: Sequence[str], quota: Quota, variants: Mapping[str, Quota]
) -> Iterator[Problem]:
    """A number outside a quota's range; ``variants`` are the quotas that a property's presence puts in force."""
    value = number(function.get(*property))
    if value is None:
        return
    context = ""
    for name, other in variants.items():
        if function.get(name) is not None:
            quota, context = other, f" with {name}"
    fields: dict[str, Any] = {"value": value, "quota": quota, "context": context}
    if isinstance(value, float) and not value.is_integer():
        yield Problem(function.at(*property), "fraction", fields)
    elif (quota.min is not None and value < quota.min) or (quota.max is not None and value > quota.max):
        yield Problem(function.at(*property), fields=fields)
