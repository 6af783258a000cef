"""The facts of one handler while they are gathered: one for each place, however often a run comes by."""

from __future__ import annotations

from collections.abc import Mapping as MappingType
from typing import TYPE_CHECKING, Any

from lambdalint.model.source import (
    CALLED,
    HANDLER,
    MODULE,
    REGISTERED,
    Argument,
    ClientTimeout,
    ContextValue,
    EnvironmentRead,
    EnvironmentValue,
    FileWrite,
    Import,
    NewSyntax,
    SdkCall,
    SdkClient,
    SharedMemory,
    Site,
    Sleep,
)  # fmt: skip
from lambdalint.model.values import Text, Unknown
from lambdalint.parsers.python.modules import Module
from lambdalint.parsers.python.values import (
    Client,
    Const,
    Context,
    Env,
    External,
    FilePath,
    Items,
    Mapping,
    Paged,
    Pieces,
    Resource,
    Settings,
    Value,
    members,
    text_of,
)  # fmt: skip

if TYPE_CHECKING:
    from lambdalint.parsers.python.frame import Following, Frame

_REACHES = (MODULE, HANDLER, CALLED, REGISTERED)
_READS = ("set", "default", "guarded", "hard")
"""From the mildest: the worst way in which a place is come by decides."""
_IMPORT_ERRORS = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException", "*"})
KEY_ERRORS = frozenset({"KeyError", "LookupError", "Exception", "BaseException", "*"})
SYSTEM_ERRORS = frozenset(
    {"OSError", "IOError", "PermissionError", "NotImplementedError", "Exception", "BaseException", "*"}
)
_UNKNOWN = Unknown("not known from the code")
_EMPTY: MappingType[str, Argument] = {}


class Facts:
    """What a run notes; ``Source`` gets it sorted by place."""

    def __init__(self) -> None:
        self.found: dict[tuple[Any, ...], Any] = {}
        self.modules: list[Module] = []
        self.kept: set[Site] = set()
        self.environment_open = False
        self.environment_whole = False
        self.working_directory_changes = False
        self.dynamic: set[str] = set()
        self.syntax: list[NewSyntax] = []

    def of(self, kind: type) -> list[Any]:
        """The facts of one kind, by place."""
        return sorted((f for f in self.found.values() if type(f) is kind), key=lambda f: (order(f.site), repr(f[:2])))

    def _note(self, key: tuple[Any, ...], fact: Any) -> None:
        """Where a place is met again, the surest way of reaching it stays."""
        before = self.found.get(key)
        if before is not None:
            reach = min(before.reach, fact.reach, key=_REACHES.index)
            fact = fact._replace(reach=reach, certain=before.certain or fact.certain)
            if hasattr(fact, "depends"):
                fact = fact._replace(depends=before.depends & fact.depends)
        self.found[key] = fact

    def module(self, module: Module) -> None:
        self.modules.append(module)
        code = module.code or {}
        for version, name, raw, index in code.get("features", ()):
            major, minor = version.split(".")
            where = code["blocks"][index]["name"] if index < len(code["blocks"]) else ""
            site = Site(module.root, module.file, raw[0], raw[1], raw[2], f"{where or '<module>'}:{name}:{raw[3]}")
            self.syntax.append(NewSyntax((int(major), int(minor)), name, site))

    def imported(self, run: Following, frame: Frame, name: str, names: tuple[str, ...], level: int, line: int) -> None:
        module = frame.module.module
        words = name or "." * level
        site = Site(module.root, module.file, line, _import_token(name, level), 0, f"{frame.name}:import {words}:0")
        found = bool(name) and run.modules.find(name) is not None
        guarded = bool(frame.catching & _IMPORT_ERRORS)
        handlers = run.loaded and next(iter(run.loaded.values())) is frame.module
        fact = Import(name, names, level, site, frame.reach, frame.certain, guarded, found, bool(handlers))
        self._note(("import", name, names, site[:4]), fact)

    def read(self, frame: Frame, name: str, kind: str, raw: Any) -> None:
        """An environment variable is read; ``kind`` is ``hard``, ``default`` or ``set``."""
        if kind == "hard" and (name in frame.guards or frame.catching & KEY_ERRORS):
            kind = "guarded"
        site = frame.site(raw)
        key = ("read", name, site)
        before = self.found.get(key)
        if before is not None:
            kind = max(before.kind, kind, key=_READS.index)
        self._note(key, EnvironmentRead(name, kind, site, frame.reach, frame.certain, frame.guards - {name}))

    def client(self, frame: Frame, client: Client, settings: Value | None, configured: bool) -> None:
        config: MappingType[str, Argument] | None = None
        if isinstance(settings, Settings):
            config = {name: argument(value) for name, value in settings.items}
        elif not configured:
            config = _EMPTY
        kept = frame.kept or not frame.invoking
        fact = SdkClient(
            client.service, client.kind, client.site, frame.reach, frame.certain, client.foreign, client.endpoint,
            config, configured, not kept,
        )  # fmt: skip
        self._note(("client", client.service, client.kind, client.site), fact)

    def keep(self, site: Site) -> None:
        self.kept.add(site)

    def clients(self) -> list[SdkClient]:
        return [c._replace(per_invocation=False) if c.site in self.kept else c for c in self.of(SdkClient)]

    def call(
        self,
        frame: Frame,
        client: Client,
        method: str,
        via: str,
        raw: Any,
        arguments: dict[str, Value | None],
        unsure: bool = False,
        resource: str = "",
        identifiers: tuple[Value | None, ...] = (),
        collection: str = "",
    ) -> None:
        site = frame.site(raw)
        given = {name: argument(value) for name, value in arguments.items()}
        fact = SdkCall(
            client.service, method, via, site, frame.reach, frame.certain, given, unsure, resource,
            tuple(argument(i) for i in identifiers), collection, client.foreign, client.endpoint, client.site,
            frame.guards,
        )  # fmt: skip
        key = ("call", client.service, method, via, site, client.foreign)
        before = self.found.get(key)
        if before is not None:
            # The same place with other arguments: only what is the same both times is known.
            same = {n: v if n in given and _same(given[n], v) else _UNKNOWN for n, v in before.arguments.items()}
            same.update({n: _UNKNOWN for n in given if n not in same})
            known = [a if _same(a, b) else _UNKNOWN for a, b in zip(before.identifiers, fact.identifiers)]
            fact = fact._replace(arguments=same, open=before.open or unsure, identifiers=tuple(known))
        self._note(key, fact)

    def timeout(
        self, frame: Frame, library: str, kind: str, seconds: float, raw: Any, attempts: int | None = None
    ) -> None:
        site = frame.site(raw)
        self._note(
            ("timeout", library, kind, seconds, site),
            ClientTimeout(library, kind, seconds, site, frame.reach, frame.certain, attempts),
        )

    def sleep(self, frame: Frame, seconds: float, raw: Any) -> None:
        site = frame.site(raw)
        self._note(("sleep", seconds, site), Sleep(seconds, site, frame.reach, frame.certain))

    def write(self, frame: Frame, path: tuple[str, bool] | None, via: str, raw: Any) -> None:
        if path is None or not path[0]:
            return
        site = frame.site(raw)
        guarded = bool(frame.catching & SYSTEM_ERRORS)
        self._note(
            ("write", path, via, site),
            FileWrite(path[0], path[1], via, site, frame.reach, frame.certain, guarded),
        )

    def shared(self, frame: Frame, name: str, raw: Any) -> None:
        site = frame.site(raw)
        guarded = bool(frame.catching & SYSTEM_ERRORS)
        self._note(("shared", name, site), SharedMemory(name, site, frame.reach, frame.certain, guarded))


def _import_token(name: str, level: int) -> str:
    return "" if level else ("." if "." in name else "") + name.rpartition(".")[2]


def order(site: Site) -> tuple[int, str, int, int, str]:
    return (site.root, site.file, site.line, site.nth, site.token)


def _same(left: Any, right: Any) -> bool:
    return type(left) is type(right) and bool(left == right) and not isinstance(left, Unknown)


def argument(value: Value | None, depth: int = 0) -> Argument:
    """A followed value as a check sees it."""
    if isinstance(value, Const):
        return value.value
    if isinstance(value, Env):
        return EnvironmentValue(value.name, text_of(value.default))
    if isinstance(value, Context) and value.attribute:
        return ContextValue(value.attribute)
    if isinstance(value, FilePath):
        return argument(value.text, depth)
    if depth < 4:
        if isinstance(value, Items):
            return [argument(item, depth + 1) for item in value.items]
        if isinstance(value, Mapping) and not value.rest:
            return {str(name): argument(item, depth + 1) for name, item in value.items.items()}
        if isinstance(value, Pieces):
            return Text(tuple(argument(piece, depth + 1) for piece in value.pieces))
    return _UNKNOWN


def passed_on(facts: Facts, values: list[Value | None]) -> None:
    """Values go where calls cannot be followed."""
    for value in values:
        for member in members(value):
            if isinstance(member, Client):
                facts.dynamic.add(member.service)
            elif isinstance(member, External) and member.path == "os.environ":
                facts.environment_whole = True
            elif isinstance(member, (Items, Mapping)):
                inner = member.items.values() if isinstance(member, Mapping) else member.items
                passed_on(facts, [v for v in inner if not isinstance(v, (Items, Mapping))])
            elif isinstance(member, (Resource, Paged)):
                facts.dynamic.add(member.client.service)
