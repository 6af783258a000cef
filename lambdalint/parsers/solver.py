"""Which parameter values open a branch of a template, starting from one named deployment.

A requirement maps each parameter that matters to the values that it may have, the present one first. Conditions are
searched depth first with what is required so far, so that a contradiction ends a way as soon as it shows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from lambdalint.model.values import Unknown, Value, text
from lambdalint.parsers.parameters import MAX_CHAIN, Assignment, Requirement, atom, parameters_of, variable

MAX_ALTERNATIVES = 6
"""How many ways to open a branch are offered; any one of them is enough."""
MAX_STEPS = 2000
"""How many comparisons are looked at for one branch."""
MAX_STEPS_IN_ALL = 60_000
"""How many for one template; a quarter of a second."""
MAX_GOALS = 200
"""How many conditions of one And (or Or, negated) are followed: each is a level of recursion."""

Goal = tuple[Any, bool]


class _Exhausted(Exception):
    """A search went past its bound."""


class Solver:
    """Finds parameter values that open a branch, starting from one named deployment."""

    def __init__(self, base: Assignment) -> None:
        self.base = base
        self.complete = True
        """False once a search was given up."""
        self.compared: dict[str, list[Value]] = {}
        for expression in base.conditions.values():
            self._collect(expression)
        self._roots: dict[str, frozenset[str]] = {}
        self._equal: dict[tuple[str, str], list[Requirement]] = {}
        self._steps = 0
        self._bound = 0

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
        others = allowed or self.compared.get(name, [])
        values = [present, *(value for value in others if not same(value, present))]
        if not allowed and not isinstance(present, Unknown):
            values.append(Unknown(f"{name} is another value than the conditions name"))
        return values

    def roots(self, condition: str) -> frozenset[str]:
        """The parameters that a condition rests on; itself where there are none."""
        if condition not in self._roots:
            conditions = self.base.conditions
            found = frozenset(parameters_of(conditions.get(condition), conditions))
            self._roots[condition] = found or frozenset((condition,))
        return self._roots[condition]

    def branch(self, branch: Iterable[tuple[str, bool]]) -> list[Requirement]:
        """Ways to make all these conditions hold as wanted, the fewest departures first; none where they cannot."""
        self._bound = min(self._steps + MAX_STEPS, MAX_STEPS_IN_ALL)
        goals: list[Goal] = [({"Condition": name}, wanted) for name, wanted in sorted(branch)]
        found: list[Requirement] = []
        try:
            for way in self._all(goals, {}, frozenset()):
                found.append(way)
                if len(found) == MAX_ALTERNATIVES:
                    break
        except (_Exhausted, RecursionError):
            self.complete = self.complete and bool(found)
        found.sort(key=lambda way: len(self.departures(way)))
        return found

    def departures(self, requirement: Requirement) -> frozenset[Any]:
        """The names whose present value a requirement does not allow."""
        return frozenset(name for name, values in requirement.items() if self._departs(name, values))

    def _departs(self, name: Any, values: tuple[Value, ...]) -> bool:
        if isinstance(name, tuple):  # an undecided comparison, taken as not holding
            return False not in values
        present = self.base.parameter(name)
        return not any(same(value, present) for value in values)

    def _all(self, goals: list[Goal], given: Requirement, seen: frozenset[str]) -> Iterator[Requirement]:
        if not goals:
            yield given
        elif len(goals) == 1:
            yield from self._solve(*goals[0], given, seen)
        elif len(goals) > MAX_GOALS:
            raise _Exhausted
        else:
            for way in self._solve(*goals[0], given, seen):
                yield from self._all(goals[1:], way, seen)

    def _solve(self, expression: Any, wanted: bool, given: Requirement, seen: frozenset[str]) -> Iterator[Requirement]:
        """The ways in which an expression comes out as wanted, each with what is given."""
        self._steps += 1
        if self._steps > self._bound:
            raise _Exhausted
        name, argument = next(iter(expression.items())) if _is_call(expression) else ("", None)
        if name == "Condition" and isinstance(argument, str):
            if argument in seen or len(seen) > MAX_CHAIN:
                if wanted:
                    yield given
                return
            yield from self._solve(self.base.conditions.get(argument, True), wanted, given, seen | {argument})
        elif name == "Fn::Not" and isinstance(argument, list) and argument:
            yield from self._solve(argument[0], not wanted, given, seen)
        elif name in ("Fn::And", "Fn::Or") and isinstance(argument, list):
            if (name == "Fn::And") == wanted:
                yield from self._all([(item, wanted) for item in argument], given, seen)
            else:
                for item in argument:
                    yield from self._solve(item, wanted, given, seen)
        else:
            for way in self._atoms(expression, name, argument, wanted):
                merged = merge(given, way)
                if merged is not None:
                    yield merged

    def _atoms(self, expression: Any, name: str, argument: Any, wanted: bool) -> list[Requirement]:
        if not name:
            return [{}] if self.base.holds(expression) == wanted else []
        if name != "Fn::Equals" or not isinstance(argument, list) or len(argument) != 2:
            return [{atom(expression): (wanted,)}]
        key = (atom(expression)[1], str(wanted))
        if key not in self._equal:
            self._equal[key] = self._equals(expression, argument, wanted)
        return self._equal[key]

    def _equals(self, expression: Any, sides: list[Any], wanted: bool) -> list[Requirement]:
        variables = [name for name in sorted(parameters_of(sides, {})) if self.base.declares(name)]
        if len(variables) == 1:
            (name,) = variables
            results = [(value, self._trial(name, value).equals(sides)) for value in self.domain(name)]
            if any(result is not None for _, result in results):
                fitting = tuple(value for value, result in results if result is wanted)
                return [{name: fitting}] if fitting else []
        elif len(variables) == 2 and all(variable(side, self.base) for side in sides):
            first, second = (variable(side, self.base) or "" for side in sides)
            pairs = [
                {first: (left,), second: (right,)}
                for left in self.domain(first)[:4]
                for right in self.domain(second)[:4]
                if _equal_texts(left, right) is wanted
            ]
            if pairs:
                return sorted(pairs, key=lambda way: len(self.departures(way)))[:MAX_ALTERNATIVES]
        settled_now = self.base.equals(sides)
        if settled_now is not None:
            return [{}] if settled_now is wanted else []
        return [{atom(expression): (wanted,)}]

    def _trial(self, name: str, value: Value) -> Assignment:
        return self.base if value is self.base.parameter(name) else self.assignment({name: (value,)})

    def assignment(self, requirement: Requirement) -> Assignment:
        """The scenario that a requirement comes to: of each parameter's values the present one, else the first."""
        base = self.base
        changes = {name: requirement[name][0] for name in requirement if self._departs(name, requirement[name])}
        return Assignment(
            base.parameters, base.conditions, base.mappings, base.logical_ids, base.named, changes, base=base
        )


def _is_call(expression: Any) -> bool:
    return isinstance(expression, dict) and len(expression) == 1


def _equal_texts(left: Value, right: Value) -> bool:
    return not isinstance(left, Unknown) and text(left) is not None and text(left) == text(right)


def merge(one: Requirement, other: Requirement) -> Requirement | None:
    """Both requirements as one, or None where they contradict each other."""
    merged = dict(one)
    for name, values in other.items():
        mine = merged.get(name)
        if mine is not None:
            values = tuple(value for value in mine if any(same(value, its) for its in values))
            if not values:
                return None
        merged[name] = values
    return merged


def same(left: Any, right: Any) -> bool:
    """Whether two values of a parameter open the same branches."""
    if isinstance(left, Unknown) or isinstance(right, Unknown):
        return isinstance(left, Unknown) and isinstance(right, Unknown)
    return bool(left == right)
