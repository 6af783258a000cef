"""Makes properties.json: which properties the Lambda resource types have, and of which type.

    python -m lambdalint.data.refresh_properties            # in an environment with cfn-lint and aws-sam-translator

AWS::Lambda::* comes from the CloudFormation schemas that cfn-lint carries (MIT-0; its ``schema_date`` is kept),
AWS::Serverless::{Function,LayerVersion} and the sections of Globals from aws-sam-translator (Apache-2.0). What AWS has
and those do not yet is in ADDITIONS, each with its source. Neither package is needed when lambdalint runs.

The table::

    {"checked_on": "YYYY-MM-DD", "sources": [...], "additions": {...},
     "types": {"AWS::Lambda::Function": {"properties": {...}, "required": [...], "read_only": [...]}, ...},
     "globals": {"Function": ["Handler", ...], ...}}

A node of ``properties`` is one of

- a string: JSON types joined by ``|`` ("integer", "string|object"), or "any"; "object" and "array" are free of shape;
- ``{"properties": {...}, "required": [...]}``: an object with these members only;
- ``{"items": node}``: a list; ``{"values": node}``: a map of free names;
- ``{"any_of": [node, ...]}``.

``read_only`` names attributes that Fn::GetAtt gives and that cannot be set. The node of a property in a section of
Globals is that of the section's type.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import version
from typing import Any

Node = str | dict[str, Any]

REGION = "us-east-1"
SCALARS: dict[str, Any] = {"string": "x", "integer": 1, "number": 1.5, "boolean": True, "object": {}, "array": []}

_RUNTIME = {
    "properties": {"RuntimeAlias": "string", "RuntimeArn": "string"},
    "required": ["RuntimeAlias", "RuntimeArn"],
}
ADDITIONS: dict[str, dict[str, Any]] = {
    "AWS::Lambda::Function": {
        "AcceleratorConfig": {
            "node": {"properties": {"AcceleratorMemorySize": "integer"}, "required": ["AcceleratorMemorySize"]},
            "source": "botocore 1.44.5, lambda CreateFunction",
        },
        "RuntimeConfig": {
            "node": _RUNTIME,
            "source": "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-lambda-function-runtimeconfig.html",
        },
    },
    "AWS::Serverless::Function": {
        "AcceleratorConfig": {
            "node": {"properties": {"AcceleratorMemorySize": "integer"}, "required": ["AcceleratorMemorySize"]},
            "source": "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-function.html",
        },
        "RuntimeConfig": {
            "node": _RUNTIME,
            "source": "https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-runtimeconfig.html",
        },
    },
}
"""Newer than the packages above: a linter that calls them unknown is wrong sooner than AWS is."""

OVERRIDES: dict[tuple[str, ...], Node] = {
    # cfn-lint widens it for a rule of its own; CloudFormation takes scalars only.
    ("AWS::Lambda::Function", "Environment", "Variables"): {"values": "string"},
}

PASSED_THROUGH: dict[str, tuple[str, ...] | Node] = {
    "FunctionUrlConfig.Cors": ("AWS::Lambda::Url", "Cors"),
    "FunctionUrlConfig.InvokeMode": "string",
    "ImageUri": "string",
    "InlineCode": "string",
    "PermissionsBoundary": "string",
    "ProvisionedConcurrencyConfig": ("AWS::Lambda::Alias", "ProvisionedConcurrencyConfig"),
    "RolePath": "string",
    "SourceKMSKeyArn": "string",
    "VersionDescription": "string",
    "Role": "string",
    "Tags": {"values": "string"},
    "Environment": ("AWS::Lambda::Function", "Environment"),
    # The schema's models know no Events of later releases; event_sources.yaml has each type's properties.
    "Events": {
        "values": {
            "properties": {"Type": "string", "Properties": "object"},
            "required": ["Type"],
        }
    },
    "Policies": "string|object|array",
    "AssumeRolePolicyDocument": "object",
    "ContentUri.Bucket": "string",
    "ContentUri.Key": "string",
    "ContentUri.Version": "string",
    "ContentUri.StorageMode": "string",
    "DeploymentPreference.Alarms": "array",
    "DeploymentPreference.TriggerConfigurations": "array",
}
"""What SAM hands on to another place than the property of the same name of AWS::Lambda::*."""


def joined(types: set[str]) -> str:
    """Type names in one fixed order; ``number`` takes integers too."""
    if types >= set(SCALARS):
        return "any"
    if "number" in types:
        types = types - {"integer"}
    return "|".join(name for name in SCALARS if name in types)


def converted(schema: dict[str, Any], root: dict[str, Any]) -> Node:
    """A node for a JSON Schema, with its references resolved inside ``root``."""
    if "$ref" in schema:
        target: Any = root
        for part in schema["$ref"].lstrip("#/").split("/"):
            target = target[part]
        return converted(target, root)
    if len(schema.get("allOf", ())) == 1:
        return converted(schema["allOf"][0], root)
    options = schema.get("anyOf") or schema.get("oneOf")
    if options:
        return either([converted(option, root) for option in options])
    kinds = schema.get("type")
    if isinstance(kinds, list):
        return joined(set(kinds))
    if "properties" in schema:
        return members(schema, root)
    if kinds == "array":
        return {"items": converted(schema["items"], root)} if schema.get("items") else "array"
    patterns = schema.get("patternProperties")
    if patterns:
        return {"values": either([converted(option, root) for option in patterns.values()])}
    extra = schema.get("additionalProperties")
    if isinstance(extra, dict) and extra:
        return {"values": converted(extra, root)}
    if kinds is None:
        return "any"
    return str(kinds)


def members(schema: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    node: dict[str, Any] = {
        "properties": {name: converted(value, root) for name, value in sorted(schema["properties"].items())}
    }
    if schema.get("required"):
        node["required"] = sorted(schema["required"])
    return node


def either(nodes: list[Node]) -> Node:
    """One node for several: plain types are joined, an object of free shape swallows the shaped ones."""
    plain = {kind for node in nodes if isinstance(node, str) for kind in node.split("|")}
    if "any" in plain:
        return "any"
    shaped = [node for node in nodes if isinstance(node, dict)]
    if "object" in plain:
        shaped = [node for node in shaped if "items" in node]
    if "array" in plain:
        shaped = [node for node in shaped if "items" not in node]
    unique = [node for index, node in enumerate(shaped) if node not in shaped[:index]]
    if not unique:
        return joined(plain)
    if not plain and len(unique) == 1:
        return unique[0]
    return {"any_of": ([joined(plain)] if plain else []) + unique}


def cloudformation() -> tuple[dict[str, dict[str, Any]], str]:
    """The types AWS::Lambda::*, and what they were read from."""
    schemas = os.path.join(os.path.dirname(str(import_module("cfnlint").__file__)), "data", "schemas")
    with open(os.path.join(schemas, "version.json"), encoding="utf-8") as file:
        date = json.load(file)["schema_date"][:10]
    with open(os.path.join(schemas, "providers", f"{REGION}.json"), encoding="utf-8") as file:
        names: dict[str, str] = json.load(file)
    types: dict[str, dict[str, Any]] = {}
    for name, key in sorted(names.items()):
        if not name.startswith("AWS::Lambda::"):
            continue
        with open(os.path.join(schemas, "resources", f"{key}.json"), encoding="utf-8") as file:
            schema = json.load(file)
        node = members(schema, schema)
        read_only = {path.split("/")[2] for path in schema.get("readOnlyProperties", ()) if path.count("/") == 2}
        node["properties"] = {key: value for key, value in node["properties"].items() if key not in read_only}
        node["read_only"] = sorted(read_only)
        for path, override in OVERRIDES.items():
            if path[0] == name:
                at(types | {name: node}, path[:-1])["properties"][path[-1]] = override
        types[name] = node
    return types, f"cfn-lint {version('cfn-lint')}, CloudFormation schemas of {date} ({REGION}), MIT-0"


def at(types: dict[str, dict[str, Any]], path: tuple[str, ...]) -> Any:
    """The node of a property by the names that lead to it."""
    node: Any = types[path[0]]
    for name in path[1:]:
        node = node["properties"][name]
    return node


def accepted(validate: Callable[..., bool]) -> set[str]:
    """The JSON types that one of SAM's property validators lets pass, found by asking it."""
    found = set()
    for name, sample in SCALARS.items():
        try:
            if validate(sample, False):
                found.add(name)
        except Exception:
            continue
    return found


def narrowed(node: Node, types: set[str]) -> Node:
    """A plain node without the types that SAM's own check refuses; intrinsics (maps) are not a value's own type."""
    if not isinstance(node, str) or node == "any":
        return joined(types) if node == "any" and types else node
    kept = set(node.split("|")) & (types | ({"integer"} if "number" in types else set()))
    return joined(kept) if kept else node


def sam_type(types: dict[str, dict[str, Any]], models: Any, resource: Any, raw: str) -> dict[str, Any]:
    """One SAM type: its names from what SAM checks, their shapes from SAM's schema and CloudFormation's."""
    root = models.Properties.schema()
    properties: dict[str, Node] = {}
    for name, kind in sorted(resource.property_types.items()):
        given = PASSED_THROUGH.get(name)
        if isinstance(given, tuple):
            node: Node = at(types, given)
        elif given is not None:
            node = given
        else:
            node = from_model(name, root["properties"].get(name, {}), root)
            if node == "any" and name in types[raw]["properties"]:
                node = at(types, (raw, name))
        properties[name] = narrowed(node, accepted(kind.validate)) if name not in PASSED_THROUGH else node
    required = sorted(name for name, kind in resource.property_types.items() if kind.required)
    types_node: dict[str, Any] = {"properties": properties, "read_only": []}
    if required:
        types_node["required"] = required
    # What SAM hands on untyped inside a model gets CloudFormation's shape.
    for path, given in PASSED_THROUGH.items():
        if "." in path:
            outer, inner = path.split(".")
            for option in options_of(properties.get(outer)):
                if inner in option.get("properties", {}):
                    option["properties"][inner] = at(types, given) if isinstance(given, tuple) else given
    return types_node


def options_of(node: Node | None) -> list[dict[str, Any]]:
    if not isinstance(node, dict):
        return []
    return [option for option in node.get("any_of", [node]) if isinstance(option, dict)]


def from_model(name: str, schema: dict[str, Any], root: dict[str, Any]) -> Node:
    """A node from SAM's schema. SAM writes "or an intrinsic" as "or any object" there: that alternative is dropped."""
    options = schema.get("anyOf", ())
    if len(options) > 1 and {"type": "object"} in options:
        schema = {"anyOf": [option for option in options if option != {"type": "object"}]}
    node = converted(schema, root)
    return without_intrinsics(node) if isinstance(node, dict) else node


def without_intrinsics(node: Node) -> Node:
    if isinstance(node, str):
        kinds = set(node.split("|"))
        return joined(kinds - {"object"}) if "object" in kinds and len(kinds) > 1 and node != "any" else node
    if "properties" in node:
        return {**node, "properties": {name: without_intrinsics(value) for name, value in node["properties"].items()}}
    if "items" in node:
        return {"items": without_intrinsics(node["items"])}
    if "any_of" in node:
        options = [without_intrinsics(option) for option in node["any_of"]]
        return either([option for option in options if option != "object"])
    return node


def sam(types: dict[str, dict[str, Any]]) -> tuple[dict[str, dict[str, Any]], dict[str, list[str]], str]:
    """The types AWS::Serverless::*, the properties of each section of Globals, and what they were read from."""
    resources = import_module("samtranslator.model.sam_resources")
    source = "samtranslator.internal.schema_source"
    found = {
        "AWS::Serverless::Function": sam_type(
            types, import_module(f"{source}.aws_serverless_function"), resources.SamFunction, "AWS::Lambda::Function"
        ),
        "AWS::Serverless::LayerVersion": sam_type(
            types,
            import_module(f"{source}.aws_serverless_layerversion"),
            resources.SamLayerVersion,
            "AWS::Lambda::LayerVersion",
        ),
    }
    supported = import_module("samtranslator.plugins.globals.globals").Globals.supported_properties
    sections = {name.rpartition("::")[2]: sorted(properties) for name, properties in sorted(supported.items())}
    return found, sections, f"aws-sam-translator {version('aws-sam-translator')}, Apache-2.0"


def table(checked_on: str) -> dict[str, Any]:
    types, cloudformation_source = cloudformation()
    serverless, sections, sam_source = sam(types)
    types = types | serverless
    additions: dict[str, str] = {}
    for name, properties in ADDITIONS.items():
        for key, addition in properties.items():
            if key not in types[name]["properties"]:
                types[name]["properties"][key] = addition["node"]
                additions[f"{name}.{key}"] = addition["source"]
        types[name]["properties"] = dict(sorted(types[name]["properties"].items()))
    return {
        "checked_on": checked_on,
        "sources": [cloudformation_source, sam_source],
        "additions": additions,
        "globals": sections,
        "types": types,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Make properties.json from cfn-lint and aws-sam-translator.")
    parser.add_argument("--checked-on", required=True, metavar="YYYY-MM-DD", help="the day to write into the table")
    arguments = parser.parse_args()
    target = os.path.join(os.path.dirname(os.path.abspath(__file__)), "properties.json")
    text = json.dumps(table(arguments.checked_on), separators=(",", ":"), sort_keys=True)
    with open(target, "w", encoding="utf-8") as file:
        file.write(text.replace('},"AWS::', '},\n"AWS::').replace('"types":{', '\n"types":{\n') + "\n")


if __name__ == "__main__":
    main()
