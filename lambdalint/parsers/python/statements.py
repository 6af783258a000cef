"""Steps of followed code: branches are gone through on both sides and joined, a loop once."""

from __future__ import annotations

from typing import Any

from lambdalint.parsers.python import environment, known
from lambdalint.parsers.python.frame import (
    MAX_STEPS,
    Enough,
    Following,
    Frame,
    function_scope,
    merge,
    replace,
)
from lambdalint.parsers.python.modules import absolute
from lambdalint.parsers.python.values import (
    Class,
    External,
    Function,
    Items,
    ModuleValue,
    Object,
    Scope,
    Value,
)


class Statements(Following):
    """What each step of a block does."""

    def block(self, steps: list[Any], frame: Frame) -> bool:
        """Go through steps; True where the end is never reached."""
        for step in steps:
            self.steps += 1
            if self.steps > MAX_STEPS:
                raise Enough
            if getattr(self, "do_" + STEPS[step[0]])(step, frame):
                return True
        return False

    def do_effect(self, step: Any, frame: Frame) -> bool:
        value = self.value(step[1], frame)
        if isinstance(value, External) and value.path in ("sys.exit()", "exit()", "os._exit()"):
            frame.exited = True
            return True
        return False

    def do_assign(self, step: Any, frame: Frame) -> bool:
        value = self.value(step[2], frame)
        for target in step[1]:
            self.bind(target, value, frame)
        return False

    def do_augmented(self, step: Any, frame: Frame) -> bool:
        value = self.value(step[2], frame)
        target = step[1]
        if target is not None and target[0] == "v":
            known_ = self.lookup(target[1], frame)
            if isinstance(known_, External) and known_.path == "os.environ":
                environment.environment_update(self, frame, value)
                return False
            self.bind(target, None, frame)
        elif target is not None and target[0] == "a" and self.value(target, frame) == External("os.environ"):
            environment.environment_update(self, frame, value)
        return False

    def do_define(self, step: Any, frame: Frame) -> bool:
        _, name, index, decorators = step
        function: Value | None = Function(frame.module, index, function_scope(frame))
        for _, _, _, default in frame.module.module.code["blocks"][index].get("parameters", ()):
            if default is not None:
                self.value(default, frame)
        for decorator in reversed(decorators):
            function = self.decorate(decorator, function, frame)
        self.bind(["v", name], function, frame)
        return False

    def do_class(self, step: Any, frame: Frame) -> bool:
        _, name, index, bases, decorators = step
        cls = Class(frame.module, index, tuple(self.value(b, frame) for b in bases))
        for decorator in decorators:
            self.value(decorator, frame)
        code = frame.module.module.code
        scope = Scope(frame.scope, frame.module.module)
        inner = Frame(frame.module, index, scope, frame.reach, frame.invoking).within(frame)
        inner.cls = cls
        self.bind(["v", name], cls, frame)
        scope.names = cls.names
        self.block(code["blocks"][index]["body"], inner)
        cls.names = scope.names
        return False

    def do_field(self, step: Any, frame: Frame) -> bool:
        if frame.cls is not None:
            frame.cls.fields.append(step[1])
        return False

    def do_import(self, step: Any, frame: Frame) -> bool:
        _, name, alias, line = step
        self.facts.imported(self, frame, name, (), 0, line)
        environment.import_seen(self, name)
        value = self.load(name, frame)
        if alias is None:
            top = name.partition(".")[0]
            value = self.load(top, frame) if top != name else value
            alias = top
        self.bind(["v", alias], value, frame)
        return False

    def do_from(self, step: Any, frame: Frame) -> bool:
        _, level, name, names, line = step
        base = absolute(level, name, frame.module.module)
        listed = ("*",) if names == "*" else tuple(n for n, _ in names)
        self.facts.imported(self, frame, base or "", listed, level, line)
        if base is None:
            for _, alias in names if names != "*" else ():
                self.bind(["v", alias], None, frame)
            frame.scope.open |= names == "*"
            return False
        environment.import_seen(self, base)
        value = self.load(base, frame)
        if names == "*":
            self.star(value, frame)
            return False
        for attribute, alias in names:
            self.bind(["v", alias], self.member(value, base, attribute, frame), frame)
        return False

    def star(self, value: Value | None, frame: Frame) -> None:
        if isinstance(value, ModuleValue) and value.state != "new":
            frame.scope.open |= value.scope.open or value.state == "running"
            for name, inner in list(value.scope.names.items()):
                if not name.startswith("_"):
                    self.bind(["v", name], inner, frame)
        else:
            frame.scope.open = True

    def member(self, value: Value | None, base: str, name: str, frame: Frame) -> Value | None:
        """What ``from base import name`` binds."""
        if isinstance(value, ModuleValue):
            if name in value.scope.names:
                return value.scope.names[name]
            inner = f"{base}.{name}" if base else name
            if value.module.locations and self.modules.find(inner) is not None:
                return self.load(inner, frame)
            return None
        return External(f"{base}.{name}") if isinstance(value, External) else None

    def do_return(self, step: Any, frame: Frame) -> bool:
        frame.results.append(None if step[1] is None else self.value(step[1], frame))
        frame.exited = True
        return True

    def do_raise(self, step: Any, frame: Frame) -> bool:
        if step[1] is not None:
            self.value(step[1], frame)
        frame.exited = True
        return True

    def do_end(self, step: Any, frame: Frame) -> bool:
        return True

    def do_if(self, step: Any, frame: Frame) -> bool:
        _, test, body, orelse = step
        decided = self.decided(test, frame)
        if decided is not None:
            self.value(test, frame)
            return self.block(body if decided else orelse, frame)
        tested = self.test(test, frame)
        return self.branches([body, orelse], frame, tested)

    def branches(self, bodies: list[list[Any]], frame: Frame, tested: frozenset[str] = frozenset()) -> bool:
        """Alternatives of which one runs."""
        names, certain, guards = frame.scope.names, frame.certain, frame.guards
        frame.certain = False
        outcomes = []
        ended = []
        for body in bodies:
            frame.guards = guards | tested
            frame.scope.names = dict(names)
            over = self.block(body, frame)
            ended.append(over)
            if not over:
                outcomes.append(frame.scope.names)
        replace(names, outcomes)
        frame.scope.names = names
        # Where one side left, what was tested holds from here on; and what follows does not always run.
        frame.guards = guards | tested if any(ended) else guards
        frame.certain = certain and not any(ended)
        return all(ended)

    def do_loop(self, step: Any, frame: Frame) -> bool:
        _, target, iterable, body, orelse = step
        value = self.value(iterable, frame)
        for element in self.elements(value):
            self.loop(lambda element=element: self.bind(target, element, frame), body, frame)
        self.block(orelse, frame)
        return False

    def do_while(self, step: Any, frame: Frame) -> bool:
        _, test, body, orelse = step
        decided = self.decided(test, frame)
        if decided is False:
            return False
        tested = self.test(test, frame)
        guards = frame.guards
        frame.guards = guards | tested
        self.loop(lambda: None, body, frame)
        frame.guards = guards
        self.block(orelse, frame)
        return False

    def loop(self, begin: Any, body: list[Any], frame: Frame) -> None:
        names, certain = frame.scope.names, frame.certain
        exited = frame.exited
        frame.certain = False
        frame.exited = False
        frame.scope.names = dict(names)
        begin()
        self.block(body, frame)
        replace(names, [frame.scope.names, dict(names)])
        frame.scope.names = names
        frame.certain = certain and not frame.exited
        frame.exited |= exited

    def do_with(self, step: Any, frame: Frame) -> bool:
        catching, guards = frame.catching, frame.guards
        for expression, target in step[1]:
            value = self.value(expression, frame)
            frame.catching |= known.suppressed(value)
            if target is not None:
                self.bind(target, self.entered(value, frame), frame)
            elif isinstance(value, Object):
                self.entered(value, frame)
        certain = frame.certain
        over = self.block(step[2], frame)
        if frame.catching != catching:
            frame.certain = certain and not over
            over = False
        frame.catching, frame.guards = catching, guards
        return over

    def entered(self, value: Value | None, frame: Frame) -> Value | None:
        """What ``with value as name`` binds."""
        if not isinstance(value, Object):
            return value
        enter = self.attribute(value, "__enter__", frame) or self.attribute(value, "__aenter__", frame)
        return self.call(enter, [], {}, None, frame) if enter is not None else None

    def do_try(self, step: Any, frame: Frame) -> bool:
        _, body, handlers, orelse, final = step
        names, certain, catching = frame.scope.names, frame.certain, frame.catching
        before = dict(names)
        caught = frozenset[str]()
        for types, _name, _body in handlers:
            caught |= self.caught(types, frame)
        frame.catching = catching | caught
        over = self.block(body, frame)
        frame.catching = catching
        if not over:
            over = self.block(orelse, frame)
        ended = [over]
        outcomes = [] if over else [dict(frame.scope.names)]
        middle = dict(before)
        merge(middle, dict(frame.scope.names))
        after = frame.certain
        for _types, name, inner in handlers:
            frame.certain = False
            frame.scope.names = dict(middle)
            if name:
                frame.scope.names[name] = None
            left = self.block(inner, frame)
            ended.append(left)
            if not left:
                outcomes.append(frame.scope.names)
        replace(names, outcomes)
        frame.scope.names = names
        # An exception is the rarer way: what follows counts as always run, unless the body itself may leave.
        frame.certain = certain and after and not over
        left = self.block(final, frame)
        return left or all(ended)

    def caught(self, types: Any, frame: Frame) -> frozenset[str]:
        """The last names of the exceptions that a handler takes; ``*`` for all."""
        if types is None:
            return frozenset("*")
        if types[0] == "l":
            return frozenset().union(*(self.caught(t, frame) for t in types[1] if t is not None))
        if types[0] == "a":
            return frozenset({types[2]})
        if types[0] == "v":
            value = self.lookup(types[1], frame)
            if isinstance(value, Items):
                # A tuple of exceptions under a name: which ones is not worth following.
                return frozenset("*")
            return frozenset({types[1]})
        return frozenset("*")

    def do_match(self, step: Any, frame: Frame) -> bool:
        self.value(step[1], frame)
        bodies = []
        for names, guard, body in step[2]:
            bound = [["=", [["v", name] for name in names], None]] if names else []
            bodies.append([*bound, ["if", guard, body, []]] if guard is not None else [*bound, *body])
        self.branches([*bodies, []], frame)
        return False

    def do_global(self, step: Any, frame: Frame) -> bool:
        for name in step[1]:
            scope = frame.scope.parent
            while scope is not None and scope.parent is not None and name not in scope.names:
                scope = scope.parent
            if scope is not None:
                frame.scope.shared[name] = scope
        return False

    def do_delete(self, step: Any, frame: Frame) -> bool:
        target = step[1]
        if target is not None and target[0] == "i":
            self.value(target[1], frame)
        return False


STEPS = {
    "e": "effect", "=": "assign", "+=": "augmented", "def": "define", "class": "class", "import": "import",
    "from": "from", "return": "return", "raise": "raise", "end": "end", "if": "if", "loop": "loop", "while": "while",
    "with": "with", "try": "try", "match": "match", "global": "global", "field": "field", "del": "delete",
}  # fmt: skip
