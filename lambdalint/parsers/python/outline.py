"""What a module binds and imports at its top level, without parsing it.

A file without a single byte that a rule looks for (no SDK, no environment, no file, no sleep) still has a handler,
its signature and imports. They stand on logical lines that a pattern recognises. The outcome has the shape that
``walk`` gives, with empty function bodies and ``parsed`` false. A line out of the ordinary makes it None: parse.
"""

from __future__ import annotations

import re
from typing import Any

from lambdalint.parsers.python.scan import Scan, bracket_end, string_end

_DEF = re.compile(r"(async\s+)?def\s+(\w+)\s*(?=\()")
_CLASS = re.compile(r"class\s+(\w+)")
_IMPORT = re.compile(r"import\s+(.+)", re.DOTALL)
_FROM = re.compile(r"from\s*(\.*)\s*([\w.]*)\s*import\s*(.+)", re.DOTALL)
_ALIAS = re.compile(r"([\w.]+)(?:\s+as\s+(\w+))?\Z")
_ASSIGN = re.compile(r"(\w+)\s*(?::[^=\n]*)?=(?!=)\s*([A-Za-z_][\w.]*\Z)?")
_HEADER = re.compile(r"(if|elif|else|try|except|finally|for|while|with|async\s+for|async\s+with)\b")
_TYPE_CHECKING = re.compile(r"if\s+(?:typing\.|t\.)?TYPE_CHECKING\s*:")
_MAIN = re.compile(r"if\s+__name__\s*==")
_PLAIN = re.compile(r"[\"'(\[{]|\w+\s*\(|[\w.]+\s*\(|pass\b|raise\b|assert\b|\.\.\.")
_COMMENT = re.compile(r"#[^\n]*")


def outline(text: str, scan: Scan) -> dict[str, Any] | None:
    """The module's code with empty bodies; None where only a parse can tell."""
    top: dict[str, Any] = {"name": "", "kind": "module", "body": [], "line": 1}
    blocks = [top]
    imports: list[Any] = []
    open_: list[tuple[int, str]] = []
    decorated = False
    bound: set[str] = set()
    for line in scan.lines:
        while open_ and open_[-1][0] >= line.indent:
            open_.pop()
        kinds = [kind for _, kind in open_]
        words = text[line.start : line.end]
        hidden = "code" in kinds
        if hidden and not words.startswith(("import", "from")):
            continue
        steps: list[Any] = []
        imported = _imports(words, line.number)
        if imported is not None:
            steps = imported
            imports += imported
        elif words.startswith("@"):
            decorated = True
            continue
        elif found := _DEF.match(words):
            parameters = _parameters(text, line.start + found.end())
            block: dict[str, Any] = {
                "name": found[2],
                "kind": "async" if found[1] else "def",
                "body": [],
                "line": line.number,
            }
            block["parameters"] = parameters
            blocks.append(block)
            # A decorator is written as one that is not known: it may give another signature.
            steps = [["def", found[2], len(blocks) - 1, [None] if decorated else []]]
            open_.append((line.indent, "code"))
        elif found := _CLASS.match(words):
            blocks.append({"name": found[1], "kind": "class", "body": [], "line": line.number})
            steps = [["class", found[1], len(blocks) - 1, [None], [None] if decorated else []]]
            open_.append((line.indent, "code"))
        elif found := _HEADER.match(words):
            if not re.search(r":\s*(?:#[^\n]*)?\Z", words) or (" as " in words and found[1] not in ("except", "with")):
                return None
            open_.append((line.indent, _context(words, found[1])))
            if found[1] in ("for", "with", "async for", "async with", "while"):
                return None
        elif found := _ASSIGN.match(words):
            if found[1] in bound and not found[2]:
                continue
            if ";" in words or ("=" in words[found.end() :] and not found[2] and "(" not in words):
                return None
            bound.add(found[1])
            value = None
            if found[2]:
                first, *rest = found[2].split(".")
                value = ["v", first]
                for part in rest:
                    value = ["a", value, part]
            steps = [["=", [["v", found[1]]], value]]
        elif ";" in words or not _PLAIN.match(words) or (words[0] in "([" and "=" in words):
            return None
        decorated = False
        if hidden:
            continue
        for kind in reversed(kinds):
            steps = _wrapped(kind, steps)
        top["body"] += [step for step in steps if step[0] != "none"]
    return {"blocks": blocks, "features": [], "imports": imports}


def _context(words: str, word: str) -> str:
    if word in ("try", "except", "finally"):
        return "try"
    if _TYPE_CHECKING.match(words) or _MAIN.match(words):
        return "dead"
    return "if"


def _wrapped(kind: str, steps: list[Any]) -> list[Any]:
    if not steps or kind == "code":
        return steps
    if kind == "try":
        return [["try", steps, [[None, None, []]], [], []]]
    return [["if", ["k", False] if kind == "dead" else None, steps, []]]


def _imports(words: str, number: int) -> list[Any] | None:
    if words.startswith("import") and (found := _IMPORT.match(words)):
        return _split(found[1], lambda name, alias: ["import", name, alias, number])
    if words.startswith("from") and (found := _FROM.match(words)):
        if found[3].startswith("*"):
            return [["from", len(found[1]), found[2], "*", number]]
        names = _split(found[3], lambda name, alias: [name, alias or name])
        return None if names is None else [["from", len(found[1]), found[2], names, number]]
    return None


def _split(names: str, make: Any) -> list[Any] | None:
    plain = _COMMENT.sub("", names).replace("\\\n", " ").strip().strip("()")
    out = []
    for part in plain.split(","):
        alias = part.strip()
        if not alias:
            continue
        found = _ALIAS.match(alias)
        if found is None:
            return None
        out.append(make(found[1], found[2]))
    return out


def _parameters(text: str, start: int) -> list[list[Any]]:
    """[name, kind, has a default, None] of each parameter, as the walk gives them."""
    end = bracket_end(text, start, len(text)) - 1
    parts: list[str] = []
    depth, position, begin = 0, start + 1, start + 1
    while position < end:
        mark = text[position]
        if mark in "([{":
            depth += 1
        elif mark in ")]}":
            depth -= 1
        elif mark in "\"'":
            position = string_end(text, position)[0]
            continue
        elif mark == "#":
            stop = text.find("\n", position)
            text = text[:position] + " " * (stop - position) + text[stop:]
        elif mark == "," and not depth:
            parts.append(text[begin:position])
            begin = position + 1
        position += 1
    parts.append(text[begin:end])
    out: list[list[Any]] = []
    kind = "p"
    for part in (p.strip() for p in parts):
        if part == "/":
            out = [[name, "/", default, value] for name, _, default, value in out]
        elif part.startswith("**"):
            out.append([_name(part[2:]), "**", False, None])
        elif part.startswith("*"):
            kind = "k"
            if part != "*":
                out.append([_name(part[1:]), "*", False, None])
        elif part:
            out.append([_name(part), kind, "=" in part, None])
    return out


def _name(part: str) -> str:
    found = re.match(r"\s*(\w+)", part)
    return found[1] if found else ""
