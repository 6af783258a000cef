"""gitignore patterns, against git itself where it is installed."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from make_artifacts import write_tree

from lambdalint.parsers.gitignore import Ignored, compile_patterns, translate


def ignored(tmp_path: Path, files: dict[str, str], path: str, is_dir: bool = False) -> bool:
    write_tree(tmp_path, {".git/HEAD": "", **files})
    return Ignored(str(tmp_path)).match(path, is_dir)


@pytest.mark.parametrize(
    ("patterns", "path", "expected"),
    [
        ("*.pyc", "a/b.pyc", True),
        ("*.pyc", "a/b.py", False),
        ("/dist", "dist", True),
        ("/dist", "a/dist", False),
        ("dist/", "a/dist/", True),
        ("dist/", "a/dist", False),
        ("dist/", "a/dist/x/y", True),
        ("a/b", "a/b", True),
        ("a/b", "c/a/b", False),
        ("**/logs", "x/y/logs", True),
        ("**/logs", "logs", True),
        ("logs/**", "logs/a/b", True),
        ("logs/**", "logs/", False),
        ("a/**/b", "a/b", True),
        ("a/**/b", "a/x/y/b", True),
        ("*\n!keep.py", "keep.py", False),
        ("*\n!keep.py", "other.py", True),
        ("dir/\n!dir/keep.py", "dir/keep.py", True),
        ("dir/*\n!dir/keep.py", "dir/keep.py", False),
        ("# no\n\n\\#yes", "#yes", True),
        ("\\!yes", "!yes", True),
        ("a[0-9].py", "a5.py", True),
        ("a[!0-9].py", "a5.py", False),
        ("a[]-].py", "a].py", True),
        ("a?c", "abc", True),
        ("a?c", "a/c", False),
        ("trailing   ", "trailing", True),
        ("kept\\ ", "kept ", True),
        ("a[", "a[", False),
        ("*.egg-info/", "x.egg-info/PKG", True),
        ("foo*bar", "foo/bar", False),
        ("build/\r\n", "build/x", True),
    ],
)
def test_patterns(tmp_path: Path, patterns: str, path: str, expected: bool) -> None:
    assert ignored(tmp_path, {".gitignore": patterns}, path, path.endswith("/")) is expected


def test_nested_files_and_the_exclude_file(tmp_path: Path) -> None:
    files = {
        ".gitignore": "*.log\n/out",
        "a/.gitignore": "!keep.log\n/x",
        ".git/info/exclude": "private\n",
        "a/b/.gitignore": "*",
    }
    for path, expected in [
        ("a/keep.log", False),
        ("a/other.log", True),
        ("keep.log", True),
        ("a/x", True),
        ("x", False),
        ("private", True),
        ("a/b/c", True),
        ("a/out", False),
    ]:
        assert ignored(tmp_path, files, path) is expected, path
    inner = Ignored(str(tmp_path / "a"))
    assert inner.match("keep.log", False) is False
    assert inner.match("other.log", False) is True
    assert inner.match("x", False) is True
    assert inner.match("private", True) is True
    assert not inner.root_ignored


def test_a_folder_that_is_ignored_itself(tmp_path: Path) -> None:
    write_tree(tmp_path, {".git/HEAD": "", ".gitignore": "build/\n", "build/fn/app.py": "", "src/app.py": ""})
    assert Ignored(str(tmp_path / "build/fn")).root_ignored
    assert Ignored(str(tmp_path / "build")).root_ignored
    assert not Ignored(str(tmp_path / "src")).root_ignored


def test_a_worktree_has_its_exclude_file_elsewhere(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            "main/.git/info/exclude": "secret\n",
            "main/.git/worktrees/w/commondir": "../..\n",
            "w/.git": f"gitdir: {tmp_path}/main/.git/worktrees/w\n",
        },
    )
    assert Ignored(str(tmp_path / "w")).match("secret", False)


def test_hostile_patterns_take_no_time() -> None:
    text = "\n".join(["*a" * 40, "**/" * 40 + "x", "[" * 100, "a*" * 4 + "b", "?" * 200])
    groups = compile_patterns(text)
    started = time.perf_counter()
    for _, pattern in groups:
        pattern.fullmatch("a" * 255)
        pattern.fullmatch("a/" * 60)
    assert time.perf_counter() - started < 5
    assert translate("*a" * 40) is None


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.text("ab*/!?[]\\# .", min_size=1, max_size=7), min_size=1, max_size=6),
    st.lists(
        st.lists(st.sampled_from(["a", "b", "ab", "a.b", "ba", "#a", "!b"]), min_size=1, max_size=4),
        min_size=1,
        max_size=12,
    ),
)
def test_git_says_the_same(
    tmp_path_factory: pytest.TempPathFactory, patterns: list[str], paths: list[list[str]]
) -> None:
    root = tmp_path_factory.mktemp("repo")
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    (root / ".git/info/exclude").write_text("")
    (root / ".gitignore").write_text("\n".join(patterns) + "\n")
    names = sorted({"/".join(path) for path in paths})
    asked = subprocess.run(
        ["git", "-c", "core.excludesFile=/dev/null", "-C", str(root), "check-ignore", "--no-index", "-z", "--stdin"],
        input="\0".join(names).encode(),
        capture_output=True,
        check=False,
    )
    expected = set(asked.stdout.decode().split("\0")) - {""}
    ours = Ignored(str(root))
    assert {name for name in names if ours.match(name, False)} == expected
