"""What a check sees of a function's Python code: facts with their places, nothing of a syntax tree.

Only what the handler reaches is listed: the module-level code of the modules that its module imports, and the functions
that can be followed from it. What cannot be followed yields nothing, and flags say that there was something.
"""

# No "from __future__ import annotations" here: a NamedTuple would compile each of its annotations at every start.

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from lambdalint.finding import Place, Span
from lambdalint.model.files import MAX_FILE, Files

# -- values of arguments ------------------------------------------------------------------------------------------


class EnvironmentValue(NamedTuple):
    """The value of an environment variable; ``default`` where the code gives one (a string), else None."""

    name: str
    default: str | None = None


class ContextValue(NamedTuple):
    """An attribute of the Lambda context object: ``function_name``, ``invoked_function_arn``."""

    attribute: str


Argument = Any
"""str, int, float, bool or None as written; EnvironmentValue; ContextValue; ``model.values.Text`` of such pieces; a
list or a dict of them; ``model.values.Unknown``."""


# -- facts ---------------------------------------------------------------------------------------------------------


class Site(NamedTuple):
    """A place in code. ``Source.span`` finds its columns when they are asked for."""

    root: int
    """Which of the search path's folders holds the file."""
    file: str
    line: int
    """Line, from 1, at which the statement begins."""
    token: str
    """The name in that statement that is meant; empty: the whole statement."""
    nth: int
    anchor: str
    """Function, token and its ordinal there: it stays when lines move."""


MODULE, HANDLER, CALLED, REGISTERED = "module", "handler", "called", "registered"
"""How code is reached: as module-level code at import; in the handler's own body; in a function that it (or
module-level code) calls; in a function handed to something outside that may call it (a route's decorator)."""


class EnvironmentRead(NamedTuple):
    name: str
    kind: str
    """``hard`` (a KeyError where it is not set), ``default`` (get, getenv, pop with a default), ``guarded`` (tested
    before, or the KeyError is caught), ``set`` (the code sets it itself before)."""
    site: Site
    reach: str
    certain: bool
    """No branch, loop or earlier return decides whether it runs."""
    depends: frozenset[str] = frozenset()
    """Environment variables that are tested on the way here: where one is not set, it may never run."""


class SdkClient(NamedTuple):
    """An SDK client or resource that the code makes."""

    service: str
    """As given to boto3: ``s3``, ``dynamodb``."""
    kind: str
    """``client``, ``resource``, ``async``; ``powertools`` for one that Powertools makes."""
    site: Site
    reach: str
    certain: bool
    foreign: bool = False
    """Made with credentials or a profile given in code: the function's role does not decide."""
    endpoint: bool = False
    """An endpoint of its own is given."""
    config: Mapping[str, Argument] | None = None
    """The literal settings of its botocore Config; None where it has none, or one that is not known."""
    configured: bool = False
    """A config is given, known or not."""
    per_invocation: bool = False
    """Made anew at every invocation: in a function reached from the handler, not kept in a global or by a cache."""


class SdkCall(NamedTuple):
    """A call to an AWS API."""

    service: str
    method: str
    """In boto3's spelling: ``put_item``. With via ``waiter`` the waiter's name, with ``collection`` its action."""
    via: str
    """``client``, ``paginator``, ``waiter``, ``resource``, ``collection``, ``presigned`` (no call here: whoever uses
    the URL acts with the role's rights) or ``powertools``."""
    site: Site
    reach: str
    certain: bool
    arguments: Mapping[str, Argument]
    """By keyword (positional ones of the transfer methods are named); incomplete where ``open``."""
    open: bool
    """Further arguments may be given that are not known."""
    resource: str = ""
    """The type of resource object: ``Table``, ``Bucket``; empty for a client and for the service resource itself."""
    identifiers: tuple[Argument, ...] = ()
    """What the resource object was made with: the table's name."""
    collection: str = ""
    """``objects`` in ``bucket.objects.all()``."""
    foreign: bool = False
    endpoint: bool = False
    client: Site | None = None
    """Where the client was made."""
    depends: frozenset[str] = frozenset()
    """As of EnvironmentRead."""


class ClientTimeout(NamedTuple):
    """How long an SDK or HTTP client waits, where the code says so literally."""

    library: str
    """``boto3``, ``requests``, ``urllib3``, ``httpx``, ``urllib``, ``http.client``, ``aiohttp``, ``socket``."""
    kind: str
    """``read``, ``connect`` or ``total``."""
    seconds: float
    site: Site
    reach: str
    certain: bool
    attempts: int | None = None
    """How often it tries, first try included, where that is literal."""


class Sleep(NamedTuple):
    seconds: float
    site: Site
    reach: str
    certain: bool


class FileWrite(NamedTuple):
    """A file opened for writing, or a folder made, by a literal path."""

    path: str
    whole: bool
    """False where ``path`` is only what the path begins with."""
    via: str
    """The function: ``open``, ``pathlib.Path.write_text``, ``os.makedirs``, ``download_file``."""
    site: Site
    reach: str
    certain: bool
    guarded: bool
    """The OSError is caught."""


class SharedMemory(NamedTuple):
    """Something that needs semaphores in shared memory (/dev/shm), which Lambda lacks."""

    name: str
    """``multiprocessing.Pool``, ``concurrent.futures.ProcessPoolExecutor``."""
    site: Site
    reach: str
    certain: bool
    guarded: bool
    """The OSError is caught."""


class Import(NamedTuple):
    """An import in a reached module, as Python would look it up."""

    module: str
    """Absolute dotted name; for a relative import the resolved one (empty where it leaves the top package)."""
    names: tuple[str, ...]
    """What is imported from it; empty for ``import module``; ``*``."""
    level: int
    """Leading dots."""
    site: Site
    reach: str
    """``module`` at import of its module, else as the function that holds it."""
    certain: bool
    guarded: bool
    """An ImportError is caught, or it stands under TYPE_CHECKING."""
    found: bool
    """On the search path given: a module, a package, a namespace folder, a compiled module."""
    in_handler_module: bool


class NewSyntax(NamedTuple):
    """Syntax that needs a minimum version of Python, in a reached module."""

    version: tuple[int, int]
    name: str
    """``match``, ``walrus``, ``except-star``, ``type-statement``, ``f-string-quotes`` …"""
    site: Site


class SyntaxFault(NamedTuple):
    """A reached module that the function's Python cannot parse."""

    root: int
    file: str
    span: Span
    message: str


class Handler(NamedTuple):
    """What became of the Handler property."""

    module: str
    """``app``, ``pkg/app``; empty where the property has no dot."""
    name: str
    module_status: str
    """``found``, ``missing``, or ``unknown`` (compiled, or something on the path is not seen)."""
    name_status: str
    """``found``, ``missing`` or ``unknown`` (a star import, a module that was not read, ``setattr``…)."""
    root: int = 0
    file: str | None = None
    site: Site | None = None
    """The definition."""
    folder: str | None = None
    """Where the module is missing: the top-level folder that holds it, one level down (the wrapping-folder mistake)."""
    signature: str = "unknown"
    """``ok``, ``wrong`` (cannot be called with two positional arguments) or ``unknown``."""
    asynchronous: bool = False
    parameters: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    """What the module defines, for a nearest name."""


class Source:
    """What is known of a function's Python code."""

    __slots__ = (
        "_decode",
        "_span_of",
        "_texts",
        "calls",
        "clients",
        "complete",
        "dynamic_services",
        "environment_open",
        "environment_whole",
        "faults",
        "files",
        "handler",
        "imports",
        "modules",
        "new_syntax",
        "reads",
        "sets",
        "shared_memory",
        "sleeps",
        "timeouts",
        "unread",
        "working_directory_changes",
        "writes",
    )  # fmt: skip

    def __init__(
        self,
        files: tuple[Files, ...],
        handler: Handler,
        decode: Callable[[bytes], str | None],
        span_of: Callable[[str, Site], Span],
    ) -> None:
        self.files = files
        self.handler = handler
        self._decode = decode
        self._span_of = span_of
        self.reads: tuple[EnvironmentRead, ...] = ()
        self.sets: frozenset[str] = frozenset()
        """Environment variables that the code sets."""
        self.environment_open = False
        """The environment may hold more than the function's configuration says: dotenv, an update that is not known."""
        self.environment_whole = False
        """Variables may be read that no site shows: the environment is iterated, copied or handed on; keys made at run
        time; a settings library."""
        self.clients: tuple[SdkClient, ...] = ()
        self.calls: tuple[SdkCall, ...] = ()
        self.dynamic_services: frozenset[str] = frozenset()
        """Services of clients that go where calls cannot be followed; ``*`` where the service itself is not known."""
        self.timeouts: tuple[ClientTimeout, ...] = ()
        self.sleeps: tuple[Sleep, ...] = ()
        self.writes: tuple[FileWrite, ...] = ()
        self.working_directory_changes = False
        """``os.chdir``: a relative path says nothing then."""
        self.shared_memory: tuple[SharedMemory, ...] = ()
        self.imports: tuple[Import, ...] = ()
        self.new_syntax: tuple[NewSyntax, ...] = ()
        self.faults: tuple[SyntaxFault, ...] = ()
        self.modules: tuple[tuple[int, str], ...] = ()
        """Root and name of every file that was looked into, in the order of import."""
        self.unread: tuple[tuple[int, str, str], ...] = ()
        """Reached files not looked into: root, name, reason (``size``, ``depth``, ``encoding``, ``syntax``)."""
        self.complete = True
        """False where something reached was not read or a bound was met: "never used" rules are silent."""
        self._texts: dict[tuple[int, str], str] = {}

    def text(self, root: int, name: str) -> str | None:
        """A file's text with ``\\n`` line ends (for suppressing comments and for spans); None where it is not text."""
        key = (root, name)
        if key not in self._texts:
            data = self.files[root].read(name)
            text = self._decode(data) if data is not None and len(data) <= MAX_FILE else None
            if text is None:
                return None
            self._texts[key] = text
        return self._texts[key]

    def span(self, site: Site) -> Span:
        text = self.text(site.root, site.file)
        if text is None:
            return Span(site.line, 1, site.line, 1)
        return self._span_of(text, site)

    def place(self, site: Site) -> Place:
        """The place of a fact, as its files name it."""
        return self.files[site.root].place(site.file, self.span(site), site.anchor)

    def fault_place(self, fault: SyntaxFault) -> Place:
        return self.files[fault.root].place(fault.file, fault.span, "syntax")

    def file_place(self, root: int, name: str) -> Place:
        return self.files[root].place(name, None, None)

    def self_invocations(self, function_name: str | None = None) -> tuple[SdkCall, ...]:
        """Calls that invoke the function itself: by its context, its runtime's variable, or this literal name."""
        return tuple(
            call
            for call in self.calls
            if call.service == "lambda"
            and call.method in ("invoke", "invoke_async", "invoke_with_response_stream")
            and _names_itself(call.arguments.get("FunctionName"), function_name)
        )


def _names_itself(value: Argument, function_name: str | None) -> bool:
    if isinstance(value, ContextValue):
        return value.attribute in ("function_name", "invoked_function_arn")
    if isinstance(value, EnvironmentValue):
        return value.name == "AWS_LAMBDA_FUNCTION_NAME"
    return isinstance(value, str) and function_name is not None and value == function_name
