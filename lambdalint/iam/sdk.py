"""Which IAM actions an SDK call needs: by botocore's names, the naming rule and a table of what the rule gets wrong.

What is not known is None, never an empty need.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from functools import cache
from typing import Any, NamedTuple

from lambdalint.iam import tables
from lambdalint.iam.actions import action

Needs = tuple[tuple[str, ...], ...]
"""What a call needs: every one of the outer, and of each any one of the inner (alternatives); () needs nothing."""

LOCAL_METHODS = frozenset(
    {"canpaginate", "close", "generatepresignedpost", "generatepresignedurl", "getpaginator", "getwaiter"}
)
"""Methods of every client that call nothing by themselves."""


def _key(name: str) -> str:
    return name.replace("_", "").lower()


@cache
def _service(service: str) -> dict[str, Any] | None:
    line = None if service == "#" else tables.row("sdk_calls", service)
    return None if line is None else json.loads(line)


def known_service(service: str) -> bool:
    """Whether anything is known of a boto3 service (``stepfunctions``, ``iot-data``)."""
    return _service(service) is not None


def services() -> tuple[str, ...]:
    """Every boto3 service that something is known of."""
    return tables.names("sdk_calls")


def iam_prefix(service: str) -> str | None:
    """The IAM prefix of a boto3 service: ``states`` for ``stepfunctions``."""
    table = _service(service)
    return None if table is None else str(table["prefix"])


def _needs(text: str, prefix: str) -> Needs | None:
    if text == "?":
        return None
    return tuple(
        tuple(name if ":" in name else f"{prefix}:{name}" for name in group.split("|")) for group in text.split()
    )


def actions_for(service: str, method: str, parameters: Collection[str] | None = ()) -> Needs | None:
    """The IAM actions that a client's method needs, or None where that is not known.

    ``service`` is boto3's name, ``method`` a method or an operation (``put_item``, ``PutItem``; a paginator takes the
    same name). ``parameters`` are the names of the arguments that the call gives, None where they cannot be known: some
    change what is needed (``VersionId`` of S3's get_object, the role that a call hands over).
    """
    table = _service(service)
    if table is None:
        return None
    key, prefix, calls = _key(method), table["prefix"], table.get("calls", {})
    if key in LOCAL_METHODS:
        return ()
    text = calls.get(key)
    if text is None:
        found = action(f"{prefix}:{key}")
        if found is None:
            return None
        text = found.name
    needs = _needs(text, prefix)
    if needs is None:
        return None
    for name, other in _variants(table, key):
        kind, parameter = name[0], name[1:]
        changed = _needs(other, prefix) or ()
        if kind == "=" and parameters is None:
            needs = tuple((*a, *(n for n in b if n not in a)) for a, b in zip(needs, changed))
        elif parameters is not None and parameter in parameters:
            needs = changed if kind == "=" else needs + tuple(need for need in changed if need not in needs)
    return needs


def _variants(table: dict[str, Any], key: str) -> Iterator[tuple[str, str]]:
    """``=Param`` and ``+Param`` of an operation, replacing ones first."""
    variants: dict[str, list[tuple[str, str]]] | None = table.get("variants")
    if variants is None:
        variants = table["variants"] = {}
        for name, text in table.get("calls", {}).items():
            for sign in "=+":
                head, found, parameter = name.partition(sign)
                if found:
                    variants.setdefault(head, []).append((sign + parameter, text))
    return iter(sorted(variants.get(key, ()), key=lambda variant: (variant[0][0] != "=", variant)))


def waiter_operation(service: str, waiter: str) -> str | None:
    """The operation that a client's waiter calls (``s3``, ``bucket_exists``: ``HeadBucket``), or None."""
    found = (_service(service) or {}).get("waiters", {}).get(_key(waiter))
    return None if found is None else str(found)


def waiter_actions(service: str, waiter: str) -> Needs | None:
    """What waiting needs, or None where that is not known."""
    operation = waiter_operation(service, waiter)
    return None if operation is None else actions_for(service, operation)


def resource_parameter(service: str, method: str, parameters: Collection[str] = ()) -> tuple[str, str] | None:
    """The parameter that names the resource that a call is about, and the resource's CloudFormation type.

    ``("Bucket", "AWS::S3::Bucket")`` for S3's get_object; None where there is none or it is not known. Where several
    parameters can name it, the one among ``parameters``, else the first.
    """
    key = _key(method)
    found = None
    for name, kind, operations in (_service(service) or {}).get("parameters", ()):
        listed = key in operations.lstrip("-").split()
        if listed != operations.startswith("-"):
            if name in parameters:
                return name, kind
            found = found or (name, kind)
    return found


class Member(NamedTuple):
    """What an attribute or a method of a boto3 resource object is."""

    operation: str | None = None
    """The operation that calling it makes (of a collection: iterating over it), or None."""
    type: str | None = None
    """The type of resource object that it gives (of a collection: of its items), or None."""
    is_collection: bool = False


def resource_member(service: str, type: str, name: str) -> Member | None:
    """A member of a boto3 resource object, or None where it is not known.

    ``type`` is ``""`` for what ``boto3.resource(service)`` gives, else ``Bucket``, ``Table`` …: ``"s3", "", "Bucket"``
    is an object of type Bucket, ``"s3", "Bucket", "objects"`` a collection, ``"dynamodb", "Table", "put_item"`` a
    call. The operation goes to actions_for, under the same service.
    """
    entry = (_service(service) or {}).get("objects", {}).get(type)
    if entry is None:
        return None
    key = _key(name)
    collection = entry.get("collections", {}).get(key)
    if collection is not None:
        return Member(collection[0], collection[1], True)
    operation, result = entry.get("calls", {}).get(key), entry.get("members", {}).get(key)
    return None if operation is None and result is None else Member(operation, result)


ITERATING = frozenset({"all", "filter", "limit", "page_size", "pages"})
"""The methods of a collection that only say how it is iterated over."""


def collection_member(service: str, collection: Member, name: str) -> Member | None:
    """A method of a collection: iterating (``all``, ``filter``) or a batch call (``bucket.objects.delete()``)."""
    if name in ITERATING:
        return collection
    entry = (_service(service) or {}).get("objects", {}).get(collection.type, {})
    operation = entry.get("batch", {}).get(_key(name))
    return None if operation is None else Member(operation)


def chain_actions(service: str, names: Collection[str], type: str = "") -> Needs | None:
    """What a chain of names on a resource object needs: ``("Bucket", "objects", "filter")`` of ``s3``, or None.

    ``meta.client.X`` is the client's X. A batch call on a collection needs the listing and the call.
    """
    current: Member = Member(None, type)
    needs: Needs = ()
    links = list(names)
    while links:
        name = links.pop(0)
        if name == "meta" and len(links) == 2 and links[0] == "client":
            return actions_for(service, links[1])
        if current.is_collection:
            found = collection_member(service, current, name)
        else:
            found = None if current.type is None else resource_member(service, current.type, name)
        if found is None:
            return None
        if found.operation is not None and (not found.is_collection or not current.is_collection):
            more = actions_for(service, found.operation)
            if more is None:
                return None
            needs += tuple(need for need in more if need not in needs)
        current = found
    return needs
