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
