"""LL1: numbers, names and sizes of one function's or layer's properties."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lambdalint.checks import check
from lambdalint.finding import WARNING, Problem
from lambdalint.model.deployment import Deployment
from lambdalint.model.quota import Quota
from lambdalint.model.resource import Function, Resource
from lambdalint.model.values import OpenMap, Reference, Text, Value, is_open, lower_bound, number, text


@check("function")
def outside_quota(
    function: Function,
    deployment: Deployment,
    property: Sequence[str],
    quota: Quota,
    variants: Mapping[str, Quota] = {},
) -> Iterator[Problem]:
    """A number outside a quota's range; ``variants`` are the quotas that a property's presence puts in force."""
    value = number(function.get(*property))
    if value is None:
        return
    context = ""
    for name, other in variants.items():
        if function.get(name) is not None:
            quota, context = other, f" with {name}"
        elif is_open(function.properties) and inside(value, other):
            return
    fields: dict[str, Any] = {"value": value, "quota": quota, "context": context}
    if isinstance(value, float) and not value.is_integer():
        yield Problem(function.at(*property), "fraction", fields)
    elif not inside(value, quota):
        yield Problem(function.at(*property), fields=fields)


def inside(value: float, quota: Quota) -> bool:
    """Whether a number keeps to a quota's bounds, those that it has."""
    return (quota.min is None or value >= quota.min) and (quota.max is None or value <= quota.max)


def length_range(quota: Quota) -> str:
    """How many characters a quota allows, in words."""
    return f"{quota.min} to {quota.max}" if quota.min else f"at most {quota.max}"


# -- environment variables -----------------------------------------------------------------------------------------


def _variables(function: Function) -> dict[str, Value]:
    found = function.get("Environment", "Variables")
    return found if isinstance(found, dict) else {}


_MOST_BYTES = 6
"""What a character, or the quotes and signs around a variable, take at the most: an escape as in ``\\u001f``."""


@check("function")
def environment_size(function: Function, deployment: Deployment, quota: Quota) -> Iterator[Problem]:
    """The variables as compact JSON in UTF-8; of a value that is known in part, what is known counts."""
    certain = {name: lower_bound(value) for name, value in _variables(function).items()}
    if (sum(map(len, certain)) + sum(map(len, certain.values())) + len(certain)) * _MOST_BYTES < quota.max:
        return
    encoded = json.dumps(certain, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    if len(encoded) > quota.max:
        largest = max(certain, key=lambda name: len(certain[name].encode("utf-8", "surrogatepass")))
        fields = {"size": len(encoded), "quota": quota, "largest": largest}
        yield Problem(function.at("Environment", "Variables", key=True), fields=fields)


@check("function")
def reserved_variable(function: Function, deployment: Deployment, quotas: Mapping[str, Quota]) -> Iterator[Problem]:
    """A variable that Lambda keeps for itself."""
    reserved, newer = quotas["reserved"].values or (), quotas["newer"].values or ()
    for name in _variables(function):
        if name in reserved or name in newer:
            place = function.at("Environment", "Variables", name, key=True)
            yield Problem(place, fields={"variable": name}, severity=None if name in reserved else WARNING)


@check("function")
def variable_name(
    function: Function, deployment: Deployment, quota: Quota, quotas: Mapping[str, Quota]
) -> Iterator[Problem]:
    """A name that Lambda refuses; reserved names are another rule's."""
    fits = re.compile(quota.pattern or "").fullmatch
    wrong = [name for name in _variables(function) if not fits(name)]
    reserved = {name for other in quotas.values() for name in other.values or ()} if wrong else ()
    for name in wrong:
        if name not in reserved:
            yield Problem(function.at("Environment", "Variables", name, key=True), fields={"variable": name})


# -- layers --------------------------------------------------------------------------------------------------------


def _layers(function: Function) -> list[Value]:
    found = function.get("Layers")
    return found if isinstance(found, list) else []


@check("function")
def too_many_layers(function: Function, deployment: Deployment, quota: Quota) -> Iterator[Problem]:
    """More layers than a function takes; in SAM those of Globals come first and count too."""
    found = _layers(function)
    if len(found) > quota.max:
        first = (function.at("Layers", 0), f"the first of {len(found)} layers")
        fields = {"count": len(found), "quota": quota}
        yield Problem(function.at("Layers", int(quota.max)), fields=fields, related=(first,))


@check("function")
def layer_conflict(function: Function, deployment: Deployment) -> Iterator[Problem]:
    """The same layer twice, in whatever versions."""
    seen: dict[Any, int] = {}
    for index, value in enumerate(_layers(function)):
        key = _layer_key(value, deployment)
        if key is None:
            continue
        if key in seen:
            related = ((function.at("Layers", seen[key]), "the same layer"),)
            fields = {"layer": _layer_name(value, deployment)}
            yield Problem(function.at("Layers", index), fields=fields, related=related)
        else:
            seen[key] = index


def _layer_key(value: Value, deployment: Deployment) -> Any:
    """What two mentions of one layer have in common: its ARN without the version, or the name in the template."""
    if isinstance(value, str):
        arn, _, version = value.rpartition(":")
        return arn if version.isdigit() and value.startswith("arn:") else None
    if isinstance(value, Text):
        arn, colon, version = value.suffix.rpartition(":")
        return (*value.parts[:-1], arn) if colon and version.isdigit() and ":layer:" in lower_bound(value) else None
    resource = deployment.follow(value)
    if resource is None:
        return None
    name = resource.text("LayerName")
    return ("LayerName", name) if name else ("resource", resource.id)


def _layer_name(value: Value, deployment: Deployment) -> str:
    if isinstance(value, Reference):
        return deployment.owner(value.resource)
    parts = lower_bound(value).split(":")
    return parts[-2] if len(parts) > 1 else parts[-1]


# -- names, descriptions, tags -------------------------------------------------------------------------------------

_ARN = r"(?:arn:[^:]*:lambda:)?(?:[^:]*:)?(?:\d{12}:)?function:([^:]*)(?::[^:]*)?"


@check("function")
def function_name(function: Function, deployment: Deployment, quota: Quota) -> Iterator[Problem]:
    """A FunctionName of the wrong length or with a character that Lambda refuses. A function's ARN is taken too."""
    value = function.get("FunctionName")
    certain = lower_bound(value)
    arn = re.fullmatch(_ARN, certain)
    if arn and isinstance(value, str):
        certain = arn.group(1)
    elif ":" in certain and not isinstance(value, str):
        return
    whole = text(value) is not None
    fields = {"length": len(certain), "quota": quota, "range": length_range(quota)}
    if len(certain) > quota.max or (whole and len(certain) < (quota.min or 0)):
        yield Problem(function.at("FunctionName"), "length" if whole else "at-least", fields)
    elif certain and not re.fullmatch(quota.pattern or "", certain):
        wrong = sorted({letter for letter in certain if not re.fullmatch(quota.pattern or "", letter)})
        yield Problem(function.at("FunctionName"), fields={"characters": " ".join(repr(letter) for letter in wrong)})


@check("deployment")
def description(subject: Deployment, deployment: Deployment, quotas: Mapping[str, Quota]) -> Iterator[Problem]:
    """A description of a function or a layer that is too long."""
    things: list[tuple[Resource, Quota]] = [(function, quotas["function"]) for function in subject.functions]
    things += [(layer, quotas["layer"]) for layer in subject.layers]
    for resource, quota in things:
        length = len(lower_bound(resource.get("Description")))
        if length > quota.max:
            yield Problem(resource.at("Description"), fields={"length": length, "quota": quota})


@check("function")
def inline_code(function: Function, deployment: Deployment, quota: Quota) -> Iterator[Problem]:
    """Code in the template: its size, the runtimes that take it, and the one file that it becomes."""
    code = function.get("Code", "ZipFile")
    if code is None:
        return
    size = len(lower_bound(code).encode("utf-8", "surrogatepass"))
    if size > quota.max:
        yield Problem(function.at("Code", "ZipFile"), "size", {"size": size, "quota": quota})
    runtime, handler = function.runtime, function.handler
    if runtime is None:
        return
    if not runtime.lower().startswith(("python", "nodejs")):
        code_place = (function.at("Code", "ZipFile", key=True), "the code")
        yield Problem(function.at("Runtime"), "runtime", {"runtime": runtime}, related=(code_place,))
    elif handler is not None and "." in handler and handler.rpartition(".")[0] != "index":
        yield Problem(function.at("Handler"), "handler", {"handler": handler, "name": handler.rpartition(".")[2]})


@check("function")
def tags(function: Function, deployment: Deployment, quotas: Mapping[str, Quota]) -> Iterator[Problem]:
    """How many tags there are, and what their keys and values may be."""
    found = function.get("Tags")
    if not isinstance(found, list):
        return
    count, of_key, of_value = quotas["count"], quotas["key"], quotas["value"]
    if len(found) > count.max:
        fields = {"count": len(found), "quota": count}
        yield Problem(function.at("Tags", key=True), "count", fields, severity=WARNING)
    for index, tag in enumerate(found):
        if not isinstance(tag, dict):
            continue
        key, value = tag.get("Key"), tag.get("Value")
        if key.__class__ is value.__class__ is str and 0 < len(key) <= of_key.max and len(value) <= of_value.max:
            if key[0] not in "aA":
                continue  # as nearly all are: nothing more is worth asking
        key = lower_bound(key)
        if key.lower().startswith("aws:") and _begins(tag.get("Key")):
            yield Problem(function.at("Tags", index, "Key"), "reserved", {"key": key})
        elif len(key) > of_key.max or (tag.get("Key") == "" and not isinstance(tag, OpenMap)):
            fields = {"key": key[:32], "length": len(key), "quota": of_key}
            yield Problem(function.at("Tags", index, "Key"), "key", fields)
        length = len(lower_bound(value))
        if length > of_value.max:
            fields = {"key": key, "length": length, "quota": of_value}
            yield Problem(function.at("Tags", index, "Value"), "value", fields)


def _begins(value: Value) -> bool:
    """Whether the text that is known of a value is its beginning."""
    return isinstance(value, str) or (isinstance(value, Text) and bool(value.prefix))
