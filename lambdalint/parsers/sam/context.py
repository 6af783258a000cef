"""What the expansion of one template shares: the raw tree, what was generated, and where each thing was written."""

# No "from __future__ import annotations" here: a NamedTuple would compile each of its annotations at every start.

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, NoReturn

from lambdalint.finding import Fault, Path
from lambdalint.model.values import OpenMap, Unknown

NO_VALUE = {"Ref": "AWS::NoValue"}
PREFIX = "AWS::Serverless::"
_ATTRIBUTES = ("DeletionPolicy", "UpdatePolicy", "Condition", "UpdateReplacePolicy", "Metadata")
_PASSED_ON = ("Condition", "DeletionPolicy", "UpdateReplacePolicy")
_ALPHANUMERIC = re.compile(r"[A-Za-z0-9]+\Z")
_SUB_VARIABLE = r"\$\{([A-Za-z0-9.]+|AWS::[A-Z][A-Za-z]*)\}"
_PARTITIONS = (
    ("cn-", "aws-cn"),
    ("us-gov", "aws-us-gov"),
    ("us-isob", "aws-iso-b"),
    ("us-isof", "aws-iso-f"),
    ("us-iso-", "aws-iso"),
    ("eu-isoe", "aws-iso-e"),
    ("eusc-", "aws-eusc"),
)


class Refused(Exception):
    """SAM refuses this resource or event; what else there is to expand goes on."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.kind)
        self.fault = fault


class SamEvent(NamedTuple):
    """An event of a function or state machine, as the user wrote it, and what SAM generates for it."""

    owner: str
    """Logical ID of the function or state machine."""
    id: str
    type: str
    generated: tuple[str, ...]
    """Logical IDs, in the order of generation; a bucket or user pool that is changed is not among them."""


class Owner:
    """A SAM resource under expansion: its merged properties, and the attributes that SAM carries on."""

    __slots__ = ("attributes", "depends_on", "id", "inherited", "passed_on", "path", "properties", "type")

    def __init__(self, logical_id: str, resource: Mapping[str, Any], inherited: dict[Path, Path]) -> None:
        self.id = logical_id
        self.type: str = resource["Type"][len(PREFIX) :]
        properties = resource.get("Properties")
        self.properties: dict[str, Any] = properties if isinstance(properties, dict) else {}
        self.attributes = {name: resource[name] for name in _ATTRIBUTES if name in resource}
        self.passed_on = {name: resource[name] for name in _PASSED_ON if name in resource}
        self.depends_on = resource.get("DependsOn")
        self.path: Path = ("Resources", logical_id)
        self.inherited = inherited
        """Places of properties, or of parts of them, that come from Globals: place here -> place in Globals."""

    def at(self, *steps: Any) -> Path:
        """The path of one of its properties, or of something within it."""
        return ("Resources", self.id, "Properties", *steps)


class Target:
    """What events invoke: a function, its alias, or a state machine."""

    __slots__ = ("arn", "id", "name", "owner", "passed_on")

    def __init__(self, logical_id: str, owner: Owner, arn: Any, name: Any) -> None:
        self.id = logical_id
        self.owner = owner
        self.arn = arn
        self.name = name
        """What ``FunctionName`` of a permission or mapping is set to: the name, or the ARN of an alias."""
        self.passed_on = owner.passed_on


class Event:
    """One entry of ``Events``."""

    __slots__ = ("id", "logical_id", "path", "properties", "type")

    def __init__(self, owner: Owner, event_id: str, event: Mapping[str, Any]) -> None:
        self.id = event_id
        self.logical_id = owner.id + event_id
        self.type: str = event["Type"]
        properties = event.get("Properties", {})
        self.properties: dict[str, Any] = properties if isinstance(properties, dict) else {}
        self.path: Path = owner.at("Events", event_id)

    def at(self, *steps: Any) -> Path:
        return (*self.path, "Properties", *steps)

    def refuse(self, kind: str, *steps: Any, **fields: Any) -> NoReturn:
        where = self.at(*steps) if steps else self.path
        raise Refused(Fault(kind, where, {"event": self.id, "event_type": self.type, **fields}))


class Expansion:
    """The state of one expansion. ``resources`` holds the SAM tree; ``generated`` what becomes of it."""

    def __init__(self, template: Mapping[str, Any], parameters: Mapping[str, Any]) -> None:
        self.template = template
        resources = template.get("Resources")
        self.resources: dict[str, Any] = dict(resources) if isinstance(resources, dict) else {}
        self.parameters = parameters
        self.reads: set[str] = set()
        conditions = template.get("Conditions")
        self.conditions: dict[str, Any] = dict(conditions) if isinstance(conditions, dict) else {}
        self.moved: dict[Path, Path] = {}
        self.owners: dict[str, str] = {}
        self.faults: list[Fault] = []
        self.events: list[SamEvent] = []
        self.generated: dict[str, Any] = {}
        self.of: dict[str, list[str]] = {}
        """SAM resource -> what it generated."""
        self.aliases: dict[str, dict[str, str]] = {}
        """SAM resource -> attribute that SAM lets one refer to (``Fn.Alias``) -> logical ID."""
        self.renamed: dict[str, str] = {}
        """Logical IDs that SAM changes (layers) -> the new one."""
        self.inherited: dict[str, dict[Path, Path]] = {}
        self.managed: set[str] = set()
        """APIs whose body SAM writes."""
        self.implicit: dict[str, str] = {}
        """Implicit APIs -> the first function or state machine with an event of theirs."""
        self._owned: set[str] = set()

    # --- what SAM reads of parameters

    def parameter(self, name: str) -> Any:
        """The value of a parameter; None where it is not known or is no parameter."""
        self.reads.add(name)
        value = self.parameters.get(name)
        if isinstance(value, str) and value.startswith("{{IntrinsicFunction:"):
            return None
        return value

    def resolve(self, value: Any) -> Any:
        """``value`` with Refs of parameters, and their names within Fn::Sub, replaced where they are known."""
        if isinstance(value, dict):
            if len(value) == 1:
                if "Ref" in value and isinstance(value["Ref"], str):
                    known = self.parameter(value["Ref"])
                    return value if known is None else known
                if "Fn::Sub" in value:
                    return {"Fn::Sub": self._substitute(value["Fn::Sub"])}
            return like(value, {key: self.resolve(item) for key, item in value.items()})
        if isinstance(value, list):
            return [self.resolve(item) for item in value]
        return value

    def _substitute(self, value: Any) -> Any:
        if isinstance(value, list) and value and isinstance(value[0], str):
            return [self._substitute(value[0]), *(self.resolve(item) for item in value[1:])]
        if not isinstance(value, str):
            return value

        def known(match: re.Match[str]) -> str:
            found = self.parameter(match[1])
            return match[0] if found is None or isinstance(found, (dict, list)) else str(found)

        return re.sub(_SUB_VARIABLE, known, value)

    def unsettled(self, value: Any) -> bool:
        """True for a value that a deployment would settle: unknown, or a declared parameter without a known value."""
        if unknown(value):
            return True
        declared = self.template.get("Parameters")
        if not isinstance(declared, dict) or not isinstance(value, dict) or len(value) != 1:
            return False
        name, text = value.get("Ref"), value.get("Fn::Sub")
        if isinstance(name, str):
            return name in declared
        text = text[0] if isinstance(text, list) and text else text
        return isinstance(text, str) and any(found in declared for found in re.findall(_SUB_VARIABLE, text))

    @property
    def partition(self) -> str:
        """``aws`` unless the Region is known to be of another partition."""
        region = str(self.parameter("AWS::Region") or "").lower()
        return next((partition for prefix, partition in _PARTITIONS if region.startswith(prefix)), "aws")

    def managed_policy(self, name: str) -> str:
        """The ARN of an AWS managed policy, from its name with its path."""
        return f"arn:{self.partition}:iam::aws:policy/{name}"

    # --- what is wrong

    def fault(self, kind: str, path: Path, **fields: Any) -> None:
        self.faults.append(Fault(kind, path, fields))

    # --- what is generated

    def emit(
        self,
        owner: str,
        logical_id: str,
        type_: str,
        properties: dict[str, Any],
        attributes: Mapping[str, Any],
        written: Path,
        depends_on: Any = None,
    ) -> dict[str, Any]:
        """Put a resource into the expanded template; properties that are None are left out.

        ``written`` is the place in the document that it comes from. The resource's properties, which a later step may
        still change, are returned.
        """
        resource: dict[str, Any] = {"Type": type_}
        if depends_on:
            resource["DependsOn"] = depends_on
        resource.update(attributes)
        resource["Properties"] = kept = like(
            properties, {name: value for name, value in properties.items() if value is not None}
        )
        if _ALPHANUMERIC.match(logical_id) is None:
            self.fault("logical-id", written, value=logical_id)
        existing = self.resources.get(logical_id)
        if existing is not None and logical_id != owner and type_ != _type_of(existing):
            self.fault("duplicate-id", written, value=logical_id, type=type_, existing=_type_of(existing))
            return kept
        if existing is not None and logical_id != owner and type_ not in _SHARED:
            self.fault("duplicate-id", written, value=logical_id, type=type_, existing=_type_of(existing))
            return kept
        if logical_id not in self.generated:
            self.of.setdefault(owner, []).append(logical_id)
        self.generated[logical_id] = resource
        if existing is None or logical_id in self.implicit:
            self.owners[logical_id] = self.implicit.get(owner, owner)
        if written != ("Resources", logical_id):
            above = self.moved.get(written[:2])
            self.moved[("Resources", logical_id)] = written if above is None else above
        return kept

    def move(self, owner: Owner, place: Path, written: Path) -> None:
        """Note that what stands at ``place`` of the expanded template was written at ``written`` of the SAM tree."""
        inherited = owner.inherited
        length = len(written)
        for depth in range(length, 3, -1):
            origin = inherited.get(written[:depth])
            if origin is not None:
                self.moved[place] = origin + written[depth:]
                break
        else:
            self.moved[place] = written
        if length > 3:
            for path, origin in inherited.items():
                if len(path) > length and path[:length] == written:
                    self.moved[place + path[length:]] = origin

    def own(self, logical_id: str) -> dict[str, Any]:
        """A resource of the raw tree as a copy that may be changed; the input stays as it is."""
        resource = self.resources[logical_id]
        if logical_id not in self._owned:
            self._owned.add(logical_id)
            resource = self.resources[logical_id] = copied(resource)
        return resource  # type: ignore[no-any-return]

    def refer(self, owner: str, attribute: str, logical_id: str) -> None:
        """Let ``owner.attribute`` of a Ref, GetAtt or Sub mean ``logical_id``."""
        self.aliases.setdefault(owner, {})[attribute] = logical_id


_SHARED = frozenset({"AWS::S3::Bucket", "AWS::SNS::Topic", "AWS::Cognito::UserPool"})
"""Types that may be generated over a resource of the template (they are that resource, changed)."""


def _type_of(resource: Any) -> Any:
    return resource.get("Type") if isinstance(resource, dict) else None


def like(model: dict[str, Any], items: dict[str, Any]) -> dict[str, Any]:
    """``items`` as an open map where ``model`` is one."""
    return OpenMap(items) if isinstance(model, OpenMap) else items


def copied(value: Any) -> Any:
    """A copy of maps and lists all the way down; what is neither is shared."""
    if isinstance(value, dict):
        return like(value, {key: copied(item) for key, item in value.items()})
    if isinstance(value, list):
        items = [copied(item) for item in value]
        return items if type(value) is list else type(value)(items)
    return value


def intrinsic(value: Any) -> str | None:
    """The name of the intrinsic function that a value is (``Ref``, ``Condition``, ``Fn::…``); None where it is none."""
    if isinstance(value, dict) and len(value) == 1:
        name = next(iter(value))
        if isinstance(name, str) and (name in ("Ref", "Condition") or name.startswith("Fn::")):
            return name
    return None


def is_no_value(value: Any) -> bool:
    return isinstance(value, dict) and len(value) == 1 and value.get("Ref") == "AWS::NoValue"


def branches(value: Any) -> list[Any] | None:
    """``[condition, then, else]`` of an Fn::If with three arguments."""
    items = value["Fn::If"] if intrinsic(value) == "Fn::If" else None
    return items if isinstance(items, list) and len(items) == 3 else None


def when(condition: Any, value: Any, otherwise: Any = None) -> dict[str, Any]:
    return {"Fn::If": [condition, value, NO_VALUE if otherwise is None else otherwise]}


def referred(value: Any) -> str | None:
    """The logical ID that a Ref or GetAtt names."""
    if not isinstance(value, dict) or len(value) != 1:
        return None
    name = value.get("Ref")
    if isinstance(name, str):
        return name
    attribute = value.get("Fn::GetAtt")
    if isinstance(attribute, list) and len(attribute) == 2 and isinstance(attribute[0], str):
        return attribute[0]
    if isinstance(attribute, str) and attribute.count(".") == 1:
        return attribute.partition(".")[0]
    return None


def attribute(logical_id: str, name: str = "Arn") -> dict[str, Any]:
    return {"Fn::GetAtt": [logical_id, name]}


def unknown(value: Any) -> bool:
    return isinstance(value, Unknown)


def tag_list(tags: Any) -> list[Any]:
    """SAM's map of tags as CloudFormation's list of Key and Value; an empty value where there is none."""
    if not isinstance(tags, dict):
        return []
    return [{"Key": key, "Value": "" if value is None else value} for key, value in tags.items()]


def digest(data: Any, length: int = 10) -> str:
    """The hash that SAM appends to a logical ID: SHA-1 of the compact JSON with sorted keys."""
    if not data:
        return ""
    import hashlib
    import json

    text = data if isinstance(data, str) else json.dumps(data, separators=(",", ":"), sort_keys=True, default=repr)
    return hashlib.sha1(text.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()[:length]


def nearest(name: Any, known: Iterable[str]) -> list[str]:
    """Up to three known names that resemble a name, the nearest first."""
    import difflib

    if not isinstance(name, str):
        return []
    by_lower = {item.lower(): item for item in known}
    return [by_lower[item] for item in difflib.get_close_matches(name.lower(), by_lower, 3, 0.7)]
