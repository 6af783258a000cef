"""One walk over a libcst tree: what a module does, as plain lists that a cache can hold.

The outcome (``Code``, see below) is a pure function of the text. It keeps what the linking of modules needs (names,
calls, attributes, subscripts, constants, branches) and drops the rest. Nodes are told apart by the name of their
class, so that libcst need not be imported here; no visitor, matcher or metadata is used: they cost more than the parse.

Expressions (None is one that is not followed)::

    ["k", constant]                        ["v", name]            ["a", base, attribute]
    ["c", callee, [argument…], {keyword: value}, site, [**mapping…]]
    ["i", base, key, site]                 ["l", [item…]]         ["d", [[key, value]…]]      ["*", iterable]
    ["f", [piece…]]                        ["b", operator, left, right]
    ["or"|"and", left, right]              ["not", e]             ["in", left, right, negated]
    ["==", left, right, negated]           ["if", test, yes, no]  ["w", name, value]
    ["L", block]                           ["y", yielded]         ["x", [part…]]  evaluated, result unknown
    ["comp", [[target, iterable, [condition…]]…], [element…]]

Steps of a block::

    ["e", e]  ["=", [target…], e]  ["+=", target, e]  ["def", name, block, [decorator…]]
    ["class", name, block, [base…], [decorator…]]     ["import", dotted, alias|None, line]
    ["from", level, module, [[name, alias]…]|"*", line]   ["return", e]  ["raise", e]  ["end"]
    ["if", test, body, orelse]  ["loop", target, iterable, body, orelse]  ["while", test, body, orelse]
    ["with", [[e, target]…], body]  ["try", body, [[types, name, body]…], orelse, final]
    ["match", subject, [[[name…], guard, body]…]]  ["global", [name…]]  ["field", name]  ["del", target]

A site is ``[line of its statement, token, nth of that token in the statement, nth in the block]``; the token is a name,
or an attribute with its dot.
"""

from __future__ import annotations

from typing import Any

from lambdalint.parsers.python.walk_expressions import Expression, ExpressionWalk

Code = dict[str, Any]
"""``parsed``: bool; ``fault``: None or [line, column, message, judge]; ``limit``: why it was not looked into, or None;
``features``: [[version, name, site, block]…]; ``imports``: every import step, wherever it stands; ``blocks``: the
module's body first, then classes, functions and lambdas as written."""


class Walk(ExpressionWalk):
    """Reads one module; ``lines`` are its logical lines."""

    def module(self, tree: Any) -> None:
        self.enter("", "module")
        self.block["body"] = self.steps(tree.body)

    # -- statements -------------------------------------------------------------------------------------------------

    def steps(self, body: Any) -> list[Any]:
        out: list[Any] = []
        for statement in body:
            kind = statement.__class__.__name__
            if kind == "SimpleStatementLine":
                self.next_line()
                for small in statement.body:
                    handler = SMALL.get(small.__class__.__name__)
                    if handler is not None:
                        handler(self, small, out)
            else:
                handler = COMPOUND.get(kind)
                if handler is not None:
                    handler(self, statement, out)
        return out

    def suite(self, body: Any) -> list[Any]:
        if body.__class__.__name__ == "IndentedBlock":
            return self.steps(body.body)
        out: list[Any] = []
        for small in body.body:
            handler = SMALL.get(small.__class__.__name__)
            if handler is not None:
                handler(self, small, out)
        return out

    def s_expr(self, node: Any, out: list[Any]) -> None:
        value = self.expression(node.value)
        if value is not None and value[0] not in ("k", "v"):
            out.append(["e", value])

    def s_assign(self, node: Any, out: list[Any]) -> None:
        targets = [self.target(t.target) for t in node.targets]
        out.append(["=", targets, self.expression(node.value)])

    def s_annotated(self, node: Any, out: list[Any]) -> None:
        target = self.target(node.target)
        if node.value is not None:
            out.append(["=", [target], self.expression(node.value)])
        if target is not None and target[0] == "v" and self.block["kind"] == "class":
            out.append(["field", target[1]])

    def s_augmented(self, node: Any, out: list[Any]) -> None:
        out.append(["+=", self.target(node.target), self.expression(node.value)])

    def s_return(self, node: Any, out: list[Any]) -> None:
        value = node.value
        if value is not None and value.__class__.__name__ == "Tuple" and not value.lpar:
            if any(e.__class__.__name__ == "StarredElement" for e in value.elements):
                self.feature("3.8", "return-star", "*")
        out.append(["return", None if value is None else self.expression(value)])

    def s_raise(self, node: Any, out: list[Any]) -> None:
        out.append(["raise", None if node.exc is None else self.expression(node.exc)])

    def s_end(self, node: Any, out: list[Any]) -> None:
        out.append(["end"])

    def s_assert(self, node: Any, out: list[Any]) -> None:
        out.append(["if", self.expression(node.test), [], [["raise", None]]])

    def s_del(self, node: Any, out: list[Any]) -> None:
        out.append(["del", self.target(node.target)])

    def s_global(self, node: Any, out: list[Any]) -> None:
        out.append(["global", [item.name.value for item in node.names]])

    def s_import(self, node: Any, out: list[Any]) -> None:
        for alias in node.names:
            asname = alias.asname.name.value if alias.asname is not None else None
            step = ["import", dotted(alias.name), asname, self.line]
            self.imports.append(step)
            out.append(step)

    def s_from(self, node: Any, out: list[Any]) -> None:
        module = dotted(node.module) if node.module is not None else ""
        names: Any = "*"
        if isinstance(node.names, (list, tuple)):
            names = [[a.name.value, a.asname.name.value if a.asname is not None else a.name.value] for a in node.names]
        step = ["from", len(node.relative), module, names, self.line]
        self.imports.append(step)
        out.append(step)

    def s_lazy_import(self, node: Any, out: list[Any]) -> None:
        self.feature("3.15", "lazy-import", "lazy")
        (self.s_from if hasattr(node, "module") else self.s_import)(node, out)

    def s_type(self, node: Any, out: list[Any]) -> None:
        self.feature("3.12", "type-statement", "type")
        self.type_parameters(node.type_parameters)
        out.append(["=", [["v", node.name.value]], None])

    def type_parameters(self, parameters: Any) -> None:
        if parameters is None:
            return
        self.feature("3.12", "type-parameters", "[")
        if any(p.default is not None for p in parameters.params):
            self.feature("3.13", "type-parameter-default", "[")

    # -- compound statements ----------------------------------------------------------------------------------------

    def c_def(self, node: Any, out: list[Any]) -> None:
        decorators = self.decorators(node.decorators)
        self.next_line()
        name = node.name.value
        if node.type_parameters is not None:
            self.type_parameters(node.type_parameters)
        parameters = self.parameters(node.params)
        saved = self.enter(name, "async" if node.asynchronous is not None else "def")
        self.block["parameters"] = parameters
        self.block["body"] = self.suite(node.body)
        out.append(["def", name, self.leave(saved), decorators])

    def c_class(self, node: Any, out: list[Any]) -> None:
        decorators = self.decorators(node.decorators)
        self.next_line()
        if node.type_parameters is not None:
            self.type_parameters(node.type_parameters)
        bases = [self.expression(a.value) for a in node.bases]
        for argument in node.keywords:
            self.expression(argument.value)
        saved = self.enter(node.name.value, "class")
        self.block["body"] = self.suite(node.body)
        out.append(["class", node.name.value, self.leave(saved), bases, decorators])

    def decorators(self, nodes: Any) -> list[Expression]:
        out = []
        for node in nodes:
            self.next_line()
            inner = node.decorator
            if inner.__class__.__name__ == "Call":
                inner = inner.func
            while inner.__class__.__name__ == "Attribute":
                inner = inner.value
            if inner.__class__.__name__ != "Name":
                self.feature("3.9", "decorator-expression")
            out.append(self.expression(node.decorator))
        return out

    def c_if(self, node: Any, out: list[Any]) -> None:
        self.next_line()
        test = self.expression(node.test)
        body = self.suite(node.body)
        out.append(["if", test, body, self.orelse(node.orelse)])

    def orelse(self, node: Any) -> list[Any]:
        if node is None:
            return []
        if node.__class__.__name__ == "If":
            out: list[Any] = []
            self.c_if(node, out)
            return out
        self.next_line()
        return self.suite(node.body)

    def c_for(self, node: Any, out: list[Any]) -> None:
        self.next_line()
        target, iterable = self.target(node.target), self.expression(node.iter)
        body = self.suite(node.body)
        out.append(["loop", target, iterable, body, self.orelse(node.orelse)])

    def c_while(self, node: Any, out: list[Any]) -> None:
        self.next_line()
        test = self.expression(node.test)
        body = self.suite(node.body)
        out.append(["while", test, body, self.orelse(node.orelse)])

    def c_with(self, node: Any, out: list[Any]) -> None:
        self.next_line()
        if node.lpar.__class__.__name__ == "LeftParen" and any(i.asname is not None for i in node.items):
            self.feature("3.9", "parenthesized-with", "with")
        items = []
        for item in node.items:
            value = self.expression(item.item)
            items.append([value, None if item.asname is None else self.target(item.asname.name)])
        out.append(["with", items, self.suite(node.body)])

    def c_try(self, node: Any, out: list[Any]) -> None:
        self.next_line()
        body = self.suite(node.body)
        handlers = []
        for handler in node.handlers:
            self.next_line()
            kind = handler.type
            if handler.__class__.__name__ == "ExceptStarHandler":
                self.feature("3.11", "except-star", "except")
            if kind is not None and kind.__class__.__name__ == "Tuple" and not kind.lpar:
                self.feature("3.14", "except-unparenthesized", "except")
            types = None if kind is None else self.expression(kind) or ["x", []]
            name = handler.name.name.value if handler.name is not None else None
            handlers.append([types, name, self.suite(handler.body)])
        orelse = self.orelse(node.orelse)
        out.append(["try", body, handlers, orelse, self.orelse(node.finalbody)])

    def c_match(self, node: Any, out: list[Any]) -> None:
        self.next_line()
        self.feature("3.10", "match", "match")
        subject = self.expression(node.subject)
        cases = []
        for case in node.cases:
            self.next_line()
            names: list[str] = []
            self.pattern(case.pattern, names)
            guard = None if case.guard is None else self.expression(case.guard)
            cases.append([names, guard, self.suite(case.body)])
        out.append(["match", subject, cases])

    def pattern(self, node: Any, names: list[str]) -> None:
        """The names that a pattern binds."""
        kind = node.__class__.__name__
        if kind in ("MatchAs", "MatchStar"):
            if node.name is not None:
                names.append(node.name.value)
            if kind == "MatchAs" and node.pattern is not None:
                self.pattern(node.pattern, names)
        elif kind == "MatchMapping":
            for element in node.elements:
                self.pattern(element.pattern, names)
            if node.rest is not None:
                names.append(node.rest.value)
        elif kind in ("MatchClass", "MatchList", "MatchTuple", "MatchOr"):
            for element in (*node.patterns, *getattr(node, "kwds", ())):
                inner = getattr(element, "pattern", None) or getattr(element, "value", element)
                self.pattern(inner, names)


def dotted(node: Any) -> str:
    """``a.b.c`` of names and attributes."""
    parts: list[str] = []
    while node.__class__.__name__ == "Attribute":
        parts.append(node.attr.value)
        node = node.value
    parts.append(node.value)
    return ".".join(reversed(parts))


SMALL: dict[str, Any] = {
    "Expr": Walk.s_expr,
    "Assign": Walk.s_assign,
    "AnnAssign": Walk.s_annotated,
    "AugAssign": Walk.s_augmented,
    "Return": Walk.s_return,
    "Raise": Walk.s_raise,
    "Break": Walk.s_end,
    "Continue": Walk.s_end,
    "Assert": Walk.s_assert,
    "Del": Walk.s_del,
    "Global": Walk.s_global,
    "Nonlocal": Walk.s_global,
    "Import": Walk.s_import,
    "ImportFrom": Walk.s_from,
    "LazyImport": Walk.s_lazy_import,
    "LazyImportFrom": Walk.s_lazy_import,
    "TypeAlias": Walk.s_type,
}
COMPOUND: dict[str, Any] = {
    "FunctionDef": Walk.c_def,
    "ClassDef": Walk.c_class,
    "If": Walk.c_if,
    "For": Walk.c_for,
    "While": Walk.c_while,
    "With": Walk.c_with,
    "Try": Walk.c_try,
    "TryStar": Walk.c_try,
    "Match": Walk.c_match,
}
