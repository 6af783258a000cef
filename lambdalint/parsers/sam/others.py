"""Layers, simple tables and nested applications."""

from __future__ import annotations

from typing import Any

from .context import Expansion, Owner, digest, intrinsic, tag_list
from .functions import location, tags_with
from .shapes import RESOURCES, check

_KEY_TYPES = {"String": "S", "Number": "N", "Binary": "B"}


def expand(expansion: Expansion, owner: Owner) -> None:
    check(expansion, RESOURCES[owner.type], owner.properties, owner.at(), resource=owner.id)
    _EXPANDED[owner.type](expansion, owner)


def _layer(expansion: Expansion, owner: Owner) -> None:
    """A layer version gets a new logical ID with every change: SAM never updates one in place."""
    written = owner.properties
    resource = dict(expansion.resources[owner.id])
    named = {"LayerName", "LicenseInfo", "Description", "RetentionPolicy"}
    hashed = {name: expansion.resolve(value) if name in named else value for name, value in written.items()}
    resource = {"Type": resource["Type"], "Properties": {k: v for k, v in hashed.items() if v is not None}}
    if owner.depends_on:
        resource["DependsOn"] = owner.depends_on
    if "Condition" in owner.attributes:
        resource["Condition"] = owner.attributes["Condition"]
    logical_id = owner.id + digest({owner.id: resource})
    retention = written.get("RetentionPolicy")
    policy = _retention(expansion, owner, expansion.resolve(retention))
    attributes = {"DeletionPolicy": "Retain", **owner.passed_on}
    if policy:
        attributes["DeletionPolicy"] = policy
    _check_architectures(expansion, owner)
    expansion.renamed[owner.id] = logical_id
    expansion.emit(
        owner.id,
        logical_id,
        "AWS::Lambda::LayerVersion",
        {
            "Content": location(expansion, owner, "ContentUri", ("Resources", logical_id, "Properties", "Content")),
            "LayerName": written.get("LayerName") or owner.id,
            "Description": written.get("Description"),
            "CompatibleArchitectures": written.get("CompatibleArchitectures"),
            "CompatibleRuntimes": written.get("CompatibleRuntimes"),
            "LicenseInfo": written.get("LicenseInfo"),
        },
        attributes,
        owner.path,
        depends_on=owner.depends_on,
    )


def _retention(expansion: Expansion, owner: Owner, value: Any) -> str | None:
    if value is None:
        return None
    for option in ("Retain", "Delete"):
        if isinstance(value, str) and value.lower() == option.lower():
            return option
    at = owner.at("RetentionPolicy")
    if not expansion.unsettled(value):
        expansion.fault("retention-policy", at, value=value, intrinsic=intrinsic(value), allowed=["Retain", "Delete"])
    return None


def _check_architectures(expansion: Expansion, owner: Owner) -> None:
    architectures = owner.properties.get("CompatibleArchitectures")
    if isinstance(architectures, list):
        for index, name in enumerate(architectures):
            if isinstance(name, str) and name not in ("x86_64", "arm64"):
                at = owner.at("CompatibleArchitectures", index)
                expansion.fault("architecture", at, value=name, allowed=["x86_64", "arm64"])


def _table(expansion: Expansion, owner: Owner) -> None:
    written = owner.properties
    key: dict[str, Any] = {"AttributeName": "id", "AttributeType": "S"}
    given = written.get("PrimaryKey")
    if isinstance(given, dict) and given:
        at = owner.at("PrimaryKey")
        for name in ("Name", "Type"):
            if given.get(name) is None:
                expansion.fault("missing-property", at, property=name, needed_by="PrimaryKey")
        kind = given.get("Type")
        if isinstance(kind, str) and kind not in _KEY_TYPES:
            expansion.fault("key-type", (*at, "Type"), value=kind, allowed=list(_KEY_TYPES))
        key = {"AttributeName": given.get("Name"), "AttributeType": _KEY_TYPES.get(str(kind), kind)}
    throughput = written.get("ProvisionedThroughput")
    expansion.emit(
        owner.id,
        owner.id,
        "AWS::DynamoDB::Table",
        {
            "AttributeDefinitions": [key],
            "KeySchema": [{"AttributeName": key["AttributeName"], "KeyType": "HASH"}],
            "PointInTimeRecoverySpecification": written.get("PointInTimeRecoverySpecification") or None,
            "ProvisionedThroughput": throughput or None,
            "BillingMode": None if throughput else "PAY_PER_REQUEST",
            "SSESpecification": written.get("SSESpecification") or None,
            "TableName": written.get("TableName") or None,
            "Tags": tag_list(written.get("Tags")) or None,
        },
        owner.attributes,
        owner.path,
        depends_on=owner.depends_on,
    )


def _application(expansion: Expansion, owner: Owner) -> None:
    """A nested stack. ``TemplateURL`` is the local path of the application's template, where it has one."""
    written = owner.properties
    place = written.get("Location")
    tags: dict[str, Any] = {"lambda:createdBy": "SAM"}
    url: Any = written.get("TemplateUrl") or ""
    if isinstance(place, dict):
        for name, tag in (("ApplicationId", "applicationId"), ("SemanticVersion", "semanticVersion")):
            if place.get(name) is not None:
                tags["serverlessrepo:" + tag] = place[name]
        for name in ("ApplicationId", "SemanticVersion"):
            if place.get(name) is None:
                expansion.fault("missing-property", owner.at("Location"), property=name, needed_by="Location")
    elif isinstance(place, str):
        url = place
        expansion.move(owner, owner.at("TemplateURL"), owner.at("Location"))
    expansion.emit(
        owner.id,
        owner.id,
        "AWS::CloudFormation::Stack",
        {
            "TemplateURL": url,
            "Parameters": written.get("Parameters"),
            "NotificationARNs": written.get("NotificationARNs"),
            "Tags": tags_with(expansion, owner, tags),
            "TimeoutInMinutes": written.get("TimeoutInMinutes"),
        },
        owner.passed_on,
        owner.path,
        depends_on=owner.depends_on,
    )


_EXPANDED: dict[str, Any] = {
    "LayerVersion": _layer,
    "SimpleTable": _table,
    "Application": _application,
}
