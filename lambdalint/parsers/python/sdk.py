"""The AWS SDK for Python as a handler uses it: sessions, clients, resources, paginators, Powertools' parameters."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from lambdalint.parsers.python.values import (
    Bound,
    Client,
    Const,
    External,
    FilePath,
    Mapping,
    Paged,
    Resource,
    Session,
    Settings,
    Value,
    known_prefix,
    members,
    number_of,
    text_of,
)  # fmt: skip

if TYPE_CHECKING:
    from lambdalint.parsers.python.frame import Following, Frame

Values = list["Value | None"]
Keywords = dict[str, "Value | None"]

_SESSIONS = re.compile(r"(boto3|aioboto3|aiobotocore|botocore)\.(?:session\.)?(?:Session|get_session)\Z")
_CONFIGS = re.compile(r"(?:botocore\.(?:config|client)|aiobotocore\.config|boto3\.session)\.(?:Aio)?Config\Z")
_CLIENT_POSITIONS = (
    "service_name", "region_name", "api_version", "use_ssl", "verify", "endpoint_url", "aws_access_key_id",
    "aws_secret_access_key", "aws_session_token", "config",
)  # fmt: skip
_SESSION_POSITIONS = (
    "aws_access_key_id",
    "aws_secret_access_key",
    "aws_session_token",
    "region_name",
    "botocore_session",
    "profile_name",
)
_CREDENTIALS = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token", "botocore_session", "profile_name")
_NOT_CALLS = frozenset({"can_paginate", "close", "get_paginator", "get_waiter", "exceptions", "meta", "waiter_names"})

_TRANSFERS = {
    "upload_file": ("Filename", "Bucket", "Key", "ExtraArgs"),
    "upload_fileobj": ("Fileobj", "Bucket", "Key", "ExtraArgs"),
    "download_file": ("Bucket", "Key", "Filename", "ExtraArgs"),
    "download_fileobj": ("Bucket", "Key", "Fileobj", "ExtraArgs"),
    "copy": ("CopySource", "Bucket", "Key", "ExtraArgs"),
    "generate_presigned_post": ("Bucket", "Key"),
}
"""Names of positional arguments: other methods of a client take keywords only."""
_LEFT_OUT = {"Bucket": ("Bucket",), "Object": ("Bucket", "Key")}
"""What a resource object knows already."""

_MEMBERS = {
    "objects": "ObjectSummary", "object_versions": "ObjectVersion", "buckets": "Bucket", "tables": "Table",
    "queues": "Queue", "topics": "Topic", "instances": "Instance", "messages": "Message", "volumes": "Volume",
    "subscriptions": "Subscription", "snapshots": "Snapshot", "images": "Image", "stacks": "Stack", "roles": "Role",
    "users": "User", "policies": "Policy",
}  # fmt: skip
_RETURNS = {
    "receive_messages": "Message", "get_queue_by_name": "Queue", "create_queue": "Queue", "create_topic": "Topic",
    "create_table": "Table", "create_bucket": "Bucket", "send_message": None,
}  # fmt: skip

_PARAMETERS = re.compile(
    r"aws_lambda_powertools\.utilities\.parameters(?:\.(?:ssm|secrets|appconfig|dynamodb))?\.(\w+)(\(\)\.(?:get|get_multiple|set|get_parameters_by_name))?\Z"
)
_POWERTOOLS = {
    "get_parameter": ("ssm", "get_parameter", "Name"),
    "get_parameters": ("ssm", "get_parameters_by_path", "Path"),
    "get_parameters_by_name": ("ssm", "get_parameters", ""),
    "set_parameter": ("ssm", "put_parameter", "Name"),
    "get_secret": ("secretsmanager", "get_secret_value", "SecretId"),
    "SSMProvider().get": ("ssm", "get_parameter", "Name"),
    "SSMProvider().get_multiple": ("ssm", "get_parameters_by_path", "Path"),
    "SSMProvider().set": ("ssm", "put_parameter", "Name"),
    "SSMProvider().get_parameters_by_name": ("ssm", "get_parameters", ""),
    "SecretsProvider().get": ("secretsmanager", "get_secret_value", "SecretId"),
}
"""Powertools' function or provider: service, method, and which argument its first one is (SSM's ``path`` as well)."""


def call_external(
    run: Following, frame: Frame, path: str, arguments: Values, keywords: Keywords, raw: Any, unsure: bool
) -> Any:
    """A call of something of the SDK; NotImplemented for everything else."""
    if path in ("boto3.client", "boto3.resource"):
        return _client(run, frame, Session(), path[6:], arguments, keywords, raw, unsure)
    if found := _SESSIONS.match(path):
        given = {**dict(zip(_SESSION_POSITIONS, arguments)), **keywords}
        foreign = unsure or any(_is_given(given, name) for name in _CREDENTIALS)
        return Session(foreign, found[1].startswith("aio"))
    if path == "boto3.setup_default_session":
        return None
    if _CONFIGS.match(path):
        return _settings(run, frame, keywords, raw, unsure)
    if found := _PARAMETERS.match(path):
        return _powertools(run, frame, found[1] + (found[2] or ""), arguments, keywords, raw)
    return NotImplemented


def _is_given(keywords: Keywords, name: str) -> bool:
    return name in keywords and keywords[name] != Const(None)


def _settings(run: Following, frame: Frame, keywords: Keywords, raw: Any, unsure: bool) -> Value:
    attempts = None
    retries = keywords.get("retries")
    if isinstance(retries, Mapping):
        total = number_of(retries.items.get("total_max_attempts"))
        again = number_of(retries.items.get("max_attempts"))
        if total is not None:
            attempts = int(total)
        elif again is not None:
            # botocore: max_attempts of a Config counts the retries only.
            attempts = int(again) + 1
    for name, kind in (("read_timeout", "read"), ("connect_timeout", "connect")):
        seconds = number_of(keywords.get(name))
        if seconds is not None:
            run.facts.timeout(frame, "boto3", kind, seconds, raw, attempts)
    return Settings(tuple(keywords.items()), unsure)


def _client(
    run: Following,
    frame: Frame,
    session: Session,
    kind: str,
    arguments: Values,
    keywords: Keywords,
    raw: Any,
    unsure: bool,
) -> Value | None:
    given = {**dict(zip(_CLIENT_POSITIONS, arguments)), **keywords}
    result: list[Client] = []
    for member in members(given.get("service_name")):
        service = text_of(member)
        if service is None:
            run.facts.dynamic.add("*")
            continue
        foreign = session.foreign or unsure or any(_is_given(given, name) for name in _CREDENTIALS)
        endpoint = _is_given(given, "endpoint_url")
        style = "async" if session.asynchronous and kind == "client" else kind
        client = Client(service.lower(), style, frame.site(raw), foreign, endpoint)
        run.facts.client(frame, client, given.get("config"), unsure or _is_given(given, "config"))
        result.append(client)
    if len(result) > 1:
        from lambdalint.parsers.python.values import Choice

        return Choice(tuple(result))
    return result[0] if result else None


def _powertools(run: Following, frame: Frame, name: str, arguments: Values, keywords: Keywords, raw: Any) -> Any:
    known = _POWERTOOLS.get(name)
    if known is None:
        return External(f"aws_lambda_powertools.utilities.parameters.{name}()") if name.endswith("Provider") else None
    service, method, parameter = known
    client = Client(service, "powertools", frame.site(raw), "boto3_client" in keywords, False)
    first = arguments[0] if arguments else keywords.get("name", keywords.get("path"))
    given = {parameter: first} if parameter else {}
    if "decrypt" in keywords:
        given["WithDecryption"] = keywords["decrypt"]
    run.facts.call(frame, client, method, "powertools", raw, given)
    return None


# -- objects of the SDK --------------------------------------------------------------------------------------------


def attribute(base: Value | None, name: str) -> Value | None:
    if isinstance(base, Session):
        return Bound(base, name) if name in ("client", "resource", "create_client") else None
    if isinstance(base, Client):
        if name == "meta":
            return Bound(base, "meta") if base.kind == "resource" else None
        return None if name in ("exceptions", "waiter_names") else Bound(base, name)
    if isinstance(base, Resource):
        return Bound(base, name)
    if isinstance(base, Paged):
        return Bound(base, name)
    if isinstance(base, Bound):
        if base.name == "meta":
            owner = base.owner.client if isinstance(base.owner, Resource) else base.owner
            if name == "client" and isinstance(owner, Client):
                return Client(owner.service, "client", owner.site, owner.foreign, owner.endpoint)
            return None
        # `bucket.objects.all`: what looked like a method is a collection.
        return Bound(base, name) if not isinstance(base.owner, (Paged, Session)) else None
    return None


def element(value: Value | None) -> Value | None:
    """What a loop over a collection gives."""
    if isinstance(value, Resource) and value.type.endswith("[]"):
        return Resource(value.client, value.type[:-2], ())
    return None


def call(
    run: Following, frame: Frame, function: Value | None, arguments: Values, keywords: Keywords, raw: Any, unsure: bool
) -> Any:
    """A call of a method of an SDK object; NotImplemented for everything else."""
    if not isinstance(function, Bound):
        return NotImplemented
    owner, name = function.owner, function.name
    if isinstance(owner, Session):
        kind = "resource" if name == "resource" else "client"
        return _client(run, frame, owner, kind, arguments, keywords, raw, unsure)
    if isinstance(owner, Client):
        if owner.kind == "resource":
            return _resource_call(run, frame, owner, None, name, arguments, keywords, raw, unsure)
        return _client_call(run, frame, owner, name, arguments, keywords, raw, unsure)
    if isinstance(owner, Resource):
        return _resource_call(run, frame, owner.client, owner, name, arguments, keywords, raw, unsure)
    if isinstance(owner, Paged):
        if name in ("paginate", "wait"):
            run.facts.call(frame, owner.client, owner.operation, owner.kind, raw, keywords, unsure)
        return None
    if isinstance(owner, Bound):
        return _collection_call(run, frame, owner, name, keywords, raw, unsure)
    return None


def _client_call(
    run: Following,
    frame: Frame,
    client: Client,
    name: str,
    arguments: Values,
    keywords: Keywords,
    raw: Any,
    unsure: bool,
) -> Value | None:
    if name in ("get_paginator", "get_waiter"):
        key = "operation_name" if name == "get_paginator" else "waiter_name"
        operation = text_of(arguments[0] if arguments else keywords.get(key))
        if operation is None:
            run.facts.dynamic.add(client.service)
            return None
        return Paged(client, operation, "paginator" if name == "get_paginator" else "waiter")
    if name == "generate_presigned_url":
        operation = text_of(arguments[0] if arguments else keywords.get("ClientMethod"))
        params = arguments[1] if len(arguments) > 1 else keywords.get("Params")
        if operation is not None:
            given = {str(k): v for k, v in params.items.items()} if isinstance(params, Mapping) else {}
            run.facts.call(
                frame, client, operation, "presigned", raw, given, not isinstance(params, Mapping) or params.rest
            )
        return None
    if name == "generate_presigned_post":
        run.facts.call(frame, client, "put_object", "presigned", raw, _named(name, (), arguments, keywords), unsure)
        return None
    if name in ("__enter__", "__aenter__"):
        return client
    if name in _NOT_CALLS or name.startswith("_"):
        return None
    given = _named(name, (), arguments, keywords)
    _local_file(run, frame, name, given, raw)
    run.facts.call(frame, client, name, "client", raw, given, unsure)
    return None


def _resource_call(
    run: Following, frame: Frame, client: Client, owner: Resource | None, name: str, arguments: Values,
    keywords: Keywords, raw: Any, unsure: bool,
) -> Value | None:  # fmt: skip
    identifiers = owner.identifiers if owner is not None else ()
    type_ = owner.type if owner is not None else ""
    if name[:1].isupper():
        return Resource(client, name, (*identifiers, *arguments, *keywords.values()))
    if type_ == "Table" and name == "batch_writer":
        return Resource(client, "batch", identifiers)
    if type_ == "batch":
        if name in ("put_item", "delete_item"):
            run.facts.call(frame, client, "batch_write_item", "resource", raw, {}, True, "Table", identifiers)
        return None
    if type_.endswith("[]"):
        if name in ("all", "filter", "limit", "page_size", "pages"):
            return owner
        type_ = type_[:-2]
    if name.startswith("_") or name == "get_available_subresources":
        return None
    given = _named(name, _LEFT_OUT.get(type_, ()), arguments, keywords)
    _local_file(run, frame, name, given, raw)
    run.facts.call(frame, client, name, "resource", raw, given, unsure, type_, identifiers)
    returns = _RETURNS.get(name)
    if returns is not None:
        return Resource(client, returns + "[]" if name.startswith("receive") else returns, tuple(keywords.values()))
    return None


def _collection_call(
    run: Following, frame: Frame, collection: Bound, name: str, keywords: Keywords, raw: Any, unsure: bool
) -> Value | None:
    owner = collection.owner
    if isinstance(owner, Bound):
        return None
    client = owner.client if isinstance(owner, Resource) else owner
    if not isinstance(client, Client) or (client.kind != "resource" and not isinstance(owner, Resource)):
        return None
    type_ = owner.type if isinstance(owner, Resource) else ""
    identifiers = owner.identifiers if isinstance(owner, Resource) else ()
    run.facts.call(frame, client, name, "collection", raw, keywords, unsure, type_, identifiers, collection.name)
    return Resource(client, _MEMBERS.get(collection.name, collection.name) + "[]", ())


def _named(name: str, left_out: tuple[str, ...], arguments: Values, keywords: Keywords) -> Keywords:
    names = [n for n in _TRANSFERS.get(name, ()) if n not in left_out or (name == "copy" and n == "CopySource")]
    return {**dict(zip(names, arguments)), **keywords}


def _local_file(run: Following, frame: Frame, name: str, given: Keywords, raw: Any) -> None:
    """download_file writes where it is told to."""
    if name == "download_file":
        target = given.get("Filename")
        run.facts.write(
            frame, known_prefix(target.text if isinstance(target, FilePath) else target), "download_file", raw
        )
