"""Inputs that are no template file: cloud assemblies, packages and images that were named themselves."""

from __future__ import annotations

from collections.abc import Iterator

from lambdalint.model.deployment import Reading
from lambdalint.parsers.discover import Source
from lambdalint.settings import Roots, Settings


def read_source(source: Source, settings: Settings, roots: Roots) -> Iterator[Reading]:
    """One reading for each template of an assembly, one for an artifact."""
    if source.kind == "assembly":
        from lambdalint.parsers.cdk import read_assembly

        yield from read_assembly(source, settings, roots)
