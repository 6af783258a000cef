"""The local artifacts of a deployment as a check asks for them: ``deployment.template.artifacts``."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from lambdalint.finding import Path

if TYPE_CHECKING:
    from lambdalint.model.artifact import Package, Requirements
    from lambdalint.model.deployment import Deployment
    from lambdalint.model.image import Image
    from lambdalint.model.resource import Function, Layer, Resource
    from lambdalint.model.source import Source


class LocalCode(NamedTuple):
    """A path that a template (or an option) names for the code of a function or layer, or for a nested template."""

    path: str
    """Absolute."""
    written: str
    """As it was written."""
    keys: Path
    """The property that names it, below Properties."""
    exists: bool
    inside: bool
    """Below the project root: nothing outside it is read."""
    asset: bool = False
    """A CDK asset or an option's: built already."""


class LayerUse(NamedTuple):
    """A layer of a function: of the same template, or another's (an ARN), whose content is not known."""

    layer: Layer | None
    package: Package | None
    position: int
    """Its index in Layers."""


class Artifacts(Protocol):
    """Opens what functions and layers are made of, each once. None: there is none here, or it is not known."""

    def code(self, resource: Resource) -> LocalCode | None:
        """The local path of a function's or layer's code."""

    def nested(self, stack: Resource) -> LocalCode | None:
        """The local path of the template that a nested stack deploys."""

    def context(self, logical_id: str) -> LocalCode | None:
        """The folder that ``sam build`` makes a function's image from: ``keys`` begin with its Metadata."""

    def package(self, deployment: Deployment, resource: Resource) -> Package | None:
        """The package of a zip function or a layer (``.aws-sam/build`` where it holds what the source is)."""

    def source_package(self, deployment: Deployment, resource: Resource) -> Package | None:
        """The source folder as it is, also where a build of it is there."""

    def layers(self, deployment: Deployment, function: Function) -> tuple[LayerUse, ...] | None:
        """The function's layers in their order; None where the list is not known."""

    def image(self, deployment: Deployment, function: Function) -> Image | None: ...

    def source(self, deployment: Deployment, function: Function) -> Source | None:
        """The Python code that a function's handler reaches; None where it is no Python or not here."""

    def alike(self, code: LocalCode) -> str | None:
        """A path like one that does not exist: another case, a slip in one of its names; None where there is none."""

    def ignored(self, path: str) -> bool:
        """Whether git ignores a path, there or not."""

    def requirements(self, deployment: Deployment, resource: Resource) -> Requirements:
        """What the manifests of a source folder ask for, and those of the folders above it up to the project's."""

    def has_build_step(self, deployment: Deployment, resource: Resource) -> bool:
        """A build method of SAM makes the package from the source."""
