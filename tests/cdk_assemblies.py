"""Assemblies of tests/data/cdk as their author has them, and what is found in them."""

from __future__ import annotations

import json
import os
import shutil

from lambdalint.engine import lint
from lambdalint.settings import Settings

HERE = os.path.dirname(os.path.abspath(__file__))
DATA = os.path.join(HERE, "data", "cdk")


def settings(folder, **more):
    return Settings(as_of="2026-11-23", cwd=str(folder), cache=False, **more)


def laid_out(name, tmp_path, monkeypatch):
    """An application in a folder of its own: the assembly names the absolute paths of this folder."""
    folder = tmp_path / name
    shutil.copytree(os.path.join(DATA, name), folder)
    for path in folder.rglob("*.out/**/*.json"):
        text = path.read_text(encoding="utf-8")
        if "/PROJECT" in text:
            path.write_text(text.replace("/PROJECT", str(folder)), encoding="utf-8")
    monkeypatch.chdir(folder)
    return folder


def found(folder, *paths, **more):
    report, _ = lint(list(paths) or ["cdk.out"], settings(folder, **more))
    assert not [n for n in report.notices if "internal error" in n.message]
    return report


def line_of(folder, words, name="app.js"):
    lines = (folder / name).read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if words in line)


def changed(file, path, value, folder):
    """What is said of unreadable input once a value of a file is another; nothing may break on it."""
    document = json.loads(file.read_text(encoding="utf-8"))
    at = document
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    file.write_text(json.dumps(document), encoding="utf-8")
    return [f.message for f in found(folder).findings if f.code == "LL001"]
