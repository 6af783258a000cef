"""The baseline: what is known stays known when code moves, a second fault of its kind is new, old entries are told."""

from __future__ import annotations

import json
import os
import shutil

import pytest

from lambdalint.baseline import HEAD, Entry, compare, read, text
from lambdalint.engine import lint
from lambdalint.finding import Finding, Location, Span
from lambdalint.settings import Roots, Settings, SettingsError

CORPUS = os.path.join(os.path.dirname(__file__), "..", "..", "shared", "corpus")

FUNCTION = """\
  {id}:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.13
      Handler: index.handler
      Role: arn:aws:iam::111122223333:role/report
      Code: {{ZipFile: "def handler(event, context): pass"}}
      Timeout: {timeout}
"""


def template(**timeouts):
    return "Resources:\n" + "".join(FUNCTION.format(id=id, timeout=timeout) for id, timeout in timeouts.items())


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    return tmp_path


def run(*paths, update=False, select=("LL102",), **more):
    settings = Settings(select=select, baseline="known.jsonl", update_baseline=update, cache=False, **more)
    return lint(paths or ["."], settings)[0]


def new(report):
    return [(finding.location.path, finding.resource) for finding in report.findings if finding.suppressed is None]


def test_writing_and_reading(folder):
    (folder / "a.yaml").write_text(template(B=901, A=902))
    report = run(update=True)
    assert new(report) == []
    assert [finding.suppressed.kind for finding in report.findings] == ["baseline"] * 2
    lines = (folder / "known.jsonl").read_text().splitlines()
    assert lines[0] == HEAD
    assert [json.loads(line)["resource"] for line in lines[1:]] == ["A", "B"]
    before = (folder / "known.jsonl").read_bytes()
    assert new(run()) == []
    run(update=True)
    assert (folder / "known.jsonl").read_bytes() == before


def test_moved_code_is_known_and_a_new_fault_is_not(folder):
    (folder / "a.yaml").write_text(template(A=901))
    run(update=True)
    (folder / "a.yaml").write_text("# moved\n\n\n" + template(Other=30, A=901))
    assert new(run()) == []
    (folder / "a.yaml").write_text(template(B=901, A=901))
    assert new(run()) == [("a.yaml", "B")]


def test_a_changed_value_is_the_same_fault(folder):
    (folder / "a.yaml").write_text(template(A=901))
    run(update=True)
    (folder / "a.yaml").write_text(template(A=950))
    assert new(run()) == []


def test_a_second_identical_fault_is_new(folder):
    """The baseline is a multiset: each entry speaks of one finding."""
    (folder / "a.yaml").write_text("")
    one = Finding("LL102", "t", "error", "m", Location("a.yaml", Span(1, 1, 1, 2)), "A", fingerprint="f")
    entry = Entry("a.yaml", "LL102", "A", "f", "a.yaml")

    def check(entries, findings):
        (folder / "known.jsonl").write_text(text(entries))
        settings, roots = Settings(baseline="known.jsonl", cwd=str(folder)), Roots(str(folder), str(folder))
        return compare(findings, [("a.yaml", findings)], ["a.yaml"], settings, roots, frozenset(("LL102",)), True)

    marked, stale = check([entry], [one, one])
    assert [finding.suppressed is None for finding in marked] == [False, True]
    assert stale == []
    assert all(finding.suppressed for finding in check([entry, entry], [one, one])[0])
    assert len(check([entry, entry, entry], [one])[1]) == 2


def test_the_same_fault_in_another_file_is_new(folder):
    (folder / "a.yaml").write_text(template(A=901))
    (folder / "b.yaml").write_text(template(A=901))
    run("a.yaml", update=True)
    assert new(run()) == [("b.yaml", "A")]


def test_stale_entries_are_told_where_they_were_looked_for(folder):
    (folder / "a.yaml").write_text(template(A=901))
    (folder / "b.yaml").write_text(template(B=901))
    run(update=True)
    (folder / "a.yaml").write_text(template(A=30))
    notices = [(notice.path, notice.resource) for notice in run().notices]
    assert notices == [("a.yaml", "A")]
    assert run("b.yaml").notices == ()
    assert run(select=("LL101",)).notices == ()
    (folder / "b.yaml").unlink()
    assert [notice.path for notice in run("a.yaml").notices] == ["a.yaml", "b.yaml"]


def test_update_keeps_what_was_not_looked_at(folder):
    (folder / "a.yaml").write_text(template(A=901))
    (folder / "b.yaml").write_text(template(B=901))
    run(update=True)
    (folder / "a.yaml").write_text(template(A=30))
    run("a.yaml", update=True)
    assert [entry.path for entry in read("known.jsonl")] == ["b.yaml"]
    (folder / "b.yaml").unlink()
    run("a.yaml", update=True)
    assert read("known.jsonl") == []


def test_suppressed_findings_are_not_written(folder):
    (folder / "a.yaml").write_text(template(A="901  # lambdalint: ignore[LL102]", B=901))
    run(update=True)
    assert [entry.resource for entry in read("known.jsonl")] == ["B"]
    assert run().notices == ()


def test_a_comment_over_a_known_finding_leaves_no_stale_entry(folder):
    (folder / "a.yaml").write_text(template(A=901))
    run(update=True)
    (folder / "a.yaml").write_text(template(A="901  # lambdalint: ignore[LL102]"))
    report = run()
    assert report.findings[0].suppressed.kind == "comment"
    assert report.notices == ()


def test_it_is_the_same_from_every_folder(folder, monkeypatch):
    (folder / "sub").mkdir()
    (folder / "sub" / "a.yaml").write_text(template(A=901))
    run(update=True)
    monkeypatch.chdir(folder / "sub")
    settings = Settings(select=("LL102",), baseline="../known.jsonl", cache=False)
    assert new(lint(["a.yaml"], settings)[0]) == []


def test_two_branches_merge_line_by_line(folder):
    entries = [Entry(f"{name}.yaml", "LL102", "A", name, f"{name}.yaml") for name in "bdac"]
    assert text(entries) == text(reversed(entries))
    one, two = text(entries[:2]).splitlines(), text(entries).splitlines()
    assert [line for line in two if line not in one] == [entry.line() for entry in sorted(entries[2:])]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "--update-baseline makes one"),
        ("", "no baseline"),
        ("Resources: {}\n", ":1: no baseline"),
        (HEAD + '\n{"path": 1}\n', ":2: no entry"),
        (HEAD + "\n<<<<<<< HEAD\n", ":2: a merge conflict"),
        (HEAD + "\n" + "[" * 100_000, ":2: no entry"),
    ],
)
def test_a_file_that_is_no_baseline(folder, content, words):
    (folder / "a.yaml").write_text(template(A=901))
    if content is not None:
        (folder / "known.jsonl").write_text(content)
    with pytest.raises(SettingsError, match="known") as error:
        run()
    assert words in str(error.value)


def test_update_mends_a_conflict_and_overwrites_no_other_file(folder):
    (folder / "a.yaml").write_text(template(A=901))
    (folder / "known.jsonl").write_text(HEAD + "\n<<<<<<< HEAD\n")
    run(update=True)
    assert len(read("known.jsonl")) == 1
    (folder / "known.jsonl").write_text("precious")
    with pytest.raises(SettingsError):
        run(update=True)
    assert (folder / "known.jsonl").read_text() == "precious"


def test_a_run_that_is_not_complete_writes_nothing(folder):
    (folder / "a.yaml").write_text(template(A=901))
    with pytest.raises(SettingsError, match="not complete"):
        run("a.yaml", "missing.yaml", update=True)
    assert not (folder / "known.jsonl").exists()


@pytest.mark.slow
@pytest.mark.skipif(not os.path.isdir(CORPUS), reason="the corpus is not here")
def test_corpus(folder):
    """With all findings known the gate passes; one new fault of a known kind in the same file fails it."""
    shutil.copytree(CORPUS, folder / "corpus", copy_function=shutil.copyfile)
    target = next(
        path
        for path in sorted((folder / "corpus").rglob("*.yaml"))
        if "AWS::Lambda::Function" in (content := path.read_text()) and "\nResources:\n" in content
    )
    content = target.read_text()

    def with_faults(*ids):
        faults = "".join(FUNCTION.format(id=id, timeout=901) for id in ids)
        target.write_text(content.replace("\nResources:\n", "\nResources:\n" + faults, 1))

    everything = {"select": (), "as_of": "2026-11-23"}
    with_faults("Known")
    written = run("corpus", update=True, **everything)
    assert len(written.findings) > 20
    assert new(run("corpus", **everything)) == []
    target.write_text("# a line more\n\n" + target.read_text())
    assert new(run("corpus", **everything)) == []
    with_faults("Fresh", "Known")
    assert [resource for _, resource in new(run("corpus", **everything))] == ["Fresh"]
