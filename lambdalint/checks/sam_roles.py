"""LL513: what SAM does not look at of a function whose role is given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lambdalint.checks import check
from lambdalint.finding import Place, Problem
from lambdalint.model.deployment import Deployment
from lambdalint.model.resource import Function, Resource


@check("function")
def ignored(function: Function, deployment: Deployment) -> Iterator[Problem]:
    """SAM's Policies and PermissionsBoundary beside Role: they are for the role that SAM would make."""
    written = _sam_properties(deployment, function)
    role = written.get("Role")
    if role is None or (isinstance(role, dict) and "AWS::NoValue" in str(role)):
        return
    for name in ("Policies", "PermissionsBoundary"):
        if written.get(name) is not None and "AWS::NoValue" not in str(written[name])[:40]:
            path = ("Resources", function.id, "Properties", name)
            yield Problem(Place(path, True), fields={"property": name})


def _sam_properties(deployment: Deployment, function: Resource) -> Mapping[str, Any]:
    """The properties of an AWS::Serverless::Function as they were written, without Globals; empty for any other."""
    root = deployment.template.document.root
    resources = root.get("Resources") if isinstance(root, dict) else None
    resource = resources.get(function.id) if isinstance(resources, dict) else None
    if not isinstance(resource, dict) or resource.get("Type") != "AWS::Serverless::Function":
        return {}
    properties = resource.get("Properties")
    return properties if isinstance(properties, dict) else {}
