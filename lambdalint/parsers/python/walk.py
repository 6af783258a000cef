"""One walk over a libcst tree: what a module does, as plain lists that JSON can hold.

The outcome (``Code``, see below) is a pure function of the text. It keeps what the linking of modules needs (names,
calls, attributes, subscripts, constants, branches) and drops the rest. Nodes are told apart by the name of their class,
so that libcst need not be imported here; no visitor, matcher or metadata wrapper is used: they cost more than the parse.

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

from lambdalint.parsers.python.scan import Line

Code = dict[str, Any]
"""``parsed``: bool; ``fault``: None or [line, column, message, judge]; ``features``: [[version, name, site,
block]…]; ``imports``: every import step, wherever it stands; ``blocks``: the module's body first, then classes, functions and lambdas as written."""
Expression = list[Any] | None
LONGEST_TEXT = 300
"""Code points; a longer string constant is no name, key or path that a rule compares."""


class Walk:
    """Reads one module; ``lines`` are its logical lines."""

    def __init__(self, lines: list[Line]) -> None:
        self.lines = lines
        self.count = 0
        self.line = 1
        self.seen: dict[str, int] = {}
        self.blocks: list[dict[str, Any]] = []
        self.features: list[list[Any]] = []
        self.imports: list[list[Any]] = []
        self.block: dict[str, Any] = {}
        self.ordinals: dict[str, int] = {}
        self.index = 0

    # -- lines, sites, blocks ---------------------------------------------------------------------------------------

    def next_line(self) -> None:
        """The walk enters a statement that begins a logical line."""
        count = self.count
        if count < len(self.lines):
            self.line = self.lines[count].number
        self.count = count + 1
        if self.seen:
            self.seen = {}

    def site(self, token: str) -> list[Any]:
        seen, ordinals = self.seen, self.ordinals
        nth = seen.get(token, 0)
        seen[token] = nth + 1
        ordinal = ordinals.get(token, 0)
        ordinals[token] = ordinal + 1
        return [self.line, token, nth, ordinal]

    def met(self, token: str) -> None:
        """A token that is no site itself, before others of its name in the same statement."""
        self.seen[token] = self.seen.get(token, 0) + 1

    def feature(self, version: str, name: str, token: str = "") -> None:
        self.features.append([version, name, self.site(token), self.index])

    def enter(self, name: str, kind: str) -> tuple[Any, ...]:
        """Begin a block; give the result to ``leave``."""
        saved = (self.block, self.ordinals, self.index)
        outer = self.block.get("name", "")
        self.index = len(self.blocks)
        self.block = {"name": f"{outer}.{name}" if outer else name, "kind": kind, "body": [], "line": self.line}
        self.ordinals = {}
        self.blocks.append(self.block)
        return saved

    def leave(self, saved: tuple[Any, ...]) -> int:
        index = self.index
        self.block, self.ordinals, self.index = saved
        return index

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

    def parameters(self, node: Any) -> list[list[Any]]:
        """[name, kind (``/`` positional only, ``p``, ``*``, ``k`` keyword only, ``**``), has a default, default]."""
        out = []
        if node.posonly_params:
            self.feature("3.8", "positional-only", "/")
        for kind, group in (("/", node.posonly_params), ("p", node.params)):
            for p in group:
                out.append([p.name.value, kind, p.default is not None, self.default(p)])
        star = node.star_arg
        if star.__class__.__name__ == "Param":
            out.append([star.name.value, "*", False, None])
        for p in node.kwonly_params:
            out.append([p.name.value, "k", p.default is not None, self.default(p)])
        if node.star_kwarg is not None:
            out.append([node.star_kwarg.name.value, "**", False, None])
        return out

    def default(self, parameter: Any) -> Expression:
        return None if parameter.default is None else self.expression(parameter.default)

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

    # -- expressions ------------------------------------------------------------------------------------------------

    def expression(self, node: Any) -> Expression:
        handler = EXPRESSION.get(node.__class__.__name__)
        return None if handler is None else handler(self, node)

    def target(self, node: Any) -> Expression:
        kind = node.__class__.__name__
        if kind == "Name":
            return ["v", node.value]
        if kind == "Attribute":
            base = self.expression(node.value)
            self.met("." + node.attr.value)
            return ["a", base, node.attr.value]
        if kind in ("Tuple", "List"):
            return ["l", [self.target(e.value) for e in node.elements]]
        if kind == "Subscript":
            return self.e_subscript(node)
        return None

    def e_name(self, node: Any) -> Expression:
        value = node.value
        if value == "None":
            return ["k", None]
        if value == "True" or value == "False":
            return ["k", value == "True"]
        seen = self.seen
        seen[value] = seen.get(value, 0) + 1
        return ["v", value]

    def e_attribute(self, node: Any) -> Expression:
        base = self.expression(node.value)
        self.met("." + node.attr.value)
        return None if base is None else ["a", base, node.attr.value]

    def e_call(self, node: Any) -> Expression:
        callee = node.func
        kind = callee.__class__.__name__
        function: Expression
        if kind == "Attribute":
            function = ["a", self.expression(callee.value), callee.attr.value]
            site = self.site("." + callee.attr.value)
        elif kind == "Name":
            function = ["v", callee.value]
            site = self.site(callee.value)
        else:
            function = self.expression(callee)
            site = self.site("(")
        arguments: list[Expression] = []
        keywords: dict[str, Expression] = {}
        mappings: list[Expression] = []
        for argument in node.args:
            value = self.expression(argument.value)
            if argument.keyword is not None:
                keywords[argument.keyword.value] = value
            elif argument.star == "**":
                mappings.append(value)
            elif argument.star:
                arguments.append(["*", value])
            else:
                arguments.append(value)
        if mappings:
            return ["c", function, arguments, keywords, site, mappings]
        return ["c", function, arguments, keywords, site]

    def e_subscript(self, node: Any) -> Expression:
        value = node.value
        kind = value.__class__.__name__
        base: Expression
        site = None
        if kind == "Attribute":
            base = ["a", self.expression(value.value), value.attr.value]
            site = self.site("." + value.attr.value)
        elif kind == "Name":
            base = ["v", value.value]
            site = self.site(value.value)
        else:
            base = self.expression(value)
        elements = node.slice
        inner = elements[0].slice
        if len(elements) == 1 and inner.__class__.__name__ == "Index":
            if inner.star is not None:
                self.feature("3.11", "subscript-star", "*")
            key = self.expression(inner.value)
            return None if base is None and key is None else ["i", base, key, site]
        parts = [base]
        for element in elements:
            part = element.slice
            if part.__class__.__name__ == "Index":
                parts.append(self.expression(part.value))
            else:
                parts += [self.expression(e) for e in (part.lower, part.upper, part.step) if e is not None]
        return self.parts(parts)

    def parts(self, values: list[Expression]) -> Expression:
        """Sub-expressions whose value is lost but whose effects are not."""
        kept = [v for v in values if v is not None and v[0] not in ("k", "v")]
        return ["x", kept] if kept else None

    def e_string(self, node: Any) -> Expression:
        raw = node.value
        if len(raw) > LONGEST_TEXT:
            return None
        if raw[0] in "\"'" and "\\" not in raw:
            return ["k", raw[3:-3] if raw[:3] in ('"""', "'''") else raw[1:-1]]
        try:
            value = node.evaluated_value
        except (ValueError, SyntaxError):
            return None
        return ["k", value] if isinstance(value, str) else None

    def e_number(self, node: Any) -> Expression:
        raw = node.value
        if len(raw) > 40:
            return None
        if raw.isdecimal() and raw.isascii():
            return ["k", int(raw)]
        try:
            value = node.evaluated_value
        except (ValueError, OverflowError, SyntaxError):
            return None
        if isinstance(value, (int, float)) and abs(value) < 1e15:
            return ["k", value]
        return None

    def e_joined(self, node: Any) -> Expression:
        left, right = self.expression(node.left), self.expression(node.right)
        if left is not None and right is not None and left[0] == right[0] == "k":
            return ["k", left[1] + right[1]] if len(left[1]) + len(right[1]) <= LONGEST_TEXT else None
        return ["b", "+", left, right]

    def e_formatted(self, node: Any) -> Expression:
        quote = node.start.lstrip("fFrRtT")
        pieces: list[Expression] = []
        if node.__class__.__name__ == "TemplatedString":
            self.feature("3.14", "template-string", node.start)
            self.formatted(node.parts, quote, [])
            return None
        self.formatted(node.parts, quote, pieces)
        return ["f", pieces]

    def formatted(self, parts: Any, quote: str, pieces: list[Expression]) -> None:
        for part in parts:
            if part.__class__.__name__.endswith("StringText"):
                text = part.value.replace("{{", "{").replace("}}", "}")
                pieces.append(["k", text] if "\\" not in text and len(text) <= LONGEST_TEXT else None)
                continue
            if part.equal is not None:
                self.feature("3.8", "f-string-equal")
            inner = part.expression
            if holds_quote(inner, quote):
                self.feature("3.12", "f-string-quotes")
            pieces.append(self.expression(inner))
            if part.format_spec is not None:
                self.formatted(part.format_spec, quote, [])

    def e_binary(self, node: Any) -> Expression:
        left, right = self.expression(node.left), self.expression(node.right)
        if left is None and right is None:
            return None
        sign = OPERATORS.get(node.operator.__class__.__name__)
        return self.parts([left, right]) if sign is None else ["b", sign, left, right]

    def e_boolean(self, node: Any) -> Expression:
        left = self.expression(node.left)
        sign = "or" if node.operator.__class__.__name__ == "Or" else "and"
        return [sign, left, self.expression(node.right)]

    def e_unary(self, node: Any) -> Expression:
        value = self.expression(node.expression)
        sign = node.operator.__class__.__name__
        if sign == "Not":
            return ["not", value]
        if sign == "Minus" and value is not None and value[0] == "k" and isinstance(value[1], (int, float)):
            return ["k", -value[1]]
        return self.parts([value])

    def e_comparison(self, node: Any) -> Expression:
        left = self.expression(node.left)
        first = node.comparisons[0]
        sign = first.operator.__class__.__name__
        rights = [self.expression(c.comparator) for c in node.comparisons]
        if len(rights) == 1:
            if sign in ("In", "NotIn"):
                return ["in", left, rights[0], sign == "NotIn"]
            if sign in ("Equal", "NotEqual", "Is", "IsNot"):
                return ["==", left, rights[0], sign in ("NotEqual", "IsNot")]
        # The variables compared are kept: a test on a variable's value is a guard.
        kept = [v for v in (left, *rights) if v is not None and v[0] != "k"]
        return ["x", kept] if kept else None

    def e_choice(self, node: Any) -> Expression:
        # Sites follow the order in which a reader meets them: the value, then the test.
        yes = self.expression(node.body)
        test = self.expression(node.test)
        return ["if", test, yes, self.expression(node.orelse)]

    def e_walrus(self, node: Any) -> Expression:
        self.feature("3.8", "walrus", ":=")
        value = self.expression(node.value)
        return ["w", node.target.value, value]

    def e_lambda(self, node: Any) -> Expression:
        parameters = self.parameters(node.params)
        saved = self.enter("<lambda>", "lambda")
        self.block["parameters"] = parameters
        self.block["body"] = [["return", self.expression(node.body)]]
        return ["L", self.leave(saved)]

    def e_sequence(self, node: Any) -> Expression:
        items: list[Expression] = []
        for element in node.elements:
            value = self.expression(element.value)
            items.append(["*", value] if element.__class__.__name__ == "StarredElement" else value)
        if len(items) > 200:
            return self.parts([i for i in items if i is not None and i[0] != "*"])
        return ["l", items]

    def e_dict(self, node: Any) -> Expression:
        pairs = []
        for element in node.elements:
            starred = element.__class__.__name__ == "StarredDictElement"
            key = ["*", None] if starred else self.expression(element.key)
            pairs.append([key, self.expression(element.value)])
        if len(pairs) > 200:
            return self.parts([value for _, value in pairs])
        return ["d", pairs]

    def e_comprehension(self, node: Any) -> Expression:
        before = self.expression(node.elt) if hasattr(node, "elt") else None
        elements = [before] if hasattr(node, "elt") else [self.expression(node.key), self.expression(node.value)]
        clauses = []
        clause = node.for_in
        while clause is not None:
            target, iterable = self.target(clause.target), self.expression(clause.iter)
            clauses.append([target, iterable, [self.expression(i.test) for i in clause.ifs]])
            clause = clause.inner_for_in
        return ["comp", clauses, elements]

    def e_await(self, node: Any) -> Expression:
        return self.expression(node.expression)

    def e_yield(self, node: Any) -> Expression:
        value = node.value
        if value.__class__.__name__ == "From":
            value = value.item
        return ["y", None if value is None else self.expression(value)]


def dotted(node: Any) -> str:
    """``a.b.c`` of names and attributes."""
    parts: list[str] = []
    while node.__class__.__name__ == "Attribute":
        parts.append(node.attr.value)
        node = node.value
    parts.append(node.value)
    return ".".join(reversed(parts))


def holds_quote(node: Any, quote: str) -> bool:
    """Whether a string with the same quote, or a backslash, stands in the expression of an f-string (PEP 701)."""
    pending = [node]
    while pending:
        current = pending.pop()
        kind = current.__class__.__name__
        if kind == "Name":
            continue
        if kind == "SimpleString":
            raw = current.value
            if "\\" in raw or quote in raw or (len(quote) == 1 and "\n" in raw):
                return True
        elif kind == "FormattedString":
            if current.start.lstrip("fFrR").startswith(quote):
                return True
            pending.extend(p.expression for p in current.parts if hasattr(p, "expression"))
        else:
            pending.extend(current.children)
    return False


OPERATORS = {"Add": "+", "Subtract": "-", "Multiply": "*", "Divide": "/", "Modulo": "%", "BitOr": "|"}

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
EXPRESSION: dict[str, Any] = {
    "Name": Walk.e_name,
    "Attribute": Walk.e_attribute,
    "Call": Walk.e_call,
    "Subscript": Walk.e_subscript,
    "SimpleString": Walk.e_string,
    "Integer": Walk.e_number,
    "Float": Walk.e_number,
    "ConcatenatedString": Walk.e_joined,
    "FormattedString": Walk.e_formatted,
    "TemplatedString": Walk.e_formatted,
    "BinaryOperation": Walk.e_binary,
    "BooleanOperation": Walk.e_boolean,
    "UnaryOperation": Walk.e_unary,
    "Comparison": Walk.e_comparison,
    "IfExp": Walk.e_choice,
    "NamedExpr": Walk.e_walrus,
    "Lambda": Walk.e_lambda,
    "Tuple": Walk.e_sequence,
    "List": Walk.e_sequence,
    "Set": Walk.e_sequence,
    "Dict": Walk.e_dict,
    "ListComp": Walk.e_comprehension,
    "SetComp": Walk.e_comprehension,
    "GeneratorExp": Walk.e_comprehension,
    "DictComp": Walk.e_comprehension,
    "Await": Walk.e_await,
    "Yield": Walk.e_yield,
}
