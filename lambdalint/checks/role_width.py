"""LL504-LL507, LL509, LL511, LL516: what a role allows beyond what it needs."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from lambdalint.checks import check
from lambdalint.finding import Place, Problem
from lambdalint.iam.actions import PERMISSIONS, WRITE, Action, expand, service_actions
from lambdalint.iam.conditions import applies
from lambdalint.iam.execution import functions_of, members, written_statements
from lambdalint.iam.managed import arn_text
from lambdalint.iam.policies import (
    ALLOW,
    NOT_ALLOWED,
    Statement,
    action_matches,
    is_wildcard_action,
    matches_action,
)
from lambdalint.iam.roles import RolePolicy, role_policies
from lambdalint.model.code import source_of
from lambdalint.model.deployment import Deployment
from lambdalint.model.resource import Role
from lambdalint.model.values import Reference, Text

TEXT_MESSAGES = "sns:Publish"
SHOWN = 4
"""Names that a message lists before it counts the rest."""


def _allowing(deployment: Deployment, role: Role) -> Iterator[Statement]:
    """The Allow statements that the user wrote for a function's role."""
    if functions_of(deployment, role):
        for statement in written_statements(deployment, role):
            if statement.effect == ALLOW:
                yield statement


def _on_everything(deployment: Deployment, role: Role) -> Iterator[Statement]:
    """Those that allow something on every resource with no condition that narrows it, but for what LL506 says."""
    for statement in _allowing(deployment, role):
        wide = "*" in statement.resources and applies(statement.condition) is True
        if wide and (not is_admin(statement) or _bounded(deployment, role)):
            yield statement


def is_admin(statement: Statement) -> bool:
    """Whether a statement allows everything on everything."""
    whole = any(isinstance(action, str) and action.strip("*:") == "" and action for action in statement.actions)
    return whole and "*" in statement.resources and applies(statement.condition) is True


def _bounded(deployment: Deployment, role: Role) -> bool:
    """Whether a permissions boundary holds the role back (one that is not known is taken to)."""
    boundary = role_policies(deployment, role).boundary
    return boundary is not None and not any(is_admin(statement) for statement in boundary.policy.statements)


def _names(names: Collection[str]) -> str:
    listed = sorted(names)
    more = f" and {len(listed) - SHOWN} more" if len(listed) > SHOWN else ""
    return ", ".join(listed[:SHOWN]) + more


@check("role")
def wildcard_actions(role: Role, deployment: Deployment) -> Iterator[Problem]:
    """``*`` or ``service:*``; NotAction and NotResource with Allow are as wide. ``*`` on ``*`` is LL506's."""
    for statement in _allowing(deployment, role):
        if is_admin(statement) and not _bounded(deployment, role):
            continue
        for place, action in members(deployment, statement, "Action"):
            if is_wildcard_action(action):
                yield Problem(place, fields={"action": action})
        for element, values in (("NotAction", statement.not_actions), ("NotResource", statement.not_resources)):
            if values:
                yield Problem(Place((*statement.path, element), True), "not", {"element": element})


@check("role")
def wildcard_resources(role: Role, deployment: Deployment, facts: Mapping[str, Any]) -> Iterator[Problem]:
    """Actions that write, give rights or read data, that can be scoped and are not."""
    width = facts["wildcard_resource"]
    grants = role_policies(deployment, role).grants
    escalations = facts["privilege_escalation"]  # LL507 says these
    told = {escalations["pass_role"], *escalations["single"]}
    for statement in _on_everything(deployment, role):
        found = {
            action.name
            for pattern in statement.actions
            if isinstance(pattern, str)
            for action in _scopable(pattern, width)
            if action.name not in told and grants.allows(action.name) != NOT_ALLOWED
        }
        if TEXT_MESSAGES in found and _sends_text_messages(deployment, role):
            found.remove(TEXT_MESSAGES)
        if found:
            place = next(place for place, value in members(deployment, statement, "Resource") if value == "*")
            yield Problem(place, fields={"actions": _names(found)})


def _sends_text_messages(deployment: Deployment, role: Role) -> bool:
    """Whether a function with the role may send text messages: a phone number has no ARN, and needs a star."""
    for function in functions_of(deployment, role):
        source = source_of(deployment, function)
        if source is None and not deployment.of_type("AWS::SNS::Topic"):
            return True
        if source is not None and any("PhoneNumber" in call.arguments for call in source.calls):
            return True
    return False


def _scopable(pattern: str, width: Mapping[str, Any]) -> Iterator[Action]:
    """The actions of a pattern that should name their resource."""
    service, _, name = pattern.partition(":")
    known = service_actions(service) or () if name == "*" else expand(pattern) or ()
    for action in known:
        if not action.scopable or any(action_matches(one, action.name) for one in width["ordinary"]):
            continue
        if action.level in (WRITE, PERMISSIONS) or any(action_matches(one, action.name) for one in width["data"]):
            yield action


@check("role")
def administrators(role: Role, deployment: Deployment, facts: Mapping[str, Any]) -> Iterator[Problem]:
    """Every action on every resource."""
    if not functions_of(deployment, role) or _bounded(deployment, role):
        return
    for entry in role_policies(deployment, role).policies:
        if entry.managed is not None and entry.managed.name in facts["broad_policies"]["admin"]:
            yield Problem(Place(entry.path), "managed", {"policy": entry.managed.name})
    for statement in written_statements(deployment, role):
        if statement.effect == ALLOW and is_admin(statement):
            yield Problem(Place((*statement.path, "Action")))


@check("role")
def full_access(role: Role, deployment: Deployment, facts: Mapping[str, Any]) -> Iterator[Problem]:
    """AWS managed policies that allow the whole of a service, or nearly everything."""
    broad = facts["broad_policies"]
    if not functions_of(deployment, role):
        return
    for entry in role_policies(deployment, role).policies:
        name = entry.managed.name if entry.managed is not None else ""
        if not name or name in broad["execution"]:
            continue
        if name in broad["near_admin"] or (name in broad["admin"] and _bounded(deployment, role)):
            yield Problem(Place(entry.path), "near-admin", {"policy": name})
        elif name not in broad["admin"]:
            whole = _whole_services(entry)
            if whole or name in broad["service"]:
                yield Problem(
                    Place(entry.path), fields={"policy": name, "services": _names(whole) or "a whole service"}
                )


def _whole_services(entry: RolePolicy) -> set[str]:
    """What of ``service:*`` an AWS managed policy allows."""
    return {
        action
        for statement in entry.policy.statements
        if statement.effect == ALLOW and "*" in statement.resources
        for action in statement.actions
        if is_wildcard_action(action)
    }


@check("role")
def escalations(role: Role, deployment: Deployment, facts: Mapping[str, Any]) -> Iterator[Problem]:
    """Actions on every resource by which the code can give itself more rights."""
    ways = facts["privilege_escalation"]
    grants = role_policies(deployment, role).grants
    wide = list(_on_everything(deployment, role))

    def held(action: str) -> bool:
        return any(matches_action(s, action) for s in wide) and grants.allows(action) != NOT_ALLOWED

    together = [[one for one in way if one != ways["pass_role"]] for way in ways["combinations"]]
    for statement in wide:
        of_statement = [one for one in ways["single"] if matches_action(statement, one) and held(one)]
        if of_statement:
            yield Problem(_place_of(deployment, statement, of_statement[0]), fields={"actions": _names(of_statement)})
        if matches_action(statement, ways["pass_role"]) and held(ways["pass_role"]):
            way = next((way for way in together if all(held(action) for action in way)), None)
            using = f"; with {', '.join(way)} the code can run anything as such a role" if way else ""
            yield Problem(_place_of(deployment, statement, ways["pass_role"]), "pass-role", {"using": using})


def _place_of(deployment: Deployment, statement: Statement, action: str) -> Place:
    """The member of Action that means an action."""
    for place, pattern in members(deployment, statement, "Action"):
        if isinstance(pattern, str) and action_matches(pattern, action):
            return place
    return Place(statement.path)


@check("deployment")
def shared(subject: Deployment, deployment: Deployment) -> Iterator[Problem]:
    """One role for several functions: each can do what any of them needs."""
    users: dict[str, list[Any]] = {}
    for function in deployment.functions:
        role = function.get("Role")
        name = (
            role.resource if isinstance(role, Reference) else arn_text(role) if isinstance(role, (str, Text)) else None
        )
        if name:
            users.setdefault(name, []).append(function)
    for name, functions in users.items():
        if len(functions) > 1:
            role = deployment.resource(name)
            place = role.place if role is not None else functions[0].at("Role")
            ids = [function.id for function in functions]
            related = tuple((function.at("Role"), "it uses this role") for function in functions)
            yield Problem(place, fields={"functions": ids, "count": len(ids)}, related=related)
