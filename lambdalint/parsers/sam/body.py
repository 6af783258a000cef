"""The OpenAPI document of an API while SAM writes into it: paths, integrations, security, CORS."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NoReturn

from lambdalint.finding import Fault, Path

from .context import Refused, is_no_value, when

INTEGRATION = "x-amazon-apigateway-integration"
ANY = "x-amazon-apigateway-any-method"
DEFAULT_PATH = "$default"
_VERSION_3 = re.compile(r"\A3(\.\d)(\.\d)?$")
_METHODS = ["OPTIONS", "GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"]
_NO_METHODS = ("summary", "description", "parameters")
_STACK_NAME = {"Ref": "AWS::StackName"}


def skeleton(http: bool) -> dict[str, Any]:
    """The document that SAM starts from: OpenAPI 3 for an HTTP API, Swagger 2 for a REST API."""
    version = {"openapi": "3.0.1"} if http else {"swagger": "2.0"}
    return {**version, "info": {"version": "1.0", "title": dict(_STACK_NAME)}, "paths": {}}


def is_version_3(version: Any) -> bool:
    return _VERSION_3.match(str(version)) is not None


def is_document(value: Any, http: bool) -> bool:
    """True where SAM can write into it."""
    if not isinstance(value, dict) or not isinstance(value.get("paths"), dict):
        return False
    if not http and value.get("swagger"):
        return True
    return bool(value.get("openapi")) and is_version_3(value["openapi"])


def method_name(method: Any) -> Any:
    """Methods in lower case; API Gateway's own name for ``any``."""
    if not method or not isinstance(method, str):
        return method
    method = method.lower()
    return ANY if method == "any" else method


def contents(item: Any) -> list[Any]:
    """A value itself, or what an Fn::If leaves of it on either side."""
    if isinstance(item, dict) and "Fn::If" in item:
        sides = item["Fn::If"]
        return [side for side in sides[1:] if not is_no_value(side)] if isinstance(sides, list) else []
    return [item]


class Body:
    """An OpenAPI document that is written into; ``at`` is where it stands in the SAM tree."""

    def __init__(self, document: Any, at: Path, http: bool) -> None:
        self.at = at
        self.http = http
        if not is_document(document, http):
            self.refuse(problem="document")
        self.document: dict[str, Any] = document
        self.paths: dict[str, Any] = document["paths"]

    def refuse(self, *steps: Any, **fields: Any) -> NoReturn:
        raise Refused(Fault("api-body", (*self.at, *steps), fields))

    def items(self, path: str) -> list[dict[str, Any]]:
        """The path item, or those of both sides of a condition."""
        found = contents(self.paths.get(path))
        if not all(isinstance(item, dict) for item in found):
            self.refuse("paths", path, problem="path")
        return found

    def has_integration(self, path: str, method: str) -> bool:
        name = method_name(method)
        if path not in self.paths:
            return False
        for item in contents(self.paths[path]):
            definition = item.get(name) if isinstance(item, dict) else None
            if not isinstance(definition, dict):
                return False
            if not any(isinstance(one, dict) and one.get(INTEGRATION) for one in contents(definition)):
                return False
        return True

    def add_path(self, path: str, method: str) -> None:
        item = self.paths.setdefault(path, {})
        if not isinstance(item, dict):
            self.refuse("paths", path, problem="path")
        for one in contents(item):
            one.setdefault(method_name(method), {})

    def definitions(self, path: str, method: str, integrated: bool = True) -> Iterator[dict[str, Any]]:
        """The definitions of a method (two under a condition); only those with an integration, unless asked."""
        name = method_name(method)
        for item in self.items(path):
            for definition in contents(item.get(name)):
                if not isinstance(definition, dict):
                    self.refuse("paths", path, problem="method", method=method)
                if not integrated or definition.get(INTEGRATION):
                    yield definition

    def all_definitions(self, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Every method of a path that has an integration."""
        for item in self.items(path):
            for name, method in item.items():
                if name in _NO_METHODS and not (self.http and name != "parameters"):
                    continue
                for definition in contents(method):
                    if not isinstance(definition, dict):
                        self.refuse("paths", path, name, problem="method", method=name)
                    if definition.get(INTEGRATION):
                        yield method_name(name), definition

    def integrate(
        self, path: str, method: str, integration: dict[str, Any], condition: Any, responses: dict[str, Any]
    ) -> None:
        """Give a method its integration, under the condition of the function."""
        name = method_name(method)
        self.add_path(path, method)
        if condition:
            integration["uri"] = when(condition, integration["uri"])
        for item in self.items(path):
            definition = item[name] if isinstance(item.get(name), dict) else {}
            definition[INTEGRATION] = integration
            if self.http and path == DEFAULT_PATH and name == ANY:
                definition["isDefaultRoute"] = True
            definition.setdefault("responses", responses)
            item[name] = when(condition, definition) if condition else definition

    # --- security

    def security_definitions(self) -> dict[str, Any]:
        """``securityDefinitions``, or for an HTTP API ``components.securitySchemes``, made where it is missing."""
        if self.http:
            holder = self.document.get("components") or {}
            if not isinstance(holder, dict):
                self.refuse("components", problem="map")
            self.document["components"] = holder
            name = "securitySchemes"
        else:
            holder, name = self.document, "securityDefinitions"
        found = holder.get(name) or {}
        if not isinstance(found, dict):
            self.refuse(name, problem="map")
        holder[name] = found
        return found

    def security(self, definition: dict[str, Any], path: str, method: str) -> list[Any]:
        existing = definition.get("security", [])
        if not isinstance(existing, list) or not all(isinstance(item, dict) for item in existing):
            self.refuse("paths", path, method, problem="security")
        return existing

    def secure(self, definition: dict[str, Any], security: list[Any]) -> None:
        """Set a method's security; signing by IAM brings its definition along."""
        if security:
            definition["security"] = security
            if not self.http and "AWS_IAM" in security[0]:
                self.security_definitions().setdefault(
                    "AWS_IAM",
                    {
                        "x-amazon-apigateway-authtype": "awsSigv4",
                        "type": "apiKey",
                        "name": "Authorization",
                        "in": "header",
                    },
                )

    def add_api_key_definition(self) -> None:
        definition = {"type": "apiKey", "name": "x-api-key", "in": "header"}
        self.security_definitions().setdefault("api_key", definition)

    def set_method_authorizer(self, path: str, method: str, name: str, authorizers: Any, scopes: Any) -> None:
        """The authorizer of an event, before what the method had."""
        for definition in self.definitions(path, method):
            granted: Any = []
            authorizer = authorizers.get(name) if isinstance(authorizers, dict) else None
            if name != "NONE" and authorizer is not None and not (self.http and name == "AWS_IAM"):
                if not isinstance(authorizer, dict):
                    self.refuse(problem="authorizer", name=name)
                granted = authorizer.get("AuthorizationScopes")
                if scopes is not None and (scopes or not self.http):
                    granted = scopes
                granted = granted if granted is not None else []
            self.secure(definition, [*self.security(definition, path, method), {name: granted}])

    def set_method_api_key(self, path: str, method: str, required: Any) -> None:
        for definition in self.definitions(path, method):
            if required:
                self.add_api_key_definition()
            key = "api_key" if required else "api_key_false"
            definition["security"] = [*self.security(definition, path, method), {key: []}]

    # --- CORS of REST APIs

    def add_cors(self, path: str, origin: Any, headers: Any, methods: Any, max_age: Any, credentials: bool) -> None:
        """A mock ``options`` method for a path that has none."""
        for item in self.items(path):
            if "options" in item:
                continue
            if not origin:
                self.refuse(problem="cors-origin")
            methods = methods or f"'{_allowed_methods(item)}'"  # under a condition SAM takes the first side's for both
            item["options"] = _options(origin, headers, methods, max_age, credentials)


def _allowed_methods(item: dict[str, Any]) -> str:
    names = _METHODS if ANY in item else [*item, "options"]
    return ",".join(sorted({str(name).upper() for name in names}))


def _options(origin: Any, headers: Any, methods: Any, max_age: Any, credentials: bool) -> dict[str, Any]:
    given = (
        ("Origin", origin, "string"),
        ("Headers", headers or None, "string"),
        ("Methods", methods or None, "string"),
    )
    values = [(f"Access-Control-Allow-{name}", value, kind) for name, value, kind in given]
    values.append(("Access-Control-Max-Age", max_age, "integer"))
    values.append(("Access-Control-Allow-Credentials", "'true'" if credentials else None, "string"))
    present = [entry for entry in values if entry[1] is not None]
    return {
        "summary": "CORS support",
        "consumes": ["application/json"],
        "produces": ["application/json"],
        INTEGRATION: {
            "type": "mock",
            "requestTemplates": {"application/json": '{\n  "statusCode" : 200\n}\n'},
            "responses": {
                "default": {
                    "statusCode": "200",
                    "responseParameters": {f"method.response.header.{name}": value for name, value, _ in present},
                    "responseTemplates": {"application/json": "{}\n"},
                }
            },
        },
        "responses": {
            "200": {
                "description": "Default response for CORS method",
                "headers": {name: {"type": kind} for name, _, kind in present},
            }
        },
    }
