"""Compact tables made by the refresh scripts beside them, each with the versions and licences of what it came from."""

from __future__ import annotations

import json
import os
from typing import Any

_HERE = os.path.dirname(os.path.abspath(__file__))
_loaded: dict[str, Any] = {}


def load(name: str) -> Any:
    """The table ``name`` (the file ``<name>.json`` in this folder), read once a process. Do not change what it returns.

    Raises FileNotFoundError where there is no such table.
    """
    table = _loaded.get(name)
    if table is None:
        with open(os.path.join(_HERE, name + ".json"), encoding="utf-8") as file:
            table = _loaded[name] = json.load(file)
    return table
