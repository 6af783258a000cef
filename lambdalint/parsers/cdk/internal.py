"""What CDK makes for itself: told by the marks of the assembly, by construct paths, by who called for it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from lambdalint.parsers.cdk.places import Metadata, frames

INTERNAL = re.compile(
    r"/(Custom::(AWSCDK[A-Za-z0-9-]*|CloudwatchLogResourcePolicy|CrossAccountZoneDelegation|CrossRegion[A-Za-z]+"
    r"|DeleteExistingRecordSet|DescribeCognitoUserPoolClient|DynamoDBReplica|ECRAutoDeleteImages|ElasticsearchAccessPolicy"
    r"|GluePartitionIndex|OpenSearchAccessPolicy|S3AutoDeleteObjects|S3BucketNotifications|S3ObjectCopy"
    r"|SyntheticsAutoDeleteUnderlyingResources|Trigger|UserPoolCloudFrontDomainName|VpcRestrictDefaultSG)"
    r"(CustomResourceProvider)?"
    r"|AWSCDK\.[A-Za-z]+CustomResourceProvider"
    r"|framework-on(Event|Timeout)|framework-isComplete"
    r"|LogRetention[0-9a-f]{32}"
    r"|(AWS|Eval|CrossRegionAwsSdk)[0-9a-f]{32}"
    r"|BucketNotificationsHandler[0-9a-f]{32}"
    r"|SingletonLambda224e77f9a32e4b4dac32983477abba16"
    r"|DrainECSHook/Function|KubectlProvider/Handler|CertificateRequestorFunction|CDKPipelinesAutoApprove"
    r"|@aws-cdk--[a-z0-9-]+\.[A-Za-z]+)(/|$)",
)
"""Construct paths of what CDK makes for itself: its own custom resources and their providers.

A SingletonFunction is the user's, but for the one by which aws-ses drops spam; so is a CustomResourceProvider of
another resource type. Newer versions mark their own.
"""
_BUCKET_DEPLOYMENT = re.compile(r"/Custom::CDKBucketDeployment[0-9A-F]{32}")
_HANDLER_MARK = "aws:cdk:is-custom-resource-handler"

_LIBRARY_FRAME = re.compile(r"\.\.\.(?:(?:new )?(?:[\w$]+\.)*([\w$]+) in )?(?:aws-cdk-lib|@aws-cdk/)")
_GRANTS = frozenset(("addPermission", "addFunctionUrl"))
_GRANTED = re.compile(r"/Invoke[\w+-]{40,}=$|-appsync$")
_NO_CURE = frozenset(("elasticloadbalancing.amazonaws.com", "secretsmanager.amazonaws.com", "appsync.amazonaws.com"))
"""Services that constructs let in without a SourceArn, and without a property to give one."""


def internal(resources: Mapping[str, Any], constructs: Mapping[str, str], metadata: Metadata) -> frozenset[str]:
    """What CDK makes for itself, by logical ID.

    Handlers that are marked, all below the construct of one of its providers, layers that no other function uses,
    and permissions that a construct adds when something else is asked of it.
    """
    owners = {_owner(path) for path in _marked(resources, constructs, metadata)} - {""}

    def inside(path: str) -> bool:
        whole = "/" + path
        if INTERNAL.search(whole) or _BUCKET_DEPLOYMENT.search(whole):
            return True
        return any(path == owner or path.startswith(owner + "/") for owner in owners)

    found = {logical_id for logical_id, path in constructs.items() if inside(path)}
    for logical_id, resource in resources.items():
        if _type(resource) == "AWS::Lambda::Permission" and logical_id in constructs:
            if _is_added(resource, constructs[logical_id], metadata):
                found.add(logical_id)
    return frozenset(found | set(_layers(resources, found)))


def _marked(resources: Mapping[str, Any], constructs: Mapping[str, str], metadata: Metadata) -> Iterator[str]:
    """Construct paths that the assembly, or the resource itself, marks as a handler of CDK's own."""
    for path, entries in metadata.items():
        if any(str(entry.get("type")).startswith(_HANDLER_MARK) for entry in entries):
            yield path.lstrip("/")
    for logical_id, resource in resources.items():
        own = resource.get("Metadata") if isinstance(resource, dict) else None
        if isinstance(own, dict) and any(str(key).startswith(_HANDLER_MARK) for key in own):
            yield constructs.get(logical_id, "")


def _owner(path: str) -> str:
    return path.removesuffix("/Handler").removesuffix("/Resource")


def _type(resource: Any) -> Any:
    return resource.get("Type") if isinstance(resource, dict) else None


def _is_added(resource: Mapping[str, Any], path: str, metadata: Metadata) -> bool:
    """Whether nobody asked for a permission as such: a load balancer's target, a secret's rotation adds it.

    The first line of its trace names the function of the library that the application called.
    """
    for frame in frames(metadata.get("/" + path, ())):
        label = _LIBRARY_FRAME.match(frame)
        if label is None:
            return False
        if "jsii" in frame:
            break
        called = label[1] or ""
        return not (called in _GRANTS or called.startswith("grant"))
    properties = resource.get("Properties")
    if not isinstance(properties, dict) or "SourceArn" in properties or "SourceAccount" in properties:
        return False
    principal = properties.get("Principal")
    return isinstance(principal, str) and principal in _NO_CURE and bool(_GRANTED.search(path))


def _layers(resources: Mapping[str, Any], found: set[str]) -> Iterator[str]:
    """Layers of the template that CDK's own functions use, and no other."""
    used: dict[str, bool] = {}
    for logical_id, resource in resources.items():
        properties = resource.get("Properties") if _type(resource) == "AWS::Lambda::Function" else None
        layers = properties.get("Layers") if isinstance(properties, dict) else None
        for layer in layers if isinstance(layers, list) else ():
            named = layer.get("Ref") if isinstance(layer, dict) else None
            if isinstance(named, str):
                used[named] = used.get(named, True) and logical_id in found
    exported = repr([resource for resource in resources.values() if _type(resource) != "AWS::Lambda::Function"])
    for layer, only in used.items():
        if only and _type(resources.get(layer)) == "AWS::Lambda::LayerVersion" and f"'{layer}'" not in exported:
            yield layer
