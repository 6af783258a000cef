"""Regular expressions in linear time, for patterns that come from outside: no pattern makes a run hang.

Taken: alternatives, groups, ``* + ? {m,n}`` (lazy ones too), classes, ``.``, ``^ $ \\b \\B`` and escapes, as Python
reads them. Not taken: back references, look-around, flags.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

MAX_STATES = 1_000
"""Of one pattern, its counted repeats written out."""
MAX_REPEAT = 250

_ATOM = re.compile(
    r"\\[dDwWsS]|\\x[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|\\[^0-9A-Za-z]|\\[aftnrv]|\[\^?\]?(?:\\.|[^\]\\])*\]|[^\\]", re.S
)
_COUNT = re.compile(r"\{(\d+)(,(\d*))?\}")
_ASSERTS: dict[str, Callable[[str, int], bool]] = {
    "^": lambda text, at: at == 0,
    "$": lambda text, at: at == len(text) or (at == len(text) - 1 and text[at] == "\n"),
    "\\b": lambda text, at: _is_word(text, at - 1) != _is_word(text, at),
    "\\B": lambda text, at: _is_word(text, at - 1) == _is_word(text, at),
}


def _is_word(text: str, at: int) -> bool:
    return 0 <= at < len(text) and (text[at].isalnum() or text[at] == "_")


class PatternError(ValueError):
    """A pattern that is none, or that is not taken."""


class Pattern:
    """A compiled pattern: states by number, each with where it leads.

    A state is (assertion or None, character or None, successors): a character consumes one code point.
    """

    __slots__ = ("_start", "_states")

    def __init__(self, pattern: str) -> None:
        """Raises PatternError."""
        try:
            re.compile(pattern)
        except (re.error, RecursionError, OverflowError) as error:
            raise PatternError(f"{pattern!r} is no pattern: {error}") from error
        self._states: list[tuple[Any, Any, tuple[int, ...]]] = [(None, None, ())]  # the end
        tree, rest = _alternatives(pattern, 0, 0)
        if rest != len(pattern):
            raise PatternError(f"{pattern!r} has a parenthesis too many")
        self._start = self._build(tree, 0)

    def search(self, text: str, spend: Callable[[int], None] = lambda steps: None) -> bool:
        """Whether it matches anywhere. ``spend`` hears of the work, a step for each state visited."""
        states = self._states
        now: set[int] = set()
        for at in range(len(text) + 1):
            now.add(self._start)
            reached = self._closure(now, text, at)
            spend(len(reached))
            if 0 in reached:
                return True
            if at < len(text):
                letter = text[at]
                now = {states[s][2][0] for s in reached if states[s][1] is not None and states[s][1](letter)}
        return False

    def _closure(self, start: set[int], text: str, at: int) -> set[int]:
        seen = set(start)
        todo = list(start)
        while todo:
            asserts, character, successors = self._states[todo.pop()]
            if character is None and (asserts is None or asserts(text, at)):
                for state in successors:
                    if state not in seen:
                        seen.add(state)
                        todo.append(state)
        return seen

    def _add(self, asserts: Any, character: Any, successors: tuple[int, ...]) -> int:
        if len(self._states) >= MAX_STATES:
            raise PatternError("the pattern is too large")
        self._states.append((asserts, character, successors))
        return len(self._states) - 1

    def _build(self, node: Any, after: int) -> int:
        """The state in which a node begins that goes on to ``after``."""
        kind = node[0]
        if kind == "atom":
            return self._add(None, node[1], (after,))
        if kind == "assert":
            return self._add(node[1], None, (after,))
        if kind == "sequence":
            for item in reversed(node[1]):
                after = self._build(item, after)
            return after
        if kind == "either":
            return self._add(None, None, tuple(self._build(item, after) for item in node[1]))
        _, inner, least, most = node
        if most is None:
            loop = self._add(None, None, ())
            self._states[loop] = (None, None, (self._build(inner, loop), after))
            after = loop
        else:
            end = after
            for _ in range(most - least):
                after = self._add(None, None, (self._build(inner, after), end))
        for _ in range(least):
            after = self._build(inner, after)
        return after


def _alternatives(text: str, at: int, depth: int) -> tuple[Any, int]:
    if depth > 50:
        raise PatternError("groups are nested too deeply")
    branches: list[Any] = []
    items: list[Any] = []
    while at < len(text) and text[at] != ")":
        if text[at] == "|":
            branches.append(("sequence", items))
            items = []
            at += 1
            continue
        item, at = _item(text, at, depth)
        item, at = _repeated(item, text, at)
        items.append(item)
    branches.append(("sequence", items))
    return (branches[0] if len(branches) == 1 else ("either", branches)), at


def _item(text: str, at: int, depth: int) -> tuple[Any, int]:
    if text[at] == "(":
        plain = text.startswith("(?:", at)
        if text.startswith("(?", at) and not plain:
            raise PatternError("look-around, named groups and flags are not taken in a pattern")
        inner, end = _alternatives(text, at + (3 if plain else 1), depth + 1)
        return inner, end + 1
    for assertion, holds in _ASSERTS.items():
        if text.startswith(assertion, at):
            return ("assert", holds), at + len(assertion)
    found = _ATOM.match(text, at)
    if found is None:
        raise PatternError(f"{text[at : at + 2]} is not taken in a pattern")
    return ("atom", re.compile(found.group()).match), found.end()


def _repeated(item: Any, text: str, at: int) -> tuple[Any, int]:
    if at < len(text) and text[at] in "*+?":
        least, unbounded = (1 if text[at] == "+" else 0), text[at] != "?"
        bound: int | None = None if unbounded else 1
        end = at + 1
    elif count := _COUNT.match(text, at):
        least = int(count[1])
        bound = least if count[2] is None else int(count[3]) if count[3] else None
        if max(least, bound or 0) > MAX_REPEAT:
            raise PatternError(f"a pattern repeats at most {MAX_REPEAT} times")
        end = count.end()
    else:
        return item, at
    if end < len(text) and text[end] in "?+":  # lazy or possessive: whether it matches is the question
        if text[end] == "+":
            raise PatternError("possessive repeats are not taken in a pattern")
        end += 1
    return ("repeat", item, least, bound), end
