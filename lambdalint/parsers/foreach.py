"""``Fn::ForEach`` of AWS::LanguageExtensions, unrolled on the raw tree before SAM is expanded.

A loop stands in Resources, Conditions, Outputs, or among the properties of a resource, as
``Fn::ForEach::Name: [identifier, collection, {key with ${identifier}: value}]``.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-foreach.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from lambdalint.finding import Fault, Path
from lambdalint.model.values import OpenMap, Unknown

PREFIX = "Fn::ForEach::"
LIMIT = 5_000
"""Entries that all loops of a template may make: ten times what a stack can hold (500 resources)."""
_DEPTH = 5
"""CloudFormation nests up to five levels."""
_SECTIONS = ("Conditions", "Resources", "Outputs")


class Makes(NamedTuple):
    """Names that a loop may make of which the collection is not known, or is another one in another deployment."""

    section: str
    prefix: str
    suffix: str
    is_sam: bool
    """A resource that SAM makes others of, called after it."""

    def allows(self, name: str) -> bool:
        whole = name.startswith(self.prefix) and (self.is_sam or name.endswith(self.suffix))
        return whole or (self.is_sam and name.startswith("Serverless"))


class Unrolled(NamedTuple):
    """A template without loops."""

    template: Mapping[str, Any]
    """The input itself where there is no loop. A map that lost a loop whose collection is not known is an OpenMap."""
    moved: dict[Path, Path]
    """Places in ``template`` -> places in the document, as `lambdalint.parsers.sam.Expanded.moved`."""
    faults: tuple[Fault, ...]
    reads: frozenset[str]
    """Names of the parameters that the collections depend on."""
    open: bool
    """True where a loop was left out."""
    makes: frozenset[Makes] = frozenset()
    """What loops may make besides what they made here."""


def expand_foreach(template: Mapping[str, Any], parameters: Mapping[str, Any] = {}) -> Unrolled:
    """Unroll every loop whose collection is known. Never raises, and leaves the input as it is."""
    if not _has_loops(template):
        return Unrolled(template, {}, (), frozenset(), False)
    state = _State(template, parameters)
    result = dict(template)
    for section in _SECTIONS:
        if isinstance(template.get(section), dict):
            result[section] = state.walk(template[section], (section,), (section,), {}, 0)
    return Unrolled(
        result, state.moved, tuple(state.faults), frozenset(state.reads), state.open, frozenset(state.makes)
    )


def _has_loops(template: Mapping[str, Any]) -> bool:
    for section in _SECTIONS:
        entries = template.get(section)
        if isinstance(entries, dict) and any(isinstance(key, str) and key.startswith(PREFIX) for key in entries):
            return True
    transform = template.get("Transform")
    names = transform if isinstance(transform, list) else [transform]
    return "AWS::LanguageExtensions" in names and _within(template.get("Resources"))


def _within(node: Any) -> bool:
    if isinstance(node, dict):
        return any((isinstance(k, str) and k.startswith(PREFIX)) or _within(v) for k, v in node.items())
    return isinstance(node, list) and any(_within(item) for item in node)


class _State:
    def __init__(self, template: Mapping[str, Any], parameters: Mapping[str, Any]) -> None:
        self.parameters = parameters
        self.mappings = template.get("Mappings")
        self.moved: dict[Path, Path] = {}
        self.faults: list[Fault] = []
        self.reads: set[str] = set()
        self.open = False
        self.made = 0
        self.makes: set[Makes] = set()

    def walk(self, node: Any, place: Path, origin: Path, names: dict[str, str], depth: int) -> Any:
        """``node`` with its loops unrolled and the identifiers in ``names`` put in; shared where neither occurs."""
        if isinstance(node, dict):
            if names and len(node) == 1 and isinstance(node.get("Ref"), str) and node["Ref"] in names:
                return names[node["Ref"]]
            if not names and not _within(node):
                return node
            return self._map(node, place, origin, names, depth)
        if isinstance(node, list):
            return [self.walk(v, (*place, i), (*origin, i), names, depth) for i, v in enumerate(node)]
        return _filled(node, names) if names and isinstance(node, str) else node

    def _map(self, node: dict[str, Any], place: Path, origin: Path, names: dict[str, str], depth: int) -> Any:
        result: dict[str, Any] = {}
        left_out = isinstance(node, OpenMap)
        for key, value in node.items():
            if isinstance(key, str) and key.startswith(PREFIX):
                left_out = not self._loop(key, value, result, place, (*origin, key), names, depth) or left_out
                continue
            name = _filled(key, names) if names and isinstance(key, str) else key
            here = (*place, name)
            if name != key:
                self.moved[here] = (*origin, key)
            result[name] = self.walk(value, here, (*origin, key), names, depth)
        return OpenMap(result) if left_out else result

    def _loop(
        self,
        key: str,
        loop: Any,
        result: dict[str, Any],
        place: Path,
        origin: Path,
        names: dict[str, str],
        depth: int,
    ) -> bool:
        """Unroll one loop into ``result``; False where it is left out."""
        well_formed = isinstance(loop, list) and len(loop) == 3 and isinstance(loop[0], str)
        if not well_formed or not isinstance(loop[2], dict) or depth >= _DEPTH:
            self.faults.append(Fault("foreach", origin, {"loop": key[len(PREFIX) :]}))
            self.open = True
            self._note(place, {"${?}": None}, names)
            return False
        identifier, collection, body = loop
        above, self.reads = self.reads, set()
        items = self._items(collection, names)
        if items is None or self.reads:
            self._note(place, body, names)
        self.reads |= above
        if items is None:
            self.open = True
            return False
        complete = True
        for item in items:
            inner = {**names, identifier: item}
            for inner_key, value in body.items():
                self.made += 1
                if self.made > LIMIT:
                    if self.made == LIMIT + 1:
                        fields = {"loop": key[len(PREFIX) :], "limit": LIMIT}
                        self.faults.append(Fault("foreach-size", origin, fields))
                    self.open = True
                    self._note(place, body, names)
                    return False
                at = (*origin, 2, inner_key)
                if isinstance(inner_key, str) and inner_key.startswith(PREFIX):
                    complete = self._loop(inner_key, value, result, place, at, inner, depth + 1) and complete
                    continue
                name = _filled(str(inner_key), inner)
                here = (*place, name)
                if name in result:
                    self.faults.append(Fault("foreach-duplicate", at, {"loop": key[len(PREFIX) :], "value": name}))
                    continue
                self.moved[here] = at
                result[name] = self.walk(value, here, at, inner, depth + 1)
        return complete

    def _note(self, place: Path, body: Mapping[str, Any], names: dict[str, str]) -> None:
        """Keep in mind what a loop of a section may make."""
        if len(place) > 1:
            return
        for key, value in body.items():
            if str(key).startswith(PREFIX):
                inner = value[2] if isinstance(value, list) and len(value) == 3 else None
                self._note(place, inner if isinstance(inner, dict) else {"${?}": None}, names)
                continue
            parts = _ANY_VARIABLE.split(_filled(str(key), names))
            kind = value.get("Type") if isinstance(value, dict) else None
            is_sam = not isinstance(kind, str) or kind.startswith("AWS::Serverless::")
            self.makes.add(Makes(place[0], parts[0], parts[-1], is_sam))

    # --- collections

    def _items(self, collection: Any, names: dict[str, str]) -> list[str] | None:
        """The members of a collection as text; None where they are not all known."""
        value = self._known(collection, names)
        if isinstance(value, str):
            value = [part.strip() for part in value.split(",")]
        if not isinstance(value, list):
            return None
        items: list[str] = []
        for member in value:
            member = self._known(member, names)
            if isinstance(member, list):  # a list among the members stands for its own members
                inner = self._items(member, names)
                if inner is None:
                    return None
                items += inner
            elif isinstance(member, bool) or not isinstance(member, (str, int, float)):
                return None
            else:
                items.append(str(member))
        return items

    def _known(self, value: Any, names: dict[str, str]) -> Any:
        """The value of what a collection is written with: Ref of a parameter, Fn::Split, Fn::FindInMap; else None."""
        if isinstance(value, Unknown):
            return None
        if not isinstance(value, dict):
            return _filled(value, names) if isinstance(value, str) else value
        if len(value) != 1:
            return None
        function, argument = next(iter(value.items()))
        if function == "Ref" and isinstance(argument, str):
            if argument in names:
                return names[argument]
            self.reads.add(argument)
            return self.parameters.get(argument)
        if function == "Fn::Split" and isinstance(argument, list) and len(argument) == 2:
            separator, text = (self._known(part, names) for part in argument)
            return text.split(separator) if isinstance(text, str) and isinstance(separator, str) and separator else None
        if function == "Fn::FindInMap" and isinstance(argument, list) and len(argument) == 3:
            found = self.mappings
            for part in argument:
                key = self._known(part, names)
                if not isinstance(found, dict) or not isinstance(key, (str, int)) or key not in found:
                    return None
                found = found[key]
            return found
        return None


_VARIABLE = re.compile(r"([$&])\{([A-Za-z0-9]+)\}")
_ANY_VARIABLE = re.compile(r"[$&]\{[^{}]*\}")


def _filled(text: str, names: dict[str, str]) -> str:
    """``${identifier}`` replaced by its value, ``&{identifier}`` by the letters and digits of it."""
    if "{" not in text or not names:
        return text

    def value(match: re.Match[str]) -> str:
        found = names.get(match[2])
        if found is None:
            return match[0]
        return found if match[1] == "$" else "".join(c for c in found if c.isalnum())

    return _VARIABLE.sub(value, text)
