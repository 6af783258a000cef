"""Which packages and images a deployment is made of, and how much they unzip to: asked by the checks on artifacts.

Several functions may share one package: each is told of once, at the first resource that names it.
"""

from __future__ import annotations

import posixpath
from typing import NamedTuple

from lambdalint.finding import Place
from lambdalint.model.artifact import Package, Part
from lambdalint.model.deployment import Deployment, relation
from lambdalint.model.image import Image
from lambdalint.model.local import LayerUse, LocalCode
from lambdalint.model.resource import Function, Resource
from lambdalint.model.template import ALONE
from lambdalint.model.values import is_open


class PackageUse(NamedTuple):
    """A package and who is made of it."""

    package: Package
    resource: Resource
    """The first function or layer that names it."""
    code: LocalCode
    functions: tuple[Function, ...]
    """The functions that run it: as their code, or through a layer."""

    @property
    def place(self) -> Place:
        """The property that names the package."""
        return self.resource.at(*self.code.keys)

    def member(self, name: str) -> Place:
        """A member of the package."""
        return member_place(self.package, name, self.place)

    @property
    def archive(self) -> Place:
        """The archive itself."""
        return Place(self.place.path, file=self.package.path)


class ImageUse(NamedTuple):
    """An image and the functions that run it."""

    image: Image
    resource: Function
    code: LocalCode
    functions: tuple[Function, ...]

    @property
    def place(self) -> Place:
        return self.resource.at(*self.code.keys)

    @property
    def archive(self) -> Place:
        return Place(self.place.path, file=self.image.path)

    def member(self, name: str) -> Place:
        return Place(self.place.path, file=self.image.path, member=name)


class Unzipped(NamedTuple):
    """What a function's code and its layers come to."""

    total: int
    """Bytes."""
    exact: bool
    """False where more may come: a layer or code that is not here, a source folder that is still to be built."""
    code: Package | None
    layers: tuple[tuple[str, Package], ...]
    """Logical IDs, as the user wrote them, and packages of the layers that are here."""

    def parts(self, count: int = 10) -> list[tuple[str, int]]:
        """The largest parts of all, with their bytes."""
        found: list[tuple[str, Part]] = []
        if self.code is not None:
            found += [("", part) for part in self.code.parts(count)]
        for layer, package in self.layers:
            found += [(f" (layer {layer})", part) for part in package.parts(count)]
        found.sort(key=lambda pair: (-pair[1].size, pair[1].name))
        return [(part.name + where, part.size) for where, part in found[:count]]


def member_place(package: Package, name: str, at: Place) -> Place:
    """A member of a package: of a folder its file. ``at`` is the property that names the package."""
    file = package.path if package.kind == "zip" else posixpath.join(package.path.rstrip("/"), name)
    return Place(at.path, file=file, member=name)


@relation
def package_uses(deployment: Deployment) -> tuple[PackageUse, ...]:
    """Every package that is here, once each, functions' code first."""
    artifacts = deployment.template.artifacts
    found: dict[tuple[str, bool], PackageUse] = {}
    for resource in (*deployment.functions, *deployment.layers) if artifacts is not None else ():
        package = artifacts.package(deployment, resource)
        code = artifacts.code(resource)
        if package is None or code is None:
            continue
        users = _users(deployment, resource)
        earlier = found.get((package.path, package.built))
        if earlier is None:
            found[package.path, package.built] = PackageUse(package, resource, code, users)
        else:
            found[package.path, package.built] = earlier._replace(functions=(*earlier.functions, *users))
    return tuple(found.values())


def _users(deployment: Deployment, resource: Resource) -> tuple[Function, ...]:
    if isinstance(resource, Function):
        return (resource,)
    return tuple(f for f in deployment.referrers(resource.id) if isinstance(f, Function) and _has_layer(f, resource.id))


def _has_layer(function: Function, layer: str) -> bool:
    listed = function.get("Layers")
    return any(getattr(value, "resource", None) == layer for value in (listed if isinstance(listed, list) else ()))


@relation
def image_uses(deployment: Deployment) -> tuple[ImageUse, ...]:
    """Every image that is here, once each."""
    artifacts = deployment.template.artifacts
    found: dict[str, ImageUse] = {}
    for function in deployment.functions if artifacts is not None else ():
        image = artifacts.image(deployment, function)
        code = artifacts.code(function)
        if image is None or code is None:
            continue
        earlier = found.get(image.path)
        if earlier is None:
            found[image.path] = ImageUse(image, function, code, (function,))
        else:
            found[image.path] = earlier._replace(functions=(*earlier.functions, function))
    return tuple(found.values())


@relation
def layers_of(deployment: Deployment, function: Function) -> tuple[LayerUse, ...] | None:
    """The function's layers; None where the list is not known."""
    artifacts = deployment.template.artifacts
    found: tuple[LayerUse, ...] | None = artifacts.layers(deployment, function) if artifacts is not None else None
    return found


def unknown_layer(deployment: Deployment, function: Function) -> bool:
    """Whether a layer may hold what nobody sees here."""
    layers = layers_of(deployment, function)
    return layers is None or any(use.package is None or not use.package.complete for use in layers)


@relation
def unzipped(deployment: Deployment, function: Function) -> Unzipped | None:
    """How much a zip function unzips to, layers and all; None where nothing of it is here."""
    artifacts = deployment.template.artifacts
    if artifacts is None or function.is_image is not False:
        return None
    code: Package | None = artifacts.package(deployment, function)
    layers = layers_of(deployment, function)
    here = [
        (deployment.owner(use.layer.id), use.package)
        for use in layers or ()
        if use.layer is not None and use.package is not None
    ]
    if code is None and not here:
        return None
    packages = [*([code] if code is not None else []), *(package for _, package in here)]
    exact = code is not None and layers is not None and len(here) == len(layers)
    exact = exact and all(package.complete and package.built for package in packages)
    return Unzipped(sum(package.total for package in packages), exact, code, tuple(here))


def wrapped(deployment: Deployment, function: Function) -> bool:
    """Whether a wrapper script may start something else than the handler, or change where modules are looked for."""
    environment = function.get("Environment")
    if environment is None or deployment.template.kind == ALONE:
        return False
    variables = function.get("Environment", "Variables")
    if is_open(environment) or is_open(variables):
        return True
    names = ("AWS_LAMBDA_EXEC_WRAPPER", "PYTHONPATH", "NODE_PATH", "RUBYLIB", "LAMBDA_TASK_ROOT")
    return isinstance(variables, dict) and any(name in variables for name in names)
