"""Following a handler: its modules are "run" over values that may be unknown, and what they would do is noted.

Nothing of the code is executed: this is an interpreter of the lists that ``walk`` made. Both sides of a branch are
gone through and joined, a loop once, a function once for each kind of arguments. What is not known stays None.
"""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import Any

from lambdalint.model.source import CALLED, HANDLER, MODULE, REGISTERED, Site
from lambdalint.parsers.python import known
from lambdalint.parsers.python.facts import Facts
from lambdalint.parsers.python.modules import Modules, absolute
from lambdalint.parsers.python.values import (
    Choice,
    Class,
    Client,
    Const,
    Context,
    Decorated,
    Env,
    External,
    Function,
    Items,
    Mapping,
    ModuleValue,
    Object,
    Scope,
    Super,
    Value,
    constant,
    join,
    members,
    text_of,
)  # fmt: skip

MAX_STEPS = 150_000
"""Steps for one handler; past it the rest is not known."""
MAX_DEPTH = 40
"""Calls within calls."""

ALWAYS_SET = frozenset(
    "AWS_LAMBDA_FUNCTION_NAME AWS_LAMBDA_FUNCTION_VERSION AWS_LAMBDA_FUNCTION_MEMORY_SIZE AWS_REGION AWS_DEFAULT_REGION "
    "AWS_LAMBDA_RUNTIME_API LAMBDA_TASK_ROOT LAMBDA_RUNTIME_DIR AWS_EXECUTION_ENV AWS_LAMBDA_LOG_GROUP_NAME".split()
)
"""Variables that Lambda sets: a test for them is decided."""
CATCH_ALL = frozenset({"*", "Exception", "BaseException"})
_PASSIVE_BASES = frozenset(
    "object Exception BaseException ValueError RuntimeError KeyError TypeError ABC Enum IntEnum StrEnum str int float dict list "
    "tuple set NamedTuple TypedDict Protocol Generic BaseModel BaseSettings dict_ UserDict".split()
)


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


class Run:
    """One handler followed through its modules; the outcome is in ``facts``."""

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

    # -- statements -------------------------------------------------------------------------------------------------

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
                known.environment_update(self, frame, value)
                return False
            self.bind(target, None, frame)
        elif target is not None and target[0] == "a" and self.value(target, frame) == External("os.environ"):
            known.environment_update(self, frame, value)
        return False

    def do_define(self, step: Any, frame: Frame) -> bool:
        _, name, index, decorators = step
        function: Value | None = Function(frame.module, index, function_scope(frame))
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
        known.import_seen(self, name)
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
        known.import_seen(self, base)
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

    def test(self, test: Any, frame: Frame) -> frozenset[str]:
        """Evaluate a condition; the environment variables that it looks at."""
        before, frame.tested = frame.tested, set()
        try:
            for member in members(self.value(test, frame)):
                if isinstance(member, Env):
                    frame.tested.add(member.name)
            return frozenset(frame.tested)
        finally:
            frame.tested = before

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

    def elements(self, value: Value | None) -> list[Value | None]:
        """What a loop over a value goes through: each item of a short literal list, else one that stands for all."""
        if isinstance(value, Items) and len(value.items) <= 8:
            return list(value.items)
        if isinstance(value, Mapping) and not value.rest and len(value.items) <= 8:
            return [Const(key) for key in value.items]
        if isinstance(value, External) and value.path == "os.environ":
            self.facts.environment_whole = True
        return [known.element(value)]

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

    # -- names ------------------------------------------------------------------------------------------------------

    def bind(self, target: Any, value: Value | None, frame: Frame) -> None:
        if target is None:
            return
        kind = target[0]
        if kind == "v":
            name = target[1]
            shared = frame.scope.shared.get(name)
            if shared is not None:
                shared.names[name] = join(shared.names[name], value) if name in shared.names else value
                self.keep(value)
            else:
                frame.scope.names[name] = value
        elif kind == "a":
            self.set_attribute(self.value(target[1], frame), target[2], value, frame)
        elif kind == "i":
            self.set_item(target, value, frame)
        elif kind == "l":
            items = value.items if isinstance(value, Items) and len(value.items) == len(target[1]) else None
            for i, inner in enumerate(target[1]):
                self.bind(inner, items[i] if items is not None else None, frame)

    def set_attribute(self, base: Value | None, name: str, value: Value | None, frame: Frame) -> None:
        for owner in members(base):
            if isinstance(owner, Object):
                held = owner.attributes
                held[name] = join(held[name], value) if name in held else value
                if owner.early:
                    self.keep(value)
            elif isinstance(owner, Class):
                owner.names[name] = join(owner.names[name], value) if name in owner.names else value
                self.keep(value)
            elif isinstance(owner, ModuleValue):
                owner.scope.names[name] = value
                self.keep(value)
            elif isinstance(owner, (Function, External, Decorated)):
                self.keep(value)

    def set_item(self, target: Any, value: Value | None, frame: Frame) -> None:
        base, key = self.value(target[1], frame), self.value(target[2], frame)
        for owner in members(base):
            if isinstance(owner, External) and owner.path == "os.environ":
                known.environment_set(self, frame, key)
            elif isinstance(owner, Mapping):
                name = constant(key)
                if isinstance(name, (str, int)):
                    held = owner.items
                    held[name] = join(held[name], value) if name in held else value
                else:
                    owner.items["*"] = join(owner.items["*"], value) if "*" in owner.items else value
                    owner.rest = True
                self.keep(value)

    def keep(self, value: Value | None) -> None:
        """A client stored outside the running function is not made anew at every invocation."""
        for member in members(value):
            if isinstance(member, Client):
                self.facts.keep(member.site)

    def lookup(self, name: str, frame: Frame) -> Value | None:
        scope: Scope | None = frame.scope
        open_ = False
        while scope is not None:
            shared = scope.shared.get(name)
            if shared is not None:
                return shared.names.get(name)
            if name in scope.names:
                return scope.names[name]
            open_ = open_ or scope.open
            scope = scope.parent
        if name == "__name__":
            return Const(frame.module.module.name)
        if open_:
            return None
        return External(name) if hasattr(builtins, name) else None

    # -- expressions ------------------------------------------------------------------------------------------------

    def value(self, expression: Any, frame: Frame) -> Value | None:
        if expression is None:
            return None
        kind = expression[0]
        if kind == "k":
            return Const(expression[1])
        if kind == "v":
            return self.lookup(expression[1], frame)
        method = EXPRESSIONS.get(kind)
        result: Value | None = getattr(self, "ex_" + method)(expression, frame) if method else None
        return result

    def ex_attribute(self, e: Any, frame: Frame) -> Value | None:
        return self.attribute(self.value(e[1], frame), e[2], frame)

    def ex_call(self, e: Any, frame: Frame) -> Value | None:
        callee = e[1]
        base: Value | None = None
        if callee is not None and callee[0] == "a":
            base = self.value(callee[1], frame)
            function = self.attribute(base, callee[2], frame)
        else:
            function = self.value(callee, frame)
        arguments: list[Value | None] = []
        unsure = False
        for argument in e[2]:
            if argument is not None and argument[0] == "*":
                spread = self.value(argument[1], frame)
                if isinstance(spread, Items):
                    arguments += spread.items
                else:
                    unsure = True
            else:
                arguments.append(self.value(argument, frame))
        keywords = {name: self.value(value, frame) for name, value in e[3].items()}
        for extra in e[5] if len(e) > 5 else ():
            spread = self.value(extra, frame)
            if isinstance(spread, Mapping):
                keywords.update({str(k): v for k, v in spread.items.items() if k != "*"})
                unsure |= spread.rest
            else:
                if isinstance(spread, External) and spread.path == "os.environ":
                    self.facts.environment_whole = True
                unsure = True
        if callee == ["v", "super"] and isinstance(function, External) and not arguments:
            return Super(frame.cls, frame.this) if frame.cls is not None else None
        if function is None and base is not None and callee[0] == "a":
            result = known.method(self, frame, base, callee[2], arguments, keywords, e[4])
            if result is not NotImplemented:
                return result
        return self.call(function, arguments, keywords, e[4], frame, unsure)

    def ex_item(self, e: Any, frame: Frame) -> Value | None:
        base, key = self.value(e[1], frame), self.value(e[2], frame)
        result: Value | None = None
        for n, owner in enumerate(members(base)):
            found = known.item(self, frame, owner, key, e[3])
            result = join(result, found) if n else found
        return result

    def ex_list(self, e: Any, frame: Frame) -> Value | None:
        items: list[Value | None] = []
        whole = True
        for item in e[1]:
            if item is not None and item[0] == "*":
                spread = self.value(item[1], frame)
                whole = whole and isinstance(spread, Items)
                items += spread.items if isinstance(spread, Items) else ()
            else:
                items.append(self.value(item, frame))
        return Items(tuple(items)) if whole else None

    def ex_dict(self, e: Any, frame: Frame) -> Value | None:
        result = Mapping({})
        for key, value in e[1]:
            held = self.value(value, frame)
            if key is not None and key[0] == "*":
                if isinstance(held, Mapping):
                    result.items.update(held.items)
                    result.rest |= held.rest
                else:
                    if isinstance(held, External) and held.path == "os.environ":
                        self.facts.environment_whole = True
                    result.rest = True
                continue
            name = constant(self.value(key, frame))
            if isinstance(name, (str, int)):
                result.items[name] = held
            else:
                result.items["*"] = join(result.items["*"], held) if "*" in result.items else held
                result.rest = True
        return result

    def ex_text(self, e: Any, frame: Frame) -> Value | None:
        return known.text([self.value(piece, frame) for piece in e[1]])

    def ex_operation(self, e: Any, frame: Frame) -> Value | None:
        left, right = self.value(e[2], frame), self.value(e[3], frame)
        return known.operation(self, e[1], left, right)

    def ex_either(self, e: Any, frame: Frame) -> Value | None:
        before = frame.guards
        certain = frame.certain
        left: Value | None
        tested = frozenset[str]()
        holder, frame.tested = frame.tested, set()
        left = self.value(e[1], frame)
        for member in members(left):
            if isinstance(member, Env):
                frame.tested.add(member.name)
        tested = frozenset(frame.tested)
        if holder is not None:
            holder |= tested
        frame.tested = holder
        frame.guards = before | tested
        frame.certain = False
        right = self.value(e[2], frame)
        frame.guards = before
        frame.certain = certain
        if e[0] == "or":
            if isinstance(left, Env):
                return Env(left.name, right if left.default is None else left.default)
            if isinstance(left, Const) and not left.value:
                return right
            return join(left, right)
        return join(left, right) if left is not None else right

    def ex_not(self, e: Any, frame: Frame) -> Value | None:
        for member in members(self.value(e[1], frame)):
            if isinstance(member, Env) and frame.tested is not None:
                frame.tested.add(member.name)
        return None

    def ex_in(self, e: Any, frame: Frame) -> Value | None:
        left, right = self.value(e[1], frame), self.value(e[2], frame)
        if isinstance(right, External) and right.path in ("os.environ", "os.environ.keys()"):
            for member in members(left):
                name = text_of(member)
                if name is None:
                    self.facts.environment_whole = True
                elif frame.tested is not None:
                    frame.tested.add(name)
        return None

    def ex_compare(self, e: Any, frame: Frame) -> Value | None:
        for side in (self.value(e[1], frame), self.value(e[2], frame)):
            for member in members(side):
                if isinstance(member, Env) and frame.tested is not None:
                    frame.tested.add(member.name)
        return None

    def ex_choice(self, e: Any, frame: Frame) -> Value | None:
        decided = self.decided(e[1], frame)
        if decided is not None:
            return self.value(e[2] if decided else e[3], frame)
        tested = self.test(e[1], frame)
        if frame.tested is not None:
            frame.tested |= tested
        guards, certain = frame.guards, frame.certain
        frame.guards, frame.certain = guards | tested, False
        result = join(self.value(e[2], frame), self.value(e[3], frame))
        frame.guards, frame.certain = guards, certain
        return result

    def ex_walrus(self, e: Any, frame: Frame) -> Value | None:
        value = self.value(e[2], frame)
        self.bind(["v", e[1]], value, frame)
        return value

    def ex_lambda(self, e: Any, frame: Frame) -> Value | None:
        return Function(frame.module, e[1], function_scope(frame))

    def ex_yield(self, e: Any, frame: Frame) -> Value | None:
        if e[1] is not None:
            frame.results.append(self.value(e[1], frame))
        return None

    def ex_parts(self, e: Any, frame: Frame) -> Value | None:
        for part in e[1]:
            value = self.value(part, frame)
            if frame.tested is not None:
                frame.tested |= {m.name for m in members(value) if isinstance(m, Env)}
        return None

    def ex_comprehension(self, e: Any, frame: Frame) -> Value | None:
        names, certain = frame.scope.names, frame.certain
        frame.scope.names = dict(names)
        results: list[Value | None] = []

        def clause(at: int) -> None:
            if at == len(e[1]):
                results.append([self.value(element, frame) for element in e[2]][-1])
                return
            target, iterable, conditions = e[1][at]
            for element in self.elements(self.value(iterable, frame)):
                frame.certain = False
                self.bind(target, element, frame)
                for condition in conditions:
                    self.test(condition, frame)
                clause(at + 1)

        clause(0)
        frame.scope.names, frame.certain = names, certain
        return Items(tuple(results)) if len(e[2]) == 1 and 0 < len(results) <= 8 else None

    def decided(self, test: Any, frame: Frame) -> bool | None:
        """Conditions that are the same in every run: never those on a name that may change."""
        if test is None:
            return None
        kind = test[0]
        if kind == "k":
            return bool(test[1])
        if kind == "not":
            inner = self.decided(test[1], frame)
            return None if inner is None else not inner
        if kind in ("v", "a"):
            value = self.value(test, frame) if test[-1] == "TYPE_CHECKING" else None
            return False if isinstance(value, External) and value.path.startswith("typing") else None
        if kind == "==" and test[1] == ["v", "__name__"] and test[2] is not None and test[2][0] == "k":
            return (test[2][1] == frame.module.module.name) != test[3]
        if kind == "in" and test[1] is not None and test[1][0] == "k" and test[1][1] in ALWAYS_SET:
            return (not test[3]) if self.value(test[2], frame) == External("os.environ") else None
        if kind == "c" and len(test[2]) == 1 and test[2][0] is not None and test[2][0][0] == "k":
            if test[2][0][1] in ALWAYS_SET and self.value(test[1], frame) in (
                External("os.getenv"),
                External("os.environ.get"),
            ):
                return True
        return None

    # -- attributes and calls ---------------------------------------------------------------------------------------

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
        marks = known.decorator_marks(value, decorator)
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


STEPS = {
    "e": "effect", "=": "assign", "+=": "augmented", "def": "define", "class": "class", "import": "import",
    "from": "from", "return": "return", "raise": "raise", "end": "end", "if": "if", "loop": "loop", "while": "while",
    "with": "with", "try": "try", "match": "match", "global": "global", "field": "field", "del": "delete",
}  # fmt: skip
EXPRESSIONS = {
    "a": "attribute", "c": "call", "i": "item", "l": "list", "d": "dict", "f": "text", "b": "operation",
    "or": "either", "and": "either", "not": "not", "in": "in", "==": "compare", "if": "choice", "w": "walrus",
    "L": "lambda", "y": "yield", "x": "parts", "comp": "comprehension",
}  # fmt: skip
