"""Which deployments of a template are looked at: the named ones, then as few derived ones as reach every branch.

A branch is a conjunction of conditions: those of the resource and of the Fn::Ifs around a value. Each branch that no
named deployment reaches is solved for the parameters that open it, and what does not contradict each other is packed
into one derived scenario. So the number of scenarios follows the longest chain of contradictions, never a product.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from lambdalint.finding import Decision
from lambdalint.model.values import Value
from lambdalint.parsers.intrinsics import PSEUDO, function_name, sub_names
from lambdalint.parsers.parameters import Assignment, Requirement
from lambdalint.parsers.solver import Solver, merge, same

MAX_SCENARIOS = 32
MAX_BRANCHES = 4000

Branch = frozenset[tuple[str, bool]]


class Uses(NamedTuple):
    """What a raw tree reads: the branches in it, parameters with the branches they are read in, condition names."""

    branches: frozenset[Branch]
    parameters: frozenset[tuple[str, Branch]]
    conditions: frozenset[str]


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
    pending: list[tuple[Any, Branch]] = [(resource, start)]
    while pending:
        node, branch = pending.pop()
        if isinstance(node, list):
            pending += [(child, branch) for child in node]
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
                pending += [(child, branch) for child in node.values()]
    return Uses(frozenset(branches), frozenset(parameters), frozenset(conditions))


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


def plan(named: list[Assignment], trees: Iterable[Uses]) -> Plan:
    """The scenarios that reach every branch of these trees."""
    solver = Solver(named[0])
    bins: list[Requirement] = []
    complete = True
    for wanted, parameter, value in _targets(named, trees, solver):
        ways = solver.branch(wanted)
        if parameter is not None:
            ways = [both for way in ways if (both := merge(way, {parameter: value})) is not None]
        if not ways:
            continue
        for way in ways:
            slot = next((i for i, taken in enumerate(bins) if merge(taken, way) is not None), None)
            if slot is not None:
                bins[slot] = {**bins[slot], **way}
                break
        else:
            if len(named) + len(bins) < MAX_SCENARIOS:
                bins.append(dict(ways[0]))
            else:
                complete = False
    derived = [solver.assignment(requirement) for requirement in bins]
    return Plan((*named, *(d for d in derived if d.changes)), complete, solver)


def _targets(
    named: list[Assignment], trees: Iterable[Uses], solver: Solver
) -> Iterator[tuple[Branch, str | None, Value]]:
    """What no named deployment reaches: branches, and allowed values of parameters with the branch they are read in."""
    branches: dict[Branch, None] = {}
    reads: dict[tuple[str, Branch], None] = {}
    for tree in trees:
        branches.update(dict.fromkeys(sorted(tree.branches, key=sorted)))
        reads.update(dict.fromkeys(sorted(tree.parameters, key=lambda read: (read[0], sorted(read[1])))))
    for branch in list(branches)[:MAX_BRANCHES]:
        if branch and not any(all(one.condition(name) == holds for name, holds in branch) for one in named):
            yield branch, None, None
    overridden = {name for one in named for name in one.named.overrides}
    for name, branch in list(reads)[:MAX_BRANCHES]:
        if name in PSEUDO or name not in solver.base.parameters.definitions or name in overridden:
            continue
        present = solver.base.parameter(name)
        for value in solver.base.parameters.allowed(name):
            if not same(value, present):
                yield branch, name, value
