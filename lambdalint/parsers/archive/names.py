"""Names in archives: what a package or a layer must not hold, and the folders that names imply."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable

from lambdalint.parsers.faults import Faults

ODD_NAME = re.compile(r"^/|\\|^[A-Za-z]:|(?:^|/)\.{0,2}(?:/|$)")
"""Absolute, a backslash, a drive, an empty part, ``.`` or ``..``: also the names of folders, for their last slash."""
_RUNTIME_FOLDERS = ("/opt", "/tmp", "/var/task", "/var/runtime", "/var/lang")
"""Where a link may lead on purpose: layers, the writable folder, the package itself, the runtime."""


class NameCheck:
    """Names of one archive, made plain; what is wrong with them becomes faults."""

    __slots__ = ("_faults",)

    def __init__(self, faults: Faults) -> None:
        self._faults = faults

    def check(self, name: str) -> tuple[str, bool]:
        """The plain name (POSIX, relative, no ``.`` parts) and whether it is a folder's."""
        if not ODD_NAME.search(name):
            return name, False
        plain = name
        if "\\" in plain:
            self._faults.add("backslash", member=name)
            plain = plain.replace("\\", "/")
        if plain.startswith("/") or re.match(r"[A-Za-z]:", plain):
            self._faults.add("absolute", member=name)
        parts = plain.split("/")
        if ".." in parts:
            self._faults.add("parent", member=name)
        plain = "/".join(part for part in parts if part not in ("", ".", ".."))
        return plain, not plain or parts[-1] in ("", ".", "..")


def folders_of(names: Iterable[str]) -> set[str]:
    """Every folder above a name."""
    above = {name.rpartition("/")[0] for name in names}
    folders: set[str] = set()
    for folder in above:
        while folder and folder not in folders:
            folders.add(folder)
            folder = folder.rpartition("/")[0]
    return folders


def leaves_package(name: str, target: str) -> bool:
    """True for a link (its name, its target as written) that leads out of the package and to no folder of Lambda's."""
    if target.startswith("/"):
        plain = posixpath.normpath(target)
        return not any(plain == folder or plain.startswith(folder + "/") for folder in _RUNTIME_FOLDERS)
    reached = posixpath.normpath(posixpath.join(posixpath.dirname(name), target))
    return reached == ".." or reached.startswith("../")
