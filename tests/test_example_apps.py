"""The example applications: three in order, and the same three with the mistakes of a first try.

Each is linted as its owner would, and compared with expected.txt in its folder
(refresh: ``LAMBDALINT_REFRESH=1 pytest tests/test_example_apps.py``).
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from lambdalint.cli import run

DATA = Path(__file__).parent / "data"
CLEAN = ("ec2-scheduler", "orders", "thumbnails")
APPS = (*CLEAN, *(f"{name}-faulty" for name in CLEAN))


def linted(name: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """Copied first: what lies above it in this repository is none of its own."""
    shutil.copytree(DATA / name, folder / name, ignore=shutil.ignore_patterns("expected.txt"))
    monkeypatch.chdir(folder / name)
    return run(["check", "--quiet", "--as-of", "2026-11-23", "--no-cache", "--no-color"])


@pytest.mark.parametrize("name", APPS)
def test_what_is_said(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code = linted(name, tmp_path, monkeypatch)
    said, errors = capsys.readouterr()
    golden = DATA / name / "expected.txt"
    if os.environ.get("LAMBDALINT_REFRESH"):
        golden.write_text(said, encoding="utf-8")
    assert said == golden.read_text(encoding="utf-8")
    assert errors == ""
    assert code == (0 if name in CLEAN else 1)


@pytest.mark.parametrize("name", CLEAN)
def test_the_clean_ones_are_clean(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    linted(name, tmp_path, monkeypatch)
    assert capsys.readouterr() == ("", "")
