"""What a suppression says: ``# lambdalint: ignore[LL404] reason="drained nightly" until=2027-03-01``, or an entry of
``Metadata: {lambdalint: {ignore: [{code, reason, until}]}}``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

MAX_CODES = 50
"""Codes of one suppression: whoever means more turns rules off in the config."""

_COMMENT = re.compile(r"#\s*lambdalint:\s*")
_WORD = re.compile(r"[A-Za-z-]+")
_CODES = re.compile(r"\s*\[([^\]]*)\]")
_OPTION = re.compile(
    r"""\s*(?:reason\s*=\s*(?P<reason>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|until\s*=\s*(?P<until>[^\s#"']+))"""
)
_CODE = re.compile(r"[A-Za-z]{2,8}[0-9]{3,4}")
_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_ELSEWHERE = ("allow", "disable", "noqa", "off", "skip", "suppress")
"""How other tools call it: taken for a slip, not for prose."""
_SHAPE = 'it is written ignore[LL404] reason="…" until=YYYY-MM-DD'


class Directive(NamedTuple):
    """Codes or names of rules, why and until which day (YYYY-MM-DD, that day included); or what is wrong with it."""

    codes: tuple[str, ...] = ()
    reason: str | None = None
    until: str | None = None
    problem: str | None = None


def of_comment(text: str) -> Directive | None:
    """The directive in a comment; None where the comment is none."""
    found = _COMMENT.search(text)
    word = _WORD.match(text, found.end()) if found else None
    if word is None:
        return None
    if word.group() != "ignore":
        from lambdalint.nearest import nearest

        meant = word.group().lower() in _ELSEWHERE or nearest(word.group(), ("ignore",))
        return Directive(problem=f"there is no {word.group()}; {_SHAPE}") if meant else None
    codes = _CODES.match(text, word.end())
    if codes is None:
        # "ignore the queue" is prose; "ignore LL404" and "ignore" alone are meant.
        rest = text[word.end() :].strip()
        return (
            Directive(problem=f"it names no code; {_SHAPE}") if not rest or _CODE.match(rest.lstrip("=:( ")) else None
        )
    named, problem = _codes(codes.group(1))
    reason = until = None
    at = codes.end()
    while option := _OPTION.match(text, at):
        at = option.end()
        if option["reason"] is not None:
            reason = re.sub(r"\\(.)", r"\1", option["reason"][1:-1])
        else:
            until, fault = _day(option["until"])
            problem = problem or fault
    rest = text[at:].strip()
    if rest and not rest.startswith("#"):
        problem = problem or f"{rest[:40]!r} is not understood; {_SHAPE}"
    return Directive(named, reason, until, problem)


def of_metadata(value: Any) -> Iterator[tuple[int | None, Directive]]:
    """The directives in the ``ignore`` of a Metadata block, each with its index in the list (None: no list)."""
    for index, entry in enumerate(value) if isinstance(value, list) else ((None, value),):
        if isinstance(entry, str):
            named, problem = _codes(entry)
            yield index, Directive(named, None, None, problem)
            continue
        if not isinstance(entry, dict):
            yield index, Directive(problem="an entry is {code, reason, until}")
            continue
        named, problem = _codes(entry.get("code"))
        reason = entry.get("reason")
        if reason is not None and not isinstance(reason, str):
            reason, problem = None, problem or "the reason is no text"
        until = entry.get("until")
        if until is not None:
            until, fault = _day(str(until))
            problem = problem or fault
        unknown = [str(key) for key in entry if key not in ("code", "reason", "until")]
        if unknown:
            problem = problem or f"{unknown[0]!r} is none of code, reason, until"
        yield index, Directive(named, reason, until, problem)


def _codes(value: Any) -> tuple[tuple[str, ...], str | None]:
    words = value if isinstance(value, list) else str(value or "").split(",")
    codes = tuple(dict.fromkeys(str(word).strip() for word in words if str(word).strip()))
    if not codes:
        return (), f"it names no code; {_SHAPE}"
    if len(codes) > MAX_CODES:
        return (), f"it names more than {MAX_CODES} codes"
    wrong = next((code for code in codes if not (_CODE.fullmatch(code) or _NAME.fullmatch(code))), None)
    return codes, None if wrong is None else f"{wrong[:40]!r} is neither a rule's code nor its name"


def _day(value: str) -> tuple[str | None, str | None]:
    import datetime

    try:
        return datetime.datetime.strptime(value, "%Y-%m-%d").date().isoformat(), None
    except ValueError:
        return None, f"until takes a day as YYYY-MM-DD, not {value[:40]!r}"
