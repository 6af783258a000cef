"""LL801, LL802: the environment variables that a handler's code reads, and those that its function sets."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from lambdalint.checks import check
from lambdalint.finding import WARNING, Problem
from lambdalint.model.artifact import Package
from lambdalint.model.code import has_unseen_layer, site_place, source_of, variables_of
from lambdalint.model.deployment import Deployment, relation
from lambdalint.model.packages import wrapped
from lambdalint.model.quota import Quota
from lambdalint.model.resource import Function
from lambdalint.model.source import HANDLER, MODULE, EnvironmentRead, Source
from lambdalint.nearest import nearest

_PLATFORM = ("AWS_LAMBDA_", "LAMBDA_", "_")
"""What names of the platform's own variables begin with, also of those that no table has."""
_FOR_LIBRARIES = (
    "AWS_", "BOTO_", "DATADOG_", "DD_", "LAMBDA_", "LUMIGO_", "NEW_RELIC_", "OPENTELEMETRY_", "OTEL_",
    "PARAMETERS_SECRETS_", "POWERTOOLS_", "PYTHON", "SECRETS_MANAGER_", "SENTRY_", "SSM_PARAMETER_", "_",
)  # fmt: skip
_FOR_TOOLS = frozenset("LOG_LEVEL HOME LANG LC_ALL LD_LIBRARY_PATH PATH TMPDIR TZ NO_COLOR".split())
"""Variables that libraries, extensions and the interpreter read, and no code of the user's."""
MAX_MEMBERS = 5_000
MAX_BYTES = 50_000_000
"""How much of a package is looked through for the name of a variable."""


@check("function")
def variable_missing(function: Function, deployment: Deployment, quotas: Mapping[str, Quota]) -> Iterator[Problem]:
    """A variable that the code cannot do without, and that neither the function nor the runtime sets."""
    source = source_of(deployment, function)
    if source is None or not any(_is_hard(read, source) for read in source.reads) or source.environment_open:
        return
    variables = variables_of(deployment, function)
    if variables is None or has_unseen_layer(deployment, function) or wrapped(deployment, function):
        return
    given = {name for quota in quotas.values() for name in quota.values or ()}
    for read in source.reads:
        if not _is_hard(read, source) or read.name in variables or _is_given(read.name, given):
            continue
        if read.depends and not read.certain:
            continue  # another variable is tested on the way: which way it leads here is not known
        sure = read.certain and read.reach in (MODULE, HANDLER)
        meant = nearest(read.name, variables) or _longer(read.name, variables)
        fields = {"variable": read.name, "nearest": f": did you mean {meant}?" if meant else ""}
        at = function.at("Environment", "Variables")
        yield Problem(
            site_place(source, read.site, deployment, function),
            fields=fields,
            related=((at, "the variables that it has"),) if variables else (),
            severity=None if sure else WARNING,
            reads=(function.at("Environment"), function.at("Environment", "Variables", read.name)),
        )


def _is_hard(read: EnvironmentRead, source: Source) -> bool:
    return read.kind == "hard" and read.name not in source.sets


def _longer(name: str, variables: Collection[str]) -> str | None:
    """A variable that has the name in it, or that the name has in it, word for word: QUEUE and QUEUE_URL."""
    words = f"_{name}_"
    return next((other for other in variables if words in f"_{other}_" or f"_{other}_" in words), None)


def _is_given(name: str, given: Collection[str]) -> bool:
    return name in given or name.startswith(_PLATFORM)


# -- LL802 ---------------------------------------------------------------------------------------------------------


@check("function")
def variable_unused(function: Function, deployment: Deployment) -> Iterator[Problem]:
    """A variable whose name stands nowhere in what the function is made of; of Globals, in that of no function."""
    for name in sorted(_unread(deployment, function) or ()):
        place = function.at("Environment", "Variables", name, key=True)
        written = deployment.origin(place.path).path
        shared = written is not None and written[:1] == ("Globals",)
        if shared and _has_absent_function(deployment):
            continue  # what is not in this deployment may be what reads it in another
        if all(_leaves_unread(deployment, heir, name) for heir in deployment.functions if shared):
            yield Problem(place, fields={"variable": name})


def _has_absent_function(deployment: Deployment) -> bool:
    section = deployment.sections.get("Resources")
    raws = [section.get(logical_id) for logical_id in deployment.absent] if isinstance(section, dict) else []
    return any(isinstance(raw, dict) and str(raw.get("Type")).endswith("::Function") for raw in raws)


def _leaves_unread(deployment: Deployment, function: Function, name: str) -> bool:
    """Whether a function does not have a variable, or surely does not read it."""
    variables = variables_of(deployment, function)
    if variables is not None and name not in variables:
        return True
    return name in (_unread(deployment, function) or ())


@relation
def _unread(deployment: Deployment, function: Function) -> frozenset[str] | None:
    """The function's variables that nothing of it reads; None where that cannot be said."""
    variables = variables_of(deployment, function)
    source = source_of(deployment, function) if variables else None
    if not variables or source is None or not source.complete or source.environment_whole:
        return None
    if source.handler.module_status != "found" or has_unseen_layer(deployment, function):
        return None
    read = {one.name for one in source.reads}
    asked = [name for name in variables if name not in read and not _is_for_others(name)]
    return frozenset(_nowhere(asked, function, deployment) if asked else ())


def _is_for_others(name: str) -> bool:
    return name in _FOR_TOOLS or name.startswith(_FOR_LIBRARIES)


def _nowhere(names: list[str], function: Function, deployment: Deployment) -> list[str]:
    """The names that no file of the function's package and layers holds; none where that would take too long."""
    inline = function.get("Code", "ZipFile")
    artifacts = deployment.template.artifacts
    packages: list[Package] = [use.package for use in artifacts.layers(deployment, function) or () if use.package]
    if not isinstance(inline, str):
        own = artifacts.source_package(deployment, function)
        if own is None:
            return []
        packages.append(own)
    elif not packages:
        return [name for name in names if name not in inline]
    members = [(package, name) for package in packages for name in package.members]
    if len(members) > MAX_MEMBERS or not all(package.complete for package in packages):
        return []
    left = {name: name.encode() for name in names if not isinstance(inline, str) or name not in inline}
    room = MAX_BYTES
    for package, member in members:
        if not left:
            break
        data = package.read(member, room + 1) or b""
        room -= len(data)
        if room < 0:
            return []
        for name in [name for name, word in left.items() if word in data]:
            del left[name]
    return list(left)
