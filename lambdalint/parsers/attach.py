"""Gives a template the way to its artifacts without loading what opens them."""

from __future__ import annotations

from typing import Any

from lambdalint.model.deployment import Template
from lambdalint.settings import Settings


class OnDemand:
    """A LocalArtifacts that is made when it is first asked: most runs of a hook never open a package."""

    def __init__(self, template: Template, settings: Settings) -> None:
        self._made: Any = None
        self.progress: Any = None
        """Told while an image is read: see model.image.Progress."""
        self._template = template
        self._settings = settings

    def __getattr__(self, name: str) -> Any:
        if self._made is None:
            from lambdalint.parsers.artifacts import LocalArtifacts

            self._made = LocalArtifacts(self._template, self._settings, self.progress)
        return getattr(self._made, name)


def attach(template: Template, settings: Settings) -> Template:
    """The template with its artifacts."""
    return template._replace(artifacts=OnDemand(template, settings))
