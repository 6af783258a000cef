"""Events of APIs: the permission, and the integration that SAM writes into the API's definition."""

from __future__ import annotations

import re
from typing import Any

from lambdalint.finding import Path

from .body import ANY, DEFAULT_PATH, INTEGRATION, Body, contents, method_name, skeleton
from .context import PREFIX, Event, Expansion, Target, copied
from .implicit import api_of
from .policies import Role

_REST_VARIABLE = re.compile(r"\{([a-zA-Z0-9._-]+|[a-zA-Z0-9._-]+\+|proxy\+)\}")
_HTTP_VARIABLE = re.compile(r"\{([a-zA-Z0-9._-]+|proxy\+)\}")
_PARAMETER = re.compile(r"method\.request\.(querystring|path|header)\.")
_POLICY_EVENT_KEYS = ("Authorizer", "ApiKeyRequired", "ResourcePolicy")


class Api:
    """The API of an event: its properties in the SAM tree, and what SAM may write there."""

    def __init__(self, expansion: Expansion, event: Event, id_name: str) -> None:
        self.id: Any = api_of(event.properties.get(id_name))
        resource = expansion.resources.get(self.id) if isinstance(self.id, str) else None
        if not isinstance(resource, dict):
            event.refuse("event-source", id_name, source="AWS::Serverless::" + event.type, value=self.id)
        properties = resource.get("Properties", {})
        if not isinstance(properties, dict):
            event.refuse("malformed", id_name, property="Properties", expected=["map"])
        self.properties: dict[str, Any] = properties
        self.managed = self.id in expansion.managed
        self.merged = bool(properties.get("MergeDefinitions")) and resource.get("Type") == PREFIX + "Api"
        self.at: Path = ("Resources", self.id, "Properties", "DefinitionBody")

    def writable(self, expansion: Expansion) -> dict[str, Any]:
        """Its properties with a definition of our own to write into."""
        if not self.managed:
            self.properties = expansion.own(self.id)["Properties"]
        return self.properties

    @property
    def stage(self) -> str:
        name = self.properties.get("StageName")
        return name if isinstance(name, str) else "Stage"


def integration_uri(target: Target, partition: str, streaming: bool = False) -> dict[str, Any]:
    arn = target.arn
    name = arn["Ref"] if "Ref" in arn else ".".join(arn["Fn::GetAtt"])
    version, call = ("2021-11-15", "response-streaming-invocations") if streaming else ("2015-03-31", "invocations")
    uri = f"arn:{partition}:apigateway:${{AWS::Region}}:lambda:path/{version}/functions/${{{name}}}/{call}"
    return {"Fn::Sub": uri}


def _source_arn(partition: str, api_id: Any, resource: str) -> dict[str, Any]:
    arn = f"arn:{partition}:execute-api:${{AWS::Region}}:${{AWS::AccountId}}:${{__ApiId__}}/${{__Stage__}}{resource}"
    return {"Fn::Sub": [arn, {"__ApiId__": api_id, "__Stage__": "*"}]}


def note_method(expansion: Expansion, api_id: str, body: Body, event: Event, path: str, method: str) -> None:
    """Let the method in the API's body lead to the event."""
    place: Path = ("Resources", api_id, "Properties", "Body", "paths", path)
    if isinstance(body.paths.get(path), dict) and "Fn::If" in body.paths[path]:
        place = (*place, "Fn::If", 1)
    place = (*place, method_name(method))
    expansion.moved[place] = event.path
    for item in body.items(path):
        if isinstance(item.get(method_name(method)), dict) and "Fn::If" in item[method_name(method)]:
            place = (*place, "Fn::If", 1)
            break
    expansion.moved[(*place, INTEGRATION, "timeoutInMillis")] = event.at("TimeoutInMillis")


# --- REST


def rest_event(expansion: Expansion, target: Target, role: Role, event: Event) -> None:
    """Api: a permission for the method, and its integration where SAM writes the definition."""
    from .push import permission

    api = Api(expansion, event, "RestApiId")
    method = event.properties["Method"].lower()
    path = event.properties["Path"]
    if api.properties.get("StageName") == "":
        event.refuse("malformed", "RestApiId", property="StageName", expected=["string"])
    trimmed = re.sub("^(.+)/$", r"\1", path)
    verb = "*" if method == "any" else method.upper()
    resource = f"/{verb}{_REST_VARIABLE.sub('*', trimmed)}"
    source = _source_arn(expansion.partition, event.properties["RestApiId"], resource)
    permission(expansion, target, event, "apigateway.amazonaws.com", suffix=api.stage, SourceArn=source)
    if (api.managed or api.merged) and api.properties.get("DefinitionBody") is not None:
        _integrate_rest(expansion, target, event, api, path, method)
    auth = event.properties.get("Auth")
    if api.properties.get("DefinitionBody") and auth and auth.get("OverrideApiAuth"):
        if not any(auth.get(name) for name in _POLICY_EVENT_KEYS):
            event.refuse("missing-property", "Auth", property="Authorizer", needed_by="OverrideApiAuth")
        body = Body(api.writable(expansion)["DefinitionBody"], api.at, False)
        add_auth(expansion, event, api, body, method, path)


def _integrate_rest(expansion: Expansion, target: Target, event: Event, api: Api, path: str, method: str) -> None:
    properties = api.writable(expansion)
    document = skeleton(False) if api.merged else properties["DefinitionBody"]
    body = Body(document, api.at, False)
    if body.has_integration(path, method):
        event.refuse("duplicate-method", "Path", path=path, method=method)
    written = event.properties
    streaming = written.get("ResponseTransferMode") == "RESPONSE_STREAM"
    integration: dict[str, Any] = {
        "type": "aws_proxy",
        "httpMethod": "POST",
        "uri": integration_uri(target, expansion.partition, streaming),
    }
    if streaming:
        integration["responseTransferMode"] = "STREAM"
    auth = written.get("Auth") or {}
    api_auth = api.properties.get("Auth") or {}
    if not isinstance(auth, dict) or not isinstance(api_auth, dict):
        event.refuse("malformed", "Auth", property="Auth", expected=["map"])
    credentials = _credentials(expansion, auth, api_auth)
    if credentials:
        integration["credentials"] = credentials
    body.integrate(path, method, integration, target.passed_on.get("Condition"), {})
    if auth:
        add_auth(expansion, event, api, body, method, path)
    if written.get("TimeoutInMillis"):
        for definition in body.definitions(path, method):
            definition[INTEGRATION]["timeoutInMillis"] = written["TimeoutInMillis"]
    if written.get("RequestModel"):
        _request_model(expansion, event, api, body, path, method)
    if written.get("RequestParameters"):
        _request_parameters(event, body, path, method)
    note_method(expansion, api.id, body, event, path, method)
    if api.merged:
        _merge(event, properties, body, path, method)


def _credentials(expansion: Expansion, auth: dict[str, Any], api_auth: dict[str, Any]) -> Any:
    """The role, or the caller, with whose rights API Gateway calls the function under IAM authorization."""
    signed = auth.get("Authorizer") == "AWS_IAM" or (api_auth.get("DefaultAuthorizer") == "AWS_IAM" and not auth)
    if not signed:
        return None
    chosen = [config.get("InvokeRole") or ("NONE" if "InvokeRole" in config else None) for config in (auth, api_auth)]
    role = chosen[0] or chosen[1]
    if role == "NONE":
        return None
    return role if role and role != "CALLER_CREDENTIALS" else f"arn:{expansion.partition}:iam::*:user/*"


def _merge(event: Event, properties: dict[str, Any], body: Body, path: str, method: str) -> None:
    """MergeDefinitions: SAM's method over the one that the definition has."""
    document = properties["DefinitionBody"]
    if not isinstance(document, dict):
        event.refuse("malformed", "RestApiId", property="DefinitionBody", expected=["map"])
    paths = document.get("paths") or {}
    own = (paths.get(path) or {}).get(method) or {}
    if not isinstance(own, dict):
        event.refuse("malformed", "Path", property=f"DefinitionBody.paths.{path}.{method}", expected=["map"])
    made = body.paths[path][method_name(method)]
    paths.setdefault(path, {})[method] = {**own, **made}


def add_auth(expansion: Expansion, event: Event, api: Api, body: Body, method: str, path: str) -> None:
    """The authorizer, API key and resource policy that an event asks for."""
    auth = event.properties["Auth"]
    api_auth = expansion.resolve(api.properties.get("Auth"))
    api_auth = api_auth if isinstance(api_auth, dict) else {}
    authorizer = auth.get("Authorizer")
    authorizers = api_auth.get("Authorizers")
    if authorizer:
        if authorizers and not isinstance(authorizers, dict):
            event.refuse("malformed", "Auth", property="Authorizers", expected=["map"])
        if authorizer == "NONE":
            if not api_auth.get("DefaultAuthorizer"):
                event.refuse("authorizer", "Auth", "Authorizer", value=authorizer)
        elif authorizer != "AWS_IAM" and (
            not authorizers or not isinstance(authorizer, str) or not authorizers.get(authorizer)
        ):
            event.refuse("authorizer", "Auth", "Authorizer", value=authorizer, known=sorted(authorizers or ()))
    scopes = auth.get("AuthorizationScopes")
    if scopes and not isinstance(scopes, list):
        event.refuse("malformed", "Auth", "AuthorizationScopes", property="AuthorizationScopes", expected=["list"])
    if scopes and not authorizer:
        event.refuse("missing-property", "Auth", property="Authorizer", needed_by="AuthorizationScopes")
    required = auth.get("ApiKeyRequired")
    if required is not None and not required and not api_auth.get("ApiKeyRequired"):
        event.refuse("api-key", "Auth", "ApiKeyRequired", value=required)
    if authorizer:
        body.set_method_authorizer(path, method, authorizer, authorizers, scopes)
    if required is not None:
        body.set_method_api_key(path, method, required)
    policy = auth.get("ResourcePolicy")
    if policy:
        from .resource_policy import add_policy

        if not isinstance(policy, dict):
            event.refuse("malformed", "Auth", "ResourcePolicy", property="ResourcePolicy", expected=["map"])
        add_policy(body, policy, path, api.stage)


def _request_model(expansion: Expansion, event: Event, api: Api, body: Body, path: str, method: str) -> None:
    model = event.properties["RequestModel"]
    name = model.get("Model") if isinstance(model, dict) else None
    if not name:
        return
    models = api.properties.get("Models")
    if not isinstance(name, str) or not isinstance(models, dict) or not models.get(name):
        event.refuse("request-model", "RequestModel", "Model", value=name, known=sorted(models or ()))
    required = model.get("Required")
    for definition in body.definitions(path, method):
        extra = {} if required is None else {"required": required}
        if body.document.get("swagger") is not None:
            schema = {"$ref": f"#/definitions/{name.lower()}"}
            entry = {"in": "body", "name": name.lower(), "schema": schema, **extra}
            definition["parameters"] = [*definition.get("parameters", []), entry]
        else:
            schema = {"$ref": f"#/components/schemas/{name.lower()}"}
            definition["requestBody"] = {"content": {"application/json": {"schema": schema}}, **extra}
    validate = [model.get(key) for key in ("ValidateBody", "ValidateParameters")]
    if validate == [None, None]:
        return
    if not all(value is None or isinstance(value, bool) for value in validate):
        event.refuse("malformed", "RequestModel", property="ValidateBody", expected=["boolean"])
    in_body, parameters = (bool(value) for value in validate)
    names = {(1, 1): "body-and-params", (1, 0): "body-only", (0, 1): "params-only", (0, 0): "no-validation"}
    validator = names[in_body, parameters]
    validators = body.document.get("x-amazon-apigateway-request-validators") or {}
    validators.setdefault(validator, {"validateRequestBody": in_body, "validateRequestParameters": parameters})
    body.document["x-amazon-apigateway-request-validators"] = validators
    for definition in body.definitions(path, method):
        definition["x-amazon-apigateway-request-validator"] = validator


def _request_parameters(event: Event, body: Body, path: str, method: str) -> None:
    given = []
    for index, parameter in enumerate(event.properties["RequestParameters"]):
        at = ("RequestParameters", index)
        settings: Any = {}
        if isinstance(parameter, dict) and parameter:
            parameter, settings = next(iter(parameter.items()))
            if not isinstance(settings, dict) or not settings.keys() <= {"Required", "Caching"}:
                event.refuse("malformed", *at, property="RequestParameters", expected=["Required", "Caching"])
        if not isinstance(parameter, str) or not _PARAMETER.match(parameter):
            event.refuse("request-parameter", *at, value=parameter)
        given.append((parameter, settings))
    for definition in body.definitions(path, method):
        parameters = list(definition.get("parameters", []))
        for parameter, settings in given:
            where, _, name = parameter.replace("method.request.", "").partition(".")
            where = "query" if where == "querystring" else where
            entry = {"in": where, "name": name, "required": settings.get("Required", False), "type": "string"}
            parameters.append(entry)
            if settings.get("Caching"):
                definition[INTEGRATION].setdefault("cacheKeyParameters", []).append(parameter)
        definition["parameters"] = parameters


# --- HTTP


def http_event(expansion: Expansion, target: Target, role: Role, event: Event) -> None:
    """HttpApi: a permission for the route unless ``$default`` covers it, and the integration."""
    from .push import permission

    written = event.properties
    api = Api(expansion, event, "ApiId")
    path, method = written.get("Path"), written.get("Method")
    if not isinstance(path, str) or not isinstance(method, str):
        event.refuse("missing-property", property="Path" if path is None else "Method")
    method = method.lower()
    document = api.properties.get("DefinitionBody")
    body = Body(document, api.at, True) if document else None
    route = re.sub("^(.+)/$", r"\1", path)
    if route == DEFAULT_PATH:
        route = ""
    if route == "" or body is None or not _integrated_with(body, target.id):
        route = _HTTP_VARIABLE.sub("*", route)
        any_method = method in ("any", ANY)
        resource = f"/{'*' if any_method else method.upper()}{route}"
        if method == "any" and route == f"/{DEFAULT_PATH}":
            resource = route
        source = _source_arn("${AWS::Partition}", written.get("ApiId"), resource)
        permission(expansion, target, event, "apigateway.amazonaws.com", SourceArn=source)
    if body is not None:
        _integrate_http(expansion, target, event, api, path, method)


def _integrated_with(body: Body, logical_id: str) -> bool:
    """True where the ``$default`` route calls the function already."""
    if not body.has_integration(DEFAULT_PATH, ANY):
        return False
    for definition in body.definitions(DEFAULT_PATH, ANY, integrated=False):
        integration = definition.get(INTEGRATION)
        uri = integration.get("uri") if isinstance(integration, dict) else None
        if not isinstance(uri, dict):
            return False
        for one in contents(uri):
            text = one.get("Fn::Sub", "") if isinstance(one, dict) else ""
            found = re.findall(r"([A-Za-z0-9]+)\.Arn", text) if isinstance(text, str) else []
            if not found or found[0] != logical_id:
                return False
    return True


def _integrate_http(expansion: Expansion, target: Target, event: Event, api: Api, path: str, method: str) -> None:
    body = Body(api.writable(expansion)["DefinitionBody"], api.at, True)
    exists = body.has_integration(path, method)
    if exists and api.managed:
        event.refuse("duplicate-method", "Path", path=path, method=method)
    written = event.properties
    if not exists:
        integration = {
            "type": "aws_proxy",
            "httpMethod": "POST",
            "payloadFormatVersion": "2.0",
            "uri": integration_uri(target, "${AWS::Partition}"),
        }
        body.integrate(path, method, integration, target.passed_on.get("Condition"), {})
        note_method(expansion, api.id, body, event, path, method)
    if written.get("Auth"):
        _http_auth(event, api, body, path, method)
    for definition in body.definitions(path, method):
        if written.get("TimeoutInMillis"):
            definition[INTEGRATION]["timeoutInMillis"] = written["TimeoutInMillis"]
        for name in re.findall("{(.*?)}", path):
            parameters = definition.setdefault("parameters", [])
            known = next((item for item in parameters if item.get("name") == name), None)
            if known is None:
                parameters.append({"name": name, "in": "path", "required": True})
            else:
                known.update({"in": "path", "required": True})
        if written.get("PayloadFormatVersion"):
            definition[INTEGRATION]["payloadFormatVersion"] = copied(written["PayloadFormatVersion"])


def _http_auth(event: Event, api: Api, body: Body, path: str, method: str) -> None:
    auth = event.properties["Auth"]
    api_auth = api.properties.get("Auth", {})
    if not isinstance(auth, dict) or not isinstance(api_auth, dict):
        event.refuse("malformed", "Auth", property="Auth", expected=["map"])
    default = api_auth.get("DefaultAuthorizer")
    authorizer = auth.get("Authorizer") or default
    if not authorizer:
        event.refuse("missing-property", "Auth", property="Authorizer")
    authorizers = api_auth.get("Authorizers")
    by_iam = authorizer == "AWS_IAM" and api_auth.get("EnableIamAuthorizer", False) is True
    if authorizer == "NONE":
        if not default:
            event.refuse("authorizer", "Auth", "Authorizer", value=authorizer)
    elif not by_iam:
        known = authorizers if isinstance(authorizers, dict) else {}
        if not isinstance(authorizer, str) or not known.get(authorizer):
            event.refuse("authorizer", "Auth", "Authorizer", value=authorizer, known=sorted(known))
    scopes = auth.get("AuthorizationScopes", [])
    if scopes and not isinstance(scopes, list):
        event.refuse("malformed", "Auth", "AuthorizationScopes", property="AuthorizationScopes", expected=["list"])
    body.set_method_authorizer(path, method, authorizer, authorizers, scopes)
