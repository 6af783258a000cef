"""Calls that do something Lambda cares about: sleeps, files, timeouts of HTTP clients, shared memory."""

from __future__ import annotations

import re
from typing import Any

from lambdalint.parsers.python.frame import Following, Frame
from lambdalint.parsers.python.values import Items, Value, known_prefix, number_of, text_of

Values = list[Value | None]
Keywords = dict[str, Value | None]

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
PATH_WRITERS = frozenset({"write_text", "write_bytes", "touch", "mkdir"})
PATHS = frozenset({"pathlib.Path", "pathlib.PurePath", "pathlib.PosixPath"})


def note_effects(run: Following, frame: Frame, path: str, arguments: Values, keywords: Keywords, raw: Any) -> None:
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


def _http_timeout(run: Following, frame: Frame, library: str, value: Value | None, raw: Any) -> None:
    if isinstance(value, Items) and len(value.items) == 2:
        kinds = [("connect", value.items[0]), ("read", value.items[1])]
    else:
        kinds = [("total" if library in ("aiohttp", "urllib3") else "read", value)]
    for kind, part in kinds:
        seconds = number_of(part)
        if seconds is not None:
            run.facts.timeout(frame, library, kind, seconds, raw)
