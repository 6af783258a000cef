"""AWS::Serverless::HttpApi: the HTTP API with its definition, stage and authorizers."""

from __future__ import annotations

from typing import Any

from .auth import Authorizers
from .body import Body, is_document
from .context import Expansion, Owner, copied, digest, intrinsic
from .rest import definition_location
from .shapes import RESOURCES, check

_CORS = {
    "AllowOrigins": "allowOrigins",
    "AllowHeaders": "allowHeaders",
    "AllowMethods": "allowMethods",
    "ExposeHeaders": "exposeHeaders",
    "MaxAge": "maxAge",
    "AllowCredentials": "allowCredentials",
}
_TAGGED = ("AWS::ApiGatewayV2::Stage", "AWS::ApiGatewayV2::DomainName")


def expand(expansion: Expansion, owner: Owner) -> None:
    """One HTTP API with all that SAM makes of it."""
    written = {name: value for name, value in owner.properties.items() if name != "PropagateTags"}
    check(expansion, RESOURCES["HttpApi"], written, owner.at(), resource=owner.id)
    location, document = written.get("DefinitionUri"), written.get("DefinitionBody")
    if location and document:
        names = ["DefinitionUri", "DefinitionBody"]
        expansion.fault("exclusive-properties", owner.at("DefinitionUri"), properties=names, resource=owner.id)
    auth = written.get("Auth")
    authorizers = Authorizers(expansion, owner, auth, True) if isinstance(auth, dict) and auth else None
    document = _document(expansion, owner, authorizers)
    properties: dict[str, Any] = {"FailOnWarnings": written.get("FailOnWarnings") or None}
    if location:
        properties["BodyS3Location"] = definition_location(expansion, owner)
        expansion.move(owner, owner.at("BodyS3Location"), owner.at("DefinitionUri"))
    elif document:
        properties["Body"] = document
        if owner.id not in expansion.managed:
            expansion.move(owner, owner.at("Body"), owner.at("DefinitionBody"))
        elif owner.id not in expansion.implicit:
            expansion.moved[owner.at("Body")] = owner.path
    else:
        expansion.fault("missing-property", owner.path, property="DefinitionBody", resource=owner.id)
    type_ = "AWS::ApiGatewayV2::Api"
    expansion.emit(owner.id, owner.id, type_, properties, owner.attributes, owner.path, depends_on=owner.depends_on)
    if authorizers:
        authorizers.permissions()
    if written.get("Domain") is not None:
        from .domains import http_domain

        http_domain(expansion, owner, {"httpapi:createdBy": "SAM"})
    tags = _tags(owner) if document else written.get("Tags")
    stage(expansion, owner, tags, auto_deploy=True, default=True)
    if document is not None and tags:
        for logical_id in expansion.of.get(owner.id, ()):
            resource = expansion.generated[logical_id]
            if resource["Type"] in _TAGGED:
                resource["Properties"]["Tags"] = tags


def _tags(owner: Owner) -> Any:
    tags = owner.properties.get("Tags")
    if not is_document(owner.properties.get("DefinitionBody"), True):
        return tags
    return {**tags, "httpapi:createdBy": "SAM"} if isinstance(tags, dict) else {"httpapi:createdBy": "SAM"}


def _document(expansion: Expansion, owner: Owner, authorizers: Authorizers | None) -> Any:
    """The definition with CORS, authorizers, tags, title and description in it."""
    written = owner.properties
    wanted = [name for name in ("CorsConfiguration", "Auth", "Tags", "Name", "Description") if written.get(name)]
    if written.get("DisableExecuteApiEndpoint") is not None:
        wanted.append("DisableExecuteApiEndpoint")
    document: Any = written.get("DefinitionBody")
    if not is_document(document, True):
        for name in wanted:
            expansion.fault("needs-definition", owner.at(name), property=name, resource=owner.id)
        return document
    if owner.id not in expansion.managed:
        document = copied(document)
    body = Body(document, owner.at("DefinitionBody"), True)
    if written.get("CorsConfiguration"):
        _cors(expansion, owner, document)
    if authorizers:
        authorizers.define(body)
    _tag(expansion, owner, document)
    if written.get("DisableExecuteApiEndpoint") is not None:
        for server in document.setdefault("servers", [{}]):
            config = server.setdefault("x-amazon-apigateway-endpoint-configuration", {})
            config["disableExecuteApiEndpoint"] = written["DisableExecuteApiEndpoint"]
    info = document.get("info") or {}
    if not isinstance(info, dict):
        body.refuse("info", problem="map")
    if written.get("Name"):
        if info.get("title") != {"Ref": "AWS::StackName"}:
            expansion.fault("exclusive-properties", owner.at("Name"), properties=["Name", "DefinitionBody.info.title"])
        info["title"] = written["Name"]
    if written.get("Description"):
        if info.get("description"):
            names = ["Description", "DefinitionBody.info.description"]
            expansion.fault("exclusive-properties", owner.at("Description"), properties=names)
        info["description"] = written["Description"]
    if info:
        document["info"] = info
    if written.get("FailOnWarnings") and "$default" in body.paths:
        body.paths["/$default"] = body.paths.pop("$default")
    return document


def _cors(expansion: Expansion, owner: Owner, document: dict[str, Any]) -> None:
    cors = expansion.resolve(owner.properties["CorsConfiguration"])
    name = "x-amazon-apigateway-cors"
    config = document.get(name, {})
    if not isinstance(config, dict):
        at = owner.at("DefinitionBody", name)
        expansion.fault("malformed", at, property=name, expected=["map"])
        return
    if isinstance(cors, bool):
        config["allowOrigins"] = ["*"]
    elif intrinsic(cors):
        config.update(_renamed(cors))
    elif isinstance(cors, dict):
        for key in cors:
            if key not in _CORS:
                at = owner.at("CorsConfiguration", key)
                expansion.fault("unknown-property", at, property=key, resource=owner.id)
        credentials = cors.get("AllowCredentials") is True
        if credentials and cors.get("AllowOrigins") == ["*"]:
            at = owner.at("CorsConfiguration")
            expansion.fault("exclusive-properties", at, properties=["AllowCredentials", "AllowOrigins: ['*']"])
        origins = cors.get("AllowOrigins")
        if intrinsic(origins):
            config.update(_renamed(origins))
        else:
            for key, mine in _CORS.items():
                value = cors.get(key)
                keep = value is not None if key == "MaxAge" else credentials if key == "AllowCredentials" else value
                if keep:
                    config[mine] = value
    document[name] = config


def _renamed(value: Any) -> Any:
    """The properties of CORS under the names that API Gateway has for them, within intrinsic functions."""
    if isinstance(value, dict):
        return {_CORS.get(key, key): _renamed(item) for key, item in value.items()}
    return [_renamed(item) for item in value] if isinstance(value, list) else value


def _tag(expansion: Expansion, owner: Owner, document: dict[str, Any]) -> None:
    tags = document.get("tags") or []
    if not isinstance(tags, list):
        expansion.fault("malformed", owner.at("DefinitionBody", "tags"), property="tags", expected=["list"])
        return
    for name, value in _tags(owner).items():
        known = next((tag for tag in tags if isinstance(tag, dict) and tag.get("name") == name), None)
        if known is None:
            known = {"name": name}
            tags.append(known)
        known["x-amazon-apigateway-tag-value"] = value
    document["tags"] = tags


def stage(expansion: Expansion, owner: Owner, tags: Any, *, auto_deploy: bool, default: bool) -> str:
    """The stage of an HTTP or WebSocket API; returns its logical ID."""
    written = owner.properties
    name = written.get("StageName") or ("$default" if default else "default")
    prefix = name if isinstance(name, str) else ""
    if prefix.isalnum():
        stage_id = f"{owner.id}{prefix}Stage"
    elif prefix == "$default":
        stage_id = owner.id + "ApiGatewayDefaultStage"
    else:
        stage_id = f"{owner.id}Stage{digest(prefix)}"
    properties = {
        "ApiId": {"Ref": owner.id},
        "StageName": name,
        "Tags": tags,
        "AutoDeploy": True if auto_deploy else None,
    }
    for key in ("StageVariables", "AccessLogSettings", "DefaultRouteSettings", "RouteSettings"):
        properties[key] = written.get(key)
    type_ = "AWS::ApiGatewayV2::Stage"
    expansion.emit(owner.id, stage_id, type_, properties, owner.passed_on, owner.path)
    expansion.refer(owner.id, "Stage", stage_id)
    return stage_id
