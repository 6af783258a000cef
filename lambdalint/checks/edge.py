"""LL9: Lambda@Edge, for functions that a CloudFront distribution of the template is associated with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lambdalint.checks import check
from lambdalint.finding import Place, Problem
from lambdalint.iam.policies import ALLOW, parse_policy
from lambdalint.iam.roles import role_of
from lambdalint.model.arns import function_of, parse
from lambdalint.model.connections import event_sources, published_as
from lambdalint.model.deployment import Deployment
from lambdalint.model.links import reader_of
from lambdalint.model.permissions import plain
from lambdalint.model.quota import Quota
from lambdalint.model.resource import Function
from lambdalint.model.values import Reference, Unknown, Value, is_open, number

DISTRIBUTION = "AWS::CloudFront::Distribution"


def _association(deployment: Deployment, function: Function) -> tuple[tuple[Place, str], ...]:
    """Where a distribution names the function; nothing where none does."""
    found = (source for source in event_sources(deployment, function) if source.kind == "edge")
    return tuple((source.place, "the association with CloudFront") for source in found)[:1]


@check("function")
def edge_configuration(
    function: Function, deployment: Deployment, names: Mapping[str, str], quotas: Mapping[str, Quota]
) -> Iterator[Problem]:
    """What a function at the edge may not have; ``names`` say how a message calls each feature."""
    related = _association(deployment, function)
    if not related:
        return
    refused = quotas["features"].values or ()
    for feature, path in _features(function, deployment, quotas["ephemeral-storage"]):
        if feature in refused:
            yield Problem(path, fields={"feature": names.get(feature, feature)}, related=related)
    code = _package_size(deployment, function)
    if code > quotas["code"].max:
        place = function.at("Code", key=True)
        yield Problem(place, "size", {"size": code, "quota": quotas["code"]}, related=related)


def _features(function: Function, deployment: Deployment, storage: Quota) -> Iterator[tuple[str, Place]]:
    """The features of a function that matter at the edge, each with its place."""
    if _given(function.get("Environment", "Variables")):
        yield "Environment", function.at("Environment", key=True)
    if _given(function.get("VpcConfig", "SubnetIds")) or _given(function.get("VpcConfig", "SecurityGroupIds")):
        yield "VpcConfig", function.at("VpcConfig", key=True)
    for name in ("Layers", "DeadLetterConfig", "KmsKeyArn"):
        if _given(function.get(name)):
            yield name, function.at(name, key=True)
    if function.get("TracingConfig", "Mode") == "Active":
        yield "TracingConfig", function.at("TracingConfig", "Mode")
    if function.architecture == "arm64":
        yield "arm64", function.at("Architectures")
    if function.is_image:
        yield "Image", function.at("Code" if function.get("PackageType") is None else "PackageType")
    size = function.number("EphemeralStorage", "Size")
    if size is not None and size > storage.max:
        yield "EphemeralStorage", function.at("EphemeralStorage", "Size")
    if function.get("Code", "S3ObjectStorageMode") == "REFERENCE":
        yield "S3ObjectStorageMode", function.at("Code", "S3ObjectStorageMode")
    management = "RuntimeManagementConfig"
    if (
        isinstance(function.get(management, "UpdateRuntimeOn"), str)
        and function.get(management, "UpdateRuntimeOn") != "Auto"
    ):
        yield management, function.at(management, key=True)
    for published in published_as(deployment, function):
        if _given(published.get("ProvisionedConcurrencyConfig")):
            yield "ProvisionedConcurrency", published.at("ProvisionedConcurrencyConfig", key=True)


def _given(value: Value) -> bool:
    """Whether a property is there and says something: what is unknown may be nothing."""
    return value is not None and not isinstance(value, Unknown) and value != {} and value != [] and value != ""


def _package_size(deployment: Deployment, function: Function) -> int:
    """Bytes of the zip; 0 where it is not here."""
    artifacts = deployment.template.artifacts
    package = artifacts.package(deployment, function) if artifacts is not None else None
    return package.compressed if package is not None and package.kind == "zip" else 0


@check("function")
def edge_timeout(function: Function, deployment: Deployment, quota: Quota) -> Iterator[Problem]:
    """A timeout that is longer than CloudFront waits."""
    timeout = number(function.get("Timeout"))
    if timeout is not None and timeout > quota.max:
        related = _association(deployment, function)
        if related:
            yield Problem(function.at("Timeout"), fields={"value": timeout, "quota": quota}, related=related)


@check("deployment")
def edge_version(subject: Deployment, deployment: Deployment) -> Iterator[Problem]:
    """An association with the unpublished function or with an alias."""
    reader = reader_of(DISTRIBUTION)
    for distribution in deployment.of_type(DISTRIBUTION) if reader else ():
        for link in reader(deployment, distribution):  # type: ignore[misc]
            named = _named(deployment, link.function)
            if named is not None:
                yield Problem(distribution.at(*link.path), fields={"named": named})


def _named(deployment: Deployment, value: Value) -> str | None:
    """What an association names where that is no numbered version."""
    target = function_of(deployment, value)
    if target is not None:
        qualifier: Value = target.qualifier
        if isinstance(qualifier, Reference) or (isinstance(qualifier, str) and qualifier.isdigit()):
            return None
        alias = deployment.follow(value)
        if alias is not None and alias.type == "AWS::Lambda::Alias":
            return "an alias"
        if isinstance(qualifier, Unknown):
            return None
    else:
        arn = parse(value)
        if arn is None or arn.service != "lambda" or arn.literal is None or not arn.literal.startswith("function:"):
            return None
        qualifier = arn.literal.removeprefix("function:").partition(":")[2]
        if qualifier.isdigit():
            return None
    if qualifier in (None, "", "$LATEST"):
        return "the unpublished function"
    return f"the alias {qualifier}"


@check("function")
def edge_region(function: Function, deployment: Deployment, quota: Quota) -> Iterator[Problem]:
    """A function at the edge in a Region that CloudFront does not take it from."""
    if deployment.region and deployment.region not in (quota.values or ()):
        related = _association(deployment, function)
        if related:
            fields = {"region": deployment.region, "allowed": quota.values}
            yield Problem(function.place, fields=fields, related=related)


@check("function")
def edge_trust(function: Function, deployment: Deployment, quota: Quota) -> Iterator[Problem]:
    """A role that Lambda@Edge may not take; that Lambda itself may is another rule's."""
    role = role_of(deployment, function)
    related = _association(deployment, function) if role is not None else ()
    if role is None or not related:
        return
    policy = parse_policy(role.get("AssumeRolePolicyDocument"), trust=True)
    if policy.is_open or any(one.effect is None or one.is_open for one in policy.statements):
        return
    trusted: list[Any] = []
    for statement in policy.statements:
        if statement.effect == ALLOW and statement.not_principal is None:
            principal = statement.principal
            services = principal.get("Service") if isinstance(principal, dict) else principal
            trusted += services if isinstance(services, list) else [services]
            if is_open(services) and not isinstance(services, list) and plain(services) is None:
                return
    names = [plain(value) for value in trusted]
    if any(name is None and value is not None for name, value in zip(names, trusted)) or "*" in names:
        return
    for service in quota.values or ():
        if service.startswith("edgelambda.") and service not in names:
            yield Problem(role.at("AssumeRolePolicyDocument", key=True), fields={"service": service}, related=related)


@check("function")
def edge_runtime(function: Function, deployment: Deployment, quota: Quota) -> Iterator[Problem]:
    """A runtime that does not run at the edge."""
    runtime = function.runtime
    if runtime is not None and not runtime.startswith(tuple(quota.values or ())):
        related = _association(deployment, function)
        if related:
            yield Problem(function.at("Runtime"), fields={"runtime": runtime}, related=related)
