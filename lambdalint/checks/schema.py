"""A team's own rules: a JSON Schema that a subject's properties must satisfy, in bounded time and memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from lambdalint.checks import check
from lambdalint.finding import Problem
from lambdalint.model.deployment import Deployment
from lambdalint.model.resource import Function, Layer, Resource, Role
from lambdalint.model.values import OpenList, OpenMap, Reference, Symbol, Text, Unknown
from lambdalint.patterns import Pattern

MAX_STEPS = 50_000
"""Keywords judged and states of patterns visited, of one rule on one subject."""
MAX_DEPTH = 200
"""Keywords judged within each other: a schema that refers to itself must not use up the interpreter's stack, which a
library in another language may not survive."""
MAX_PROBLEMS = 20
MAX_TEXT = 20_000
"""Characters of a text that a pattern is matched with; what is longer is not judged."""
_WHOLE = {
    "additionalProperties",
    "patternProperties",
    "propertyNames",
    "minProperties",
    "maxProperties",
    "const",
    "enum",
}
_BRANCHING = ("if", "not", "anyOf", "oneOf", "contains", "dependentSchemas")
_SURE = ("required", "type", "false", "minProperties", "maxProperties", "minItems", "maxItems")
"""Keywords that a text with symbols in it settles: it is there, it is a text."""


class TooExpensive(Exception):
    """A schema that takes too many steps on a subject."""


class Symbolic(str):
    """What will be text when it is deployed, and is not known in full: a reference, a text with symbols."""


@check("function")
def function(function: Function, deployment: Deployment, schema: Any) -> Iterator[Problem]:
    """What of a function's properties does not satisfy the schema."""
    yield from _violations(function, schema)


@check("layer")
def layer(layer: Layer, deployment: Deployment, schema: Any) -> Iterator[Problem]:
    """What of a layer's properties does not satisfy the schema."""
    yield from _violations(layer, schema)


@check("role")
def role(role: Role, deployment: Deployment, schema: Any) -> Iterator[Problem]:
    """What of a role's properties does not satisfy the schema."""
    yield from _violations(role, schema)


def _violations(resource: Resource, schema: Any) -> Iterator[Problem]:
    names = named(schema)
    concerned = {k: v for k, v in resource.properties.items() if names is None or k in names}
    if isinstance(resource.properties, OpenMap) or any(
        _has(value, (Unknown, OpenList, OpenMap)) for value in concerned.values()
    ):
        return
    if branches(schema) and any(_has(value, (Symbolic, Reference, Symbol, Text)) for value in concerned.values()):
        return
    seen = set()
    # Properties that the schema does not name cannot matter to it; they may hold what is not known.
    for error in validator(schema).iter_errors({k: _plain(v) for k, v in concerned.items()}):
        if error.validator not in _SURE and _has(error.instance, (Symbolic,)):
            continue
        path = tuple(error.absolute_path)
        if error.validator == "required":
            path = (
                *path,
                next(n for n in error.validator_value if n not in error.instance and repr(n) in error.message),
            )
        if path in seen:
            continue
        seen.add(path)
        name = ".".join(str(part) for part in path)
        yield Problem(
            resource.at(*path),
            fields={"property": name, "problem": error.message[:200], "value": str(error.instance)[:100]},
        )
        if len(seen) == MAX_PROBLEMS:
            return


def _has(value: Any, kinds: tuple[type, ...]) -> bool:
    if isinstance(value, kinds):
        return True
    if isinstance(value, Text):
        return Unknown in kinds and any(isinstance(part, Unknown) for part in value.parts)
    if isinstance(value, dict):
        return any(_has(item, kinds) for item in value.values())
    return isinstance(value, list) and any(_has(item, kinds) for item in value)


def _plain(value: Any) -> Any:
    if isinstance(value, (Reference, Symbol, Text)):
        return Symbolic(str(value))
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


# -- the schema itself -------------------------------------------------------------------------------------------------


def parts(schema: Any) -> Iterator[tuple[tuple[Any, ...], Mapping[str, Any]]]:
    """Every mapping in a schema with its path: schemas, and what stands around them."""
    todo: list[tuple[tuple[Any, ...], Any]] = [((), schema)]
    while todo:
        path, value = todo.pop()
        if isinstance(value, dict):
            yield path, value
            todo += [((*path, key), item) for key, item in value.items()]
        elif isinstance(value, list):
            todo += [((*path, index), item) for index, item in enumerate(value)]


def lookup(schema: Any, reference: str) -> Any:
    """What a ``$ref`` within a schema points at. Raises LookupError; anything but ``#`` and ``#/a/b`` is not taken."""
    if reference != "#" and not reference.startswith("#/"):
        raise LookupError(reference)
    found = schema
    for part in reference.split("/")[1:]:
        part = part.replace("~1", "/").replace("~0", "~")
        found = found[int(part)] if isinstance(found, list) and part.isdigit() else found[part]
    return found


def named(schema: Any) -> frozenset[str] | None:
    """The subject's own properties that a schema names; None where it speaks of all."""
    names: set[str] = set()
    todo = [schema]
    seen: set[int] = set()
    while todo:
        one = todo.pop()
        if not isinstance(one, dict) or id(one) in seen:
            continue
        seen.add(id(one))
        if _WHOLE & one.keys():
            return None
        names.update(one.get("properties", ()), one.get("required", ()))
        for name, others in (one.get("dependentRequired") or {}).items():
            names.update((name, *others))
        for name, other in (one.get("dependentSchemas") or {}).items():
            names.add(name)
            todo.append(other)
        for keyword in ("allOf", "anyOf", "oneOf"):
            todo += one.get(keyword, ())
        todo += [one[keyword] for keyword in ("if", "then", "else", "not") if keyword in one]
        if "$ref" in one:
            todo.append(lookup(schema, one["$ref"]))
    return frozenset(names)


def branches(schema: Any) -> bool:
    """Whether one part of the schema decides about another: then a value that is half known settles nothing."""
    return any(keyword in part for _, part in parts(schema) for keyword in _BRANCHING)


_validators: dict[int, tuple[Any, Any]] = {}


def validator(schema: Any) -> Any:
    """A validator that fetches nothing, matches patterns in linear time and bounds its steps on each subject."""
    kept = _validators.get(id(schema))
    if kept is None or kept[0] is not schema:
        kept = _validators[id(schema)] = (schema, _make(schema))
    return kept[1]()


def _make(schema: Any) -> Callable[[], Any]:
    from jsonschema import Draft202012Validator, ValidationError, validators
    from referencing import Registry

    steps = depth = 0
    patterns: dict[str, Pattern] = {}

    def spend(count: int) -> None:
        nonlocal steps
        steps += count
        if steps > MAX_STEPS:
            raise TooExpensive("the schema takes too many steps")

    def matches(pattern: str, text: str) -> bool:
        if pattern not in patterns:
            patterns[pattern] = Pattern(pattern)
        return patterns[pattern].search(text, spend)

    def counted(keyword: Any) -> Any:
        def judge(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[Any]:
            nonlocal depth
            spend(1)
            if depth >= MAX_DEPTH:
                raise TooExpensive(f"the schema is more than {MAX_DEPTH} keywords deep: does it refer to itself?")
            depth += 1
            try:
                yield from keyword(validator, value, instance, schema) or ()
            finally:
                depth -= 1

        return judge

    def pattern(validator: Any, value: str, instance: Any, schema: Any) -> Iterator[Any]:
        if isinstance(instance, str) and len(instance) <= MAX_TEXT and not matches(value, instance):
            yield ValidationError(f"{instance!r} does not match {value!r}")

    def under(validator: Any, key: str, item: Any, below: Any) -> Iterator[Any]:
        if below is False:  # jsonschema gives no path to what a false schema forbids
            yield ValidationError(f"{key!r} is not taken", validator="false", path=(key,), instance=item)
        else:
            yield from validator.descend(item, below, path=key)

    def properties(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[Any]:
        for key, below in value.items() if isinstance(instance, dict) else ():
            if key in instance:
                yield from under(validator, key, instance[key], below)

    def pattern_properties(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[Any]:
        for expression, below in value.items() if isinstance(instance, dict) else ():
            for key, item in instance.items():
                if matches(expression, str(key)):
                    yield from under(validator, key, item, below)

    def additional(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[Any]:
        known = schema.get("properties", {})
        for key, item in instance.items() if isinstance(instance, dict) else ():
            if key in known or any(matches(p, str(key)) for p in schema.get("patternProperties", ())):
                continue
            yield from under(validator, key, item, value)

    own = {
        "pattern": pattern,
        "properties": properties,
        "patternProperties": pattern_properties,
        "additionalProperties": additional,
    }
    keywords = {**Draft202012Validator.VALIDATORS, **own}
    extend: Any = validators.extend
    bounded = extend(Draft202012Validator, {name: counted(keyword) for name, keyword in keywords.items()})
    made = bounded(schema, registry=Registry())

    def begin() -> Any:
        nonlocal steps, depth
        depth = 0
        if steps <= MAX_STEPS:  # what was too much once is so again: of many subjects only one takes the time
            steps = 0
        return made

    return begin
