"""A stack of an assembly before its template is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from lambdalint.parsers.cdk.files import Folder
from lambdalint.parsers.cdk.places import Metadata

MAX_DEPTH = 8
"""Stages and nested stacks inside each other."""


class Stack(NamedTuple):
    """A stack's template, before it is read."""

    path: str
    """Absolute path of the template."""
    name: str
    folder: Folder
    """Of its assembly: asset paths start there."""
    metadata: Metadata
    assets: tuple[dict[str, Any], ...]
    """The asset manifests that concern it."""
    region: str | None
    account: str | None
    overrides: Mapping[str, Any] = {}
    depth: int = 0
    scope: str | None = ""
    """Of a nested stack: its construct path, with a slash before it; None where that is not known."""
