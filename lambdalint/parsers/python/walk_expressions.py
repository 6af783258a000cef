"""The expressions of a module, as ``walk`` describes them."""

from __future__ import annotations

from typing import Any

from lambdalint.parsers.python.scan import Line

Expression = list[Any] | None
LONGEST_TEXT = 300
"""Code points; a longer string constant is no name, key or path that a rule compares."""


class ExpressionWalk:
    """Where the walk is, and the expressions of the statement there; ``lines`` are the module's logical lines."""

    def __init__(self, lines: list[Line], quotes: bool = True) -> None:
        self.lines = lines
        self.quotes = quotes
        """Whether any f-string of the module may hold its own quote or a backslash in an expression."""
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
            if self.quotes and holds_quote(inner, quote):
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

EXPRESSION: dict[str, Any] = {
    "Name": ExpressionWalk.e_name,
    "Attribute": ExpressionWalk.e_attribute,
    "Call": ExpressionWalk.e_call,
    "Subscript": ExpressionWalk.e_subscript,
    "SimpleString": ExpressionWalk.e_string,
    "Integer": ExpressionWalk.e_number,
    "Float": ExpressionWalk.e_number,
    "ConcatenatedString": ExpressionWalk.e_joined,
    "FormattedString": ExpressionWalk.e_formatted,
    "TemplatedString": ExpressionWalk.e_formatted,
    "BinaryOperation": ExpressionWalk.e_binary,
    "BooleanOperation": ExpressionWalk.e_boolean,
    "UnaryOperation": ExpressionWalk.e_unary,
    "Comparison": ExpressionWalk.e_comparison,
    "IfExp": ExpressionWalk.e_choice,
    "NamedExpr": ExpressionWalk.e_walrus,
    "Lambda": ExpressionWalk.e_lambda,
    "Tuple": ExpressionWalk.e_sequence,
    "List": ExpressionWalk.e_sequence,
    "Set": ExpressionWalk.e_sequence,
    "Dict": ExpressionWalk.e_dict,
    "ListComp": ExpressionWalk.e_comprehension,
    "SetComp": ExpressionWalk.e_comprehension,
    "GeneratorExp": ExpressionWalk.e_comprehension,
    "DictComp": ExpressionWalk.e_comprehension,
    "Await": ExpressionWalk.e_await,
    "Yield": ExpressionWalk.e_yield,
}
