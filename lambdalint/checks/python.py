"""LL210 to LL212: whether Lambda can call a Python handler, and whether its runtime can parse the code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lambdalint.checks import check
from lambdalint.finding import Problem
from lambdalint.model.code import of_function, site_place, source_of
from lambdalint.model.deployment import Deployment
from lambdalint.model.resource import Function
from lambdalint.model.runtimes import runtime_of
from lambdalint.model.source import Import, NewSyntax, Source


@check("function")
def handler_signature(function: Function, deployment: Deployment) -> Iterator[Problem]:
    """A handler that takes no (event, context), or that hands back a coroutine which nobody awaits."""
    source = source_of(deployment, function)
    if source is None or source.handler.site is None:
        return
    handler = source.handler
    related = ((function.at("Handler"), "the Handler property"),)
    at = site_place(source, source.handler.site, deployment, function)
    if handler.signature == "wrong":
        shown = ", ".join(handler.parameters)
        yield Problem(at, fields={"name": handler.name, "parameters": f"({shown})"}, related=related)
    if handler.asynchronous:
        yield Problem(at, "async", {"name": handler.name}, related)


@check("function")
def newer_syntax(
    function: Function, deployment: Deployment, facts: Any, syntax: Mapping[str, str]
) -> Iterator[Problem]:
    """Syntax of a later Python than the runtime's, each kind once a file. ``syntax`` has words for each."""
    runtime = runtime_of(function, facts)
    version = _version(runtime.get("python") if runtime is not None else None)
    source = source_of(deployment, function)
    if source is None or version is None or runtime is None or version < (3, 0):
        return
    first: dict[tuple[int, str, str], NewSyntax] = {}
    for one in source.new_syntax:
        if one.version > version:
            first.setdefault((one.site.root, one.site.file, one.name), one)
    for one in first.values():
        if _is_told_apart(source, one.site.root, one.site.file):
            continue
        fields = {
            "syntax": syntax.get(one.name, one.name),
            "needed": "{}.{}".format(*one.version),
            "runtime": runtime["id"],
        }
        place = site_place(source, one.site, deployment, function)
        yield Problem(place, fields=fields, related=((function.at("Runtime"), "the runtime"),))


def _version(written: Any) -> tuple[int, int] | None:
    major, _, minor = written.partition(".") if isinstance(written, str) else ("", "", "")
    return (int(major), int(minor)) if major.isdigit() and minor.isdigit() else None


@check("function")
def syntax_error(function: Function, deployment: Deployment) -> Iterator[Problem]:
    """Code that no Python of the function's runtime parses."""
    source = source_of(deployment, function)
    for fault in source.faults if source is not None else ():
        assert source is not None
        if _is_told_apart(source, fault.root, fault.file):
            continue
        place = of_function(source.fault_place(fault), deployment, function)
        fields = {"runtime": function.runtime, "problem": fault.message.rstrip(".")}
        yield Problem(place, fields=fields)


_TOLD_APART = ("version_info", "SyntaxError", "hexversion")
"""Words of a module that imports others according to the Python that runs it."""


def _is_told_apart(source: Source, root: int, file: str) -> bool:
    """Whether a module is imported only where another asks for the version of Python first, or catches the error."""
    if file == source.handler.file:
        return False
    name = file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    leading = [one for one in source.imports if _leads_to(one, name)]
    texts = [source.text(one.site.root, one.site.file) or "" for one in leading]
    return bool(texts) and all(any(word in text for word in _TOLD_APART) for text in texts)


def _leads_to(one: Import, name: str) -> bool:
    named = (f"{one.module}.{word}" for word in one.names)
    return f"{one.module}.".startswith(f"{name}.") or name in named
