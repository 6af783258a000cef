"""Authorizers of REST and HTTP APIs: their definitions in the body, and the permission to call a Lambda authorizer."""

from __future__ import annotations

from typing import Any, NoReturn

from lambdalint.finding import Fault, Path

from .body import Body
from .context import Expansion, Owner, Refused, intrinsic

_KEY = "x-amazon-apigateway-authorizer"
_REST_AUTH = (
    "Authorizers",
    "DefaultAuthorizer",
    "InvokeRole",
    "AddDefaultAuthorizerToCorsPreflight",
    "AddApiKeyRequiredToCorsPreflight",
    "ApiKeyRequired",
    "ResourcePolicy",
    "UsagePlan",
)
_HTTP_AUTH = ("Authorizers", "DefaultAuthorizer", "EnableIamAuthorizer")
_JWT_PROPERTIES = ("AuthorizationScopes", "JwtConfiguration", "IdentitySource")
_REQUEST_PROPERTIES = (
    "FunctionArn",
    "FunctionInvokeRole",
    "Identity",
    "AuthorizerPayloadFormatVersion",
    "EnableSimpleResponses",
    "EnableFunctionDefaultPermissions",
)


class Authorizers:
    """The authorizers that ``Auth`` of an API defines."""

    def __init__(self, expansion: Expansion, owner: Owner, auth: dict[str, Any], http: bool) -> None:
        self.expansion = expansion
        self.owner = owner
        self.http = http
        self.at: Path = owner.at("Auth")
        for name in auth:
            if name not in (_HTTP_AUTH if http else _REST_AUTH):
                self.refuse("unknown-property", name, property=name)
        self.auth = auth
        self.default = auth.get("DefaultAuthorizer")
        found = auth.get("Authorizers") or {}
        if not isinstance(found, dict) or not all(isinstance(item, dict) for item in found.values()):
            self.refuse("malformed", "Authorizers", property="Authorizers", expected=["map of maps"])
        self.written: dict[str, dict[str, Any]] = found
        self.by_iam = (auth.get("EnableIamAuthorizer") is True) if http else self.default == "AWS_IAM"

    def refuse(self, kind: str, *steps: Any, **fields: Any) -> NoReturn:
        raise Refused(Fault(kind, (*self.at, *steps), {"resource": self.owner.id, **fields}))

    def _known(self, name: str) -> bool:
        return name in self.written or (name == "AWS_IAM" and self.by_iam)

    def define(self, body: Body) -> None:
        """Write every authorizer into the body, and the default one to methods without their own."""
        if not (self.by_iam or self.written):
            if self.http and self.default and not intrinsic(self.default):
                self.refuse("authorizer", "DefaultAuthorizer", value=self.default)
            return
        definitions = body.security_definitions()
        if self.by_iam:
            definition = {"type": "apiKey", "name": "Authorization", "in": "header"}
            definitions["AWS_IAM"] = {**definition, "x-amazon-apigateway-authtype": "awsSigv4"}
        for name, authorizer in self.written.items():
            definitions[name] = self._http(name, authorizer) if self.http else self._rest(name, authorizer)
            place = ("Resources", self.owner.id, "Properties", "Body")
            where = ("components", "securitySchemes") if self.http else ("securityDefinitions",)
            self.expansion.move(self.owner, (*place, *where, name), self.owner.at("Auth", "Authorizers", name))
        if not self.default or intrinsic(self.default):
            if self.expansion.unsettled(self.default) and not self.http:
                return
            if self.default and not (self.http and self.default == {"Ref": "AWS::NoValue"}):
                self.refuse("authorizer", "DefaultAuthorizer", value=self.default)
            return
        if not isinstance(self.default, str) or not (
            self._known(self.default) or (self.default == "AWS_IAM" and not self.http)
        ):
            self.refuse("authorizer", "DefaultAuthorizer", value=self.default, known=sorted(self.written))
        for path in list(body.paths):
            self._secure_path(body, path, self.default)

    def _secure_path(self, body: Body, path: str, default: str) -> None:
        preflight = self.auth.get("AddDefaultAuthorizerToCorsPreflight", True)
        scopes = self.written.get(default, {}).get("AuthorizationScopes")
        granted = [{default: [] if scopes is None else scopes}]
        names = {"AWS_IAM", *self.written}
        for method, definition in body.all_definitions(path):
            if self.http:
                if method != "options" and not definition.get("security"):
                    definition["security"] = granted
                continue
            if method == "options" and not preflight:
                continue
            existing = body.security(definition, path, method)
            others = [item for item in existing if names.isdisjoint(item)]
            ours = [item for item in existing if not names.isdisjoint(item)]
            none = next((item for item in others if "NONE" in item), None)
            if none is not None:
                others.remove(none)
                ours = []
            body.secure(definition, others + (ours if ours or none is not None else granted))

    def require_api_key(self, body: Body) -> None:
        """``ApiKeyRequired`` for every method that does not say otherwise (REST)."""
        body.add_api_key_definition()
        preflight = self.auth.get("AddApiKeyRequiredToCorsPreflight", True)
        for path in list(body.paths):
            for method, definition in body.all_definitions(path):
                existing = body.security(definition, path, method)
                others = [item for item in existing if {"api_key", "api_key_false"}.isdisjoint(item)]
                free = any("api_key_false" in item for item in existing)
                security = others if free or (method == "options" and not preflight) else [*others, {"api_key": []}]
                if security != existing:
                    definition["security"] = security

    def permissions(self) -> None:
        """Let API Gateway call the functions behind Lambda authorizers."""
        partition = "${AWS::Partition}" if self.http else self.expansion.partition
        arn = f"arn:{partition}:execute-api:${{AWS::Region}}:${{AWS::AccountId}}:${{__ApiId__}}/authorizers/*"
        for name, authorizer in self.written.items():
            function = authorizer.get("FunctionArn")
            if self.http:
                wanted = authorizer.get("EnableFunctionDefaultPermissions")
            else:
                wanted = not authorizer.get("DisableFunctionDefaultPermissions")
            if not function or not wanted:
                continue
            at = self.owner.at("Auth", "Authorizers", name)
            self.expansion.emit(
                self.owner.id,
                f"{self.owner.id}{name}AuthorizerPermission",
                "AWS::Lambda::Permission",
                {
                    "Action": "lambda:InvokeFunction",
                    "FunctionName": function,
                    "Principal": "apigateway.amazonaws.com",
                    "SourceArn": {"Fn::Sub": [arn, {"__ApiId__": {"Ref": self.owner.id}}]},
                },
                self.owner.passed_on,
                self.owner.inherited.get(at, at),
            )

    # --- REST

    def _rest(self, name: str, written: dict[str, Any]) -> dict[str, Any]:
        at = ("Authorizers", name)
        payload = written.get("FunctionPayloadType")
        identity = written.get("Identity") or {}
        if payload not in (None, "TOKEN", "REQUEST"):
            self.refuse("malformed", *at, "FunctionPayloadType", property="FunctionPayloadType", value=payload)
        if not isinstance(identity, dict):
            self.refuse("malformed", *at, "Identity", property="Identity", expected=["map"])
        if payload == "REQUEST" and _without_source(identity):
            self.refuse("missing-property", *at, property="Identity", needed_by="FunctionPayloadType: REQUEST")
        self._check_shapes(at, written, "DisableFunctionDefaultPermissions")
        cognito = written.get("UserPoolArn")
        request = not cognito and payload == "REQUEST"
        definition: dict[str, Any] = {
            "type": "apiKey",
            "name": "Unused" if request else identity.get("Header") or "Authorization",
            "in": "header",
            "x-amazon-apigateway-authtype": "cognito_user_pools" if cognito else "custom",
        }
        if cognito:
            pools = cognito if isinstance(cognito, list) else [cognito]
            settings: dict[str, Any] = {"type": "cognito_user_pools", "providerARNs": pools}
        else:
            settings = {"type": "request" if request else "token", "authorizerUri": self._uri(written)}
            self._common(settings, written, identity)
            if request:
                source = ", ".join(self._sources(at, identity, "method.request.header.", "method.request.querystring."))
                settings.update({"identitySource": source} if source else {})
        if not request and identity.get("ValidationExpression"):
            settings["identityValidationExpression"] = identity["ValidationExpression"]
        definition[_KEY] = settings
        return definition

    def _check_shapes(self, at: Path, written: dict[str, Any], flag: str) -> None:
        for name, shape, expected in (("AuthorizationScopes", list, "list"), (flag, bool, "boolean")):
            if written.get(name) is not None and not isinstance(written[name], shape):
                self.refuse("malformed", *at, name, property=name, expected=[expected])

    def _uri(self, written: dict[str, Any]) -> dict[str, Any]:
        resource = "lambda:path/2015-03-31/functions/${__FunctionArn__}/invocations"
        arn = f"arn:{self.expansion.partition}:apigateway:${{AWS::Region}}:{resource}"
        return {"Fn::Sub": [arn, {"__FunctionArn__": written.get("FunctionArn")}]}

    def _common(self, settings: dict[str, Any], written: dict[str, Any], identity: dict[str, Any]) -> None:
        if identity.get("ReauthorizeEvery") is not None:
            settings["authorizerResultTtlInSeconds"] = identity["ReauthorizeEvery"]
        role = written.get("FunctionInvokeRole")
        if role and role != "NONE":
            settings["authorizerCredentials"] = role

    def _sources(self, at: Path, identity: dict[str, Any], header: str, query: str) -> list[str]:
        marks = "$" if self.http else ""
        prefixes = (
            ("Headers", header),
            ("QueryStrings", query),
            ("StageVariables", f"{marks}stageVariables."),
            ("Context", f"{marks}context."),
        )
        found = []
        for name, prefix in prefixes:
            values = identity.get(name) or []
            if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
                self.refuse("malformed", *at, "Identity", name, property=name, expected=["list of strings"])
            found += [prefix + value for value in values]
        return found

    # --- HTTP

    def _http(self, name: str, written: dict[str, Any]) -> dict[str, Any]:
        at = ("Authorizers", name)
        jwt = written.get("JwtConfiguration")
        if "OpenIdConnectUrl" in written:
            self.refuse("unknown-property", *at, "OpenIdConnectUrl", property="OpenIdConnectUrl")
        self._check_shapes(at, written, "EnableFunctionDefaultPermissions")
        allowed = _JWT_PROPERTIES if jwt else _REQUEST_PROPERTIES
        for other in _REQUEST_PROPERTIES if jwt else _JWT_PROPERTIES:
            if other not in allowed and written.get(other) is not None and (jwt or written[other]):
                self.refuse("exclusive-properties", *at, other, properties=["JwtConfiguration", "FunctionArn"])
        for needed in ("IdentitySource",) if jwt else ("FunctionArn", "AuthorizerPayloadFormatVersion"):
            if not written.get(needed):
                self.refuse("missing-property", *at, property=needed, needed_by=name)
        if jwt:
            if not isinstance(jwt, dict):
                self.refuse("malformed", *at, property="JwtConfiguration", expected=["map"])
            config = {key.lower(): value for key, value in jwt.items()}
            settings: dict[str, Any] = {
                "jwtConfiguration": config,
                "identitySource": written["IdentitySource"],
                "type": "jwt",
            }
            return {"type": "oauth2", _KEY: settings}
        settings = {"type": "request", "authorizerUri": self._uri(written)}
        identity = written.get("Identity") or {}
        if not isinstance(identity, dict):
            self.refuse("malformed", *at, "Identity", property="Identity", expected=["map"])
        self._common(settings, written, identity)
        if identity:
            settings["identitySource"] = self._sources(at, identity, "$request.header.", "$request.querystring.")
        settings["authorizerPayloadFormatVersion"] = written["AuthorizerPayloadFormatVersion"]
        if written.get("EnableSimpleResponses"):
            settings["enableSimpleResponses"] = written["EnableSimpleResponses"]
        return {"type": "apiKey", "name": "Unused", "in": "header", _KEY: settings}


def _without_source(identity: dict[str, Any]) -> bool:
    if any(identity.get(name) for name in ("Headers", "QueryStrings", "StageVariables", "Context")):
        return False
    seconds = identity.get("ReauthorizeEvery")
    try:
        return seconds is None or int(seconds) > 0
    except (TypeError, ValueError):
        return True
