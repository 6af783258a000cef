"""Expansion by aws-sam-translator, and the comparison of ours with it. Not a test itself."""

from __future__ import annotations

import copy
import json
import os
import re
from typing import Any

os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
os.environ.setdefault("AWS_EC2_METADATA_DISABLED", "true")

import boto3
from samtranslator.model.exceptions import InvalidDocumentException
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

from lambdalint.parsers import sam

HERE = os.path.dirname(os.path.abspath(__file__))
CORPUS = os.path.join(HERE, "..", "..", "shared", "corpus")
REGION = {"AWS::Region": "us-east-1", "AWS::Partition": "aws"}
CODE = "s3://bucket/value"
"""What SAM CLI's validation puts in place of a local path."""
ATTRIBUTES = ("Condition", "DeletionPolicy", "UpdateReplacePolicy", "UpdatePolicy", "DependsOn")
_SESSION = boto3.session.Session(region_name="us-east-1")
_HASHED = ("AWS::Lambda::Version", "AWS::Lambda::LayerVersion", "AWS::ApiGateway::Deployment")
_VARIABLE = re.compile(r"\$\{([A-Za-z0-9.]+|AWS::[A-Z][A-Za-z]*)\}")
_LOCAL = {
    "Api": "DefinitionUri",
    "HttpApi": "DefinitionUri",
    "StateMachine": "DefinitionUri",
    "GraphQLApi": "SchemaUri",
}


def load(text: str, name: str = "") -> Any:
    """A template as plain values; None where it is none."""
    try:
        template = json.loads(text) if name.endswith(".json") else yaml_parse(text)
        return json.loads(json.dumps(template, default=str)) if isinstance(template, dict) else None
    except Exception:  # cookiecutter braces, unknown tags: no input for the translator
        return None


def with_code_in_s3(template: dict[str, Any]) -> dict[str, Any]:
    """Local paths replaced as SAM CLI does before it validates."""
    template = copy.deepcopy(template)
    shared = template.get("Globals")
    shared = shared.get("Function") if isinstance(shared, dict) else None
    if isinstance(shared, dict) and "CodeUri" in shared:
        _put(shared, "CodeUri")
    resources = template.get("Resources")
    for resource in resources.values() if isinstance(resources, dict) else ():
        properties = resource.get("Properties") if isinstance(resource, dict) else None
        if not isinstance(properties, dict):
            continue
        kind = str(resource.get("Type")).removeprefix("AWS::Serverless::")
        if kind == "Function" and properties.get("PackageType") == "Image":
            metadata = resource.get("Metadata")
            if "ImageUri" not in properties and isinstance(metadata, dict) and "Dockerfile" in metadata:
                properties["ImageUri"] = "123456789012.dkr.ecr.us-east-1.amazonaws.com/x:1"
        elif kind == "Function" and "InlineCode" not in properties:
            if "CodeUri" in properties or not (isinstance(shared, dict) and "CodeUri" in shared):
                _put(properties, "CodeUri")
        elif kind == "LayerVersion":
            _put(properties, "ContentUri")
        elif kind in _LOCAL and _LOCAL[kind] in properties:
            _put(properties, _LOCAL[kind])
    return template


def _put(properties: dict[str, Any], name: str) -> None:
    value = properties.get(name)
    if value is None or (isinstance(value, str) and not value.startswith("s3://")):
        properties[name] = CODE


def parameters(template: dict[str, Any]) -> dict[str, Any]:
    """The defaults of a template's parameters, and the Region."""
    declared = template.get("Parameters")
    found = declared.items() if isinstance(declared, dict) else ()
    return {
        **REGION,
        **{name: entry["Default"] for name, entry in found if isinstance(entry, dict) and "Default" in entry},
    }


def translated(template: dict[str, Any]) -> tuple[dict[str, Any] | None, str]:
    """What aws-sam-translator makes of a template; None and its words where it refuses it."""
    template = copy.deepcopy(template)
    try:
        return Translator(None, Parser(), boto_session=_SESSION).translate(template, parameters(template)), ""
    except InvalidDocumentException as error:
        return None, "; ".join(cause.message for cause in error.causes)
    except Exception as error:
        return None, repr(error)


def refused(expanded: sam.Expanded) -> list[Any]:
    """The faults that SAM itself would refuse the template for."""
    return [fault for fault in expanded.faults if fault.fields.get("problem") != "extra"]


def comparable(resources: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    """Resources with parameters in place (SAM puts some in as it reads them) and without hashes of content."""
    text = json.dumps(_resolved(resources, values), default=str)
    for logical_id, resource in resources.items():
        if isinstance(resource, dict) and resource.get("Type") in _HASHED and re.search("[0-9a-f]{10}$", logical_id):
            text = text.replace(logical_id, logical_id[:-10] + "HASH")
    text = re.sub(r"deployment id: [0-9a-f]{40}", "deployment id", text)
    return {name: _compared(resource) for name, resource in json.loads(text).items()}


def _compared(resource: Any) -> Any:
    if not isinstance(resource, dict):
        return resource
    kept = {name: resource[name] for name in ("Type", "Properties", *ATTRIBUTES) if name in resource}
    if "DependsOn" in kept:
        kept["DependsOn"] = sorted([kept["DependsOn"]] if isinstance(kept["DependsOn"], str) else kept["DependsOn"])
    return kept


def _resolved(value: Any, values: dict[str, Any]) -> Any:
    if isinstance(value, list):
        return [_resolved(item, values) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        if isinstance(value.get("Ref"), str) and value["Ref"] in values:
            return values[value["Ref"]]
        text = value.get("Fn::Sub")
        if isinstance(text, str):
            return {"Fn::Sub": _substituted(text, values)}
        if isinstance(text, list) and text and isinstance(text[0], str):
            return {"Fn::Sub": [_substituted(text[0], values), *(_resolved(item, values) for item in text[1:])]}
        attribute = value.get("Fn::GetAtt")
        if isinstance(attribute, (str, list)):
            return {
                "Fn::GetAtt": (attribute if isinstance(attribute, str) else ".".join(map(str, attribute))).split(".", 1)
            }
    return {key: _resolved(item, values) for key, item in value.items()}


def _substituted(text: str, values: dict[str, Any]) -> str:
    def known(match: re.Match[str]) -> str:
        found = values.get(match[1])
        return match[0] if found is None or isinstance(found, (dict, list)) else str(found)

    return _VARIABLE.sub(known, text)


def differences(template: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """The number of resources that the translator makes, and those that we make otherwise: {ID: (theirs, ours)}.

    Call it only for templates that the translator takes.
    """
    theirs, why = translated(template)
    assert theirs is not None, why
    values = parameters(template)
    expected = comparable(theirs["Resources"], values)
    ours = comparable(sam.expand(template, values).template["Resources"], values)
    names = {**expected, **ours}
    return len(expected), {
        name: (expected.get(name), ours.get(name)) for name in names if expected.get(name) != ours.get(name)
    }


def condition_differences(template: dict[str, Any]) -> dict[str, Any]:
    """Conditions that the translator makes or keeps, and we otherwise: {name: (theirs, ours)}."""
    theirs, why = translated(template)
    assert theirs is not None, why
    expected = _single(theirs.get("Conditions") or {})
    ours = sam.expand(template, parameters(template)).template.get("Conditions") or {}
    names = {**expected, **ours}
    return {name: (expected.get(name), ours.get(name)) for name in names if expected.get(name) != ours.get(name)}


def _single(value: Any) -> Any:
    """SAM 1.115 writes ``Condition: {Condition: Name}`` within the Fn::And of a destination's condition."""
    if isinstance(value, list):
        return [_single(item) for item in value]
    if not isinstance(value, dict):
        return value
    inner = value.get("Condition")
    return inner if isinstance(inner, dict) and len(value) == 1 else {key: _single(item) for key, item in value.items()}
