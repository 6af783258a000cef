"""Nested stacks: the template of the assembly that a resource deploys, by its asset's path or by the asset manifest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lambdalint.parsers.cdk.assets import files
from lambdalint.parsers.cdk.files import inside
from lambdalint.parsers.cdk.stack import Stack


def nested_stacks(stack: Stack, resources: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Logical ID and template, there or not, of each nested stack whose template is of the assembly."""
    for logical_id, resource in resources.items():
        if not isinstance(resource, dict) or resource.get("Type") != "AWS::CloudFormation::Stack":
            continue
        metadata = resource.get("Metadata")
        file = metadata.get("aws:asset:path") if isinstance(metadata, dict) else None
        path = inside(stack.folder, file) if file else _nested_by_asset(stack, resource)
        if path is not None:
            yield logical_id, path


def _nested_by_asset(stack: Stack, resource: Mapping[str, Any]) -> str | None:
    """A nested template whose asset's key stands in TemplateURL."""
    properties = resource.get("Properties")
    url = repr(properties.get("TemplateURL")) if isinstance(properties, dict) else ""
    for key, source in files(stack):
        if key and key in url and str(source).endswith(".json"):
            return inside(stack.folder, source)
    return None
