"""Event patterns: what the matcher takes passes, each thing that it refuses is told, and nothing raises."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdalint.model.event_pattern import COMPARISONS, OPERATORS, check_pattern
from lambdalint.model.values import OpenList, OpenMap, Reference, Symbol, Text, Unknown

DIALECTS = ("esm", "rule", "sns")


def kinds(pattern: Any, dialect: str = "esm") -> list[str]:
    text = pattern if isinstance(pattern, str) else json.dumps(pattern)
    return [fault.kind for fault in check_pattern(text, dialect)]


VALID = [
    {"source": ["aws.ec2"], "detail": {"state": ["running", None, 3, True, ""]}},
    {"a": [{"prefix": "x"}, {"suffix": ".png"}, {"equals-ignore-case": "y"}, {"exists": False}]},
    {"a": [{"prefix": {"equals-ignore-case": "x"}}, {"suffix": {"equals-ignore-case": "x"}}]},
    {"a": [{"anything-but": "x"}, {"anything-but": 3}, {"anything-but": ["x", "y"]}, {"anything-but": [1, 2.5]}]},
    {"a": [{"anything-but": {"prefix": "x"}}, {"anything-but": {"suffix": ["x", "y"]}}]},
    {"a": [{"anything-but": {"equals-ignore-case": ["x"]}}, {"anything-but": {"wildcard": "*/lib/*"}}]},
    {"a": [{"numeric": ["=", 5]}, {"numeric": [">", 0, "<=", 5]}, {"numeric": ["<", -1.5e3]}]},
    {"a": [{"cidr": "10.0.0.0/24"}, {"cidr": "2001:db8::/32"}]},
    {"a": [{"wildcard": "a*b*c"}, {"wildcard": "a\\**"}]},
    {"$or": [{"a": [1]}, {"b": {"c": [{"exists": True}]}}], "d": ["x"]},
    {"body": {"$or": [{"a": [1]}, {"b": [2]}]}},
    {"$or": ["a field may have this name"]},
    {"exists": ["a field may be called as an operator is"]},
]


@pytest.mark.parametrize("pattern", VALID)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_valid(pattern: dict[str, Any], dialect: str) -> None:
    assert check_pattern(json.dumps(pattern), dialect) == []
    if dialect != "esm":
        assert check_pattern(pattern, dialect) == []


REFUSED = [
    ([], "not_object", ()),
    ("text", "not_object", ()),
    ({"a": "x"}, "not_list", ("a",)),
    ({"a": 1}, "not_list", ("a",)),
    ({"a": None}, "not_list", ("a",)),
    ({"a": {"b": True}}, "not_list", ("a", "b")),
    ({"a": []}, "empty_list", ("a",)),
    ({"a": [["x"]]}, "not_value", ("a", 0)),
    ({"a": [{}]}, "operators", ("a", 0)),
    ({"a": [{"prefix": "x", "suffix": "y"}]}, "operators", ("a", 0)),
    ({"a": ["x", {"prefx": "x"}]}, "unknown_operator", ("a", 1, "prefx")),
    ({"a": [{"prefix": ["x"]}]}, "operand", ("a", 0, "prefix")),
    ({"a": [{"prefix": {"suffix": "x"}}]}, "operand", ("a", 0, "prefix")),
    ({"a": [{"suffix": None}]}, "operand", ("a", 0, "suffix")),
    ({"a": [{"equals-ignore-case": 1}]}, "operand", ("a", 0, "equals-ignore-case")),
    ({"a": [{"exists": "true"}]}, "operand", ("a", 0, "exists")),
    ({"a": [{"exists": [True]}]}, "operand", ("a", 0, "exists")),
    ({"a": [{"cidr": "10.0.0.0/33"}]}, "operand", ("a", 0, "cidr")),
    ({"a": [{"cidr": "home"}]}, "operand", ("a", 0, "cidr")),
    ({"a": [{"wildcard": "a**b"}]}, "wildcard", ("a", 0, "wildcard")),
    ({"a": [{"anything-but": []}]}, "empty_list", ("a", 0, "anything-but")),
    ({"a": [{"anything-but": {}}]}, "operators", ("a", 0, "anything-but")),
    ({"a": [{"anything-but": ["x", 1]}]}, "operand", ("a", 0, "anything-but")),
    ({"a": [{"anything-but": [["x"]]}]}, "operand", ("a", 0, "anything-but")),
    ({"a": [{"anything-but": {"numeric": ["=", 1]}}]}, "unknown_operator", ("a", 0, "anything-but", "numeric")),
    ({"a": [{"anything-but": {"wildcard": "**"}}]}, "wildcard", ("a", 0, "anything-but", "wildcard")),
    ({"a": [{"numeric": 5}]}, "operand", ("a", 0, "numeric")),
    ({"a": [{"numeric": []}]}, "numeric", ("a", 0, "numeric")),
    ({"a": [{"numeric": [">"]}]}, "numeric", ("a", 0, "numeric")),
    ({"a": [{"numeric": ["!=", 5]}]}, "numeric", ("a", 0, "numeric")),
    ({"a": [{"numeric": [">", "5"]}]}, "numeric", ("a", 0, "numeric")),
    ({"a": [{"numeric": [">", 5, "<", 5]}]}, "numeric", ("a", 0, "numeric")),
    ({"a": [{"numeric": ["<", 5, ">", 0]}]}, "numeric", ("a", 0, "numeric")),
    ({"a": [{"numeric": [">", 1, "<", 5, "<", 7]}]}, "numeric", ("a", 0, "numeric")),
    ({"$or": [{"a": [1]}, {"b": "x"}]}, "not_list", ("$or", 1, "b")),
]


@pytest.mark.parametrize(("pattern", "kind", "path"), REFUSED)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_refused(pattern: Any, kind: str, path: tuple[Any, ...], dialect: str) -> None:
    (fault,) = check_pattern(json.dumps(pattern), dialect)
    assert (fault.kind, fault.path) == (kind, path)


@pytest.mark.parametrize("text", ["", "{", "{'a': ['x']}", "{a: [1]}", '{"a": [NaN]}', '{"a": ["x"],}', "body"])
def test_not_json(text: str) -> None:
    assert kinds(text) == ["not_json"]


def test_a_filter_of_a_mapping_is_text() -> None:
    assert [fault.kind for fault in check_pattern({"a": ["x"]}, "esm")] == ["not_json"]
    assert check_pattern({"a": ["x"]}, "rule") == []


def test_empty_objects_are_refused_by_rules() -> None:
    assert kinds({}, "rule") == ["empty_object"]
    assert kinds({"a": {}}, "rule") == ["empty_object"]
    assert kinds({}, "esm") == kinds({"a": {}}, "esm") == []


def test_a_map_may_have_been_text_or_become_it() -> None:
    """CloudFormation turns numbers and booleans of a map into text and back: what is written is not what arrives."""
    pattern = {"a": [{"exists": "true"}, {"numeric": [">", "5"]}, {"prefix": 12}, {"anything-but": ["x", 1]}]}
    assert check_pattern(pattern, "rule") == []
    assert [fault.kind for fault in check_pattern({"a": [{"numeric": [">", "five"]}]}, "rule")] == ["numeric"]


def test_an_intrinsic_left_in_a_map_is_passed_over() -> None:
    assert check_pattern({"a": [{"Ref": "Bucket"}, {"Fn::Sub": "${A}"}]}, "rule") == []
    assert kinds({"a": [{"Ref": "Bucket"}]}, "rule") == ["unknown_operator"]


def test_the_nearest_operator_is_offered() -> None:
    (fault,) = check_pattern('{"a": [{"Anything_But": ["x"]}]}', "esm")
    assert fault.fields == {"name": "Anything_But", "nearest": "anything-but"}
    (fault,) = check_pattern('{"a": [{"regex": "x"}]}', "esm")
    assert fault.fields["nearest"] is None


UNKNOWN = [Unknown("a parameter"), Reference("Bucket"), Text(("a", Symbol("AWS::Region"))), OpenMap(), OpenList()]


@pytest.mark.parametrize("value", UNKNOWN)
def test_what_is_not_known_is_passed_over(value: Any) -> None:
    assert check_pattern({"a": value}, "rule") == []
    assert check_pattern({"a": [value]}, "rule") in ([], [("not_value", ("a", 0), {"found": "a list"})])
    assert check_pattern({"a": [{"prefix": value}, {"numeric": value}, {"exists": value}]}, "rule") == []
    assert check_pattern({"a": [{"anything-but": {"prefix": value}}, {"numeric": [">", value]}]}, "rule") == []
    if not isinstance(value, (OpenMap, OpenList)):
        assert check_pattern(value, "rule") == check_pattern(value, "esm") == []


@pytest.mark.parametrize("depth", [150, 900, 1300])
def test_depth_is_bounded(depth: int) -> None:
    for opening, closing in (('{"a":', "}"), ("[", "]")):
        pattern = '{"a": [{"anything-but": ' + opening * depth + "1" + closing * depth + "}]}"
        check_pattern(pattern, "esm")
        check_pattern(opening * depth + "[1]" + closing * depth, "rule")


scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
texts = st.text(alphabet=st.characters(exclude_characters="*\\", exclude_categories=["Cs"]))
numbers = st.integers(-1000, 1000)
operators = st.one_of(
    st.fixed_dictionaries({"prefix": texts}),
    st.fixed_dictionaries({"suffix": texts}),
    st.fixed_dictionaries({"equals-ignore-case": texts}),
    st.fixed_dictionaries({"wildcard": st.lists(texts.filter(bool), min_size=1).map("*".join)}),
    st.fixed_dictionaries({"exists": st.booleans()}),
    st.fixed_dictionaries(
        {"anything-but": texts | numbers | st.lists(texts, min_size=1) | st.lists(numbers, min_size=1)}
    ),
    st.fixed_dictionaries({"anything-but": st.fixed_dictionaries({"prefix": texts})}),
    st.fixed_dictionaries({"cidr": st.ip_addresses().map(str)}),
    st.builds(lambda sign, value: {"numeric": [sign, value]}, st.sampled_from(COMPARISONS), numbers),
    st.builds(lambda low, more: {"numeric": [">", low, "<=", low + more]}, numbers, st.integers(1, 99)),
)
leaves = st.lists(scalars | operators, min_size=1, max_size=4)
names = st.text(min_size=1).filter(lambda name: name != "$or")
patterns = st.recursive(
    st.dictionaries(names, leaves, min_size=1, max_size=3),
    lambda inner: st.dictionaries(names, inner | leaves, min_size=1, max_size=3),
    max_leaves=8,
)


@given(patterns, st.sampled_from(DIALECTS))
def test_generated_patterns_are_valid(pattern: dict[str, Any], dialect: str) -> None:
    assert check_pattern(json.dumps(pattern), dialect) == []


BROKEN = st.sampled_from(["text", 1, None, [], [[]], [{}], [{"prefix": []}], [{"numeric": [1]}], [{"a": 1, "b": 2}]])


@given(patterns, BROKEN, st.sampled_from(DIALECTS), st.data())
def test_a_broken_leaf_anywhere_is_told(
    pattern: dict[str, Any], broken: Any, dialect: str, data: st.DataObject
) -> None:
    node = pattern
    path: list[str] = []
    while True:
        path.append(data.draw(st.sampled_from(sorted(node))))
        if not isinstance(node[path[-1]], dict):
            break
        node = node[path[-1]]
    node[path[-1]] = broken
    (fault,) = check_pattern(json.dumps(pattern), dialect)
    assert list(fault.path[: len(path)]) == path


anything = st.recursive(
    scalars | st.sampled_from([*OPERATORS, *COMPARISONS]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from([*OPERATORS, "$or", "a"]) | st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=25,
)


@given(anything, st.sampled_from(DIALECTS))
def test_nothing_raises(pattern: Any, dialect: str) -> None:
    for value in (pattern, json.dumps(pattern)):
        for fault in check_pattern(value, dialect):
            assert isinstance(fault.path, tuple)
