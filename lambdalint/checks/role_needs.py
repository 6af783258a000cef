"""LL501-LL503, LL514: what triggers, features and code need, and the role does not allow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from lambdalint.checks import check
from lambdalint.finding import WARNING, Place, Problem
from lambdalint.iam.calls import Required, requirements
from lambdalint.iam.cure import statement_words
from lambdalint.iam.execution import Lacking, evidence, lacking, policies_of
from lambdalint.iam.needs import Demand, feature_demands, trigger_demands
from lambdalint.iam.policies import DENY, Grants, matches_action
from lambdalint.model.code import source_of
from lambdalint.model.deployment import Deployment
from lambdalint.model.resource import Function, Role
from lambdalint.model.source import EnvironmentValue, SdkCall
from lambdalint.model.values import Unknown

MOST_CALLS = 5
"""Calls of one kind that a finding points at."""

NOT_ASKED_FOR = frozenset({"s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"})
"""Actions that S3 lets whoever began an upload do by default (S3's user guide, multipart upload permissions)."""


@check("function")
def triggers(function: Function, deployment: Deployment, facts: Mapping[str, Any]) -> Iterator[Problem]:
    """What the event source mappings need and the role lacks."""
    found = policies_of(deployment, function)
    if found is not None:
        for demand in trigger_demands(deployment, function, facts["mappings"]):
            yield from _lacks(deployment, function, found[0], found[1].grants, demand)


@check("function")
def features(
    function: Function, deployment: Deployment, facts: Mapping[str, Any], only: Sequence[str]
) -> Iterator[Problem]:
    """What these features need and the role lacks."""
    found = policies_of(deployment, function)
    if found is not None:
        for demand in feature_demands(deployment, function, facts["features"]):
            if demand.feature in only:
                lacks = list(_lacks(deployment, function, found[0], found[1].grants, demand))
                if lacks and not (demand.feature == "logs" and _refused(found[1].grants, demand)):
                    yield from lacks


def _refused(grants: Grants, demand: Demand) -> bool:
    """Whether a Deny speaks of what is needed: somebody meant it."""
    return any(
        statement.effect == DENY and matches_action(statement, action) is not False
        for need in demand.needs
        for action in need.actions
        for statement in grants.speaking_of(action)
    )


def _lacks(deployment: Deployment, function: Function, role: Role, grants: Grants, demand: Demand) -> Iterator[Problem]:
    """One problem for the actions that are not allowed, one for those that are allowed elsewhere only."""
    lacks: dict[str, list[tuple[str, Lacking]]] = {}
    certain: set[str] = set()
    for need in demand.needs:
        lack = lacking(deployment, grants, need.actions, need.resource)
        if lack is not None:
            kind = "resource" if lack.kind == "resource" else "default"
            lacks.setdefault(kind, []).append((" or ".join(need.actions), lack))
            certain |= {kind} if need.certain else set()
    for kind, found in lacks.items():
        yield Problem(
            role.place._replace(anchor=f"{demand.feature}:{demand.place.resource}"),
            kind,
            {"actions": [actions for actions, _ in found], "need": demand.words, "feature": demand.feature},
            ((demand.place, f"{demand.words} needs it"), *_deciding(lack for _, lack in found)),
            severity=None if kind in certain else WARNING,
            reads=(function.place, *evidence(deployment, role)),
        )


# -- code --------------------------------------------------------------------------------------------------------------


@check("function")
def calls(function: Function, deployment: Deployment) -> Iterator[Problem]:
    """Calls of an AWS API that no statement of the role allows; one problem for each kind of call and resource."""
    found = policies_of(deployment, function)
    if found is None:
        return
    role, policies = found
    source = source_of(deployment, function)
    if source is None:
        return
    problems: dict[tuple[Any, ...], tuple[Required, list[SdkCall], Lacking, tuple[str, ...]]] = {}
    judged = (call for call in source.calls if call.via != "presigned")
    for one in requirements(deployment, function, tuple(judged)):
        for need in one.needs:
            if need[0] in NOT_ASKED_FOR:
                continue
            lack = lacking(deployment, policies.grants, need, one.arn(need[0]))
            if lack is not None:
                key = (one.label, need, lack.kind, one.target and one.target.id, one.name)
                problems.setdefault(key, (one, [], lack, need))[1].append(one.call)
    for one, sites, lack, need in _together(problems.values()):
        yield Problem(
            role.place._replace(anchor=f"{one.label}:{one.target.id if one.target is not None else one.name}"),
            "default" if lack.kind == "action" else lack.kind,
            {
                "call": one.label,
                "actions": list(need),
                "target": one.target.id if one.target is not None else one.name,
                "statement": statement_words(deployment, need, one.target, one.name),
            },
            (*((source.place(call.site), "the call") for call in sites[:MOST_CALLS]), *_deciding([lack])),
            reads=(function.place, *_variables(function, one), *evidence(deployment, role)),
        )


def _deciding(lacks: Iterable[Lacking]) -> Iterator[tuple[Place, str]]:
    """The statements that decide, with what they do."""
    found = {statement.path: statement for lack in lacks for statement in lack.statements if statement.path}
    for path, statement in found.items():
        denies = statement.effect == DENY
        yield (
            Place((*path, "Action" if denies else "Resource")),
            "denied here" if denies else "allowed here, on another",
        )


def _together(
    problems: Iterable[tuple[Required, list[SdkCall], Lacking, tuple[str, ...]]],
) -> Iterator[tuple[Required, list[SdkCall], Lacking, tuple[str, ...]]]:
    """The needs of one kind of call as one problem: of alternatives, the first."""
    merged: dict[tuple[Any, ...], tuple[Required, list[SdkCall], Lacking, tuple[str, ...]]] = {}
    for one, sites, lack, need in problems:
        key = (one.label, lack.kind, one.target and one.target.id, one.name)
        first = merged.get(key)
        if first is None:
            merged[key] = (one, sites, lack, need[:1])
        else:
            more = tuple(call for call in sites if call not in first[1])
            merged[key] = (first[0], [*first[1], *more], first[2], (*first[3], *need[:1]))
    yield from merged.values()


def _variables(function: Function, one: Required) -> Iterator[Place]:
    """The variables of the template that say which resource a call is about."""
    for value in (*one.call.identifiers, *one.call.arguments.values()):
        if isinstance(value, EnvironmentValue) and not isinstance(function.get("Environment"), Unknown):
            yield function.at("Environment", "Variables", value.name)
