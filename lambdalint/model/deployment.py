"""One deployment: a template with every parameter settled, as a check sees it.

A Resource holds values only. What joins resources (a function's role, its event sources) is asked of the Deployment,
which notes what was looked at: a check's result is valid for every deployment in which those things are the same.
"""

# No "from __future__ import annotations" here: a NamedTuple would compile each of its annotations at every start.

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, TypeVar

from lambdalint.finding import Decision, Fault, Notice, Path
from lambdalint.model.resource import NAME_PROPERTIES, Function, Layer, Link, Resource, Role, Written
from lambdalint.model.template import ONLY, Input, Scenario, Template
from lambdalint.model.values import Reference, Value


def _name_key(resource: Resource) -> tuple[str, ...]:
    name = resource.properties.get(NAME_PROPERTIES.get(resource.type, ""))
    return (f"{resource.type} {name}",) if isinstance(name, str) else ()


_KEYS: dict[str, Callable[[Resource], Iterable[str]]] = {
    "type": lambda resource: (resource.type,),
    "referrers": lambda resource: resource.targets,
    "named": _name_key,
    "callers": lambda resource: resource.functions_named,
}
"""What each index of a deployment looks resources up by."""


T = TypeVar("T")
Trace = dict[tuple[str, Any], Any]
"""What was looked at: kind of look and name, to what was seen; under ``relation`` the trace of a remembered one."""


class Deployment:
    """The resources of one scenario, and what joins them."""

    def __init__(
        self,
        template: Template,
        resources: dict[str, Resource],
        *,
        scenario: Scenario = ONLY,
        moved: Mapping[Path, Path] | None = None,
        owners: Mapping[str, str] | None = None,
        event_types: Mapping[str, str] | None = None,
        faults: tuple[Fault, ...] = (),
        absent: Mapping[str, tuple[Decision, ...]] | None = None,
        declared: Mapping[str, str] | None = None,
        sections: Mapping[str, Any] | None = None,
        is_open: bool = False,
        region: str | None = None,
        account: str | None = None,
        as_of: str = "",
        roots: Callable[[Decision], frozenset[str]] | None = None,
        departs: Callable[[Decision], bool] | None = None,
        notices: tuple[Notice, ...] = (),
    ) -> None:
        self.template = template
        self.resources = resources
        self.scenario = scenario
        self.moved = moved or {}
        self.owners = owners or {}
        """Generated logical ID to the SAM resource that it came from."""
        self.event_types = event_types or {}
        """Generated logical ID to the type of the SAM event that it was made for."""
        self.faults = faults
        self.absent = absent or {}
        """Logical IDs whose condition does not hold here, with the decisions."""
        self.declared = declared or {}
        """Every logical ID of the template, present or not, with its type."""
        self.sections = sections or {}
        """The template's other sections, raw: Parameters, Conditions, Mappings, Outputs …"""
        self.is_open = is_open
        """Resources exist that are not seen (a macro, an Include, a module)."""
        self.region = region
        self.account = account
        self.as_of = as_of
        """The day of judgement, YYYY-MM-DD."""
        self.roots = roots or (lambda decision: frozenset((decision.name,)))
        """The parameters that a decision rests on."""
        self.departs = departs or (lambda decision: decision.kind == "parameter")
        """Whether a decision differs from the named deployment that a derived one was made of."""
        self.notices = notices
        self._memo: dict[tuple[Any, ...], tuple[Any, Trace]] = {}
        self._held: dict[int, tuple[Trace, bool]] = {}
        self._trace: Trace | None = None
        self._indexes: dict[str, Mapping[str, tuple[Resource, ...]]] = {}
        self._has: dict[str, bool] = {}
        self._properties: dict[str, frozenset[str]] = {}
        """By type, what the properties of all its resources are called."""

    # -- looking at resources (each look is noted) -----------------------------------------------------------------

    def resource(self, logical_id: str) -> Resource | None:
        found: Resource | None = self._look("id", logical_id)
        return found

    def of_type(self, *types: str) -> tuple[Resource, ...]:
        """The resources of these types, in the template's order within each type."""
        return tuple(resource for name in types for resource in self._look("type", name))

    def referrers(self, logical_id: str) -> tuple[Resource, ...]:
        """The resources whose properties refer to a resource, in the template's order."""
        found: tuple[Resource, ...] = self._look("referrers", logical_id)
        return found

    def named(self, type: str, name: str) -> Resource | None:
        """The resource of a type that has this literal name."""
        found = self._look("named", f"{type} {name}")
        return found[0] if found else None

    def callers(self, function_name: str) -> tuple[Resource, ...]:
        """The resources that call a function by its literal name and not by reference."""
        found: tuple[Resource, ...] = self._look("callers", function_name)
        return found

    def _look(self, kind: str, name: str) -> Any:
        found: Any = self.resources.get(name) if kind == "id" else self._index(kind).get(name, ())
        if self._trace is not None:
            self._trace[kind, name] = found
        return found

    def _index(self, kind: str) -> Mapping[str, tuple[Resource, ...]]:
        if kind not in self._indexes:
            keys = _KEYS[kind]
            index: dict[str, list[Resource]] = {}
            for resource in self.resources.values():
                for key in keys(resource):
                    index.setdefault(key, []).append(resource)
            self._indexes[kind] = {key: tuple(found) for key, found in index.items()}
        return self._indexes[kind]

    def has(self, need: str) -> bool:
        """Whether there is what a rule ``needs`` (rules/rule.schema.json). The engine asks: the look is not noted."""
        if need not in self._has:
            outer, self._trace = self._trace, None
            try:
                self._has[need] = self._is_there(need)
            finally:
                self._trace = outer
        return self._has[need]

    def _is_there(self, need: str) -> bool:
        if need in ("local-code", "local-path"):
            artifacts = self.template.artifacts
            if artifacts is None:
                return False
            codes = map(artifacts.code, (*self.functions, *self.layers))
            if any(code is not None and (code.exists or need == "local-path") for code in codes):
                return True
            images = (one for one in self.functions if one.is_image) if need == "local-path" else ()
            return any(artifacts.context(self.owner(one.id)) is not None for one in images)
        if need == "own-role":
            return not all(map(self._is_sams_own, self.roles))
        if need == "override":
            return bool(self.scenario.overrides)
        if need == "fault":
            return bool(self.faults)
        type, *path = need.split(".")
        found = self.of_type(type)
        if not path or not found:
            return bool(found)
        if type not in self._properties:
            self._properties[type] = frozenset().union(*(one.properties for one in found))
        return path[0] in self._properties[type] and any(one.get(*path) is not None for one in found)

    def _is_sams_own(self, role: Role) -> bool:
        """Whether a role is one that SAM makes, with nothing in it that the user wrote."""
        arns = role.get("ManagedPolicyArns")
        plain = role.id in self.owners and role.get("Policies") is None and role.get("PermissionsBoundary") is None
        return plain and isinstance(arns, list) and len(arns) == 1 and not self._trusts_anew(role)

    def _trusts_anew(self, role: Role) -> bool:
        path = ("Resources", self.owners[role.id], "Properties", "AssumeRolePolicyDocument")
        return self.template.document.has(path)

    @property
    def functions(self) -> tuple[Function, ...]:
        return tuple(r for r in self.of_type("AWS::Lambda::Function") if isinstance(r, Function))

    @property
    def layers(self) -> tuple[Layer, ...]:
        return tuple(r for r in self.of_type("AWS::Lambda::LayerVersion") if isinstance(r, Layer))

    @property
    def roles(self) -> tuple[Role, ...]:
        return tuple(r for r in self.of_type("AWS::IAM::Role") if isinstance(r, Role))

    def follow(self, value: Value) -> Resource | None:
        """The resource that a plain reference (Ref or GetAtt) names, or None."""
        return self.resource(value.resource) if isinstance(value, Reference) else None

    # -- what a check looked at --------------------------------------------------------------------------------------

    def traced(self, work: Callable[[], T]) -> tuple[T, Trace]:
        """Run ``work`` and note every resource and index that it looks at."""
        outer, self._trace = self._trace, {}
        try:
            result = work()
            trace = self._trace
        finally:
            self._trace = outer
        if outer is not None:
            outer.update(trace)
        return result, trace

    def holds(self, trace: Trace) -> bool:
        """Whether everything that a trace saw is the same here."""
        for (kind, name), seen in trace.items():
            if kind == "relation":
                if not self._relation_holds(seen):
                    return False
            elif kind == "id":
                if self.resources.get(name) is not seen:
                    return False
            else:
                now = self._index(kind).get(name, ())
                if now is not seen and (len(now) != len(seen) or any(a is not b for a, b in zip(now, seen))):
                    return False
        return True

    def _relation_holds(self, trace: Trace) -> bool:
        """As ``holds``, judged once: many traces share that of a relation (an API that joins all functions)."""
        known = self._held.get(id(trace))
        if known is None:
            known = self._held[id(trace)] = trace, self.holds(trace)
        return known[1]

    def remember(self, key: tuple[Any, ...], work: Callable[[], T]) -> T:
        """``work()``, computed once per deployment; its looks count for whoever asks."""
        known = self._memo.get(key)
        if known is None:
            outer, self._trace = self._trace, {}
            try:
                known = self._memo[key] = work(), self._trace
            finally:
                self._trace = outer
        result, trace = known
        if self._trace is not None:
            self._trace["relation", key] = trace
        return result

    # -- provenance ------------------------------------------------------------------------------------------------

    def origin(self, path: Path) -> Written:
        """Where an evaluated path was written: the path in the document, the links, and all decisions on the way."""
        links: tuple[Link, ...] = ()
        decisions: list[Decision] = []
        if len(path) > 1 and path[0] == "Resources":
            resource = self.resources.get(path[1])
            if resource is not None and not resource.written and not self.moved:
                return Written(path)
            if resource is not None and resource.written:
                for length in range(2, len(path) + 1):
                    written = resource.written.get(path[:length])
                    if written is None:
                        continue
                    decisions += [d for d in written.decisions if d not in decisions]
                    if length == len(path):
                        links = written.links
                for length in range(len(path), 1, -1):
                    written = resource.written.get(path[:length])
                    if written is not None and written.path is not None:
                        path = written.path + path[length:]
                        break
            elif resource is None:
                decisions += self.absent.get(path[1], ())
        return Written(self.in_document(path), links, tuple(decisions))

    def in_document(self, path: Path) -> Path:
        """From a path of the expanded template to the path in the document."""
        if self.moved:
            for length in range(len(path), 0, -1):
                target = self.moved.get(path[:length])
                if target is not None:
                    return target + path[length:]
        return path

    def owner(self, logical_id: str) -> str:
        """The logical ID that the user wrote: the SAM resource of a generated one."""
        return self.owners.get(logical_id, logical_id)


class Reading(NamedTuple):
    """What one input came to: facts of the file, its deployments, and artifacts that were named alone."""

    input: Input
    deployments: tuple[Deployment, ...] = ()
    artifacts: tuple[Any, ...] = ()
    notices: tuple[Notice, ...] = ()
    name: str = ""
    """What stands for the path in a fingerprint, where the path does not last (a stack of a cloud assembly)."""


def relation(method: Callable[..., T]) -> Callable[..., T]:
    """A function of a deployment (and a resource) whose result is remembered by the deployment."""

    name = method.__qualname__

    def remembered(deployment: Deployment, *arguments: Any) -> T:
        ids = [one.id if isinstance(one, Resource) else one for one in arguments]
        return deployment.remember((name, *ids), lambda: method(deployment, *arguments))

    remembered.__name__ = method.__name__
    remembered.__doc__ = method.__doc__
    return remembered
