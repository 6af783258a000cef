"""What a template's functions and layers are made of, opened on first use: packages, images, source code."""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import partial
from typing import Any

from lambdalint.finding import Place, Span
from lambdalint.model.artifact import Package, Requirements
from lambdalint.model.deployment import Deployment
from lambdalint.model.files import Files, FolderFiles, InlineFiles
from lambdalint.model.image import Image, Progress
from lambdalint.model.local import LayerUse, LocalCode
from lambdalint.model.resource import Function, Layer, Resource
from lambdalint.model.source import Source
from lambdalint.model.template import Template
from lambdalint.model.values import is_open
from lambdalint.parsers.attach import IMAGE_ENDINGS, LocalPaths
from lambdalint.settings import Settings

_ZIP_ENDINGS = (".zip", ".jar", ".war", ".whl")


class PackageFiles:
    """A package (or one folder of it) on Python's search path."""

    __slots__ = ("_names", "_package", "_root")

    def __init__(self, package: Package, root: str = "") -> None:
        self._package = package
        self._root = root
        self._names: list[str] | None = None

    def read(self, name: str) -> bytes | None:
        return self._package.read(self._root + name, 1_000_001)

    def exists(self, name: str) -> bool:
        return self._package.has(self._root + name)

    def names_under(self, prefix: str) -> Iterable[str]:
        from bisect import bisect_left
        from itertools import islice, takewhile

        if self._names is None:
            cut = len(self._root)
            self._names = sorted(name[cut:] for name in self._package.members if name.startswith(self._root))
        start = bisect_left(self._names, prefix)
        return takewhile(lambda name: name.startswith(prefix), islice(self._names, start, None))

    def place(self, name: str, span: Span | None, anchor: str | None) -> Place:
        if self._package.kind == "folder":
            path = os.path.join(self._package.path, *(self._root + name).split("/"))
            return Place(file=path, span=span, anchor=anchor)
        return Place(file=self._package.path, member=self._root + name, span=span, anchor=anchor)


class LocalArtifacts(LocalPaths):
    """The artifacts of one template: see model.local.Artifacts."""

    def __init__(self, template: Template, settings: Settings, progress: Progress | None = None) -> None:
        super().__init__(template, settings)
        self._progress = progress
        self._opened: dict[tuple[str, Any], Any] = {}

    # -- where it is -----------------------------------------------------------------------------------------------

    def ignored(self, path: str) -> bool:
        """Whether git ignores a path (there or not), as a file or as a folder; no build comes after an assembly's."""
        from lambdalint.parsers.gitignore import Ignored

        if self._template.kind == "cdk":
            return False

        relative = os.path.relpath(path, self._template.project).replace(os.sep, "/")
        if relative.startswith("../"):
            return False
        patterns: Ignored = self._once("ignored", "", lambda: Ignored(self._template.project))
        return patterns.match(relative, False) or patterns.match(relative, True)

    def requirements(self, deployment: Deployment, resource: Resource) -> Requirements:
        """What the manifests beside the source of a function or layer ask for, and those of the folders above it."""
        package = self.package(deployment, resource)
        if package is None:
            return Requirements()
        found = package.requirements
        folder = package.path
        project = self._template.project
        while os.path.realpath(folder) != project and os.path.dirname(folder) != folder:
            folder = os.path.dirname(folder)
            above: Requirements = self._once("requirements", folder, partial(_requirements_in, folder, project))
            found = Requirements(found.names | above.names, found.files, found.open or above.open)
        return found

    def has_build_step(self, deployment: Deployment, resource: Resource) -> bool:
        # As it was written: SAM leaves a layer's Metadata out of what it makes.
        written = self._template.document.root["Resources"].get(deployment.owner(resource.id))
        metadata = written.get("Metadata") if isinstance(written, dict) else None
        return isinstance(metadata, dict) and ("BuildMethod" in metadata or "BuildProperties" in metadata)

    # -- opened ----------------------------------------------------------------------------------------------------

    def package(self, deployment: Deployment, resource: Resource) -> Package | None:
        code = self.code(resource)
        if code is None or not code.exists or _is_image(resource):
            return None
        if not os.path.isdir(code.path) and not self._is_zip(code):
            return None  # tools zip a single file as it is
        if not code.asset and os.path.isdir(code.path):
            build = self._once("build", (resource.id, code.path), lambda: self._build(deployment, resource, code))
            if build is not None:
                return self._package(build, True)
        return self._package(code.path, True if code.asset else None)

    def source_package(self, deployment: Deployment, resource: Resource) -> Package | None:
        code = self.code(resource)
        if code is None or not code.exists or _is_image(resource):
            return None
        return self._package(code.path, True if code.asset else None)

    def _is_zip(self, code: LocalCode) -> bool:
        from lambdalint.parsers.archive import claims_zip

        return code.asset or code.path.lower().endswith(_ZIP_ENDINGS) or claims_zip(code.path)

    def _build(self, deployment: Deployment, resource: Resource, code: LocalCode) -> str | None:
        if not os.path.isdir(os.path.join(self._template.directory, ".aws-sam")):
            return None
        from lambdalint.parsers.archive.sam_build import built_folder

        return built_folder(self._template.directory, deployment.owner(resource.id), code.path)

    def _bounds(self, path: str) -> str:
        """The folder that links may lead to: the project, or for what an option names outside it that itself."""
        real, project = os.path.realpath(path), self._template.project
        return project if real == project or real.startswith(project.rstrip(os.sep) + os.sep) else real

    def _package(self, path: str, built: bool | None) -> Package:
        from lambdalint.parsers.archive import open_package

        opened: Package = self._once(
            "package", (path, built), lambda: open_package(path, built=built, root=self._bounds(path))
        )
        return opened

    def layers(self, deployment: Deployment, function: Function) -> tuple[LayerUse, ...] | None:
        listed = function.get("Layers")
        if listed is None:
            return ()
        if is_open(listed) or not isinstance(listed, list):
            return None
        uses = []
        for index, value in enumerate(listed):
            layer = deployment.follow(value)
            if isinstance(layer, Layer):
                uses.append(LayerUse(layer, self.package(deployment, layer), index))
            else:
                uses.append(LayerUse(None, None, index))
        return tuple(uses)

    def image(self, deployment: Deployment, function: Function) -> Image | None:
        code = self.code(function)
        if code is None or not code.exists or not _is_image(function):
            return None
        from lambdalint.parsers.image import claims_image, open_image

        if not self._once("claim", code.path, lambda: claims_image(code.path)) and not code.path.endswith(
            IMAGE_ENDINGS
        ):
            return None
        architecture = {"x86_64": "amd64", "arm64": "arm64"}.get(function.architecture or "")
        opened: Image = self._once(
            "image",
            (code.path, architecture),
            lambda: open_image(
                code.path, root=self._bounds(code.path), architecture=architecture, progress=self._progress
            ),
        )
        return opened

    def source(self, deployment: Deployment, function: Function) -> Source | None:
        runtime = function.runtime
        handler = function.handler
        if runtime is None or not runtime.startswith("python") or handler is None or function.is_image:
            return None
        inline = function.get("Code", "ZipFile")
        layers = self.layers(deployment, function) or ()
        files: list[Files] = []
        code = self.code(function)
        if isinstance(inline, str):
            files.append(InlineFiles(inline, ("Resources", function.id, "Properties", "Code", "ZipFile")))
        elif code is not None and code.exists:
            if os.path.isdir(code.path):
                files.append(FolderFiles(code.path, self._bounds(code.path)))
            built = self.package(deployment, function)
            if built is not None and (built.path != code.path or not files):
                files.append(PackageFiles(built))
        else:
            return None
        for use in layers:
            for root in use.package.python_roots if use.package is not None else ():
                assert use.package is not None
                files.append(PackageFiles(use.package, root))
        # Code in the template has its place there: two functions with the same code have it each.
        own = function.id if isinstance(inline, str) else None
        key = (
            handler,
            runtime,
            inline,
            own,
            code and code.path,
            tuple(use.package and use.package.path for use in layers),
        )

        def read() -> Source:
            from lambdalint.parsers.python import read_handler

            return read_handler(tuple(files), handler, runtime, cache=self._settings.cache)

        found: Source | None = self._once("source", key, read)
        return found

    def _once(self, kind: str, key: Any, make: Any) -> Any:
        if (kind, key) not in self._opened:
            self._opened[kind, key] = make()
        return self._opened[kind, key]


def _requirements_in(folder: str, project: str) -> Requirements:
    from lambdalint.parsers.archive.views import requirements

    return requirements(FolderManifests(folder, project))


_MANIFESTS = ("requirements.txt", "pyproject.toml", "Pipfile", "setup.py")
"""Those that, lying above a source folder, may be what its packages are installed from."""


class FolderManifests:
    """The manifests of one folder, read without listing all that lies below it."""

    __slots__ = ("_files",)

    def __init__(self, folder: str, project: str) -> None:
        self._files = FolderFiles(folder, project)

    def has(self, name: str) -> bool:
        return name in _MANIFESTS and self._files.exists(name)

    def read(self, name: str, limit: int = 1 << 20) -> bytes | None:
        data = self._files.read(name)
        return None if data is None else data[:limit]


def _is_image(resource: Resource) -> bool:
    return isinstance(resource, Function) and bool(resource.is_image)
