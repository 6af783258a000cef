"""DeploymentPreference: the CodeDeploy application, role and groups that shift an alias's traffic."""

from __future__ import annotations

from typing import Any

from lambdalint.finding import Path

from .context import PREFIX, Expansion, Owner, attribute, branches, intrinsic, is_no_value, tag_list, unknown
from .implicit import add_combined
from .policies import trust

_APPLICATION = "ServerlessDeploymentApplication"
_ROLE = "CodeDeployServiceRole"
_CONDITION = "ServerlessCodeDeployCondition"
_PREDEFINED = frozenset(
    (
        "Canary10Percent5Minutes",
        "Canary10Percent10Minutes",
        "Canary10Percent15Minutes",
        "Canary10Percent30Minutes",
        "Linear10PercentEvery1Minute",
        "Linear10PercentEvery2Minutes",
        "Linear10PercentEvery3Minutes",
        "Linear10PercentEvery10Minutes",
        "AllAtOnce",
    )
)


def expand(expansion: Expansion) -> None:
    """What the deployment preferences of all functions together need."""
    wanted = []
    for logical_id, resource in expansion.resources.items():
        if resource.get("Type") == PREFIX + "Function" and isinstance(resource.get("Properties"), dict):
            preference = resource["Properties"].get("DeploymentPreference")
            if isinstance(preference, dict) and preference:
                owner = Owner(logical_id, resource, expansion.inherited.get(logical_id, {}))
                if _enabled(expansion, owner, preference):
                    wanted.append((owner, preference, _condition(expansion, owner, preference)))
    if not wanted:
        return
    conditions = {condition for _, _, condition in wanted}
    attributes: dict[str, Any] = {}
    if None not in conditions:
        names = sorted(conditions)
        attributes["Condition"] = names[0] if len(names) == 1 else _CONDITION
        if len(names) > 1:
            add_combined(expansion, _CONDITION, names)
    first = wanted[0][0]
    written = _written(first)
    tags: dict[str, Any] = {}
    for owner, _, _ in wanted:
        tags.update(_tags(owner))
    listed = tag_list(tags) or None
    properties: dict[str, Any] = {"ComputePlatform": "Lambda", "Tags": listed}
    expansion.emit(first.id, _APPLICATION, "AWS::CodeDeploy::Application", properties, attributes, written)
    if not all(preference.get("Role") for _, preference, _ in wanted):
        limited = "Limited" if expansion.partition in ("aws-iso", "aws-iso-b") else ""
        properties = {
            "AssumeRolePolicyDocument": trust("codedeploy.amazonaws.com"),
            "ManagedPolicyArns": [expansion.managed_policy(f"service-role/AWSCodeDeployRoleForLambda{limited}")],
            "Tags": listed,
        }
        expansion.emit(first.id, _ROLE, "AWS::IAM::Role", properties, attributes, written)
    for owner, preference, condition in wanted:
        _group(expansion, owner, preference, condition)


def _written(owner: Owner) -> Path:
    at = owner.at("DeploymentPreference")
    return owner.inherited.get(at, at)


def _tags(owner: Owner) -> dict[str, Any]:
    tags = owner.properties.get("Tags")
    return tags if owner.properties.get("PropagateTags") and isinstance(tags, dict) else {}


def _enabled(expansion: Expansion, owner: Owner, preference: dict[str, Any]) -> Any:
    enabled = _known(expansion, preference.get("Enabled", True), owner.at("DeploymentPreference", "Enabled"))
    return enabled and enabled not in ("false", "False")


def _known(expansion: Expansion, value: Any, at: Path) -> Any:
    """``value`` with parameters and entries of Mappings in place, which is all that SAM reads here."""
    value = expansion.resolve(value)
    if intrinsic(value) != "Fn::FindInMap":
        return value
    keys = value["Fn::FindInMap"]
    found = expansion.template.get("Mappings")
    if not found:
        return value
    if not isinstance(keys, list) or len(keys) != 3:
        expansion.fault("malformed", at, property="Fn::FindInMap", expected=["list of three"])
        return value
    for key in keys:
        if not isinstance(found, dict) or not isinstance(key, str) or key not in found:
            return value
        found = found[key]
    return found


def _condition(expansion: Expansion, owner: Owner, preference: dict[str, Any]) -> Any:
    at = owner.at("DeploymentPreference", "PassthroughCondition")
    passed = _known(expansion, preference.get("PassthroughCondition", False), at)
    if passed in (True, "true", "True"):
        return owner.attributes.get("Condition")
    if passed not in (False, "false", "False") and not expansion.unsettled(passed):
        expansion.fault("malformed", at, property="PassthroughCondition", expected=["boolean"])
    return None


def _group(expansion: Expansion, owner: Owner, preference: dict[str, Any], condition: Any) -> None:
    at = owner.at("DeploymentPreference")
    kind = _known(expansion, preference.get("Type"), (*at, "Type"))
    if "Type" not in preference:
        expansion.fault("missing-property", at, property="Type", needed_by="DeploymentPreference")
    if not owner.properties.get("AutoPublishAlias"):
        expansion.fault("missing-property", at, property="AutoPublishAlias", needed_by="DeploymentPreference")
    hooks = preference.get("Hooks", {})
    if not isinstance(hooks, dict):
        expansion.fault("malformed", (*at, "Hooks"), property="Hooks", expected=["map"])
        hooks = {}
    group = owner.id + "DeploymentGroup"
    alias = expansion.aliases.get(owner.id, {}).get("Alias")
    if alias:
        update = {
            "ApplicationName": {"Ref": _APPLICATION},
            "DeploymentGroupName": {"Ref": group},
            "BeforeAllowTrafficHook": hooks.get("PreTraffic"),
            "AfterAllowTrafficHook": hooks.get("PostTraffic"),
        }
        update = {name: value for name, value in update.items() if value is not None and value != {"Ref": None}}
        expansion.generated[alias]["UpdatePolicy"] = {"CodeDeployLambdaAliasUpdate": update}
    events = ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"]
    properties = {
        "AlarmConfiguration": _alarms(expansion, preference.get("Alarms"), (*at, "Alarms")),
        "ApplicationName": {"Ref": _APPLICATION},
        "AutoRollbackConfiguration": {"Enabled": True, "Events": events},
        "DeploymentConfigName": _config_name(kind, ""),
        "DeploymentStyle": {"DeploymentType": "BLUE_GREEN", "DeploymentOption": "WITH_TRAFFIC_CONTROL"},
        "ServiceRoleArn": preference.get("Role") or attribute(_ROLE),
        "TriggerConfigurations": preference.get("TriggerConfigurations") or None,
        "Tags": tag_list(_tags(owner)) or None,
    }
    attributes = {"Condition": condition} if condition else {}
    type_ = "AWS::CodeDeploy::DeploymentGroup"
    expansion.emit(owner.id, group, type_, properties, attributes, _written(owner))


def _alarms(expansion: Expansion, alarms: Any, at: Path) -> Any:
    if not alarms or is_no_value(alarms):
        return None
    sides = branches(alarms)
    if sides:
        condition, *lists = sides
        return {"Fn::If": [condition, *(_alarm_list(expansion, one, at) for one in lists)]}
    return _alarm_list(expansion, alarms, at)


def _alarm_list(expansion: Expansion, alarms: Any, at: Path) -> Any:
    if not isinstance(alarms, list):
        if not unknown(alarms):
            expansion.fault("malformed", at, property="Alarms", expected=["list"])
        return {}
    if not alarms or is_no_value(alarms[0]):
        return {}
    return {"Enabled": True, "Alarms": [{"Name": alarm} for alarm in alarms]}


def _config_name(value: Any, function: str) -> Any:
    """A predefined way of shifting under its full name, within intrinsic functions too."""
    if isinstance(value, list):
        return [_config_name(item, "") for item in value]
    if intrinsic(value):
        return {name: _config_name(item, name) for name, item in value.items()}
    if isinstance(value, str) and value in _PREDEFINED:
        parts = ["CodeDeployDefault.Lambda${ConfigName}", {"ConfigName": value}]
        return parts if function == "Fn::Sub" else {"Fn::Sub": parts}
    return value
