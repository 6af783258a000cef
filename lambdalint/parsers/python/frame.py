"""A running block of followed code, and what the parts of the interpreter ask of each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lambdalint.model.source import Site
from lambdalint.parsers.python.facts import Facts
from lambdalint.parsers.python.modules import Modules
from lambdalint.parsers.python.values import Class, Decorated, Function, ModuleValue, Object, Scope, Value, join

MAX_STEPS = 150_000
"""Steps for one handler; past it the rest is not known."""
MAX_DEPTH = 40
"""Calls within calls."""


class Enough(Exception):
    """The bound on steps is met."""


class Frame:
    """A running block."""

    __slots__ = (
        "catching", "certain", "cls", "exited", "guards", "index", "invoking", "kept", "module", "name", "reach",
        "results", "scope", "tested", "this", "why",
    )  # fmt: skip

    def __init__(self, module: ModuleValue, index: int, scope: Scope, reach: str, invoking: bool) -> None:
        self.module = module
        self.index = index
        self.scope = scope
        self.reach = reach
        self.why = reach
        self.invoking = invoking
        self.certain = True
        self.guards: frozenset[str] = frozenset()
        self.catching: frozenset[str] = frozenset()
        self.tested: set[str] | None = None
        self.results: list[Value | None] = []
        self.exited = False
        self.kept = False
        """What it makes outlives the invocation: it runs under a cache."""
        self.cls: Class | None = None
        self.this: Value | None = None
        self.name = module.module.code["blocks"][index]["name"] or "<module>"

    def site(self, raw: Sequence[Any] | None) -> Site:
        module = self.module.module
        if raw is None:
            raw = (module.code["blocks"][self.index]["line"], "", 0, 0)
        return Site(module.root, module.file, raw[0], raw[1], raw[2], f"{self.name}:{raw[1]}:{raw[3]}")

    def within(self, outer: Frame) -> Frame:
        """Take over how the caller runs."""
        self.certain = outer.certain
        self.guards = outer.guards
        self.catching = outer.catching
        self.kept = self.kept or outer.kept
        return self


class Following:
    """The state of a run. The rooms ``statements``, ``expressions``, ``calls`` and ``run`` add what it can do."""

    def __init__(self, modules: Modules, facts: Facts) -> None:
        self.modules = modules
        self.facts = facts
        self.steps = 0
        self.depth = 0
        self.loaded: dict[str, ModuleValue] = {}
        self.done: dict[Any, Value | None] = {}
        self.running: set[Any] = set()
        self.waiting: list[Function] = []
        self.registered: set[Function] = set()
        self.entry: ModuleValue | None = None
        self.assigned: set[str] = set()

    def load(self, name: str, outer: Frame | None = None) -> Value | None:
        raise NotImplementedError

    def block(self, steps: list[Any], frame: Frame) -> bool:
        raise NotImplementedError

    def value(self, expression: Any, frame: Frame) -> Value | None:
        raise NotImplementedError

    def test(self, test: Any, frame: Frame) -> frozenset[str]:
        raise NotImplementedError

    def decided(self, test: Any, frame: Frame) -> bool | None:
        raise NotImplementedError

    def bind(self, target: Any, value: Value | None, frame: Frame) -> None:
        raise NotImplementedError

    def lookup(self, name: str, frame: Frame) -> Value | None:
        raise NotImplementedError

    def elements(self, value: Value | None) -> list[Value | None]:
        raise NotImplementedError

    def keep(self, value: Value | None) -> None:
        raise NotImplementedError

    def attribute(self, base: Value | None, name: str, frame: Frame) -> Value | None:
        raise NotImplementedError

    def set_attribute(self, base: Value | None, name: str, value: Value | None, frame: Frame) -> None:
        raise NotImplementedError

    def call(
        self,
        function: Value | None,
        arguments: list[Value | None],
        keywords: dict[str, Value | None],
        raw: Any,
        frame: Frame,
        unsure: bool = False,
        kept: bool = False,
    ) -> Value | None:
        raise NotImplementedError

    def decorate(self, decorator: Any, function: Value | None, frame: Frame) -> Value | None:
        raise NotImplementedError

    def register(self, value: Value | None) -> None:
        raise NotImplementedError

    def register_methods(self, this: Object) -> None:
        raise NotImplementedError

    def is_driven(self, cls: Class, depth: int = 0) -> bool:
        raise NotImplementedError


def function_scope(frame: Frame) -> Scope:
    """The scope that a function defined here sees: of a class body, the one around it."""
    scope = frame.scope
    if frame.cls is not None and frame.module.module.code["blocks"][frame.index]["kind"] == "class":
        return scope.parent or scope
    return scope


def plain(value: Function | Decorated) -> Function:
    return value.function if isinstance(value, Decorated) else value


def replace(names: dict[str, Value | None], outcomes: list[dict[str, Value | None]]) -> None:
    """Names after several ways through: what any of them left."""
    if not outcomes:
        return
    first = dict(outcomes[0])
    for other in outcomes[1:]:
        merge(first, other)
    names.clear()
    names.update(first)


def merge(names: dict[str, Value | None], other: dict[str, Value | None]) -> None:
    for name, value in other.items():
        if name not in names:
            names[name] = value
        elif names[name] is not value:
            names[name] = join(names[name], value)
