"""What the world outside the package means: the environment, files, sleeps, HTTP clients, callbacks.

Outside things are paths: ``os.environ.get``; ``requests.Session().get``, where ``()`` is the outcome of a call.
The AWS SDK has a room of its own, ``sdk``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from lambdalint.parsers.python import sdk
from lambdalint.parsers.python.facts import passed_on
from lambdalint.parsers.python.values import (
    Choice,
    Class,
    Client,
    Const,
    Context,
    Decorated,
    Env,
    External,
    FilePath,
    Function,
    Items,
    Mapping,
    Object,
    Pieces,
    Settings,
    Value,
    constant,
    join,
    known_prefix,
    members,
    number_of,
    text_of,
)  # fmt: skip

if TYPE_CHECKING:
    from lambdalint.parsers.python.run import Frame, Run

Values = list["Value | None"]
Keywords = dict[str, "Value | None"]

_SETTINGS_LIBRARIES = frozenset(
    {
        "dotenv",
        "environs",
        "decouple",
        "dynaconf",
        "environ",
        "pydantic_settings",
        "starlette",
        "prettyconf",
        "envparse",
    }
)
_READS_ALL = frozenset({"items", "keys", "values", "copy", "__iter__"})

_SHARED_MEMORY = re.compile(
    r"(?:multiprocessing|multiprocess|billiard)(?:\.get_context\(\)|\.context\.\w+|\.synchronize|\.queues|\.pool|\.dummy)?\."
    r"(Pool|ThreadPool|Queue|JoinableQueue|SimpleQueue|Lock|RLock|Semaphore|BoundedSemaphore|Event|Condition|Barrier|Value|Array)\Z"
)
_EXECUTOR = re.compile(r"concurrent\.futures(?:\.process)?\.ProcessPoolExecutor\Z")

_HTTP_VERB = r"(?:get|post|put|patch|delete|head|options|request|stream|send|urlopen)"
_HTTP: tuple[tuple[str, re.Pattern[str], int | None], ...] = (
    ("requests", re.compile(rf"requests\.(?:api\.|(?:sessions\.)?[sS]ession\(\)\.)?{_HTTP_VERB}\Z"), None),
    ("httpx", re.compile(rf"httpx\.(?:(?:Async)?Client\(\)\.)?{_HTTP_VERB}\Z"), None),
    ("httpx", re.compile(r"httpx\.(?:Async)?Client\Z"), None),
    ("urllib3", re.compile(rf"urllib3\.(?:(?:poolmanager\.)?(?:PoolManager|ProxyManager)\(\)\.)?{_HTTP_VERB}\Z"), None),
    ("urllib3", re.compile(r"urllib3\.(?:poolmanager\.)?(?:PoolManager|ProxyManager|HTTPS?ConnectionPool)\Z"), None),
    ("urllib", re.compile(r"urllib\.request\.urlopen\Z"), 2),
    ("http.client", re.compile(r"http\.client\.HTTPS?Connection\Z"), None),
    ("aiohttp", re.compile(rf"aiohttp\.(?:ClientSession\Z|ClientSession\(\)\.{_HTTP_VERB}\Z)"), None),
    ("socket", re.compile(r"socket\.(?:setdefaulttimeout)\Z"), 0),
    ("socket", re.compile(r"socket\.create_connection\Z"), 1),
)
_TIMEOUT_OBJECTS = {
    "urllib3.Timeout": ("urllib3", {"total": "total", "connect": "connect", "read": "read"}),
    "urllib3.util.Timeout": ("urllib3", {"total": "total", "connect": "connect", "read": "read"}),
    "urllib3.util.timeout.Timeout": ("urllib3", {"total": "total", "connect": "connect", "read": "read"}),
    "httpx.Timeout": ("httpx", {"timeout": "read", "connect": "connect", "read": "read"}),
    "aiohttp.ClientTimeout": (
        "aiohttp",
        {"total": "total", "connect": "connect", "sock_read": "read", "sock_connect": "connect"},
    ),
}

_OPENERS = {
    "open": (0, "file", 1, "r"),
    "io.open": (0, "file", 1, "r"),
    "codecs.open": (0, "filename", 1, "r"),
    "gzip.open": (0, "filename", 1, "rb"),
    "bz2.open": (0, "filename", 1, "rb"),
    "lzma.open": (0, "filename", 1, "rb"),
    "gzip.GzipFile": (0, "filename", 1, "rb"),
    "zipfile.ZipFile": (0, "file", 1, "r"),
    "tarfile.open": (0, "name", 1, "r"),
    "aiofiles.open": (0, "file", 1, "r"),
    "logging.FileHandler": (0, "filename", 1, "a"),
    "logging.handlers.RotatingFileHandler": (0, "filename", 1, "a"),
    "logging.handlers.TimedRotatingFileHandler": (0, "filename", 99, "a"),
}
"""Function: which argument is the path, which the mode, and the mode where none is given."""
_MAKERS = {
    "os.mkdir": 0,
    "os.makedirs": 0,
    "shutil.copy": 1,
    "shutil.copyfile": 1,
    "shutil.copy2": 1,
    "shutil.copytree": 1,
    "shutil.move": 1,
    "urllib.request.urlretrieve": 1,
}
_PATH_WRITERS = frozenset({"write_text", "write_bytes", "touch", "mkdir"})
_PATHS = frozenset({"pathlib.Path", "pathlib.PurePath", "pathlib.PosixPath"})

_TRANSPARENT = re.compile(
    r"(?:functools\.(?:wraps\(\)|lru_cache(?:\(\))?|cache|singledispatch|total_ordering)|contextlib\.\w+|typing\.\w+|abc\.\w+|dataclasses\.\w+(?:\(\))?"
    r"|cachetools\.\w+(?:\.\w+)*\(\)|tenacity\.\w+(?:\(\))?|retry(?:ing)?\.\w+(?:\(\))?|backoff\.\w+\(\)|aws_xray_sdk\.[\w.()]*"
    r"|aws_lambda_powertools\.(?:tracing|logging|metrics|utilities|Tracer|Logger|Metrics)[\w.()]*|wrapt\.\w+"
    r"|staticmethod|classmethod|property)\Z"
)
_HANDLER_MIDDLEWARE = re.compile(r"aws_lambda_powertools\.")
_CACHES = frozenset({"functools.lru_cache", "functools.lru_cache()", "functools.cache", "functools.cached_property"})


# -- the environment ------------------------------------------------------------------------------------------------


def environment_set(run: Run, frame: Frame, key: Value | None) -> None:
    for member in members(key):
        name = text_of(member)
        if name is None:
            run.facts.environment_open = True
        else:
            run.assigned.add(name)


def environment_update(run: Run, frame: Frame, value: Value | None) -> None:
    if isinstance(value, Mapping) and not value.rest:
        run.assigned.update(str(name) for name in value.items)
    else:
        run.facts.environment_open = True


def environment_read(
    run: Run, frame: Frame, key: Value | None, kind: str, raw: Any, default: Value | None = None
) -> Value | None:
    """Note a read of each name that the key may be; the value read."""
    result: Value | None = None
    certain = frame.certain
    choices = members(key)
    frame.certain = certain and len(choices) == 1
    for n, member in enumerate(choices):
        name = text_of(member)
        found: Value | None = None
        if name is None:
            run.facts.environment_whole = True
        else:
            run.facts.read(frame, name, "set" if name in run.assigned else kind, raw)
            if kind == "default" and frame.tested is not None:
                frame.tested.add(name)
            found = None if name in run.assigned else Env(name, default)
        result = join(result, found) if n else found
    frame.certain = certain
    return result


def import_seen(run: Run, name: str) -> None:
    if name.partition(".")[0] in _SETTINGS_LIBRARIES and (not name.startswith("starlette") or "config" in name):
        run.facts.environment_open = True
        run.facts.environment_whole = True


def _environment(run: Run, frame: Frame, method: str, arguments: Values, keywords: Keywords, raw: Any) -> Value | None:
    key = arguments[0] if arguments else keywords.get("key")
    default = arguments[1] if len(arguments) > 1 else keywords.get("default")
    if method in ("get", "setdefault", "getenv"):
        value = environment_read(run, frame, key, "default", raw, default)
        if method == "setdefault":
            environment_set(run, frame, key)
        return value
    if method == "pop":
        return environment_read(run, frame, key, "default" if len(arguments) > 1 else "hard", raw, default)
    if method == "__getitem__":
        return environment_read(run, frame, key, "hard", raw)
    if method in ("__setitem__", "putenv"):
        environment_set(run, frame, key)
    elif method == "update":
        if keywords and not arguments:
            run.assigned.update(keywords)
        else:
            environment_update(run, frame, key)
    elif method in _READS_ALL:
        run.facts.environment_whole = True
        return External("os.environ") if method == "copy" else External(f"os.environ.{method}()")
    return None


# -- values --------------------------------------------------------------------------------------------------------


def text(pieces: list[Value | None]) -> Value | None:
    """Pieces put together: a constant where all are."""
    flat: list[Value | None] = []
    for piece in pieces:
        if isinstance(piece, Const) and not isinstance(piece.value, float):
            value = str(piece.value)
            last = text_of(flat[-1]) if flat else None
            if last is not None:
                flat[-1] = Const(last + value)
            else:
                flat.append(Const(value))
        elif isinstance(piece, Pieces):
            flat += piece.pieces
        elif isinstance(piece, FilePath):
            flat.append(piece.text)
        else:
            flat.append(piece if isinstance(piece, (Env, Context)) else None)
    if len(flat) == 1 and flat[0] is not None:
        return flat[0]
    if sum(len(text_of(p) or "") for p in flat) > 2000 or len(flat) > 40:
        return None
    return Pieces(tuple(flat)) if flat else Const("")


def operation(run: Run, sign: str, left: Value | None, right: Value | None) -> Value | None:
    a, b = number_of(left), number_of(right)
    if a is not None and b is not None:
        try:
            result = {"+": a + b, "-": a - b, "*": a * b}.get(sign)
            if sign == "/":
                result = a / b
        except (ZeroDivisionError, OverflowError):
            return None
        return Const(result) if result is not None and abs(result) < 1e15 else None
    if isinstance(left, FilePath) and sign == "/":
        return FilePath(_joined([left.text, right]))
    if sign == "+":
        if isinstance(left, Items) and isinstance(right, Items) and len(left.items) + len(right.items) <= 40:
            return Items(left.items + right.items)
        if any(isinstance(v, Pieces) or text_of(v) is not None for v in (left, right)):
            return text([left, right])
    if sign == "%" and isinstance(text_of(left), str):
        head = (text_of(left) or "").partition("%")[0]
        return Pieces((Const(head), None)) if head else None
    return None


def _joined(parts: Values) -> Value | None:
    """os.path.join, as far as the parts are known: an absolute part begins anew."""
    pieces: Values = []
    for n, part in enumerate(parts):
        prefix = known_prefix(part)
        if prefix is not None and prefix[0].startswith("/"):
            pieces = []
        elif prefix is None and n and not isinstance(part, (Env, Context)):
            # It may be absolute: then nothing that stands before it counts. Text from data seldom is.
            pass
        if pieces:
            pieces.append(Const("/"))
        pieces.append(part.text if isinstance(part, FilePath) else part)
    return text(pieces)


def element(value: Value | None) -> Value | None:
    """One of the things that a loop over a value gives."""
    if isinstance(value, Items):
        result = value.items[0] if value.items else None
        for more in value.items[1:8]:
            result = join(result, more)
        return result if len(value.items) <= 8 else None
    return sdk.element(value)


def item(run: Run, frame: Frame, owner: Value | None, key: Value | None, raw: Any) -> Value | None:
    """``owner[key]``."""
    if isinstance(owner, External):
        if owner.path == "os.environ":
            return environment_read(run, frame, key, "hard", raw)
        return None
    if isinstance(owner, Mapping):
        name = constant(key)
        if isinstance(name, (str, int)) and name in owner.items:
            return owner.items[name]
        result: Value | None = None
        for n, value in enumerate(owner.items.values()):
            result = join(result, value) if n else value
        return result if name is None or "*" in owner.items else None
    if isinstance(owner, Items):
        at = constant(key)
        if isinstance(at, int) and -len(owner.items) <= at < len(owner.items):
            return owner.items[at]
        return element(owner)
    return None


def suppressed(value: Value | None) -> frozenset[str]:
    """Exceptions that a context manager swallows."""
    if isinstance(value, External) and value.path.startswith("contextlib.suppress("):
        return frozenset(value.path[len("contextlib.suppress(") : -1].split(","))
    return frozenset()


# -- attributes and calls -------------------------------------------------------------------------------------------


def attribute(run: Run, base: Value | None, name: str) -> Value | None:
    if isinstance(base, External):
        if len(base.path) > 200:
            return None
        return External(f"{base.path}.{name}")
    if isinstance(base, FilePath):
        if name == "parent" and text_of(base.text):
            return FilePath(Const((text_of(base.text) or "").rpartition("/")[0] or "."))
        return None
    return sdk.attribute(base, name)


def method(
    run: Run, frame: Frame, base: Value | None, name: str, arguments: Values, keywords: Keywords, raw: Any
) -> Any:
    """A method of a plain value; NotImplemented where nothing is known of it."""
    if isinstance(base, Choice):
        results = [method(run, frame, m, name, arguments, keywords, raw) for m in base.members if m is not None]
        known_ = [r for r in results if r is not NotImplemented]
        return known_[0] if known_ else NotImplemented
    if isinstance(base, FilePath):
        return _path_method(run, frame, base, name, arguments, keywords, raw)
    if isinstance(base, Const) and isinstance(base.value, str):
        if name == "format":
            head = base.value.partition("{")[0]
            return Const(base.value) if head == base.value else Pieces((Const(head), None)) if head else None
        if name in ("upper", "lower", "strip") and not arguments:
            return Const(getattr(base.value, name)())
        return None
    if isinstance(base, Env) and name in ("strip", "rstrip", "lstrip"):
        return base
    if isinstance(base, Mapping):
        if name in ("get", "setdefault", "pop") and arguments:
            found = item(run, frame, base, arguments[0], raw)
            default = arguments[1] if len(arguments) > 1 else None
            if name == "setdefault":
                key = constant(arguments[0])
                base.items.setdefault(key if isinstance(key, (str, int)) else "*", default)
                run.keep(default)
            return join(found, default) if found is not None else default
        if name == "update":
            base.rest = True
        if name == "values":
            return Items(tuple(base.items.values())) if not base.rest else None
        if name == "items" and not base.rest:
            return Items(tuple(Items((Const(k), v)) for k, v in base.items.items()))
        return None
    if isinstance(base, Items) and name in ("index", "count", "append", "extend", "copy"):
        passed_on(run.facts, arguments)
        return base if name == "copy" else None
    if isinstance(base, Object) and run.is_driven(base.cls):
        run.register_methods(base)
    return NotImplemented


def _path_method(
    run: Run, frame: Frame, base: FilePath, name: str, arguments: Values, keywords: Keywords, raw: Any
) -> Any:
    if name in _PATH_WRITERS:
        run.facts.write(frame, known_prefix(base), f"pathlib.Path.{name}", raw)
    elif name == "open":
        mode = text_of(arguments[0] if arguments else keywords.get("mode"))
        if mode is not None and any(c in mode for c in "wax+"):
            run.facts.write(frame, known_prefix(base), "pathlib.Path.open", raw)
    elif name == "joinpath":
        return FilePath(_joined([base.text, *arguments]))
    elif name == "as_posix":
        return base.text
    elif name in ("resolve", "absolute", "expanduser"):
        prefix = known_prefix(base)
        return base if prefix is not None and prefix[0].startswith("/") else FilePath(None)
    return None


def call(
    run: Run, frame: Frame, function: Value | None, arguments: Values, keywords: Keywords, raw: Any, unsure: bool
) -> Value | None:
    """A call of something outside, or of something not known."""
    if not isinstance(function, External):
        result = sdk.call(run, frame, function, arguments, keywords, raw, unsure)
        if result is NotImplemented:
            _handed_over(run, [*arguments, *keywords.values()])
            return None
        found: Value | None = result
        return found
    path = function.path
    if path.startswith("os.environ."):
        return _environment(run, frame, path[len("os.environ.") :], arguments, keywords, raw)
    if path in ("os.getenv", "os.putenv"):
        return _environment(run, frame, path[3:], arguments, keywords, raw)
    special = _CALLS.get(path)
    if special is not None:
        return special(run, frame, arguments, keywords, raw)
    result = sdk.call_external(run, frame, path, arguments, keywords, raw, unsure)
    if result is not NotImplemented:
        made: Value | None = result
        return made
    _noted(run, frame, path, arguments, keywords, raw)
    if path == "contextlib.suppress":
        names = [a.path for a in arguments if isinstance(a, External)]
        return External(f"contextlib.suppress({','.join(names)})")
    if path.partition(".")[0] == "dotenv":
        run.facts.environment_open = True
    _handed_over(run, [*arguments, *keywords.values()])
    return External(path + "()") if len(path) <= 200 else None


def _noted(run: Run, frame: Frame, path: str, arguments: Values, keywords: Keywords, raw: Any) -> None:
    """Sleeps, files, timeouts, shared memory."""
    if path in _OPENERS:
        where, name, at, usual = _OPENERS[path]
        target = arguments[where] if len(arguments) > where else keywords.get(name)
        given = arguments[at] if len(arguments) > at else keywords.get("mode")
        mode = usual if len(arguments) <= at and "mode" not in keywords else text_of(given)
        if mode is not None and any(c in mode for c in "wax+"):
            run.facts.write(frame, known_prefix(target), path, raw)
    elif path in _MAKERS:
        at = _MAKERS[path]
        target = arguments[at] if len(arguments) > at else keywords.get("name" if at == 0 else "dst")
        run.facts.write(frame, known_prefix(target), path, raw)
    elif path in ("time.sleep", "asyncio.sleep"):
        seconds = number_of(arguments[0] if arguments else keywords.get("secs", keywords.get("delay")))
        if seconds is not None:
            run.facts.sleep(frame, seconds, raw)
    elif path == "os.chdir":
        run.facts.working_directory_changes = True
    elif found := _SHARED_MEMORY.match(path):
        # multiprocessing.dummy is made of threads; only its Pool is the one of multiprocessing.
        if ".dummy." not in path or found[1] == "Pool":
            run.facts.shared(frame, f"multiprocessing.{found[1]}", raw)
    elif _EXECUTOR.match(path):
        run.facts.shared(frame, "concurrent.futures.ProcessPoolExecutor", raw)
    elif path in _TIMEOUT_OBJECTS:
        library, names = _TIMEOUT_OBJECTS[path]
        if library == "httpx" and arguments:
            keywords = {"timeout": arguments[0], **keywords}
        for name, kind in names.items():
            seconds = number_of(keywords.get(name))
            if seconds is not None:
                run.facts.timeout(frame, library, kind, seconds, raw)
    else:
        for library, pattern, position in _HTTP:
            if pattern.match(path):
                value = keywords.get("timeout")
                if value is None and position is not None and len(arguments) > position:
                    value = arguments[position]
                _http_timeout(run, frame, library, value, raw)
                break


def _http_timeout(run: Run, frame: Frame, library: str, value: Value | None, raw: Any) -> None:
    if isinstance(value, Items) and len(value.items) == 2:
        kinds = [("connect", value.items[0]), ("read", value.items[1])]
    else:
        kinds = [("total" if library in ("aiohttp", "urllib3") else "read", value)]
    for kind, part in kinds:
        seconds = number_of(part)
        if seconds is not None:
            run.facts.timeout(frame, library, kind, seconds, raw)


def _handed_over(run: Run, values: Values) -> None:
    """Functions and clients that go to something which is not followed."""
    passed_on(run.facts, values)
    for value in values:
        for member in members(value):
            if isinstance(member, (Function, Decorated, Object)):
                run.register(member)
            elif isinstance(member, Items):
                for inner in member.items:
                    if isinstance(inner, (Function, Decorated)):
                        run.register(inner)
            elif isinstance(member, Mapping):
                for inner in list(member.items.values()):
                    if isinstance(inner, (Function, Decorated)):
                        run.register(inner)


# -- calls with a meaning of their own ------------------------------------------------------------------------------


def _partial(run: Run, frame: Frame, arguments: Values, keywords: Keywords, raw: Any) -> Value | None:
    if arguments and isinstance(arguments[0], Client):
        passed_on(run.facts, arguments)
    # What it binds is lost; the function can still be followed.
    return arguments[0] if arguments else None


def _path(run: Run, frame: Frame, arguments: Values, keywords: Keywords, raw: Any) -> Value | None:
    return FilePath(_joined(arguments) if arguments else Const("."))


def _join_path(run: Run, frame: Frame, arguments: Values, keywords: Keywords, raw: Any) -> Value | None:
    return _joined(arguments)


def _getattr(run: Run, frame: Frame, arguments: Values, keywords: Keywords, raw: Any) -> Value | None:
    name = text_of(arguments[1]) if len(arguments) > 1 else None
    if name is not None:
        return run.attribute(arguments[0], name, frame)
    _handed_over(run, arguments[:1])
    return None


def _setattr(run: Run, frame: Frame, arguments: Values, keywords: Keywords, raw: Any) -> Value | None:
    if len(arguments) == 3:
        name = text_of(arguments[1])
        if name is not None:
            run.set_attribute(arguments[0], name, arguments[2], frame)
        else:
            _handed_over(run, arguments[2:])
    return None


def _first(run: Run, frame: Frame, arguments: Values, keywords: Keywords, raw: Any) -> Value | None:
    return arguments[0] if arguments else None


def _text_call(run: Run, frame: Frame, arguments: Values, keywords: Keywords, raw: Any) -> Value | None:
    return text(arguments[:1]) if arguments else Const("")


def _dict(run: Run, frame: Frame, arguments: Values, keywords: Keywords, raw: Any) -> Value | None:
    result = Mapping(dict(keywords))
    if arguments:
        first = arguments[0]
        if isinstance(first, Mapping):
            result.items.update(first.items)
            result.rest = first.rest
        else:
            passed_on(run.facts, arguments)
            result.rest = True
    return result


def _map(run: Run, frame: Frame, arguments: Values, keywords: Keywords, raw: Any) -> Value | None:
    if len(arguments) > 1:
        certain, frame.certain = frame.certain, False
        for inner in run.elements(arguments[1]):
            run.call(arguments[0], [inner], {}, None, frame, len(arguments) > 2)
        frame.certain = certain
    return None


def _submit(run: Run, frame: Frame, arguments: Values, keywords: Keywords, raw: Any) -> Value | None:
    if arguments:
        run.call(arguments[0], arguments[1:], keywords, raw, frame)
    return None


def _thread(run: Run, frame: Frame, arguments: Values, keywords: Keywords, raw: Any) -> Value | None:
    given = keywords.get("args")
    target = keywords.get("target")
    named = keywords.get("kwargs")
    if target is not None:
        passed = list(given.items) if isinstance(given, Items) else []
        extra = {str(k): v for k, v in named.items.items()} if isinstance(named, Mapping) else {}
        unsure = (given is not None or "args" in keywords) and not isinstance(given, Items)
        run.call(target, passed, extra, raw, frame, unsure)
    return External("threading.Thread()")


def _field(run: Run, frame: Frame, arguments: Values, keywords: Keywords, raw: Any) -> Value | None:
    factory = keywords.get("default_factory")
    if factory is not None:
        return run.call(factory, [], {}, None, frame)
    return keywords.get("default")


def _import_module(run: Run, frame: Frame, arguments: Values, keywords: Keywords, raw: Any) -> Value | None:
    name = text_of(arguments[0]) if arguments else None
    if name is not None and not name.startswith("."):
        return run.load(name, frame)
    return None


def _no_meaning(run: Run, frame: Frame, arguments: Values, keywords: Keywords, raw: Any) -> Value | None:
    return None


_CALLS: dict[str, Any] = {
    "functools.partial": _partial,
    "getattr": _getattr,
    "setattr": _setattr,
    "dict": _dict,
    "list": _first,
    "tuple": _first,
    "set": _first,
    "frozenset": _first,
    "sorted": _first,
    "reversed": _first,
    "iter": _first,
    "typing.cast": lambda run, frame, arguments, keywords, raw: arguments[1] if len(arguments) > 1 else None,
    "str": _text_call,
    "os.fspath": _text_call,
    "os.path.join": _join_path,
    "posixpath.join": _join_path,
    "map": _map,
    "filter": _map,
    "asyncio.run": _first,
    "asyncio.gather": _no_meaning,
    "asyncio.create_task": _first,
    "asyncio.get_event_loop().run_until_complete": _first,
    "asyncio.new_event_loop().run_until_complete": _first,
    "asyncio.get_event_loop().run_in_executor": lambda run, frame, arguments, keywords, raw: _submit(
        run, frame, arguments[1:], keywords, raw
    ),
    "asyncio.to_thread": _submit,
    "concurrent.futures.ThreadPoolExecutor().submit": _submit,
    "concurrent.futures.ThreadPoolExecutor().map": _map,
    "threading.Thread": _thread,
    "dataclasses.field": _field,
    "importlib.import_module": _import_module,
    "print": _no_meaning,
    "len": _no_meaning,
    "int": _no_meaning,
    "float": _no_meaning,
    "bool": _no_meaning,
    "isinstance": _no_meaning,
    "json.dumps": _no_meaning,
    "json.loads": _no_meaning,
    **dict.fromkeys(_PATHS, _path),
}


def decorator_marks(value: Value | None, written: Any) -> frozenset[str]:
    """What a decorator from outside does to a function."""
    if isinstance(value, External):
        path = value.path
        if path in ("staticmethod", "abc.abstractstaticmethod"):
            return frozenset({"static"})
        if path == "classmethod":
            return frozenset({"class"})
        if path in _CACHES:
            return frozenset({"cached", "property"} if path == "functools.cached_property" else {"cached"})
        if path.endswith(("property", ".setter", ".getter", ".deleter")):
            return frozenset({"property"} | ({"cached"} if "cached" in path else set()))
        if _TRANSPARENT.match(path):
            # Powertools' decorators take (event, context, …) as the function does, and some add to it.
            return frozenset({"transparent"}) if not _HANDLER_MIDDLEWARE.match(path) else frozenset({"unknown"})
        # `@app.get("/")`: a method of an object made outside keeps the function for later.
        return frozenset({"unknown", "registers"} if "()." in path else {"unknown"})
    if isinstance(value, (Class, Settings)):
        return frozenset({"unknown"})
    callee = written[1] if written is not None and written[0] == "c" else written
    registers = callee is not None and callee[0] == "a"
    return frozenset({"unknown", "registers"} if registers else {"unknown"})
