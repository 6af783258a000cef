"""LL308: what a layer must look like for its runtimes to find anything in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from lambdalint.checks import check
from lambdalint.finding import Problem
from lambdalint.model.artifact import Package
from lambdalint.model.deployment import Deployment
from lambdalint.model.packages import PackageUse, package_uses
from lambdalint.model.resource import Layer

_CODE = {
    "python": re.compile(r"\.py$|\.dist-info/|\.cpython-\d+[\w-]*\.so$"),
    "nodejs": re.compile(r"(?:^|/)node_modules/|\.[cm]?js$"),
    "java": re.compile(r"\.(?:jar|class)$"),
    "ruby": re.compile(r"\.rb$|(?:^|/)gems/"),
}
"""What shows that a layer is meant for a family of runtimes."""
_VERSIONED = {
    "python": (re.compile(r"python/lib/python(\d+\.\d+)/"), re.compile(r"python(\d+\.\d+)")),
    "nodejs": (re.compile(r"nodejs/node(\d+)/"), re.compile(r"nodejs(\d+)")),
    "ruby": (re.compile(r"ruby/gems/(\d+\.\d+)\.\d+/"), re.compile(r"ruby(\d+\.\d+)")),
}
"""By family: the folders that runtimes of one version alone look in, and where a runtime's name has its version."""
_EVERYWHERE = ("bin/", "lib/", "extensions/", "bootstrap")
"""On PATH, on LD_LIBRARY_PATH, and what is started: of use to any runtime."""


@check("layer")
def layer_layout(layer: Layer, deployment: Deployment, folders: Mapping[str, list[str]]) -> Iterator[Problem]:
    """A layer with code for its runtimes and nothing where they look. ``folders``: where each family does."""
    artifacts = deployment.template.artifacts
    package = artifacts.package(deployment, layer) if artifacts is not None else None
    if package is None or not package.members or not package.complete:
        return
    if artifacts.has_build_step(deployment, layer) and not package.built:
        return
    use = next((use for use in package_uses(deployment) if use.package.path == package.path), None)
    runtimes = _runtimes(layer, use)
    families = [family for family in _families(runtimes) if family in folders]
    looked = [folder for family in families for folder in folders[family]]
    if not families:
        return
    seen = [name for name in package.members if name.startswith((*looked, *_EVERYWHERE))]
    if seen:
        others = [_of_other_version(name, runtimes) for name in seen if not name.endswith("/")]
        if others and all(others) and any(_CODE[family].search(name) for family in families for name in seen):
            fields = {"found": sorted(set(filter(None, others))), "runtimes": runtimes}
            yield Problem(layer.at(*artifacts.code(layer).keys), "version", fields)
        return
    if any(package.may_have(folder) or artifacts.ignored(f"{package.path}/{folder}") for folder in looked):
        return
    stray = [name for name in package.members if any(_CODE[family].search(name) for family in families)]
    if stray and not any(_is_program(package, name) for name in package.binaries):
        code = artifacts.code(layer)
        fields = {"looked": list(dict.fromkeys(looked)), "found": _top(package), "families": families}
        nested = _one_folder_down(package, looked)
        if nested is not None:
            yield Problem(layer.at(*code.keys), "wrapped", {**fields, "folder": nested})
        else:
            yield Problem(layer.at(*code.keys), fields=fields)


def _runtimes(layer: Layer, use: PackageUse | None) -> list[str]:
    """The runtimes that the layer is for: as it declares, else those of its functions."""
    declared = layer.get("CompatibleRuntimes")
    names = [name for name in declared if isinstance(name, str)] if isinstance(declared, list) else []
    if not names and use is not None:
        names = [function.runtime for function in use.functions if function.runtime is not None]
    return list(dict.fromkeys(names))


def _of_other_version(name: str, runtimes: list[str]) -> str | None:
    """The folder that a member lies in where runtimes of another version alone look."""
    for inside, of_runtime in _VERSIONED.values():
        folder = inside.match(name)
        versions = {found[1] for runtime in runtimes if (found := of_runtime.match(runtime))}
        if folder is not None and folder[1] not in versions:
            return folder[0]
    return None


def _families(names: list[str]) -> list[str]:
    """The families of the runtimes; nothing where one is of a family that has no folder."""
    families = [found[0] for name in names if (found := re.match(r"python|nodejs|java|ruby", name))]
    return list(dict.fromkeys(families)) if len(families) == len(names) else []


def _is_program(package: Package, name: str) -> bool:
    """Whether a member is started by its path, and may bring its modules along."""
    mode = package.members[name].mode
    return mode is not None and bool(mode & 0o111) and not name.endswith((".so", ".py", ".js", ".jar"))


def _top(package: Package) -> list[str]:
    """What lies at the top, as a message shows it."""
    names = dict.fromkeys(name.partition("/")[0] + "/" * ("/" in name) for name in package.members)
    shown = list(names)[:4]
    return [*shown, "…"] if len(names) > 4 else shown


def _one_folder_down(package: Package, looked: list[str]) -> str | None:
    tops = {name.partition("/")[0] for name in package.members if "/" in name}
    for top in sorted(tops):
        if any(name.startswith(tuple(f"{top}/{folder}" for folder in looked)) for name in package.members):
            return top
    return None
