"""Versions, aliases, function URLs and destinations of a function."""

from __future__ import annotations

import re
from typing import Any

from lambdalint.finding import Path

from .context import (
    Expansion,
    Owner,
    Target,
    attribute,
    branches,
    digest,
    intrinsic,
    is_no_value,
    like,
    referred,
    unknown,
    when,
)
from .policies import send

_ALIAS = re.compile(r"(?!^[0-9]+$)[a-zA-Z0-9\-_]+$")
_CORS = {
    "AllowOrigins": list,
    "AllowMethods": list,
    "AllowCredentials": bool,
    "AllowHeaders": list,
    "ExposeHeaders": list,
    "MaxAge": int,
}
_WORDS = {list: "list", bool: "boolean", int: "number"}
_DESTINATIONS = ("SQS", "SNS", "EventBridge", "Lambda", "S3Bucket")


def described(expansion: Expansion, owner: Owner) -> Any:
    """The description that carries ``AutoPublishCodeSha256``, so that a change of code alone is published."""
    sha = expansion.resolve(owner.properties.get("AutoPublishCodeSha256"))
    if not sha or not owner.properties.get("AutoPublishAlias"):
        return None
    if expansion.unsettled(sha):
        return None
    if not isinstance(sha, str):
        at = owner.at("AutoPublishCodeSha256")
        expansion.fault("malformed", at, property="AutoPublishCodeSha256", expected=["string"])
        return None
    description = expansion.resolve(owner.properties.get("Description"))
    if not description:
        return sha
    return f"{description} {sha}" if isinstance(description, str) else {"Fn::Join": [" ", [description, sha]]}


def version_and_alias(expansion: Expansion, owner: Owner, function: dict[str, Any]) -> str | None:
    """The version and alias that ``AutoPublishAlias`` asks for; the logical ID of the alias."""
    written = owner.properties
    if not written.get("AutoPublishAlias"):
        return None
    at = owner.at("AutoPublishAlias")
    name = expansion.resolve(written["AutoPublishAlias"])
    if not isinstance(name, str):
        if intrinsic(name) and not expansion.unsettled(name):  # any other type is malformed, and told already
            expansion.fault("alias-name", at, value=name, intrinsic=intrinsic(name))
        return None
    if not _ALIAS.match(name):
        expansion.fault("alias-name", at, value=name)
    attributes = dict(owner.passed_on)
    if "DeletionPolicy" not in attributes:
        kept = "Retain" if written.get("CapacityProviderConfig") is None else "Delete"
        attributes["DeletionPolicy"] = written.get("VersionDeletionPolicy") or kept
    version = f"{owner.id}Version{_version_hash(expansion, owner, function)}"
    scaling = written.get("FunctionScalingConfig") if written.get("CapacityProviderConfig") is not None else None
    properties = {
        "FunctionName": {"Ref": owner.id},
        "Description": written.get("VersionDescription"),
        "FunctionScalingConfig": scaling,
    }
    origin = owner.inherited.get(at, at)
    expansion.emit(owner.id, version, "AWS::Lambda::Version", properties, attributes, origin)
    if properties["Description"] is not None:
        place = ("Resources", version, "Properties", "Description")
        expansion.move(owner, place, owner.at("VersionDescription"))
    alias = re.sub("[^A-Za-z0-9]", "", f"{owner.id}Alias" + name.replace("-", "D").replace("_", "U"))
    provisioned = written.get("ProvisionedConcurrencyConfig") or None
    properties = {
        "Name": name,
        "FunctionName": {"Ref": owner.id},
        "FunctionVersion": attribute(version, "Version"),
        "ProvisionedConcurrencyConfig": provisioned,
    }
    expansion.emit(owner.id, alias, "AWS::Lambda::Alias", properties, owner.passed_on, origin)
    expansion.move(owner, ("Resources", alias, "Properties", "Name"), at)
    if provisioned is not None:
        config = "ProvisionedConcurrencyConfig"
        expansion.move(owner, ("Resources", alias, "Properties", config), owner.at(config))
    expansion.refer(owner.id, "Version", version)
    expansion.refer(owner.id, "Alias", alias)
    return alias


def _version_hash(expansion: Expansion, owner: Owner, function: dict[str, Any]) -> str:
    """The end of a version's logical ID: it changes with the code, or with all properties where that is asked for."""
    written = owner.properties
    sha = expansion.resolve(written.get("AutoPublishCodeSha256"))
    if isinstance(sha, str) and sha:
        return sha[:10]
    if written.get("AutoPublishAliasAllProperties"):
        data = {name: value for name, value in function.items() if name != "Role"}
        for layer in function.get("Layers") or ():
            resource = expansion.resources.get(referred(layer) or "")
            properties = resource.get("Properties") if isinstance(resource, dict) else None
            if isinstance(properties, dict) and properties.get("PublishLambdaVersion"):
                data[referred(layer) or ""] = properties
        return digest(data)
    code = expansion.resolve(function["Code"])
    data = dict(code) if isinstance(code, dict) else {"Code": code}
    if isinstance(function.get("Environment"), dict):
        data.update(function["Environment"])
    if function.get("MemorySize"):
        data["MemorySize"] = function["MemorySize"]
    start = function.get("SnapStart")
    if isinstance(start, dict) and start.get("ApplyOn", "None") != "None":
        data["SnapStart"] = start
    return digest(data)


def url(expansion: Expansion, owner: Owner, target: Target, alias: str | None) -> None:
    """The function URL, and for a public one both permissions that a call needs since October 2025."""
    config = owner.properties.get("FunctionUrlConfig")
    if not isinstance(config, dict) or not config:
        return
    at = owner.at("FunctionUrlConfig")
    auth = config.get("AuthType")
    if not intrinsic(config):
        if not intrinsic(auth) and auth not in ("AWS_IAM", "NONE"):
            where = at if auth is None else (*at, "AuthType")
            expansion.fault("url-auth-type", where, value=auth, allowed=["AWS_IAM", "NONE"])
        _check_cors(expansion, owner, config.get("Cors"))
    subject = target.name if alias else {"Ref": owner.id}
    written = owner.inherited.get(at, at)
    logical_id = owner.id + "Url"
    properties = {
        "TargetFunctionArn": subject,
        "AuthType": auth,
        "Cors": config.get("Cors") or None,
        "InvokeMode": config.get("InvokeMode"),
    }
    expansion.emit(owner.id, logical_id, "AWS::Lambda::Url", like(config, properties), owner.passed_on, written)
    expansion.move(owner, ("Resources", logical_id, "Properties"), at)
    if auth != "NONE" or intrinsic(config):
        return
    public: tuple[tuple[str, str, str, Any], ...] = (
        ("UrlPublicPermissions", "lambda:InvokeFunctionUrl", "FunctionUrlAuthType", "NONE"),
        ("URLInvokeAllowPublicAccess", "lambda:InvokeFunction", "InvokedViaFunctionUrl", True),
    )
    for suffix, action, name, value in public:
        properties = {"Action": action, "FunctionName": subject, "Principal": "*", name: value}
        expansion.emit(owner.id, owner.id + suffix, "AWS::Lambda::Permission", properties, owner.passed_on, written)


def _check_cors(expansion: Expansion, owner: Owner, cors: Any) -> None:
    if not cors or intrinsic(cors):
        return
    at = owner.at("FunctionUrlConfig", "Cors")
    if not isinstance(cors, dict):
        expansion.fault("malformed", at, property="Cors", expected=["map"])
        return
    for name, value in cors.items():
        if name not in _CORS:
            expansion.fault("unknown-property", (*at, name), property=name)
        elif not unknown(value) and not intrinsic(value):
            if not isinstance(value, _CORS[name]):
                expansion.fault("malformed", (*at, name), property=name, expected=[_WORDS[_CORS[name]]])


# --- destinations of asynchronous invocation


def event_invoke_config(expansion: Expansion, owner: Owner, alias: str | None) -> list[dict[str, Any]]:
    """The configuration of asynchronous invocation with the queues and topics that SAM makes for it.

    Returns the policies that sending to the destinations needs.
    """
    config = owner.properties.get("EventInvokeConfig")
    if not isinstance(config, dict) or not config:
        return []
    logical_id = owner.id + "EventInvokeConfig"
    rights: list[dict[str, Any]] = []
    destinations: dict[str, Any] = {}
    written = config.get("DestinationConfig")
    if written and not isinstance(written, dict):
        at = owner.at("EventInvokeConfig", "DestinationConfig")
        expansion.fault("malformed", at, property="DestinationConfig", expected=["map"])
        written = None
    for name in ("OnSuccess", "OnFailure"):
        given = written.get(name) if written else None
        if given is not None:
            destination = _destination(expansion, owner, logical_id, name, given, rights)
            if destination is not None:
                destinations[name] = {"Destination": destination}
    at = owner.at("EventInvokeConfig")
    properties = {
        "FunctionName": {"Ref": owner.id},
        "Qualifier": expansion.generated[alias]["Properties"]["Name"] if alias else "$LATEST",
        "DestinationConfig": destinations,
        "MaximumEventAgeInSeconds": config.get("MaximumEventAgeInSeconds"),
        "MaximumRetryAttempts": config.get("MaximumRetryAttempts"),
    }
    expansion.emit(
        owner.id,
        logical_id,
        "AWS::Lambda::EventInvokeConfig",
        properties,
        owner.attributes,
        owner.inherited.get(at, at),
        depends_on=[alias] if alias else None,
    )
    expansion.move(owner, ("Resources", logical_id, "Properties"), at)
    return rights


def _destination(
    expansion: Expansion, owner: Owner, config_id: str, name: str, given: Any, rights: list[dict[str, Any]]
) -> Any:
    at = owner.at("EventInvokeConfig", "DestinationConfig", name)
    if not isinstance(given, dict):
        expansion.fault("malformed", at, property=name, expected=["map"])
        return None
    kind = expansion.resolve(given.get("Type"))
    destination = given.get("Destination")
    if expansion.unsettled(kind):
        return destination
    if not isinstance(kind, str) or kind not in _DESTINATIONS:
        where = at if kind is None else (*at, "Type")
        expansion.fault("destination-type", where, value=kind, allowed=list(_DESTINATIONS))
        return destination
    condition, other = _made_when(expansion, config_id, destination, at)
    if destination is None or condition is not None:
        if kind not in ("SQS", "SNS"):
            expansion.fault("missing-property", at, property="Destination", needed_by=kind)
            return destination
        made = config_id + name + ("Queue" if kind == "SQS" else "Topic")
        attributes = dict(owner.passed_on)
        both = _both(expansion, owner, attributes.get("Condition"), condition)
        if both is not None:
            attributes["Condition"] = both
        type_ = "AWS::SQS::Queue" if kind == "SQS" else "AWS::SNS::Topic"
        expansion.emit(owner.id, made, type_, {}, attributes, owner.inherited.get(at, at))
        expansion.refer(owner.id, "DestinationQueue" if kind == "SQS" else "DestinationTopic", made)
        arn = attribute(made) if kind == "SQS" else {"Ref": made}
        destination = arn if condition is None else when(condition, arn, other)
    right = send(kind, destination, config_id + name)
    if right:
        rights.append(right)
    return destination


def _made_when(expansion: Expansion, config_id: str, destination: Any, at: Path) -> tuple[Any, Any]:
    """The condition under which a destination is left to SAM, and the destination otherwise."""
    parts = branches(destination)
    if parts is None:
        if intrinsic(destination) == "Fn::If":
            expansion.fault("malformed", at, property="Destination", expected=["Fn::If with three arguments"])
        return None, None
    condition, then, otherwise = parts
    if is_no_value(then) and not is_no_value(otherwise):
        return condition, otherwise
    if is_no_value(otherwise) and not is_no_value(then):
        negated = f"NOT{condition}{digest(config_id)}"
        expansion.conditions[negated] = {"Fn::Not": [{"Condition": condition}]}
        expansion.moved[("Conditions", negated)] = ("Conditions", condition)
        return negated, then
    return None, None


def _both(expansion: Expansion, owner: Owner, mine: Any, theirs: Any) -> Any:
    if mine is None or theirs is None:
        return theirs if mine is None else mine
    name = f"{mine}AND{theirs}{digest(owner.id)}"
    expansion.conditions[name] = {"Fn::And": [{"Condition": mine}, {"Condition": theirs}]}
    expansion.moved[("Conditions", name)] = ("Conditions", mine)
    return name
