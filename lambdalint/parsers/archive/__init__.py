"""Opening packages: zip files and folders become Packages. Nothing is read before a Package is asked."""

from __future__ import annotations

import os

from lambdalint.model.artifact import Binary, Contents, Distribution, Member, Package, Part, Requirements
from lambdalint.parsers.archive import folder, views, zipped
from lambdalint.parsers.archive.zipped import claims_zip

__all__ = ["claims_zip", "open_package"]


def open_package(path: str, *, built: bool | None = None, root: str | None = None) -> Package:
    """The package at ``path``: a folder, else taken to be a zip file.

    ``built`` tells what RULES' "Packages" cannot see in a folder itself (a CDK asset); a zip always is. ``root`` is the
    folder that links may lead to (default: the package's own). Never raises: what fails is in the package's ``faults``.
    """
    if os.path.isdir(path):
        is_built = folder.is_built(path) if built is None else built
        return Package(path, "folder", is_built, _FolderReader(path, is_built, root))
    return Package(path, "zip", True, _ZipReader(path))


class _Views:
    """The views that are the same for both kinds."""

    __slots__ = ()

    def read(self, member: Member, limit: int) -> bytes | None:
        raise NotImplementedError

    def binaries(self, package: Package) -> dict[str, Binary]:
        return views.binaries(package, self.read)

    def distributions(self, package: Package) -> tuple[Distribution, ...]:
        return views.distributions(package)

    def requirements(self, package: Package) -> Requirements:
        return views.requirements(package)

    def parts(self, package: Package) -> tuple[Part, ...]:
        return views.parts(package)


class _ZipReader(_Views):
    __slots__ = ("_path",)

    def __init__(self, path: str) -> None:
        self._path = path

    def contents(self) -> Contents:
        return zipped.read_contents(self._path)

    def read(self, member: Member, limit: int) -> bytes | None:
        try:
            with open(self._path, "rb", buffering=0) as file:
                return zipped.extract(file, member, limit)
        except OSError:
            return None


class _FolderReader(_Views):
    __slots__ = ("_built", "_path", "_root")

    def __init__(self, path: str, built: bool, root: str | None) -> None:
        self._path = path
        self._built = built
        self._root = os.path.realpath(root or path)

    def contents(self) -> Contents:
        return folder.read_contents(self._path, self._built, self._root)

    def read(self, member: Member, limit: int) -> bytes | None:
        # The links were resolved when the folder was listed; they are again, in case one changed since.
        real = os.path.realpath(os.path.join(self._path, member.name))
        if not real.startswith(self._root.rstrip(os.sep) + os.sep):
            return None
        try:
            with open(real, "rb", buffering=0) as file:
                return file.read(limit)
        except OSError:
            return None
