"""A team's own rules: YAML files like those of rules/, with ``schema:`` in place of ``check:``.

What is wrong with one is told by file and line before anything is linted.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator
from typing import Any

from lambdalint.checks.schema import lookup, parts
from lambdalint.parsers.document import Document, read
from lambdalint.patterns import Pattern, PatternError
from lambdalint.rulebook import CHECKOUT, COMPILED, Rule, RuleBook, RuleError

FAMILY = "own"
MAX_FILES = 1_000
_STEM = re.compile(r"([A-Z]{2,8}[0-9]{3,4})-([a-z0-9]+(?:-[a-z0-9]+)*)")
_REFUSED = ("$dynamicRef", "$dynamicAnchor", "$anchor", "$id", "unevaluatedItems", "unevaluatedProperties")


def add_own(book: RuleBook, folders: Iterable[str]) -> list[Rule]:
    """Add the rules below the folders to the book. Raises RuleError with file and line of what is wrong."""
    added: list[Rule] = []
    files: dict[str, str] = {}
    for folder in folders:
        for path in _files(folder):
            document = read(path)
            code, name = _checked(document, path)
            shown = _shown(path)
            if code in files:
                raise RuleError(f"{shown}: the code {code} is that of {files[code]} already")
            if code in book.rules or any(rule.name == name for rule in book.rules.values()):
                taken = code if code in book.rules else name
                raise RuleError(f"{shown}: there is a rule {taken} already")
            files[code] = shown
            data = dict(document.root)
            data |= {"check": f"schema.{data['subject']}", "with": {"schema": data["schema"]}}
            added.append(book.add(f"{FAMILY}/{code}-{name}", data))
    return added


def _shown(path: str) -> str:
    relative = os.path.relpath(path)
    return path if relative.startswith("..") else relative


def _files(folder: str) -> Iterator[str]:
    if not os.path.isdir(folder):
        raise RuleError(f"{folder}: there is no such folder of rules")
    count = 0
    for below, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if name.endswith((".yaml", ".yml")):
                count += 1
                if count > MAX_FILES:
                    raise RuleError(f"{folder}: more than {MAX_FILES} rule files")
                yield os.path.join(below, name)


def _checked(document: Document, path: str) -> tuple[str, str]:
    """Code and name of a rule whose file is in order. Raises RuleError."""

    def fail(place: tuple[Any, ...], words: str, key: bool = False) -> RuleError:
        return RuleError(f"{_shown(path)}:{document.locate(place, key).line}: {words}")

    for fault in document.faults:
        words = str(fault.fields.get("problem") or fault.kind.replace("-", " "))
        if fault.kind == "duplicate-key":
            words = f"the key {fault.fields.get('key')} stands here twice"
        raise RuleError(f"{_shown(path)}:{fault.span.line if fault.span else 1}: {words}")
    root = document.root
    if not isinstance(root, dict):
        raise fail((), "a rule is a mapping")
    for key in ("check", "with"):
        if key in root:
            raise fail((key,), f"a team's own rule has schema: and no {key}:", True)
    for place, words in _misshapen(root):
        raise fail(place, words, key=True)
    _schema(root["schema"], fail)
    stem = _STEM.fullmatch(os.path.splitext(os.path.basename(path))[0])
    code, name = root.get("code") or (stem and stem[1]), root.get("name") or (stem and stem[2])
    if not code or not name:
        raise fail((), "it has no code or no name: write code: and name:, or call the file CODE-name.yaml")
    if code.startswith("LL") and code[2:].isdigit():
        raise fail(("code",), f"codes that begin with LL are lambdalint's own, so {code} is not to be had", True)
    return code, name


def _misshapen(root: Any) -> Iterator[tuple[tuple[Any, ...], str]]:
    """Where a rule file has not the shape of rule.schema.json."""
    from jsonschema import Draft202012Validator

    path = next(p for folder in (COMPILED, CHECKOUT) if os.path.isfile(p := os.path.join(folder, "rule.schema.json")))
    with open(path, encoding="utf-8") as file:
        shape = json.load(file)
    own = next(form for form in shape.pop("oneOf") if "schema" in form["required"])
    shape["required"] = [*shape["required"], *own["required"]]
    shape["properties"]["subject"] = own["properties"]["subject"]
    for error in sorted(Draft202012Validator(shape).iter_errors(root), key=lambda error: str(error.absolute_path)):
        place = tuple(error.absolute_path)
        words = error.message if len(error.message) < 200 else f"{error.message[:200]}…"
        if error.validator == "additionalProperties":
            from lambdalint.nearest import nearest

            known = error.schema["properties"]
            key = next(key for key in error.instance if key not in known)
            meant = nearest(str(key), known)
            yield (*place, key), f"a rule has no {key}" + (f"; did you mean {meant}?" if meant else "")
        elif error.validator == "required":
            yield place, words
        else:
            yield place, f"{'.'.join(map(str, place)) or 'the rule'}: {words}"


def _schema(schema: Any, fail: Any) -> None:
    """Whether a schema is one, fetches nothing, and has patterns that are taken."""
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match

    wrong = best_match(Draft202012Validator(Draft202012Validator.META_SCHEMA).iter_errors(schema))
    if wrong is not None:
        raise fail(("schema", *wrong.absolute_path), f"no valid JSON Schema: {wrong.message[:200]}", True)
    for place, part in parts(schema):
        for keyword in _REFUSED:
            if keyword in part and place[-1:] != ("properties",):
                raise fail(("schema", *place, keyword), f"{keyword} is not taken in a team's own rule", True)
        reference = part.get("$ref")
        if isinstance(reference, str):
            try:
                lookup(schema, reference)
            except (LookupError, TypeError):
                words = f"$ref {reference} points at nothing in this schema; nothing is fetched from elsewhere"
                raise fail(("schema", *place, "$ref"), words, True) from None
        known = part.get("patternProperties")
        patterns = [part.get("pattern"), *(known if isinstance(known, dict) else ())]
        for pattern in patterns:
            if isinstance(pattern, str):
                try:
                    Pattern(pattern)
                except PatternError as error:
                    key = "pattern" if pattern == part.get("pattern") else "patternProperties"
                    raise fail(("schema", *place, key), str(error), True) from error
