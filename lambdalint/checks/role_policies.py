"""LL508, LL510, LL512, LL513, LL515: policies that IAM or SAM refuses, or that nobody looks at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lambdalint.checks import check
from lambdalint.checks.inputs import problem_of
from lambdalint.finding import WARNING, Place, Problem
from lambdalint.iam import sdk
from lambdalint.iam.actions import exists, nearest
from lambdalint.iam.execution import functions_of, is_written, members
from lambdalint.iam.policies import ALLOW, Policy, Statement, action_matches, parse_policy, size
from lambdalint.iam.roles import RolePolicy, role_policies
from lambdalint.iam.templates import policy_template_names
from lambdalint.model.deployment import Deployment
from lambdalint.model.quota import Quota
from lambdalint.model.resource import Role
from lambdalint.model.values import Text, Unknown, Value, is_open, known, lower_bound
from lambdalint.nearest import nearest as nearest_word

TRUST = "AssumeRolePolicyDocument"


# -- trust -------------------------------------------------------------------------------------------------------------


@check("role")
def trust(role: Role, deployment: Deployment, facts: Mapping[str, Any]) -> Iterator[Problem]:
    """A function's role must let Lambda assume it."""
    if not functions_of(deployment, role):
        return
    policy = parse_policy(role.get(TRUST), role.at(TRUST).path, trust=True)
    if policy.is_open or not policy.statements:
        return
    action, principal = facts["trust"]["action"], facts["trust"]["principal"]
    answers = [_trusts(statement, action, principal) for statement in policy.statements]
    if True in answers or None in answers:
        return
    trusted = [word for one in policy.statements if one.effect == ALLOW for word in _services(one)]
    fields = {"principal": principal, "trusted": trusted, "action": action}
    named = any(word.startswith("lambda.") for word in trusted)
    yield Problem(role.at(TRUST, key=True), "action" if named else "default" if trusted else "nobody", fields)


def _principals(statement: Statement) -> list[Value]:
    principal = statement.principal
    value = principal.get("Service") if isinstance(principal, dict) else principal
    return value if isinstance(value, list) else [] if value is None else [value]


def _services(statement: Statement) -> list[str]:
    return [lower_bound(one) for one in _principals(statement) if lower_bound(one) not in ("", "*")]


def _trusts(statement: Statement, action: str, principal: str) -> bool | None:
    """Whether a statement lets a service assume the role; None where that is not known."""
    if statement.is_open or statement.effect is None or statement.not_principal is not None:
        return None
    if statement.effect != ALLOW:
        return False
    if isinstance(statement.principal, (Unknown, Text)) or is_open(statement.principal):
        return None
    may = [action_matches(one, action) if isinstance(one, str) else None for one in statement.actions]
    if statement.not_actions or (None in may and True not in may):
        return None
    if True not in may:
        return False
    found = _principals(statement)
    if any(one == "*" or lower_bound(one).startswith("lambda.") for one in found):
        return True
    return None if any(not known(one) and not lower_bound(one) for one in found) else False


# -- sizes -------------------------------------------------------------------------------------------------------------


@check("role")
def sizes(role: Role, deployment: Deployment, quotas: Mapping[str, Quota]) -> Iterator[Problem]:
    """The characters of inline and managed policies and the number of managed ones, as far as known."""
    if not functions_of(deployment, role):
        return
    inline = 0
    attached: list[RolePolicy] = []
    for entry in role_policies(deployment, role).policies:
        if entry.origin.kind in ("inline", "policy"):
            inline += size(entry.document)
        else:
            attached.append(entry)
        if entry.origin.kind == "customer" and size(entry.document) > quotas["managed"].max:
            policy = deployment.resource(entry.origin.name)
            if policy is not None:
                fields = {"size": size(entry.document), "quota": quotas["managed"]}
                yield Problem(policy.at("PolicyDocument", key=True), "managed", fields)
    if inline > quotas["inline"].max:
        yield Problem(role.at("Policies", key=True), fields={"size": inline, "quota": quotas["inline"]})
    most = quotas["attached"]
    if len(attached) > most.max:
        hard = most.raised or len(attached) > (most.adjustable_to or most.max)
        fields = {"count": len(attached), "quota": most}
        place = role.at("ManagedPolicyArns", key=True)
        yield Problem(place, "number", fields, severity=None if hard else WARNING)


# -- what is wrong in a document ---------------------------------------------------------------------------------------


@check("role")
def documents(role: Role, deployment: Deployment) -> Iterator[Problem]:
    """Statements that IAM refuses, and actions that do not exist."""
    if not functions_of(deployment, role):
        return
    found = role_policies(deployment, role)
    entries = [*found.policies, *([found.boundary] if found.boundary is not None else [])]
    for entry in entries:
        if is_written(deployment, role, entry):
            yield from _faults(entry.policy)
            for statement in entry.policy.statements:
                yield from _actions(deployment, statement)
    if role.id not in deployment.owners:
        yield from _faults(parse_policy(role.get(TRUST), role.at(TRUST).path, trust=True))


def _faults(policy: Policy) -> Iterator[Problem]:
    for fault in policy.faults:
        # A policy's paths are those of the evaluated role; what parsers report has the paths of the file.
        yield Problem(Place(fault.path, fault.key), fault.kind, dict(fault.fields))


def _actions(deployment: Deployment, statement: Statement) -> Iterator[Problem]:
    """Actions of a statement that no service has."""
    from lambdalint.iam import tables

    for element in ("Action", "NotAction"):
        for place, action in members(deployment, statement, element):
            if not isinstance(action, str) or ":" not in action or exists(action.strip()) is not False:
                continue
            meant = nearest(action.strip())
            if meant is not None:
                yield Problem(place, "unknown", {"action": action, "meant": meant})
                continue
            date = tables.header("iam_actions").get("checked_on", "")
            needs = _operation(action)
            kind = "operation" if needs else "pattern" if "*" in action or "?" in action else "not-known"
            yield Problem(place, kind, {"action": action, "meant": needs, "date": date}, severity=WARNING)


def _operation(action: str) -> str | None:
    """The action of an API operation that is not called like it: ``s3:ListObjectsV2`` is allowed by s3:ListBucket."""
    prefix, _, name = action.partition(":")
    services = [one for one in sdk.services() if prefix.lower() in (one, sdk.iam_prefix(one))]
    needs = next((found for one in services if (found := sdk.actions_for(one, name))), None)
    return ", ".join(group[0] for group in needs) if needs else None


# -- what SAM refuses --------------------------------------------------------------------------------------------------


@check("deployment")
def policy_templates(subject: Deployment, deployment: Deployment) -> Iterator[Problem]:
    """What SAM refuses of its policy templates; a name near none may be newer than the table."""
    for fault in subject.faults:
        if fault.kind != "policy-template":
            continue
        problem = problem_of(fault)
        kind, name = str(fault.fields["problem"]), str(fault.fields["name"])
        meant = nearest_word(name, policy_template_names()) if kind == "unknown" else None
        if kind == "extra":
            meant = next(iter(fault.fields.get("nearest") or ()), None)
        if kind == "unknown" and meant is None:
            kind = "not-known"
        fields = {**problem.fields, "meant": f": did you mean {meant}?" if meant else ""}
        place = problem.at._replace(key=True)
        yield problem._replace(at=place, kind=kind, fields=fields, severity=WARNING if kind == "not-known" else None)
