"""The table of runtimes (rules/runtimes.yaml) asked for one function."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lambdalint.model.deployment import Function

_by_id: dict[int, tuple[Any, dict[str, Mapping[str, Any]]]] = {}


def runtimes_by_id(table: Any) -> dict[str, Mapping[str, Any]]:
    """Every runtime of the table by its identifier; indexed once for each table."""
    entry = _by_id.get(id(table))
    if entry is None or entry[0] is not table:
        entry = _by_id[id(table)] = (table, {one["id"]: one for one in table["runtimes"]})
    return entry[1]


def runtime_of(function: Function, table: Any) -> Mapping[str, Any] | None:
    """What the table says of a function's runtime; None where it has none, or one that the table does not know."""
    name = function.runtime
    return runtimes_by_id(table).get(name) if name is not None else None
