"""Values of expressions, and the names that they are bound to."""

from __future__ import annotations

import builtins
from typing import Any

from lambdalint.parsers.python import environment, known, texts
from lambdalint.parsers.python.frame import (
    Following,
    Frame,
    function_scope,
)
from lambdalint.parsers.python.values import (
    Class,
    Client,
    Const,
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
    Truth,
    Value,
    constant,
    deciding,
    join,
    members,
    text_of,
)

ALWAYS_SET = frozenset(
    "AWS_LAMBDA_FUNCTION_NAME AWS_LAMBDA_FUNCTION_VERSION AWS_LAMBDA_FUNCTION_MEMORY_SIZE AWS_LAMBDA_RUNTIME_API "
    "AWS_LAMBDA_LOG_GROUP_NAME AWS_REGION AWS_DEFAULT_REGION AWS_EXECUTION_ENV LAMBDA_TASK_ROOT "
    "LAMBDA_RUNTIME_DIR".split()
)
"""Variables that Lambda sets: a test for them is decided."""
LINUX = {"sys.platform": "linux", "os.name": "posix"}
"""What says which system the code runs on: in Lambda always this one."""


class Expressions(Following):
    """What each expression may be."""

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
                found: Value | None = result
                return found
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
        return texts.text([self.value(piece, frame) for piece in e[1]])

    def ex_operation(self, e: Any, frame: Frame) -> Value | None:
        left, right = self.value(e[2], frame), self.value(e[3], frame)
        return texts.operation(e[1], left, right)

    def ex_either(self, e: Any, frame: Frame) -> Value | None:
        before = frame.guards
        certain = frame.certain
        left: Value | None
        tested = frozenset[str]()
        holder, frame.tested = frame.tested, set()
        left = self.value(e[1], frame)
        tested = frozenset(frame.tested) | deciding(left)
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
        return self.truth([e[1]], frame)

    def ex_in(self, e: Any, frame: Frame) -> Value | None:
        left, right = self.value(e[1], frame), self.value(e[2], frame)
        names = set[str]()
        if isinstance(right, External) and right.path in ("os.environ", "os.environ.keys()"):
            for member in members(left):
                name = text_of(member)
                if name is None:
                    self.facts.environment_whole = True
                else:
                    names.add(name)
        if frame.tested is not None:
            frame.tested |= names
        return Truth(frozenset(names)) if names else None

    def ex_compare(self, e: Any, frame: Frame) -> Value | None:
        return self.truth([e[1], e[2]], frame)

    def truth(self, sides: list[Any], frame: Frame) -> Value | None:
        """What a comparison or a negation gives: who keeps it for later tests the same variables then."""
        holder, frame.tested = frame.tested, set()
        for side in sides:
            frame.tested |= deciding(self.value(side, frame))
        names, frame.tested = frozenset(frame.tested), holder
        if holder is not None:
            holder |= names
        return Truth(names) if names else None

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
                frame.tested |= deciding(value)
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
            return bool((test[2][1] == frame.module.module.name) != test[3])
        if kind == "==" and test[1] is not None and test[1][0] in ("v", "a") and test[1][-1] in ("platform", "name"):
            value = self.value(test[1], frame)
            there = LINUX.get(value.path) if isinstance(value, External) else None
            if there is not None and test[2] is not None and test[2][0] == "k":
                return bool((test[2][1] == there) != test[3])
        if kind == "in" and test[1] is not None and test[1][0] == "k" and test[1][1] in ALWAYS_SET:
            return (not test[3]) if self.value(test[2], frame) == External("os.environ") else None
        if kind == "c" and len(test[2]) == 1 and test[2][0] is not None and test[2][0][0] == "k":
            if test[2][0][1] in ALWAYS_SET and self.value(test[1], frame) in (
                External("os.getenv"),
                External("os.environ.get"),
            ):
                return True
        return None

    def test(self, test: Any, frame: Frame) -> frozenset[str]:
        """Evaluate a condition; the environment variables that it looks at."""
        before, frame.tested = frame.tested, set()
        try:
            found = deciding(self.value(test, frame))
            return frozenset(frame.tested) | found
        finally:
            frame.tested = before

    def elements(self, value: Value | None) -> list[Value | None]:
        """What a loop over a value goes through: each item of a short literal list, else one that stands for all."""
        if isinstance(value, Items) and 0 < len(value.items) <= 8:
            return list(value.items)
        if isinstance(value, Mapping) and not value.rest and 0 < len(value.items) <= 8:
            return [Const(key) for key in value.items]
        if isinstance(value, External) and value.path == "os.environ":
            self.facts.environment_whole = True
        return [known.element(value)]

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
                environment.environment_set(self, frame, key)
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


EXPRESSIONS = {
    "a": "attribute", "c": "call", "i": "item", "l": "list", "d": "dict", "f": "text", "b": "operation",
    "or": "either", "and": "either", "not": "not", "in": "in", "==": "compare", "if": "choice", "w": "walrus",
    "L": "lambda", "y": "yield", "x": "parts", "comp": "comprehension",
}  # fmt: skip
