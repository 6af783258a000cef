"""Tables of one line a name, read as bytes once a process; a row is found by searching for its name, not by parsing."""

from __future__ import annotations

import json
import os
from functools import cache
from typing import Any

_DATA = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "data")


@cache
def _table(name: str) -> bytes:
    with open(os.path.join(_DATA, name + ".tsv"), "rb") as file:
        return file.read()


def row(table: str, name: str) -> str | None:
    """What stands behind a name in the table ``data/<table>.tsv``, or None where the name is not in it."""
    if not name or not name.isprintable():
        return None
    data = _table(table)
    needle = f"\n{name}\t".encode()
    start = data.find(needle)
    if start < 0:
        return None
    start += len(needle)
    return data[start : data.index(b"\n", start)].decode()


def names(table: str) -> tuple[str, ...]:
    """Every name of a table, sorted."""
    return tuple(line.split(b"\t", 1)[0].decode() for line in _table(table).splitlines()[1:])


def header(table: str) -> dict[str, Any]:
    """What a table was made from: ``from``, ``version``, ``licence``, ``checked_on`` (YYYY-MM-DD)."""
    first = _table(table).split(b"\n", 1)[0].decode()
    return dict(json.loads(first.split("\t", 1)[1]))
