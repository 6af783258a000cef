"""Usage plans and API keys of REST APIs, their own or shared by all."""

from __future__ import annotations

from typing import Any

from .context import Expansion, Owner

_PROPERTIES = ("CreateUsagePlan", "Description", "Quota", "Tags", "Throttle", "UsagePlanName")
_CONDITION = "SharedUsagePlanCondition"


def usage_plan(expansion: Expansion, owner: Owner, plan: Any, stage_id: str) -> None:
    """The plan, its key, and their link."""
    at = owner.at("Auth", "UsagePlan")
    if not isinstance(plan, dict):
        expansion.fault("malformed", at, property="UsagePlan", expected=["map"])
        return
    for name in plan:
        if name not in _PROPERTIES:
            expansion.fault("unknown-property", (*at, name), property=name, resource=owner.id)
    created = plan.get("CreateUsagePlan")
    if created is None:
        expansion.fault("missing-property", at, property="CreateUsagePlan", needed_by="UsagePlan")
        return
    if created == "NONE" or expansion.unsettled(created):
        return
    if created not in ("SHARED", "PER_API"):
        allowed = ["SHARED", "PER_API", "NONE"]
        expansion.fault("usage-plan", (*at, "CreateUsagePlan"), value=created, allowed=allowed)
        return
    shared = created == "SHARED"
    prefix = "Serverless" if shared else owner.id
    plan_id, key_id, link_id = prefix + "UsagePlan", prefix + "ApiKey", prefix + "UsagePlanKey"
    attributes = _shared_attributes(expansion, owner, plan_id) if shared else owner.passed_on
    before = expansion.generated.get(plan_id) if shared else None
    stage = {"ApiId": {"Ref": owner.id}, "Stage": {"Ref": stage_id}}
    key_stage = {"RestApiId": {"Ref": owner.id}, "StageName": {"Ref": stage_id}}
    stages, key_stages, depends = [stage], [key_stage], [owner.id]
    if before:
        stages = [*before["Properties"]["ApiStages"], stage]
        key_stages = [*expansion.generated[key_id]["Properties"]["StageKeys"], key_stage]
        depends = [*before["DependsOn"], owner.id]
    properties: dict[str, Any] = {"ApiStages": stages}
    for name in ("UsagePlanName", "Description", "Quota", "Tags", "Throttle"):
        properties[name] = plan.get(name) or None
    origin = owner.inherited.get(at, at)
    emit = expansion.emit
    emit(owner.id, plan_id, "AWS::ApiGateway::UsagePlan", properties, attributes, origin, depends_on=depends)
    key = {"Enabled": True, "StageKeys": key_stages}
    emit(owner.id, key_id, "AWS::ApiGateway::ApiKey", key, attributes, origin, depends_on=[plan_id])
    link = {"KeyId": {"Ref": key_id}, "KeyType": "API_KEY", "UsagePlanId": {"Ref": plan_id}}
    emit(owner.id, link_id, "AWS::ApiGateway::UsagePlanKey", link, attributes, origin, depends_on=[key_id])
    for name, logical_id in (("UsagePlan", plan_id), ("UsagePlanKey", link_id), ("ApiKey", key_id)):
        expansion.refer(owner.id, name, logical_id)


def _shared_attributes(expansion: Expansion, owner: Owner, plan_id: str) -> dict[str, Any]:
    """Attributes of a shared plan: the most keeping policy of all APIs, and a condition if each has one."""
    before = expansion.generated.get(plan_id)
    attributes: dict[str, Any] = {}
    for name, ranks in (("DeletionPolicy", ("Retain",)), ("UpdateReplacePolicy", ("Retain", "Snapshot"))):
        policies = [before.get(name) if before else None, owner.passed_on.get(name)]
        kept = next((rank for rank in ranks if rank in policies), None) or policies[0] or policies[1]
        if kept:
            attributes[name] = kept
    condition = owner.passed_on.get("Condition")
    if condition is None or (before and "Condition" not in before):
        expansion.conditions.pop(_CONDITION, None)
        return attributes
    known = expansion.conditions.get(_CONDITION)
    names = {condition}
    if isinstance(known, str):
        names.add(known)
    elif isinstance(known, dict):
        names.update(item["Condition"] for item in known["Fn::Or"])
    ordered = sorted(names)
    one = ordered[0] if len(ordered) == 1 else {"Fn::Or": [{"Condition": name} for name in ordered]}
    expansion.conditions[_CONDITION] = one
    attributes["Condition"] = _CONDITION
    return attributes
