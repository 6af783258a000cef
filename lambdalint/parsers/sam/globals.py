"""Globals merged into the resources as SAM merges them: scalars override, maps merge, lists follow one another.

An intrinsic function counts as a scalar: the local value wins over it, and it over nothing. From
aws-sam-translator 1.115.0, plugins/globals.
"""

from __future__ import annotations

from typing import Any

from lambdalint.finding import Path
from lambdalint.model.values import OpenList, OpenMap

from .context import PREFIX, Expansion, intrinsic, nearest

SECTIONS = {
    "Function": """Handler Runtime CodeUri DeadLetterQueue Description MemorySize Timeout VpcConfig Environment Tags
        PropagateTags Tracing KmsKeyArn AutoPublishAlias AutoPublishAliasAllProperties Layers DeploymentPreference
        RolePath PermissionsBoundary ReservedConcurrentExecutions ProvisionedConcurrencyConfig AssumeRolePolicyDocument
        EventInvokeConfig FileSystemConfigs CodeSigningConfigArn Architectures SnapStart EphemeralStorage
        FunctionUrlConfig RuntimeManagementConfig LoggingConfig RecursiveLoop SourceKMSKeyArn TenancyConfig
        DurableConfig CapacityProviderConfig FunctionScalingConfig PublishToLatestPublished VersionDeletionPolicy""",
    "Api": """Auth Name DefinitionUri CacheClusterEnabled CacheClusterSize MergeDefinitions Variables
        EndpointConfiguration MethodSettings BinaryMediaTypes MinimumCompressionSize Cors GatewayResponses
        AccessLogSetting CanarySetting TracingEnabled OpenApiVersion Domain AlwaysDeploy PropagateTags SecurityPolicy
        EndpointAccessMode""",
    "HttpApi": """Auth AccessLogSettings StageVariables Tags CorsConfiguration DefaultRouteSettings Domain RouteSettings
        FailOnWarnings PropagateTags""",
    "SimpleTable": "SSESpecification",
    "StateMachine": "PropagateTags",
    "LayerVersion": "PublishLambdaVersion",
    "CapacityProvider": """VpcConfig OperatorRole Tags InstanceRequirements ScalingConfig KmsKeyArn PropagateTags
        LoggingConfig ManagedResourceTags""",
    "MicrovmImage": """BuildRoleArn BaseImageArn BaseImageVersion Logging EgressNetworkConnectors CpuConfigurations
        Resources AdditionalOsCapabilities Hooks EnvironmentVariables Tags PropagateTags""",
    "NetworkConnector": "OperatorRole Tags PropagateTags",
    "WebSocketApi": """AccessLogSettings ApiKeySelectionExpression DefaultRouteSettings DisableExecuteApiEndpoint
        DisableSchemaValidation Domain FailOnWarnings IpAddressType PropagateTags RouteSelectionExpression RouteSettings
        StageVariables Tags""",
}
_REPLACED = {("Function", "Architectures"), ("CapacityProvider", "InstanceRequirements", "Architectures")}
_PRUNED = {("CapacityProvider", "ManagedResourceTags")}


def sections(expansion: Expansion) -> dict[str, dict[str, Any]]:
    """The sections of Globals that can be merged; what SAM refuses in them is a fault and left out."""
    if "Globals" not in expansion.template:
        return {}
    written = expansion.template["Globals"]
    if not isinstance(written, dict):
        expansion.fault("malformed", ("Globals",), property="Globals", expected=["map"])
        return {}
    result: dict[str, dict[str, Any]] = {}
    for section, properties in written.items():
        at: Path = ("Globals", section)
        if section not in SECTIONS:
            expansion.fault("globals-section", at, section=section, nearest=nearest(section, SECTIONS))
        elif not isinstance(properties, dict):
            expansion.fault("malformed", at, property=section, expected=["map"])
        else:
            supported = SECTIONS[section].split()
            for name in properties:
                if name not in supported:
                    expansion.fault(
                        "globals-property",
                        (*at, name),
                        section=section,
                        property=name,
                        nearest=nearest(name, supported),
                    )
            result[section] = {name: value for name, value in properties.items() if name in supported}
    return result


def merge_into(expansion: Expansion, found: dict[str, dict[str, Any]]) -> None:
    """Merge Globals into every SAM resource of ``expansion.resources`` and note what came from there."""
    for logical_id, resource in expansion.resources.items():
        type_ = resource.get("Type")
        section = type_[len(PREFIX) :] if isinstance(type_, str) and type_.startswith(PREFIX) else ""
        properties = found.get(section)
        if properties is None:
            continue
        properties = _without_ignored(expansion, logical_id, resource.get("IgnoreGlobals"), properties)
        local = resource.get("Properties", {})
        if not properties or not isinstance(local, dict):
            continue
        inherited: dict[Path, Path] = {}
        merged = _merge_maps(
            properties,
            local,
            (section,),
            ("Globals", section),
            ("Resources", logical_id, "Properties"),
            inherited,
        )
        expansion.resources[logical_id] = {**resource, "Properties": merged}
        expansion.inherited[logical_id] = inherited
        expansion.moved.update(inherited)


def _without_ignored(expansion: Expansion, logical_id: str, ignored: Any, properties: dict[str, Any]) -> dict[str, Any]:
    if not ignored:
        return properties
    if ignored == "*":
        return {}
    at: Path = ("Resources", logical_id, "IgnoreGlobals")
    if not isinstance(ignored, list):
        expansion.fault("malformed", at, property="IgnoreGlobals", expected=["list", "*"])
        return properties
    for index, name in enumerate(ignored):
        if not isinstance(name, str) or name not in properties:
            expansion.fault("ignore-globals", (*at, index), value=name, nearest=nearest(name, properties))
    return {name: value for name, value in properties.items() if name not in ignored}


def _merge_maps(
    outer: dict[str, Any], local: dict[str, Any], rule: Path, origin: Path, place: Path, inherited: dict[Path, Path]
) -> dict[str, Any]:
    """``outer`` overridden by ``local``; in ``inherited`` goes each place that holds a value of ``outer``."""
    merged = dict(outer)
    pruned = rule in _PRUNED and bool(local)
    for name in outer:
        if name not in local:
            if pruned:
                del merged[name]
            else:
                inherited[(*place, name)] = (*origin, name)
    for name, value in local.items():
        if name in outer:
            value = _merge(outer[name], value, (*rule, name), (*origin, name), (*place, name), inherited)
        merged[name] = value
    return OpenMap(merged) if isinstance(outer, OpenMap) or isinstance(local, OpenMap) else merged


def _merge(outer: Any, local: Any, rule: Path, origin: Path, place: Path, inherited: dict[Path, Path]) -> Any:
    if isinstance(outer, dict) and isinstance(local, dict):
        if intrinsic(outer) is None and intrinsic(local) is None:
            return _merge_maps(outer, local, rule, origin, place, inherited)
    elif isinstance(outer, list) and isinstance(local, list) and rule not in _REPLACED:
        for index in range(len(outer)):
            inherited[(*place, index)] = (*origin, index)
        for index in range(len(local)):
            inherited[(*place, len(outer) + index)] = (*place, index)
        both = [*outer, *local]
        return OpenList(both) if isinstance(outer, OpenList) or isinstance(local, OpenList) else both
    return local
