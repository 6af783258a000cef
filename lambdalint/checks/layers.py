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
_SITE = re.compile(r"python/lib/(python\d+\.\d+)/site-packages/")
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
    families = [family for family in _families(layer, use) if family in folders]
    looked = [folder for family in families for folder in folders[family]]
    if families == ["python"]:
        yield from _other_version(layer, deployment, package, _runtimes(layer, use))
    if not families or any(name.startswith((*looked, *_EVERYWHERE)) for name in package.members):
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


def _other_version(layer: Layer, deployment: Deployment, package: Package, runtimes: list[str]) -> Iterator[Problem]:
    """All of a Python layer in the folders of versions that it is not for: each version looks in its own."""
    found = {match[1] for name in package.members if (match := _SITE.match(name))}
    if not found or not runtimes or found & set(runtimes):
        return
    if any(_CODE["python"].search(name) and not _SITE.match(name) for name in package.members):
        return
    code = deployment.template.artifacts.code(layer)
    yield Problem(layer.at(*code.keys), "version", {"found": sorted(found), "families": runtimes})


def _runtimes(layer: Layer, use: PackageUse | None) -> list[str]:
    """The runtimes that the layer is for: as it declares, else those of its functions."""
    declared = layer.get("CompatibleRuntimes")
    names = [name for name in declared if isinstance(name, str)] if isinstance(declared, list) else []
    if not names and use is not None:
        names = [function.runtime for function in use.functions if function.runtime is not None]
    return names


def _families(layer: Layer, use: PackageUse | None) -> list[str]:
    """The families of those runtimes; none where one of them is of no known family."""
    names = _runtimes(layer, use)
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
