"""The values that a check sees: JSON scalars, lists and maps, and three kinds that only a deployment can settle.

``Reference`` is another resource's Ref or attribute, ``Text`` is text with symbols in it, ``Unknown`` is a value that
cannot be known statically, with the reason. A list or a map may be *open*: it has members that are not known.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

Value = Any
"""None, bool, int, float, str, list, dict, Reference, Text or Unknown."""
SCALARS = frozenset((str, int, float, bool, type(None)))
"""The classes of values that hold no others."""


class Reference(NamedTuple):
    """``Ref`` (attribute ``"Ref"``) or ``Fn::GetAtt`` of a resource of the same template."""

    resource: str
    attribute: str = "Ref"


class Symbol(NamedTuple):
    """A pseudo parameter whose value is not known, e.g. ``AWS::Region``: equal to itself."""

    name: str


class Text:
    """Text of literal pieces (str), Symbols, References and Unknowns, in order; never one literal alone."""

    __slots__ = ("parts",)

    def __init__(self, parts: tuple[Any, ...]) -> None:
        self.parts = parts

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Text) and self.parts == other.parts

    def __hash__(self) -> int:
        return hash(self.parts)

    def __repr__(self) -> str:
        return f"Text({self.parts!r})"

    @property
    def prefix(self) -> str:
        """The literal text that it begins with, or ''."""
        return self.parts[0] if self.parts and isinstance(self.parts[0], str) else ""

    @property
    def suffix(self) -> str:
        """The literal text that it ends with, or ''."""
        return self.parts[-1] if self.parts and isinstance(self.parts[-1], str) else ""

    @property
    def literal_length(self) -> int:
        """The number of code points that are known."""
        return sum(len(p) for p in self.parts if isinstance(p, str))


class Unknown:
    """A value that is not known statically. ``reason`` is a short noun phrase: "the parameter Size has no value"."""

    __slots__ = ("node", "reason", "secret")

    def __init__(self, reason: str, secret: bool = False, node: Any = None) -> None:
        self.reason = reason
        self.secret = secret
        """A secret resolved at deploy time: a NoEcho parameter, {{resolve:secretsmanager:…}}."""
        self.node = node
        """What stands in the template for it: an intrinsic, or a dynamic reference."""

    def __repr__(self) -> str:
        return f"Unknown({self.reason!r})"


class OpenList(list[Any]):
    """A list with further members that are not known."""


class OpenMap(dict[str, Any]):
    """A map with further members that are not known."""


def known(value: Value) -> bool:
    """True for a value that is fully known: scalars, and closed collections of known values."""
    if isinstance(value, (Unknown, Text, Reference, Symbol)):
        return False
    if isinstance(value, (OpenList, OpenMap)):
        return False
    if isinstance(value, list):
        return all(known(item) for item in value)
    if isinstance(value, dict):
        return all(known(item) for item in value.values())
    return True


def is_open(value: Value) -> bool:
    """True where members may exist that are not seen: "missing…" rules are silent about it."""
    return isinstance(value, (OpenList, OpenMap, Unknown, Text, Reference))


_LONGEST = 100
"""Characters of a number: longer ones are nobody's, and take Python past its limits."""


def number(value: Value) -> int | float | None:
    """A number, also where it is written as a numeric string (CloudFormation takes both); None when it is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return value
    if isinstance(value, str):
        text = value.strip()
        if len(text) > _LONGEST:
            return None
        digits = text[1:] if text[:1] in "+-" else text
        if digits.isascii() and digits.isdigit():
            return int(text)
        if digits.replace(".", "", 1).isascii() and digits.replace(".", "", 1).isdigit():
            return float(text)
    return None


def boolean(value: Value) -> bool | None:
    """A boolean, also where it is written as a string; None when it is none."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    return None


def text(value: Value) -> str | None:
    """A known scalar as CloudFormation turns it into a string; None for what is not known or no scalar."""
    if value.__class__ is str:
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int, float)):
        return str(value)
    return None


def items(value: Value) -> list[Value]:
    """The members of a list; a single value as a list of one; nothing for None and for what is not known."""
    if value is None or isinstance(value, Unknown):
        return []
    return list(value) if isinstance(value, list) else [value]


def references(value: Value) -> Iterator[Reference]:
    """Every reference to a resource anywhere in a value."""
    if isinstance(value, Reference):
        yield value
    elif isinstance(value, Text):
        for part in value.parts:
            if isinstance(part, Reference):
                yield part
    elif isinstance(value, dict):
        for item in value.values():
            if item.__class__ not in SCALARS:
                yield from references(item)
    elif isinstance(value, list):
        for item in value:
            if item.__class__ not in SCALARS:
                yield from references(item)


def lower_bound(value: Value) -> str:
    """The text that a scalar certainly holds: whatever is counted of it (bytes, code points), it is no less."""
    if value.__class__ is str:
        return value
    if isinstance(value, Text):
        return "".join(part for part in value.parts if isinstance(part, str))
    return text(value) or ""
