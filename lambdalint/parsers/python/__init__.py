"""Python handlers: from the Handler property, through the imports that lie in the package, to facts with places.

    read_handler(files, "app.handler", "python3.12") -> model.source.Source

``reading`` turns the bytes of one module into lists (kept by ``cache``), ``run`` follows the handler through them.
Nothing of the code is imported or executed; libcst is imported only for a file that the cache does not have.
"""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from itertools import islice
from typing import Any

from lambdalint.finding import Span
from lambdalint.model.files import Files
from lambdalint.model.source import (
    ClientTimeout,
    EnvironmentRead,
    FileWrite,
    Handler,
    Import,
    SdkCall,
    SharedMemory,
    Site,
    Sleep,
    Source,
    SyntaxFault,
)  # fmt: skip
from lambdalint.parsers.python.cache import Cache, cache_folder
from lambdalint.parsers.python.facts import Facts, order
from lambdalint.parsers.python.frame import Enough
from lambdalint.parsers.python.modules import Module, Modules
from lambdalint.parsers.python.reading import decode, running
from lambdalint.parsers.python.run import Run
from lambdalint.parsers.python.scan import span_of
from lambdalint.parsers.python.values import Decorated, Function, ModuleValue, Object, Value, members

MAX_NAMES = 20_000
"""Names of a package that are looked through for a module one folder down."""
_RUNTIME = re.compile(r"python(\d+)\.(\d+)\Z")
_DYNAMIC_NAMES = re.compile(rb"globals\(|exec\(|setattr\(|__dict__|vars\(|__getattr__")
_TIMELESS = re.compile(r"outside (?:async )?function|outside loop|not properly in loop")
"""Messages of ``compile`` that hold for every version: what stands where it means nothing."""
_LIBCST_KNOWS = (3, 13)
"""The newest version whose grammar every allowed libcst has: its word counts up to there."""


_CACHES: dict[str | None, Cache] = {}


def open_cache(keep: bool = True) -> Cache:
    """This process's cache of what was read; with ``keep`` false (``--no-cache``) only in memory."""
    folder = cache_folder() if keep else None
    if folder not in _CACHES:
        _CACHES[folder] = Cache(folder)
    return _CACHES[folder]


def read_handler(
    files: Files | Sequence[Files],
    handler: str,
    runtime: str | None = None,
    cache: Cache | bool = False,
    third_party: Container[str] = (),
) -> Source:
    """What the code that a handler reaches does.

    ``files`` are the folders of Python's search path in its order: the package, then those of the layers. ``handler``
    is the Handler property (``app.lambda_handler``, ``src/app.handler``), ``runtime`` the function's (``python3.12``),
    None where it is not known (an image). ``third_party`` names further top-level modules that distributions installed:
    they are found, but not looked into. ``cache`` true keeps what was read on disk.

    Never raises for what the files hold.
    """
    import gc

    path = tuple(files) if isinstance(files, Sequence) else (files,)
    # Thousands of nodes come and go whole: the collector would look through them again and again for nothing.
    collecting = gc.isenabled()
    gc.disable()
    try:
        return _read(path, handler, runtime, cache, third_party)
    finally:
        if collecting:
            gc.enable()


def _read(
    path: tuple[Files, ...], handler: str, runtime: str | None, cache: Cache | bool, third_party: Container[str]
) -> Source:
    modules = Modules(path, cache if isinstance(cache, Cache) else open_cache(cache), third_party)
    facts = Facts()
    run = Run(modules, facts)
    module_name, _, name = handler.rpartition(".")
    dotted = module_name.replace("/", ".")
    complete = True
    modules.handler = (dotted, name)
    found = modules.find(dotted) if dotted else None
    value: Value | None = None
    try:
        if found is not None:
            value = run.load(dotted)
            if isinstance(value, ModuleValue):
                run.invoke(value.scope.names.get(name))
            run.drain()
    except (Enough, RecursionError):
        complete = False
    result = _handler(modules, found, value, module_name, name, path, complete)
    source = Source(path, result, _decoded, _site_span)
    _fill(source, facts, run, runtime)
    source.complete = complete and modules.complete and not source.unread
    return source


def _decoded(data: bytes) -> str | None:
    return decode(data)[0]


def _site_span(text: str, site: Site) -> Span:
    return span_of(text, site.line, site.token, site.nth)


def _fill(source: Source, facts: Facts, run: Run, runtime: str | None) -> None:
    source.reads = tuple(facts.of(EnvironmentRead))
    source.sets = frozenset(run.assigned)
    source.environment_open = facts.environment_open
    source.environment_whole = facts.environment_whole
    source.clients = tuple(facts.clients())
    source.calls = tuple(facts.of(SdkCall))
    source.dynamic_services = frozenset(facts.dynamic)
    source.timeouts = tuple(facts.of(ClientTimeout))
    source.sleeps = tuple(facts.of(Sleep))
    source.writes = tuple(facts.of(FileWrite))
    source.working_directory_changes = facts.working_directory_changes
    source.shared_memory = tuple(facts.of(SharedMemory))
    source.imports = tuple(facts.of(Import))
    source.new_syntax = tuple(sorted(facts.syntax, key=lambda f: order(f.site)))
    source.modules = tuple((m.root, m.file) for m in facts.modules)
    version = _RUNTIME.match(runtime) if runtime else None
    wanted = (int(version[1]), int(version[2])) if version else None
    faults, unread = [], []
    for module in facts.modules:
        code = module.code or {}
        fault = _fault(module, code, wanted)
        if fault is not None:
            faults.append(fault)
        reason = code.get("limit") or ("syntax" if code.get("blind") else None)
        if reason:
            unread.append((module.root, module.file, reason))
    source.faults, source.unread = tuple(faults), tuple(unread)


def _fault(module: Module, code: dict[str, Any], wanted: tuple[int, int] | None) -> SyntaxFault | None:
    """Whether the function's Python refuses a module; None where that is not sure."""
    if not code.get("fault") or (wanted is not None and wanted < (3, 0)):
        return None
    line, column, message, judge = code["fault"]
    ours = running()
    if judge == "libcst":
        return None
    if wanted is None:
        sure = judge == "both"
    elif ours >= wanted:
        # Newer syntax that libcst could read is a fact of its own (new_syntax), with a better name.
        newest = [tuple(map(int, version.split("."))) for version, *_ in code["features"]]
        sure = not any(v > wanted for v in newest)
    else:
        sure = wanted <= _LIBCST_KNOWS if judge == "both" else _TIMELESS.search(message) is not None
    if not sure:
        return None
    return SyntaxFault(module.root, module.file, Span(line, column, line, column + 1), message)


# -- the Handler property ---------------------------------------------------------------------------------------------


def _handler(
    modules: Modules,
    found: Module | None,
    value: Value | None,
    module_name: str,
    name: str,
    path: tuple[Files, ...],
    complete: bool,
) -> Handler:
    if found is None:
        status = "missing" if module_name and modules.complete else "unknown"
        folder = _one_folder_down(path, module_name) if status == "missing" else None
        return Handler(module_name, name, status, "unknown", folder=folder)
    plain = Handler(module_name, name, "found", "unknown", found.root, found.file or None)
    if not isinstance(value, ModuleValue):
        return plain
    code = found.code
    if found.kind != "namespace" and code is None:
        return plain
    names = tuple(sorted(n for n in value.scope.names if not n.startswith("__")))
    if name in value.scope.names:
        return _signed(plain._replace(name_status="found", names=names), value.scope.names[name], code)
    unsure = value.scope.open or not complete or value.state == "running"
    if not unsure and found.file:
        data = path[found.root].read(found.file)
        bound = rb"\bglobal\s[^\n#]*\b" + re.escape(name.encode()) + rb"\b"  # by a function of the module
        unsure = data is None or _DYNAMIC_NAMES.search(data) is not None or re.search(bound, data) is not None
    return plain._replace(name_status="unknown" if unsure else "missing", names=names)


def _one_folder_down(path: tuple[Files, ...], module_name: str) -> str | None:
    """The top-level folder that holds the module: the package was zipped with the folder around it."""
    wanted = module_name.replace(".", "/")
    ends = (f"/{wanted}.py", f"/{wanted}/__init__.py")
    for files in path[:1]:
        for name in islice(files.names_under(""), MAX_NAMES):
            top, _, rest = name.partition("/")
            if rest and "/" + rest in ends:
                return top
    return None


def _signed(handler: Handler, value: Value | None, code: dict[str, Any] | None) -> Handler:
    choices = members(value)
    if len(choices) != 1:
        return handler
    held = choices[0]
    marks = held.marks if isinstance(held, Decorated) else frozenset[str]()
    function = held.function if isinstance(held, Decorated) else held
    if not isinstance(function, Function) or (
        isinstance(function.this, Object) and not function.block.get("parameters")
    ):
        return handler
    block = function.block
    module = function.module.module
    site = Site(module.root, module.file, block["line"], block["name"].rpartition(".")[2], 0, f"{block['name']}:def:0")
    if block["kind"] == "lambda":
        site = site._replace(token="lambda")
    parameters = block.get("parameters", [])
    handler = handler._replace(site=site, parameters=tuple(p[0] for p in parameters))
    if marks - {"transparent", "cached"}:
        return handler
    return handler._replace(
        signature="ok" if takes_two(parameters, function.this is not None) else "wrong",
        asynchronous=block["kind"] == "async",
    )


def takes_two(parameters: list[list[Any]], bound: bool) -> bool:
    """Whether a function can be called with two positional arguments."""
    given = 3 if bound else 2
    room = required = 0
    for _, kind, has_default, _ in parameters:
        if kind == "*":
            room = given
        elif kind in ("/", "p"):
            room += 1
            required += not has_default
        elif kind == "k" and not has_default:
            return False
    return room >= given and required <= given


__all__ = ["Cache", "open_cache", "read_handler"]
