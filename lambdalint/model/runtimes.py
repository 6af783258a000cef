"""The table of runtimes (rules/runtimes.yaml) asked for one function."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lambdalint.model.resource import Function

_latest: list[tuple[Any, dict[str, Mapping[str, Any]]]] = []


def runtimes_by_id(table: Any) -> dict[str, Mapping[str, Any]]:
    """Every runtime of the table by its identifier; the index of the table asked for last is kept."""
    if not _latest or _latest[0][0] is not table:
        _latest[:] = [(table, {one["id"]: one for one in table["runtimes"]})]
    return _latest[0][1]


def runtime_of(function: Function, table: Any) -> Mapping[str, Any] | None:
    """What the table says of a function's runtime; None where it has none, or one that the table does not know."""
    name = function.runtime
    return runtimes_by_id(table).get(name) if name is not None else None
