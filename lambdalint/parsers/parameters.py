"""Parameters and conditions of a template, and what they are in one scenario."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from lambdalint.model.resource import Link
from lambdalint.model.values import Symbol, Text, Unknown, Value, known, text
from lambdalint.parsers.intrinsics import PSEUDO, evaluate, sub_names

Requirement = dict[Any, tuple[Any, ...]]
"""Parameter (or an undecided comparison, as a tuple) to the values that open a branch, never none."""
Changes = dict[Any, Any]
"""Parameter or undecided comparison to the value that a derived scenario gives it."""
MAX_CHAIN = 100
"""How deep conditions are followed, within each other and from one to the next: each is a level of recursion."""


class Named(NamedTuple):
    """A deployment that somebody named: the command line's overrides, or an environment of samconfig."""

    label: str | None = None
    overrides: Mapping[str, tuple[Any, Link | None]] = {}
    region: str | None = None
    account: str | None = None


def partition(region: str) -> str:
    """The partition of a Region, e.g. aws-cn for cn-north-1."""
    for prefix, name in (("cn-", "aws-cn"), ("us-gov-", "aws-us-gov"), ("eusc-", "aws-eusc")):
        if region.startswith(prefix):
            return name
    return "aws"


def _pseudo(name: str, region: str | None, account: str | None) -> Value:
    if name == "AWS::Region" and region:
        return region
    if name == "AWS::AccountId" and account:
        return account
    if name == "AWS::Partition" and region:
        return partition(region)
    if name == "AWS::URLSuffix" and region:
        return "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    if name == "AWS::NotificationARNs":
        return Unknown("AWS::NotificationARNs is settled when the stack is deployed")
    return Text((Symbol(name),))


class Parameters:
    """The declared parameters, their types and domains."""

    def __init__(self, template: Mapping[str, Any]) -> None:
        section = template.get("Parameters")
        self.definitions: dict[str, dict[str, Any]] = {
            name: definition if isinstance(definition, dict) else {}
            for name, definition in (section.items() if isinstance(section, dict) else ())
        }

    def typed(self, name: str, raw: Any) -> Value:
        """A raw value (of a default or an override) as Ref of the parameter gives it."""
        definition = self.definitions[name]
        kind = definition.get("Type", "String")
        if isinstance(kind, str) and kind.startswith("AWS::SSM::Parameter::"):
            return Unknown(f"the parameter {name} is read from SSM when the stack is deployed")
        if lowered(definition.get("NoEcho")) == "true":
            return Unknown(f"the parameter {name} is NoEcho", secret=True)
        if isinstance(kind, str) and (kind == "CommaDelimitedList" or kind.startswith("List<")):
            members = raw if isinstance(raw, list) else (text(raw) or "").split(",")
            return [(text(member) or "").strip() for member in members]
        if kind == "Number" and isinstance(raw, (int, float)) and not isinstance(raw, bool):
            return raw
        if isinstance(raw, (Unknown, Text)):
            return raw
        value = text(raw)
        if value is None:
            return Unknown(f"the value of the parameter {name} is no scalar")
        if "{{resolve:" in value:
            return Unknown(f"the parameter {name} is resolved when the stack is deployed", secret="ssm:" not in value)
        return value

    def allowed(self, name: str) -> list[Value]:
        values = self.definitions.get(name, {}).get("AllowedValues")
        return [self.typed(name, value) for value in values] if isinstance(values, list) else []

    def initial(self, name: str, named: Named) -> Value:
        """The value in a named deployment: its override, the default, else unknown."""
        if name in named.overrides:
            return self.typed(name, named.overrides[name][0])
        definition = self.definitions[name]
        if "Default" in definition:
            return self.typed(name, definition["Default"])
        kind = definition.get("Type")
        if isinstance(kind, str) and kind.startswith("AWS::SSM::Parameter::"):
            return self.typed(name, "")
        secret = lowered(definition.get("NoEcho")) == "true"
        return Unknown(f"the parameter {name} has no value", secret=secret)


def lowered(value: Any) -> str:
    return (text(value) or "").lower()


class Assignment:
    """One scenario: every parameter has a value, every condition holds or not. An intrinsics Environment."""

    def __init__(
        self,
        parameters: Parameters,
        conditions: Mapping[str, Any],
        mappings: Mapping[str, Any],
        logical_ids: Mapping[str, Any],
        named: Named,
        changes: Changes | None = None,
        base: Assignment | None = None,
    ) -> None:
        self.parameters = parameters
        self.conditions = conditions
        self.mappings = mappings
        self.logical_ids = logical_ids
        self.named = named
        self.changes = changes or {}
        self.base = base
        self._values: dict[str, Value] = {}
        self._holds: dict[str, bool] = {}
        self._depth = 0

    def declares(self, name: str) -> bool:
        return name in self.parameters.definitions or name in PSEUDO

    def parameter(self, name: str) -> Value:
        if name not in self._values:
            if name in self.changes:
                value = self.changes[name]
            elif name in PSEUDO:
                value = _pseudo(name, self.named.region, self.named.account)
            else:
                value = self.parameters.initial(name, self.named)
                allowed = self.parameters.allowed(name) if isinstance(value, Unknown) else None
                if allowed:
                    value = allowed[0]
            self._values[name] = value
        return self._values[name]

    def links(self, name: str) -> tuple[Link, ...]:
        if name in PSEUDO or name in self.changes:
            if name in self.changes and name in self.parameters.definitions:
                return (Link(("Parameters", name), f"the parameter {name}"),)
            return ()
        if name in self.named.overrides:
            link = self.named.overrides[name][1]
            return (link,) if link else ()
        if "Default" in self.parameters.definitions[name]:
            return (Link(("Parameters", name, "Default"), f"default of parameter {name}"),)
        return ()

    def derived(self, name: str) -> bool:
        return name in self.changes

    def condition(self, name: str) -> bool:
        if name not in self._holds:
            self._holds[name] = True  # what a condition that names itself sees
            self._holds[name] = self.holds(self.conditions.get(name, True))
        return self._holds[name]

    def holds(self, expression: Any) -> bool:
        """Whether a condition's expression holds in this scenario. Past a depth that nobody writes, it does."""
        if self._depth > MAX_CHAIN:
            return True
        self._depth += 1
        try:
            return self._decide(expression)
        finally:
            self._depth -= 1

    def _decide(self, expression: Any) -> bool:
        if isinstance(expression, dict) and len(expression) == 1:
            ((name, argument),) = expression.items()
            if name == "Condition" and isinstance(argument, str):
                return self.condition(argument)
            if name == "Fn::Not" and isinstance(argument, list) and argument:
                return not self.holds(argument[0])
            if name == "Fn::And" and isinstance(argument, list):
                return all(self.holds(item) for item in argument)
            if name == "Fn::Or" and isinstance(argument, list):
                return any(self.holds(item) for item in argument)
            if name == "Fn::Equals" and isinstance(argument, list) and len(argument) == 2:
                settled = self.equals(argument)
                return settled if settled is not None else bool(self.changes.get(atom(expression), False))
            return bool(self.changes.get(atom(expression), False))
        if isinstance(expression, bool):
            return expression
        return lowered(expression) == "true" if isinstance(expression, str) else True

    def equals(self, sides: list[Any]) -> bool | None:
        """Whether two operands are equal; None where that cannot be known in this scenario."""
        left, right = (evaluate(side, self).value for side in sides)
        if known(left) and known(right):
            left_text, right_text = text(left), text(right)
            if left_text is not None and right_text is not None:
                return left_text == right_text
            return bool(left == right)
        if left == right and not isinstance(left, Unknown):
            return True
        # A parameter without a value is another value than every literal that it is compared with: the scenario in
        # which it equals one is derived.
        for side, other in ((sides[0], right), (sides[1], left)):
            if variable(side, self) and known(other):
                return False
        return None


def atom(expression: Any) -> tuple[str, str]:
    return ("comparison", json.dumps(expression, sort_keys=True, default=repr))


def variable(node: Any, assignment: Assignment) -> str | None:
    """The parameter that an operand is, or None."""
    if isinstance(node, dict) and len(node) == 1 and isinstance(node.get("Ref"), str):
        name: str = node["Ref"]
        return name if assignment.declares(name) else None
    return None


def parameters_of(expression: Any, conditions: Mapping[str, Any]) -> set[str]:
    """The parameters (and undecidable pseudo parameters) that a condition's expression rests on."""
    found: set[str] = set()
    seen: set[str] = set()
    pending = [expression]
    while pending:
        node = pending.pop()
        if isinstance(node, list):
            pending += node
        elif isinstance(node, dict):
            for key, argument in node.items():
                if key == "Ref" and isinstance(argument, str):
                    found.add(argument)
                elif key == "Condition" and isinstance(argument, str):
                    if argument not in seen:
                        seen.add(argument)
                        pending.append(conditions.get(argument))
                elif key == "Fn::Sub" and isinstance(argument, str):
                    found |= {content for _, _, content in sub_names(argument)}
                else:
                    pending.append(argument)
    return found
