"""Which files git ignores, by .gitignore files and .git/info/exclude (gitignore(5)); git itself is not asked.

A file that git tracks in spite of a pattern counts as ignored here: the index is not read.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable

MAX_BYTES = 1 << 20
"""Of one .gitignore file; the rest of a larger one is not read."""
MAX_PATTERNS = 5_000
MAX_STARS = 4
"""In one pattern; each more multiplies the time that a hostile one takes, so those are passed over."""

_Groups = list[tuple[bool, "re.Pattern[str]"]]


class Ignored:
    """The patterns that hold in one folder: those above it up to the git root, its own, and those of folders in it."""

    __slots__ = ("_above", "_folders", "_known", "_root")

    def __init__(self, root_dir: str) -> None:
        self._root = os.path.realpath(root_dir)
        top = git_root(self._root)
        self._above: list[tuple[str, _Groups]] = []
        """(path of root_dir below the pattern file's folder, with a slash; patterns), the outermost first."""
        if top is not None:
            if groups := _read(_exclude_file(top)):
                self._above.append((_below(top, self._root), groups))
            folder = top
            while folder != self._root:
                if groups := _read(os.path.join(folder, ".gitignore")):
                    self._above.append((_below(folder, self._root), groups))
                folder = os.path.join(folder, os.path.relpath(self._root, folder).split(os.sep)[0])
        self._folders: dict[str, _Groups] = {}
        self._known: dict[str, bool] = {}

    @property
    def root_ignored(self) -> bool:
        """True where the folder itself, or one above it, is ignored."""
        top = git_root(self._root)
        if top is None or top == self._root:
            return False
        return Ignored(top).match(os.path.relpath(self._root, top).replace(os.sep, "/"), True)

    def match(self, relpath: str, is_dir: bool) -> bool:
        """True for a path (relative to the folder, POSIX) that is ignored, or lies in a folder that is."""
        relpath = relpath.strip("/")
        if not relpath or relpath == ".":
            return False
        parent, _, _ = relpath.rpartition("/")
        if parent and self._folder_ignored(parent):
            return True
        return self.match_here(relpath, is_dir)

    def match_here(self, relpath: str, is_dir: bool) -> bool:
        """As ``match``, for a path whose parent folders are known not to be ignored (a walk that leaves them out)."""
        path = relpath + "/" if is_dir else relpath
        folder = relpath.rpartition("/")[0]
        while True:
            groups = self._patterns(folder)
            if groups:
                verdict = _verdict(groups, path[len(folder) + 1 :] if folder else path)
                if verdict is not None:
                    return verdict
            if not folder:
                break
            folder = folder.rpartition("/")[0]
        for below, groups in reversed(self._above):
            verdict = _verdict(groups, below + path)
            if verdict is not None:
                return verdict
        return False

    def _folder_ignored(self, folder: str) -> bool:
        known = self._known.get(folder)
        if known is None:
            known = self._known[folder] = self.match(folder, True)
        return known

    def _patterns(self, folder: str) -> _Groups:
        groups = self._folders.get(folder)
        if groups is None:
            groups = self._folders[folder] = _read(os.path.join(self._root, folder, ".gitignore"))
        return groups


def git_root(folder: str) -> str | None:
    """The nearest folder at or above this one that holds ``.git`` (a folder, or a worktree's file)."""
    while True:
        if os.path.exists(os.path.join(folder, ".git")):
            return folder
        parent = os.path.dirname(folder)
        if parent == folder:
            return None
        folder = parent


def _exclude_file(top: str) -> str:
    git = os.path.join(top, ".git")
    if os.path.isfile(git):
        line = _text(git)
        if line.startswith("gitdir:"):
            git = os.path.join(top, line[len("gitdir:") :].strip())
            common = _text(os.path.join(git, "commondir")).strip()
            git = os.path.join(git, common) if common else git
    return os.path.join(git, "info", "exclude")


def _below(folder: str, inner: str) -> str:
    relative = os.path.relpath(inner, folder).replace(os.sep, "/")
    return "" if relative == "." else relative + "/"


def _text(path: str) -> str:
    try:
        if os.path.islink(path) or not os.path.isfile(path):
            return ""  # git follows no link here either
        with open(path, "rb") as file:
            return file.read(MAX_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""


def _read(path: str) -> _Groups:
    return compile_patterns(_text(path))


def compile_patterns(text: str) -> _Groups:
    """The patterns of one file, in order: runs of ignoring and of negated ones, each as one expression."""
    groups: list[tuple[bool, list[str]]] = []
    for line in text.lstrip("\ufeff").splitlines()[:MAX_PATTERNS]:
        translated = translate(line)
        if translated is None:
            continue
        ignores, expression = translated
        if groups and groups[-1][0] == ignores:
            groups[-1][1].append(expression)
        else:
            groups.append((ignores, [expression]))
    return [(ignores, re.compile("|".join(expressions), re.DOTALL)) for ignores, expressions in groups]


def matcher(patterns: Iterable[str]) -> Callable[[str], bool]:
    """Whether patterns mean a path: POSIX, relative to where they start, a folder's with a slash at its end."""
    groups = compile_patterns("\n".join(patterns))

    def meant(path: str) -> bool:
        ends = [at + 1 for at, letter in enumerate(path) if letter == "/"]
        return any(_verdict(groups, part) for part in (*(path[:end] for end in ends), path))

    return meant


def _verdict(groups: _Groups, path: str) -> bool | None:
    for ignores, pattern in reversed(groups):
        if pattern.fullmatch(path):
            return ignores
    return None


def translate(line: str) -> tuple[bool, str] | None:
    """One line: does it ignore (or negate), and the expression of the whole path (a folder's ends in a slash)."""
    line = line.rstrip("\r\n")
    stripped = line.rstrip(" \t")
    if stripped.endswith("\\") and stripped != line:
        stripped += line[len(stripped)]
    line = stripped
    if not line or line.startswith("#"):
        return None
    ignores = not line.startswith("!")
    if not ignores:
        line = line[1:]
    only_folders = line.endswith("/")
    line = line[:-1] if only_folders else line  # of several slashes the others stay, and nothing is called so
    anchored = "/" in line
    line = line.removeprefix("/")
    if not line or len(re.findall(r"\*+", line)) > MAX_STARS:
        return None
    try:
        body = _glob(line)
        re.compile(body)
    except (re.error, ValueError):
        return None
    prefix = "" if anchored else "(?:[^/]*/)*"
    return ignores, f"(?:{prefix}{body}{'/' if only_folders else '/?'})"


def _glob(pattern: str) -> str:
    found: list[str] = []
    at, size = 0, len(pattern)
    while at < size:
        if pattern.startswith("**", at) and (at == 0 or pattern[at - 1] == "/"):
            end = at + 2
            if end == size:
                found.append(".+" if at else ".*")
                break
            if pattern[end] == "/":
                found.append("(?:[^/]+/)*")
                at = end + 1
                continue
        char = pattern[at]
        at += 1
        if char == "*":
            while at < size and pattern[at] == "*":
                at += 1
            # A star may match nothing, but the name that it stands for is not empty: "dir/*" does not match "dir/".
            found.append("[^/]*" if found and found[-1] != "/" else "(?=[^/])[^/]*")
        elif char == "?":
            found.append("[^/]")
        elif char == "[":
            at = _class(pattern, at, found)
        elif char == "\\":
            if at == size:
                raise ValueError("a pattern ends in a backslash")
            found.append(re.escape(pattern[at]))
            at += 1
        else:
            found.append(re.escape(char))
    return "".join(found)


_POSIX = {"alpha": "a-zA-Z", "digit": "0-9", "alnum": "a-zA-Z0-9", "upper": "A-Z", "lower": "a-z", "space": r"\s"}


def _class(pattern: str, at: int, found: list[str]) -> int:
    """A bracket expression from behind its ``[``; the place behind its ``]``."""
    negated = at < len(pattern) and pattern[at] in "!^"
    at += negated
    members: list[str] = []
    first = True
    while True:
        if at >= len(pattern):
            raise ValueError("a bracket expression has no end")
        char = pattern[at]
        if char == "]" and not first:
            break
        first = False
        if char == "[" and pattern.startswith("[:", at) and (end := pattern.find(":]", at)) > 0:
            members.append(_POSIX.get(pattern[at + 2 : end], ""))
            at = end + 2
            continue
        if char == "\\" and at + 1 < len(pattern):
            at += 1
            char = pattern[at]
        members.append("-" if char == "-" else re.escape(char))
        at += 1
    found.append(f"(?!/)[{'^' if negated else ''}{''.join(members)}]")
    return at + 1
