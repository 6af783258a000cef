"""Inputs that are no single template: assemblies, nested stacks, packages and images that were named themselves."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from lambdalint.finding import FIRST_LINE, Notice, Path, Span
from lambdalint.model.deployment import Deployment, Reading
from lambdalint.model.resource import Function
from lambdalint.model.template import ALONE, Input, Template
from lambdalint.model.values import OpenMap, Unknown
from lambdalint.parsers.attach import attach
from lambdalint.parsers.discover import NESTED, Source
from lambdalint.settings import Roots, Settings, project_root


def read_source(source: Source, settings: Settings, roots: Roots) -> Iterator[Reading]:
    """One reading for each template of an assembly or of nested stacks, one for an artifact."""
    if source.kind == "assembly":
        from lambdalint.parsers.cdk import read_assembly

        yield from read_assembly(source, settings, roots)
    elif source.kind == NESTED:
        from lambdalint.parsers.nested import read_nested

        yield from read_nested(source, settings)
    else:
        yield read_artifact(source, settings)


class NoTemplate:
    """Stands for the template of an artifact that was given alone: the options are all there is to say of it."""

    def __init__(self, path: str, root: dict[str, Any]) -> None:
        self.path = path
        self.kind = ALONE
        self.root = root
        self.data = b""

    def locate(self, path: Path, key: bool = False) -> Span:
        return FIRST_LINE

    def locate_in(self, path: Path, line: int, column: int, end_line: int, end_column: int) -> Span:
        return FIRST_LINE

    def has(self, path: Path) -> bool:
        return not path


def read_artifact(source: Source, settings: Settings) -> Reading:
    """A deployment of one function made of this package or image; what no option tells of it is unknown."""
    absolute = os.path.join(settings.cwd, source.path)
    name = os.path.basename(os.path.normpath(absolute))
    is_image = source.kind == "image"
    properties = _properties(settings, is_image)
    function = Function(name, "AWS::Lambda::Function", properties)
    document = NoTemplate(source.path, {"Resources": {name: {"Type": function.type, "Properties": {}}}})
    given = {name: absolute}
    own = settings._replace(artifacts={} if is_image else given, images=given if is_image else {})
    template = Template(document, os.path.dirname(absolute), project_root(absolute, settings.cwd), ALONE)
    deployment = Deployment(
        attach(template, own),
        {name: function},
        declared={name: function.type},
        is_open=True,
        region=settings.region,
        as_of=settings.as_of,
        notices=_notices(source, settings, is_image),
    )
    return Reading(Input(source.path, None, ()), (deployment,))


_DEFAULTED = (
    "Architectures", "DeadLetterConfig", "Environment", "EphemeralStorage", "FunctionName", "LoggingConfig",
    "MemorySize", "ReservedConcurrentExecutions", "Role", "Tags", "Timeout", "TracingConfig",
)  # fmt: skip
"""Properties of which absence would say something."""


def _properties(settings: Settings, is_image: bool) -> OpenMap:
    """What the options give; the rest is unknown."""
    unknown = Unknown("the artifact was given without a template")
    properties = OpenMap(dict.fromkeys(_DEFAULTED, unknown))
    properties["PackageType"] = "Image" if is_image else "Zip"
    properties["Code"] = {"ImageUri": unknown} if is_image else {"S3Bucket": unknown, "S3Key": unknown}
    if settings.architecture:
        properties["Architectures"] = [settings.architecture]
    if not is_image:
        properties["Runtime"] = settings.runtime or unknown
        properties["Handler"] = settings.handler or unknown
    return properties


def _notices(source: Source, settings: Settings, is_image: bool) -> tuple[Notice, ...]:
    given = {"--architecture": settings.architecture}
    if not is_image:
        given = {"--runtime": settings.runtime, **given, "--handler": settings.handler}
    missing = [option for option, value in given.items() if not value]
    if not missing:
        return ()
    return (Notice(f"without {' and '.join(missing)} some rules could not be judged", source.path),)
