"""Nested stacks: the template of the assembly that a resource deploys, by its asset's path or by the asset manifest."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

from lambdalint.parsers.cdk.assets import nested_template
from lambdalint.parsers.cdk.stack import Stack


def nested_stacks(stack: Stack, resources: Mapping[str, Any]) -> Iterator[tuple[str, str, str | None]]:
    """Logical ID, template as it is named, and its path, of each nested stack whose template is of the assembly.

    The path is None for one that is named and not there.
    """
    for logical_id, resource in resources.items():
        if not isinstance(resource, dict) or resource.get("Type") != "AWS::CloudFormation::Stack":
            continue
        metadata = resource.get("Metadata")
        file = metadata.get("aws:asset:path") if isinstance(metadata, dict) else None
        named = file if isinstance(file, str) and file else _by_asset(stack, resource)
        if named is not None:
            path = stack.folder.file(named)
            yield logical_id, named, path if path is not None and os.path.isfile(path) else None


def _by_asset(stack: Stack, resource: Mapping[str, Any]) -> str | None:
    """A nested template whose asset's key stands in TemplateURL."""
    properties = resource.get("Properties")
    url = repr(properties.get("TemplateURL")) if isinstance(properties, dict) else ""
    return nested_template(stack, url)
