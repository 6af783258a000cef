"""Files that an assembly names, read below it only; what is missing or broken is a fact at the manifest's line."""

from __future__ import annotations

import os
from typing import Any

from lambdalint.finding import Fault
from lambdalint.parsers.document import read as read_document


def broken(path: str, folder: str) -> Fault:
    return Fault("assembly-broken", (), {"file": os.path.relpath(path, folder), "problem": "it is no map"})


def missing(path: tuple[Any, ...], file: Any) -> Fault:
    return Fault("assembly-missing", path, {"file": file if isinstance(file, str) else "nothing"}, key=True)


def inside(folder: str, name: Any) -> str | None:
    """A path below an assembly's folder; None for one that leads elsewhere."""
    if not isinstance(name, str) or not name:
        return None
    real = os.path.realpath(os.path.join(folder, name))
    top = os.path.realpath(folder)
    # A stage shares the assets of the assembly above it.
    for _ in range(2):
        if real == top or real.startswith(top + os.sep):
            return os.path.normpath(os.path.join(folder, name))
        top = os.path.dirname(top)
    return None


def beside(folder: str, name: Any, path: tuple[Any, ...], faults: list[Fault]) -> dict[str, Any] | None:
    """A JSON file that the manifest names; what is wrong with it is a fact at the manifest's line."""
    absolute = inside(folder, name)
    if absolute is None or not os.path.isfile(absolute):
        faults.append(missing(path, name))
        return None
    document = read_document(absolute)
    if not isinstance(document.root, dict):
        problem = next((str(f.fields.get("problem", f.kind)) for f in document.faults), "it is no map")
        faults.append(Fault("assembly-broken", path, {"file": name, "problem": problem}, key=True))
        return None
    return document.root
