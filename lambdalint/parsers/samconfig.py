"""The named deployments of a template: the environments of a samconfig.toml or samconfig.yaml beside it.

Version 0.1 as SAM CLI reads it: ``[env.deploy.parameters]`` over ``[env.global.parameters]``, ``parameter_overrides``
as one string or a list. Source: AWS SAM developer guide, "AWS SAM CLI configuration file".
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any

from lambdalint.finding import FIRST_LINE, Fault, Location, Span
from lambdalint.model.resource import Link
from lambdalint.model.values import text
from lambdalint.parsers.parameters import Named

NAMES = ("samconfig.toml", "samconfig.yaml", "samconfig.yml")
TEMPLATES = ("template.yml", "template.yaml", "template.json")
"""What SAM CLI takes for a template where none is named."""
MAX_SIZE = 1024 * 1024

_ASSIGNMENT = re.compile(r'([A-Za-z0-9]+)=("(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|[^\s"\']*)')
_PAIR = re.compile(r'ParameterKey=("[^"]*"|[^,\s]+),ParameterValue=("(?:\\.|[^"\\])*"|\S*)')


def assignments(value: Any) -> Iterator[tuple[str, str]]:
    """Name and value of every override in a ``parameter_overrides``: a string, a list of strings, or a map."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield str(name), text(item) or ""
    elif isinstance(value, list):
        for item in value:
            yield from assignments(item)
    elif isinstance(value, str):
        pairs = [match.groups() for match in _PAIR.finditer(value)]
        if not pairs:
            pairs = [match.groups() for match in _ASSIGNMENT.finditer(value)]
        for name, item in pairs:
            yield _unquoted(name), _unquoted(item)


def _unquoted(value: str) -> str:
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        return re.sub(r"\\(.)", r"\1", value[1:-1])
    return value


def environments(template_path: str, shown: str) -> tuple[list[Named], tuple[Fault, ...]]:
    """The named deployments that a samconfig beside a template gives, and what is wrong with that file.

    ``shown`` is the folder as findings show it. No samconfig, or none that deploys this template: an empty list.
    """
    folder = os.path.dirname(template_path)
    path = next((p for name in NAMES if os.path.isfile(p := os.path.join(folder, name))), None)
    if path is None:
        return [], ()
    name = os.path.basename(path)
    location = os.path.normpath(os.path.join(shown, name)).replace(os.sep, "/")
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_SIZE)
        content = data.decode("utf-8-sig")
        config = _parse(name, content)
    except Exception as error:  # two libraries, each with errors of its own
        fields = {"problem": f"{name} cannot be read: {' '.join(str(error).split())}"}
        return [], (Fault("samconfig", (), fields, _error_span(error), file=path),)
    lines = content.splitlines()
    found: list[Named] = []
    for label, commands in config.items():
        if not isinstance(commands, dict) or not ("deploy" in commands or "global" in commands):
            continue
        parameters: dict[str, Any] = {}
        for command in ("global", "deploy"):
            section = commands.get(command)
            given = section.get("parameters") if isinstance(section, dict) else None
            if isinstance(given, dict):
                parameters |= given
        file_name = parameters.get("template_file", parameters.get("template"))
        if isinstance(file_name, str):
            target = os.path.normpath(os.path.join(folder, file_name))
            if target != os.path.normpath(template_path) and os.path.basename(target) not in ("packaged.yaml",):
                built = os.path.join(folder, ".aws-sam", "build") + os.sep
                if not (target.startswith(built) and os.path.basename(template_path) in TEMPLATES):
                    continue
        elif os.path.basename(template_path) not in TEMPLATES:
            continue
        overrides: dict[str, tuple[Any, Link | None]] = {}
        for key, value in assignments(parameters.get("parameter_overrides")):
            span = _find(lines, label, key)
            link = Link((), f"samconfig environment {label}", Location(location, span, None, path))
            overrides[key] = (value, link)
        region = parameters.get("region")
        found.append(Named(str(label), overrides, region if isinstance(region, str) else None))
    return found, ()


def _parse(name: str, content: str) -> dict[str, Any]:
    if name.endswith(".toml"):
        import tomli

        return tomli.loads(content)
    import yaml

    loaded = yaml.load(content, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return loaded if isinstance(loaded, dict) else {}


def _error_span(error: Exception) -> Span:
    mark = getattr(error, "problem_mark", None)
    if mark is not None:
        return Span(mark.line + 1, mark.column + 1, mark.line + 1, mark.column + 2)
    match = re.search(r"line (\d+), column (\d+)", str(error))
    if match:
        line, column = int(match.group(1)), int(match.group(2))
        return Span(line, column, line, column + 1)
    return FIRST_LINE


def _find(lines: list[str], label: str, key: str) -> Span:
    """The line that sets ``key`` in an environment's section: the first after the section's name."""
    section = re.compile(rf"^\s*\[\s*\"?{re.escape(label)}\"?\s*\.|^\s*\"?{re.escape(label)}\"?\s*:")
    other = re.compile(r"^\s*\[")
    setting = re.compile(rf"(?<![A-Za-z0-9]){re.escape(key)}\"?\s*[=:,]")
    inside = False
    for number, line in enumerate(lines, 1):
        if section.match(line):
            inside = True
        elif inside and other.match(line) and not line.strip().startswith("[["):
            inside = False
        if inside and (match := setting.search(line)) and not line.lstrip().startswith("#"):
            return Span(number, match.start() + 1, number, match.start() + len(key) + 1)
    return FIRST_LINE
