"""AWS::Serverless::Api: the REST API with its definition, deployment, stage and authorizers."""

from __future__ import annotations

import re
from typing import Any

from .auth import Authorizers
from .body import Body, is_document, is_version_3
from .context import Expansion, Owner, copied, digest, intrinsic, tag_list, unknown
from .functions import s3_place
from .shapes import RESOURCES, check

_CORS = ("AllowMethods", "AllowHeaders", "AllowOrigin", "MaxAge", "AllowCredentials")
_VERSION = re.compile(r"\A[2-3](\.\d)(\.\d)?$")
_RESPONSE = {"ResponseParameters", "ResponseTemplates", "StatusCode"}
_PREFIXES = {"Headers": "header.", "Paths": "path.", "QueryStrings": "querystring."}
_PASSED = ("Name", "Description", "Mode", "ApiKeySourceType", "Policy", "SecurityPolicy", "EndpointAccessMode")
_STAGE_PASSED = """CacheClusterEnabled CacheClusterSize Variables MethodSettings AccessLogSetting CanarySetting
    TracingEnabled""".split()
_TAGGED = frozenset(
    (
        "AWS::ApiGateway::RestApi",
        "AWS::ApiGateway::Stage",
        "AWS::ApiGateway::DomainName",
        "AWS::ApiGateway::DomainNameV2",
        "AWS::ApiGateway::DomainNameAccessAssociation",
        "AWS::ApiGateway::UsagePlan",
        "AWS::ApiGateway::ApiKey",
    )
)


def expand(expansion: Expansion, owner: Owner) -> None:
    """One REST API with all that SAM makes of it."""
    written = owner.properties
    check(expansion, RESOURCES["Api"], written, owner.at(), resource=owner.id)
    if written.get("DefinitionUri") and written.get("DefinitionBody"):
        names = ["DefinitionUri", "DefinitionBody"]
        expansion.fault("exclusive-properties", owner.at("DefinitionUri"), properties=names, resource=owner.id)
    if written.get("DefinitionUri") and written.get("MergeDefinitions"):
        names = ["DefinitionUri", "MergeDefinitions"]
        expansion.fault("exclusive-properties", owner.at("MergeDefinitions"), properties=names, resource=owner.id)
    version = written.get("OpenApiVersion")
    if version and not unknown(version) and not _VERSION.match(str(version)):
        expansion.fault("openapi-version", owner.at("OpenApiVersion"), value=version)
    auth = expansion.resolve(written.get("Auth"))
    authorizers = Authorizers(expansion, owner, auth, False) if isinstance(auth, dict) and auth else None
    document = _document(expansion, owner, authorizers)
    properties = _rest_api(expansion, owner)
    place = owner.at("Body")
    location = written.get("DefinitionUri")
    if location:
        properties["BodyS3Location"] = definition_location(expansion, owner)
        expansion.move(owner, owner.at("BodyS3Location"), owner.at("DefinitionUri"))
    elif document:
        properties["Body"] = document
        if owner.id not in expansion.managed:
            expansion.move(owner, place, owner.at("DefinitionBody"))
        elif place not in expansion.moved and owner.id not in expansion.implicit:
            expansion.moved[place] = owner.path
    type_ = "AWS::ApiGateway::RestApi"
    expansion.emit(owner.id, owner.id, type_, properties, owner.attributes, owner.path, depends_on=owner.depends_on)
    stage_id = _stage(expansion, owner, properties.get("BodyS3Location") if location else document)
    if authorizers:
        authorizers.permissions()
    if written.get("Domain") is not None:
        from .domains import rest_domain

        rest_domain(expansion, owner)
    if authorizers and authorizers.auth.get("UsagePlan") is not None:
        from .usage_plans import usage_plan

        usage_plan(expansion, owner, authorizers.auth["UsagePlan"], stage_id)
    if written.get("PropagateTags") and written.get("Tags") and isinstance(written["Tags"], dict):
        for logical_id in expansion.of.get(owner.id, ()):
            resource = expansion.generated[logical_id]
            if resource["Type"] in _TAGGED:
                resource["Properties"]["Tags"] = tag_list(written["Tags"])


def _rest_api(expansion: Expansion, owner: Owner) -> dict[str, Any]:
    written = owner.properties
    properties: dict[str, Any] = {
        "BinaryMediaTypes": written.get("BinaryMediaTypes"),
        "MinimumCompressionSize": written.get("MinimumCompressionSize"),
        "FailOnWarnings": written.get("FailOnWarnings") or None,
    }
    properties.update({name: written.get(name) or None for name in _PASSED})
    endpoint = written.get("EndpointConfiguration")
    if not endpoint and expansion.partition != "aws":
        endpoint = "REGIONAL"  # only the standard partition has edge-optimized endpoints
    if not endpoint:
        return properties
    if isinstance(endpoint, dict) and endpoint.get("Type"):
        properties["Parameters"] = {"endpointConfigurationTypes": endpoint["Type"]}
        config: dict[str, Any] = {"Types": [endpoint["Type"]]}
        ids = [name for name in ("VPCEndpointIds", "VpcEndpointIds") if name in endpoint]
        if len(ids) == 2:
            at = owner.at("EndpointConfiguration")
            expansion.fault("exclusive-properties", at, properties=ids, resource=owner.id)
        if ids:
            config["VpcEndpointIds"] = endpoint.get("VPCEndpointIds") or endpoint.get("VpcEndpointIds")
        if "IpAddressType" in endpoint:
            config["IpAddressType"] = endpoint["IpAddressType"]
        properties["EndpointConfiguration"] = config
    else:
        properties["EndpointConfiguration"] = {"Types": [endpoint]}
        properties["Parameters"] = {"endpointConfigurationTypes": endpoint}
    return properties


def definition_location(expansion: Expansion, owner: Owner) -> Any:
    """``DefinitionUri`` as a place in S3; a local path as it is."""
    uri = owner.properties["DefinitionUri"]
    if isinstance(uri, dict):
        if not uri.get("Bucket") or not uri.get("Key"):
            at = owner.at("DefinitionUri")
            expansion.fault("code-location", at, property="DefinitionUri", intrinsic=intrinsic(uri))
        place: Any = uri
    else:
        place = s3_place(uri) if isinstance(uri, str) else None
        if place is None:
            return uri
    return {name: place[name] for name in ("Bucket", "Key", "Version") if name in place}


# --- the definition


def _document(expansion: Expansion, owner: Owner, authorizers: Authorizers | None) -> Any:
    """The definition with CORS, authorizers, gateway responses and models in it."""
    written = owner.properties
    needs = ("Cors", "GatewayResponses", "Models", "Auth")
    wanted = [name for name in needs if written.get(name)]
    if written.get("DisableExecuteApiEndpoint") is not None:
        wanted.append("DisableExecuteApiEndpoint")
    document = written.get("DefinitionBody")
    if not document:
        for name in wanted:
            expansion.fault("needs-definition", owner.at(name), property=name, resource=owner.id)
        return document
    if not isinstance(document, dict) or intrinsic(document) or "Fn::Transform" in document:
        valid = False
    else:
        valid = is_document(document, False)
    if not valid:
        for name in wanted:
            expansion.fault("needs-definition", owner.at(name), property=name, resource=owner.id)
        if not written.get("BinaryMediaTypes"):
            return document
        expansion.fault("needs-definition", owner.at("BinaryMediaTypes"), property="BinaryMediaTypes")
        return document
    if owner.id not in expansion.managed and (wanted or written.get("BinaryMediaTypes") or document.get("openapi")):
        document = copied(document)
    body = Body(document, owner.at("DefinitionBody"), False)
    if written.get("Cors"):
        _cors(expansion, owner, body)
    if authorizers:
        authorizers.define(body)
        if authorizers.auth.get("ApiKeyRequired"):
            authorizers.require_api_key(body)
        policy = authorizers.auth.get("ResourcePolicy")
        if policy:
            from .resource_policy import add_policy

            if not isinstance(policy, dict):
                authorizers.refuse("malformed", "ResourcePolicy", property="ResourcePolicy", expected=["map"])
            for path in list(body.paths):
                add_policy(body, policy, path, written.get("StageName"), custom=False)
            add_policy(body, {"CustomStatements": policy.get("CustomStatements")}, "", "")
        _as_version_3(document, written.get("OpenApiVersion"))
    if written.get("GatewayResponses"):
        _gateway_responses(expansion, owner, document)
    if written.get("BinaryMediaTypes"):
        types = _unescaped(expansion.resolve(written["BinaryMediaTypes"]))
        document["x-amazon-apigateway-binary-media-types"] = types
    if written.get("Models"):
        _models(expansion, owner, document)
        _as_version_3(document, written.get("OpenApiVersion"))
    disabled = written.get("DisableExecuteApiEndpoint")
    if disabled is not None:
        _disable_endpoint(document, disabled)
    _as_version_3(document, written.get("OpenApiVersion"))
    return document


def _unescaped(value: Any) -> Any:
    """``~1`` in media types is a slash."""
    if isinstance(value, dict):
        return {str(key).replace("~1", "/"): _unescaped(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_unescaped(item) for item in value]
    return value.replace("~1", "/") if isinstance(value, str) else value


def _cors(expansion: Expansion, owner: Owner, body: Body) -> None:
    cors = owner.properties["Cors"]
    settings: dict[str, Any] = {"AllowOrigin": cors}
    if isinstance(cors, dict) and not intrinsic(cors):
        settings = {"AllowOrigin": "'*'", **cors}
        for name in cors:
            if name not in _CORS:
                expansion.fault("unknown-property", owner.at("Cors", name), property=name, resource=owner.id)
    credentials = settings.get("AllowCredentials") is True
    if credentials and settings["AllowOrigin"] == "'*'":
        at = owner.at("Cors")
        expansion.fault("exclusive-properties", at, properties=["AllowCredentials", "AllowOrigin: '*'"])
    seen = set()
    for path in list(body.paths):
        plain = path if path == "/" else path.rstrip("/")
        if plain not in seen:
            seen.add(plain)
            body.add_cors(
                path,
                settings["AllowOrigin"],
                settings.get("AllowHeaders"),
                settings.get("AllowMethods"),
                settings.get("MaxAge"),
                credentials,
            )


def _gateway_responses(expansion: Expansion, owner: Owner, document: dict[str, Any]) -> None:
    made = document.get("x-amazon-apigateway-gateway-responses") or {}
    for kind, response in owner.properties["GatewayResponses"].items():
        at = owner.at("GatewayResponses", kind)
        if not isinstance(response, dict) or intrinsic(response):
            expansion.fault("malformed", at, property=kind, expected=["map"])
            continue
        for name in response:
            if name not in _RESPONSE:
                expansion.fault("unknown-property", (*at, name), property=name, resource=owner.id)
        parameters = {}
        given = response.get("ResponseParameters") or {}
        if not isinstance(given, dict):
            expansion.fault("malformed", (*at, "ResponseParameters"), property="ResponseParameters", expected=["map"])
            given = {}
        for name in given:
            if name not in _PREFIXES:
                expansion.fault("unknown-property", (*at, "ResponseParameters", name), property=name)
        for name, prefix in _PREFIXES.items():
            entries = given.get(name, {})
            if not isinstance(entries, dict):
                expansion.fault("malformed", (*at, "ResponseParameters", name), property=name, expected=["map"])
                continue
            parameters.update({f"gatewayresponse.{prefix}{key}": value for key, value in entries.items()})
        templates = response.get("ResponseTemplates") or {}
        made[kind] = {"responseParameters": parameters, "responseTemplates": templates}
        status = response.get("StatusCode")
        if status is not None:
            if status and not re.match("^[0-9]{1,3}$", str(status)):
                expansion.fault("malformed", (*at, "StatusCode"), property="StatusCode", expected=["number"])
            made[kind]["statusCode"] = str(status)
    document["x-amazon-apigateway-gateway-responses"] = made


def _models(expansion: Expansion, owner: Owner, document: dict[str, Any]) -> None:
    definitions = document.get("definitions") or {}
    for name, schema in owner.properties["Models"].items():
        at = owner.at("Models", name)
        if not isinstance(schema, dict):
            expansion.fault("malformed", at, property=name, expected=["map"])
        elif not schema.get("type"):
            expansion.fault("missing-property", at, property="type", needed_by="Models")
        else:
            definitions[name.lower()] = schema
    document["definitions"] = definitions


def _disable_endpoint(document: dict[str, Any], disabled: Any) -> None:
    name = "x-amazon-apigateway-endpoint-configuration"
    holders = [document]
    if document.get("openapi") and is_version_3(document["openapi"]):
        holders = document.setdefault("servers", [{}])
    for holder in holders:
        holder.setdefault(name, {})["disableExecuteApiEndpoint"] = disabled


def _as_version_3(document: dict[str, Any], version: Any) -> None:
    """Where the definition is OpenAPI 3, what Swagger 2 keeps at the top goes under ``components``."""
    if document.get("swagger") is not None:
        return
    if document.get("openapi") is not None and version is None:
        version = document["openapi"]
    if not version or not is_version_3(version):
        return
    for old, new in (("securityDefinitions", "securitySchemes"), ("definitions", "schemas")):
        if document.get(old):
            components = document.get("components") or {}
            components[new] = document.pop(old)
            document["components"] = components
    for item in (document.get("paths") or {}).values():
        options = item.get("options") if isinstance(item, dict) else None
        if not isinstance(options, dict):
            continue
        options.pop("produces", None)
        options.pop("consumes", None)
        responses = options.get("responses")
        success = responses.get("200") if isinstance(responses, dict) else None
        headers = success.get("headers") if isinstance(success, dict) else None
        if isinstance(headers, dict):
            for name, header in headers.items():
                headers[name] = {"schema": header}


# --- deployment and stage


def _stage(expansion: Expansion, owner: Owner, definition: Any) -> str:
    """The deployment and the stage; returns the stage's logical ID."""
    written = owner.properties
    version = written.get("OpenApiVersion")
    deployment_id = owner.id + "Deployment"
    deployment: dict[str, Any] = {
        "RestApiId": {"Ref": owner.id},
        "StageName": None if version else "Stage",
    }
    if definition:
        state = digest([definition, version, written.get("Domain")], 40)
        deployment_id += state[:10]
        deployment["Description"] = f"RestApi deployment id: {state}"
    emit = expansion.emit
    emit(owner.id, deployment_id, "AWS::ApiGateway::Deployment", deployment, owner.passed_on, owner.path)
    name = written.get("StageName")
    prefix = name if isinstance(name, str) else ""
    stage_id = f"{owner.id}{prefix}Stage" if prefix.isalnum() else f"{owner.id}Stage{digest(prefix)}"
    properties: dict[str, Any] = {
        "RestApiId": {"Ref": owner.id},
        "DeploymentId": {"Ref": deployment_id},
        "StageName": name,
        "Tags": tag_list(written.get("Tags")) if written.get("Tags") is not None else None,
        **{key: written.get(key) for key in _STAGE_PASSED},
    }
    emit(owner.id, stage_id, "AWS::ApiGateway::Stage", properties, owner.passed_on, owner.path)
    expansion.refer(owner.id, "Deployment", deployment_id)
    expansion.refer(owner.id, "Stage", stage_id)
    return stage_id
