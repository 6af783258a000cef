"""Following a handler: its modules are "run" over values that may be unknown, and what they would do is noted.

Nothing of the code is executed: this is an interpreter of the lists that ``walk`` made. What is not known stays None.
"""

from __future__ import annotations

from typing import Any

from lambdalint.model.source import HANDLER, MODULE, REGISTERED
from lambdalint.parsers.python.calls import Calls
from lambdalint.parsers.python.decorators import decorator_marks
from lambdalint.parsers.python.expressions import Expressions
from lambdalint.parsers.python.frame import (
    Frame,
    plain,
)
from lambdalint.parsers.python.statements import Statements
from lambdalint.parsers.python.values import (
    Class,
    Context,
    Decorated,
    External,
    Function,
    ModuleValue,
    Object,
    Value,
    members,
)

_PASSIVE_BASES = frozenset(
    "object Exception BaseException ValueError RuntimeError KeyError TypeError ABC Enum IntEnum StrEnum str int float "
    "dict list tuple set NamedTuple TypedDict Protocol Generic BaseModel BaseSettings UserDict".split()
)


class Run(Statements, Expressions, Calls):
    """One handler followed through its modules; the outcome is in ``facts``."""

    # -- modules ----------------------------------------------------------------------------------------------------

    def load(self, name: str, outer: Frame | None = None) -> Value | None:
        """The value of an import: packages on the way are imported first."""
        found = self.modules.find(name)
        if found is None or found.opaque or found.kind == "compiled":
            return External(name)
        value = self.loaded.get(name)
        if value is not None:
            return value
        parent = name.rpartition(".")[0]
        if parent:
            self.load(parent, outer)
        value = ModuleValue(found)
        self.loaded[name] = value
        code = self.modules.code(found)
        if code is None:
            value.scope.open = found.kind != "namespace"
            return value
        self.facts.module(found)
        value.state = "running"
        frame = Frame(value, 0, value.scope, MODULE, False)
        if outer is not None:
            frame.certain = outer.certain
        value.scope.open = bool(code.get("blind"))
        self.block(code["blocks"][0]["body"], frame)
        value.state = "done"
        if self.entry is None:
            self.entry = value
        return value

    # -- the handler, and what is handed to others ------------------------------------------------------------------

    def decorate(self, decorator: Any, function: Value | None, frame: Frame) -> Value | None:
        value = self.value(decorator, frame)
        if isinstance(value, (Function, Decorated, Class, Object)):
            result = self.call(value, [function], {}, None, frame)
            if result is None and isinstance(function, (Function, Decorated)):
                return Decorated(plain(function), frozenset({"unknown"}))
            return result
        if not isinstance(function, (Function, Decorated)):
            return function
        marks = decorator_marks(value, decorator)
        if "registers" in marks:
            self.register(plain(function))
            marks -= {"registers"}
        held = function.marks if isinstance(function, Decorated) else frozenset[str]()
        return Decorated(plain(function), held | marks)

    def register(self, value: Value | None) -> None:
        """A function goes to something outside, which may call it."""
        for member in members(value):
            if isinstance(member, Decorated):
                member = member.function
            if isinstance(member, Function) and member not in self.registered:
                self.registered.add(member)
                self.waiting.append(member)
            elif isinstance(member, Object) and self.is_driven(member.cls):
                self.register_methods(member)

    def register_methods(self, this: Object) -> None:
        for name, value in list(this.cls.names.items()):
            if isinstance(value, Function) and not name.startswith("__"):
                self.register(Function(value.module, value.index, value.scope, this))

    def is_driven(self, cls: Class, depth: int = 0) -> bool:
        """Whether a class derives from something outside that calls its methods (a Thread, a framework's base)."""
        for base in cls.bases:
            if isinstance(base, Class):
                if depth < 20 and self.is_driven(base, depth + 1):
                    return True
            elif isinstance(base, External) and base.path.rpartition(".")[2] not in _PASSIVE_BASES:
                if not base.path.endswith(")"):
                    return True
        return False

    def invoke(self, handler: Value | None) -> None:
        """Lambda calls the handler with an event and a context."""
        for member in members(handler):
            marks = member.marks if isinstance(member, Decorated) else frozenset[str]()
            function = member.function if isinstance(member, Decorated) else member
            if isinstance(function, Object):
                method = self.attribute(function, "__call__", self._start(function.cls.module))
                function = plain(method) if isinstance(method, (Function, Decorated)) else None
            if isinstance(function, Function):
                frame = self.frame(function, HANDLER, True)
                frame.kept = "cached" in marks
                self.parameters(function, frame, [None, Context()], {}, False)
                self.running.add((id(function.module), function.index))
                self.body(function, frame)
                self.running.discard((id(function.module), function.index))

    def _start(self, module: ModuleValue) -> Frame:
        return Frame(module, 0, module.scope, MODULE, True)

    def drain(self) -> None:
        """Go through the functions that were handed to others, with arguments that are not known."""
        while self.waiting:
            function = self.waiting.pop(0)
            frame = self.frame(function, REGISTERED, True)
            frame.certain = False
            self.parameters(function, frame, [], {}, True)
            place = (id(function.module), function.index)
            if place in self.running:
                continue
            self.running.add(place)
            self.body(function, frame)
            self.running.discard(place)
