"""The named deployments of a template: the environments of a samconfig.toml or samconfig.yaml beside it.

Version 0.1 as SAM CLI reads it: ``[env.deploy.parameters]`` over ``[env.global.parameters]``, ``parameter_overrides``
as one string or a list. Source: AWS SAM developer guide, "AWS SAM CLI configuration file".
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from lambdalint.finding import FIRST_LINE, Fault, Location, Path, Span
from lambdalint.model.resource import Link
from lambdalint.model.values import Unknown, text
from lambdalint.parsers.cloudformation import kind_of
from lambdalint.parsers.document import Document, parse
from lambdalint.parsers.parameters import Named

NAMES = ("samconfig.toml", "samconfig.yaml", "samconfig.yml")
TEMPLATES = ("template.yml", "template.yaml", "template.json")
"""What SAM CLI takes for a template where none is named."""
COMMANDS = ("global", "deploy")
"""The commands whose parameters a deployment takes; the later one wins."""
MAX_SIZE = 1024 * 1024
"""Bytes."""

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


class Content(NamedTuple):
    """What a samconfig says, and where."""

    name: str
    path: str
    """Absolute."""
    config: dict[str, Any]
    lines: list[str]
    document: Document | None
    """Of a YAML file: it knows its places."""

    def span(self, keys: Path) -> Span:
        """The line that sets a key, or begins its table; that of the nearest one above it where there is none."""
        if self.document is not None:
            return self.document.locate(keys, True)
        return _toml_span(self.lines, keys)

    def fault(self, kind: str, keys: Path, **fields: Any) -> Fault:
        fields = {"file": self.name, "what": ".".join(map(str, keys)), **fields}
        return Fault(kind, (self.name, *keys), fields, self.span(keys), file=self.path)


def environments(template_path: str, shown: str) -> tuple[list[Named], tuple[Fault, ...]]:
    """The named deployments that a samconfig beside a template gives, and what is wrong with that file.

    ``shown`` is the folder as findings show it. No samconfig, or none that deploys this template: an empty list.
    Kinds of faults: ``samconfig-`` and a kind of Document's (field ``file``), ``samconfig-shape`` (fields ``file``,
    ``what``, ``found``, ``expected``), ``samconfig-version`` (field ``file``).
    """
    folder = os.path.dirname(template_path)
    path = next((p for name in NAMES if os.path.isfile(p := os.path.join(folder, name))), None)
    if path is None:
        return [], ()
    name = os.path.basename(path)
    location = os.path.normpath(os.path.join(shown, name)).replace(os.sep, "/")
    content, faults = _read(path)
    if content is None:
        return [], tuple(faults)
    faults += _misshapen(content)
    found: list[Named] = []
    for label, commands in content.config.items():
        if not isinstance(commands, dict) or not ("deploy" in commands or "global" in commands):
            continue
        parameters: dict[str, Any] = {}
        for command in COMMANDS:
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
            span = _find(content.lines, label, key)
            link = Link((), f"samconfig environment {label}", Location(location, span, None, path))
            overrides[key] = (value, link)
        region = parameters.get("region")
        found.append(Named(str(label), overrides, region if isinstance(region, str) else None))
    return found, tuple(faults)


def _read(path: str) -> tuple[Content | None, list[Fault]]:
    """What a samconfig says, or why it cannot be read."""
    name = os.path.basename(path)
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_SIZE + 1)
    except OSError as error:
        return None, [_unread(path, "syntax", FIRST_LINE, problem=error.strerror or str(error))]
    if len(data) > MAX_SIZE:
        return None, [_unread(path, "too-large", FIRST_LINE, limit=MAX_SIZE, unit="bytes")]
    if name.endswith(".toml"):
        return _read_toml(path, data)
    document = parse(data, path)
    faults = []
    for one in document.faults:
        if one.kind == "duplicate-key":  # SAM CLI's reader refuses what CloudFormation's takes
            problem = f"{one.fields['key']} stands twice in this mapping, first in line {one.fields['first_line']}"
            faults.append(_unread(path, "syntax", one.span or document.locate(one.path, True), problem=problem))
        elif one.kind == "not-a-template":
            words = {"list": "a list", "scalar": "a scalar", "documents": "several documents"}
            fields = {"file": name, "what": name, "found": words[one.fields["found"]], "expected": "a map"}
            faults.append(Fault("samconfig-shape", (name,), fields, one.span or FIRST_LINE, file=path))
        elif one.kind != "empty":
            faults.append(_unread(path, one.kind, one.span or FIRST_LINE, **one.fields))
    if not isinstance(document.root, dict):
        return None, faults
    lines = [document.line(number) for number in range(1, data.count(b"\n") + 2)]
    return Content(name, path, document.root, lines, document), faults


def _read_toml(path: str, data: bytes) -> tuple[Content | None, list[Fault]]:
    import tomli

    try:
        text = data.decode("utf-8-sig")
        return Content(os.path.basename(path), path, tomli.loads(text), text.splitlines(), None), []
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return None, [_unread(path, "not-utf8", Span(line, 1, line, 1), offset=error.start)]
    except tomli.TOMLDecodeError as error:
        problem, span = _toml_problem(str(error), text)
        return None, [_unread(path, "syntax", span, problem=problem)]
    except RecursionError:
        return None, [_unread(path, "syntax", FIRST_LINE, problem="it is nested too deep")]


def _unread(path: str, kind: str, span: Span, **fields: Any) -> Fault:
    name = os.path.basename(path)
    return Fault(f"samconfig-{kind}", (name,), {"file": name, **fields}, span, file=path)


def _toml_problem(message: str, text: str) -> tuple[str, Span]:
    """What tomli says without its place, and the place."""
    found = re.fullmatch(r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)", message, re.DOTALL)
    if not found:
        return message, FIRST_LINE
    lines = text.rstrip().splitlines() or [""]
    line, column = (int(found[2]), int(found[3])) if found[2] else (len(lines), len(lines[-1]) + 1)
    return found[1], Span(line, column, line, column + 1)


def _misshapen(content: Content) -> list[Fault]:
    """What SAM CLI cannot take for an environment's settings; of its commands only deploy's are looked at."""
    faults: list[Fault] = []

    def wants(keys: Path, value: Any, types: type | tuple[type, ...], expected: str) -> bool:
        if value is None or isinstance(value, Unknown):
            return False
        if not isinstance(value, types):
            faults.append(content.fault("samconfig-shape", keys, found=kind_of(value), expected=expected))
            return False
        return True

    if content.config and not isinstance(content.config.get("version"), (float, Unknown)):
        faults.append(content.fault("samconfig-version", ("version",)))
    for label, commands in content.config.items():
        if not isinstance(commands, (dict, list)) and label != "default":
            continue  # version, and whatever else somebody notes there
        if not wants((label,), commands, dict, "a map"):
            continue
        for command in COMMANDS:
            keys: Path = (label, command)
            if not wants(keys, commands.get(command), dict, "a map"):
                continue
            given, keys = commands[command].get("parameters"), (*keys, "parameters")
            if not wants(keys, given, dict, "a map"):
                continue
            for name in ("template_file", "template", "region"):
                wants((*keys, name), given.get(name), str, "a string")
            overrides = given.get("parameter_overrides")
            wants((*keys, "parameter_overrides"), overrides, (str, list, dict), "a string, a list or a map")
    return faults


def _toml_span(lines: list[str], keys: Path) -> Span:
    """The line of a TOML file that sets a key, or begins its table; that of the nearest one above it."""
    table: list[str] = []
    best, span = 0, FIRST_LINE
    for number, line in enumerate(lines, 1):
        written, setting, _ = line.strip().partition("=")
        if written.startswith("["):
            written = written.partition("]")[0]
            words = table = _dotted(written.lstrip("["))
        elif setting:
            words = [*table, *_dotted(written)]
        else:
            continue
        depth = min(len(words), len(keys))
        common = next((at for at in range(depth) if words[at] != keys[at]), depth)
        # What names something beside the key does not stand for it.
        if common > best and common == depth:
            start = len(line) - len(line.lstrip()) + 1
            best, span = common, Span(number, start, number, start + len(written.rstrip()))
    return span


def _dotted(text: str) -> list[str]:
    return [word.strip(" \t\"'") for word in text.split(".")]


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
