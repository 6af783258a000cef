"""AWS::Serverless::WebSocketApi: routes, each with an integration and a permission."""

from __future__ import annotations

from typing import Any

from .context import Expansion, Owner, intrinsic
from .shapes import RESOURCES, check

_URI = "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/"
_ARN = "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:"
_TAGGED = ("AWS::ApiGatewayV2::Api", "AWS::ApiGatewayV2::Stage", "AWS::ApiGatewayV2::DomainName")
_ROUTE = """ApiKeyRequired ModelSelectionExpression OperationName RequestModels RequestParameters
    RouteResponseSelectionExpression""".split()
_API = """ApiKeySelectionExpression Description DisableExecuteApiEndpoint DisableSchemaValidation IpAddressType
    RouteSelectionExpression""".split()


def expand(expansion: Expansion, owner: Owner) -> None:
    """One WebSocket API. SAM carries no condition or policy of it to what it makes, nor to the API."""
    written = owner.properties
    check(expansion, RESOURCES["WebSocketApi"], written, owner.at(), resource=owner.id)
    routes = expansion.resolve(written.get("Routes"))
    routes = routes if isinstance(routes, dict) else {}
    if not routes and written.get("Routes") is not None:
        expansion.fault("missing-property", owner.at("Routes"), property="Routes", resource=owner.id)
    auth = expansion.resolve(written.get("Auth"))
    auth = auth if isinstance(auth, dict) else {}
    if auth and "$connect" not in routes:
        expansion.fault("missing-property", owner.at("Routes"), property="$connect", needed_by="Auth")
    address = written.get("IpAddressType")
    if address is not None and not intrinsic(address) and address not in ("ipv4", "dualstack"):
        expansion.fault("malformed", owner.at("IpAddressType"), property="IpAddressType", value=address)
    tags = {**(written.get("Tags") or {}), "websocketapi:createdBy": "SAM"}
    name = written.get("Name")
    properties = {"Name": owner.id if name is None else name, "ProtocolType": "WEBSOCKET", "Tags": tags}
    properties.update({key: written.get(key) for key in _API})
    type_ = "AWS::ApiGatewayV2::Api"
    expansion.emit(owner.id, owner.id, type_, properties, {}, owner.path, depends_on=owner.depends_on)
    stage_name = written.get("StageName")
    stage_name = "default" if stage_name is None else stage_name
    made = [route for key, spec in routes.items() if (route := _route(expansion, owner, key, spec, auth, stage_name))]
    if written.get("Domain") is not None:
        from .domains import http_domain

        domain = written["Domain"]
        if isinstance(domain, dict) and domain.get("MutualTlsAuthentication"):
            at = owner.at("Domain", "MutualTlsAuthentication")
            expansion.fault("unknown-property", at, property="MutualTlsAuthentication")
        http_domain(expansion, owner, {"websocketapi:createdBy": "SAM"})
    _stage(expansion, owner, stage_name, made)
    if auth.get("AuthType") == "CUSTOM" and "$connect" in routes:
        _authorizer(expansion, owner, auth)
    if written.get("PropagateTags") and written.get("Tags"):
        for logical_id in expansion.of.get(owner.id, ()):
            resource = expansion.generated[logical_id]
            if resource["Type"] in _TAGGED:
                resource["Properties"]["Tags"] = tags


def _stage(expansion: Expansion, owner: Owner, name: Any, routes: list[str]) -> None:
    if name == "$default":
        expansion.fault("malformed", owner.at("StageName"), property="StageName", value=name)
    prefix = name if isinstance(name, str) else ""
    stage_id = owner.id + ("DefaultStage" if prefix == "default" else f"{prefix}Stage")
    written = owner.properties
    properties = {
        "ApiId": {"Ref": owner.id},
        "StageName": name,
        "Tags": {"websocketapi:createdBy": "SAM"},
        "AutoDeploy": True,
    }
    for key in ("StageVariables", "AccessLogSettings", "DefaultRouteSettings", "RouteSettings"):
        properties[key] = written.get(key)
    depends = routes if written.get("RouteSettings") else None
    type_ = "AWS::ApiGatewayV2::Stage"
    expansion.emit(owner.id, stage_id, type_, properties, {}, owner.path, depends_on=depends)
    expansion.refer(owner.id, "Stage", stage_id)


def _route(expansion: Expansion, owner: Owner, key: str, spec: Any, auth: dict[str, Any], stage: Any) -> str | None:
    at = owner.at("Routes", key)
    plain = key.replace("$", "") if key in ("$connect", "$disconnect", "$default") else key
    if not plain.isalnum():
        expansion.fault("route-key", at, value=key)
        return None
    if not isinstance(spec, dict) or "FunctionArn" not in spec:
        expansion.fault("missing-property", at, property="FunctionArn", needed_by=key)
        return None
    base = owner.id + plain.capitalize()
    ref = {"Ref": owner.id}
    route: dict[str, Any] = {
        "RouteKey": key,
        "ApiId": ref,
        "Target": {"Fn::Join": ["/", ["integrations", {"Ref": base + "Integration"}]]},
        **{name: spec.get(name) for name in _ROUTE},
    }
    if not spec.get("RequestParameters"):
        route["RequestParameters"] = None
    elif key != "$connect":
        expansion.fault("malformed", (*at, "RequestParameters"), property="RequestParameters", value=key)
    kind = _auth_type(expansion, owner, auth)
    if kind and key == "$connect":
        route["AuthorizationType"] = kind
        if kind == "CUSTOM":
            route["AuthorizerId"] = {"Ref": owner.id + "ConnectAuthorizer"}
    uri = {"Fn::Sub": [_URI + "${FunctionArn}/invocations", {"FunctionArn": spec["FunctionArn"]}]}
    integration = {
        "ApiId": ref,
        "IntegrationType": "AWS_PROXY",
        "IntegrationUri": uri,
        "TimeoutInMillis": spec.get("IntegrationTimeout"),
    }
    prefix = f"{_ARN}${{{owner.id}.ApiId}}/"
    source: Any = f"{prefix}{stage}/{key}"
    if not isinstance(stage, str):
        source = [prefix + "${__StageName__}/" + key, {"__StageName__": stage}]
    permission = {
        "Action": "lambda:InvokeFunction",
        "FunctionName": spec["FunctionArn"],
        "Principal": "apigateway.amazonaws.com",
        "SourceArn": {"Fn::Sub": source},
    }
    expansion.emit(owner.id, base + "Route", "AWS::ApiGatewayV2::Route", route, {}, at)
    expansion.emit(owner.id, base + "Integration", "AWS::ApiGatewayV2::Integration", integration, {}, at)
    expansion.emit(owner.id, base + "Permission", "AWS::Lambda::Permission", permission, {}, at)
    place = ("Resources", base + "Integration", "Properties", "TimeoutInMillis")
    expansion.moved[place] = (*at, "IntegrationTimeout")
    return base + "Route"


def _auth_type(expansion: Expansion, owner: Owner, auth: dict[str, Any]) -> str | None:
    if not auth:
        return None
    at = owner.at("Auth")
    kind = auth.get("AuthType")
    if expansion.unsettled(kind):
        return None
    if kind not in ("NONE", "AWS_IAM", "CUSTOM"):
        allowed = ["AWS_IAM", "CUSTOM", "NONE"]
        expansion.fault("malformed", at, property="AuthType", value=kind, expected=allowed)
        return None
    if kind == "CUSTOM" and not auth.get("AuthArn"):
        expansion.fault("missing-property", at, property="AuthArn", needed_by="AuthType: CUSTOM")
        return None
    if kind != "CUSTOM" and len(auth) > 1:
        expansion.fault("exclusive-properties", at, properties=["AuthType: " + kind, *sorted(set(auth) - {"AuthType"})])
    return str(kind)


def _authorizer(expansion: Expansion, owner: Owner, auth: dict[str, Any]) -> None:
    arn = auth.get("AuthArn")
    if not arn:
        return
    at = owner.at("Auth")
    authorizer_id = owner.id + "ConnectAuthorizer"
    properties = {
        "ApiId": {"Ref": owner.id},
        "AuthorizerCredentialsArn": auth.get("InvokeRole"),
        "AuthorizerType": "REQUEST",
        "AuthorizerUri": {"Fn::Sub": [_URI + "${AuthArn}/invocations", {"AuthArn": arn}]},
        "IdentitySource": auth.get("IdentitySource"),
        "Name": auth.get("Name") or authorizer_id,
    }
    expansion.emit(owner.id, authorizer_id, "AWS::ApiGatewayV2::Authorizer", properties, {}, at)
    if auth.get("InvokeRole"):
        return
    properties = {
        "Action": "lambda:InvokeFunction",
        "FunctionName": arn,
        "Principal": "apigateway.amazonaws.com",
        "SourceArn": {"Fn::Sub": [_ARN + "${__ApiId__}/authorizers/*", {"__ApiId__": {"Ref": owner.id}}]},
    }
    expansion.emit(owner.id, owner.id + "AuthorizerPermission", "AWS::Lambda::Permission", properties, {}, at)
