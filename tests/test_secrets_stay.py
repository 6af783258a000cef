"""A secret that is found is in no report."""

import pytest

from lambdalint.cli import run

SECRET = "correct-horse-battery"
TEMPLATE = f"""\
Resources:
  Fn:
    Type: AWS::Lambda::Function
    Properties:
      Environment: {{Variables: {{DB_PASSWORD: {SECRET}}}}}
"""


@pytest.mark.parametrize("form", ["text", "json", "sarif", "github", "markdown"])
def test_no_report_holds_it(form, tmp_path, monkeypatch, capsys):
    (tmp_path / "template.yaml").write_text(TEMPLATE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    run(["template.yaml", "--select", "LL611", "--format", form])
    printed = capsys.readouterr().out
    assert "LL611" in printed
    assert SECRET not in printed
    assert '"masked"' not in printed  # the mark is for the reporters


@pytest.mark.parametrize("suppressed", ["", "  # lambdalint: ignore[LL611]"])
@pytest.mark.parametrize("form", ["text", "json", "sarif", "github", "markdown"])
def test_nor_beside_another_finding_on_its_line(form, suppressed, tmp_path, monkeypatch, capsys):
    template = TEMPLATE.replace("{DB_", "{AWS_REGION: x, DB_").rstrip() + suppressed + "\n"
    (tmp_path / "template.yaml").write_text(template, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    run(["template.yaml", "--select", "LL105,LL611", "--format", form])
    printed = capsys.readouterr().out
    assert "LL105" in printed
    assert SECRET not in printed


def test_nor_the_lines_of_a_long_one(tmp_path, monkeypatch, capsys):
    secret = "-----BEGIN PRIVATE KEY-----\n          abcdefgh\n          -----END PRIVATE KEY-----"
    template = TEMPLATE.replace(SECRET, f'"{secret}"').replace("Variables: {", "Variables: {AWS_REGION: x, ")
    (tmp_path / "template.yaml").write_text(template, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    run(["template.yaml", "--select", "LL105,LL611"])
    printed = capsys.readouterr().out
    assert "LL611" in printed
    assert "AWS_REGION: x, DB_PASSWORD: ****" in printed
    assert "PRIVATE" not in printed
