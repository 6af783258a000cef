"""AWS::Serverless::Connector and the ``Connectors`` attribute: the rights from one resource to another."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from lambdalint.finding import Fault, Path

from .context import PREFIX, Expansion, Owner, Refused, copied, referred
from .shapes import RESOURCES, check

_CFN_TYPES = {
    "AWS::Serverless::Function": "AWS::Lambda::Function",
    "AWS::Serverless::StateMachine": "AWS::StepFunctions::StateMachine",
    "AWS::Serverless::Api": "AWS::ApiGateway::RestApi",
    "AWS::Serverless::HttpApi": "AWS::ApiGatewayV2::Api",
    "AWS::Serverless::SimpleTable": "AWS::DynamoDB::Table",
}
_VARIABLE = re.compile(r"%\{([\w.]+)\}")


class End(NamedTuple):
    """One end of a connector."""

    id: str | None
    type: str
    values: dict[str, Any]
    """What a profile may need: Arn, ResourceId, Name, Qualifier."""
    role: Any
    url: Any


def embedded(expansion: Expansion) -> None:
    """Make a connector of each entry of a resource's ``Connectors`` attribute."""
    for source, resource in list(expansion.resources.items()):
        if "Connectors" not in resource:
            continue
        expansion.resources[source] = {name: value for name, value in resource.items() if name != "Connectors"}
        at: Path = ("Resources", source, "Connectors")
        entries = resource["Connectors"]
        if not isinstance(entries, dict):
            expansion.fault("malformed", at, property="Connectors", expected=["map"])
            continue
        for name, entry in entries.items():
            properties = entry.get("Properties") if isinstance(entry, dict) else None
            if not isinstance(properties, dict):
                expansion.fault("malformed", (*at, name), property=name, expected=["map with Properties"])
                continue
            properties = dict(properties)
            reference = properties.pop("SourceReference", {})
            if not isinstance(reference, dict) or "Id" in reference:
                where = (*at, name, "Properties", "SourceReference")
                expansion.fault("malformed", where, property="SourceReference", expected=["map without Id"])
                reference = {}
            logical_id = source + name
            if logical_id in expansion.resources:
                expansion.fault("duplicate-id", (*at, name), value=logical_id)
                continue
            properties["Source"] = {**reference, "Id": source}
            expansion.resources[logical_id] = {**entry, "Type": PREFIX + "Connector", "Properties": properties}
            expansion.moved[("Resources", logical_id)] = (*at, name)
            expansion.implicit[logical_id] = source


def expand(expansion: Expansion, owner: Owner) -> None:
    """One connector: a policy, or a permission, for each destination."""
    written = owner.properties
    if not check(expansion, RESOURCES["Connector"], written, owner.at(), resource=owner.id):
        return
    destinations = written["Destination"]
    several = isinstance(destinations, list)
    made: list[str] = []
    for index, destination in enumerate(destinations if several else [destinations]):
        suffix = f"Destination{index}" if several else ""
        made += connect(
            expansion,
            owner,
            owner.id,
            written["Source"],
            destination,
            written["Permissions"],
            suffix=suffix,
            written=owner.path,
        )
    if not made:
        expansion.fault("missing-property", owner.path, property="Destination", resource=owner.id)
    for resource in expansion.generated.values():
        _replace_dependency(resource, owner.id, made)
    for name, resource in list(expansion.resources.items()):
        if owner.id in _listed(resource.get("DependsOn")):
            _replace_dependency(expansion.own(name), owner.id, made)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _replace_dependency(resource: dict[str, Any], old: str, new: list[str]) -> None:
    depends = _listed(resource.get("DependsOn"))
    if old in depends:
        kept = [name for name in depends if name != old]
        resource["DependsOn"] = kept + [name for name in new if name not in kept]


def connect(
    expansion: Expansion,
    owner: Owner,
    logical_id: str,
    source: dict[str, Any],
    destination: Any,
    permissions: Any,
    *,
    suffix: str = "",
    written: Path,
) -> list[str]:
    """Give the rights of one connection; returns the logical IDs made. Raises Refused."""
    from lambdalint.data import load

    if not isinstance(destination, dict):
        raise Refused(Fault("malformed", owner.at("Destination"), {"property": "Destination", "expected": ["map"]}))
    table = load("connector_profiles")
    to = _end(expansion, owner, destination, source, "Destination", table)
    start = _end(expansion, owner, source, destination, "Source", table)
    profile = table["permissions"].get(start.type, {}).get(to.type)
    if profile is None:
        raise Refused(Fault("connector-types", written, {"source": start.type, "destination": to.type}))
    rules = profile["Properties"]
    _check_permissions(owner, permissions, rules, start.type, to.type)
    values = {f"Source.{name}": value for name, value in start.values.items()}
    values.update({f"Destination.{name}": value for name, value in to.values.items()})
    categories = {name: rule for name, rule in rules["AccessCategories"].items() if name in permissions}
    try:
        categories = _filled(categories, values)
    except KeyError as missing:
        fields = {"property": str(missing.args[0]), "resource": owner.id}
        raise Refused(Fault("missing-property", written, fields)) from None
    subject, name = (start, "Source") if rules["SourcePolicy"] else (to, "Destination")
    types = _CFN_TYPES.get
    originals = [expansion.template.get("Resources", {}).get(end.id or "", {}).get("Type") for end in (start, to)]
    shown = {
        "Source": {"Type": originals[0] or types(start.type, start.type)},
        "Destination": {"Type": originals[1] or types(to.type, to.type)},
    }
    metadata = {**(owner.attributes.get("Metadata") or {}), "aws:sam:connectors": {logical_id: shown}}
    attributes = {**owner.attributes, "Metadata": metadata}
    made = []
    for id_, type_, properties in _MAKERS[profile["Type"]](owner, logical_id, suffix, subject, name, categories):
        expansion.emit(owner.id, id_, type_, properties, attributes, written, depends_on=owner.depends_on)
        made.append(id_)
    _depend(expansion, rules.get("DependedBy"), start, to, made)
    return made


def _end(
    expansion: Expansion, owner: Owner, given: dict[str, Any], other: dict[str, Any], name: str, table: dict[str, Any]
) -> End:
    at = owner.at(name)
    others = [key for key in given if key not in ("Id", "Qualifier")]
    logical_id = given.get("Id")
    if ("Id" in given) == bool(others):
        raise Refused(Fault("connector-end", at, {"property": name, "resource": owner.id}))
    if not logical_id:
        type_ = given.get("Type")
        if not isinstance(type_, str) or not type_:
            raise Refused(Fault("missing-property", at, {"property": "Type", "resource": owner.id}))
        values = {key: given.get(key) for key in ("Arn", "ResourceId", "Name", "Qualifier")}
        return End(None, _CFN_TYPES.get(type_, type_), values, given.get("RoleName"), given.get("QueueUrl"))
    resource = expansion.generated.get(logical_id) if isinstance(logical_id, str) else None
    if resource is None and isinstance(logical_id, str):
        resource = expansion.resources.get(logical_id)
    if not isinstance(resource, dict) or not isinstance(resource.get("Type"), str):
        raise Refused(Fault("connector-end", at, {"property": name, "value": logical_id, "resource": owner.id}))
    type_ = resource["Type"]
    known = table["resources"].get(type_, {})
    outputs = _filled(known.get("Outputs", {}), {"logicalId": logical_id})
    values = {
        "Arn": outputs.get("Arn"),
        "ResourceId": outputs.get("Id"),
        "Name": outputs.get("Name"),
        "Qualifier": given["Qualifier"] if "Qualifier" in given else outputs.get("Qualifier"),
    }
    role = _role(resource.get("Properties") or {}, known.get("Inputs", {}).get("Role"), other)
    return End(str(logical_id), type_, values, role, outputs.get("Url"))


def _role(properties: dict[str, Any], where: Any, other: dict[str, Any]) -> Any:
    """A Ref of the role that the resource acts with, where it is of the same template."""
    role = properties.get(where) if isinstance(where, str) else None
    if isinstance(where, dict):
        for target in properties.get("Targets", []):
            arn = target.get("Arn") if isinstance(target, dict) else None
            named = referred(arn)
            if (named and named == other.get("Id")) or (other.get("Arn") and arn == other["Arn"]):
                role = target.get("RoleArn")
                break
    logical_id = referred(role)
    return {"Ref": logical_id} if logical_id else None


def _check_permissions(owner: Owner, given: Any, rules: dict[str, Any], source: str, destination: str) -> None:
    known = list(rules["AccessCategories"])
    at = owner.at("Permissions")
    names = set(given) if isinstance(given, list) else set()
    sets = rules.get("ValidAccessCategories")
    if not names or not names <= set(known) or (sets and sorted(names) not in [sorted(one) for one in sets]):
        fields = {"value": sorted(map(str, names)), "source": source, "destination": destination, "allowed": known}
        raise Refused(Fault("connector-permissions", at, fields))


def _filled(node: Any, values: dict[str, Any]) -> Any:
    """A profile with its variables in place; raises KeyError with the variable that has no value."""
    if isinstance(node, dict):
        return {key: _filled(item, values) for key, item in node.items()}
    if isinstance(node, list):
        return [_filled(item, values) for item in node]
    if not isinstance(node, str):
        return node
    found = _VARIABLE.findall(node)
    for name in found:
        if values.get(name) is None:
            raise KeyError(name)
    if len(found) == 1 and node == f"%{{{found[0]}}}":
        return copied(values[found[0]])
    text = _VARIABLE.sub(lambda match: "${" + match[1].replace(".", "") + "}", node)
    if "${" not in text:
        return text
    given = {name.replace(".", ""): values[name] for name in values if name in found}
    return {"Fn::Sub": [text, given]} if given else {"Fn::Sub": text}


def _needed(owner: Owner, value: Any, name: str, what: str) -> Any:
    if not value:
        raise Refused(Fault("connector-end", owner.at(name), {"property": what, "resource": owner.id}))
    return value


def _document(categories: dict[str, Any]) -> dict[str, Any]:
    statements = [statement for rule in categories.values() for statement in rule["Statement"]]
    return {"Version": "2012-10-17", "Statement": statements}


def _iam(owner: Owner, id_: str, suffix: str, subject: End, name: str, categories: dict[str, Any]) -> Any:
    role = _needed(owner, subject.role, name, "RoleName")
    yield f"{id_}Policy{suffix}", "AWS::IAM::ManagedPolicy", {"PolicyDocument": _document(categories), "Roles": [role]}


def _queue(owner: Owner, id_: str, suffix: str, subject: End, name: str, categories: dict[str, Any]) -> Any:
    url = _needed(owner, subject.url, name, "QueueUrl")
    properties = {"PolicyDocument": _document(categories), "Queues": [url]}
    yield f"{id_}QueuePolicy{suffix}", "AWS::SQS::QueuePolicy", properties


def _topic(owner: Owner, id_: str, suffix: str, subject: End, name: str, categories: dict[str, Any]) -> Any:
    arn = _needed(owner, subject.values.get("Arn"), name, "Arn")
    properties = {"PolicyDocument": _document(categories), "Topics": [arn]}
    yield f"{id_}TopicPolicy{suffix}", "AWS::SNS::TopicPolicy", properties


def _permission(owner: Owner, id_: str, suffix: str, subject: End, name: str, categories: dict[str, Any]) -> Any:
    arn = _needed(owner, subject.values.get("Arn"), name, "Arn")
    for category, rule in categories.items():
        properties = {key: rule.get(key) for key in ("Action", "Principal", "SourceArn", "SourceAccount")}
        yield f"{id_}{category}LambdaPermission{suffix}", "AWS::Lambda::Permission", {**properties, "FunctionName": arn}


_MAKERS: dict[str, Any] = {
    "AWS_IAM_ROLE_MANAGED_POLICY": _iam,
    "AWS_SQS_QUEUE_POLICY": _queue,
    "AWS_SNS_TOPIC_POLICY": _topic,
    "AWS_LAMBDA_PERMISSION": _permission,
}


def _depend(expansion: Expansion, who: Any, start: End, to: End, made: list[str]) -> None:
    """Let the event source mapping between the two, or the source itself, wait for the policy."""
    waiting: list[str] = []
    if who == "DESTINATION_EVENT_SOURCE_MAPPING" and start.id and to.id:
        for logical_id, resource in {**expansion.resources, **expansion.generated}.items():
            properties = resource.get("Properties")
            if resource.get("Type") != "AWS::Lambda::EventSourceMapping" or not isinstance(properties, dict):
                continue
            if (
                referred(properties.get("FunctionName")) == to.id
                and referred(properties.get("EventSourceArn")) == start.id
            ):
                waiting.append(logical_id)
        waiting = waiting if len(waiting) == 1 else []
    elif who == "SOURCE" and start.id:
        waiting = [start.id]
    for logical_id in waiting:
        resource = expansion.generated.get(logical_id) or expansion.own(logical_id)
        existing = _listed(resource.get("DependsOn", []))
        resource["DependsOn"] = existing + [name for name in made[:1] if name not in existing]
