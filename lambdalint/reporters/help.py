"""A rule's page, from the fields of its file: for ``lambdalint explain``, and as SARIF's help in text and Markdown."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lambdalint.reporters import Options, RuleInfo
from lambdalint.reporters.display import flowed, visible, width
from lambdalint.reporters.layout import Line, plain, prose

MAX_LINES = 60
"""Lines that are shown of an example's file."""

MAX_COLUMNS = 200
"""Characters that are shown of a line of it: the value of 4 KB that proves a limit tells no reader anything."""

PAGE = 80
"""Columns of a page where the terminal does not say."""


def explain(rule: RuleInfo, options: Options) -> str:
    """The rule's page for people, painted where ``options.color`` says so."""
    lines = page(rule, min(options.width or PAGE, 100))
    if not options.color:
        return plain(lines)
    from lambdalint.reporters.text_rich import painted

    return painted(lines, hyperlinks=options.hyperlinks)


def explain_text(rule: RuleInfo) -> str:
    """The rule's page as plain text of 80 columns."""
    return explain(rule, Options())


def help_text(rule: RuleInfo) -> str:
    """What SARIF carries as plain text: why, the cure, how to suppress."""
    parts = [sentence(rule.summary), flowed(rule.why), rule.fix and f"Fix: {flowed(rule.fix)}"]
    parts += [*map(visible, rule.references), f"Suppress one with: {comment(rule)}"]
    return "\n\n".join(part for part in parts if part) + "\n"


def help_markdown(rule: RuleInfo, examples: int = 2) -> str:
    """The rule's page as Markdown with at most ``examples`` bad and as many good examples."""
    parts = [f"# {rule.code} {rule.name}", literal(sentence(rule.summary))]
    parts += [f"**{label}.** {literal(flowed(text))}" for label, text in (("Why", rule.why), ("Fix", rule.fix)) if text]
    for word, listed in (("Bad", rule.examples.bad), ("Good", rule.examples.good)):
        for example in listed[:examples]:
            parts.append(f"## {word}: {literal(title(example))}")
            for name, content in files(example):
                parts.append((f"`{name}`\n\n" if name else "") + fenced("\n".join(clipped(content)), language(name)))
    if rule.references:
        parts += ["## References", "\n".join(f"- <{visible(link)}>" for link in rule.references)]
    parts += ["## To suppress one", "At the end of the line, or alone on the line above it:"]
    parts += [fenced(comment(rule), "yaml"), "In JSON and CDK, on the resource or the template:"]
    parts.append(fenced(metadata(rule), "json"))
    return "\n\n".join(parts) + "\n"


def page(rule: RuleInfo, columns: int) -> Iterator[Line]:
    """The lines of the rule's page, at most ``columns`` wide but for what an example holds."""
    state = f"{rule.severity}, {'on' if rule.enabled else 'off'} by default"
    name = f" {rule.name}"
    gap = max(columns - width(rule.code + name + state), 2)
    yield [(rule.severity, rule.code, rule.help_uri), ("title", name, ""), ("dim", " " * gap + state, "")]
    yield []
    yield from prose("", "", sentence(rule.summary), columns)
    for label, text in (("Why  ", rule.why), ("Fix  ", rule.fix)):
        if text:
            yield []
            yield from prose(label, "label", flowed(text), columns)
    for word, style, listed in (("Bad", "error", rule.examples.bad), ("Good", "good", rule.examples.good)):
        for example in listed:
            yield []
            yield [(style, word, ""), ("", f"  {title(example)}", "")]
            for part, content in files(example):
                yield []
                if part:
                    yield [("dim", f"  {part}:", "")]
                yield from code(content, rule)
    if rule.references:
        yield []
        yield [("title", "References", "")]
        for link in rule.references:
            yield [("", "  ", ""), ("", visible(link), visible(link))]
    yield []
    yield [("title", "To suppress one", "")]
    yield from prose("", "", "at the end of the line, or alone on the line above it:", columns)
    yield [("", f"    {comment(rule)}", "")]
    yield from prose("", "", "in JSON and CDK, on the resource or the template:", columns)
    yield [("", f"    {metadata(rule)}", "")]


def code(content: str, rule: RuleInfo) -> Iterator[Line]:
    """An example's file, with the lines that the rule is to report standing out."""
    for line in clipped(content):
        before, arrow, after = line.partition(f"# <- {rule.code}")
        if arrow:
            yield [(rule.severity, "  > ", ""), ("", before, ""), (rule.severity, arrow + after, "")]
        else:
            yield [("", f"    {line}", "")]


def sentence(text: str) -> str:
    """Prose of a rule on one line, with the full stop that a summary is written without."""
    text = flowed(text)
    return text if not text or text[-1] in ".!?" else f"{text}."


def title(example: Mapping[str, Any]) -> str:
    """The example's title, with the settings it is judged by."""
    settings = example.get("settings") or {}
    given = ", ".join(f"{key} {_short(value)}" for key, value in settings.items())
    return visible(f"{example.get('title', '')} ({given})" if given else str(example.get("title", "")))


def files(example: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The example's files as name ("" for the template) and content; what an archive or image holds as a list."""
    parts: list[tuple[str, str]] = []
    if (template := example.get("template")) is not None:
        parts.append(("", template if isinstance(template, str) else json.dumps(template, indent=2)))
    for name, content in _items(example.get("files")):
        parts.append((visible(name), content if isinstance(content, str) else _short(content)))
    for kind in ("archive", "image"):
        if held := _items(example.get(kind)):
            parts.append((f"the {kind}", "\n".join(line for name, value in held for line in _held(name, value))))
    return parts


def _held(name: str, described: Any) -> Iterator[str]:
    """What an example's archive or image holds: a line for each member, after what is said of the whole."""
    whole = described if isinstance(described, Mapping) else {"members": described}
    if not isinstance(whole.get("members", []), list):
        yield f"{name}: {_short(described)}"
        return
    yield f"{name}:"
    for key, value in whole.items():
        if key == "config":
            yield from (f"  {option}: {_short(setting)}" for option, setting in value.items())
        elif key == "members":
            yield from (f"  {_member(member)}" for member in value)
        elif key == "layers":
            for number, layer in enumerate(value, 1):
                yield f"  layer {number}:"
                yield from (f"    {_member(member)}" for member in layer)
        else:
            yield f"  {key}: {_short(value)}"


def _member(member: Any) -> str:
    """``lib/core.so (elf x86_64, mode 600)``, ``app.py: import requests``."""
    if not isinstance(member, Mapping):
        return _short(member)
    told = {key: value for key, value in member.items() if key not in ("name", "text", "bytes")}
    details = ", ".join(key if value is True else f"{key} {_short(value)}" for key, value in told.items())
    text = _short(member.get("text", ""))
    return str(member["name"]) + (f" ({details})" if details else "") + (f": {text}" if text else "")


def clipped(content: str) -> list[str]:
    """The lines of an example, safe for a terminal, the end cut off where it is long."""
    lines = [_cut(visible(line.expandtabs(4)).rstrip(), MAX_COLUMNS) for line in content.strip("\n").split("\n")]
    cut = len(lines) - MAX_LINES
    return [*lines[:MAX_LINES], f"... {cut:,} more lines"] if cut > 0 else lines


def comment(rule: RuleInfo) -> str:
    return f'# lambdalint: ignore[{rule.code}] reason="why it is right here" until=2030-01-31'


def metadata(rule: RuleInfo) -> str:
    return f'"Metadata": {{"lambdalint": {{"ignore": [{{"code": "{rule.code}", "reason": "..."}}]}}}}'


def literal(text: str) -> str:
    """Prose as Markdown: ``*`` and ``<`` stand for themselves, code in backticks stays code."""
    pieces = text.split("`")
    pieces[::2] = [piece.replace("*", "\\*").replace("<", "&lt;") for piece in pieces[::2]]
    return "`".join(pieces)


def fenced(text: str, language: str = "") -> str:
    """Text as a Markdown code block whose fence is longer than any run of backticks in it."""
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}{language}\n{text}\n{fence}"


def language(name: str) -> str:
    ending = name.rpartition(".")[2] if "." in name else "yaml" if not name else ""
    return {"py": "python", "js": "javascript", "yml": "yaml", "yaml": "yaml", "json": "json", "toml": "toml"}.get(
        ending, ""
    )


def _items(value: Any) -> Sequence[tuple[str, Any]]:
    if isinstance(value, Mapping):
        return [(str(key), item) for key, item in value.items()]
    return [("", item) for item in value] if isinstance(value, list) else []


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    text = visible(text.strip())
    return _cut(text, PAGE)


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 3] + "..."
