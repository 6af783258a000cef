"""What a name in a handler can stand for, as far as it can be followed. None is: not known."""

from __future__ import annotations

from typing import Any

from lambdalint.model.source import Site

MAX_CHOICES = 6
"""Values that one name may have; more are not known."""


class Value:
    """Equal by class and content, so that different kinds of value never meet."""

    __slots__: tuple[str, ...] = ()

    def _key(self) -> tuple[Any, ...]:
        return tuple(getattr(self, name) for name in self.__slots__)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash((type(self).__name__, self._key()))

    def __repr__(self) -> str:
        return f"{type(self).__name__}{self._key()}"


class Const(Value):
    __slots__ = ("kind", "value")

    def __init__(self, value: Any) -> None:
        self.value = value
        self.kind = type(value).__name__


class Env(Value):
    """The value of an environment variable."""

    __slots__ = ("default", "name")

    def __init__(self, name: str, default: Value | None = None) -> None:
        self.name = name
        self.default = default


class Truth(Value):
    """A truth value that environment variables decide."""

    __slots__ = ("names",)

    def __init__(self, names: frozenset[str]) -> None:
        self.names = names


class Context(Value):
    """The handler's second argument (attribute ``""``), or an attribute of it."""

    __slots__ = ("attribute",)

    def __init__(self, attribute: str = "") -> None:
        self.attribute = attribute


class External(Value):
    """Something outside the package by its path: ``boto3.client``; ``()`` stands for the outcome of a call."""

    __slots__ = ("path",)

    def __init__(self, path: str) -> None:
        self.path = path


class Items(Value):
    """A list, tuple or set."""

    __slots__ = ("items",)

    def __init__(self, items: tuple[Value | None, ...]) -> None:
        self.items = items


class Pieces(Value):
    """Text of pieces, some of them not known."""

    __slots__ = ("pieces",)

    def __init__(self, pieces: tuple[Value | None, ...]) -> None:
        self.pieces = pieces


class FilePath(Value):
    """A pathlib.Path."""

    __slots__ = ("text",)

    def __init__(self, text: Value | None) -> None:
        self.text = text


class Settings(Value):
    """A botocore Config: its keyword arguments."""

    __slots__ = ("items", "open")

    def __init__(self, items: tuple[tuple[str, Value | None], ...], open_: bool) -> None:
        self.items = items
        self.open = open_


class Choice(Value):
    """One of several values."""

    __slots__ = ("members",)

    def __init__(self, members: tuple[Value | None, ...]) -> None:
        self.members = members


class Session(Value):
    """A boto3 session."""

    __slots__ = ("asynchronous", "foreign")

    def __init__(self, foreign: bool = False, asynchronous: bool = False) -> None:
        self.foreign = foreign
        self.asynchronous = asynchronous


class Client(Value):
    """An SDK client, or the service resource (kind ``resource``)."""

    __slots__ = ("endpoint", "foreign", "kind", "service", "site")

    def __init__(self, service: str, kind: str, site: Site, foreign: bool, endpoint: bool) -> None:
        self.service = service
        self.kind = kind
        self.site = site
        self.foreign = foreign
        self.endpoint = endpoint


class Resource(Value):
    """A resource object: ``Table``, ``Bucket``; kind ``batch`` for a table's batch_writer."""

    __slots__ = ("client", "identifiers", "type")

    def __init__(self, client: Client, type_: str, identifiers: tuple[Value | None, ...]) -> None:
        self.client = client
        self.type = type_
        self.identifiers = identifiers


class Paged(Value):
    """A paginator or a waiter of an operation."""

    __slots__ = ("client", "kind", "operation")

    def __init__(self, client: Client, operation: str, kind: str) -> None:
        self.client = client
        self.operation = operation
        self.kind = kind


class Bound(Value):
    """An attribute of an SDK object, to be called (a method) or gone through (a collection)."""

    __slots__ = ("name", "owner")

    def __init__(self, owner: Value, name: str) -> None:
        self.owner = owner
        self.name = name


class Holder:
    """Things that are themselves and change: equal only to themselves."""

    __slots__ = ()


class Mapping(Holder, Value):
    """A dict, with what is known of its items."""

    __slots__ = ("items", "rest")
    __hash__ = object.__hash__
    __eq__ = object.__eq__

    def __init__(self, items: dict[Any, Value | None], rest: bool = False) -> None:
        self.items = items
        self.rest = rest
        """It may have further items."""


class Scope:
    """Names of a module, a class or a running function."""

    __slots__ = ("module", "names", "open", "parent", "shared")

    def __init__(self, parent: Scope | None, module: Any) -> None:
        self.parent = parent
        self.module = module
        self.names: dict[str, Value | None] = {}
        self.shared: dict[str, Scope] = {}
        """Names declared global or nonlocal, with the scope that holds them."""
        self.open = False
        """A star import: further names exist."""


class ModuleValue(Holder, Value):
    """A module of the package."""

    __slots__ = ("module", "scope", "state")
    __hash__ = object.__hash__
    __eq__ = object.__eq__

    def __init__(self, module: Any) -> None:
        self.module = module
        self.scope = Scope(None, module)
        self.state = "new"


class Function(Value):
    """A function of the package, bound to ``this`` where it is a method."""

    __slots__ = ("index", "module", "scope", "this")

    def __init__(self, module: ModuleValue, index: int, scope: Scope, this: Value | None = None) -> None:
        self.module = module
        self.index = index
        self.scope = scope
        self.this = this

    @property
    def block(self) -> dict[str, Any]:
        code = self.module.module.code
        found: dict[str, Any] = code["blocks"][self.index]
        return found


class Decorated(Value):
    """A function with a decorator that leaves it callable but may change what it takes."""

    __slots__ = ("function", "marks")

    def __init__(self, function: Function, marks: frozenset[str]) -> None:
        self.function = function
        self.marks = marks
        """``static``, ``class``, ``property``, ``cached``, ``transparent``, ``unknown``."""


class Class(Holder, Value):
    """A class of the package."""

    __slots__ = ("bases", "fields", "index", "module", "names")
    __hash__ = object.__hash__
    __eq__ = object.__eq__

    def __init__(self, module: ModuleValue, index: int, bases: tuple[Value | None, ...]) -> None:
        self.module = module
        self.index = index
        self.bases = bases
        self.names: dict[str, Value | None] = {}
        self.fields: list[str] = []
        """Annotated names, in order: the parameters of a dataclass."""


class Object(Holder, Value):
    """An instance of a class of the package."""

    __slots__ = ("attributes", "cls", "early")
    __hash__ = object.__hash__
    __eq__ = object.__eq__

    def __init__(self, cls: Class, early: bool) -> None:
        self.cls = cls
        self.attributes: dict[str, Value | None] = {}
        self.early = early
        """Made by module-level code: it outlives an invocation."""


class Super(Value):
    """``super()`` in a method."""

    __slots__ = ("cls", "this")

    def __init__(self, cls: Class, this: Value | None) -> None:
        self.cls = cls
        self.this = this


def members(value: Value | None) -> tuple[Value | None, ...]:
    """The values that a value may be."""
    return value.members if isinstance(value, Choice) else (value,)


def deciding(value: Value | None) -> frozenset[str]:
    """The environment variables that a value comes from, as far as a test of it is a test of them."""
    found: set[str] = set()
    for member in members(value):
        if isinstance(member, Env):
            found.add(member.name)
        elif isinstance(member, Truth):
            found |= member.names
    return frozenset(found)


def join(left: Value | None, right: Value | None) -> Value | None:
    """A value that may be either."""
    if left is right or left == right:
        return left
    found: list[Value | None] = []
    for member in (*members(left), *members(right)):
        if not any(member is f or member == f for f in found):
            found.append(member)
    if len(found) > MAX_CHOICES:
        return None
    return Choice(tuple(found)) if len(found) > 1 else found[0]


def constant(value: Value | None) -> Any:
    """The Python value of a constant, else None."""
    return value.value if isinstance(value, Const) else None


def text_of(value: Value | None) -> str | None:
    """A known str."""
    return value.value if isinstance(value, Const) and isinstance(value.value, str) else None


def number_of(value: Value | None) -> float | None:
    """A known int or float."""
    if isinstance(value, Const) and isinstance(value.value, (int, float)) and not isinstance(value.value, bool):
        return value.value
    return None


def known_prefix(value: Value | None) -> tuple[str, bool] | None:
    """The literal text that a value begins with, and whether that is all of it."""
    if isinstance(value, FilePath):
        return known_prefix(value.text)
    text = text_of(value)
    if text is not None:
        return text, True
    if isinstance(value, Pieces):
        out = ""
        for piece in value.pieces:
            part = text_of(piece)
            if part is None:
                return (out, False) if out else None
            out += part
        return out, True
    return None
