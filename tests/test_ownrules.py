"""A team's own rules: what they judge, what they leave alone, their bounds, and how mistakes in them are told."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdalint.checks.schema import TooExpensive, function, named
from lambdalint.cli import run as command
from lambdalint.engine import lint
from lambdalint.model.deployment import Deployment
from lambdalint.model.resource import Function
from lambdalint.model.template import Template
from lambdalint.model.values import OpenMap, Reference, Text, Unknown
from lambdalint.ownrules import add_own
from lambdalint.patterns import Pattern, PatternError
from lambdalint.rulebook import RuleError, load
from lambdalint.settings import Settings

ARM = """\
summary: Every function is arm64
severity: warning
subject: function
schema:
  required: [Architectures]
  properties:
    Architectures: {const: [arm64]}
messages:
  default: "{property} is not as we want it: {problem}"
fix: Set Architectures to arm64.
examples:
  bad:
    - title: the default
      template: |
        Resources:
          Fn:  # <- ACME001
            Type: AWS::Lambda::Function
            Properties: {Runtime: python3.13, Handler: index.handler, Code: {ZipFile: pass}}
  good:
    - title: set
      template: |
        Resources:
          Fn:
            Type: AWS::Lambda::Function
            Properties: {Runtime: python3.13, Handler: index.handler, Code: {ZipFile: pass}, Architectures: [arm64]}
"""
TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Globals:
  Function: {Runtime: python3.13, Handler: index.handler, InlineCode: pass}
Resources:
  A:
    Type: AWS::Serverless::Function
    Properties:
      Architectures: [x86_64]
  B:
    Type: AWS::Serverless::Function
    Properties:
      Architectures: [arm64]
  C:
    Type: AWS::Serverless::Function
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rules").mkdir()
    return tmp_path


def write(folder, text, name="ACME001-arm64.yaml"):
    (folder / "rules" / name).write_text(text, encoding="utf-8")


def own(folder):
    return add_own(load(), [str(folder / "rules")])


def violations(schema, properties):
    subject = Function("Fn", "AWS::Lambda::Function", properties)
    deployment = Deployment(Template(None, "/", "/", "cloudformation"), {"Fn": subject})
    return [problem.fields["property"] for problem in function(subject, deployment, schema=schema)]


# -- in a run ----------------------------------------------------------------------------------------------------------


def test_findings(folder):
    write(folder, ARM)
    (folder / "template.yaml").write_text(TEMPLATE)
    report, _ = lint(["."], Settings(rules=(str(folder / "rules"),), cache=False))
    found = [f for f in report.findings if f.code == "ACME001"]
    assert [(f.resource, f.severity, f.location.span.line) for f in found] == [
        ("A", "warning", 8),
        ("C", "warning", 13),
    ]
    assert found[0].message.startswith("Architectures is not as we want it: ['arm64'] was expected")
    assert "'Architectures' is a required property" in found[1].message


def test_selecting_ignoring_and_severity(folder):
    write(folder, ARM)
    (folder / "template.yaml").write_text(TEMPLATE)

    def codes(**more):
        report, _ = lint(["."], Settings(rules=(str(folder / "rules"),), cache=False, **more))
        return {(f.code, f.severity, f.suppressed and f.suppressed.kind) for f in report.findings}

    assert codes(select=("ACME",)) == {("ACME001", "warning", None)}
    assert codes(select=("arm64",)) == {("ACME001", "warning", None)}
    assert codes(select=("ACME",), ignore=("ACME001",)) == set()
    assert codes(select=("ACME",), severity={"arm64": "error"}) == {("ACME001", "error", None)}
    assert codes(select=("ACME",), per_file_ignores={"*": ("ACME001",)}) == {("ACME001", "warning", "config")}
    assert codes(select=("ACME",), jobs=2) == codes(select=("ACME",), jobs=1)


def test_suppressed_by_a_comment(folder):
    write(folder, ARM)
    (folder / "template.yaml").write_text(TEMPLATE.replace("  C:", "  C:  # lambdalint: ignore[ACME001]"))
    report, _ = lint(["."], Settings(select=("ACME", "LL006"), rules=(str(folder / "rules"),), cache=False))
    assert [(f.code, f.resource, f.suppressed is None) for f in report.findings] == [
        ("ACME001", "A", True),
        ("ACME001", "C", False),
    ]


def test_every_report_takes_them(folder, capsys):
    write(folder, ARM)
    (folder / "template.yaml").write_text(TEMPLATE)
    for form in ("text", "json", "sarif", "github", "markdown"):
        assert command(["--rules", "rules", "--select", "ACME", "--format", form, "--fail-on", "warning"]) == 1
        assert "ACME001" in capsys.readouterr().out


# -- examples ----------------------------------------------------------------------------------------------------------


def test_examples_are_run(folder, capsys):
    write(folder, ARM)
    assert command(["rules", "--test", "rules"]) == 0
    assert capsys.readouterr().out == "ACME001 arm64: 2 examples hold\n"


def test_an_example_that_does_not_hold(folder, capsys):
    write(folder, ARM.replace("const: [arm64]", "const: [x86_64]").replace("required: [Architectures]", "type: object"))
    assert command(["rules", "--test", "rules"]) == 1
    out = capsys.readouterr().out
    assert "ACME001, bad example 1 (the default): nothing is found at template.yaml:2" in out
    assert "ACME001, good example 1 (set): template.yaml:4: ACME001" in out


def test_rules_without_examples_and_folders_without_rules(folder, capsys):
    assert command(["rules", "--test", "rules"]) == 1
    assert "there are no rules" in capsys.readouterr().out
    write(folder, ARM[: ARM.index("examples:")])
    assert command(["rules", "--test", "rules"]) == 1
    assert "it has no bad example" in capsys.readouterr().out
    assert command(["rules", "--test", "nowhere"]) == 2


def test_listed_and_explained(folder, capsys):
    write(folder, ARM)
    (folder / "lambdalint.toml").write_text('rules = ["rules"]\n')
    assert command(["rules"]) == 0
    assert "ACME001" in capsys.readouterr().out
    assert command(["explain", "ACME001"]) == 0
    assert "Set Architectures to arm64." in capsys.readouterr().out
    (folder / "lambdalint.toml").unlink()
    assert command(["explain", "arm64"]) == 2
    assert command(["explain", "arm64", "--rules", "rules"]) == 0


# -- what a schema judges ----------------------------------------------------------------------------------------------


def test_unknown_under_a_named_property_skips_the_subject():
    schema = {"properties": {"Tags": {"type": "object"}, "MemorySize": {"maximum": 512}}}
    assert violations(schema, {"MemorySize": 1024}) == ["MemorySize"]
    assert violations(schema, {"MemorySize": 1024, "Tags": {"team": Unknown("a parameter")}}) == []
    assert violations(schema, {"MemorySize": 1024, "Tags": OpenMap(team="a")}) == []
    assert violations(schema, {"MemorySize": 1024, "Tags": Text(("a", Unknown("x")))}) == []
    assert violations(schema, {"MemorySize": 1024, "Layers": [Unknown("not named")]}) == ["MemorySize"]


def test_references_are_texts_of_which_little_is_known():
    schema = {
        "required": ["DeadLetterConfig", "TracingConfig"],
        "properties": {"Role": {"type": "string", "pattern": "^arn:"}, "DeadLetterConfig": {"type": "object"}},
    }
    properties = {"Role": Reference("Role", "Arn"), "DeadLetterConfig": {"TargetArn": Reference("Queue", "Arn")}}
    assert violations(schema, properties) == ["TracingConfig"]
    assert violations({"properties": {"Role": {"type": "number"}}}, properties) == ["Role"]
    branching = {"if": {"properties": {"Role": {"pattern": "^arn:"}}}, "else": {"required": ["Tags"]}}
    assert violations(branching, {"Role": Reference("Role", "Arn")}) == []
    assert violations(branching, {"Role": "role"}) == ["Tags"]


def test_a_schema_about_all_properties_concerns_all():
    schema = {"additionalProperties": False, "properties": {"Runtime": True}}
    assert violations(schema, {"Runtime": "python3.13", "Handler": "a.b"}) == ["Handler"]
    assert violations(schema, {"Runtime": "python3.13", "Handler": Unknown("x")}) == []


def test_named_properties():
    schema = {
        "allOf": [{"$ref": "#/$defs/a"}, {"required": ["B"]}],
        "if": {"properties": {"C": True}},
        "dependentRequired": {"D": ["E"]},
        "$defs": {"a": {"properties": {"A": {"properties": {"Nested": True}}}}, "b": {"required": ["Not"]}},
    }
    assert named(schema) == frozenset("ABCDE")
    assert named({"not": {"patternProperties": {"x": False}}}) is None
    assert named(True) == frozenset()


def test_what_is_forbidden():
    schema = {"properties": {"VpcConfig": False, "Environment": {"additionalProperties": False}}}
    assert violations(schema, {"VpcConfig": {"SubnetIds": [Reference("Subnet")]}}) == ["VpcConfig"]
    assert violations(schema, {"Environment": {"Variables": {"A": Reference("Table")}}}) == ["Environment.Variables"]


def test_nested_places():
    schema = {"properties": {"Environment": {"properties": {"Variables": {"required": ["STAGE"]}}}}}
    assert violations(schema, {"Environment": {"Variables": {}}}) == ["Environment.Variables.STAGE"]


# -- bounds ------------------------------------------------------------------------------------------------------------


def test_a_pattern_cannot_hang():
    schema = {"properties": {"Description": {"pattern": "^(a+)+$"}}}
    start = time.monotonic()
    assert violations(schema, {"Description": "a" * 200 + "!"}) == ["Description"]
    assert violations({"patternProperties": {"^(x|x)*$": False}}, {"x" * 60: 1, "y": 1}) == ["x" * 60]
    assert time.monotonic() - start < 2


def test_a_schema_that_grows_is_stopped(folder):
    """Twenty definitions that each name the next one twice are a million steps."""
    definitions = {f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(20)}
    schema = {"$ref": "#/$defs/d0", "$defs": {**definitions, "d20": {"type": "object"}}}
    start = time.monotonic()
    with pytest.raises(TooExpensive):
        violations(schema, {"Runtime": "python3.13"})
    assert time.monotonic() - start < 10


def test_a_rule_that_is_stopped_spoils_the_trust_in_the_run(folder, capsys):
    write(folder, ARM.replace("  required: [Architectures]", '  $ref: "#"'))
    (folder / "template.yaml").write_text(TEMPLATE)
    assert command(["--rules", "rules", "--select", "ACME"]) == 2
    assert "ACME001 could not be judged: TooExpensive: the schema is more than 200 key" in capsys.readouterr().out


def test_a_schema_that_refers_to_itself_below_each_member_is_judged(folder, capsys):
    plain = '{not: {const: bad}, additionalProperties: {$ref: "#/$defs/plain"}}'
    schema = f"schema:\n  $defs: {{plain: {plain}}}\n  properties: {{Environment: {{$ref: '#/$defs/plain'}}}}\n"
    write(folder, ARM[: ARM.index("schema:")] + schema + ARM[ARM.index("messages:") :])
    head = (
        TEMPLATE[: TEMPLATE.index("  A:")]
        + "  A:\n    Type: AWS::Serverless::Function\n    Properties:\n      Environment: "
    )
    for value, found in (("bad", 1), ("good", 0)):
        (folder / "template.yaml").write_text(head + "{a: " * 60 + value + "}" * 60 + "\n")
        assert command(["--rules", "rules", "--select", "ACME", "--fail-on", "note"]) == found
        assert "could not be judged" not in capsys.readouterr().out


# -- mistakes in rule files --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "line", "words"),
    [
        (("severity: warning", "severity: fatal"), 2, "'fatal' is not one of"),
        (("subject: function", "subject: deployment"), 3, "'deployment' is not one of"),
        (("severity: warning", "severty: warning"), 2, "a rule has no severty; did you mean severity?"),
        (("const: [arm64]", "type: strin"), 7, "no valid JSON Schema"),
        (("const: [arm64]", 'pattern: "(a"'), 7, "is no pattern"),
        (("const: [arm64]", 'pattern: "(?=a)"'), 7, "look-around"),
        (("const: [arm64]", '$ref: "https://example.com/x.json"'), 7, "nothing is fetched"),
        (("const: [arm64]", '$ref: "file:///etc/passwd"'), 7, "nothing is fetched"),
        (("const: [arm64]", '$ref: "#/$defs/none"'), 7, "points at nothing"),
        (("const: [arm64]", "unevaluatedProperties: false"), 7, "is not taken"),
        (("severity: warning", "severity: warning\ncheck: limits.outside_quota"), 3, "has schema: and no check:"),
        (("severity: warning", "severity: warning\nseverity: error"), 3, "stands here twice"),
        (("summary: Every function is arm64\n", ""), 1, "'summary' is a required property"),
        (("severity: warning", "severity: [warning"), 3, ""),
        (("severity: warning", "severity: warning\ncode: LL999"), 3, "codes that begin with LL are lambdalint's own"),
    ],
)
def test_mistakes(folder, change, line, words):
    write(folder, ARM.replace(*change))
    with pytest.raises(RuleError) as error:
        own(folder)
    assert f"ACME001-arm64.yaml:{line}: " in str(error.value)
    assert words in str(error.value)


def test_codes_and_names_do_not_collide(folder):
    write(folder, ARM)
    write(folder, ARM, "ACME001-other.yaml")
    with pytest.raises(RuleError, match=r"ACME001-other\.yaml: the code ACME001 is that of .*ACME001-arm64\.yaml"):
        own(folder)
    (folder / "rules" / "ACME001-other.yaml").unlink()
    write(folder, ARM, "ACME002-timeout.yaml")
    with pytest.raises(RuleError, match="there is a rule timeout already"):
        own(folder)


def test_code_and_name_in_the_file(folder):
    write(folder, "code: ACME009\nname: arm\n" + ARM, "anything.yml")
    assert [(rule.code, rule.name) for rule in own(folder)] == [("ACME009", "arm")]
    write(folder, ARM, "nameless.yml")
    with pytest.raises(RuleError, match="it has no code or no name"):
        own(folder)


def test_a_mistake_is_exit_code_2(folder, capsys):
    write(folder, "summary: [")
    (folder / "template.yaml").write_text(TEMPLATE)
    assert command(["--rules", "rules"]) == 2
    assert command(["--rules", "nowhere"]) == 2
    assert "there is no such folder of rules" in capsys.readouterr().err


# -- patterns in linear time -------------------------------------------------------------------------------------------

pieces = st.recursive(
    st.sampled_from(["a", "b", ".", "[ab]", "[^a]", r"\d", r"\w", r"\.", "^", "$", r"\b", "-", "[a-c1]", r"\x61"]),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map("(?:{0[0]}|{0[1]})".format),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{1,3}", "{2,}", "*?"])).map("({0[0]}){0[1]}".format),
    ),
    max_leaves=6,
)


@settings(max_examples=200, deadline=None)
@given(pieces, st.text("ab1.- c\n", max_size=8))
def test_patterns_mean_what_python_means(pattern, text):
    assert Pattern(pattern).search(text) == bool(re.search(pattern, text))


@pytest.mark.parametrize(
    "pattern",
    [r"(a)\1", "(?!a)", "(?P<x>a)", "(?i)a", "a{300}", "((((a{50}){50})))", "(", "a)", "*", "[a", "(" * 99 + ")" * 99],
)
def test_patterns_that_are_not_taken(pattern):
    with pytest.raises(PatternError):
        Pattern(pattern)


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|a)*$", "(a*)*b", "a*a*a*a*a*b", "(a?){30}a{30}"])
def test_patterns_take_linear_time(pattern):
    start = time.monotonic()
    Pattern(pattern).search("a" * 2000)
    assert time.monotonic() - start < 2
