"""AWS::Serverless::StateMachine: the state machine, its role, and the events that start it."""

from __future__ import annotations

import re
from typing import Any

from .apis import Api, add_auth, note_method
from .body import Body
from .context import Event, Expansion, Owner, Target, attribute, intrinsic, tag_list
from .events import known_events, run
from .functions import s3_place, tags_with
from .policies import Role, allow, trust
from .push import emit_rule, schedule
from .shapes import RESOURCES, STATE_MACHINE_EVENTS, check

_DYNAMIC = re.compile(r"^{{resolve:([a-z-]+):(.+)}}$")
_START = "arn:${AWS::Partition}:apigateway:${AWS::Region}:states:action/StartExecution"
_TAGGED = ("AWS::StepFunctions::StateMachine", "AWS::IAM::Role", "AWS::SQS::Queue")


def expand(expansion: Expansion, owner: Owner) -> None:
    """One state machine with all that SAM makes of it."""
    written = owner.properties
    check(expansion, RESOURCES["StateMachine"], written, owner.at(), resource=owner.id)
    properties: dict[str, Any] = {
        "DefinitionSubstitutions": written.get("DefinitionSubstitutions") or None,
        "StateMachineName": written.get("Name"),
        "StateMachineType": written.get("Type"),
        "LoggingConfiguration": written.get("Logging"),
        "TracingConfiguration": written.get("Tracing"),
        "Tags": tags_with(expansion, owner, {"stateMachine:createdBy": "SAM"}),
    }
    _define(expansion, owner, properties)
    if written.get("Role") and written.get("Policies"):
        names = ["Role", "Policies"]
        expansion.fault("exclusive-properties", owner.at("Policies"), properties=names, resource=owner.id)
    role = None if written.get("Role") else _role(expansion, owner)
    properties["RoleArn"] = role.arn if role else written["Role"]
    type_ = "AWS::StepFunctions::StateMachine"
    expansion.emit(owner.id, owner.id, type_, properties, owner.attributes, owner.path, depends_on=owner.depends_on)
    renames = {
        "StateMachineName": "Name",
        "StateMachineType": "Type",
        "LoggingConfiguration": "Logging",
        "TracingConfiguration": "Tracing",
        "RoleArn": "Role",
    }
    for name, original in renames.items():
        if written.get(original) is not None:
            expansion.move(owner, owner.at(name), owner.at(original))
    if role:
        at = owner.at("Policies") if written.get("Policies") else owner.path
        role.emit(written.get("RolePath"), written.get("PermissionsBoundary"), at)
    target = Target(owner.id, owner, {"Ref": owner.id}, {"Ref": owner.id})
    alias = _alias(expansion, owner)
    if alias and written.get("UseAliasAsEventTarget"):
        target = Target(alias, owner, {"Ref": alias}, {"Ref": alias})
    for event in known_events(expansion, owner, STATE_MACHINE_EVENTS):
        run(expansion, target, None, event, _HANDLERS[event.type], STATE_MACHINE_EVENTS[event.type])
    if written.get("PropagateTags") and written.get("Tags") and isinstance(written["Tags"], dict):
        for logical_id in expansion.of.get(owner.id, ()):
            resource = expansion.generated[logical_id]
            if resource["Type"] in _TAGGED:
                resource["Properties"]["Tags"] = tag_list(written["Tags"])


# --- definition


def _define(expansion: Expansion, owner: Owner, properties: dict[str, Any]) -> None:
    written = owner.properties
    definition, uri = written.get("Definition"), written.get("DefinitionUri")
    if definition and uri:
        names = ["Definition", "DefinitionUri"]
        expansion.fault("exclusive-properties", owner.at("DefinitionUri"), properties=names, resource=owner.id)
    if definition:
        found: dict[str, Any] = {}
        text = _text(_substituted(definition, found))
        properties["DefinitionString"] = {"Fn::Join": ["\n", text.split("\n")]}
        expansion.move(owner, owner.at("DefinitionString"), owner.at("Definition"))
        if found:
            own = properties["DefinitionSubstitutions"]
            properties["DefinitionSubstitutions"] = {**own, **found} if isinstance(own, dict) else found
    elif uri:
        place: Any = s3_place(uri) if isinstance(uri, str) else uri
        if isinstance(place, dict):
            if not place.get("Bucket") or not place.get("Key"):
                at = owner.at("DefinitionUri")
                expansion.fault("code-location", at, property="DefinitionUri", intrinsic=intrinsic(place))
            place = {name: place[name] for name in ("Bucket", "Key", "Version") if name in place}
        properties["DefinitionS3Location"] = uri if place is None else place
        expansion.move(owner, owner.at("DefinitionS3Location"), owner.at("DefinitionUri"))
    else:
        expansion.fault("missing-property", owner.path, property="Definition", resource=owner.id)


def _substituted(node: Any, found: dict[str, Any]) -> Any:
    """The definition with a variable in place of each value that only CloudFormation knows."""
    if isinstance(node, dict):
        made = {key: _variable(node[key], found) for key in sorted(node, key=str)}
        return {key: made[key] for key in node}
    if isinstance(node, list):
        return [_variable(item, found) for item in node]
    return node


def _variable(value: Any, found: dict[str, Any]) -> Any:
    if intrinsic(value) or (isinstance(value, str) and _DYNAMIC.match(value)):
        name = f"definition_substitution_{len(found) + 1}"
        found[name] = value
        return f"${{{name}}}"
    return _substituted(value, found)


def _text(definition: Any) -> str:
    import json

    return json.dumps(definition, sort_keys=True, indent=4, separators=(",", ": "), default=repr)


# --- role, version and alias


def _role(expansion: Expansion, owner: Owner) -> Role:
    written = owner.properties
    role = Role(expansion, owner, "states.amazonaws.com")
    tracing = written.get("Tracing")
    policies = written.get("Policies") or []
    if not isinstance(policies, list):
        policies = [policies]
    role.add_policies(policies, owner.at("Policies"))
    if isinstance(tracing, dict) and tracing.get("Enabled") is True:
        name = "AWSXrayWriteOnlyAccess" if expansion.partition == "aws" else "AWSXRayDaemonWriteAccess"
        role.grant_managed(expansion.managed_policy(name), owner.at("Tracing"))
    tags = written.get("Tags")
    role.tags = [{"Key": "stateMachine:createdBy", "Value": "SAM"}, *tag_list(tags)]
    return role


def _alias(expansion: Expansion, owner: Owner) -> str | None:
    written = owner.properties
    name, preference = written.get("AutoPublishAlias"), written.get("DeploymentPreference")
    if not name:
        for needing in ("UseAliasAsEventTarget", "DeploymentPreference"):
            if written.get(needing):
                at = owner.at(needing)
                expansion.fault("missing-property", at, property="AutoPublishAlias", needed_by=needing)
        return None
    at = owner.at("AutoPublishAlias")
    version = owner.id + "Version"
    kept = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain", **owner.passed_on}
    revision = attribute(owner.id, "StateMachineRevisionId")
    properties: dict[str, Any] = {"StateMachineArn": {"Ref": owner.id}, "StateMachineRevisionId": revision}
    expansion.emit(owner.id, version, "AWS::StepFunctions::StateMachineVersion", properties, kept, at)
    alias = f"{owner.id}Alias{name}"
    preference = dict(preference) if isinstance(preference, dict) and preference else {"Type": "ALL_AT_ONCE"}
    preference["StateMachineVersionArn"] = {"Ref": version}
    properties = {"Name": name, "DeploymentPreference": preference}
    expansion.emit(owner.id, alias, "AWS::StepFunctions::StateMachineAlias", properties, owner.passed_on, at)
    return alias


# --- events


def _start_role(expansion: Expansion, target: Target, event: Event, service: str) -> dict[str, Any]:
    """The role with which a rule or an API starts the state machine; its ARN."""
    role_id = event.logical_id + "Role"
    properties = {
        "AssumeRolePolicyDocument": trust(service),
        "Policies": [allow(role_id + "StartExecutionPolicy", ("states:StartExecution", target.arn))],
        "PermissionsBoundary": target.owner.properties.get("PermissionsBoundary") or None,
    }
    expansion.emit(target.owner.id, role_id, "AWS::IAM::Role", properties, target.passed_on, event.path)
    return attribute(role_id)


def _rule(expansion: Expansion, target: Target, role: None, event: Event) -> None:
    caller = event.properties.get("RoleArn") if event.type == "Schedule" else None
    if caller is None:
        caller = _start_role(expansion, target, event, "events.amazonaws.com")
    emit_rule(expansion, target, event, "StepFunctionsTarget", caller)


def _api(expansion: Expansion, target: Target, role: None, event: Event) -> None:
    api = Api(expansion, event, "RestApiId")
    caller = _start_role(expansion, target, event, "apigateway.amazonaws.com")
    if not api.managed:
        return
    method, path = event.properties["Method"].lower(), event.properties["Path"]
    body = Body(api.properties["DefinitionBody"], api.at, False)
    if body.has_integration(path, method):
        event.refuse("duplicate-method", "Path", path=path, method=method)
    text = '{"input": "$util.escapeJavaScript($input.json(\'$\'))", "stateMachineArn": "${' + target.id + '}"}'
    if event.properties.get("UnescapeMappingTemplate"):
        text = text.replace('))"', ')).replaceAll("\\\\\'","\'")"', 1)
    integration = {
        "type": "aws",
        "httpMethod": "POST",
        "uri": {"Fn::Sub": _START},
        "responses": {"200": {"statusCode": "200"}, "400": {"statusCode": "400"}},
        "credentials": caller,
        "requestTemplates": {"application/json": {"Fn::Sub": text}},
    }
    responses = {"200": {"description": "OK"}, "400": {"description": "Bad Request"}}
    body.integrate(path, method, integration, target.passed_on.get("Condition"), responses)
    if event.properties.get("Auth"):
        add_auth(expansion, event, api, body, method, path)
    note_method(expansion, api.id, body, event, path, method)


def _schedule(expansion: Expansion, target: Target, role: Any, event: Event) -> None:
    schedule(expansion, target, role, event)


_HANDLERS: dict[str, Any] = {
    "Schedule": _rule,
    "ScheduleV2": _schedule,
    "CloudWatchEvent": _rule,
    "EventBridgeRule": _rule,
    "Api": _api,
}
