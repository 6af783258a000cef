"""Intrinsic functions: from the raw tree of one resource to values, with where each value was written.

Evaluation never raises on any JSON-like tree. What cannot be known becomes an Unknown with its reason.
Source of the functions' meaning: CloudFormation's template reference, "Intrinsic function reference".
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, NamedTuple, Protocol

from lambdalint.finding import Decision, Path
from lambdalint.model.resource import Link, Written
from lambdalint.model.values import SCALARS, OpenList, OpenMap, Reference, Symbol, Text, Unknown, Value, known, text

NO_VALUE: Any = object()
"""What ``AWS::NoValue`` leaves: nothing at all."""

MAX_DEPTH = 120
PSEUDO = frozenset(
    f"AWS::{name}"
    for name in ("AccountId", "NoValue", "NotificationARNs", "Partition", "Region", "StackId", "StackName", "URLSuffix")
)
SECRET_SERVICES = ("secretsmanager", "ssm-secure")
_SUB = re.compile(r"\$\{([^${}]*)\}")
_DYNAMIC = r"\{\{resolve:([a-z-]+):[^{}]*\}\}"


class Environment(Protocol):
    """What evaluation needs to know of one scenario."""

    mappings: Mapping[str, Any]
    logical_ids: Mapping[str, Any]

    def parameter(self, name: str) -> Value:
        """The value of a declared parameter or a pseudo parameter."""

    def declares(self, name: str) -> bool: ...

    def links(self, name: str) -> tuple[Link, ...]:
        """Where a parameter's value was written."""

    def derived(self, name: str) -> bool:
        """True where a derived scenario chose the parameter's value."""

    def condition(self, name: str) -> bool: ...


class Evaluated(NamedTuple):
    value: Value
    written: dict[Path, Written]


def evaluate(node: Any, environment: Environment, path: Path = (), literal: Collection[int] = frozenset()) -> Evaluated:
    """The value of a raw tree in one scenario; ``path`` is where the tree lies in the template.

    ``literal`` has the identities of maps and lists in it that are known to be their own value.
    """
    evaluator = _Evaluator(environment, literal)
    value = evaluator.value(node, path, path, 0)
    return Evaluated(None if value is NO_VALUE else value, evaluator.written)


def concatenate(parts: list[Any]) -> Value:
    """Text from pieces: a str when all of it is known, a lone reference or unknown as itself, else a Text."""
    flat: list[Any] = []
    for part in parts:
        for piece in part.parts if isinstance(part, Text) else (part,):
            if isinstance(piece, (list, dict)) or piece is None:
                piece = Unknown("a part of the text is no scalar")
            if not isinstance(piece, (Reference, Symbol, Unknown)):
                piece = text(piece) or ""
                if flat and isinstance(flat[-1], str):
                    flat[-1] += piece
                    continue
            flat.append(piece)
    flat = [piece for piece in flat if piece != ""] or [""]
    if len(flat) == 1 and not isinstance(flat[0], Symbol):
        return flat[0]
    return Text(tuple(flat))


def sub_names(template: str) -> Iterator[tuple[int, int, str]]:
    """Start, end and content of each ``${…}`` of an Fn::Sub text, ``${!literal}`` among them."""
    for match in _SUB.finditer(template):
        yield match.start(), match.end(), match.group(1)


def function_name(node: dict[str, Any]) -> str | None:
    """The intrinsic that a map is, or None: one key, ``Ref`` or ``Fn::…``."""
    if len(node) != 1:
        return None
    (name,) = node
    if name == "Ref" or (isinstance(name, str) and name.startswith("Fn::")):
        return str(name)
    return None


def is_literal(tree: Any) -> bool:
    """Whether no key of a raw tree calls a function. Every property passes here: no call for each value."""
    level = [tree]
    names: list[str] = []
    while level:
        inner: list[Any] = []
        for node in level:
            if isinstance(node, dict):
                names += node
                inner += node.values()
            elif isinstance(node, list):
                inner += node
        level = [child for child in inner if child.__class__ not in SCALARS]
    return "Ref" not in names and "Fn::" not in " ".join(names)


def _is_plain(node: Any) -> bool:
    """A scalar that is its own value; most of a template is."""
    kind = node.__class__
    return "{{resolve:" not in node if kind is str else kind is not dict and kind is not list


class _Evaluator:
    def __init__(self, environment: Environment, literal: Collection[int] = frozenset()) -> None:
        self.environment = environment
        self.literal = literal
        self.written: dict[Path, Written] = {}

    # -- walking -------------------------------------------------------------------------------------------------

    def value(self, node: Any, raw: Path | None, out: Path, depth: int) -> Any:
        """Evaluate ``node``; ``raw`` is where it is written (None for an operand), ``out`` where its value lies."""
        kind = type(node)
        if kind is str:
            return self._string(node) if "{{resolve:" in node else node
        if kind is dict:
            if depth > MAX_DEPTH:
                return Unknown("it is nested too deeply")
            if len(node) == 1:
                (name,) = node
                if name == "Ref":
                    return self._ref(node["Ref"], out)
                if isinstance(name, str) and name.startswith("Fn::"):
                    return self._function(name, node[name], raw, out, depth + 1)
            return self._map(node, raw, out, depth + 1)
        if kind is list:
            if depth > MAX_DEPTH:
                return Unknown("it is nested too deeply")
            return self._list(node, raw, out, depth + 1)
        return node

    def _map(self, node: dict[str, Any], raw: Path | None, out: Path, depth: int) -> Value:
        result: dict[str, Any] = {}
        opened = False
        for key, child in node.items():
            if key == "Fn::Transform" or key.startswith("Fn::ForEach"):
                opened = True
                continue
            if _is_plain(child) or id(child) in self.literal:
                result[key] = child
                continue
            child_out = (*out, key)
            value = self.value(child, None if raw is None else (*raw, key), child_out, depth)
            if value is not NO_VALUE:
                result[key] = value
        return OpenMap(result) if opened else result

    def _list(self, node: list[Any], raw: Path | None, out: Path, depth: int) -> Value:
        result: list[Any] = []
        for index, child in enumerate(node):
            at = (*out, len(result))
            child_raw = None if raw is None else (*raw, index)
            if len(result) != index and child_raw is not None:
                self.written[at] = Written(child_raw)
            value = self.value(child, child_raw, at, depth)
            if value is NO_VALUE:
                hole = self.written.pop(at, None)
                if hole and hole.decisions:
                    self._note(out, decisions=hole.decisions)
            else:
                result.append(value)
        return result

    def _operand(self, node: Any, out: Path, depth: int) -> Any:
        """A function's argument: its sources count for the function's value, its own place does not."""
        inner = _Evaluator(self.environment)
        value = inner.value(node, None, (), depth)
        for written in inner.written.values():
            if written.links or written.decisions:
                self._note(out, links=written.links, decisions=written.decisions)
        return value

    def _note(
        self,
        out: Path,
        path: Path | None = None,
        links: tuple[Link, ...] = (),
        decisions: tuple[Decision, ...] = (),
    ) -> None:
        before = self.written.get(out, Written(None))
        self.written[out] = Written(
            path if path is not None else before.path,
            before.links + tuple(link for link in links if link not in before.links),
            before.decisions + tuple(d for d in decisions if d not in before.decisions),
        )

    # -- values --------------------------------------------------------------------------------------------------

    def _string(self, value: str) -> Value:
        if "{{resolve:" not in value:
            return value
        parts: list[Any] = []
        end = 0
        for match in re.finditer(_DYNAMIC, value):
            service = match.group(1)
            reason = f"{service} resolves it when the stack is deployed"
            parts += [value[end : match.start()], Unknown(reason, service in SECRET_SERVICES, match.group(0))]
            end = match.end()
        return concatenate([*parts, value[end:]]) if parts else value

    def _spanning(self, value: Value) -> Value:
        """A text that was put together, where a dynamic reference may run over several of its parts."""
        if isinstance(value, str):
            return self._string(value)
        if not isinstance(value, Text) or not any(isinstance(p, str) and "{{resolve:" in p for p in value.parts):
            return value
        parts: list[Any] = []
        inside: str | None = None
        for part in value.parts:
            if inside is not None:
                inside += str(part)
            elif isinstance(part, str) and "{{resolve:" in part:
                start = part.index("{{resolve:")
                parts.append(part[:start])
                inside = part[start:]
            else:
                parts.append(part)
            found = (
                re.match(r"\{\{resolve:([a-z-]+).*?\}\}", inside, re.S) if inside and isinstance(part, str) else None
            )
            if inside is not None and found is not None:
                reason = f"{found.group(1)} resolves it when the stack is deployed"
                parts.append(Unknown(reason, found.group(1) in SECRET_SERVICES, found.group(0)))
                parts.append(self._string(inside[found.end() :]))
                inside = None
        return concatenate([*parts, inside or ""])

    def _ref(self, name: Any, out: Path) -> Any:
        if not isinstance(name, str):
            return Unknown("Ref names no resource")
        if name == "AWS::NoValue":
            return NO_VALUE
        environment = self.environment
        if environment.declares(name):
            links = environment.links(name)
            value = environment.parameter(name)
            if isinstance(value, Unknown) and value.node is None:
                value.node = {"Ref": name}
            chosen = "another value" if isinstance(value, Unknown) else value
            decisions = (Decision("parameter", name, chosen),) if environment.derived(name) else ()
            if links or decisions:
                self._note(out, links=links, decisions=decisions)
            return value
        if name in environment.logical_ids:
            return Reference(name)
        return Unknown(f"{name} is no parameter and no resource of the template")

    def _function(self, name: str, argument: Any, raw: Path | None, out: Path, depth: int) -> Any:
        handler = _FUNCTIONS.get(name)
        if handler is None:
            return Unknown(f"{name} is settled when the stack is deployed", node={name: argument})
        value = handler(self, argument, raw, out, depth)
        if isinstance(value, Unknown) and name not in ("Fn::If", "Fn::FindInMap"):
            return Unknown(value.reason, value.secret, {name: argument})
        return value

    def _if(self, argument: Any, raw: Path | None, out: Path, depth: int) -> Any:
        if not (isinstance(argument, list) and len(argument) == 3 and isinstance(argument[0], str)):
            return Unknown("Fn::If has not the form [condition, value, value]")
        holds = self.environment.condition(argument[0])
        branch = 1 if holds else 2
        place = None if raw is None else (*raw, "Fn::If", branch)
        self._note(out, place, decisions=(Decision("condition", argument[0], holds),))
        return self.value(argument[branch], place, out, depth)

    def _get_att(self, argument: Any, raw: Path | None, out: Path, depth: int) -> Any:
        if isinstance(argument, str):
            argument = argument.split(".", 1)
        if isinstance(argument, list) and len(argument) >= 2 and isinstance(argument[0], str):
            attribute = (
                self._operand(argument[1], out, depth) if len(argument) == 2 else ".".join(map(str, argument[1:]))
            )
            if isinstance(attribute, str):
                if argument[0] in self.environment.logical_ids:
                    return Reference(argument[0], attribute)
                return Unknown(f"{argument[0]} is no resource of the template")
        return Unknown("Fn::GetAtt names no attribute")

    def _sub(self, argument: Any, raw: Path | None, out: Path, depth: int) -> Any:
        variables: Any = {}
        if isinstance(argument, list) and len(argument) == 2:
            argument, variables = argument
        if not isinstance(argument, str) or not isinstance(variables, dict):
            return Unknown("Fn::Sub has no text")
        parts: list[Any] = []
        end = 0
        for start, stop, content in sub_names(argument):
            parts.append(self._string(argument[end:start]))
            end = stop
            name = content.strip()
            if content.startswith("!"):
                parts.append("${" + content[1:] + "}")
            elif name in variables:
                value = self._operand(variables[name], out, depth)
                parts.append("" if value is NO_VALUE else value)
            elif "." in name:
                parts.append(self._get_att(name, None, out, depth))
            else:
                value = self._ref(name, out)
                parts.append("" if value is NO_VALUE else value)
        return self._spanning(concatenate([*parts, self._string(argument[end:])]))

    def _join(self, argument: Any, raw: Path | None, out: Path, depth: int) -> Any:
        if not (isinstance(argument, list) and len(argument) == 2):
            return Unknown("Fn::Join has not the form [delimiter, list]")
        delimiter, members = (self._operand(item, out, depth) for item in argument)
        if isinstance(members, Unknown):
            return members
        if not isinstance(delimiter, str) or not isinstance(members, list) or isinstance(members, OpenList):
            return Unknown("the list that Fn::Join takes is not known")
        parts: list[Any] = []
        for index, member in enumerate(members):
            parts += [delimiter, member] if index else [member]
        return self._spanning(concatenate(parts))

    def _select(self, argument: Any, raw: Path | None, out: Path, depth: int) -> Any:
        if isinstance(argument, list) and len(argument) == 2:
            index, members = (self._operand(item, out, depth) for item in argument)
            digits = text(index)
            if isinstance(members, list) and digits is not None and digits.isdigit() and int(digits) < len(members):
                return members[int(digits)]
            if isinstance(members, Unknown):
                return members
        return Unknown("the list that Fn::Select takes is not known")

    def _split(self, argument: Any, raw: Path | None, out: Path, depth: int) -> Any:
        if isinstance(argument, list) and len(argument) == 2:
            delimiter, source = (self._operand(item, out, depth) for item in argument)
            if isinstance(delimiter, str) and delimiter and isinstance(source, str):
                return source.split(delimiter)
        return Unknown("the text that Fn::Split takes is not known")

    def _find_in_map(self, argument: Any, raw: Path | None, out: Path, depth: int) -> Any:
        if not (isinstance(argument, list) and len(argument) in (3, 4)):
            return Unknown("Fn::FindInMap has not the form [map, key, key]")
        keys = [text(self._operand(item, out, depth)) for item in argument[:3]]
        if None not in keys:
            found: Any = self.environment.mappings
            for key in keys:
                found = found.get(key) if isinstance(found, dict) else None
            if found is not None:
                self._note(out, links=(Link(("Mappings", *keys), f"entry of the mapping {keys[0]}"),))
                return self.value(found, None, out, depth)
            if len(argument) == 4 and isinstance(argument[3], dict) and "DefaultValue" in argument[3]:
                return self._operand(argument[3]["DefaultValue"], out, depth)
        return Unknown("the entry that Fn::FindInMap looks for is not known")

    def _base64(self, argument: Any, raw: Path | None, out: Path, depth: int) -> Any:
        value = self._operand(argument, out, depth)
        if not isinstance(value, str):
            return Unknown("the text that Fn::Base64 takes is not known")
        from base64 import b64encode

        return b64encode(value.encode("utf-8", "surrogatepass")).decode("ascii")

    def _length(self, argument: Any, raw: Path | None, out: Path, depth: int) -> Any:
        value = self._operand(argument, out, depth)
        if isinstance(value, list) and not isinstance(value, OpenList):
            return len(value)
        return Unknown("the list that Fn::Length takes is not known")

    def _to_json(self, argument: Any, raw: Path | None, out: Path, depth: int) -> Any:
        value = self._operand(argument, out, depth)
        if value is NO_VALUE or not known(value):
            return Unknown("what Fn::ToJsonString takes is not known")
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


_Handler = Callable[[_Evaluator, Any, "Path | None", Path, int], Any]
_FUNCTIONS: dict[str, _Handler] = {
    "Fn::If": _Evaluator._if,
    "Fn::GetAtt": _Evaluator._get_att,
    "Fn::Sub": _Evaluator._sub,
    "Fn::Join": _Evaluator._join,
    "Fn::Select": _Evaluator._select,
    "Fn::Split": _Evaluator._split,
    "Fn::FindInMap": _Evaluator._find_in_map,
    "Fn::Base64": _Evaluator._base64,
    "Fn::Length": _Evaluator._length,
    "Fn::ToJsonString": _Evaluator._to_json,
}
