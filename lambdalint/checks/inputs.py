"""LL0: what a parser found wrong with its input becomes a problem of the same kind; sizes of a template; overrides."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lambdalint.checks import check
from lambdalint.finding import WARNING, Fault, Place, Problem
from lambdalint.model.deployment import Deployment
from lambdalint.model.quota import Quota
from lambdalint.model.template import Input
from lambdalint.nearest import nearest

if TYPE_CHECKING:
    from lambdalint.model.census import Census


def problem_of(fault: Fault) -> Problem:
    """A fact of a parser, told at its place."""
    at = Place(fault.path, fault.key, fault.file, fault.span, written=True)
    return Problem(at, fault.kind, dict(fault.fields))


def _faults(faults: Iterable[Fault], kinds: Sequence[str]) -> Iterator[Problem]:
    for fault in faults:
        if fault.kind in kinds:
            yield problem_of(fault)


@check("document")
def input_faults(subject: Input, deployment: None, kinds: Sequence[str]) -> Iterator[Problem]:
    """Facts of these kinds about the file itself."""
    yield from _faults(subject.faults, kinds)


@check("deployment")
def expansion_faults(subject: Deployment, deployment: Deployment, kinds: Sequence[str]) -> Iterator[Problem]:
    """Facts of these kinds that expanding SAM and ForEach gave."""
    yield from _faults(subject.faults, kinds)


# -- what SAM refuses ----------------------------------------------------------------------------------------------

_FUNCTION_TYPES = ("AWS::Serverless::Function", "AWS::Serverless::LayerVersion")
_OF_OTHER_RULES = frozenset(
    (
        "package-type",  # LL208
        "package-property",
        "globals-section",  # LL119
        "globals-property",
        "policy-mixed",  # LL515
        "policy-template",
        "event-type",  # LL410
    )
)
_POLLED = frozenset(("DocumentDB", "DynamoDB", "Kinesis", "MQ", "MSK", "SelfManagedKafka", "SQS"))


@check("deployment")
def sam_refusals(subject: Deployment, deployment: Deployment, types: Sequence[str]) -> Iterator[Problem]:
    """What SAM itself refuses and no other rule says better. ``types`` are the resource types that SAM has."""
    told = _told_by_types(subject) if any(fault.kind == "malformed" for fault in subject.faults) else frozenset()
    for fault in subject.faults:
        if fault.kind in _OF_OTHER_RULES or _is_told_elsewhere(fault, subject):
            continue
        if subject.in_document(fault.path) in told or _is_uncertain(fault, subject.template.document.root):
            continue
        fields = {"fault": fault.kind.replace("-", " "), "property": "", **fault.fields}
        fields["context"] = f" beside {fields['needed_by']}" if fields.get("needed_by") else ""
        kind, severity = fault.kind, None
        if kind == "resource-type":
            if fields["value"] in types:
                continue
            meant = nearest(str(fields["value"]), types)
            fields["nearest"] = f": did you mean {meant}?" if meant else ""
            severity = None if meant else WARNING
        elif kind == "unknown-property":
            meant = nearest(fields["property"], fields.get("nearest") or ())
            fields["nearest"] = f": did you mean {meant}?" if meant else ""
            severity = None if meant else WARNING
        elif kind == "malformed" and not (fields["property"] and fields.get("expected")):
            kind = "default"
        by_name = len(fault.path) == 2 or kind in ("missing-property", "exclusive-properties", "malformed")
        place = Place(fields.pop("inherited", fault.path), fault.key or by_name)
        yield Problem(place, kind, fields, severity=severity)


def _is_told_elsewhere(fault: Fault, deployment: Deployment) -> bool:
    fields, path = fault.fields, fault.path
    if fault.kind == "tenancy-event":
        return str(fields.get("event_type")) in _POLLED  # LL121
    if path[3:4] == ("Events",) and fault.kind in ("missing-property", "unknown-property"):
        return True  # LL410
    if fault.kind == "exclusive-properties":
        return "TenancyConfig" in fields.get("properties", ())  # LL121
    if fault.kind == "missing-property":
        # LL208, LL703
        return fields.get("package_type") == "Zip" or fields.get("needed_by") == "ProvisionedConcurrencyConfig"
    if fault.kind == "malformed" and (path == ("Globals",) or (len(path) == 3 and path[2] == "Properties")):
        return True  # LL002
    return fault.kind == "unknown-property" and _type_at(path, deployment) in _FUNCTION_TYPES  # LL119


def _is_uncertain(fault: Fault, root: Mapping[str, Any]) -> bool:
    """Whether SAM may see something else than is written: what an Include brings, a parameter without a value."""
    parameters = root.get("Parameters")
    unset = {
        name
        for name, definition in (parameters.items() if isinstance(parameters, dict) else ())
        if not isinstance(definition, dict)
        or "Default" not in definition
        or str(definition.get("Type")).startswith("AWS::SSM::")
    }
    above: Any = root
    for step in fault.path[:3]:
        above = above.get(step) if isinstance(above, dict) else None
    at: Any = root
    for step in fault.path:
        inside = at.get(step) if isinstance(at, dict) else None
        at = at[step] if isinstance(at, list) and isinstance(step, int) and step < len(at) else inside
    if fault.kind == "logical-id" and "{" in str(fault.fields.get("value")):
        return True
    if fault.kind == "code-location" and fault.fields["property"] == "CodeUri" and _is_built(at, root):
        return True
    return _has_key(above, "Fn::Transform") or _depends_on(at, frozenset(unset))


_RESOLVED = frozenset(("Ref", "Fn::FindInMap", "Fn::If", "Fn::Join", "Fn::Select", "Fn::Sub"))
"""What ``sam build`` resolves for itself."""


def _is_built(written: Any, root: Mapping[str, Any]) -> bool:
    """Whether ``sam build`` finds a function's folder by what is written, and then puts its own path in the place.

    Without it, and of anything in S3 in any case, SAM's transform refuses an intrinsic function here.
    """
    if not isinstance(written, dict) or len(written) != 1 or not written.keys() <= _RESOLVED:
        return False
    words = set(_strings(written))
    for section in ("Parameters", "Mappings"):
        entries = root.get(section)
        for name, entry in entries.items() if isinstance(entries, dict) else ():
            if any(name in word for word in tuple(words)):
                words.update(_strings(entry))
    return not any("s3:" in word or word in ("Bucket", "Key") for word in words)


def _strings(node: Any) -> Iterator[str]:
    """Every string of a raw tree, keys among them."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict):
        for key, child in node.items():
            yield str(key)
            yield from _strings(child)
    elif isinstance(node, list):
        for child in node:
            yield from _strings(child)


def _has_key(node: Any, key: str) -> bool:
    """Whether a raw tree has a key anywhere."""
    if isinstance(node, dict):
        return key in node or any(_has_key(child, key) for child in node.values())
    return isinstance(node, list) and any(_has_key(child, key) for child in node)


def _depends_on(node: Any, parameters: frozenset[str]) -> bool:
    """Whether a raw value is a Ref of one of these parameters, or text with one in it."""
    if not isinstance(node, dict) or len(node) != 1:
        return False
    ((name, argument),) = node.items()
    if name == "Ref":
        return isinstance(argument, str) and argument in parameters
    return name == "Fn::Sub" and isinstance(argument, str) and any("${" + one + "}" in argument for one in parameters)


def _type_at(path: tuple[Any, ...], deployment: Deployment) -> Any:
    resources = deployment.template.document.root.get("Resources")
    resource = resources.get(path[1]) if isinstance(resources, dict) and path[:1] == ("Resources",) else None
    return resource.get("Type") if isinstance(resource, dict) else None


def _told_by_types(deployment: Deployment) -> frozenset[Any]:
    """The places at which LL120 says that a value is of the wrong type."""
    from lambdalint.checks.properties import misfits

    return frozenset(misfit.path for misfit in misfits(deployment) if misfit.kind == "wrong-type")


# -- sizes ---------------------------------------------------------------------------------------------------------


@check("deployment")
def template_size(subject: Deployment, deployment: Deployment, quotas: Mapping[str, Quota]) -> Iterator[Problem]:
    """How many resources (after expansion), parameters, outputs and mappings there are, and how many bytes."""
    sections = {name: subject.sections.get(name.capitalize()) for name in ("parameters", "outputs", "mappings")}
    counts = {name: len(section) for name, section in sections.items() if isinstance(section, dict)}
    for name, count in {"resources": len(subject.declared), **counts}.items():
        if count > quotas[name].max:
            fields = {"what": name, "count": count, "quota": quotas[name]}
            yield Problem(Place((name.capitalize(),), True), fields=fields)
    size = len(subject.template.document.data)
    if size > quotas["body"].max:
        yield Problem(Place(), "body", {"size": size, "quota": quotas["body"]})


# -- overrides -----------------------------------------------------------------------------------------------------


@check("run")
def unknown_override(census: Sequence[Census], deployment: None) -> Iterator[Problem]:
    """Overrides of parameters that nobody declares: a samconfig's in its template, the run's in any template."""
    anywhere = frozenset().union(*(row.parameters for row in census))
    said: set[tuple[Any, ...]] = set()
    for row in census:
        for name, location in row.overrides:
            of_run = row.label is None
            if name in (anywhere if of_run else row.parameters):
                continue
            key = (name,) if of_run else (name, row.label, location)
            if key in said:
                continue
            said.add(key)
            meant = nearest(name, sorted(anywhere if of_run else row.parameters))
            fields = {"parameter": name, "nearest": f": did you mean {meant}?" if meant else ""}
            place = Place(file=location.file or location.path, span=location.span, anchor=name)
            yield Problem(place, "run" if of_run else "default", {**fields, "environment": row.label})
