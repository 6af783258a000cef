"""Files that an assembly names; what is missing or broken is a fact at the manifest's line."""

from __future__ import annotations

import os
from typing import Any, NamedTuple

from lambdalint.finding import Fault, Path
from lambdalint.parsers.document import read as read_document


class Folder(NamedTuple):
    """The folder of an assembly, from which its paths start, and how far they may lead."""

    path: str
    """Absolute."""
    bounds: tuple[str, ...]

    def file(self, name: Any) -> str | None:
        """The absolute path of what is named, there or not; None for what lies elsewhere."""
        if not isinstance(name, str) or not name or "\0" in name:
            return None
        real = os.path.realpath(os.path.join(self.path, name))
        if not any(real == top or real.startswith(top.rstrip(os.sep) + os.sep) for top in self.bounds):
            return None
        return os.path.normpath(os.path.join(self.path, name))


def folder_of(path: str, project: str) -> Folder:
    """An assembly's folder: its paths stay below the project, or below the assemblies that it is a stage of."""
    top = os.path.realpath(path)
    while os.path.isfile(os.path.join(os.path.dirname(top), "manifest.json")):
        top = os.path.dirname(top)
    return Folder(path, (top, project))


def missing(path: Path, file: str) -> Fault:
    """A file that is named and not there."""
    return Fault("assembly-missing", path, {"file": file}, key=True)


def broken(path: Path, file: str, problem: str) -> Fault:
    """A file that is named and cannot be read."""
    return Fault("assembly-broken", path, {"file": file, "problem": problem}, key=True)


def misshapen(path: Path, problem: str) -> Fault:
    """Something that is there, and has another shape than the schema gives it."""
    return Fault("assembly-shape", path, {"problem": problem}, key=True)


def beside(folder: Folder, name: str | None, path: Path, faults: list[Fault]) -> dict[str, Any] | None:
    """A JSON file that the manifest names; what is wrong with it is a fact at the manifest's line."""
    if name is None:
        return None
    absolute = folder.file(name)
    if absolute is None or not os.path.isfile(absolute):
        faults.append(missing(path, name))
        return None
    document = read_document(absolute)
    if not isinstance(document.root, dict):
        problem = next((str(f.fields.get("problem", f.kind)) for f in document.faults), "it is no map")
        faults.append(broken(path, name, problem))
        return None
    return document.root
