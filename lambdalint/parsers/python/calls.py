"""Attributes and calls of what the package defines: functions are gone through once for each kind of arguments."""

from __future__ import annotations

from typing import Any

from lambdalint.model.source import CALLED, MODULE, REGISTERED
from lambdalint.parsers.python import known
from lambdalint.parsers.python.frame import (
    MAX_DEPTH,
    Following,
    Frame,
)
from lambdalint.parsers.python.values import (
    Choice,
    Class,
    Context,
    Decorated,
    Function,
    Items,
    Mapping,
    ModuleValue,
    Object,
    Scope,
    Super,
    Value,
    join,
)


class Calls(Following):
    """Objects, classes and functions of the package."""

    def attribute(self, base: Value | None, name: str, frame: Frame) -> Value | None:
        if isinstance(base, Choice):
            found = [self.attribute(m, name, frame) for m in base.members]
            kept = [f for f in found if f is not None]
            result = kept[0] if kept else None
            for more in kept[1:]:
                result = join(result, more)
            return result
        if isinstance(base, ModuleValue):
            if name in base.scope.names:
                return base.scope.names[name]
            inner = f"{base.module.name}.{name}" if base.module.name else name
            return self.loaded.get(inner)
        if isinstance(base, Object):
            if name in base.attributes:
                return base.attributes[name]
            return self.bound(self.in_class(base.cls, name), base, frame)
        if isinstance(base, Class):
            found_ = self.in_class(base, name)
            if isinstance(found_, Decorated) and "class" in found_.marks:
                return self.bound(found_, base, frame)
            return found_.function if isinstance(found_, Decorated) and "static" in found_.marks else found_
        if isinstance(base, Super):
            for parent in base.cls.bases:
                found_ = self.in_class(parent, name) if isinstance(parent, Class) else None
                if found_ is not None:
                    return self.bound(found_, base.this, frame)
            return None
        if isinstance(base, Context):
            return Context(name) if not base.attribute else None
        return known.attribute(self, base, name)

    def in_class(self, cls: Class, name: str, depth: int = 0) -> Value | None:
        if name in cls.names:
            return cls.names[name]
        for base in cls.bases if depth < 20 else ():
            found = self.in_class(base, name, depth + 1) if isinstance(base, Class) else None
            if found is not None:
                return found
        return None

    def bound(self, value: Value | None, this: Value | None, frame: Frame) -> Value | None:
        """A class's attribute seen through an instance (or, for a class method, the class)."""
        if isinstance(value, Function):
            return Function(value.module, value.index, value.scope, this)
        if isinstance(value, Decorated):
            inner = value.function
            if "static" in value.marks:
                return inner
            if "class" in value.marks and isinstance(this, Object):
                this = this.cls
            method = Function(inner.module, inner.index, inner.scope, this)
            if "property" in value.marks:
                return self.call(method, [], {}, None, frame, kept="cached" in value.marks)
            return Decorated(method, value.marks)
        return value

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
        if isinstance(function, Choice):
            result: Value | None = None
            certain, frame.certain = frame.certain, False
            for n, member in enumerate(function.members):
                found = self.call(member, arguments, keywords, raw, frame, unsure)
                result = join(result, found) if n else found
            frame.certain = certain
            return result
        if isinstance(function, Decorated):
            return self.call(
                function.function, arguments, keywords, raw, frame, unsure, kept or "cached" in function.marks
            )
        if isinstance(function, Function):
            return self.follow(function, arguments, keywords, frame, unsure, kept)
        if isinstance(function, Class):
            return self.instantiate(function, arguments, keywords, frame, unsure)
        if isinstance(function, Object):
            method = self.attribute(function, "__call__", frame)
            return self.call(method, arguments, keywords, raw, frame, unsure) if method is not None else None
        return known.call(self, frame, function, arguments, keywords, raw, unsure)

    def instantiate(
        self,
        cls: Class,
        arguments: list[Value | None],
        keywords: dict[str, Value | None],
        frame: Frame,
        unsure: bool,
    ) -> Value:
        this = Object(cls, not frame.invoking)
        init = self.in_class(cls, "__init__")
        if isinstance(init, Decorated):
            init = init.function
        if isinstance(init, Function):
            self.follow(Function(init.module, init.index, init.scope, this), arguments, keywords, frame, unsure, False)
        else:
            # A dataclass or a NamedTuple: its fields are its parameters.
            this.attributes.update(zip(cls.fields, arguments))
            this.attributes.update(keywords)
            post = self.in_class(cls, "__post_init__")
            if isinstance(post, Function):
                self.follow(Function(post.module, post.index, post.scope, this), [], {}, frame, False, False)
        return this

    def follow(
        self,
        function: Function,
        arguments: list[Value | None],
        keywords: dict[str, Value | None],
        frame: Frame,
        unsure: bool,
        kept: bool,
    ) -> Value | None:
        """Call a function of the package."""
        key = (
            function, tuple(arguments), tuple(keywords.items()), unsure, frame.certain, frame.why == REGISTERED,
            frame.invoking, frame.guards, frame.catching, kept or frame.kept,
        )  # fmt: skip
        if key in self.done:
            return self.done[key]
        place = (id(function.module), function.index)
        if place in self.running or self.depth >= MAX_DEPTH:
            return None
        self.running.add(place)
        self.depth += 1
        try:
            inner = self.frame(function, CALLED, frame.invoking).within(frame)
            inner.kept = inner.kept or kept
            if frame.why == REGISTERED:
                inner.reach = inner.why = REGISTERED
            self.parameters(function, inner, arguments, keywords, unsure)
            result = self.body(function, inner)
        finally:
            self.running.discard(place)
            self.depth -= 1
        if kept:
            self.keep(result)
        self.done[key] = result
        return result

    def frame(self, function: Function, reach: str, invoking: bool) -> Frame:
        scope = Scope(function.scope, function.module.module)
        frame = Frame(function.module, function.index, scope, reach, invoking)
        frame.this = function.this
        if isinstance(function.this, Object):
            frame.cls = self.owner(function.this.cls, function)
        elif isinstance(function.this, Class):
            frame.cls = self.owner(function.this, function)
        return frame

    def owner(self, cls: Class, function: Function) -> Class:
        """The class in whose body a method stands: what ``super()`` starts from."""
        for value in cls.names.values():
            inner = value.function if isinstance(value, Decorated) else value
            if isinstance(inner, Function) and inner.index == function.index and inner.module is function.module:
                return cls
        for base in cls.bases:
            if isinstance(base, Class):
                found = self.owner(base, function)
                if found is not base or any(
                    isinstance(v, Function) and v.index == function.index for v in base.names.values()
                ):
                    return found
        return cls

    def body(self, function: Function, frame: Frame) -> Value | None:
        block = function.block
        self.block(block["body"], frame)
        results = frame.results
        result = results[0] if results else None
        for more in results[1:]:
            result = join(result, more) if more is not None and result is not None else (result or more)
        return result

    def parameters(
        self,
        function: Function,
        frame: Frame,
        arguments: list[Value | None],
        keywords: dict[str, Value | None],
        unsure: bool,
    ) -> None:
        """Bind what is passed; a default stands where nothing is."""
        names = frame.scope.names
        given = [function.this, *arguments] if function.this is not None else list(arguments)
        outer = Frame(function.module, 0, function.scope, MODULE, False)
        rest = dict(keywords)
        for name, kind, has_default, default in function.block.get("parameters", ()):
            if kind == "*":
                names[name] = Items(tuple(given)) if not unsure else None
                given = []
            elif kind == "**":
                names[name] = Mapping(dict(rest), unsure)
                rest = {}
            elif kind in ("/", "p") and given:
                names[name] = given.pop(0)
            elif name in rest:
                names[name] = rest.pop(name)
            elif unsure or not has_default:
                names[name] = None
            else:
                names[name] = self.value(default, outer)
