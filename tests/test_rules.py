"""Every rule's examples hold, every rule file has the shape that it should, and the book is one with the catalogue."""

from __future__ import annotations

import json
import os
import re

import jsonschema
import pytest

from lambdalint.examples import check_rule
from lambdalint.rulebook import CHECKOUT, load

BOOK = load()
RULES = list(BOOK.rules.values())


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_examples(rule):
    assert list(check_rule(rule)) == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_shape(rule):
    with open(os.path.join(CHECKOUT, "rule.schema.json"), encoding="utf-8") as file:
        schema = json.load(file)
    data = BOOK._data[f"{rule.family}/{rule.code}-{rule.name}"]
    jsonschema.Draft202012Validator(schema).validate(data)
    rule.bind()


CATALOGUE = os.path.join(CHECKOUT, "..", "..", "shared", "RULES.md")


@pytest.mark.skipif(not os.path.exists(CATALOGUE), reason="the catalogue is not here")
def test_catalogue():
    """Code, name, severity and whether a rule is on are those of the catalogue."""
    with open(CATALOGUE, encoding="utf-8") as file:
        rows = re.findall(r"^\| (LL\d{3}) \| ([a-z-]+) \| (error|warning|note) \| (on|off) \|", file.read(), re.M)
    wanted = {code: (name, severity, state == "on") for code, name, severity, state in rows}
    assert {rule.code: (rule.name, rule.severity, rule.enabled) for rule in RULES} == {
        code: wanted[code] for code in BOOK.rules
    }


def test_the_book_goes_by_code():
    codes = list(BOOK.rules)
    assert codes == sorted(codes)
