"""LL803 to LL808: what a handler's code does, against how its function is set up."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from lambdalint.checks import check
from lambdalint.finding import Problem
from lambdalint.model.code import site_place, source_of, timeout_of, variables_of
from lambdalint.model.deployment import Deployment
from lambdalint.model.quota import Quota
from lambdalint.model.resource import Function
from lambdalint.model.source import (
    MODULE,
    Argument,
    ClientTimeout,
    ContextValue,
    EnvironmentValue,
    FileWrite,
    Site,
    Source,
)
from lambdalint.model.values import Reference, Text, Value

_WAITS_FOR = {"connect": "a connection", "read": "an answer", "total": "a request"}
_LIBRARIES = {"boto3": "SDK"}
_TASK_ROOT = "/var/task"
_WRITABLE = ("/tmp", "/mnt", "/dev", "/proc")


@check("function")
def client_timeout(function: Function, deployment: Deployment) -> Iterator[Problem]:
    """A client that waits longer than its function may run."""
    source, limit = source_of(deployment, function), timeout_of(deployment, function)
    if source is None or limit is None:
        return
    longest: dict[tuple[str, int, str], ClientTimeout] = {}
    for one in source.timeouts:
        key = (one.site.file, one.site.line, one.library)
        if one.seconds > limit and (key not in longest or one.seconds > longest[key].seconds):
            longest[key] = one
    for one in longest.values():
        fields = {
            "client": _LIBRARIES.get(one.library, one.library),
            "seconds": _number(one.seconds),
            "waits": _WAITS_FOR[one.kind],
            "timeout": _number(limit),
        }
        yield _against_timeout(source, one.site, function, deployment, fields)


@check("function")
def sleep_over_timeout(function: Function, deployment: Deployment, quota: Quota) -> Iterator[Problem]:
    """A sleep at least as long as the function may run. ``quota`` is how long a module may take to load."""
    source, limit = source_of(deployment, function), timeout_of(deployment, function)
    if source is None or limit is None:
        return
    for one in source.sleeps:
        if one.seconds >= limit and (one.reach != MODULE or one.seconds >= (quota.max or 0)):
            fields = {"seconds": _number(one.seconds), "timeout": _number(limit)}
            yield _against_timeout(source, one.site, function, deployment, fields)


def _against_timeout(
    source: Source, site: Site, function: Function, deployment: Deployment, fields: dict[str, str]
) -> Problem:
    related = ((function.at("Timeout"), "how long the function may run"),)
    return Problem(site_place(source, site, deployment, function), fields=fields, related=related)


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else str(value)


@check("function")
def write_outside_tmp(function: Function, deployment: Deployment) -> Iterator[Problem]:
    """A file that is written where nothing can be."""
    source = source_of(deployment, function)
    for one in source.writes if source is not None else ():
        assert source is not None
        relative = not one.path.startswith("/")
        if one.guarded or (relative and source.working_directory_changes) or _may_be_writable(one):
            continue
        place = site_place(source, one.site, deployment, function)
        path = one.path if one.whole else one.path + "\u2026"
        yield Problem(place, "relative" if relative else "default", {"path": path})


def _may_be_writable(write: FileWrite) -> bool:
    if "://" in write.path or "\\" in write.path or "\0" in write.path:
        return True
    path = posixpath.normpath(posixpath.join(_TASK_ROOT, write.path))
    if write.path.endswith("/") and path != "/":
        path += "/"
    if any(path == top or path.startswith(top + "/") for top in _WRITABLE):
        return True
    # Where only the beginning is known, it may yet become one of them.
    return not write.whole and (path == "/" or any(top.startswith(path) for top in _WRITABLE))


@check("function")
def unsupported_multiprocessing(function: Function, deployment: Deployment) -> Iterator[Problem]:
    """What needs semaphores in shared memory."""
    source = source_of(deployment, function)
    for one in source.shared_memory if source is not None else ():
        assert source is not None
        if not one.guarded:
            yield Problem(site_place(source, one.site, deployment, function), fields={"name": one.name})


@check("function")
def client_in_handler(function: Function, deployment: Deployment) -> Iterator[Problem]:
    """A client that every invocation makes anew, and that could be kept: same credentials, same endpoint."""
    source = source_of(deployment, function)
    for one in source.clients if source is not None else ():
        assert source is not None
        if one.per_invocation and one.kind in ("client", "resource") and not (one.foreign or one.endpoint):
            place = site_place(source, one.site, deployment, function)
            yield Problem(place, fields={"service": one.service, "kind": one.kind})


# -- LL808 ---------------------------------------------------------------------------------------------------------


@check("function")
def self_invocation(function: Function, deployment: Deployment) -> Iterator[Problem]:
    """A call that invokes the very function that makes it."""
    source = source_of(deployment, function)
    if source is None or function.get("RecursiveLoop") == "Allow":
        return
    sure = source.self_invocations()
    for call in source.calls:
        named = call.arguments.get("FunctionName")
        invokes = call.service == "lambda" and call.method in _INVOKES and not call.foreign and call.via == "client"
        if call in sure or (invokes and _is_itself(named, function, deployment)):
            yield Problem(site_place(source, call.site, deployment, function))


_INVOKES = ("invoke", "invoke_async", "invoke_with_response_stream")


def _is_itself(named: Argument, function: Function, deployment: Deployment) -> bool:
    value: Value = named
    if isinstance(named, Text) and named.suffix.startswith(":") and len(named.parts) == 2:
        value = named = named.parts[0]  # with a version or an alias
        if isinstance(named, ContextValue):
            return named.attribute in ("function_name", "invoked_function_arn")
    if isinstance(named, EnvironmentValue):
        if named.name == "AWS_LAMBDA_FUNCTION_NAME":
            return True
        value = (variables_of(deployment, function) or {}).get(named.name)
    if isinstance(value, Reference):
        return value.resource == function.id
    own = function.get("FunctionName")
    if own is None or value is None:
        return False
    if isinstance(value, Text) and value == own:
        return True
    if not isinstance(own, str):
        return False
    text = value.suffix if isinstance(value, Text) else value
    if not isinstance(text, str):
        return False
    if isinstance(value, Text) and ":function:" not in text:
        return False
    name = text.rpartition(":function:")[2].partition(":")[0]
    return name == own
