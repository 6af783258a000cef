"""Which parameter values open a branch of a template, starting from one named deployment."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lambdalint.model.values import Unknown, Value, text
from lambdalint.parsers.parameters import Assignment, Requirement, atom, parameters_of, variable

MAX_ALTERNATIVES = 6
"""How many ways to make a condition true are tried; any one of them is enough."""


class Solver:
    """Finds parameter values that open a branch, starting from one named deployment."""

    def __init__(self, base: Assignment) -> None:
        self.base = base
        self.compared: dict[str, list[Value]] = {}
        for expression in base.conditions.values():
            self._collect(expression)
        self._solved: dict[tuple[str, bool], list[Requirement]] = {}
        self._roots: dict[str, frozenset[str]] = {}

    def _collect(self, expression: Any) -> None:
        if isinstance(expression, list):
            for item in expression:
                self._collect(item)
        elif isinstance(expression, dict):
            for name, argument in expression.items():
                if name == "Fn::Equals" and isinstance(argument, list) and len(argument) == 2:
                    for side, other in (argument, argument[::-1]):
                        name_of = variable(side, self.base)
                        literal = text(other) if not isinstance(other, (dict, list)) else None
                        if name_of and literal is not None:
                            values = self.compared.setdefault(name_of, [])
                            if literal not in values:
                                values.append(literal)
                else:
                    self._collect(argument)

    def domain(self, name: str) -> list[Value]:
        """The values worth trying: the present one, those it is compared with, the allowed ones, one other."""
        present = self.base.parameter(name)
        allowed = self.base.parameters.allowed(name)
        values = [present, *(allowed or self.compared.get(name, []))]
        if not allowed and not isinstance(present, Unknown):
            values.append(Unknown(f"{name} is another value than the conditions name"))
        return values

    def roots(self, condition: str) -> frozenset[str]:
        if condition not in self._roots:
            conditions = self.base.conditions
            self._roots[condition] = frozenset(parameters_of(conditions.get(condition), conditions)) or frozenset(
                (condition,)
            )
        return self._roots[condition]

    def branch(self, branch: Iterable[tuple[str, bool]]) -> list[Requirement]:
        """The ways to make all these conditions hold as wanted; none where they exclude each other."""
        return self._all([({"Condition": name}, wanted) for name, wanted in sorted(branch)], frozenset())

    def _all(self, goals: list[tuple[Any, bool]], seen: frozenset[str]) -> list[Requirement]:
        found: list[Requirement] = [{}]
        for expression, wanted in goals:
            ways = self._solve(expression, wanted, seen)
            merged = [both for one in found for way in ways if (both := merge(one, way)) is not None]
            found = merged[:MAX_ALTERNATIVES]
        return found

    def _any(self, goals: list[tuple[Any, bool]], seen: frozenset[str]) -> list[Requirement]:
        found = [way for expression, wanted in goals for way in self._solve(expression, wanted, seen)]
        found.sort(key=self._changes)
        return found[:MAX_ALTERNATIVES]

    def _changes(self, requirement: Requirement) -> int:
        return sum(1 for name, value in requirement.items() if self.differs(name, value))

    def differs(self, name: Any, value: Any) -> bool:
        """Whether a requirement departs from the named deployment."""
        return bool(value) if isinstance(name, tuple) else value is not self.base.parameter(name)

    def _solve(self, expression: Any, wanted: bool, seen: frozenset[str]) -> list[Requirement]:
        if not (isinstance(expression, dict) and len(expression) == 1):
            return [{}] if self.base.holds(expression) == wanted else []
        ((name, argument),) = expression.items()
        if name == "Condition" and isinstance(argument, str):
            if argument in seen:
                return [{}] if wanted else []
            if (argument, wanted) not in self._solved:
                inner = self.base.conditions.get(argument, True)
                self._solved[argument, wanted] = self._solve(inner, wanted, seen | {argument})
            return self._solved[argument, wanted]
        if name == "Fn::Not" and isinstance(argument, list) and argument:
            return self._solve(argument[0], not wanted, seen)
        if name in ("Fn::And", "Fn::Or") and isinstance(argument, list):
            goals = [(item, wanted) for item in argument]
            return self._all(goals, seen) if (name == "Fn::And") == wanted else self._any(goals, seen)
        if name == "Fn::Equals" and isinstance(argument, list) and len(argument) == 2:
            return self._equals(expression, argument, wanted)
        return [{atom(expression): wanted}]

    def _equals(self, expression: Any, sides: list[Any], wanted: bool) -> list[Requirement]:
        variables = [name for name in sorted(parameters_of(sides, {})) if self.base.declares(name)]
        ways: list[Requirement] = []
        if len(variables) == 1:
            (name,) = variables
            settled = False
            for value in self.domain(name):
                trial = self.base if value is self.base.parameter(name) else self.assignment({name: value})
                result = trial.equals(sides)
                settled = settled or result is not None
                if result is wanted:
                    ways.append({name: value})
            if settled:
                return ways[:MAX_ALTERNATIVES]
        elif len(variables) == 2 and all(variable(side, self.base) for side in sides):
            first, second = (variable(side, self.base) for side in sides)
            for left in self.domain(first or "")[:4]:
                for right in self.domain(second or "")[:4]:
                    equal = not isinstance(left, Unknown) and text(left) is not None and text(left) == text(right)
                    if equal is wanted:
                        ways.append({first: left, second: right})
            ways.sort(key=self._changes)
            if ways:
                return ways[:MAX_ALTERNATIVES]
        settled_now = self.base.equals(sides)
        if settled_now is not None:
            return [{}] if settled_now is wanted else []
        return [{atom(expression): wanted}]

    def assignment(self, requirement: Requirement) -> Assignment:
        base = self.base
        changes = {name: value for name, value in requirement.items() if self.differs(name, value)}
        return Assignment(
            base.parameters, base.conditions, base.mappings, base.logical_ids, base.named, changes, base=base
        )


def merge(one: Requirement, other: Requirement) -> Requirement | None:
    """Both requirements as one, or None where they contradict each other."""
    for name, value in other.items():
        if name in one and not same(one[name], value):
            return None
    return {**one, **other}


def same(left: Any, right: Any) -> bool:
    if isinstance(left, Unknown) or isinstance(right, Unknown):
        return isinstance(left, Unknown) and isinstance(right, Unknown)
    return bool(left == right)
