"""The rules and the facts they stand on: loads ``rules/``, binds checks, decides what is selected.

A wheel carries the book compiled to JSON (``lambdalint/book/``); a checkout reads the YAML of ``rules/``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from lambdalint.finding import ERROR, Notice, Problem
from lambdalint.model.quota import Quota

PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
COMPILED = os.path.join(PACKAGE, "book")
CHECKOUT = os.path.join(os.path.dirname(PACKAGE), "rules")
DOCUMENTATION = "https://github.com/lambdalint/lambdalint/blob/main/rules/"
SUBJECTS = ("document", "artifact", "deployment", "function", "layer", "role", "run", "suppression")
DOCS = ("why", "references", "examples")
"""What only explanations need: compiled to a file of its own, so that a plain run does not read it."""


class RuleError(Exception):
    """A rule file that cannot be used; the text names the file."""


class Examples(NamedTuple):
    bad: Sequence[Mapping[str, Any]]
    good: Sequence[Mapping[str, Any]]


class Rule:
    """One rule of the book."""

    __slots__ = (
        "_book",
        "arguments",
        "check",
        "code",
        "enabled",
        "family",
        "fix",
        "messages",
        "name",
        "needs",
        "precision",
        "schema",
        "security",
        "severity",
        "subject",
        "summary",
        "tags",
    )

    def __init__(self, book: RuleBook, code: str, name: str, family: str, data: Mapping[str, Any]) -> None:
        self._book = book
        self.code = code
        self.name = name
        self.family = family
        self.summary: str = data["summary"]
        self.severity: str = data["severity"]
        self.enabled: bool = data.get("enabled", True)
        self.subject: str = data["subject"]
        self.check: str = data.get("check", "")
        self.needs: Sequence[str] = data.get("needs", ())
        """What a deployment must have, one of these, for the rule to have anything to say: Deployment.has."""
        self.schema: Any = data.get("schema")
        self.arguments: Mapping[str, Any] = data.get("with") or {}
        self.messages: Mapping[str, str] = data.get("messages") or {}
        security = data.get("security")
        self.security: str | None = None if security is None else str(security)
        self.precision: str = data.get("precision", "high")
        self.tags: tuple[str, ...] = (family, *data.get("tags", ()))
        self.fix: str = data.get("fix", "")

    def _doc(self, field: str, default: Any) -> Any:
        return self._book.documentation(self.code).get(field, default)

    @property
    def why(self) -> str:
        return str(self._doc("why", ""))

    @property
    def references(self) -> Sequence[str]:
        found: Sequence[str] = self._doc("references", ())
        return found

    @property
    def examples(self) -> Examples:
        found = self._doc("examples", {})
        return Examples(found.get("bad") or (), found.get("good") or ())

    @property
    def help_uri(self) -> str:
        if self.schema is not None:
            return str(next(iter(self.references), ""))
        return f"{DOCUMENTATION}{self.family}/{self.code}-{self.name}.yaml"

    def message(self, problem: Problem, arguments: Mapping[str, Any]) -> str:
        """The problem in one sentence."""
        template = self.messages.get(problem.kind)
        if template is None:
            template = self.messages.get("default", self.summary)
        return fill(template, {**arguments, **problem.fields})

    def bind(self) -> tuple[Callable[..., Iterator[Problem | Notice]], dict[str, Any]]:
        """The check and its arguments, quotas and facts looked up. Raises RuleError for a check that is not there."""
        module, _, function = self.check.partition(".")
        try:
            found = getattr(__import__(f"lambdalint.checks.{module}", fromlist=(function,)), function)
        except (ImportError, AttributeError) as error:
            raise RuleError(f"{self.code}: there is no check {self.check} ({error})") from error
        if getattr(found, "subject", None) != self.subject:
            raise RuleError(f"{self.code}: the check {self.check} does not take a {self.subject}")
        return found, self._book.resolve(self.arguments)


_FIELD = re.compile(r"\{([a-z_][a-z0-9_.]*)\}")


@cache
def _pieces(template: str) -> tuple[list[str], list[tuple[int, str, list[str]]]]:
    """The text in pieces, fields as they stand; and of each field its index there, its name and its attributes."""
    pieces = _FIELD.split(template)
    fields = []
    for index in range(1, len(pieces), 2):
        name, *attributes = pieces[index].split(".")
        fields.append((index, name, attributes))
        pieces[index] = f"{{{pieces[index]}}}"
    return pieces, fields


def fill(template: str, fields: Mapping[str, Any]) -> str:
    """The template with ``{name}`` and ``{name.attribute}`` looked up; an unknown name stays as written."""
    pieces, named = _pieces(template)
    filled = pieces[:]
    for index, name, attributes in named:
        if name in fields:
            found = fields[name]
            for attribute in attributes:
                found = found.get(attribute) if isinstance(found, Mapping) else getattr(found, attribute, None)
            filled[index] = words(found)
    return "".join(filled)


def words(value: Any) -> str:
    """A value as a message shows it."""
    if value.__class__ is str:
        return value
    if isinstance(value, (list, tuple)):
        return ", ".join(words(item) for item in value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _by_code(item: tuple[str, Any]) -> str:
    """The order in which people look for a rule, whatever the family's folder is called."""
    return item[0].rpartition("/")[2]


class RuleBook:
    """All rules by code, and the tables of facts."""

    def __init__(
        self,
        rules: Mapping[str, Mapping[str, Any]],
        facts: Callable[[str], Any],
        docs: Callable[[], Mapping[str, Any]] | None = None,
        quotas: Mapping[str, Any] | None = None,
        checked_on: str = "",
    ) -> None:
        self._docs = docs
        self._checked_on = checked_on
        self._facts = facts
        self._raised = dict(quotas or {})
        self._data: Mapping[str, Any] = rules
        self._own: dict[str, Mapping[str, Any]] = {}
        """A team's own rules, with their documentation."""
        self.rules: dict[str, Rule] = {}
        for stem, data in sorted(rules.items(), key=_by_code):
            self.add(stem, data)

    def add(self, stem: str, data: Mapping[str, Any]) -> Rule:
        """``stem`` is ``family/CODE-name``, as the file is called."""
        family, _, rest = stem.rpartition("/")
        code, _, name = rest.partition("-")
        if code in self.rules:
            raise RuleError(f"{stem}: there is a rule {code} already")
        if stem not in self._data:
            self._own[stem] = data
        self.rules[code] = Rule(self, code, name, family, data)
        return self.rules[code]

    def documentation(self, code: str) -> Mapping[str, Any]:
        rule = self.rules[code]
        stem = f"{rule.family}/{rule.code}-{rule.name}" if rule.family else f"{rule.code}-{rule.name}"
        if stem in self._own:
            return self._own[stem]
        found: Mapping[str, Any] = (self._docs() if self._docs is not None else self._data)[stem]
        return found

    def facts(self, name: str) -> Any:
        """A table of facts by the name of its file in rules/, e.g. ``runtimes``."""
        table = self._facts(name)
        return {**table, "checked_on": self._checked_on} if self._checked_on and name == "runtimes" else table

    def quota(self, id: str) -> Quota:
        """Raises RuleError for an id that is not in rules/quotas.yaml."""
        entry = self.facts("quotas").get(id)
        if entry is None:
            raise RuleError(f"there is no quota {id}")
        quota = Quota(id=id, **{name: value for name, value in entry.items() if name in Quota._fields})
        if id in self._raised:
            quota = quota._replace(max=self._raised[id], raised=True)
        return quota

    def resolve(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """A rule's ``with``: ``quota`` and ``quotas`` become Quotas, ``facts`` the tables that it names."""
        resolved: dict[str, Any] = dict(arguments)
        if "quota" in resolved:
            resolved["quota"] = self.quota(resolved["quota"])
        if "quotas" in resolved:
            resolved["quotas"] = {name: self.quota(id) for name, id in resolved["quotas"].items()}
        if "variants" in resolved:
            resolved["variants"] = {name: self.quota(id) for name, id in resolved["variants"].items()}
        if "facts" in resolved:
            names = resolved["facts"]
            resolved["facts"] = (
                {name: self.facts(name) for name in names} if isinstance(names, list) else self.facts(names)
            )
        return resolved

    def matching(self, pattern: str) -> list[Rule]:
        """The rules that a code, a name, a prefix of a code or ALL means."""
        if pattern == "ALL":
            return list(self.rules.values())
        upper = pattern.upper()
        return [
            rule
            for rule in self.rules.values()
            if rule.code == upper
            or rule.name == pattern
            or (re.fullmatch(r"[A-Z]+[0-9]*", upper) and rule.code.startswith(upper))
        ]

    def selected(self, select: Sequence[str], ignore: Sequence[str]) -> list[Rule]:
        """The rules that run, in the book's order; ``select`` replaces the default set."""
        chosen = {rule.code for pattern in select for rule in self.matching(pattern)} if select else None
        left_out = {rule.code for pattern in ignore for rule in self.matching(pattern)}
        return [
            rule
            for rule in self.rules.values()
            if (rule.enabled if chosen is None else rule.code in chosen) and rule.code not in left_out
        ]


def load(quotas: Mapping[str, Any] | None = None, checked_on: str = "") -> RuleBook:
    """The book: compiled in a wheel, from the YAML in a checkout."""
    if os.path.isdir(COMPILED):
        return RuleBook(_compiled("rules"), _compiled, lambda: _compiled("docs"), quotas, checked_on)
    rules, facts = _checkout()
    return RuleBook(rules, facts, None, quotas, checked_on)


@cache
def _checkout() -> tuple[Mapping[str, Any], Callable[[str], Any]]:
    """The YAML of a checkout, read once a process."""
    from lambdalint.rulebook.files import read_facts, read_rules

    return read_rules(CHECKOUT), read_facts(CHECKOUT)


_tables: dict[str, Any] = {}


def _compiled(name: str) -> Any:
    if name not in _tables:
        import json

        try:
            with open(os.path.join(COMPILED, name + ".json"), encoding="utf-8") as file:
                _tables[name] = json.load(file)
        except FileNotFoundError:
            raise RuleError(f"there is no table of facts {name}") from None
    return _tables[name]


def severity_of(rule: Rule, problem: Problem, overrides: Mapping[str, str]) -> str:
    """The user's word first; else the rule's, or lower where the problem says so."""
    if rule.code in overrides:
        return overrides[rule.code]
    return problem.severity or rule.severity or ERROR
