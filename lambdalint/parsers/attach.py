"""Gives a template the way to its artifacts without loading what opens them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

from lambdalint.model.resource import Layer, Resource
from lambdalint.model.template import Template
from lambdalint.nearest import nearest
from lambdalint.settings import Settings

if TYPE_CHECKING:
    from lambdalint.model.local import LocalCode

_SCHEMES = ("s3://", "http://", "https://")
MOST_NAMES = 1_000
"""Names of a folder that are looked through for one like that which is not there."""
IMAGE_ENDINGS = (".tar", ".tar.gz", ".tgz")


class LocalPaths:
    """Where the code of a template's functions and layers lies."""

    def __init__(self, template: Template, settings: Settings) -> None:
        self._template = template
        self._settings = settings
        self._paths: dict[str, tuple[bool, bool]] = {}

    def code(self, resource: Resource) -> LocalCode | None:
        """The local path of a function's or layer's code; None where the template names none."""
        key = "Content" if isinstance(resource, Layer) else "Code"
        given = self._given(resource)
        asset = _of(self._template.assets, resource)
        if given is not None:
            return _built(os.path.join(self._settings.cwd, given), given, key)
        if asset is not None:
            return _built(asset, os.path.basename(asset), key)
        if self._template.kind == "cdk":
            return None
        value: Any = resource.get(key)
        keys: tuple[str, ...] = (key,)
        if isinstance(value, dict) and isinstance(value.get("ImageUri"), str):
            value, keys = value["ImageUri"], (key, "ImageUri")
            if "amazonaws.com" in value or not self._is_image_path(value):
                return None
        return self._named(value, keys)

    def nested(self, stack: Resource) -> LocalCode | None:
        """The local path of the template that a nested stack deploys; None where it is none, or an assembly's."""
        return None if self._template.kind == "cdk" else self._named(stack.get("TemplateURL"), ("TemplateURL",))

    def context(self, logical_id: str) -> LocalCode | None:
        """See model.local.Artifacts; SAM leaves Metadata out of what it makes, so it is read as it was written."""
        written = self._template.document.root["Resources"].get(logical_id)
        metadata = written.get("Metadata") if isinstance(written, dict) else None
        value = metadata.get("DockerContext") if isinstance(metadata, dict) else None
        return self._named(value, ("Metadata", "DockerContext"))

    def _named(self, value: Any, keys: tuple[str, ...]) -> LocalCode | None:
        if not isinstance(value, str) or not value.strip() or value.startswith(_SCHEMES):
            return None
        from lambdalint.model.local import LocalCode

        path = os.path.normpath(os.path.join(self._template.directory, value))
        inside, exists = self._looked_up(path)
        return LocalCode(path, value, keys, exists, inside)

    def alike(self, code: LocalCode) -> str | None:
        """See model.local.Artifacts: the first name of the path that is not there, as its folder may have it."""
        parts = code.written.rstrip("/").split("/")
        for at, name in enumerate(parts):
            folder = os.path.normpath(os.path.join(self._template.directory, *parts[:at]))
            if os.path.lexists(os.path.join(folder, name)):
                continue
            if not name or not all(self._looked_up(folder)):
                return None
            try:
                with os.scandir(folder) as found:
                    meant = nearest(name, (entry.name for entry in islice(found, MOST_NAMES)))
            except OSError:  # a file, or a folder that may not be read
                return None
            whole = "/".join([*parts[:at], meant, *parts[at + 1 :]]) if meant else ""
            return whole if all(self._looked_up(os.path.join(self._template.directory, whole))) and whole else None
        return None

    def _is_image_path(self, written: str) -> bool:
        """Whether an ImageUri is a path; the name of a repository may look like one, unless a layout lies there."""
        if written.startswith((".", "/")) or written.endswith(IMAGE_ENDINGS):
            return True
        return os.path.isfile(os.path.join(self._template.directory, written, "index.json"))

    def _given(self, resource: Resource) -> str | None:
        """What ``--image`` or ``--artifact`` say."""
        return _of({**self._settings.artifacts, **self._settings.images}, resource)

    def _looked_up(self, path: str) -> tuple[bool, bool]:
        """Whether a path is below the project root, and is there; many rules and functions ask of the same."""
        if path not in self._paths:
            real, project = os.path.realpath(path), self._template.project
            inside = real == project or real.startswith(project.rstrip(os.sep) + os.sep)
            self._paths[path] = inside, inside and os.path.exists(path)
        return self._paths[path]


def _of(named: Mapping[str, str], resource: Resource) -> str | None:
    """What is named for a resource; SAM puts ten letters of a hash behind the logical ID of a layer."""
    found = named.get(resource.id)
    if found is None and named and isinstance(resource, Layer):
        found = named.get(resource.id[:-10]) if resource.id[-10:].isalnum() else None
    return found


def _built(path: str, written: str, key: str) -> LocalCode:
    from lambdalint.model.local import LocalCode

    return LocalCode(path, written, (key,), os.path.exists(path), True, True)


class OnDemand(LocalPaths):
    """A LocalArtifacts that is made when it is first asked for more: most runs of a hook never open a package."""

    def __init__(self, template: Template, settings: Settings) -> None:
        super().__init__(template, settings)
        self.progress: Any = None
        """Told while an image is read: see model.image.Progress."""
        self._made: Any = None

    def __getattr__(self, name: str) -> Any:
        if self._made is None:
            from lambdalint.parsers.artifacts import LocalArtifacts

            self._made = LocalArtifacts(self._template, self._settings, self.progress)
        return getattr(self._made, name)


def attach(template: Template, settings: Settings) -> Template:
    """The template with its artifacts."""
    return template._replace(artifacts=OnDemand(template, settings))
