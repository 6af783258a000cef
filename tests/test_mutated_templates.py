"""No shape of a template makes a rule or a reader fail: the examples and applications, turned inside out."""

from __future__ import annotations

import copy
import json
import os
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lambdalint.engine import lint
from lambdalint.examples import files_of
from lambdalint.model.values import Unknown
from lambdalint.parsers.document import parse
from lambdalint.reporters import FORMATS, Options, render
from lambdalint.rulebook import load
from lambdalint.settings import Settings

DATA = os.path.join(os.path.dirname(__file__), "data")
EXAMPLES = int(os.environ.get("LAMBDALINT_FUZZ", "150"))


def texts():
    for rule in load().rules.values():
        for example in (*rule.examples.bad, *rule.examples.good):
            for name, text in files_of(example).items():
                if name.startswith("template."):
                    yield text
    for folder, _, names in sorted(os.walk(DATA)):
        for name in sorted(names):
            if name.startswith("template."):
                with open(os.path.join(folder, name), encoding="utf-8") as file:
                    yield file.read()


def plain(value):
    """A value as JSON may hold it: what is not known becomes a call of a function that nobody has."""
    if isinstance(value, dict):
        return {key: plain(child) for key, child in value.items()}
    if isinstance(value, list):
        return [plain(child) for child in value]
    return {"Fn::Nobody": value.reason} if isinstance(value, Unknown) else value


ROOTS = [plain(root) for text in texts() if isinstance(root := parse(text.encode(), "template.yaml").root, dict)]


def places(value, path=()):
    yield path
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in members:
        yield from places(child, (*path, key))


VALUES = st.sampled_from(
    [
        None, True, False, 0, -1, 1, 3, 901, 10**15, 1.5, -0.0, 1e300, "", " ", "a", "*", "-1", "10", "9" * 150,
        "true",
        "$default", "a:b", "arn:", "arn:aws:lambda", "arn:aws:sqs:us-east-1:111122223333:q.fifo", "python3.13",
        "é\u2028",
        "${", "${}", "${A.B.C}", "${!A}", "{{resolve:ssm:a}}", "{{resolve:", "rate()", "cron(* * * * ? *)", "[",
        "{\"a\":1}",
        [], {}, [None], [[]], [{}], [""], [1, "a", None, {"a": []}], {"": None}, {"a": {"b": {"c": []}}},
        {"Fn::If": []},
        {"Ref": "AWS::NoValue"}, {"Ref": "AWS::Region"}, {"Ref": "Nobody"}, {"Ref": None}, {"Ref": ["a"]},
        {"Ref": {}},
        {"Fn::GetAtt": "A.B"}, {"Fn::GetAtt": ["A"]}, {"Fn::GetAtt": []}, {"Fn::GetAtt": ["Fn", "Arn"]},
        {"Fn::Sub": []},
        {"Fn::Sub": "${AWS::AccountId}${Fn.Arn}"}, {"Fn::Sub": ["${x}", {"x": []}]}, {"Fn::Sub": {"a": 1}},
        {"Fn::Join": ["", ["a", {"Ref": "AWS::Region"}]]}, {"Fn::Join": []}, {"Fn::Join": ["", {"Ref": "X"}]},
        {"Fn::If": ["C", 1, {"Ref": "AWS::NoValue"}]}, {"Fn::If": [{}, [], {}]}, {"Fn::FindInMap": ["A", "B", "C"]},
        {"Fn::Select": [0, []]}, {"Fn::Select": [9, ["a"]]}, {"Fn::Split": [",", "a,b"]},
        {"Fn::Transform": {"Name": "X"}},
        {"Fn::ImportValue": "x"}, {"Fn::ForEach::L": ["I", ["a", "b"], {"${I}": {"Ref": "I"}}]},
        {"Fn::ForEach::L": []},
        {"Fn::Nobody": 1}, {"Fn::ToJsonString": {"a": {"Ref": "AWS::Region"}}}, {"Fn::Base64": ["a"]},
        {"Condition": "C"},
        {"Statement": "x"}, {"Statement": [{"Effect": [], "Action": {}, "Resource": {"a": 1}, "Principal": [{}]}]},
    ]
)  # fmt: skip


@st.composite
def templates(draw):
    """A real template with some of its values replaced, moved, removed, or put under a key of another's."""
    root = copy.deepcopy(draw(st.sampled_from(ROOTS)))
    for _ in range(draw(st.integers(1, 4))):
        paths = list(places(root))
        path = paths[draw(st.integers(0, len(paths) - 1))]
        value = draw(VALUES)
        kind = draw(st.sampled_from(["replace", "replace", "replace", "remove", "move", "wrap"]))
        if not path:
            continue
        holder = root
        for key in path[:-1]:
            holder = holder[key]
        if kind == "remove":
            del holder[path[-1]]
        elif kind == "move":
            other = paths[draw(st.integers(0, len(paths) - 1))]
            moved = root
            for key in other:
                moved = moved[key]
            holder[path[-1]] = copy.deepcopy(moved)
        elif kind == "wrap":
            holder[path[-1]] = draw(st.sampled_from([[holder[path[-1]]], {"Fn::If": ["C", holder[path[-1]], value]}]))
        else:
            holder[path[-1]] = copy.deepcopy(value)
    return root


RULES = list(load().rules.values())
OPEN = {
    rule.code: {field for text in rule.messages.values() for field in re.findall(r"\{[a-z_0-9.]+\}", text)}
    for rule in RULES
}


@pytest.mark.slow
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=EXAMPLES < 1000,
    database=None,
)
@given(templates())
def test_no_shape_makes_a_rule_fail(root):
    text = json.dumps(root)
    report, _ = lint(["-"], Settings(as_of="2026-11-23", select=("ALL",)), text.encode())
    crashes = [notice.message for notice in report.notices if "internal error" in notice.message]
    assert not crashes, (crashes, text)
    for finding in report.findings:
        unfilled = [field for field in OPEN[finding.code] if field in finding.message and field not in text]
        assert not unfilled, (finding, text)
    for form in FORMATS:
        assert isinstance(render(form, report, RULES, Options()), str)
