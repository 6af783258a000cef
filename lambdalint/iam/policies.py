"""IAM policies over evaluated values, and what they allow: three answers, as "not known" is not "not allowed"."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Literal, NamedTuple

from lambdalint.finding import Fault, Path
from lambdalint.iam.actions import glob
from lambdalint.iam.conditions import applies
from lambdalint.iam.coverage import NOWHERE, Context, covers
from lambdalint.model.values import (
    OpenList,
    OpenMap,
    Reference,
    Symbol,
    Text,
    Unknown,
    Value,
)

Verdict = Literal["allowed", "not allowed", "unknown"]
ALLOWED: Verdict = "allowed"
NOT_ALLOWED: Verdict = "not allowed"
UNKNOWN: Verdict = "unknown"

VERSIONS = ("2012-10-17", "2008-10-17")
ALLOW, DENY = "Allow", "Deny"


class Origin(NamedTuple):
    """Where a statement came from: ``kind`` is ``inline``, ``policy`` (a resource that attaches itself), ``customer``
    (an AWS::IAM::ManagedPolicy), ``managed`` (AWS's) or ``boundary``; ``name`` the policy's name or logical ID."""

    kind: str
    name: str = ""


class Statement(NamedTuple):
    """One statement. Members of the tuples are text, or Text, Reference, Unknown where they are not fully known."""

    effect: str | None
    """``Allow`` or ``Deny``; None where it is neither or not known."""
    actions: tuple[Value, ...] = ()
    not_actions: tuple[Value, ...] = ()
    resources: tuple[Value, ...] = ()
    not_resources: tuple[Value, ...] = ()
    condition: Value = None
    sid: str | None = None
    principal: Value = None
    """The Principal of a trust or resource policy, as it stands; None where it has none."""
    not_principal: Value = None
    path: Path = ()
    """The place of the statement; below it stand ``Action``, ``Resource`` … as they were written."""
    origin: Origin | None = None
    is_open: bool = False
    """It has elements that are not seen, or lists with members that are not seen."""


class Policy(NamedTuple):
    """A parsed policy document. ``faults`` say what IAM refuses in it, with the place: see parse_policy."""

    statements: tuple[Statement, ...] = ()
    faults: tuple[Fault, ...] = ()
    version: Value = None
    is_open: bool = False
    """It has statements that are not seen."""


_SHORT = (Unknown, Text, Reference, Symbol)


def _members(value: Value) -> tuple[tuple[Value, ...], bool]:
    """The members of an element that takes one value or a list, and whether more exist that are not known."""
    if value is None:
        return (), False
    if isinstance(value, Unknown):
        return (value,), True
    if isinstance(value, list):
        members = tuple(member for member in value if member is not None)
        return members, isinstance(value, OpenList)
    return (value,), False


def parse_policy(document: Value, path: Path = (), *, trust: bool = False, origin: Origin | None = None) -> Policy:
    """A policy document's statements and faults; never raises.

    ``path`` is the document's place; ``trust`` is for a role's trust policy or a resource policy (no Resource needed).
    Faults: ``no-document``, ``no-statement``, ``version`` (value), ``statement`` (no map), ``no-effect``, ``effect``
    (value), ``no-action``, ``no-resource``, ``no-principal`` (in a trust policy), ``both`` (one, other), ``action``
    (value: what has no colon). Nothing is said of what is unknown or open.
    """
    if isinstance(document, str):
        document, path = _from_text(document), path
    if isinstance(document, _SHORT) or document is None:
        return Policy(is_open=True)
    if not isinstance(document, dict):
        return Policy(faults=(Fault("no-document", path),))
    faults: list[Fault] = []
    open_document = isinstance(document, OpenMap)
    version = document.get("Version")
    if version is not None and not isinstance(version, _SHORT) and version not in VERSIONS:
        faults.append(Fault("version", (*path, "Version"), {"value": str(version)}))
    if document.get("Statement") is None:
        if not open_document:
            faults.append(Fault("no-statement", path))
        return Policy((), tuple(faults), version, open_document)
    whole = document["Statement"]
    if isinstance(whole, Unknown) or (not isinstance(whole, (list, dict)) and isinstance(whole, _SHORT)):
        return Policy((), tuple(faults), version, True)
    listed = whole if isinstance(whole, list) else [whole]
    statements = []
    is_open = open_document or isinstance(whole, OpenList)
    for index, raw in enumerate(listed):
        place = (*path, "Statement", index) if isinstance(whole, list) else (*path, "Statement")
        if raw is None:
            continue
        if isinstance(raw, _SHORT):
            is_open = True
        elif isinstance(raw, dict):
            statements.append(_statement(raw, place, trust, origin, faults))
        else:
            faults.append(Fault("statement", place))
    return Policy(tuple(statements), tuple(faults), version, is_open)


def _from_text(text: str) -> Value:
    """A document that is given as JSON text (a managed policy's, ToJsonString); itself where it is none."""
    if not text.lstrip().startswith("{") or len(text) > 100_000:
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _statement(raw: dict[str, Value], path: Path, trust: bool, origin: Origin | None, faults: list[Fault]) -> Statement:
    is_open = isinstance(raw, OpenMap)
    found: dict[str, tuple[Value, ...]] = {}
    for element in ("Action", "NotAction", "Resource", "NotResource"):
        found[element], more = _members(raw.get(element))
        is_open = is_open or more
    effect = raw.get("Effect")
    sid = raw.get("Sid")
    statement = Statement(
        effect if effect in (ALLOW, DENY) else None,
        found["Action"],
        found["NotAction"],
        found["Resource"],
        found["NotResource"],
        raw.get("Condition"),
        sid if isinstance(sid, str) else None,
        raw.get("Principal"),
        raw.get("NotPrincipal"),
        path,
        origin,
        is_open,
    )
    if effect is None and not isinstance(raw, OpenMap):
        faults.append(Fault("no-effect", path))
    elif effect is not None and statement.effect is None and not isinstance(effect, _SHORT):
        faults.append(Fault("effect", (*path, "Effect"), {"value": str(effect)}))
    needed = [("Action", "no-action")]
    needed.append(("Principal", "no-principal") if trust else ("Resource", "no-resource"))
    for element, kind in needed:
        one, other = raw.get(element), raw.get("Not" + element)
        if one is not None and other is not None:
            faults.append(Fault("both", (*path, "Not" + element), {"one": element, "other": "Not" + element}))
        elif one is None and other is None and not isinstance(raw, OpenMap):
            faults.append(Fault(kind, path))
    for element in ("Action", "NotAction"):
        value = raw.get(element)
        for index, member in enumerate(value if isinstance(value, list) else [value]):
            wrong = member is not None and not isinstance(member, _SHORT)
            if wrong and not (isinstance(member, str) and (":" in member or member == "*")):
                place = (*path, element, index) if isinstance(value, list) else (*path, element)
                faults.append(Fault("action", place, {"value": str(member)}))
    return statement


# -- matching ----------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=16384)
def action_matches(pattern: str, action: str) -> bool:
    """Whether an action pattern (``dynamodb:*Item``, ``s3:Get?bject``, ``*``) means an action; case does not matter."""
    pattern = pattern.strip()
    if pattern == "*":
        return True
    return glob(pattern.lower(), action.lower())


def is_wildcard_action(pattern: Value) -> bool:
    """Whether it is ``*`` or the whole of a service (``s3:*``)."""
    if not isinstance(pattern, str):
        return False
    service, _, name = pattern.strip().partition(":")
    return (name or service).strip("*") == "" and bool(service)


def _any(answers: Iterable[bool | None]) -> bool | None:
    """True if one is True, else None if one is None, else False."""
    result: bool | None = False
    for answer in answers:
        if answer:
            return True
        if answer is None:
            result = None
    return result


def _all(answers: Iterable[bool | None]) -> bool | None:
    """False if one is False, else None if one is None, else True."""
    result: bool | None = True
    for answer in answers:
        if answer is False:
            return False
        if answer is None:
            result = None
    return result


def _not(answer: bool | None) -> bool | None:
    return None if answer is None else not answer


def _action_in(patterns: tuple[Value, ...], action: str) -> bool | None:
    return _any(action_matches(p, action) if isinstance(p, str) else None for p in patterns)


def matches_action(statement: Statement, action: str) -> bool | None:
    """Whether a statement speaks of an action, by Action or NotAction."""
    if statement.not_actions:
        found = _not(_action_in(statement.not_actions, action))
        return None if found and statement.is_open else found
    found = _action_in(statement.actions, action)
    return None if found is False and statement.is_open else found


def matches_resource(statement: Statement, resource: Value, context: Context = NOWHERE) -> bool | None:
    """Whether a statement speaks of a resource (an ARN), by Resource or NotResource."""
    if statement.not_resources:
        found = _not(_any(covers(p, resource, context) for p in statement.not_resources))
        return None if found and statement.is_open else found
    found = _any(covers(p, resource, context) for p in statement.resources)
    return None if found is False and statement.is_open else found


class Grants:
    """What a role's policies allow together, and what is not known of them."""

    __slots__ = ("_by_service", "_everywhere", "boundary", "complete", "elsewhere", "statements", "unknowns")

    def __init__(
        self,
        statements: Iterable[Statement] = (),
        *,
        complete: bool = True,
        boundary: Grants | None = None,
        elsewhere: Iterable[str] = (),
        unknowns: Iterable[str] = (),
    ) -> None:
        self.statements = tuple(statements)
        self.complete = complete
        """False where policies exist that are not seen: what no statement allows is then unknown."""
        self.boundary = boundary
        """The permissions boundary: nothing is allowed beyond it. None where there is none."""
        self.elsewhere = tuple(elsewhere)
        """Action patterns that resource policies may allow this role by themselves."""
        self.unknowns = tuple(unknowns)
        """Why it is not complete, as short noun phrases."""
        self._everywhere: list[Statement] = []
        self._by_service: dict[str, list[Statement]] = {}
        for statement in self.statements:
            services = _services(statement)
            if services is None:
                self._everywhere.append(statement)
            else:
                for service in services:
                    self._by_service.setdefault(service, []).append(statement)

    def speaking_of(self, action: str) -> Iterator[Statement]:
        """The statements that may speak of an action's service, in no promised order."""
        yield from self._by_service.get(action.partition(":")[0].lower(), ())
        yield from self._everywhere

    def allows(self, action: str, resource: Value = None, context: Context = NOWHERE) -> Verdict:
        """Whether a role with these policies may do an action on a resource (an ARN).

        With no resource the action decides: allowed on anything is allowed. An explicit Deny wins; a condition that is
        not known to hold makes it unknown; nothing is allowed beyond the boundary.
        """
        allowed: bool | None = False
        denied: bool | None = False
        for statement in self.speaking_of(action):
            of_action = matches_action(statement, action)
            if of_action is False:
                continue
            is_deny = statement.effect == DENY
            if resource is None:
                of_resource = _anything(statement) if is_deny else True
            else:
                of_resource = matches_resource(statement, resource, context)
            answer = _all((of_action, of_resource, applies(statement.condition)))
            if statement.effect is None:
                answer = None if answer is not False else False
                denied = _any((denied, answer))
                allowed = _any((allowed, answer))
            elif is_deny:
                denied = _any((denied, answer))
            else:
                allowed = _any((allowed, answer))
        if denied:
            return NOT_ALLOWED
        granted = any(action_matches(pattern, action) for pattern in self.elsewhere)
        if allowed is False and (granted or not self.complete):
            allowed = None
        verdict: Verdict = NOT_ALLOWED if allowed is False else ALLOWED if allowed and denied is False else UNKNOWN
        if verdict == NOT_ALLOWED or self.boundary is None:
            return verdict
        bound = self.boundary.allows(action, resource, context)
        if bound == ALLOWED:
            return verdict
        return UNKNOWN if granted else bound

    def allows_any(self, needs: Iterable[str], resource: Value = None, context: Context = NOWHERE) -> Verdict:
        """Whether any one of several actions is allowed."""
        verdicts = [self.allows(action, resource, context) for action in needs]
        return ALLOWED if ALLOWED in verdicts else UNKNOWN if UNKNOWN in verdicts else NOT_ALLOWED


def _services(statement: Statement) -> set[str] | None:
    """The service prefixes that a statement speaks of; None where they cannot be counted."""
    if statement.not_actions or statement.is_open:
        return None
    found = set()
    for pattern in statement.actions:
        service, colon, _ = pattern.partition(":") if isinstance(pattern, str) else ("", "", "")
        if not colon or "*" in service or "?" in service:
            return None
        found.add(service.strip().lower())
    return found


def _anything(statement: Statement) -> bool | None:
    """Whether a statement speaks of every resource; None where it speaks of some."""
    return True if not statement.not_resources and "*" in statement.resources else None


# -- measuring ---------------------------------------------------------------------------------------------------------

_SYMBOL_LENGTH = {"AWS::Region": 9, "AWS::AccountId": 12, "AWS::Partition": 3, "AWS::URLSuffix": 13}
"""The fewest characters that a pseudo parameter stands for."""


def size(document: Value) -> int:
    """Characters of a policy as IAM counts them, white space left out; what is unknown counts as its known part."""
    if isinstance(document, str) and document.lstrip().startswith("{"):
        return _known_length(document)
    return _length(document, 0)


def _known_length(text: str) -> int:
    return sum(1 for letter in text if not letter.isspace())


def _length(value: Value, depth: int) -> int:
    if depth > 64:
        return 0
    if isinstance(value, Text):
        return 2 + sum(
            _known_length(json.dumps(part, ensure_ascii=False)) - 2
            if isinstance(part, str)
            else _SYMBOL_LENGTH.get(part.name, 1)
            if isinstance(part, Symbol)
            else 0
            for part in value.parts
        )
    if isinstance(value, Reference):
        return 3
    if isinstance(value, (Unknown, Symbol)):
        return 0
    if isinstance(value, dict):
        known = [(k, v) for k, v in value.items() if not isinstance(v, Unknown)]
        body = sum(_length(str(k), depth + 1) + 1 + _length(v, depth + 1) for k, v in known)
        return 2 + body + max(0, len(known) - 1)
    if isinstance(value, (list, tuple)):
        return 2 + sum(_length(member, depth + 1) for member in value) + max(0, len(value) - 1)
    return _known_length(json.dumps(value, ensure_ascii=False, default=lambda other: None))
