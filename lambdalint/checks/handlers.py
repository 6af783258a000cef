"""LL205: whether the package has what the Handler names.

Each family of runtimes looks for its handler in its own way. Source that a build step still turns into the package says
nothing of it, nor does a layer that nobody sees.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from lambdalint.checks import check
from lambdalint.finding import Problem
from lambdalint.model.artifact import Package
from lambdalint.model.code import is_library_layer
from lambdalint.model.deployment import Deployment
from lambdalint.model.local import LayerUse
from lambdalint.model.packages import layers_of, member_place, wrapped
from lambdalint.model.resource import Function
from lambdalint.model.runtimes import runtime_of
from lambdalint.nearest import nearest

_COMPILED = re.compile(
    r"\.(?:tsx?|mts|cts|jsx|coffee|go|java|kt|kts|scala|groovy|clj|cs|fs|vb|csproj|fsproj|vbproj|sln|rs|swift|c|cc|cpp|"
    r"zig|cr|hs|dart|nim)$|(?:^|/)(?:go\.mod|Cargo\.toml|pom\.xml|build\.gradle|build\.gradle\.kts|Makefile|"
    r"CMakeLists\.txt|Package\.swift|tsconfig\.json|webpack\.config\.\w+|rollup\.config\.\w+|esbuild\.\w+|build\.sbt)$"
)
"""What shows that a build makes the package from a source folder."""
_RUN = {
    "python": (".py", ".pyc", ".so"),
    "nodejs": (".js", ".mjs", ".cjs"),
    "ruby": (".rb",),
    "dotnet": (".dll",),
    "java": (".class",),
    "provided": ("",),
}
"""The endings of what each family runs: a source folder without any of them has its code elsewhere."""
_OUTPUTS = frozenset(
    "dist build out target bin lib publish release output .build .webpack .esbuild .next esm cjs".split()
)
_NODE_ENDINGS = ("", ".js", ".mjs", ".cjs", ".json", ".node", "/index.js", "/index.mjs", "/index.cjs", "/package.json")


@check("function")
def handler_not_found(function: Function, deployment: Deployment, facts: Any) -> Iterator[Problem]:
    """A handler whose file is not in the package, or that its module does not define."""
    runtime, handler = runtime_of(function, facts), function.handler
    artifacts = deployment.template.artifacts
    if runtime is None or artifacts is None or function.is_image is not False or wrapped(deployment, function):
        return
    package: Package | None = artifacts.package(deployment, function)
    if package is not None and not package.complete:
        return
    family = runtime["family"]
    if not handler and family != "provided":
        return
    if family == "python":
        yield from _python(function, deployment, package, handler or "")
        return
    if package is None:
        return
    if not package.built and (artifacts.has_build_step(deployment, function) or not _is_whole(package, family)):
        return
    finder = _FINDERS.get(family)
    wanted = finder(package, handler or "") if finder is not None else None
    if wanted is None:
        return
    if _has(package, wanted) or _hidden(deployment, package, wanted):
        return
    yield from _missing(function, deployment, package, wanted, handler or "", runtime["id"])


def _is_whole(package: Package, family: str) -> bool:
    """Whether a source folder is deployed as it lies: it has what the runtime runs, and nothing for a compiler."""
    if any(_COMPILED.search(name) for name in package.members):
        return False
    return any(name.endswith(_RUN[family]) for name in package.members) if family in _RUN else False


def _has(package: Package, names: Iterable[str]) -> bool:
    return any(package.may_have(name) for name in names)


def _hidden(deployment: Deployment, package: Package, names: Iterable[str]) -> bool:
    """Whether a build would make one of the files of a source folder: ignored by git, or an output by its name."""
    if package.built:
        return False
    folders = {part for name in names for part in name.split("/")[:-1]}
    ignored = deployment.template.artifacts.ignored
    return bool(folders & _OUTPUTS) or any(ignored(f"{package.path}/{name}") for name in names)


def _layers(deployment: Deployment, function: Function) -> tuple[list[Package], bool]:
    """The packages of the function's layers, and whether one that is not here may hold a handler."""
    uses = layers_of(deployment, function)
    if uses is None:
        return [], True
    return [use.package for use in uses if use.package is not None], any(_may_hold(use, function) for use in uses)


def _may_hold(use: LayerUse, function: Function) -> bool:
    if use.package is not None:
        return not use.package.complete
    return not is_library_layer(function, use)


def _missing(
    function: Function, deployment: Deployment, package: Package, wanted: list[str], handler: str, runtime: str
) -> Iterator[Problem]:
    packages, unknown = _layers(deployment, function)
    for layer in packages:
        if any(layer.may_have(root + name) for root in ("", "nodejs/", "nodejs/node_modules/") for name in wanted):
            return
    code = (*function.place.path, "Properties", "Code")
    unsaid = deployment.in_document(code) == deployment.in_document(function.place.path)
    fields = {"handler": handler, "runtime": runtime, "wanted": _shown(wanted), "nearest": ""}
    fields["context"] = " (without CodeUri: the template's folder)" if unsaid else ""
    at = function.at("Handler") if handler else function.place
    wrapping = _folder_around(package, wanted)
    if wrapping is not None:
        related = ((member_place(package, wrapping[1], at), "it sits here"),)
        yield Problem(at, "wrapped", {**fields, "folder": wrapping[0]}, related)
    elif not unknown:
        meant = nearest(wanted[0], package.members) or nearest(_shown(wanted), package.members)
        yield Problem(at, fields={**fields, "nearest": f": did you mean {meant}?" if meant else ""})


def _shown(wanted: list[str]) -> str:
    """The file as a person would look for it."""
    return next((name for name in wanted if "." in name.rpartition("/")[2]), wanted[0])


def _folder_around(package: Package, wanted: Iterable[str]) -> tuple[str, str] | None:
    """The one folder under which the file sits, and the file: the package was zipped with the folder around it."""
    tops = {name.partition("/")[0] for name in package.members if "/" in name}
    for top in sorted(tops) if len(tops) <= 50 else ():
        for name in wanted:
            if package.has(f"{top}/{name}"):
                return top, f"{top}/{name}"
    return None


# -- Python --------------------------------------------------------------------------------------------------------


def _python(function: Function, deployment: Deployment, package: Package | None, text: str) -> Iterator[Problem]:
    artifacts = deployment.template.artifacts
    source = artifacts.source(deployment, function)
    if source is None or "." not in text:
        return
    handler, at = source.handler, function.at("Handler")
    inline = function.get("Code", "ZipFile") is not None
    fields = {"handler": text, "runtime": function.runtime, "name": handler.name, "nearest": ""}
    if handler.module_status == "missing":
        path = handler.module.replace(".", "/")
        wanted = [f"{path}.py", f"{path}/__init__.py"]
        if inline or package is None or artifacts.has_build_step(deployment, function):
            return
        if not package.built and not any(name.endswith(_RUN["python"]) for name in package.members):
            return
        if not (_hidden(deployment, package, wanted) or _has(package, wanted)):
            yield from _missing(function, deployment, package, wanted, text, str(function.runtime))
    elif handler.module_status == "found" and handler.name_status == "missing":
        if any((fault.root, fault.file) == (handler.root, handler.file) for fault in source.faults):
            return  # LL212: what a module defines that cannot be parsed is nothing to speak of
        meant = nearest(handler.name, handler.names)
        fields["nearest"] = f": did you mean {meant}?" if meant else ""
        place = source.file_place(handler.root, handler.file) if handler.file and not inline else None
        related = ((place._replace(path=at.path), "the module"),) if place is not None else ()
        fields["file"] = handler.file or handler.module
        yield Problem(at, "name", fields, related)


# -- other runtimes: the files any one of which would do, or None where that cannot be said ----------------------------


def _node(package: Package, handler: str) -> list[str] | None:
    folder, slash, base = handler.rpartition("/")
    stem, dot, _ = base.partition(".")
    if handler.startswith("/") or not dot or not stem or ".." in folder.split("/"):
        return None
    path = f"{folder}{slash}{stem}".removeprefix("./")
    found = [path + ending for ending in _NODE_ENDINGS]
    return [*found[1:], found[0], *(f"node_modules/{name}" for name in found)]


def _ruby(package: Package, handler: str) -> list[str] | None:
    if handler.startswith("/") or "." not in handler:
        return None
    return [handler.partition(".")[0].removeprefix("./") + ".rb"] if not handler.startswith(".") else None


def _dotnet(package: Package, handler: str) -> list[str] | None:
    assembly = handler.partition("::")[0]
    return [f"{assembly}.dll", "bootstrap", assembly] if assembly else None


def _java(package: Package, handler: str) -> list[str] | None:
    """Only where classes lie open: what a jar in lib/ holds is not looked at."""
    name = handler.partition("::")[0].replace(".", "/")
    if any(member.endswith((".jar", ".war")) for member in package.members):
        return None
    return [f"{name}.class"] if any(member.endswith(".class") for member in package.members) else None


def _go(package: Package, handler: str) -> list[str] | None:
    return [handler]


def _provided(package: Package, handler: str) -> list[str] | None:
    return ["bootstrap"]


_FINDERS: dict[str, Callable[[Package, str], list[str] | None]] = {
    "nodejs": _node,
    "ruby": _ruby,
    "dotnet": _dotnet,
    "java": _java,
    "go": _go,
    "provided": _provided,
}
