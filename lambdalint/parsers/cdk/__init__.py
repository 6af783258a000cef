"""CDK cloud assemblies: stacks, stages and nested stacks with their assets, and the line of code of each construct.

Read from manifest.json as the CLI reads it (schema versions 0 to 55 known): inline metadata or a metadata file beside,
asset manifests or the asset metadata of old versions. tree.json is not needed.
"""

from lambdalint.parsers.cdk.assembly import read_assembly
from lambdalint.parsers.cdk.internal import INTERNAL

__all__ = ["INTERNAL", "read_assembly"]
