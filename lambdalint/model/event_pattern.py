"""Event patterns: the filters of event source mappings, of EventBridge rules and of SNS subscriptions.

A pattern is a JSON object whose leaves are lists of values and of operators: ``{"detail": {"state": ["open",
{"prefix": "wait"}]}}``. AWS's matcher is public (https://github.com/aws/event-ruler); what is said here is what it
surely refuses. Operators that this module does not know are a fault of their own kind, ``unknown_operator``: a table
ages, so that is worth a warning and no more.

Sources: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html,
https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from lambdalint.model.values import OpenList, OpenMap

MAX_DEPTH = 100
"""Levels that are read: JSON deeper than this is left alone, as no service takes it for a pattern of ours to judge."""

OPERATORS = (
    "anything-but",
    "anything-but-ignore-case",
    "cidr",
    "equals-ignore-case",
    "exactly",
    "exists",
    "numeric",
    "prefix",
    "suffix",
    "wildcard",
)
COMPARISONS = ("=", "<", "<=", ">", ">=")

_NESTED = ("prefix", "suffix", "equals-ignore-case", "wildcard", "cidr")
_SCALARS = (str, int, float, bool, type(None))
_JSON = (*_SCALARS, list, dict)


class PatternFault(NamedTuple):
    """Why a pattern is refused, and where in it.

    ``kind`` with its ``fields``: ``not_json`` (reason), ``not_object`` (found), ``empty_object``, ``not_list`` (found:
    a leaf that is no list), ``empty_list``, ``not_value`` (found: a list in a leaf), ``operators`` (names: one operator
    an object), ``unknown_operator`` (name, nearest or None), ``operand`` (operator, expected, found), ``numeric``
    (reason: ``pairs``, ``comparison``, ``number`` or ``range``; found), ``wildcard`` (pattern).
    """

    kind: str
    path: tuple[Any, ...] = ()
    fields: dict[str, Any] = {}


class _Mode(NamedTuple):
    dialect: str
    written: bool
    """True for JSON as text, which reaches the service as it stands. CloudFormation may turn the numbers and booleans
    of a map into text on the way."""


def check_pattern(pattern: Any, dialect: str = "rule") -> list[PatternFault]:
    """What is wrong with a pattern; [] where nothing surely is.

    ``dialect``: ``esm`` (a filter of a mapping: JSON as text), ``rule`` (EventBridge) or ``sns`` (a filter policy); the
    latter two may be text or a map. Values that are not known (references, text with symbols) are passed over.
    """
    mode = _Mode(dialect, isinstance(pattern, str))
    if isinstance(pattern, str):
        try:
            pattern = json.loads(pattern, parse_constant=_refuse)
        except (ValueError, RecursionError) as error:
            reason = error.msg if isinstance(error, json.JSONDecodeError) else "a value that JSON does not have"
            return [PatternFault("not_json", (), {"reason": reason})]
    elif not isinstance(pattern, _JSON):
        return []
    elif dialect == "esm":
        return [PatternFault("not_json", (), {"reason": f"{_name(pattern)} where text is expected"})]
    if not isinstance(pattern, dict):
        return [PatternFault("not_object", (), {"found": _name(pattern)})]
    return list(_object(pattern, (), mode))


def _refuse(constant: str) -> float:
    raise ValueError(constant)


def _object(pattern: dict[str, Any], path: tuple[Any, ...], mode: _Mode) -> Iterator[PatternFault]:
    # A mapping's filter {} passes everything; whether it is refused no page says.
    if not pattern and not isinstance(pattern, OpenMap) and mode.dialect == "rule":
        yield PatternFault("empty_object", path)
    if len(path) > MAX_DEPTH:
        return
    for key, value in pattern.items():
        here = (*path, key)
        if key == "$or" and isinstance(value, list) and _is_alternatives(value):
            for index, option in enumerate(value):
                yield from _object(option, (*here, index), mode)
        elif isinstance(value, dict):
            yield from _object(value, here, mode)
        elif isinstance(value, list):
            yield from _leaf(value, here, mode)
        elif isinstance(value, _SCALARS):
            yield PatternFault("not_list", here, {"found": _name(value)})


def _is_alternatives(value: list[Any]) -> bool:
    """Whether a list under ``$or`` holds patterns; otherwise the matcher takes ``$or`` for a field's name."""
    return all(isinstance(option, dict) and not any(key in OPERATORS for key in option) for option in value)


def _leaf(values: list[Any], path: tuple[Any, ...], mode: _Mode) -> Iterator[PatternFault]:
    if not values and not isinstance(values, OpenList):
        yield PatternFault("empty_list", path)
    for index, value in enumerate(values):
        here = (*path, index)
        if isinstance(value, list):
            yield PatternFault("not_value", here, {"found": "a list"})
        elif isinstance(value, dict) and not isinstance(value, OpenMap):
            yield from _operator(value, here, mode)


def _operator(value: dict[str, Any], path: tuple[Any, ...], mode: _Mode) -> Iterator[PatternFault]:
    if len(value) != 1:
        yield PatternFault("operators", path, {"names": tuple(value)})
        return
    name, operand = next(iter(value.items()))
    here = (*path, name)
    if not mode.written and (name == "Ref" or name.startswith("Fn::")):
        return
    if name not in OPERATORS:
        yield PatternFault("unknown_operator", here, {"name": name, "nearest": _nearest(name)})
    elif not _is_known(operand):
        return
    elif name == "numeric":
        yield from _numeric(operand, here, mode)
    elif name == "exists":
        if not isinstance(operand, bool) and (mode.written or operand not in ("true", "false")):
            yield _operand_fault(name, "true or false", operand, here)
    elif name.startswith("anything-but"):
        yield from _anything_but(name, operand, here, mode)
    elif name in ("prefix", "suffix") and isinstance(operand, dict):
        inner = operand.get("equals-ignore-case")
        if len(operand) != 1 or not _is_text(inner, mode):
            yield _operand_fault(name, "text or equals-ignore-case", operand, here)
    elif not _is_text(operand, mode):
        yield _operand_fault(name, "text", operand, here)
    elif name == "wildcard":
        yield from _wildcard(str(operand), here)
    elif name == "cidr" and not _is_block(str(operand)):
        yield _operand_fault(name, "an IP address or block", operand, here)


def _is_text(value: Any, mode: _Mode) -> bool:
    if mode.written:
        return isinstance(value, str)
    return isinstance(value, (str, int, float))


def _numeric(operand: Any, path: tuple[Any, ...], mode: _Mode) -> Iterator[PatternFault]:
    if not isinstance(operand, list):
        yield _operand_fault("numeric", "a list of comparisons and numbers", operand, path)
        return
    if len(operand) not in (2, 4):
        yield PatternFault("numeric", path, {"reason": "pairs", "found": operand})
        return
    comparisons, numbers = operand[0::2], operand[1::2]
    for comparison in comparisons:
        if comparison not in COMPARISONS:
            yield PatternFault("numeric", path, {"reason": "comparison", "found": comparison})
            return
    values = [_number(item, mode) for item in numbers]
    for item, value in zip(numbers, values):
        if value is None:
            yield PatternFault("numeric", path, {"reason": "number", "found": item})
            return
    if len(values) == 2:
        low, high = values
        ordered = comparisons[0] in (">", ">=") and comparisons[1] in ("<", "<=")
        if not ordered or (low is not None and high is not None and low >= high):
            yield PatternFault("numeric", path, {"reason": "range", "found": operand})


def _anything_but(name: str, operand: Any, path: tuple[Any, ...], mode: _Mode) -> Iterator[PatternFault]:
    if isinstance(operand, dict):
        if len(operand) != 1:
            yield PatternFault("operators", path, {"names": tuple(operand)})
            return
        inner, value = next(iter(operand.items()))
        here = (*path, inner)
        if inner not in _NESTED:
            yield PatternFault("unknown_operator", here, {"name": inner, "nearest": _nearest(inner)})
            return
        for text in value if isinstance(value, list) else [value]:
            if not _is_text(text, mode):
                yield _operand_fault(inner, "text", text, here)
            elif inner == "wildcard":
                yield from _wildcard(str(text), here)
    elif isinstance(operand, list):
        if not operand:
            yield PatternFault("empty_list", path)
        found = {type(item) for item in operand}
        if found & {list, dict} or (mode.written and str in found and found & {int, float}):
            yield _operand_fault(name, "texts or numbers, all of one kind", operand, path)


def _wildcard(text: str, path: tuple[Any, ...]) -> Iterator[PatternFault]:
    """Two stars in a row are refused; a backslash makes a star or a backslash literal."""
    if "**" in text.replace("\\\\", "").replace("\\*", ""):
        yield PatternFault("wildcard", path, {"pattern": text})


def _is_block(text: str) -> bool:
    from ipaddress import ip_network

    try:
        ip_network(text, strict=False)
    except ValueError:
        return False
    return True


def _operand_fault(operator: str, expected: str, found: Any, path: tuple[Any, ...]) -> PatternFault:
    return PatternFault("operand", path, {"operator": operator, "expected": expected, "found": _name(found)})


def _number(value: Any, mode: _Mode) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float) if mode.written else (int, float, str)):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None


def _is_known(value: Any, depth: int = 0) -> bool:
    """False for what holds a reference, text with symbols or unknown members, and for what is too deep to tell."""
    if isinstance(value, (OpenList, OpenMap)) or not isinstance(value, _JSON) or depth > MAX_DEPTH:
        return False
    members = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return all(_is_known(item, depth + 1) for item in members)


def _nearest(name: str) -> str | None:
    from difflib import get_close_matches

    return next(iter(get_close_matches(name.lower().replace("_", "-"), OPERATORS, 1, 0.7)), None)


def _name(value: Any) -> str:
    """What a reader calls a value of this kind."""
    if value is None:
        return "null"
    for kind, name in (
        (bool, "a boolean"),
        (str, "text"),
        ((int, float), "a number"),
        (list, "a list"),
        (dict, "a map"),
    ):
        if isinstance(value, kind):
            return name
    return type(value).__name__
