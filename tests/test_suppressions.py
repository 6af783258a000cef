"""Comments and Metadata that suppress: where they reach, what they never do, and what is said of idle ones."""

from __future__ import annotations

import json
import time

import pytest

from lambdalint.engine import lint
from lambdalint.settings import Settings
from lambdalint.suppressions.directives import of_comment, of_metadata

FUNCTION = """\
  {id}:{on_id}
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.13
      Handler: index.handler
      InlineCode: "def handler(event, context): pass"
      Timeout: {timeout}{on_line}
"""


def function(id="Report", timeout=901, on_id="", on_line=""):
    return FUNCTION.format(id=id, timeout=timeout, on_id=on_id, on_line=on_line)


def template(*functions, top=""):
    return f"{top}Transform: AWS::Serverless-2016-10-31\nResources:\n" + "".join(functions)


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Lint files in a folder of their own: the report of LL102 and of what suppressions make."""
    monkeypatch.chdir(tmp_path)

    def lint_files(text=None, *, files=None, select=("LL102", "LL006", "LL007"), as_of="2026-11-23", paths=(), **more):
        for name, content in {**({"template.yaml": text} if text is not None else {}), **(files or {})}.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
        settings = Settings(select=select, as_of=as_of, cache=False, **more)
        return lint(paths or ["."], settings)[0]

    return lint_files


def seen(report):
    """Code to how it is suppressed (None: it counts), in order."""
    return [(finding.code, finding.suppressed and finding.suppressed.kind) for finding in report.findings]


HIDDEN = [("LL102", "comment")]
OPEN = [("LL102", None)]


# -- the words ---------------------------------------------------------------------------------------------------------


def test_words():
    found = of_comment('# lambdalint: ignore[LL404] reason="drained nightly" until=2027-03-01')
    assert found == (("LL404",), "drained nightly", "2027-03-01", None)
    assert of_comment("#lambdalint:ignore[LL403, LL404]").codes == ("LL403", "LL404")
    assert of_comment("# nosec  # lambdalint: ignore[short-visibility-timeout]").codes == ("short-visibility-timeout",)
    assert of_comment("# lambdalint: ignore[LL404] until=2027-03-01 reason='it\\'s said'  # noqa").reason == "it's said"
    assert of_comment("# lambdalint: ignore[LL404] # then prose").problem is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("# lambdalint: ignore", "names no code"),
        ("# lambdalint: ignore[]", "names no code"),
        ("# lambdalint: ignore LL404", "names no code"),
        ("# lambdalint: ignore[LL 404]", "neither a rule's code nor its name"),
        ("# lambdalint: ignroe[LL404]", "there is no ignroe"),
        ("# lambdalint: disable=LL404", "there is no disable"),
        ("# lambdalint: ignore[LL404] because of the nightly run", "is not understood"),
        ("# lambdalint: ignore[LL404] until=1.3.2027", "YYYY-MM-DD"),
        ("# lambdalint: ignore[LL404] until=2027-02-30", "YYYY-MM-DD"),
        ('# lambdalint: ignore[LL404] reason="open', "is not understood"),
    ],
)
def test_words_that_cannot_be_read(text, problem):
    assert problem in of_comment(text).problem


@pytest.mark.parametrize("text", ["# lambdalint", "# lambdalint: runs in CI", "# lambdalint: ignore the queue", "# no"])
def test_prose(text):
    assert of_comment(text) is None


def test_metadata_entries():
    entries = [{"code": "LL404", "reason": "r", "until": "2027-03-01"}, "LL101", {"code": ["LL1", 5]}, 7, {"why": "x"}]
    found = list(of_metadata(entries))
    assert found[0] == (0, (("LL404",), "r", "2027-03-01", None))
    assert found[1] == (1, (("LL101",), None, None, None))
    assert [index for index, directive in found if directive.problem] == [2, 3, 4]
    assert list(of_metadata({"code": "LL101,LL102"})) == [(None, (("LL101", "LL102"), None, None, None))]


# -- where they reach --------------------------------------------------------------------------------------------------


def test_at_the_end_of_the_line(run):
    report = run(template(function(on_line='  # lambdalint: ignore[LL102] reason="a demo" until=2027-03-01')))
    assert seen(report) == HIDDEN
    assert report.findings[0].suppressed == ("comment", "a demo", "2027-03-01")
    assert report.suppressed == 1
    assert report.count("error") == 0


def test_by_name_and_in_any_case(run):
    assert seen(run(template(function(on_line="  # lambdalint: ignore[timeout]")))) == HIDDEN
    assert seen(run(template(function(on_line="  # lambdalint: ignore[ll102]")))) == HIDDEN


def test_alone_above_also_with_other_comments_between(run):
    text = template(function()).replace(
        "      Timeout", "      # lambdalint: ignore[LL102]\n      # the report is long\n      Timeout"
    )
    assert seen(run(text)) == HIDDEN


def test_alone_two_lines_above_reaches_nothing(run):
    text = template(function()).replace("      Handler", "      # lambdalint: ignore[LL102]\n      Handler")
    assert seen(run(text)) == [("LL006", None), ("LL102", None)]


def test_end_of_another_line_reaches_nothing(run):
    text = template(function()).replace("index.handler", "index.handler  # lambdalint: ignore[LL102]")
    assert seen(run(text)) == [("LL006", None), ("LL102", None)]


def test_another_code_reaches_nothing(run):
    report = run(template(function(on_line="  # lambdalint: ignore[LL101]")), select=("LL101", "LL102", "LL006"))
    assert seen(report) == [("LL102", None), ("LL006", None)]


def test_on_the_logical_id_for_that_resource_only(run):
    text = template(function("A", on_id="  # lambdalint: ignore[LL102]"), function("B"))
    assert [(f.resource, f.suppressed is not None) for f in run(text).findings] == [("A", True), ("B", False)]


def test_above_the_logical_id(run):
    text = template(function("A"), "  # lambdalint: ignore[LL102]\n" + function("B"))
    assert [(f.resource, f.suppressed is not None) for f in run(text).findings] == [("A", False), ("B", True)]


def test_at_the_top_for_the_file(run):
    text = template(function("A"), function("B"), top="# A stack.\n---\n# lambdalint: ignore[LL102]\n")
    assert seen(run(text)) == HIDDEN * 2


def test_at_the_top_is_of_that_file_only(run):
    files = {"other.yaml": template(function(), top="# lambdalint: ignore[LL102]\n")}
    report = run(template(function()), files=files)
    assert [(f.location.path, f.suppressed is not None) for f in report.findings] == [
        ("other.yaml", True),
        ("template.yaml", False),
    ]


def test_the_line_of_a_related_place(run):
    text = "Parameters:\n  Seconds: {Type: Number, Default: 901}  # lambdalint: ignore[LL102]\n" + template(
        function(timeout="!Ref Seconds")
    )
    report = run(text)
    assert seen(report) == HIDDEN
    assert any(related.location.span.line == 2 for related in report.findings[0].related)


GLOBALS = "Globals:\n  Function:\n    Timeout: 901{}\n"


def inheriting(id, on_id=""):
    return function(id, on_id=on_id).replace("      Timeout: 901\n", "")


def test_globals_where_the_value_stands(run):
    text = GLOBALS.format("  # lambdalint: ignore[LL102]") + template(inheriting("A"), inheriting("B"))
    assert seen(run(text)) == HIDDEN


def test_globals_shared_by_two_needs_both(run):
    ignore = "  # lambdalint: ignore[LL102]"
    first = GLOBALS.format("") + template(inheriting("A", ignore), inheriting("B"))
    assert seen(run(first)) == OPEN
    second = GLOBALS.format("") + template(inheriting("A"), inheriting("B", ignore))
    assert seen(run(second)) == OPEN
    both = GLOBALS.format("") + template(inheriting("A", ignore), inheriting("B", ignore))
    assert seen(run(both)) == HIDDEN


def test_a_comment_in_a_string_is_none(run):
    text = template(function()).replace('"def handler(event, context): pass"', "'# lambdalint: ignore[LL102]'")
    assert ("LL102", None) in seen(run(text))


def test_metadata_in_json(run):
    text = """{"Resources": {"A": {"Type": "AWS::Lambda::Function",
      "Metadata": {"lambdalint": {"ignore": [{"code": "LL102", "reason": "later", "until": "2027-03-01"}]}},
      "Properties": {"Runtime": "python3.13", "Handler": "index.handler", "Timeout": 901,
      "Role": "arn:aws:iam::111122223333:role/r", "Code": {"ZipFile": "def handler(e, c): pass"}}}}}"""
    report = run(files={"template.json": text})
    assert seen(report) == [("LL102", "metadata")]
    assert report.findings[0].suppressed == ("metadata", "later", "2027-03-01")


def test_metadata_of_the_template(run):
    text = "Metadata: {lambdalint: {ignore: [{code: LL102}]}}\n" + template(function("A"), function("B"))
    assert seen(run(text)) == [("LL102", "metadata")] * 2


def test_metadata_of_another_resource(run):
    other = function("B", timeout=30).replace("    Type:", "    Metadata: {lambdalint: {ignore: [LL102]}}\n    Type:")
    assert seen(run(template(function("A"), other))) == [("LL102", None), ("LL006", None)]


def test_metadata_in_a_cloud_assembly(run):
    metadata = {"aws:cdk:path": "App/Fn/Resource", "lambdalint": {"ignore": [{"code": "LL102", "reason": "a demo"}]}}
    resource = {"Type": "AWS::Lambda::Function", "Properties": {"Timeout": 901}, "Metadata": metadata}
    stack = {"type": "aws:cloudformation:stack", "properties": {"templateFile": "App.template.json"}}
    files = {
        "cdk.out/manifest.json": {"version": "38.0.0", "artifacts": {"App": stack}},
        "cdk.out/App.template.json": {"Resources": {"Fn": resource}},
    }
    report = run(files={name: json.dumps(content) for name, content in files.items()}, paths=["cdk.out"])
    assert seen(report) == [("LL102", "metadata")]


def test_inline_code(run):
    """A comment inside InlineCode suppresses what is said of that code, and is no comment of the template."""
    code = (
        "      InlineCode: |\n        def handler(event, context):\n"
        "            open('/var/log/x', 'w')  # lambdalint: ignore[QQ9999]\n"
    )
    text = template(function(timeout=30)).replace('      InlineCode: "def handler(event, context): pass"\n', code)
    report = run(text, select=("LL006",))
    assert [(f.location.span.line, f.location.span.column, f.message) for f in report.findings] == [
        (10, 38, "There is no rule QQ9999 to suppress")
    ]


def test_inline_code_reaches_its_lines_only(run, monkeypatch):
    from lambdalint.finding import Finding, Location, Span
    from lambdalint.parsers.document import parse
    from lambdalint.settings import Roots
    from lambdalint.suppressions import reaches
    from lambdalint.suppressions.places import places

    text = (
        "Resources:\n  A:\n    Type: AWS::Lambda::Function\n    Properties:\n      Code:\n        ZipFile: |\n"
        "          # lambdalint: ignore[LL805]\n          import os\n          open(x)  # lambdalint: ignore[LL801]\n"
        "          open(y)\n"
    )
    from lambdalint.model.deployment import Reading
    from lambdalint.model.template import Input

    reading = Reading(Input("template.yaml", parse(text.encode(), "template.yaml"), ()))
    whole, line = places(reading, [], False, Roots("/w", "/w"))

    def finding(number):
        span = Span(number, 1, number, 2)
        return Finding("LL801", "n", "error", "m", Location("template.yaml", span, None, "/w/template.yaml"), "A")

    assert [number for number in range(1, 12) if reaches(line, finding(number))] == [9]
    assert [number for number in range(1, 12) if reaches(whole, finding(number))] == [6, 7, 8, 9, 10]


def test_python(run, tmp_path):
    """Comments in a file that a finding points at, by line, above, and at its top."""
    from lambdalint.finding import Finding, Location, Related, Span
    from lambdalint.model.deployment import Reading
    from lambdalint.model.template import Input
    from lambdalint.settings import Roots
    from lambdalint.suppressions import reaches
    from lambdalint.suppressions.places import places

    def found(code, line, related=False):
        (tmp_path / "app.py").write_text(code)
        place = Location("app.py", Span(line, 1, line, 9), None, str(tmp_path / "app.py"))
        template_line = Location("template.yaml", Span(3, 1, 3, 9), None, "")
        finding = Finding("LL801", "n", "error", "m", template_line if related else place, "A")
        if related:
            finding = finding._replace(related=(Related(place, "the call"),))
        reading = Reading(Input("template.yaml", None, ()))
        return [reaches(one, finding) for one in places(reading, [finding], False, Roots(str(tmp_path), str(tmp_path)))]

    assert found("import os\nos.environ['A']  # lambdalint: ignore[LL801]\n", 2) == [True]
    assert found("import os\nos.environ['A']  # lambdalint: ignore[LL801]\n", 2, related=True) == [True]
    assert found("import os\nos.environ['A']  # lambdalint: ignore[LL801]\n", 1) == [False]
    assert found("import os\n# lambdalint: ignore[LL801]\nos.environ['A']\n", 3) == [True]
    assert found("#!/usr/bin/env python\n# lambdalint: ignore[LL801]\n\nimport os\nos.environ['A']\n", 5) == [True]
    assert found("import os\nos.environ['A']\n", 2) == []


CALLS = """\
import boto3


def handler(event, context):
    boto3.client("dynamodb").put_item(TableName="orders", Item={{}}){on_call}
"""


def calling(policies="", on_policies=""):
    body = function(timeout=30).replace(
        '      InlineCode: "def handler(event, context): pass"\n', "      CodeUri: src/\n"
    )
    policies = f"      Policies: {policies}{on_policies}\n" if policies else ""
    return template(body.replace("index.handler", "app.handler") + policies)


WRITES = "[Statement: [{Effect: Allow, Action: 'dynamodb:PutItem', Resource: '*'}]]"
READS = "[Statement: [{Effect: Allow, Action: 'dynamodb:GetItem', Resource: '*'}]]"


@pytest.mark.parametrize(
    ("policies", "on_policies", "on_call", "expected"),
    [
        (READS, "", "", [("template.yaml", "LL503", None)]),
        (READS, "", "  # lambdalint: ignore[LL503]", [("template.yaml", "LL503", "comment")]),
        (READS, "  # lambdalint: ignore[LL503]", "", [("template.yaml", "LL503", "comment")]),
        (WRITES, "", "  # lambdalint: ignore[LL503]", [("src/app.py", "LL006", None)]),
        (WRITES, "", "  # lambdalint: ignore[LL503] until=2026-01-01", [("src/app.py", "LL007", None)]),
        (WRITES, "", "", []),
    ],
)
def test_python_in_a_run(run, policies, on_policies, on_call, expected):
    """The call is a related place of what is said of the role; an idle comment there is found too."""
    files = {"src/app.py": CALLS.format(on_call=on_call)}
    report = run(calling(policies, on_policies), files=files, select=("LL503", "LL006", "LL007"))
    found = [(f.location.path, f.code, f.suppressed and f.suppressed.kind) for f in report.findings]
    assert found == expected


def test_python_that_two_templates_share(run):
    """A comment that one template's finding meets is not idle for the other's."""
    files = {
        "src/app.py": CALLS.format(on_call="  # lambdalint: ignore[LL503]"),
        "a.yaml": calling(READS),
        "b.yaml": calling(WRITES),
    }
    report = run(files=files, select=("LL503", "LL006"))
    assert [(f.location.path, f.code, f.suppressed is None) for f in report.findings] == [("a.yaml", "LL503", False)]


# -- what they never do ------------------------------------------------------------------------------------------------


def test_a_marked_finding_stays_in_the_report(run):
    report = run(template(function(on_line="  # lambdalint: ignore[LL102]")))
    assert len(report.findings) == 1
    assert report.findings[0].fingerprint


def test_suppressing_does_not_change_the_fingerprint(run):
    plain = run(template(function())).findings[0].fingerprint
    assert run(template(function(on_line="  # lambdalint: ignore[LL102]"))).findings[0].fingerprint == plain


# -- idle and expired ones ---------------------------------------------------------------------------------------------


def test_the_last_day_counts(run):
    text = template(function(on_line="  # lambdalint: ignore[LL102] until=2027-03-01"))
    assert seen(run(text, as_of="2027-03-01")) == HIDDEN
    assert seen(run(text, as_of="2027-03-02")) == [("LL102", None), ("LL007", None)]


def test_unused_one_names_the_code(run):
    report = run(template(function(on_line="  # lambdalint: ignore[LL101,LL102]")), select=("LL101", "LL102", "LL006"))
    assert seen(report) == [("LL102", "comment"), ("LL006", None)]
    assert report.findings[1].message.startswith("LL101 finds nothing")


def test_unused_is_silent_where_the_rule_did_not_run(run):
    text = template(function(timeout=30, on_line="  # lambdalint: ignore[LL102]"))
    assert seen(run(text, select=("LL006",))) == []
    assert seen(run(text)) == [("LL006", None)]


def test_unused_is_silent_where_a_value_is_not_known(run):
    text = "Parameters: {Seconds: {Type: Number}}\n" + template(
        function(timeout="!Ref Seconds", on_line="  # lambdalint: ignore[LL102]")
    )
    assert seen(run(text)) == []


def test_unused_is_silent_in_a_file_that_cannot_be_read(run):
    text = "# lambdalint: ignore[LL102]\n" + template(function(timeout="[30"))
    assert seen(run(text, select=("LL001", "LL102", "LL006"))) == [("LL001", None)]


def test_unused_ones_can_be_suppressed(run):
    text = template(function(timeout=30, on_line="  # lambdalint: ignore[LL102,LL006]"))
    assert seen(run(text)) == [("LL006", "comment")]
    text = template(function(timeout=30, on_line="  # lambdalint: ignore[LL102]"), top="# lambdalint: ignore[LL006]\n")
    assert seen(run(text)) == [("LL006", "comment")]


def test_a_code_that_is_none_offers_the_nearest(run):
    report = run(template(function(on_line="  # lambdalint: ignore[timeuot]")))
    assert seen(report) == [("LL102", None), ("LL006", None)]
    assert report.findings[1].message == "There is no rule timeuot to suppress; did you mean timeout?"


def test_malformed_ones_suppress_nothing(run):
    report = run(template(function(on_line="  # lambdalint: ignore LL102")))
    assert seen(report) == [("LL102", None), ("LL006", None)]
    assert report.findings[1].location.span[:2] == (9, 21)


def test_a_conditional_value_is_used_where_one_branch_has_the_fault(run):
    text = (
        "Parameters: {Long: {Type: String, Default: 'no', AllowedValues: ['yes', 'no']}}\n"
        "Conditions: {IsLong: !Equals [!Ref Long, 'yes']}\n"
        + template(function(timeout="!If [IsLong, 901, 30]", on_line="  # lambdalint: ignore[LL102]"))
    )
    assert seen(run(text)) == HIDDEN


def test_fault_of_a_suppression_has_a_fingerprint_without_lines(run):
    text = template(function(timeout=30, on_line="  # lambdalint: ignore[LL102]"))
    first = run(text).findings[0]
    moved = run("# moved down\n\n" + text).findings[0]
    assert first.fingerprint == moved.fingerprint
    assert first.location != moved.location


def test_of_very_many_the_first_are_read(run):
    comments = "".join("# lambdalint: ignore[LL101]\n" for _ in range(20_000))
    start = time.monotonic()
    report = run(template(function(), top=comments), select=("LL102", "LL006"))
    assert time.monotonic() - start < 20
    assert report.findings[0].message.startswith("This suppression cannot be read")
    assert "at most 2,000" in report.findings[0].message
    assert report.findings[-1].code == "LL102"


def test_standard_input(monkeypatch):
    text = template(function(on_line="  # lambdalint: ignore[LL102]"))
    settings = Settings(select=("LL102",), per_file_ignores={"*.yaml": ("LL102",)}, cache=False)
    assert seen(lint(["-"], settings, text.encode())[0]) == HIDDEN
    assert seen(lint(["-"], settings, template(function()).encode())[0]) == OPEN


def test_line_ends_of_windows(run, tmp_path):
    text = template(function("A", on_line="  # lambdalint: ignore[LL102]"), function("B")).replace("\n", "\r\n")
    (tmp_path / "t.yaml").write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert seen(run()) == [*HIDDEN, *OPEN]


# -- config ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "hidden"),
    [
        ("legacy/*.yaml", ["legacy/a.yaml"]),
        ("legacy/", ["legacy/a.yaml"]),
        ("a.yaml", ["legacy/a.yaml"]),
        ("*.yaml", ["legacy/a.yaml", "template.yaml"]),
        ("/template.yaml", ["template.yaml"]),
        ("other/**", []),
    ],
)
def test_per_file_ignores(run, pattern, hidden):
    files = {"legacy/a.yaml": template(function())}
    report = run(template(function()), files=files, per_file_ignores={pattern: ("LL1",)})
    assert [f.location.path for f in report.findings if f.suppressed == ("config", None, None)] == hidden
    assert len(report.findings) == 2


def test_per_file_ignores_name_codes(run):
    report = run(template(function()), per_file_ignores={"*.yaml": ("LL006",)})
    assert seen(report) == OPEN


# -- the whole run -----------------------------------------------------------------------------------------------------


def test_processes_give_the_same(run):
    ignore = "  # lambdalint: ignore[LL102]"
    files = {f"t{at}.yaml": template(function(timeout=901 if at % 2 else 30, on_line=ignore)) for at in range(6)}
    one = run(files=files, jobs=1)
    assert one == run(files=files, jobs=2)
    assert sorted({code for code, _ in seen(one)}) == ["LL006", "LL102"]
