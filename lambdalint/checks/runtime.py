"""LL2: the runtime, the architecture, the handler string and the package type of a function, and SnapStart."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lambdalint.checks import check
from lambdalint.finding import WARNING, Place, Problem
from lambdalint.model.deployment import Deployment
from lambdalint.model.quota import Quota
from lambdalint.model.resource import Function, Layer, Resource
from lambdalint.model.runtimes import runtime_of, runtimes_by_id
from lambdalint.model.values import Value, is_open, known, references, text
from lambdalint.nearest import nearest

# -- which runtime -------------------------------------------------------------------------------------------------


@check("function")
def unknown_runtime(function: Function, deployment: Deployment, facts: Any) -> Iterator[Problem]:
    """A Runtime that is no identifier of the table, or one that exists as a base image only.

    The table ages: a higher version of a family that it knows, or a name near none, may be newer than it is.
    """
    name = function.runtime
    if name is None or function.is_image:
        return
    table = runtimes_by_id(facts)
    entry = table.get(name)
    place = function.at("Runtime")
    fields = {"runtime": name, "checked_on": facts["checked_on"]}
    if entry is not None:
        if entry.get("package") == "image":
            yield Problem(place, "image-only", fields)
        return
    zipped = [one for one in table.values() if one.get("package") != "image"]
    current = [one["id"] for one in zipped if deployment.as_of < one.get("deprecation", "9999")]
    meant = nearest(name, current) or nearest(name, (one["id"] for one in zipped))
    if meant is None or _is_higher(name, table):
        yield Problem(place, "not-known-yet", fields, severity=WARNING)
    else:
        yield Problem(place, fields={**fields, "nearest": meant})


def _shape(name: str) -> str:
    return re.sub(r"\d+", "0", name)


def _is_higher(name: str, table: Mapping[str, Any]) -> bool:
    """Whether a name is written like others of the table, with a version past all of theirs."""
    alike = [other for other in table if _shape(other) == _shape(name)]
    return bool(alike) and _version(name) > max(map(_version, alike))


def _version(name: str) -> tuple[int, ...]:
    return tuple(int(digits) for digits in re.findall(r"\d+", name))


def _updates_blocked(runtime: Mapping[str, Any], day: str, checked_on: str) -> bool:
    """Whether updates are blocked on a day, by a table that was checked after the block began: AWS moves dates."""
    block = runtime.get("block_update")
    return block is not None and block <= day and block < checked_on


@check("function")
def deprecated_runtime(function: Function, deployment: Deployment, facts: Any) -> Iterator[Problem]:
    """Deprecated on the day of judgement; where updates are blocked already, blocked_runtime says it."""
    runtime = _dated(function, facts)
    if runtime is None or deployment.as_of < runtime["deprecation"]:
        return
    if _updates_blocked(runtime, deployment.as_of, facts["checked_on"]):
        return
    created = runtime.get("block_create", "9999") <= deployment.as_of
    kind = "default" if "block_create" not in runtime else "create-blocked" if created else "dates"
    yield Problem(function.at("Runtime"), kind, _dates(runtime))


@check("function")
def blocked_runtime(function: Function, deployment: Deployment, facts: Any) -> Iterator[Problem]:
    """Updates of functions with this runtime are blocked on the day of judgement."""
    runtime = _dated(function, facts)
    if runtime is not None and _updates_blocked(runtime, deployment.as_of, facts["checked_on"]):
        yield Problem(function.at("Runtime"), fields=_dates(runtime))


def _dated(function: Function, facts: Any) -> Mapping[str, Any] | None:
    runtime = runtime_of(function, facts)
    if runtime is None or function.is_image or runtime.get("package") == "image" or "deprecation" not in runtime:
        return None
    return runtime


def _dates(runtime: Mapping[str, Any]) -> dict[str, Any]:
    names = ("deprecation", "block_create", "block_update")
    successor = f"; its successor is {runtime['successor']}" if "successor" in runtime else ""
    return {"runtime": runtime["id"], "successor": successor, **{name: runtime.get(name, "") for name in names}}


# -- architecture and handler --------------------------------------------------------------------------------------


@check("function")
def architecture(function: Function, deployment: Deployment, quota: Quota, facts: Any) -> Iterator[Problem]:
    """Exactly one architecture that exists, and that the runtime has."""
    written = function.get("Architectures")
    if written is None or is_open(written) or not known(written):
        return
    members = written if isinstance(written, list) else [written]
    allowed: Sequence[Any] = quota.values or ()
    fields = {"value": members, "allowed": allowed}
    if len(members) != 1:
        yield Problem(function.at("Architectures"), "count", {**fields, "count": len(members)})
        return
    place = function.at("Architectures", 0) if isinstance(written, list) else function.at("Architectures")
    if members[0] not in allowed:
        yield Problem(place, fields={**fields, "value": members[0]})
        return
    runtime = runtime_of(function, facts)
    if runtime is not None and not function.is_image and members[0] not in runtime.get("architectures", allowed):
        severity = WARNING if runtime.get("architectures_verified") == "known" else None
        related = ((function.at("Runtime"), "the runtime"),)
        yield Problem(place, "runtime", {**fields, "value": members[0], "runtime": runtime["id"]}, related, severity)


@check("function")
def handler_format(function: Function, deployment: Deployment, quota: Quota, facts: Any) -> Iterator[Problem]:
    """A handler string that cannot be one of its runtime. With a wrapper script, what it means is the wrapper's."""
    runtime, handler = runtime_of(function, facts), function.handler
    variables = function.get("Environment", "Variables")
    wrapped = is_open(variables) or (isinstance(variables, dict) and "AWS_LAMBDA_EXEC_WRAPPER" in variables)
    if runtime is None or not handler or wrapped or function.is_image:
        return
    form = facts["handlers"].get(runtime["family"])
    fields: dict[str, Any] = {"handler": handler, "runtime": runtime["id"], "quota": quota}
    if len(handler) > quota.max:
        yield Problem(function.at("Handler"), "length", {**fields, "length": len(handler)})
    elif form is not None and not re.fullmatch(form["pattern"], handler):
        yield Problem(function.at("Handler"), fields={**fields, "form": form["form"]})


# -- SnapStart -----------------------------------------------------------------------------------------------------


def _snapstart(function: Function) -> bool:
    return function.text("SnapStart", "ApplyOn") == "PublishedVersions"


def _published(function: Function, deployment: Deployment) -> Iterator[Resource]:
    """The versions and aliases of a function that are in the template."""
    for resource in deployment.referrers(function.id):
        if resource.type in ("AWS::Lambda::Version", "AWS::Lambda::Alias"):
            if any(reference.resource == function.id for reference in references(resource.get("FunctionName"))):
                yield resource


@check("function")
def snapstart_conflict(function: Function, deployment: Deployment, quota: Quota, facts: Any) -> Iterator[Problem]:
    """What SnapStart does not go together with."""
    if not _snapstart(function):
        return
    at = function.at("SnapStart", key=True)
    runtime = runtime_of(function, facts)
    if runtime is not None and runtime.get("snapstart") is False and not function.is_image:
        related: tuple[tuple[Place, str], ...] = ((function.at("Runtime"), "the runtime"),)
        yield Problem(at, "runtime", {"runtime": runtime["id"]}, related)
    storage = function.number("EphemeralStorage", "Size")
    if storage is not None and storage > quota.max:
        related = ((function.at("EphemeralStorage", "Size"), "the ephemeral storage"),)
        yield Problem(at, "storage", {"size": storage, "quota": quota}, related)
    for name, words in (("FileSystemConfigs", "a file system"), ("TenancyConfig", "tenant isolation")):
        if function.get(name) not in (None, []):
            yield Problem(at, fields={"feature": words}, related=((function.at(name, key=True), words),))
    for resource in _published(function, deployment):
        if resource.get("ProvisionedConcurrencyConfig") is not None:
            place = resource.at("ProvisionedConcurrencyConfig", key=True)
            yield Problem(at, fields={"feature": "provisioned concurrency"}, related=((place, "provisioned here"),))


@check("function")
def snapstart_unpublished(function: Function, deployment: Deployment) -> Iterator[Problem]:
    """SnapStart works on published versions: the template has neither a version nor an alias of the function."""
    if not _snapstart(function) or deployment.is_open or is_open(function.properties):
        return
    if not any(_published(function, deployment)) and _written(function, deployment, "AutoPublishAlias") is None:
        yield Problem(function.at("SnapStart", key=True))


def _written(function: Function, deployment: Deployment, name: str) -> Any:
    """A SAM property as the function itself has it, else as Globals do: expansion leaves no trace of some."""
    root = deployment.template.document.root
    for path in (("Resources", function.id, "Properties", name), ("Globals", "Function", name)):
        value = root
        for key in path:
            value = value.get(key) if isinstance(value, dict) else None
        if value is not None:
            return value
    return None


# -- packages and layers -------------------------------------------------------------------------------------------

_SOURCES = (("ZipFile",), ("S3Bucket", "S3Key"), ("ImageUri",))


@check("function")
def package_type(function: Function, deployment: Deployment, quota: Quota) -> Iterator[Problem]:
    """What does not go with the package type, what it needs, and code that is given twice."""
    kind = function.get("PackageType")
    if isinstance(kind, str) and kind not in (quota.values or ()):
        yield Problem(function.at("PackageType"), "type", {"value": kind, "allowed": quota.values})
        return
    if function.is_image:
        for name in ("Handler", "Runtime", "Layers"):
            if function.get(name) not in (None, "", []):
                related = ((function.at("PackageType"), "the package type"),) if kind else ()
                yield Problem(function.at(name, key=True), "image", {"property": name}, related)
    elif function.is_image is False and not is_open(function.properties):
        missing = [name for name in ("Handler", "Runtime") if function.get(name) in (None, "")]
        if missing:
            reads = tuple(function.at(name) for name in missing)
            fields = {"missing": " and ".join(missing) + (" are" if len(missing) > 1 else " is")}
            yield Problem(function.at(missing[0], key=True), "zip", fields, reads=reads)
    code = function.get("Code")
    if isinstance(code, dict):
        given = [names[0] for names in _SOURCES if any(code.get(name) is not None for name in names)]
        if len(given) > 1:
            yield Problem(function.at("Code", given[1], key=True), "twice", {"names": " and ".join(given)})
    both = [name for name in ("InlineCode", "CodeUri") if _own(function, deployment, name) is not None]
    if len(both) > 1:
        # SAM takes the inline code and says nothing of the other.
        yield Problem(function.at("CodeUri", key=True), "unused", severity=WARNING)


def _own(function: Function, deployment: Deployment, name: str) -> Any:
    resource = deployment.template.document.root["Resources"].get(function.id)
    if not isinstance(resource, dict) or not str(resource.get("Type")).startswith("AWS::Serverless::"):
        return None
    properties = resource.get("Properties")
    return properties.get(name) if isinstance(properties, dict) else None


@check("function")
def layer_incompatible(function: Function, deployment: Deployment) -> Iterator[Problem]:
    """A layer of the template that declares runtimes or architectures, and not the function's."""
    layers = function.get("Layers")
    for index, value in enumerate(layers if isinstance(layers, list) else ()):
        layer = deployment.follow(value)
        if not isinstance(layer, Layer):
            continue
        for name, words, own in (
            ("CompatibleRuntimes", "runtimes", function.runtime),
            ("CompatibleArchitectures", "architectures", function.architecture),
        ):
            declared = _names(layer.get(name))
            if own is not None and declared and own not in declared:
                fields = {"layer": deployment.owner(layer.id), "what": words, "declared": declared, "own": own}
                related = ((layer.at(name, key=True), f"the layer's {words}"),)
                reads = (function.at("Runtime" if words == "runtimes" else "Architectures"),)
                yield Problem(function.at("Layers", index), fields=fields, related=related, reads=reads)


def _names(value: Value) -> list[str]:
    """A list of known names; empty where any of them is not known."""
    if not isinstance(value, list) or not known(value):
        return []
    return [name for item in value if (name := text(item)) is not None]
