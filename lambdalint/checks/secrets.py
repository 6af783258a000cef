"""LL6: secrets in environment variables. No message and no field ever holds the secret itself."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from lambdalint.checks import check
from lambdalint.finding import Problem
from lambdalint.model.deployment import Deployment
from lambdalint.model.resource import Function
from lambdalint.model.values import Text, Unknown, Value

_HOLE = "\0"
"""Stands for a part of a text that is not known."""
_LONGEST = 65_536
"""Characters of a value that are looked at: Lambda takes 4 KB of variables in all."""
_SHORTEST = 16
"""Characters of the shortest thing that a form finds, but for a connection string."""
_NUMBER = r"[+-]?\d+(?:\.\d+)?"
_WORDY = r"[A-Za-z_][A-Za-z_.-]*\d{0,4}"
_PATH = r"(?s)(?:~|\.{1,2})?/.*|[A-Za-z]:\\.*|[\w.+-]+://[^@]*"
_SCOPE = r"(?:arn|ssm|secretsmanager|resolve|file|kms|op|vault):\S+"


@check("function")
def literal_secret(
    function: Function,
    deployment: Deployment,
    forms: Mapping[str, str],
    names: Sequence[str],
    placeholders: Sequence[str],
) -> Iterator[Problem]:
    """A literal that is a secret by its form, or by the name of its variable.

    ``forms``: what a secret is called, and the expression that finds it; its group ``secret`` (or ``pair``), else the
    whole, must be known and no placeholder. ``names``: how a name ends, in lower case without separators.
    ``placeholders``: expressions that find what only stands for a secret.
    """
    stand_in = "(?i)" + "|".join(f"(?:{one})" for one in placeholders)
    endings = tuple(names)
    for name, value in _variables(function).items():
        literal = _literal(value)
        if literal is None:
            continue
        form = None
        if len(literal) >= _SHORTEST or "=" in literal or "://" in literal:
            form = next((what for what, pattern in forms.items() if _holds(pattern, literal, stand_in)), None)
        if form is not None:
            at = function.at("Environment", "Variables", name)
            yield Problem(at, "form", {"variable": name, "form": form})
        elif value.__class__ is str and _bare(name).endswith(endings) and _is_secret(literal, name, stand_in):
            at = function.at("Environment", "Variables", name)
            yield Problem(at, "name", {"variable": name, "length": len(literal)})


@check("function")
def dynamic_secret(function: Function, deployment: Deployment) -> Iterator[Problem]:
    """A secret that CloudFormation puts in when it deploys: in the function's settings it stands in plain text."""
    for name, value in _variables(function).items():
        if value.__class__ is not str and any(_is_dynamic(part) for part in getattr(value, "parts", (value,))):
            yield Problem(function.at("Environment", "Variables", name), fields={"variable": name})


def _is_dynamic(part: Any) -> bool:
    return isinstance(part, Unknown) and part.secret


def _variables(function: Function) -> dict[str, Value]:
    found = function.get("Environment", "Variables")
    return found if isinstance(found, dict) else {}


def _literal(value: Value) -> str | None:
    """What is known of a text, with holes; None for what is no text."""
    if isinstance(value, Text):
        value = "".join(part if isinstance(part, str) else _HOLE for part in value.parts)
    return value[:_LONGEST] if isinstance(value, str) else None


def _holds(pattern: str, literal: str, stand_in: str) -> bool:
    for match in re.finditer(pattern, literal):
        groups = match.groupdict()
        found = groups.get("secret") or groups.get("pair") or match.group()
        if _HOLE not in found and not re.search(stand_in, found) and len(set(found)) > 1:
            return True
    return False


@lru_cache(1_000)
def _bare(name: str) -> str:
    """A name in lower case without separators; functions have the same ones."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _is_secret(literal: str, name: str, stand_in: str) -> bool:
    """Whether a value can be the secret itself: no number, boolean, ARN, path, reference, and no placeholder."""
    value = literal.strip()
    if not value or value.lower() in ("true", "false", "null", "none") or re.fullmatch(_NUMBER, value):
        return False
    if re.match(_SCOPE, value) or re.fullmatch(_PATH, value) or _is_relative_path(value):
        return False
    if len(set(value)) == 1 or re.search(stand_in, value):
        return False
    return re.sub(r"[^a-z0-9]", "", value.lower()) != re.sub(r"[^a-z0-9]", "", name.lower())


def _is_relative_path(value: str) -> bool:
    """``prod/db/password``: words between slashes, where a random text has digits and capitals everywhere."""
    return "/" in value and all(re.fullmatch(_WORDY, part) for part in value.split("/"))
