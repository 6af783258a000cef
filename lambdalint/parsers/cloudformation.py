"""A template's document becomes deployments: SAM expanded, scenarios planned, each resource evaluated."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from lambdalint.finding import Decision, Fault, Notice, Path
from lambdalint.model.deployment import Deployment
from lambdalint.model.resource import CLASSES, Resource, Written
from lambdalint.model.template import Scenario, Template
from lambdalint.model.values import OpenList, OpenMap, Text, Unknown, Value, references
from lambdalint.parsers.intrinsics import evaluate
from lambdalint.parsers.parameters import Assignment, Named, Parameters
from lambdalint.parsers.references import undefined
from lambdalint.parsers.scenarios import MAX_SCENARIOS, Plan, Uses, plan, uses

if TYPE_CHECKING:
    from lambdalint.parsers.foreach import Unrolled

SAM = "AWS::Serverless-2016-10-31"
LOOPS = "AWS::LanguageExtensions"
KNOWN_TRANSFORMS = frozenset((SAM, LOOPS, "AWS::CodeDeployBlueGreen", "AWS::SecretsManager-2020-07-23"))
"""Transforms after which a template still says what its resources are."""

SECTIONS = ("Resources", "Parameters", "Conditions", "Mappings", "Outputs", "Metadata", "Rules", "Globals")
PLAIN = ("AWSTemplateFormatVersion", "Description", "Transform", "Hooks")
"""What else stands at the top of a template."""
SERVICES = frozenset(
    "AmazonMQ ApiGateway ApiGatewayV2 AppSync CloudFormation CloudFront CloudWatch CodeCommit CodeDeploy CodePipeline"
    " Cognito Config Connect DocDB DynamoDB EC2 EFS ElasticLoadBalancingV2 Events IAM IoT KMS Kinesis KinesisFirehose"
    " Lambda Lex Logs MSK Pipes S3 S3ObjectLambda SES SNS SQS Scheduler SecretsManager Serverless StepFunctions"
    " VpcLattice".split()
)
"""Services whose resources the model looks at: only their branches are worth a scenario."""


class Deployments(NamedTuple):
    """What one template came to: facts that need no deployment, and the deployments."""

    faults: tuple[Fault, ...]
    deployments: tuple[Deployment, ...]


def transforms(root: Mapping[str, Any]) -> list[str | None]:
    """The names in a template's Transform section, None for what is none; a map (AWS::Include) counts by its Name."""
    section = root.get("Transform")
    names = section if isinstance(section, list) else [] if section is None else [section]
    found = [name.get("Name") if isinstance(name, dict) else name for name in names]
    return [name if isinstance(name, str) else None for name in found]


def is_rewritten(root: Mapping[str, Any]) -> bool:
    """Whether a macro of the user's own is given the whole template; AWS's change nothing that is written there."""
    return not all(isinstance(name, str) and name.startswith("AWS::") for name in transforms(root))


def shape(root: Any) -> tuple[Fault, ...]:
    """What is not of the form that CloudFormation asks for. A null section or property block is an absent one."""
    if not isinstance(root, dict):
        return ()  # the document says so itself
    faults = [
        Fault("not-a-map", (name,), {"what": name, "found": kind_of(root[name])}, key=True)
        for name in SECTIONS
        if root.get(name) is not None and not isinstance(root[name], (dict, Unknown))
    ]
    faults += _misspelt(root)
    without_sam = _is_without_sam(root)
    resources = root.get("Resources")
    for logical_id, resource in resources.items() if isinstance(resources, dict) else ():
        path: Path = ("Resources", logical_id)
        if logical_id.startswith("Fn::") or isinstance(resource, Unknown):
            continue
        if not isinstance(resource, dict):
            if resource is not None:
                faults.append(Fault("not-a-map", path, {"what": logical_id, "found": kind_of(resource)}, key=True))
            continue
        kind = resource.get("Type")
        if "Type" not in resource and "Fn::Transform" not in resource:
            faults.append(Fault("no-type", path, {"what": logical_id}, key=True))
        elif kind is not None and not isinstance(kind, str) and not isinstance(kind, Unknown):
            faults.append(Fault("type-no-string", (*path, "Type"), {"what": logical_id, "found": kind_of(kind)}))
        properties = resource.get("Properties")
        if properties is not None and not isinstance(properties, (dict, Unknown)):
            where = (*path, "Properties")
            faults.append(Fault("not-a-map", where, {"what": "Properties", "found": kind_of(properties)}, key=True))
        if without_sam and isinstance(kind, str) and kind.startswith("AWS::Serverless::"):
            faults.append(Fault("transform-missing", (*path, "Type"), {"type": kind}))
            without_sam = False
    return tuple(faults)


def _misspelt(root: dict[str, Any]) -> Iterator[Fault]:
    """Sections of a template that are none, where one that is missing was plainly meant."""
    sections = (*SECTIONS, *PLAIN)
    strange = [key for key in root if key not in sections and not key.startswith(("Fn::", "x-"))]
    if not strange or not any(key in root for key in ("Resources", "AWSTemplateFormatVersion", "Transform")):
        return
    from lambdalint.nearest import nearest

    for key in strange:
        meant = nearest(key, [section for section in sections if section not in root])
        if meant:
            yield Fault("misspelt-section", (key,), {"what": key, "meant": meant}, key=True)


def _is_without_sam(root: dict[str, Any]) -> bool:
    """Whether nothing in a template can turn SAM resources into CloudFormation; a macro of the user's own might."""
    names = transforms(root)
    return not is_rewritten(root) and SAM not in names and not any(key.startswith("Fn::") for key in root)


def kind_of(value: Any) -> str:
    """What a value is, in words."""
    names = {dict: "a map", list: "a list", str: "a string", bool: "a boolean", type(None): "nothing"}
    return names.get(type(value), "a number")


_MACROS = frozenset(("missing-property", "unknown-property", "event-source", "needs-definition"))
"""What SAM would refuse, and may not see: a macro adds what is missing, and takes away what is its own."""


class Expansion(NamedTuple):
    """A template with loops and SAM resolved, for one set of parameter values that they read."""

    template: Mapping[str, Any]
    moved: Mapping[Path, Path]
    owners: Mapping[str, str]
    event_types: Mapping[str, str]
    """Logical ID of what SAM makes for an event, and the event's type."""
    faults: tuple[Fault, ...]
    is_open: bool
    """Resources may exist that are not seen."""
    rewritten: bool
    """A macro of the user's own goes over the whole template: anything may be added anywhere."""
    resources: dict[str, dict[str, Any]]
    uses: dict[str, Uses]
    reads: frozenset[str]
    """Parameters whose values made a difference to the expansion, or could have."""
    loops: Unrolled | None
    """The template with its loops resolved and SAM not yet; None where there is no loop."""
    is_opaque: bool
    """Something else than a loop may bring resources that are not seen: a macro, a module."""


def expand(root: dict[str, Any], parameters: Mapping[str, Any]) -> Expansion:
    """ForEach, then SAM, on the raw tree."""
    moved: Mapping[Path, Path] = {}
    owners: Mapping[str, str] = {}
    event_types: Mapping[str, str] = {}
    faults: tuple[Fault, ...] = ()
    template: Mapping[str, Any] = root
    reads: frozenset[str] = frozenset()
    names = transforms(root)
    is_opaque = any(name not in KNOWN_TRANSFORMS for name in names)
    loops: Unrolled | None = None
    if LOOPS in names or any(str(key).startswith("Fn::ForEach") for key in _map(root, "Resources")):
        from lambdalint.parsers.foreach import expand_foreach

        loops = expand_foreach(template, parameters)
        template, moved, faults, reads = loops.template, loops.moved, loops.faults, loops.reads
    if SAM in names:
        from lambdalint.parsers.sam import expand as expand_sam

        sam = expand_sam(template, parameters)
        template, owners, reads = sam.template, sam.owners, reads | sam.reads
        event_types = {name: event.type for event in sam.events for name in event.generated}
        refused = (fault for fault in sam.faults if not (is_rewritten(root) and fault.kind in _MACROS))
        faults += tuple(fault._replace(path=_through(moved, fault.path)) for fault in refused)
        moved = {**moved, **{path: _through(moved, target) for path, target in sam.moved.items()}}
    section = _map(template, "Resources")
    resources = {}
    for logical_id, resource in section.items():
        if not isinstance(resource, dict) or not isinstance(resource.get("Type"), str):
            is_opaque = is_opaque or logical_id.startswith("Fn::") or isinstance(resource, Unknown)
            continue
        is_opaque = is_opaque or resource["Type"].endswith("::MODULE")
        resources[logical_id] = resource
    read = {name: uses(raw) for name, raw in resources.items()}
    is_open = is_opaque or (loops is not None and loops.open)
    return Expansion(
        template,
        moved,
        owners,
        event_types,
        faults,
        is_open,
        is_rewritten(root),
        resources,
        read,
        reads,
        loops,
        is_opaque,
    )


def _through(moved: Mapping[Path, Path], path: Path) -> Path:
    for length in range(len(path), 0, -1):
        if path[:length] in moved:
            return moved[path[:length]] + path[length:]
    return path


def _map(template: Mapping[str, Any], name: str) -> dict[str, Any]:
    section = template.get(name)
    return section if isinstance(section, dict) else {}


def read(template: Template, named: Sequence[Named], as_of: str) -> Deployments:
    """The deployments of a template: one for each scenario, named ones first."""
    root = template.document.root
    faults = shape(root)
    if not isinstance(root, dict) or not isinstance(root.get("Resources"), dict):
        return Deployments(faults, ())
    parameters = Parameters(root)
    conditions, mappings = _map(root, "Conditions"), _map(root, "Mappings")
    expansions: list[tuple[dict[str, str], Expansion]] = []

    def expansion(assignment: Assignment) -> Expansion:
        """One for all assignments that agree on what the expansion reads."""
        names = (*parameters.definitions, "AWS::Region")
        values = {name: value for name in names if _plain(value := assignment.parameter(name))}
        for reads, found in expansions:
            if all(repr(values.get(name)) == state for name, state in reads.items()):
                return found
        made = expand(root, values)
        expansions.append(({name: repr(values.get(name)) for name in sorted(made.reads)}, made))
        return made

    first = [
        Assignment(parameters, conditions, mappings, _map(root, "Resources"), one) for one in (named or (Named(),))
    ]
    base = expansion(first[0])
    for assignment in first:
        expanded = expansion(assignment)
        assignment.logical_ids = expanded.resources
        assignment.conditions = _map(expanded.template, "Conditions")
    planned = plan(first, (base.uses[name] for name, raw in base.resources.items() if _modelled(raw["Type"])))
    if not any(made.is_opaque for _, made in expansions):
        refused = any(f.kind == "transform-missing" for f in faults)
        faults += _undefined(root, [made for _, made in expansions], refused)
    return Deployments(faults, tuple(_deployments(template, planned, expansion, as_of)))


def _undefined(root: dict[str, Any], expansions: Sequence[Expansion], refused: bool) -> tuple[Fault, ...]:
    """Names that nothing bears in any of the deployments; what stands in a loop is judged in what it makes."""
    made = frozenset().union(*(one.template.get("Resources") or () for one in expansions))
    refused = refused or any(one.faults for one in expansions)
    literal = frozenset().union(*(uses.literal for one in expansions for uses in one.uses.values()))
    loops = [one.loops for one in expansions if one.loops is not None]
    if not loops:
        return undefined(root, made, refused, literal)
    makes = frozenset().union(*(one.makes for one in loops))
    conditions = frozenset().union(*(_map(one.template, "Conditions") for one in loops))
    found: dict[Any, Fault] = {}
    for one in loops:
        counts: dict[Path, int] = {}
        for fault in undefined(one.template, made, refused, literal, conditions, makes):
            # Of all that a loop makes of one mention the first says it.
            counts[fault.path] = counts.get(fault.path, 0) + 1
            path = _through(one.moved, fault.path)
            found.setdefault((path, counts[fault.path]), fault._replace(path=path))
    return tuple(found.values())


def _plain(value: Value) -> bool:
    return not isinstance(value, (Unknown, Text))


def _modelled(kind: str) -> bool:
    parts = kind.split("::")
    return len(parts) > 2 and parts[0] == "AWS" and parts[1] in SERVICES


def _deployments(template: Template, planned: Plan, expansion: Any, as_of: str) -> Iterator[Deployment]:
    varying = _varying(planned.assignments)
    static = b"{{resolve:" not in template.document.data
    shared: dict[Any, Resource] = {}
    notices: tuple[Notice, ...] = ()
    if not planned.complete:
        text = f"more than {MAX_SCENARIOS} deployments would be needed to see every branch; the rest was left out"
        notices = (Notice(text, template.document.path),)
    for assignment in planned.assignments:
        expanded: Expansion = expansion(assignment)
        assignment.logical_ids = expanded.resources
        resources: dict[str, Resource] = {}
        absent: dict[str, tuple[Decision, ...]] = {}
        for logical_id, raw in expanded.resources.items():
            condition = raw.get("Condition")
            if isinstance(condition, str) and not assignment.condition(condition):
                absent[logical_id] = (Decision("condition", condition, False),)
                continue
            reads = expanded.uses[logical_id]
            key = (id(expanded), logical_id, _state(reads, assignment, varying))
            found = shared.get(key)
            if found is None:
                found = _resource(logical_id, raw, assignment, reads.literal if static else (), expanded.rewritten)
                shared[key] = found
            resources[logical_id] = found
        derived = bool(assignment.changes)
        yield Deployment(
            template,
            resources,
            scenario=Scenario(
                assignment.named.label,
                derived,
                frozenset(map(str, assignment.changes)),
                tuple((name, link and link.location) for name, (_, link) in assignment.named.overrides.items()),
            ),
            moved=expanded.moved,
            owners=expanded.owners,
            event_types=expanded.event_types,
            faults=expanded.faults,
            absent=absent,
            declared={name: raw["Type"] for name, raw in expanded.resources.items()},
            sections=expanded.template,
            is_open=expanded.is_open,
            region=assignment.named.region,
            account=assignment.named.account,
            as_of=as_of,
            roots=planned.roots,
            departs=planned.departs,
            notices=notices if assignment is planned.assignments[0] else (),
        )


def _varying(assignments: Sequence[Assignment]) -> frozenset[str] | None:
    """Parameters and conditions that are not the same in every scenario; None where there is one scenario."""
    if len(assignments) == 1:
        return None
    first = assignments[0]
    names: set[str] = set()
    for one in assignments[1:]:
        names |= {name for name in one.changes if isinstance(name, str)}
        if one.named is not first.named:
            names |= set(one.named.overrides) | set(first.named.overrides)
            if (one.named.region, one.named.account) != (first.named.region, first.named.account):
                names |= {"AWS::Region", "AWS::AccountId", "AWS::Partition", "AWS::URLSuffix"}
    for condition in first.conditions:
        holds = first.condition(condition)
        if any(one.condition(condition) is not holds for one in assignments):
            names.add("condition " + condition)
    return frozenset(names)


def _state(reads: Uses, assignment: Assignment, varying: frozenset[str] | None) -> Any:
    """What a resource's evaluation rests on, as far as it varies."""
    if not varying:
        return None
    state: list[Any] = []
    for name in sorted({parameter for parameter, _ in reads.parameters}):
        if name in varying:
            links = assignment.links(name)
            state.append((name, repr(assignment.parameter(name)), links, assignment.derived(name)))
    for name in sorted(reads.conditions):
        if "condition " + name in varying:
            state.append((name, assignment.condition(name)))
    return tuple(state)


def _resource(
    logical_id: str, raw: dict[str, Any], assignment: Assignment, literal: Collection[int], rewritten: bool
) -> Resource:
    path: Path = ("Resources", logical_id)
    value, written = evaluate(raw.get("Properties"), assignment, (*path, "Properties"), literal)
    if not isinstance(value, dict):
        value = {} if value is None else OpenMap()
    if "Fn::Transform" in raw:
        value = OpenMap(value)
    if rewritten:
        value = _opened(value)
    condition = raw.get("Condition")
    if isinstance(condition, str):
        written[path] = Written(None, (), (Decision("condition", condition, True),))
    attributes = {name: item for name, item in raw.items() if name not in ("Type", "Properties")}
    referring = [item for item in value.values() if id(item) not in literal] if literal else value
    targets = frozenset(reference.resource for reference in references(referring))
    return CLASSES.get(raw["Type"], Resource)(logical_id, raw["Type"], value, attributes, written, targets)


def _opened(value: Value) -> Any:
    """The same with room for members that are not seen, at every depth."""
    if isinstance(value, dict):
        return OpenMap({name: _opened(member) for name, member in value.items()})
    return OpenList(_opened(member) for member in value) if isinstance(value, list) else value
