"""Python modules on a search path of folders, zips and layers: found as Python finds them, read once.

The order is that of Lambda: the package, then each layer's folders as they are given. What a distribution installed
(boto3, requests) is known to be there but not looked into: its code is not the user's.
"""

from __future__ import annotations

import sys
from collections.abc import Container, Mapping
from typing import Any

from lambdalint.model.files import MAX_FILE, Files
from lambdalint.parsers.python.cache import Cache
from lambdalint.parsers.python.reading import digest, is_interesting, read_code

MAX_MODULES = 300
"""Modules of one package that are looked into for one handler."""

OPAQUE = frozenset(
    """aioboto3 aiobotocore aiohttp anyio attr attrs aws_cdk aws_lambda_powertools aws_xray_sdk awslambdaric awswrangler
    bcrypt boto3 botocore bs4 cachetools certifi cffi chardet charset_normalizer click cryptography dateutil dotenv
    elasticsearch environs fastapi flask google grpc httpcore httpx idna jinja2 jmespath jose jsonschema jwt langchain
    lxml mangum markupsafe marshmallow numpy openai opensearchpy opentelemetry orjson pandas PIL pip pkg_resources
    psycopg psycopg2 pyarrow pydantic pydantic_core pydantic_settings pymongo pymysql pytest pytz redis referencing
    requests requests_aws4auth rpds s3transfer scipy sentry_sdk setuptools simplejson six snowflake sqlalchemy starlette
    tenacity typing_extensions tzdata urllib3 werkzeug wrapt yaml yarl""".split()
)
"""Import names of well-known distributions; others are known by their dist-info."""
_COMPILED = (".so", ".pyd", ".pyc")


class Module:
    """A module of the package; ``kind`` is ``source``, ``package``, ``namespace`` or ``compiled``."""

    __slots__ = ("_interesting", "code", "data", "file", "kind", "locations", "name", "opaque", "root")

    def __init__(self, name: str, kind: str, root: int, file: str, locations: tuple[tuple[int, str], ...]) -> None:
        self.name = name
        self.kind = kind
        self.root = root
        self.file = file
        self.locations = locations
        """Of a package: root and folder (with its slash) that hold its submodules."""
        self.opaque = False
        self.code: dict[str, Any] | None = None
        self.data: bytes | None = None
        self._interesting: bool | None = None

    @property
    def package(self) -> str:
        """The package that a relative import starts from."""
        return self.name if self.locations else self.name.rpartition(".")[0]


class Modules:
    """The modules of one search path."""

    def __init__(self, path: tuple[Files, ...], cache: Cache, third_party: Container[str] = ()) -> None:
        self.path = path
        self.cache = cache
        self.third_party = third_party
        self.complete = True
        self.handler = ("", "")
        """The handler's module, and its name there."""
        self._found: dict[str, Module | None] = {"": None}
        self._opaque: dict[str, bool] = {}
        self._read = 0

    # -- finding ----------------------------------------------------------------------------------------------------

    def find(self, name: str) -> Module | None:
        """The module of an absolute dotted name, or None."""
        if name in self._found:
            return self._found[name]
        parent, _, last = name.rpartition(".")
        if not parent:
            places: tuple[tuple[int, str], ...] = tuple((i, "") for i in range(len(self.path)))
        else:
            package = self.find(parent)
            places = package.locations if package is not None else ()
        # What is built into the interpreter (time, sys) cannot be shadowed.
        visible = last.isidentifier() and name not in sys.builtin_module_names
        module = self._look(name, last, places) if visible else None
        if module is not None:
            module.opaque = self.is_third_party(name.partition(".")[0])
        self._found[name] = module
        return module

    def _look(self, name: str, last: str, places: tuple[tuple[int, str], ...]) -> Module | None:
        namespace: list[tuple[int, str]] = []
        for root, folder in places:
            files = self.path[root]
            base = folder + last
            if files.exists(base + "/__init__.py"):
                return Module(name, "package", root, base + "/__init__.py", ((root, base + "/"),))
            if files.exists(base + ".py"):
                return Module(name, "source", root, base + ".py", ())
            compiled = next((n for n in files.names_under(base + ".") if n.endswith(_COMPILED)), None)
            if compiled is not None:
                return Module(name, "compiled", root, compiled, ())
            if next(iter(files.names_under(base + "/")), None) is not None:
                if files.exists(base + "/__init__.pyc"):
                    return Module(name, "compiled", root, base + "/__init__.pyc", ((root, base + "/"),))
                namespace.append((root, base + "/"))
        # A folder without __init__.py comes last: the standard library and what Lambda bundles are found before it.
        if namespace and name not in sys.stdlib_module_names and name not in OPAQUE:
            return Module(name, "namespace", namespace[0][0], "", tuple(namespace))
        return None

    def is_third_party(self, top: str) -> bool:
        """Whether a distribution installed this top-level module."""
        known = self._opaque.get(top)
        if known is None:
            known = top in OPAQUE or top in self.third_party or self._has_dist_info(top)
            self._opaque[top] = known
        return known

    def _has_dist_info(self, top: str) -> bool:
        names = {top, top.lower(), top.replace("_", "-"), top.capitalize(), "python_" + top, "Py" + top, "py" + top}
        for files in self.path:
            for name in names:
                for found in files.names_under(name + "-"):
                    if ".dist-info/" in found or ".egg-info" in found:
                        return True
        return False

    # -- reading ----------------------------------------------------------------------------------------------------

    def code(self, module: Module) -> dict[str, Any] | None:
        """What a module does; None where it is not looked into (opaque, compiled, a namespace, past a bound)."""
        if module.code is not None or not module.file or module.opaque or module.kind == "compiled":
            return module.code
        if self._data(module) is None:
            return None
        outline = None if self._is_interesting(module) else self._outline(module)
        if outline is not None and not self._leads_somewhere(module) and not self._hides_handler(module, outline):
            module.code = outline
        else:
            module.code = self._coded(module, True)
        module.data = None
        return module.code

    def _data(self, module: Module) -> bytes | None:
        if module.data is None and module._interesting is None:
            if self._read >= MAX_MODULES:
                self.complete = False
                return None
            self._read += 1
            data = self.path[module.root].read(module.file)
            if data is None:
                self.complete = False
                return None
            module.data = data[: MAX_FILE + 1]
        elif module.data is None:
            module.data = self.path[module.root].read(module.file)
        return module.data

    def _is_interesting(self, module: Module) -> bool:
        if module._interesting is None:
            data = self._data(module)
            module._interesting = data is not None and is_interesting(data)
        return module._interesting

    def _outline(self, module: Module) -> dict[str, Any] | None:
        return module.code or self._coded(module, False)

    def _coded(self, module: Module, parse: bool) -> dict[str, Any] | None:
        data = self._data(module)
        if data is None:
            return None
        key = digest(data) + ("p" if parse else "o")
        code = self.cache.get(key)
        if code is None:
            code = read_code(data, parse)
            self.cache.put(key, code)
        return code

    def _hides_handler(self, module: Module, outline: Mapping[str, Any]) -> bool:
        """Whether the handler is bound to what an outline cannot tell: a lambda, a method of a new object."""
        name = self.handler[1]
        return module.name == self.handler[0] and any(
            step[0] == "=" and step[2] is None and ["v", name] in step[1] for step in outline["blocks"][0]["body"]
        )

    def _leads_somewhere(self, start: Module) -> bool:
        """Whether a module that is dull itself imports, in however many steps, one that is not."""
        seen = {start.name}
        pending = [start]
        while pending:
            module = pending.pop()
            code = self._outline(module)
            for name in imported(code, module) if code is not None else ():
                if name in seen:
                    continue
                seen.add(name)
                found = self.find(name)
                if found is None or found.opaque or not found.file or found.kind == "compiled":
                    continue
                if self._is_interesting(found):
                    return True
                pending.append(found)
        return False


def imported(code: dict[str, Any], module: Module) -> list[str]:
    """Absolute names that may be modules, of all imports wherever they stand."""
    names: list[str] = []

    for step in code["imports"]:
        if step[0] == "import":
            parts = step[1].split(".")
            names.extend(".".join(parts[: i + 1]) for i in range(len(parts)))
            continue
        base = absolute(step[1], step[2], module)
        if base is not None:
            names.append(base)
            if step[3] != "*":
                names.extend(f"{base}.{name}" if base else name for name, _ in step[3])
    return names


def absolute(level: int, name: str, module: Module) -> str | None:
    """The absolute name of what ``from ..name import`` means in a module; None above the top package."""
    if not level:
        return name
    parts = module.package.split(".") if module.package else []
    if level - 1 > len(parts) or not parts:
        return None
    parts = parts[: len(parts) - (level - 1)]
    if not parts:
        return None
    return ".".join([*parts, name] if name else parts)
