"""Which deployments of a template are looked at: the named ones, then as few derived ones as reach every branch.

A branch is a conjunction of conditions: those of the resource and of the Fn::Ifs around a value. Each branch that no
named deployment reaches is solved for the parameters that open it. The first few stand alone, one departure from the
named deployment at a time, as somebody would deploy it; of many, those that concern other resources are packed into one
derived scenario, and in the end all that do not contradict each other. So the number of scenarios is never a product.
"""

# No "from __future__ import annotations" here: a NamedTuple would compile each of its annotations at every start.

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from lambdalint.finding import Decision
from lambdalint.model.values import Value
from lambdalint.parsers.intrinsics import PSEUDO, function_name, is_literal, sub_names
from lambdalint.parsers.parameters import Assignment, Requirement
from lambdalint.parsers.solver import Solver, merge, same

MAX_SCENARIOS = 32
ALONE = 4
"""So many derived scenarios hold one departure each before any two are packed."""
APART = 10
"""So many there are at most before two departures that concern one resource are packed."""
MAX_BRANCHES = 4000

Branch = frozenset[tuple[str, bool]]


class Uses(NamedTuple):
    """What a raw tree reads: the branches in it, parameters with the branches they are read in, condition names."""

    branches: frozenset[Branch]
    parameters: frozenset[tuple[str, Branch]]
    conditions: frozenset[str]
    literal: frozenset[int] = frozenset()
    """The identity of each property's value that is a map or list without any function in it: it is its own value."""


def uses(resource: Any) -> Uses:
    """The branches, parameters and conditions of a raw resource."""
    branches: set[Branch] = set()
    parameters: set[tuple[str, Branch]] = set()
    conditions: set[str] = set()
    start: Branch = frozenset()
    if isinstance(resource, dict) and isinstance(resource.get("Condition"), str):
        conditions.add(resource["Condition"])
        start = frozenset(((resource["Condition"], True),))
    branches.add(start)
    properties = resource.get("Properties") if isinstance(resource, dict) else None
    if not isinstance(properties, dict) or function_name(properties) is not None:
        _read((properties, start), branches, parameters, conditions)
        return Uses(frozenset(branches), frozenset(parameters), frozenset(conditions))
    collections = [value for value in properties.values() if isinstance(value, (dict, list))]
    literal = frozenset(id(value) for value in collections if is_literal(value))
    for value in collections:
        if id(value) not in literal:
            _read((value, start), branches, parameters, conditions)
    return Uses(frozenset(branches), frozenset(parameters), frozenset(conditions), literal)


def _read(
    tree: tuple[Any, Branch], branches: set[Branch], parameters: set[tuple[str, Branch]], conditions: set[str]
) -> None:
    """Add what a tree reads."""
    pending = [tree]
    while pending:
        node, branch = pending.pop()
        if isinstance(node, list):
            pending += [(child, branch) for child in node if isinstance(child, (dict, list))]
        elif isinstance(node, dict):
            name = function_name(node)
            argument = node[name] if name else None
            if name == "Ref" and isinstance(argument, str):
                parameters.add((argument, branch))
            elif name == "Fn::Sub":
                template = argument[0] if isinstance(argument, list) and argument else argument
                if isinstance(template, str):
                    parameters.update((content.strip(), branch) for _, _, content in sub_names(template))
                if isinstance(argument, list):
                    pending += [(child, branch) for child in argument[1:]]
            elif (
                name == "Fn::If" and isinstance(argument, list) and len(argument) == 3 and isinstance(argument[0], str)
            ):
                conditions.add(argument[0])
                for holds, child in ((True, argument[1]), (False, argument[2])):
                    if (argument[0], not holds) in branch:
                        continue
                    inner = branch | {(argument[0], holds)}
                    branches.add(inner)
                    pending.append((child, inner))
            else:
                pending += [(child, branch) for child in node.values() if isinstance(child, (dict, list))]


class Plan(NamedTuple):
    assignments: tuple[Assignment, ...]
    """Named ones first, then derived ones."""
    complete: bool
    """False where more than MAX_SCENARIOS would have been needed."""
    solver: Solver

    def roots(self, decision: Decision) -> frozenset[str]:
        """The parameters that a decision rests on: two decisions with none in common are independent."""
        return self.solver.roots(decision.name) if decision.kind == "condition" else frozenset((decision.name,))

    def departs(self, decision: Decision) -> bool:
        """Whether a decision is another one than in the named deployment that derived ones are made of."""
        if decision.kind == "condition":
            return self.solver.base.condition(decision.name) is not decision.value
        return decision.kind == "parameter"


class Target(NamedTuple):
    """What no named deployment reaches: a branch, or in it a parameter's value; and the trees that it is read in."""

    branch: Branch
    parameter: str | None
    value: Value
    trees: frozenset[int]


class Bin:
    """A derived scenario in the making: what it requires, and the trees for whose sake."""

    __slots__ = ("requirement", "trees")

    def __init__(self, requirement: Requirement, trees: frozenset[int]) -> None:
        self.requirement = requirement
        self.trees = trees


def plan(named: list[Assignment], trees: Iterable[Uses]) -> Plan:
    """The scenarios that reach every branch of these trees."""
    solver = Solver(named[0])
    bins: list[Bin] = []
    complete = True
    for target in _targets(named, trees, solver):
        ways = solver.branch(target.branch)
        if target.parameter is not None:
            given = {target.parameter: (target.value,)}
            ways = [both for way in ways if (both := merge(way, given)) is not None]
        if ways and not _packed(ways, target.trees, bins, solver):
            if len(named) + len(bins) < MAX_SCENARIOS:
                bins.append(Bin(ways[0], target.trees))
            else:
                complete = False
    derived = [solver.assignment(one.requirement) for one in bins]
    return Plan((*named, *(d for d in derived if d.changes)), complete and solver.complete, solver)


def _packed(ways: list[Requirement], trees: frozenset[int], bins: list[Bin], solver: Solver) -> bool:
    """Whether a scenario that is there already takes one of these ways too."""
    fitting = [(one, both) for way in ways for one in bins if (both := merge(one.requirement, way)) is not None]
    for one, both in fitting:
        adds = solver.departures(both) != solver.departures(one.requirement)
        if not adds or len(bins) >= APART or (len(bins) >= ALONE and not one.trees & trees):
            one.requirement = both
            one.trees |= trees
            return True
    return False


def _targets(named: list[Assignment], trees: Iterable[Uses], solver: Solver) -> Iterator[Target]:
    branches: dict[Branch, set[int]] = {}
    reads: dict[tuple[str, Branch], set[int]] = {}
    for index, tree in enumerate(trees):
        for branch in sorted(tree.branches, key=sorted):
            branches.setdefault(branch, set()).add(index)
        for read in sorted(tree.parameters, key=lambda read: (read[0], sorted(read[1]))):
            reads.setdefault(read, set()).add(index)
    for branch, readers in list(branches.items())[:MAX_BRANCHES]:
        if branch and not any(all(one.condition(name) == holds for name, holds in branch) for one in named):
            yield Target(branch, None, None, frozenset(readers))
    overridden = {name for one in named for name in one.named.overrides}
    for (name, branch), readers in list(reads.items())[:MAX_BRANCHES]:
        if name in PSEUDO or name not in solver.base.parameters.definitions or name in overridden:
            continue
        present = solver.base.parameter(name)
        for value in solver.base.parameters.allowed(name):
            if not same(value, present):
                yield Target(branch, name, value, frozenset(readers))
