"""LL1: blocks of settings of one function: image, file system, VPC, logs, durable execution, Managed Instances."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from lambdalint.checks import check
from lambdalint.checks.limits import inside
from lambdalint.finding import WARNING, Place, Problem
from lambdalint.model.deployment import Deployment
from lambdalint.model.quota import Quota
from lambdalint.model.resource import Function, Resource
from lambdalint.model.runtimes import runtime_of
from lambdalint.model.values import Value, is_open, lower_bound, number, references


@check("function")
def image_config(function: Function, deployment: Deployment, quotas: Mapping[str, Quota]) -> Iterator[Problem]:
    """Lists of ImageConfig that are too long, and its WorkingDirectory."""
    for name, quota in quotas.items():
        value = function.get("ImageConfig", name)
        size = len(value) if isinstance(value, list) else len(lower_bound(value))
        if size > quota.max:
            fields = {"property": name, "size": size, "quota": quota}
            yield Problem(function.at("ImageConfig", name, key=True), fields=fields)


# -- file systems and VPC ------------------------------------------------------------------------------------------


def _empty(value: Value) -> bool:
    """Nothing there, for certain."""
    return value is None or (isinstance(value, list) and not value and not is_open(value))


def _placeholder(value: Value) -> bool:
    """A list whose members are yet to be given: ``[""]`` is what an empty default of a list parameter gives."""
    return isinstance(value, list) and "" in value


@check("function")
def file_system(function: Function, deployment: Deployment, quotas: Mapping[str, Quota]) -> Iterator[Problem]:
    """How many file systems there are, where they are mounted, and the VPC through which they are reached."""
    found = function.get("FileSystemConfigs")
    if not isinstance(found, list):
        return
    count, mount = quotas["count"], quotas["mount"]
    if len(found) > count.max:
        fields = {"count": len(found), "quota": count}
        yield Problem(function.at("FileSystemConfigs", int(count.max)), "count", fields)
    for index, config in enumerate(found):
        path = config.get("LocalMountPath") if isinstance(config, dict) else None
        if isinstance(path, str) and not (re.fullmatch(mount.pattern or "", path) and len(path) <= mount.max):
            place = function.at("FileSystemConfigs", index, "LocalMountPath")
            kind = "long" if len(path) > mount.max else "path"
            yield Problem(place, kind, {"path": path, "length": len(path), "quota": mount})
    vpc = function.get("VpcConfig")
    without = vpc is None or (isinstance(vpc, dict) and not is_open(vpc) and _empty(vpc.get("SubnetIds")))
    if found and without and not is_open(function.properties):
        reads = (function.at("VpcConfig"), function.at("VpcConfig", "SubnetIds"))
        yield Problem(function.at("FileSystemConfigs", key=True), "vpc", reads=reads)


@check("function")
def vpc_config(function: Function, deployment: Deployment, quotas: Mapping[str, Quota]) -> Iterator[Problem]:
    """Subnets and security groups go together, and there are only so many of each."""
    config = function.get("VpcConfig")
    if not isinstance(config, dict):
        return
    for name, quota in quotas.items():
        value = config.get(name)
        if isinstance(value, list) and len(value) > quota.max:
            fields = {"property": name, "count": len(value), "quota": quota}
            yield Problem(function.at("VpcConfig", name, key=True), "count", fields)
    subnets, groups = config.get("SubnetIds"), config.get("SecurityGroupIds")
    if is_open(config) or _placeholder(subnets) or _placeholder(groups) or _empty(subnets) == _empty(groups):
        return
    there, missing = ("SecurityGroupIds", "SubnetIds") if _empty(subnets) else ("SubnetIds", "SecurityGroupIds")
    reads = (function.at("VpcConfig", there), function.at("VpcConfig", missing))
    yield Problem(function.at("VpcConfig", there, key=True), fields={"there": there, "missing": missing}, reads=reads)


# -- logs ----------------------------------------------------------------------------------------------------------


@check("function")
def logging_config(function: Function, deployment: Deployment, quotas: Mapping[str, Quota]) -> Iterator[Problem]:
    """Formats and levels that do not exist, and levels with a format that has none."""
    config = function.get("LoggingConfig")
    if not isinstance(config, dict):
        return
    for name, quota in quotas.items():
        value = config.get(name)
        if isinstance(value, str) and quota.values and value not in quota.values:
            fields = {"property": name, "value": value, "allowed": quota.values}
            yield Problem(function.at("LoggingConfig", name), "value", fields)
    written = config.get("LogFormat")
    if written is None and (is_open(config) or function.is_managed_instance):
        return  # Managed Instances log as JSON without being told
    if written not in (None, "Text"):
        return
    for name in ("ApplicationLogLevel", "SystemLogLevel"):
        if config.get(name) is not None:
            fields = {"property": name, "format": "Text" if written else "Text, the default"}
            where = function.at("LoggingConfig", "LogFormat")
            related = ((where, "the format"),) if written else ()
            yield Problem(function.at("LoggingConfig", name, key=True), "level", fields, related, reads=(where,))


# -- durable functions, Managed Instances, tenants -----------------------------------------------------------------


def _invoke_configs(function: Function, deployment: Deployment) -> Iterator[Resource]:
    for resource in deployment.referrers(function.id):
        names = {reference.resource for reference in references(resource.get("FunctionName"))}
        if resource.type == "AWS::Lambda::EventInvokeConfig" and function.id in names:
            yield resource


def _is_version_of(resource: Resource, function: Function) -> bool:
    """Whether a version or an alias is one of this function (and not merely mentions it)."""
    if resource.type not in ("AWS::Lambda::Version", "AWS::Lambda::Alias"):
        return False
    return any(reference.resource == function.id for reference in references(resource.get("FunctionName")))


def _settings_out_of_range(
    function: Function, block: tuple[str, ...], quotas: Mapping[str, Quota]
) -> Iterator[tuple[Place, dict[str, Any]]]:
    for name, quota in quotas.items():
        value = number(function.get(*block, name))
        if value is not None and not inside(value, quota):
            yield function.at(*block, name), {"property": name, "value": value, "quota": quota}


@check("function")
def durable_config(
    function: Function, deployment: Deployment, quotas: Mapping[str, Quota], facts: Any
) -> Iterator[Problem]:
    """Ranges of DurableConfig, the runtimes that have durable execution, and what it excludes."""
    if function.get("DurableConfig") is None:
        return
    for place, fields in _settings_out_of_range(function, ("DurableConfig",), quotas):
        yield Problem(place, "range", fields)
    durable = (function.at("DurableConfig", key=True), "durable execution")
    runtime = runtime_of(function, facts)
    if runtime is not None and runtime.get("durable") is False and not function.is_image:
        yield Problem(function.at("Runtime"), "runtime", {"runtime": runtime["id"]}, related=(durable,))
    for config in _invoke_configs(function, deployment):
        destinations = config.get("DestinationConfig")
        if isinstance(destinations, dict) and any(
            isinstance(one, dict) and one.get("Destination") is not None for one in destinations.values()
        ):
            yield Problem(config.at("DestinationConfig", key=True), "destination", related=(durable,))


@check("function")
def managed_instances(
    function: Function, deployment: Deployment, quotas: Mapping[str, Quota], facts: Any
) -> Iterator[Problem]:
    """Runtime, memory for each vCPU, vCPUs and concurrency of a function on Managed Instances."""
    block = ("CapacityProviderConfig", "LambdaManagedInstancesCapacityProviderConfig")
    if not function.is_managed_instance:
        return
    runtime = runtime_of(function, facts)
    if runtime is not None and runtime.get("managed_instances") is False and not function.is_image:
        related = ((function.at("CapacityProviderConfig", key=True), "on Managed Instances"),)
        yield Problem(function.at("Runtime"), "runtime", {"runtime": runtime["id"]}, related=related)
    ratio_at = function.at(*block, "ExecutionEnvironmentMemoryGiBPerVCpu")
    ratio = function.number(*block, "ExecutionEnvironmentMemoryGiBPerVCpu")
    memory = function.number("MemorySize")
    vcpus: float | None = None
    ratios = quotas["ratio"].values or ()
    if ratio is not None and ratio not in ratios:
        # The API takes any ratio between the lowest and the highest; the documentation knows these only.
        severity = WARNING if min(ratios) <= ratio <= max(ratios) else None
        yield Problem(ratio_at, "ratio", {"value": ratio, "allowed": ratios}, severity=severity)
    elif ratio is not None and memory is not None:
        vcpus = memory / 1024 / ratio
        if vcpus < quotas["vcpus"].min and inside(memory, quotas["memory"]):
            fields = {"memory": memory, "ratio": ratio, "needed": int(ratio * 1024 * quotas["vcpus"].min)}
            yield Problem(function.at("MemorySize"), "vcpus", fields, related=((ratio_at, "memory for each vCPU"),))
    place = function.at(*block, "PerExecutionEnvironmentMaxConcurrency")
    concurrency = function.number(*block, "PerExecutionEnvironmentMaxConcurrency")
    if concurrency is None:
        return
    if not inside(concurrency, quotas["concurrency"]):
        yield Problem(place, "concurrency", {"value": concurrency, "quota": quotas["concurrency"]})
    elif vcpus is not None and vcpus >= 1 and concurrency > vcpus * quotas["per-vcpu"].max:
        per_vcpu = quotas["per-vcpu"]
        words = {"value": concurrency, "vcpus": f"{vcpus:g}", "allowed": int(vcpus * per_vcpu.max), "quota": per_vcpu}
        yield Problem(place, "concurrency-per-vcpu", words)


@check("function")
def tenancy(function: Function, deployment: Deployment, quotas: Mapping[str, Quota]) -> Iterator[Problem]:
    """What a function with TenancyConfig cannot have."""
    if function.get("TenancyConfig") is None:
        return
    at = function.at("TenancyConfig", key=True)
    mode = function.get("TenancyConfig", "TenantIsolationMode")
    allowed = quotas["mode"].values or ()
    if isinstance(mode, str) and mode not in allowed:
        yield Problem(function.at("TenancyConfig", "TenantIsolationMode"), "mode", {"value": mode, "allowed": allowed})
    excluded = quotas["excludes"].values or ()
    if "SnapStart" in excluded and function.get("SnapStart", "ApplyOn") == "PublishedVersions":
        yield Problem(at, fields={"feature": "SnapStart"}, related=((function.at("SnapStart", key=True), "SnapStart"),))
    for resource, feature, words in _excluded_by_tenancy(function, deployment):
        if feature in excluded:
            yield Problem(at, fields={"feature": words}, related=((resource.place, words),))


def _excluded_by_tenancy(function: Function, deployment: Deployment) -> Iterator[tuple[Resource, str, str]]:
    aliases = [one for one in deployment.referrers(function.id) if _is_version_of(one, function)]
    for resource in aliases:
        if resource.get("ProvisionedConcurrencyConfig") is not None:
            yield resource, "ProvisionedConcurrency", "provisioned concurrency"
    seen: set[str] = set()
    for logical_id in (function.id, *(alias.id for alias in aliases)):
        for resource in deployment.referrers(logical_id):
            if resource.id in seen:
                continue
            seen.add(resource.id)
            target = resource.get("TargetFunctionArn" if resource.type == "AWS::Lambda::Url" else "FunctionName")
            if logical_id not in {reference.resource for reference in references(target)}:
                continue
            if resource.type == "AWS::Lambda::Url":
                yield resource, "FunctionUrl", "a function URL"
            elif resource.type == "AWS::Lambda::EventSourceMapping":
                yield resource, "EventSourceMapping", "an event source mapping"
