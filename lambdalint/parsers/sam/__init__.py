"""SAM expanded on the raw tree, before anything is evaluated: what is left is CloudFormation alone.

Globals, events, policies and implicit resources come out as aws-sam-translator 1.115.0 makes them. Only Refs of
parameters are resolved, where SAM itself must know them; every other intrinsic function stays as it is written.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from lambdalint.finding import Fault, Path
from lambdalint.model.values import OpenMap

from .context import PREFIX, Expansion, Owner, Refused, SamEvent, unknown
from .globals import merge_into, sections

TRANSFORM = "AWS::Serverless-2016-10-31"

__all__ = ["TRANSFORM", "Expanded", "SamEvent", "expand", "is_sam", "read_parameters", "written"]


class Expanded(NamedTuple):
    """A template without SAM, and where each part of it was written."""

    template: dict[str, Any]
    """CloudFormation only. Subtrees that SAM leaves alone are those of the input, shared: do not change them."""
    moved: dict[Path, Path]
    """Places of the expanded template that are not at their own place -> the place in the document.

    The longest prefix counts and the rest of the path follows it (`written`). Where the document has no such place,
    the nearest one above it that exists is meant.
    """
    owners: dict[str, str]
    """Logical ID of a generated resource -> logical ID of the SAM resource that it comes from."""
    faults: tuple[Fault, ...]
    """What SAM refuses; paths are those of the document.

    Kinds with their fields: ``missing-property`` (property; needed_by), ``unknown-property`` (property, nearest),
    ``malformed`` (property, expected), ``exclusive-properties`` (properties), ``event-type`` (value, nearest),
    ``events-intrinsic``, ``event-source`` (source: the type that must be in the template), ``policy-template``
    (problem: unknown, missing, extra or malformed; name, parameter, nearest), ``policy-mixed``, ``globals-section``,
    ``globals-property``, ``ignore-globals``, ``logical-id``, ``duplicate-id``, ``resource-type``,
    ``package-property``, ``package-type``, ``code-location``, ``alias-name``, ``url-auth-type``,
    ``destination-type``, ``authorizer``, ``api-body``, ``needs-definition``, ``duplicate-method``, ``connector-…``
    and others of one property each (value, allowed). A fault of an event has the fields ``event`` and
    ``event_type``. SAM drops an ``extra`` parameter of a policy template, and leaves a ``resource-type`` that it does
    not know to CloudFormation; for every other fault it refuses the template.
    """
    events: tuple[SamEvent, ...]
    reads: frozenset[str]
    """Names of the parameters whose values made a difference or could have."""


def is_sam(template: Any) -> bool:
    """True where ``Transform`` names SAM: as a string, in a list, or as ``Fn::Transform`` with that name."""
    transform = template.get("Transform") if isinstance(template, dict) else None
    for item in transform if isinstance(transform, list) else [transform]:
        if isinstance(item, dict):
            item = item.get("Name", item.get("Fn::Transform"))
            item = item.get("Name") if isinstance(item, dict) else item
        if item == TRANSFORM:
            return True
    return False


def read_parameters(template: Mapping[str, Any]) -> frozenset[str]:
    """Names of the parameters that `expand` reads: deployments that agree on their values share one expansion."""
    declared = template.get("Parameters")
    names = expand(template).reads
    return names & set(declared) if isinstance(declared, dict) else frozenset()


def written(moved: Mapping[Path, Path], path: Path) -> Path:
    """The place in the document of a place in the expanded template."""
    for depth in range(len(path), 0, -1):
        origin = moved.get(path[:depth])
        if origin is not None:
            return origin + path[depth:]
    return path


def expand(template: Mapping[str, Any], parameters: Mapping[str, Any] = {}) -> Expanded:
    """Expand a SAM template; ``parameters`` holds the values that are known, pseudo parameters among them.

    The input is not changed. Never raises: what SAM refuses is a fault, and the rest is expanded all the same.
    """
    expansion = Expansion(template, parameters)
    _expand(expansion)
    result = {name: value for name, value in template.items() if name not in ("Globals", "Transform", "Resources")}
    transform = _other_transforms(template.get("Transform"))
    if transform:
        result["Transform"] = transform
    if expansion.conditions or "Conditions" in template:
        kept = template.get("Conditions")
        result["Conditions"] = expansion.conditions if isinstance(kept, dict) or expansion.conditions else kept
    result["Resources"] = _in_order(expansion)
    if expansion.aliases or expansion.renamed:
        from .references import renamed

        result = renamed(expansion, result)
    return Expanded(
        result,
        expansion.moved,
        expansion.owners,
        _faults(expansion),
        tuple(expansion.events),
        frozenset(expansion.reads),
    )


def _faults(expansion: Expansion) -> tuple[Fault, ...]:
    """The faults at their place in the document, each once; of Globals with the path of the first that inherits it."""
    found: dict[Any, Fault] = {}
    for fault in expansion.faults:
        path = written(expansion.moved, fault.path)
        fields = (
            {**fault.fields, "inherited": fault.path} if path[:1] == ("Globals",) != fault.path[:1] else fault.fields
        )
        found.setdefault((fault.kind, path, fault.fields.get("property")), fault._replace(path=path, fields=fields))
    return tuple(found.values())


def _other_transforms(transform: Any) -> Any:
    if isinstance(transform, list):
        return [item for item in transform if not is_sam({"Transform": item})]
    return None if is_sam({"Transform": transform}) else transform


_MODULES = {
    "Function": "functions",
    "StateMachine": "statemachines",
    "Api": "rest",
    "HttpApi": "http",
    "WebSocketApi": "websocket",
    "Connector": "connectors",
    "GraphQLApi": "graphql",
    "LayerVersion": "others",
    "SimpleTable": "others",
    "Application": "others",
    "CapacityProvider": "managed",
    "NetworkConnector": "managed",
    "MicrovmImage": "managed",
    "WebFunction": "managed",
}
_ORDER = {"Function": 0, "StateMachine": 1, "Api": 2, "HttpApi": 2, "WebSocketApi": 2, "Connector": 4}
"""SAM's order: events change the APIs, connectors need all that was generated."""


def _expand(expansion: Expansion) -> None:
    _drop_malformed(expansion)
    found = sections(expansion)
    if _has_api(expansion):
        from . import implicit

        try:
            implicit.prepare(expansion, found)
        except (TypeError, KeyError, AttributeError, ValueError):  # a shape that no check foresees
            expansion.fault("malformed", ("Resources",), property="Resources", expected=["map"])
        merge_into(expansion, found)
        implicit.use_openapi_versions(expansion)
    else:
        merge_into(expansion, found)
    if any("Connectors" in resource for resource in expansion.resources.values()):
        from .connectors import embedded

        embedded(expansion)
    work = []
    shifted = False
    for logical_id, resource in expansion.resources.items():
        type_ = resource.get("Type")
        if isinstance(type_, str) and type_.startswith(PREFIX):
            work.append((_ORDER.get(type_[len(PREFIX) :], 3), logical_id))
            properties = resource.get("Properties")
            shifted = shifted or (isinstance(properties, dict) and bool(properties.get("DeploymentPreference")))
    for _, logical_id in sorted(work, key=lambda item: item[0]):
        _expand_one(expansion, logical_id)
    if shifted:
        from . import deployments

        deployments.expand(expansion)


def _has_api(expansion: Expansion) -> bool:
    """True where there is an API or an event of one."""
    for resource in expansion.resources.values():
        type_ = resource.get("Type")
        if type_ in (PREFIX + "Api", PREFIX + "HttpApi"):
            return True
        if type_ in (PREFIX + "Function", PREFIX + "StateMachine"):
            properties = resource.get("Properties")
            events = properties.get("Events") if isinstance(properties, dict) else None
            for event in events.values() if isinstance(events, dict) else ():
                if isinstance(event, dict) and event.get("Type") in ("Api", "HttpApi"):
                    return True
    return False


def _expand_one(expansion: Expansion, logical_id: str) -> None:
    resource = expansion.resources[logical_id]
    owner = Owner(logical_id, resource, expansion.inherited.get(logical_id, {}))
    module = _MODULES.get(owner.type)
    if module is None:
        expansion.fault("resource-type", (*owner.path, "Type"), value=resource["Type"])
        return
    if not isinstance(resource.get("Properties", {}), dict):
        expansion.fault("malformed", owner.at(), property="Properties", expected=["map"])
        return
    try:
        __import__(f"{__name__}.{module}", fromlist=("expand",)).expand(expansion, owner)
    except Refused as refused:
        expansion.faults.append(refused.fault)
    except (TypeError, KeyError, AttributeError, ValueError, IndexError):
        # a shape that no check foresees; SAM itself fails on these
        expansion.fault("malformed", owner.path, resource=logical_id)
    if "Fn::Transform" in owner.properties:
        # What a macro puts beside the properties may be meant for any of the resources made from them.
        for made in expansion.of.get(logical_id, ()):
            expansion.generated[made]["Properties"].setdefault("Fn::Transform", owner.properties["Fn::Transform"])


def _drop_malformed(expansion: Expansion) -> None:
    """SAM takes nothing but maps as resources, and no condition but a name."""
    written = expansion.template.get("Resources")
    if not isinstance(written, OpenMap) and not expansion.resources:
        expansion.fault("malformed", ("Resources",), property="Resources", expected=["map"])
    for logical_id, resource in list(expansion.resources.items()):
        at: Path = ("Resources", logical_id)
        if not isinstance(resource, dict):
            del expansion.resources[logical_id]
            if not str(logical_id).startswith("Fn::") and not unknown(resource):
                expansion.fault("malformed", at, property=logical_id, expected=["map"])
            continue
        condition = resource.get("Condition")
        if condition is None or isinstance(condition, str):
            continue
        if str(resource.get("Type")).startswith(PREFIX):
            if condition and not unknown(condition):
                expansion.fault("malformed", (*at, "Condition"), property="Condition", expected=["string"])
            expansion.resources[logical_id] = {key: value for key, value in resource.items() if key != "Condition"}


def _in_order(expansion: Expansion) -> Any:
    """The generated resources in the place of their SAM resource, the others as they are."""
    resources = expansion.template.get("Resources")
    if not isinstance(resources, dict):
        return resources if "Resources" in expansion.template else {}
    result: dict[str, Any] = {}
    for logical_id, resource in resources.items():
        type_ = resource.get("Type") if isinstance(resource, dict) else None
        if isinstance(type_, str) and type_.startswith(PREFIX):
            for name in expansion.of.pop(logical_id, ()):
                result[name] = expansion.generated[name]
        elif logical_id in expansion.resources:
            result[logical_id] = expansion.resources[logical_id]
        else:
            result[logical_id] = resource
    for names in expansion.of.values():
        for name in names:
            result[name] = expansion.generated[name]
    return type(resources)(result)
