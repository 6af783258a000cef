"""What CDK makes for itself: the handlers of its own custom resources, told by the assembly and by their paths."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

INTERNAL = re.compile(
    r"/(Custom::[A-Za-z0-9]+"
    r"|framework-on(Event|Timeout)|framework-isComplete"
    r"|LogRetention[0-9a-f]{32}"
    r"|AWS[0-9a-f]{32}"
    r"|BucketNotificationsHandler[0-9a-f]{32}"
    r"|SingletonLambda224e77f9a32e4b4dac32983477abba16"
    r"|@aws-cdk--[a-z0-9-]+\.[A-Za-z]+)(/|$)",
)
"""Construct paths of what CDK makes for itself: its own custom resources and their providers.

A SingletonFunction is the user's, but for the one by which aws-ses drops spam.
"""
_BUCKET_DEPLOYMENT = re.compile(r"/Custom::CDKBucketDeployment[0-9A-F]{32}")
_HANDLER_MARK = "aws:cdk:is-custom-resource-handler"


def internal(resources: Mapping[str, Any], constructs: Mapping[str, str]) -> frozenset[str]:
    """What CDK makes for itself: handlers that say so, and all below the construct of one of its providers."""
    owners = set()
    for logical_id, resource in resources.items():
        metadata = resource.get("Metadata") if isinstance(resource, dict) else None
        if isinstance(metadata, dict) and any(str(key).startswith(_HANDLER_MARK) for key in metadata):
            owners.add(constructs.get(logical_id, "").removesuffix("/Handler").removesuffix("/Resource"))
    owners.discard("")

    def inside(path: str) -> bool:
        whole = "/" + path
        if INTERNAL.search(whole) or _BUCKET_DEPLOYMENT.search(whole):
            return True
        return any(path == owner or path.startswith(owner + "/") for owner in owners)

    return frozenset(logical_id for logical_id, path in constructs.items() if inside(path))
