"""The reporters: golden files (refresh: ``LAMBDALINT_REFRESH=1 pytest tests/test_reporters.py``) and their edges."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time

import pytest
from reporters_sample import CLEAN, FINDINGS, GOLDEN, PLAIN, REPORT, RULES, SampleExamples, found

from lambdalint.finding import FIRST_LINE, Finding, Location, Notice, Related, Report, Span, Suppressed
from lambdalint.reporters import FORMATS, Options, audit, help, render, summary
from lambdalint.reporters.audit import AuditCell, AuditRow
from lambdalint.reporters.layout import report_lines
from lambdalint.reporters.text_rich import STYLES, painted
from lambdalint.rulebook import load

MIB = 1024 * 1024
FIRST = Location("t.yaml", FIRST_LINE)
AT_GITHUB = PLAIN._replace(
    repo_prefix="services", server_url="https://github.com", repository="o/r", sha="0" * 40, category="lambdalint"
)
ROWS = (
    AuditRow(
        "OrdersFunction",
        "template.yaml",
        (
            AuditCell("function.memory", "memory", 1024, 10240, "MB"),
            AuditCell("function.timeout", "timeout", 901, 900, "s"),
            AuditCell("package.unzipped", "package", 31 * MIB, 250 * MIB, "B"),
            AuditCell("function.layers", "layers", 0, 5, ""),
            AuditCell("function.environment", "environment", 4095, 4096, "B"),
        ),
    ),
    AuditRow(
        "ThumbnailsOfUploadedPictures",
        "services/legacy|2/template.yaml",
        (
            AuditCell("function.memory", "memory", 10240, 10240, "MB"),
            AuditCell("function.timeout", "timeout", None, 900, "s"),
            AuditCell("image.size", "image", 900 * MIB, 10240 * MIB, "B"),
        ),
    ),
)


def golden(name: str, text: str) -> None:
    path = GOLDEN / name
    if os.environ.get("LAMBDALINT_REFRESH"):
        path.write_text(text, encoding="utf-8", newline="")
    assert text == path.read_bytes().decode("utf-8")


@pytest.mark.parametrize(
    ("name", "form", "options"),
    [
        ("text.txt", "text", PLAIN),
        ("text-80.txt", "text", PLAIN._replace(width=80)),
        ("text-40.txt", "text", PLAIN._replace(width=40)),
        ("text-quiet.txt", "text", PLAIN._replace(quiet=True)),
        ("text-suppressed.txt", "text", PLAIN._replace(include_suppressed=True)),
        ("report.json", "json", PLAIN),
        ("report.sarif", "sarif", AT_GITHUB),
        ("report-suppressed.sarif", "sarif", AT_GITHUB._replace(include_suppressed=True)),
        ("github.txt", "github", AT_GITHUB),
        ("report.md", "markdown", AT_GITHUB),
    ],
)
def test_golden(name: str, form: str, options: Options) -> None:
    golden(name, render(form, REPORT, RULES, options))


def test_golden_painted() -> None:
    lines = report_lines(REPORT, RULES, PLAIN._replace(width=80))
    golden("text-256.ansi", painted(lines, hyperlinks=True, color_system="256"))


@pytest.mark.parametrize("code", ["LL101", "LL304", "LL503"])
def test_golden_help(code: str) -> None:
    rule = next(rule for rule in RULES if rule.code == code)
    golden(f"{code}.txt", help.explain_text(rule))
    golden(f"{code}.md", help.help_markdown(rule))


@pytest.mark.parametrize("columns", [0, 80, 50])
def test_golden_audit(columns: int) -> None:
    said = audit.render(ROWS, PLAIN._replace(width=columns))
    golden(f"audit-{columns}.txt", said)
    # Names are cut on a narrow terminal only; what goes to a file or a log has them whole.
    assert all(row.function in said for row in ROWS) == (columns == 0)


def test_golden_audit_for_programs() -> None:
    golden("audit.json", audit.render(ROWS, PLAIN, "json"))
    golden("audit.md", audit.render(ROWS, PLAIN, "markdown"))
    assert audit.render((), PLAIN) == "No functions\n"


@pytest.mark.parametrize("form", FORMATS)
def test_same_output_whatever_the_hash_seed(form: str) -> None:
    code = (
        "import sys; from reporters_sample import *; from lambdalint.reporters import render;"
        f"sys.stdout.buffer.write(render({form!r}, REPORT, RULES, PLAIN).encode())"
    )
    outputs = set()
    for seed in ("0", "1"):
        environ = {
            **os.environ,
            "PYTHONHASHSEED": seed,
            "PYTHONPATH": os.pathsep.join([str(GOLDEN.parents[1]), *sys.path]),
        }
        outputs.add(subprocess.run([sys.executable, "-c", code], env=environ, check=True, capture_output=True).stdout)
    assert len(outputs) == 1


def test_plain_text_imports_nothing_heavy() -> None:
    code = (
        "import sys; from lambdalint.finding import Report; from lambdalint.reporters import Options, render;"
        "render('text', Report(()), (), Options()); print(*sys.modules)"
    )
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(GOLDEN.parents[2]), *sys.path])}
    out = subprocess.run([sys.executable, "-S", "-c", code], env=environ, check=True, capture_output=True, text=True)
    loaded = set(out.stdout.split())
    assert "lambdalint.reporters.layout" in loaded
    assert not loaded & {"rich", "dataclasses", "pathlib", "json", "urllib", "textwrap", "shutil", "inspect"}


class TestText:
    def test_clean_is_the_summary_alone(self) -> None:
        assert render("text", CLEAN, RULES, PLAIN) == "No findings; 14 functions in 3 files checked\n"
        assert render("text", CLEAN, RULES, PLAIN._replace(quiet=True)) == ""

    def test_a_run_that_is_not_complete_says_so_even_when_quiet(self) -> None:
        report = CLEAN._replace(trusted=False, notices=(Notice("LL101 crashed: KeyError"),))
        assert "LL101 crashed" in render("text", report, RULES, PLAIN._replace(quiet=True))
        assert "not complete" in render("text", report, RULES, PLAIN)

    def test_only_suppressed_findings(self) -> None:
        report = REPORT._replace(findings=tuple(f for f in FINDINGS if f.suppressed), notices=())
        assert render("text", report, RULES, PLAIN) == "No findings; 14 functions in 3 files checked; 1 suppressed\n"

    def test_fix_is_said_once_a_rule(self) -> None:
        twice = REPORT._replace(findings=(FINDINGS[2], FINDINGS[2]))
        assert render("text", twice, RULES, PLAIN).count("fix: ") == 1

    def test_many_related_places_are_counted(self) -> None:
        place = Location("t.yaml", FIRST_LINE)
        finding = found("LL101", "m", place, None, related=(Related(place, "another function"),) * 11)
        for form in ("text", "github", "markdown"):
            text = render(form, Report((finding,)), RULES, PLAIN)
            assert text.count("another function") == 8
            assert "3 more places" in text
        assert render("json", Report((finding,)), RULES, PLAIN).count("another function") == 11

    def test_painted_is_the_plain_text_with_colours(self) -> None:
        from rich.text import Text

        options = PLAIN._replace(width=80)
        colored = painted(report_lines(REPORT, RULES, options), hyperlinks=False, color_system="256")
        plain = Text.from_ansi(colored).plain
        assert plain.splitlines() == [line.rstrip() for line in render("text", REPORT, RULES, options).splitlines()]
        assert "\x1b[" in colored

    def test_dumb_terminal_gets_no_sequence(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TERM", "dumb")
        assert "\x1b" not in render("text", REPORT, RULES, PLAIN._replace(color=True, hyperlinks=True))

    def test_every_style_has_enough_contrast_in_light_and_dark(self) -> None:
        from rich.color import Color
        from rich.style import Style

        def luminance(name: str) -> float:
            parts = (value / 255 for value in Color.parse(name).get_truecolor())
            red, green, blue = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts)
            return 0.2126 * red + 0.7152 * green + 0.0722 * blue

        for definition in STYLES.values():
            color = Style.parse(definition).color
            if color is not None:
                light = luminance(color.name)
                assert (light + 0.05) / 0.05 >= 3.5
                assert 1.05 / (light + 0.05) >= 3.5

    def test_no_control_character_of_an_input_reaches_the_terminal(self, tmp_path) -> None:
        evil = "\x1b]0;owned\x07\x9b31m\u202e\r\x00\u2028\ud800"
        file = tmp_path / "t.yaml"
        file.write_bytes(f"Key: {evil[:-1]} end\n".replace("\r", "").replace("\x00", "").encode())
        where = Location(f"t{evil}.yaml", Span(1, 1, 1, 4), file=str(file))
        finding = Finding(
            f"LL1{evil}", evil, "error", evil, where, evil, (evil,), (), "", Suppressed("comment", evil, evil), where
        )
        finding = finding._replace(related=(Related(where._replace(member=evil), evil),))
        report = Report((finding, finding._replace(suppressed=None)), (Notice(evil, evil, evil),))
        for form in ("text", "github", "markdown"):
            text = render(form, report, RULES, PLAIN._replace(include_suppressed=True))
            assert all(char.isprintable() or char == "\n" for char in text), form
            text.encode()

    @pytest.mark.parametrize("start", ["::error::x", "##[error]x", "  ::warning::x"])
    def test_no_line_is_a_command_of_a_ci_runner(self, start: str) -> None:
        where = Location(start, FIRST_LINE)
        report = Report((Finding("LL1", "x", "error", start, where, start),), (Notice(start),))
        for form in ("text", "github"):
            lines = render(form, report, RULES, PLAIN).splitlines()
            commands = [line for line in lines if line.lstrip().startswith("::") or "##[" in line]
            assert all(line.startswith("::error file=") for line in commands)
            assert len(commands) == (form == "github")

    def test_source_of_a_minified_file_is_clipped_around_the_fault(self, tmp_path) -> None:
        file = tmp_path / "t.json"
        file.write_text('{"A":"' + "x" * 80_000 + '","Timeout":901,"B":"' + "y" * 80_000 + '"}')
        column = file.read_text().index("901") + 1
        where = Location("t.json", Span(1, column, 1, column + 3), file=str(file))
        for columns in (80, 40, 0):
            text = render("text", Report((found("LL101", "m", where, None),)), (), PLAIN._replace(width=columns))
            source, mark = text.splitlines()[2:4]
            assert len(source) <= (columns or 130)
            assert source[mark.index("^") : mark.rindex("^") + 1] == "901"

    @pytest.mark.parametrize(
        ("content", "span", "shown"),
        [
            (b"a\r\nb: 1\r\nc", Span(2, 4, 2, 5), ["  2 | b: 1", "    |    ^"]),
            (b"a\rb: 1\rc", Span(2, 4, 2, 5), ["  2 | b: 1", "    |    ^"]),
            (b"\xef\xbb\xbfa: 1", Span(1, 4, 1, 5), ["  1 | a: 1", "    |    ^"]),
            (b"\ta:\t1", Span(1, 5, 1, 6), ["  1 |     a:  1", "    |         ^"]),
            ("é: ｗ語x".encode(), Span(1, 5, 1, 6), ["  1 | é: ｗ語x", "    |      ^^"]),
            ("e\u0301: x".encode(), Span(1, 5, 1, 6), ["  1 | e\u0301: x", "    |    ^"]),
            (b"a: \xff!", Span(1, 4, 1, 5), ["  1 | a: \ufffd!", "    |    ^"]),
            (b"a: |\n  text\n", Span(1, 4, 2, 7), ["  1 | a: |", "    |    ^"]),
            (b"a: 1", Span(1, 1, 1, 1), ["  1 | a: 1", "    | ^"]),
            (b"a: 1", Span(1, 90, 1, 99), ["  1 | a: 1", "    |     ^"]),
            (b"a: \x1b[31m", Span(1, 4, 1, 5), ["  1 | a: \\x1b[31m", "    |    ^^^^"]),
            (b"a", Span(7, 1, 7, 2), []),
            (b"\n", Span(1, 1, 1, 1), []),
            (b"PK\x03\x04\x00\x00", FIRST_LINE, []),
        ],
    )
    def test_source_lines(self, tmp_path, content: bytes, span: Span, shown: list[str]) -> None:
        file = tmp_path / "t.yaml"
        file.write_bytes(content)
        where = Location("t.yaml", span, file=str(file))
        text = render("text", Report((found("LL101", "m", where, None),)), (), PLAIN)
        assert text.split("\n")[2:-3] == shown

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
    def test_a_file_that_cannot_be_read_costs_only_its_line(self, tmp_path) -> None:
        os.mkfifo(tmp_path / "pipe")
        for file in ("", str(tmp_path), str(tmp_path / "gone"), str(tmp_path / "pipe"), "nul\0"):
            where = Location("t.yaml", FIRST_LINE, file=file)
            text = render("text", Report((found("LL101", "m", where, None),)), (), PLAIN)
            assert text.startswith("t.yaml:1:1  error  LL101 memory-size\n  m\n\n")

    def test_thirty_thousand_findings_on_one_long_line(self, tmp_path) -> None:
        file = tmp_path / "t.json"
        file.write_text("x" * 80_000 + "é")
        places = (Location("t.json", Span(1, at, 1, at + 3), file=str(file)) for at in range(1, 60_001, 2))
        findings = tuple(found("LL101", "m", place, "Fn") for place in places)
        start = time.perf_counter()
        render("text", Report(findings), RULES, PLAIN)
        assert time.perf_counter() - start < 30  # linear in the findings, not in the line: some 5 s


class TestJson:
    def test_shape(self) -> None:
        value = json.loads(render("json", REPORT, RULES, PLAIN))
        assert list(value) == ["version", "tool", "findings", "notices", "summary"]
        keys = "code name severity message path line column end_line end_column resource when related fingerprint"
        for finding in value["findings"]:
            assert [key for key in finding if key != "member"] == [*keys.split(), "suppressed"]
            assert ("member" in finding) == (finding["code"] == "LL304")
        assert value["tool"] == "lambdalint 0.1.0"
        assert value["summary"] == {"error": 3, "warning": 2, "note": 0, "suppressed": 1, "functions": 14, "files": 3}
        marks = [finding["suppressed"] for finding in value["findings"] if finding["suppressed"]]
        assert marks == [{"kind": "comment", "reason": "read by an old library", "until": "2027-03-01"}]

    def test_clean(self) -> None:
        value = json.loads(render("json", Report(()), RULES, PLAIN))
        assert value["findings"] == value["notices"] == []

    def test_any_text_is_written(self) -> None:
        finding = found("LL101", "\ud800 語 \x00", Location("a\udc80.yaml", FIRST_LINE), None)
        text = render("json", Report((finding,)), RULES, PLAIN)
        assert text.isascii()
        assert json.loads(text)["findings"][0]["path"] == "a\udc80.yaml"


class TestGitHub:
    def test_escapes(self) -> None:
        finding = found("LL101", "50% of\na, b: c", Location("a,b:c%.yaml", Span(1, 2, 1, 4)), None)
        line = render("github", Report((finding,)), RULES, PLAIN).splitlines()[0]
        assert line == (
            "::error file=a%2Cb%3Ac%25.yaml,line=1,col=2,endColumn=4,title=LL101 memory-size"
            "::a,b:c%25.yaml:1:2: LL101 50%25 of\\na, b: c"
        )

    def test_ten_of_a_kind_and_the_rest_as_lines(self) -> None:
        where = Location("t.yaml", Span(1, 1, 3, 4))
        findings = tuple(found("LL101", f"m{at}", where, None) for at in range(25))
        findings += tuple(found("LL404", f"w{at}", where, None) for at in range(11))
        lines = render("github", Report(findings), RULES, PLAIN).splitlines()
        assert sum(line.startswith("::error ") for line in lines) == 10
        assert sum(line.startswith("::warning ") for line in lines) == 10
        assert "::group::15 errors, 1 warning more (GitHub shows 10 annotations of a kind)" in lines
        assert "t.yaml:1:1  error  LL101 memory-size: m24" in lines
        assert lines[-2:] == ["::endgroup::", summary(Report(findings))]
        assert "line=1,endLine=3,title=" in lines[0]


class TestMarkdown:
    def test_cells_are_escaped(self) -> None:
        message = "a | b <img src=x> `c` *d* [e](f) $x$ @team \\ line\nbreak"
        finding = found("LL101", message, Location("a|b #1.yaml", Span(3, 1, 4, 1)), None)
        text = render("markdown", Report((finding,)), RULES, AT_GITHUB)
        row = next(line for line in text.splitlines() if "memory" in line)
        assert row.count("|") == 5
        assert "<img" not in row
        assert f"https://github.com/o/r/blob/{'0' * 40}/services/a%7Cb%20%231.yaml?plain=1#L3-L4" in row

    def test_bounded(self) -> None:
        finding = found("LL101", "語" * 500, Location("t.yaml", FIRST_LINE), None)
        text = render("markdown", Report((finding,) * 2000), RULES, PLAIN)
        assert MIB // 2 < len(text.encode()) <= MIB
        rows = text.count("| error |")
        assert text.endswith(f"\n{2000 - rows:,} more findings are not shown: the page would be too long.\n")
        notices = render("markdown", Report((), (Notice("n" * 999),) * 2000), RULES, PLAIN)
        assert len(notices) <= MIB
        assert "more notices are not shown" in notices


class TestHelp:
    def test_long_examples_are_cut(self) -> None:
        rule = RULES[0]
        long = rule._replace(examples=rule.examples._replace(bad=[{"title": "long", "template": "a: 1\n" * 500}]))
        assert "... 440 more lines" in help.explain_text(long)
        assert "... 440 more lines" in help.help_markdown(long)

    def test_prose_is_literal_in_markdown(self) -> None:
        assert help.literal("AWS::Lambda::* and <b> `a*<b` *") == "AWS::Lambda::\\* and &lt;b> `a*<b` \\*"

    def test_a_fence_is_longer_than_what_it_holds(self) -> None:
        assert help.fenced("a\n````\nb").startswith("`````\n")

    def test_a_rule_of_a_team_may_say_little(self) -> None:
        bare = RULES[0]._replace(why="", fix="", references=(), examples=SampleExamples([], []))
        page = help.explain_text(bare)
        assert page.startswith("LL101 memory-size ")
        assert not any(word in page for word in ("Why", "Fix", "Bad", "Good", "References"))
        assert not any(word in help.help_markdown(bare) for word in ("Why", "Fix", "Bad", "Good", "References"))
        assert "Fix" not in help.help_text(bare)
        assert "fix:" not in render("text", REPORT._replace(findings=FINDINGS[2:3]), (bare,), PLAIN)
        (run,) = json.loads(render("sarif", CLEAN, (bare,), PLAIN))["runs"]
        described = run["tool"]["driver"]["rules"][0]["fullDescription"]["text"]
        assert described == "MemorySize is outside what Lambda accepts."

    def test_painted(self) -> None:
        text = help.explain(RULES[0], PLAIN._replace(color=True, hyperlinks=True, width=60))
        assert "\x1b" not in help.explain_text(RULES[2])
        assert "LL101" in text


@pytest.mark.parametrize("rule", load().rules.values(), ids=lambda rule: rule.code)
def test_the_page_of_every_rule_can_be_read(rule):
    page, markdown = help.explain_text(rule), help.help_markdown(rule)
    assert page.startswith(f"{rule.code} {rule.name} ")
    for text in (page, markdown, help.help_text(rule)):
        assert max(map(len, text.splitlines())) <= (210 if text is page else 400)
        assert '.zip: [{"name"' not in text  # a description of an archive as the rule's file has it
    assert len(markdown) < 10_000


def test_a_page_that_is_cut_holds_the_severest():
    warning = found("LL404", "x" * 100, Location("a.yaml", FIRST_LINE), "Queue")
    error = found("LL101", "too much", Location("z.yaml", FIRST_LINE), "Fn")
    report = Report((*(warning._replace(fingerprint=str(at)) for at in range(20_000)), error), (), 1, 1)
    page = render("markdown", report, RULES, PLAIN)
    assert len(page.encode()) <= MIB
    assert "more findings are not shown" in page
    assert "z.yaml:1<br>Fn" in page


def test_a_place_in_a_member_is_told():
    inside = Location("a.zip", Span(12, 5, 12, 9), "src/app.py")
    assert "\n  member: src/app.py:12:5\n" in render("text", Report((found("LL101", "m", inside, None),)), RULES, PLAIN)


@pytest.mark.parametrize("columns", range(54, 130))
def test_no_line_of_an_audit_passes_the_terminal(columns, monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    labels = ("Memory", "Timeout", "Package", "Layers", "Environment", "Storage")
    cells = tuple(AuditCell(f"q.{label}", label, 10240, 10240, "MB") for label in labels)
    rows = [AuditRow("F" * 40, "t.yaml", cells), AuditRow("G", "t.yaml", cells[:2])]
    text = audit.text(rows, Options(color=True, width=columns))
    lines = re.sub(r"\x1b\[[0-9;]*m", "", text).splitlines()
    assert max(map(len, lines)) <= columns
    assert all(line == line.rstrip() for line in lines)  # blanks past the edge make an empty line


def test_the_page_that_is_offered_is_that_of_the_severest():
    findings = (found("LL404", "m", FIRST, None), found("LL503", "m", FIRST, None)._replace(severity="error"))
    assert "lambdalint explain LL503" in render("text", Report(findings), RULES, PLAIN)


def test_what_an_archive_holds_is_listed():
    page = help.explain_text(load().rules["LL306"])
    assert "\n    report.zip:\n      bootstrap (elf x86_64, mode 644)\n" in page
    page = help.explain_text(load().rules["LL325"])
    assert '\n      Cmd: ["app.handler"]\n      layer 1:\n        var/task/app.py (mode 600): x = 1\n' in page
