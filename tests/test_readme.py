"""The README is true: its table is the book's, its commands exist. LAMBDALINT_REFRESH=1 writes the table."""

from __future__ import annotations

import html
import os
import re

from lambdalint.cli import COMMANDS, run
from lambdalint.engine import lint
from lambdalint.reporters import Options, render
from lambdalint.rulebook import load
from lambdalint.settings import Settings

ROOT = os.path.join(os.path.dirname(__file__), "..")
README = os.path.join(ROOT, "README.md")
BEGIN, END = (
    "<!-- rules: made by `lambdalint rules --format markdown`, checked by a test -->\n",
    "<!-- end of rules -->",
)


def text():
    with open(README, encoding="utf-8") as file:
        return file.read()


def test_the_table_of_rules():
    head = "| code | name | severity | on | reported when |\n|---|---|---|---|---|\n"
    rows = [
        f"| {r.code} | {r.name} | {r.severity} | {'on' if r.enabled else 'off'} | {r.summary} |\n"
        for r in load().rules.values()
    ]
    table = head + "".join(rows)
    whole = text()
    before, rest = whole.split(BEGIN)
    shown, after = rest.split(END)
    if os.environ.get("LAMBDALINT_REFRESH"):
        with open(README, "w", encoding="utf-8") as file:
            file.write(before + BEGIN + table + END + after)
        return
    assert shown == table
    codes = [row.split()[1] for row in rows]
    assert codes == sorted(codes)


def test_the_first_two_blocks_are_the_set_up():
    blocks = re.findall(r"```sh\n(.*?)```", text(), re.S)
    assert len(blocks) == 2
    assert "tests/data/thumbnails-faulty" in blocks[0]
    assert blocks[1].strip() == "bash .ci/run"


def test_commands_and_files_that_it_names():
    whole = text()
    for command in re.findall(r"\blambdalint (check|explain|rules|quotas|audit|policy|show)\b", whole):
        assert command in COMMANDS
    for path in re.findall(r"\]\(((?!http)[^)#]+)\)", whole):
        assert os.path.exists(os.path.join(ROOT, path)), path


def test_the_rule_of_a_team_holds(tmp_path, capsys):
    (rule,) = re.findall(r"```yaml\n# lint/rules/(\S+)\n(.*?)```", text(), re.S)
    (tmp_path / rule[0]).write_text(rule[1], encoding="utf-8")
    assert run(["rules", "--test", str(tmp_path)]) == 0, capsys.readouterr().out
    assert "TEAM001" in capsys.readouterr().out


def test_the_picture_shows_what_is_printed(monkeypatch):
    """docs/picture.py makes it anew."""
    monkeypatch.chdir(ROOT)
    with open(os.path.join(ROOT, "docs", "thumbnails-faulty.svg"), encoding="utf-8") as file:
        picture = html.unescape("".join(re.findall(r"<text[^>]*>([^<]*)</text>", file.read())))
    settings = Settings(as_of="2026-11-23", cache=False).complete()
    report, book = lint(["tests/data/thumbnails-faulty"], settings)
    printed = render("text", report, book.selected((), ()), Options(width=110, root=settings.cwd))
    assert re.sub(r"\s", "", printed) in re.sub(r"\s", "", picture)
