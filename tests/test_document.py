"""Documents: values as CloudFormation reads them, the place of each, and what is said of bad input."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import textwrap
from contextlib import suppress
from functools import lru_cache
from pathlib import Path as File
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdalint.finding import FIRST_LINE, Fault, Span
from lambdalint.model.values import Unknown
from lambdalint.parsers.document import JSON_LIMIT, YAML_LIMIT, Document, parse, read
from lambdalint.parsers.document.yaml import scalar

CORPUS = File(__file__).parents[2] / "shared" / "corpus"


def document(text: str, path: str = "template.yaml") -> Document:
    return parse(textwrap.dedent(text).encode(), path)


@lru_cache(maxsize=2)
def split(source: str) -> list[str]:
    return re.split("(?<=\n)|(?<=\r)(?!\n)", source)


def cut(source: str, span: Span) -> str:
    """The text of a span: an implementation of its own, over lines."""
    lines = split(source)
    if span.line == span.end_line:
        return lines[span.line - 1][span.column - 1 : span.end_column - 1]
    middle = lines[span.line : span.end_line - 1]
    last = lines[span.end_line - 1] if span.end_line <= len(lines) else ""
    return lines[span.line - 1][span.column - 1 :] + "".join(middle) + last[: span.end_column - 1]


def shown(doc: Document, *path: Any, key: bool = False) -> str:
    """The text at a path's place."""
    return cut(doc.data.decode("utf-8-sig"), doc.locate(path, key))


def every_path(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[tuple[Any, ...], Any]]:
    """All paths of a value with what lies there."""
    found = [(path, value)]
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, item in members:
        found += every_path(item, (*path, step))
    return found


def kinds(doc: Document) -> list[str]:
    return [fault.kind for fault in doc.faults]


# --- scalars

SCALARS = {
    "30": 30,
    "-1": -1,
    "0": 0,
    "123456789012": 123456789012,
    "1.5": 1.5,
    "-0.25": -0.25,
    "true": True,
    "True": True,
    "FALSE": False,
    "yes": True,
    "No": False,
    "ON": True,
    "off": False,
    "y": "y",
    "n": "n",
    "tRUE": "tRUE",
    "null": None,
    "~": None,
    "010": "010",
    "0123": "0123",
    "0x1F": "0x1F",
    "0o17": "0o17",
    "12:30": "12:30",
    "190:20:30": "190:20:30",
    "3.10": "3.10",
    "1.0": 1.0,
    "1.": "1.",
    ".5": ".5",
    "1e3": "1e3",
    "1.0e+3": "1.0e+3",
    "1_000": "1_000",
    "+5": "+5",
    "-0": "-0",
    "-": "-",
    ".inf": ".inf",
    ".NaN": ".NaN",
    "2012-10-17": "2012-10-17",
    "2001-12-14 21:59:43.10 -5": "2001-12-14 21:59:43.10 -5",
    "99999999999999999999": "99999999999999999999",
    "0.1234567890123456789": "0.1234567890123456789",
    "python3.12": "python3.12",
    "=": "=",
    "٣": "٣",
}


@pytest.mark.parametrize("text", [text for text in SCALARS if text != "-"])
def test_a_plain_scalar_is_read_as_cloudformation_reads_it(text: str) -> None:
    doc = document(f"Value: {text}\nQuoted: '{text}'\n")
    assert (doc.root["Value"], type(doc.root["Value"])) == (SCALARS[text], type(SCALARS[text]))
    assert doc.root["Quoted"] == text


@given(st.integers(-(10**17), 10**17) | st.floats(-1e6, 1e6).filter(lambda x: "e" not in repr(x) and repr(x) != "-0.0"))
def test_a_canonical_number_is_a_number(number: float) -> None:
    assert repr(scalar(repr(number))) == repr(number) or len(repr(number)) > 17


@given(st.text(max_size=12))
def test_no_scalar_loses_its_text(text: str) -> None:
    value = scalar(text)
    assert value is None or isinstance(value, bool) or str(value) == text


def test_empty_values_are_null_and_keys_are_text() -> None:
    doc = document("A:\nB: ''\n1: x\n2012-10-17: y\ntrue: z\n~: w\n3.10: v\n")
    assert doc.root == {"A": None, "B": "", "1": "x", "2012-10-17": "y", "true": "z", "~": "w", "3.10": "v"}


# --- short tags

TAGS: list[tuple[str, Any]] = [
    ("!Ref X", {"Ref": "X"}),
    ("!Ref 010", {"Ref": "010"}),
    ("!Condition C", {"Condition": "C"}),
    ("!GetAtt A.B", {"Fn::GetAtt": ["A", "B"]}),
    ("!GetAtt A.B.C", {"Fn::GetAtt": ["A", "B.C"]}),
    ("!GetAtt 'A.B'", {"Fn::GetAtt": ["A", "B"]}),
    ("!GetAtt A", {"Fn::GetAtt": ["A"]}),
    ("!GetAtt [A, B]", {"Fn::GetAtt": ["A", "B"]}),
    ('!Sub "${A}-x"', {"Fn::Sub": "${A}-x"}),
    ("!Sub ['${A}', {A: !Ref B}]", {"Fn::Sub": ["${A}", {"A": {"Ref": "B"}}]}),
    ("!If [C, 1, !Ref AWS::NoValue]", {"Fn::If": ["C", 1, {"Ref": "AWS::NoValue"}]}),
    ("!FindInMap [A, B, C]", {"Fn::FindInMap": ["A", "B", "C"]}),
    ("!Join ['', [a, b]]", {"Fn::Join": ["", ["a", "b"]]}),
    ("!Select [0, !GetAZs '']", {"Fn::Select": [0, {"Fn::GetAZs": ""}]}),
    ("!GetAZs", {"Fn::GetAZs": ""}),
    ("!Base64 5", {"Fn::Base64": "5"}),
    ("!Transform {Name: N, Parameters: {}}", {"Fn::Transform": {"Name": "N", "Parameters": {}}}),
    ("!Not [!Equals [a, yes]]", {"Fn::Not": [{"Fn::Equals": ["a", True]}]}),
    ("!ToJsonString {a: 1}", {"Fn::ToJsonString": {"a": 1}}),
    ("!Length [1]", {"Fn::Length": [1]}),
    ("!!str 12", "12"),
    ("!!int '12'", 12),
    ("! 12", "12"),
    ("!!map {a: 1}", {"a": 1}),
]


@pytest.mark.parametrize(("text", "value"), TAGS)
def test_a_short_tag_becomes_its_long_form(text: str, value: Any) -> None:
    doc = document(f"A: {text}\n")
    assert doc.faults == ()
    assert doc.root == {"A": value}
    for path, _ in every_path(doc.root):
        assert doc.has(path), path


@pytest.mark.parametrize("text", ["!Rain::Embed x", "!!binary aGk=", "!python/object:os.system {}", "!!set {a, b}"])
def test_an_unknown_tag_is_an_unknown_value(text: str) -> None:
    doc = document(f"A: {text}\nB: 1\n")
    assert isinstance(doc.root["A"], Unknown)
    assert doc.root["A"].reason == f"the tag {text.split()[0]} is not known"
    assert doc.root["B"] == 1
    assert shown(doc, "A") == text


def test_the_places_of_a_short_tag() -> None:
    doc = document("""\
        Role: !GetAtt Table.Stream.Arn
        Quoted: !GetAtt "A.B"
        Escaped: !GetAtt "A\\x2eB"
        Sub: !Sub   "${x}"
        Below: !If
          - C
          - !Ref  D
          - 1
        Empty: !GetAZs
        """)
    assert shown(doc, "Role") == "!GetAtt Table.Stream.Arn"
    assert shown(doc, "Role", "Fn::GetAtt", key=True) == "!GetAtt"
    assert shown(doc, "Role", "Fn::GetAtt") == "Table.Stream.Arn"
    assert shown(doc, "Role", "Fn::GetAtt", 0) == "Table"
    assert shown(doc, "Role", "Fn::GetAtt", 1) == "Stream.Arn"
    assert shown(doc, "Quoted", "Fn::GetAtt", 1) == "B"
    assert doc.root["Escaped"] == {"Fn::GetAtt": ["A", "B"]}
    assert shown(doc, "Escaped", "Fn::GetAtt", 1) == '"A\\x2eB"'
    assert shown(doc, "Sub", "Fn::Sub") == '"${x}"'
    assert shown(doc, "Below", "Fn::If", 1) == "!Ref  D"
    assert shown(doc, "Below", "Fn::If", 1, "Ref") == "D"
    assert shown(doc, "Below", "Fn::If", 1, "Ref", key=True) == "!Ref"
    assert shown(doc, "Below", "Fn::If").startswith("- C\n")
    assert shown(doc, "Empty") == "!GetAZs"


# --- places


def test_places_of_block_values() -> None:
    doc = document("""\
        Resources:
          Fn:
            Type: AWS::Lambda::Function  # a comment
            Properties:
              Timeout: 901
              Code: |
                import os

              # not of the value
              Tags:
              - {Key: a, Value: "b c"}

          # the end
        Outputs: {}
        """)
    properties = ("Resources", "Fn", "Properties")
    assert doc.locate((*properties, "Timeout")) == Span(5, 16, 5, 19)
    assert doc.locate((*properties, "Timeout"), key=True) == Span(5, 7, 5, 14)
    assert doc.locate((*properties, "Code")) == Span(6, 13, 7, 18)
    assert doc.locate((*properties, "Tags")) == Span(11, 7, 11, 31)
    assert doc.locate(("Resources",)) == Span(2, 3, 11, 31)
    assert shown(doc, *properties, "Tags", 0, "Value") == '"b c"'
    assert doc.locate((*properties, "Tags", 0), key=True) == Span(11, 9, 11, 31)


def test_a_path_that_is_not_there_is_at_its_nearest_ancestor() -> None:
    doc = document("A:\n  B:\n    - C: 1\n      D: 2\n")
    assert shown(doc, "A", "Missing", "X") == "A"
    assert shown(doc, "A", "B", 7) == "B"
    assert shown(doc, "A", "B", 0, "E") == "C: 1"
    assert shown(doc, "A", "B", 0, "C", "deeper") == "C"
    assert doc.locate(("Missing",)) == FIRST_LINE
    assert not doc.has(("A", "B", 7))
    assert not doc.has(("A", "B", "0"))
    assert doc.has(())


def test_anchors_aliases_and_merge_keys() -> None:
    doc = document("""\
        Base: &base
          Timeout: 901
          Env: {A: 1}
        Name: &name value
        F:
          <<: *base
          Timeout: 3
        G:
          <<: [{Timeout: 1, X: 2}, *base]
        H: *base
        I: *name
        J: &list [&one 1, *one]
        K: &k !Ref X
        L: *k
        "<<": quoted
        """)
    assert doc.faults == ()
    assert doc.root["F"] == {"Timeout": 3, "Env": {"A": 1}}
    assert doc.root["G"] == {"Timeout": 1, "Env": {"A": 1}, "X": 2}
    assert doc.root["H"] is doc.root["Base"]
    assert (doc.root["I"], doc.root["J"], doc.root["L"]) == ("value", [1, 1], {"Ref": "X"})
    assert doc.root["<<"] == "quoted"
    assert doc.locate(("F", "Timeout")).line == 7
    assert doc.locate(("F", "Env", "A")).line == 3
    assert doc.locate(("F", "Env"), key=True) == Span(3, 3, 3, 6)
    assert shown(doc, "H") == "*base"
    assert doc.locate(("H", "Timeout")) == Span(2, 12, 2, 15)
    assert (shown(doc, "Name"), shown(doc, "I"), shown(doc, "J", 0)) == ("value", "*name", "1")
    assert (shown(doc, "K"), shown(doc, "L", "Ref")) == ("!Ref X", "X")


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_line_ends_and_byte_order_marks(newline: str, bom: bytes) -> None:
    text = "# héé 🎉\nA: '🎉🎉'  # x\nB: [\"🎉\", c]\nK🎉: |\n  x\n  y\nC:\td\n".replace("\n", newline)
    doc = parse(bom + text.encode(), "t.yaml")
    assert doc.root == {"A": "🎉🎉", "B": ["🎉", "c"], "K🎉": "x\ny\n", "C": "d"}
    assert doc.locate(("A",)) == Span(2, 4, 2, 8)
    assert doc.locate(("B", 1)) == Span(3, 10, 3, 11)
    assert doc.locate(("K🎉",), key=True) == Span(4, 1, 4, 3)
    assert doc.locate(("C",)) == Span(7, 4, 7, 5)
    assert doc.line(2) == "A: '🎉🎉'  # x"
    assert (doc.line(0), doc.line(99)) == ("", "")
    assert [comment[:2] for comment in doc.comments()] == [(1, 1), (2, 10)]


def test_what_only_yaml_calls_a_line_break_does_not_move_lines() -> None:
    doc = parse('A: "x\u2028 y\x85z"\nB: 1\n'.encode(), "t.yaml")
    assert doc.locate(("B",), key=True) == Span(2, 1, 2, 2)


def test_flow_style_over_lines() -> None:
    doc = document('{A: [1,\n  {B: "x"}], "C": {D: }}\n')
    assert doc.kind == "yaml"
    assert doc.root == {"A": [1, {"B": "x"}], "C": {"D": None}}
    assert doc.locate(("A",)) == Span(1, 5, 2, 12)
    assert shown(doc, "A", 1, "B", key=True) == "B"
    assert shown(doc, "C", key=True) == '"C"'


def reads(text: str, span: Span, expected: Any) -> bool:
    """Whether the text of a span by itself says, to PyYAML, what is expected (but for newlines at the end)."""
    written = cut(text, span)
    tries = [" " * (span.column - 1) + written]
    header = re.match(r"([|>])\d", written)
    if header:  # its indentation counts from the parent's, which the span does not hold: dedent until it fits
        first, *rest = written.replace(header[0], header[1] + "1", 1).splitlines(keepends=True)
        tries = [first + "".join(line[by:] or "\n" for line in rest) for by in range(len(written))]
    found = []
    for attempt in tries:
        with suppress(yaml.YAMLError):
            found.append(yaml.load(attempt, yaml.CBaseLoader))
    if isinstance(expected, str):
        return any(isinstance(x or "", str) and (x or "").rstrip("\n") == expected.rstrip("\n") for x in found)
    return expected in found


TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\ufeff"), max_size=8)
LEAF = (
    st.none()
    | st.booleans()
    | st.integers(-99, 9999)
    | TEXT
    | st.sampled_from(["a: b", "# x", "a\nb\n", "  a\n b", ""])
)
TREES = st.dictionaries(
    TEXT,
    st.recursive(LEAF, lambda x: st.lists(x, max_size=3) | st.dictionaries(TEXT, x, max_size=3), max_leaves=12),
    min_size=1,
    max_size=4,
)


@settings(deadline=None, max_examples=100)
@given(
    TREES,
    st.sampled_from([True, False, None]),
    st.sampled_from([None, '"', "'", "|", ">"]),
    st.integers(2, 7),
    st.sampled_from([10, 10_000]),
    st.booleans(),
    st.booleans(),
)
def test_every_place_of_a_yaml_document(
    tree: dict[str, Any], flow: bool | None, style: str | None, indent: int, width: int, crlf: bool, bom: bool
) -> None:
    text = yaml.safe_dump(
        tree, default_flow_style=flow, default_style=style, indent=indent, width=width, allow_unicode=True
    )
    if crlf:
        text = text.replace("\n", "\r\n")
    doc = parse((b"\xef\xbb\xbf" if bom else b"") + text.encode(), "t.yaml")
    oracle = yaml.load(text, yaml.CBaseLoader)
    assert kinds(doc) == []
    for path, value in every_path(oracle):
        assert doc.has(path)
        span = doc.locate(path)
        if isinstance(value, str) or style not in ("|", ">"):  # in these, the last newlines of the last may differ
            assert reads(text, span, value), (path, span)
        if path and isinstance(path[-1], str):
            assert reads(text, doc.locate(path, key=True), path[-1]), path


@settings(deadline=None, max_examples=100)
@given(TREES, st.sampled_from([None, 0, 1, 4, "\t"]), st.booleans(), st.booleans(), st.booleans())
def test_every_place_of_a_json_document(
    tree: dict[str, Any], indent: int | str | None, ascii_only: bool, crlf: bool, bom: bool
) -> None:
    text = json.dumps(tree, indent=indent, ensure_ascii=ascii_only)
    if crlf:
        text = " \r\n" + text.replace("\n", "\r\n") + "\r\n"
    doc = parse((b"\xef\xbb\xbf" if bom else b"") + text.encode(), "t.json")
    assert (doc.kind, doc.root, doc.faults) == ("json", tree, ())
    for path, value in every_path(tree):
        assert doc.has(path)
        assert json.loads(cut(text, doc.locate(path))) == value
        if path and isinstance(path[-1], str):
            assert json.loads(cut(text, doc.locate(path, key=True))) == path[-1]


@settings(deadline=None)
@given(
    st.binary(max_size=200) | st.text("{}[]:,-?&*!|>'\"%@`#<\t\n \r\x00ab1\u2028\ufeff", max_size=60).map(str.encode)
)
def test_any_bytes_are_read_without_an_exception(data: bytes) -> None:
    for name in ("t.yaml", "t.json", "t.template"):
        doc = parse(data, name)
        list(doc.comments())
        for path, _ in every_path(doc.root)[:50]:
            assert doc.root is None or doc.has(path)
            doc.locate(path)


# --- comments and code in strings


def test_comments_are_only_comments() -> None:
    doc = document("""\
        # top
        A: x # end
        B: "a # no" # yes
        C: a#no
        D: 'it''s # no'
        E: |  # header
          # code
          x = 1  # code
        # after the block
        F: plain
          goes # stops here
        G: [a, # one
          b]   # two
        H: !Sub # tagged
          "# no"
        I: &a # anchored
          b: 1
        J: >-
          # folded
        K: http://x/#no
        # last""")
    found = list(doc.comments())
    assert [text for _, _, text, _ in found] == [
        "# top", "# end", "# yes", "# header", "# after the block", "# stops here", "# one", "# two", "# tagged",
        "# anchored", "# last",
    ]  # fmt: skip
    assert found[0] == (1, 1, "# top", True)
    assert found[1] == (2, 6, "# end", False)
    assert [alone for *_, alone in found].count(True) == 3
    assert list(document('{"A": "# x"}').comments()) == []


def test_code_in_a_block_scalar_is_found_at_its_line() -> None:
    doc = document("""\
        A: |
          import os

          def f():
              os.x()
        B: !Sub |2
            two more
          ${x}
        C:
          Fn::Sub:
            - |-

              first
            - {}
        D: "a\\nb"
        E: >
          a
          b
        """)
    assert doc.locate_in(("A",), 1, 8, 1, 10) == Span(2, 10, 2, 12)
    assert doc.locate_in(("A",), 4, 5, 4, 11) == Span(5, 7, 5, 13)
    assert cut(doc.data.decode(), doc.locate_in(("A",), 4, 5, 4, 9)) == "os.x"
    assert doc.locate_in(("A",), 4, 5, 4, 99).end_column == len("      os.x()") + 1
    assert cut(doc.data.decode(), doc.locate_in(("B",), 1, 3, 1, 6)) == "two"
    assert cut(doc.data.decode(), doc.locate_in(("B", "Fn::Sub"), 2, 1, 2, 5)) == "${x}"
    assert cut(doc.data.decode(), doc.locate_in(("C",), 2, 1, 2, 6)) == "first"
    assert doc.locate_in(("D",), 2, 1, 2, 2) == doc.locate(("D",))
    assert doc.locate_in(("E",), 2, 1, 2, 2) == doc.locate(("E",))
    assert doc.locate_in(("Missing", "X"), 2, 1, 2, 2) == FIRST_LINE
    in_json = document('{"A": "a\\nb"}')
    assert in_json.locate_in(("A",), 2, 1, 2, 2) == in_json.locate(("A",))


# --- JSON


def test_json_values_and_places() -> None:
    doc = document(
        '{\n\t"A\\u0042\\/": {"x": [1, -2.50, 1e3, true, null, "\\ud83c\\udf89"]},\n\t"n": 99999999999999999999\n}'
    )
    assert doc.kind == "json"
    assert doc.root == {"AB/": {"x": [1, "-2.50", 1000.0, True, None, "🎉"]}, "n": "99999999999999999999"}
    assert doc.locate(("AB/",), key=True) == Span(2, 2, 2, 13)
    assert shown(doc, "AB/", "x", 1) == "-2.50"
    assert shown(doc, "AB/", "x", 5) == '"\\ud83c\\udf89"'
    assert shown(doc, "AB/", "x", 4, "deeper") == "null"
    assert shown(doc, "AB/", "missing") == '"A\\u0042\\/"'


def test_half_a_surrogate_pair_does_not_reach_the_values() -> None:
    doc = document('{"a\\ud800": ["\\udc00x", "\\ud83c\\udf89"]}')
    assert doc.root == {"a\ufffd": ["\ufffdx", "🎉"]}
    assert shown(doc, "a\ufffd", 0) == '"\\udc00x"'


@pytest.mark.parametrize(
    ("text", "name", "kind", "faults"),
    [
        ('{"A": 1}', "t.yaml", "json", []),
        ('{"A": 1,}', "t.yaml", "yaml", []),
        ('{"A": 1,}', "t.template", "yaml", []),
        ('{"A": 1,}', "t.json", "json", ["syntax"]),
        ("A: 1", "t.json", "yaml", []),
        ("{A: 1}", "t.template", "yaml", []),
        ('{"A": NaN}', "t.json", "json", ["syntax"]),
        ('{"A": "NaN", "B": -Infinity}', "t.json", "json", ["syntax"]),
        ('{"A" 1}}', "t.template", "json", ["syntax"]),
        ('{"A" 1}}', "t.yaml", "yaml", ["syntax"]),
        ("", "t.json", "json", ["empty"]),
        ("[1]", "t.json", "json", ["not-a-template"]),
    ],
)
def test_json_or_yaml(text: str, name: str, kind: str, faults: list[str]) -> None:
    doc = document(text, name)
    assert (doc.kind, kinds(doc)) == (kind, faults)


# --- faults


def test_duplicate_keys_of_yaml() -> None:
    doc = document("A:\n  - x: 1\n    y: 2\n    x: 3\nB: !If\n  - C\n  - {k: 1, k: 2}\nA: 4\n")
    assert doc.root == {"A": 4, "B": {"Fn::If": ["C", {"k": 2}]}}
    assert doc.faults == (
        Fault("duplicate-key", ("A", 0, "x"), {"key": "x", "first_line": 2}, Span(4, 5, 4, 6), True),
        Fault("duplicate-key", ("B", "Fn::If", 1, "k"), {"key": "k", "first_line": 7}, Span(7, 12, 7, 13), True),
        Fault("duplicate-key", ("A",), {"key": "A", "first_line": 1}, Span(8, 1, 8, 2), True),
    )
    assert doc.locate(("A",)).line == 8


def test_a_duplicate_key_below_a_short_tag() -> None:
    doc = document("A: {B: !Transform {Name: x, Name: y}}\n")
    assert [fault.path for fault in doc.faults] == [("A", "B", "Fn::Transform", "Name")]
    assert doc.locate(doc.faults[0].path, key=True) == doc.faults[0].span


def test_duplicate_keys_of_json() -> None:
    doc = document('{"A": [{"x": 1,\n "\\u0078": 2}],\n"B": 1, "B": {"c": 1}}', "t.json")
    assert doc.root == {"A": [{"x": 2}], "B": {"c": 1}}
    assert doc.faults == (
        Fault("duplicate-key", ("A", 0, "x"), {"key": "x", "first_line": 1}, Span(2, 2, 2, 10), True),
        Fault("duplicate-key", ("B",), {"key": "B", "first_line": 3}, Span(3, 9, 3, 12), True),
    )


BAD: list[tuple[str, bytes, str, Span | None]] = [
    ("nothing", b"", "empty", None),
    ("white space", b" \n\n", "empty", None),
    ("a comment only", b"# nothing\n", "empty", None),
    ("null", b"---\n~\n", "empty", None),
    ("a list", b"- a\n", "not-a-template", Span(1, 1, 1, 4)),
    ("a word", b"hello\n", "not-a-template", Span(1, 1, 1, 6)),
    ("documents", b"kind: Pod\n---\nkind: Service\n", "not-a-template", Span(2, 1, 2, 4)),
    ("latin-1", "A: 1\nB: caf\xe9\n".encode("latin-1"), "not-utf8", Span(2, 7, 2, 7)),
    ("utf-16", "A: 1".encode("utf-16"), "not-utf8", Span(1, 1, 1, 1)),
    ("a control character", b"A: 1\nB: \x07\n", "syntax", Span(2, 4, 2, 5)),
    ("a NUL", b"A: 1\n\0B: 1\n", "syntax", Span(2, 1, 2, 2)),
    ("a tab", b"A:\n\tB: 1\n", "syntax", Span(2, 1, 2, 1)),
    ("an open bracket", b"A: [1, 2\nB: 1\n", "syntax", Span(2, 2, 2, 3)),
    ("an open quote", b'A: 1\nB: "x\nC: 1\n', "syntax", Span(2, 4, 2, 5)),
    ("no colon", b"A: 1\nB\nC: 1\n", "syntax", Span(2, 1, 2, 2)),
    ("indentation", b"A:\n  B: 1\n C: 2\n", "syntax", Span(3, 2, 3, 3)),
    ("cookiecutter", b"A: 1\nName: {{cookiecutter.x}}\n", "syntax", Span(2, 8, 2, 9)),
    ("jinja", b"A: 1\n{% if x %}\nB: 1\n", "syntax", Span(2, 2, 2, 3)),
    ("a list as key", b"[a]: 1\n", "syntax", Span(1, 1, 1, 2)),
    ("a short tag as key", b"!Ref a: 1\n", "syntax", Span(1, 1, 1, 7)),
    ("an undefined alias", b"A: *x\n", "syntax", Span(1, 4, 1, 6)),
    ("an alias of itself", b"A: &x [*x]\n", "syntax", Span(1, 8, 1, 10)),
    ("an alias of a list as key", b"A: &x [1]\n*x : 2\n", "syntax", Span(2, 1, 2, 3)),
    ("a merge of text", b"A:\n  <<: text\n", "syntax", Span(2, 7, 2, 11)),
    ("python", b"A: !!python/object/apply:os.system [exit]\n: [", "syntax", None),
    ("JSON without comma", b'{"A": 1\n"B": 2}', "syntax", None),
]


@pytest.mark.parametrize(("data", "kind", "span"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_bad_input_is_a_fault_with_its_place(data: bytes, kind: str, span: Span | None) -> None:
    doc = parse(data, "t.yaml")
    assert kinds(doc) == [kind]
    if span is not None:
        assert doc.faults[0].span == span
    if kind == "syntax":
        assert doc.faults[0].fields["problem"]
    assert doc.locate(("A", 1)) is not None
    list(doc.comments())


def test_json_errors_have_the_place_of_the_error() -> None:
    doc = parse(b'{"A": "NaN",\n "B": NaN}', "t.json")
    assert doc.faults == (Fault("syntax", (), {"problem": "NaN is not JSON", "context": ""}, Span(2, 7, 2, 8)),)
    assert parse(b'{"A": 1\n "B": 2}', "t.json").faults[0].span == Span(2, 2, 2, 3)


def test_reading_files(tmp_path: File, monkeypatch: pytest.MonkeyPatch) -> None:
    good = tmp_path / "t.yaml"
    good.write_bytes(b"A: 1\n")
    assert (read(str(good)).root, read(str(good)).path) == ({"A": 1}, str(good))
    assert kinds(read(str(tmp_path / "no.yaml"))) == ["not-found"]
    assert kinds(read(str(tmp_path))) == ["is-directory"]
    assert kinds(read("a\0b")) == ["unreadable"]
    loop = tmp_path / "loop.yaml"
    loop.symlink_to(loop)
    assert kinds(read(str(loop))) == ["unreadable"]
    long = tmp_path / "long.yaml"
    long.write_bytes(b"A: " + b"x" * 100_000 + b"\n")
    assert len(read(str(long)).root["A"]) == 100_000
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"B: 2\n")))
    doc = read("-")
    assert (doc.path, doc.root, doc.faults) == ("<stdin>", {"B": 2}, ())


# --- bounds: each in a process of its own, with its time and memory

BOMBS = {
    "yaml brackets": ('b"A: " + b"[" * 1_000_000', "t.yaml", "too-deep"),
    "yaml braces": ('b"A: " + b"{a: " * 400_000', "t.yaml", "too-deep"),
    "yaml dashes": ('b"- " * 900_000', "t.yaml", "too-deep"),
    "question marks": ('b"? " * 900_000', "t.yaml", "syntax"),
    "indentation": ('b"".join(b" " * i + b"a:\\n" for i in range(1_900))', "t.yaml", "too-deep"),
    "10,000 levels": ('b"".join(b" " * i + b"a:\\n" for i in range(10_000))', "t.yaml", "too-large"),
    "tags": ('b"A: " + b"!Not [" * 300_000', "t.yaml", "too-deep"),
    "aliases": (
        'b"a: &a [x, x, x, x, x, x, x, x, x]\\n" + b"".join('
        'b"%c: &%c [%s]\\n" % (c, c, b", ".join([b"*%c" % (c - 1)] * 9)) for c in range(98, 110))',
        "t.yaml",
        "too-many-aliases",
    ),
    "a chain of aliases": (
        'b"a0: &a0 [1]\\n" + b"".join(b"a%d: &a%d [*a%d]\\n" % (i, i, i - 1) for i in range(1, 20_000))',
        "t.yaml",
        "too-deep",
    ),
    "merges": (
        'b"a: &a {" + b", ".join(b"k%d: 1" % i for i in range(5_000)) + b"}\\n"'
        ' + b"".join(b"b%d: {<<: *a}\\n" % i for i in range(50_000))',
        "t.yaml",
        "too-many-aliases",
    ),
    "many values": ('b"A: [" + b"a," * 990_000 + b"]"', "t.yaml", "too-large"),
    "many keys": ('b"".join(b"k%d:\\n" % i for i in range(240_000))', "t.yaml", "too-large"),
    "duplicates": ('b"k: 1\\n" * 150_000', "t.yaml", "duplicate-key"),
    "one long word": ('b"A: " + b"x" * 1_990_000', "t.yaml", None),
    "a 50 MB file": ('b"a: 1\\n" * 9_000_000', "t.yaml", "too-large"),
    "json brackets": ('b"[" * 1_000_000', "t.json", "too-large"),
    "json depth": ('b"[" * 400_000 + b"]" * 400_000', "t.json", "too-deep"),
    "json braces": ("b'{\"a\":' * 400_000", "t.json", "too-deep"),
    "json a little too deep": ("b'{\"a\":' * 101 + b'1' + b'}' * 101", "t.json", "too-deep"),
    "json values": ('b"[" + b"[]," * 6_000_000 + b"1]"', "t.json", "too-large"),
    "json objects": ("b'[' + b'{\"a\":1},' * 290_000 + b'1]'", "t.json", "not-a-template"),
    "json digits": ('b\'{"a": \' + b"1" * 10_000_000 + b"}"', "t.json", None),
    "json strings": ("b'{\"a\": [' + b'\"\\\\n\",' * 590_000 + b'1]}'", "t.json", None),
    "json duplicates": ("b'{' + b'\"a\":1,' * 590_000 + b'\"b\":1}'", "t.json", "duplicate-key"),
}
MEASURE = """
import resource, sys, time
from lambdalint.parsers.document import read
begun = time.perf_counter()
document = read(sys.argv[1])
document.locate(("A", "a", 0))
seconds = time.perf_counter() - begun
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (2**20 if sys.platform == "darwin" else 2**10)
if sys.platform == "linux":  # where the figure above counts the parent's memory too
    peak = int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0]) // 2**10
print(seconds, peak, *{fault.kind for fault in document.faults})
"""


@pytest.mark.skipif(sys.platform == "win32", reason="the module resource is not there")
@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_ends_soon_and_small(name: str, tmp_path: File) -> None:
    code, filename, kind = BOMBS[name]
    file = tmp_path / filename
    file.write_bytes(eval(code))
    done = subprocess.run([sys.executable, "-c", MEASURE, str(file)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    seconds, megabytes, *found = done.stdout.split()
    assert found == ([kind] if kind else [])
    assert float(seconds) < 20  # two seconds on a quiet machine; a loaded one decides nothing
    assert int(megabytes) < 350


def test_the_limits_are_where_they_are_said_to_be() -> None:
    padding = b"#" * YAML_LIMIT
    assert kinds(parse(b"A: 1\n" + padding[: YAML_LIMIT - 5], "t.yaml")) == []
    assert kinds(parse(b"A: 1\n" + padding[: YAML_LIMIT - 4], "t.yaml")) == ["too-large"]
    assert kinds(parse(b'{"A": 1}' + b" " * (JSON_LIMIT - 8), "t.json")) == []
    assert kinds(parse(b'{"A": 1}' + b" " * (JSON_LIMIT - 7), "t.json")) == ["too-large"]
    assert kinds(parse(b"A: " + b"[" * 99 + b"]" * 99, "t.yaml")) == []
    assert kinds(parse(b"A: " + b"[" * 100 + b"]" * 100, "t.yaml")) == ["too-deep"]
    assert kinds(parse(b'{"A":' * 100 + b"1" + b"}" * 100, "t.json")) == []


def test_a_json_template_loads_no_yaml() -> None:
    code = (
        "import sys; from lambdalint.parsers.document import parse; parse(b'{\"A\": 1}', 't.json').locate(('A',));"
        "print(sorted({'yaml', 'dataclasses', 'pathlib', 'tempfile', 'subprocess'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# --- real templates


def test_real_templates() -> None:
    files = [f for f in sorted(CORPUS.rglob("*")) if f.suffix in (".yaml", ".yml", ".json", ".template")]
    if not files:
        pytest.skip("the shared templates are not here")
    for file in files:
        doc = read(str(file))
        source = doc.data.decode("utf-8-sig")
        assert set(kinds(doc)) <= {"duplicate-key", "syntax", "not-a-template"}, file
        for path, value in every_path(doc.root) if doc.root is not None else ():
            assert doc.has(path), (file, path)
            written = cut(source, doc.locate(path))
            if isinstance(value, (dict, list, Unknown)) or written.startswith("*"):
                continue
            if doc.kind == "json":
                assert json.loads(written) == value or written == value, (file, path)
            elif isinstance(value, str):
                again = yaml.load(written, yaml.CBaseLoader)
                assert (again or "").rstrip("\n") == value.rstrip("\n"), (file, path)
            else:
                assert scalar(written) == value, (file, path)
        for line, column, text, _ in doc.comments():
            assert doc.line(line)[column - 1 :] == text
