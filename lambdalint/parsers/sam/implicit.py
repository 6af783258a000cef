"""The APIs that SAM makes or writes itself: implicit ones, and those without a definition.

This comes before Globals are merged, so that Globals reach the implicit API too.
"""

from __future__ import annotations

from typing import Any

from lambdalint.finding import Fault, Path

from .body import ANY, Body, is_document, is_version_3, skeleton
from .context import PREFIX, Expansion, Refused, intrinsic, when

_KINDS = {False: ("Api", "RestApiId", "ServerlessRestApi"), True: ("HttpApi", "ApiId", "ServerlessHttpApi")}


class _Conditions:
    """Conditions and policies of the resources whose events an API serves."""

    def __init__(self) -> None:
        self.methods: dict[str, dict[str, dict[str, Any]]] = {}
        self.deletion: dict[str, list[Any]] = {}
        self.replacement: dict[str, list[Any]] = {}

    def add(self, api_id: str, path: str, method: str, resource: dict[str, Any]) -> None:
        condition = resource.get("Condition")
        self.methods.setdefault(api_id, {}).setdefault(path, {})[method] = condition
        self.deletion.setdefault(api_id, []).append(resource.get("DeletionPolicy"))
        self.replacement.setdefault(api_id, []).append(resource.get("UpdateReplacePolicy"))


def prepare(expansion: Expansion, globals_: dict[str, dict[str, Any]]) -> None:
    """Make the implicit APIs, give APIs without a definition their own, and enter the paths of events there."""
    for logical_id, resource in list(expansion.resources.items()):
        http = resource.get("Type") == PREFIX + "HttpApi"
        properties = resource.get("Properties", {})
        if not (http or resource.get("Type") == PREFIX + "Api") or not isinstance(properties, dict):
            continue
        if not properties.get("DefinitionBody") and not properties.get("DefinitionUri"):
            own = expansion.own(logical_id)
            own.setdefault("Properties", {})["DefinitionBody"] = skeleton(http)
            expansion.managed.add(logical_id)
    for http in (False, True):
        _implicit(expansion, http, globals_)


def _implicit(expansion: Expansion, http: bool, globals_: dict[str, dict[str, Any]]) -> None:
    section, _, implicit = _KINDS[http]
    existing = expansion.resources.get(implicit)
    was_managed = implicit in expansion.managed
    properties: dict[str, Any] = {"DefinitionBody": skeleton(http)}
    if not http:
        properties["StageName"] = "Prod"
    resource: dict[str, Any] = {"Type": PREFIX + section, "Properties": properties}
    expansion.resources[implicit] = resource
    expansion.managed.add(implicit)
    conditions = _Conditions()
    for logical_id, owner in list(expansion.resources.items()):
        if owner.get("Type") not in (PREFIX + "Function", PREFIX + "StateMachine"):
            continue
        try:
            _enter_events(expansion, http, logical_id, conditions, globals_)
        except Refused as refused:
            expansion.faults.append(refused.fault)
    _conditional_paths(expansion, http, conditions)
    if resource["Properties"]["DefinitionBody"]["paths"]:
        _carry_over(expansion, implicit, resource, conditions)
        return
    del expansion.resources[implicit]
    expansion.managed.discard(implicit)
    if existing is not None:
        expansion.resources[implicit] = existing
        if was_managed:
            expansion.managed.add(implicit)


def _enter_events(
    expansion: Expansion,
    http: bool,
    logical_id: str,
    conditions: _Conditions,
    globals_: dict[str, dict[str, Any]],
) -> None:
    section, id_name, implicit = _KINDS[http]
    resource = expansion.resources[logical_id]
    properties = resource.get("Properties")
    events = properties.get("Events") if isinstance(properties, dict) else None
    if not isinstance(events, dict) or intrinsic(events):
        return
    for event_id, event in events.items():
        if not isinstance(event, dict) or event.get("Type") != section:
            continue
        given = event.get("Properties", {})
        at: Path = ("Resources", logical_id, "Properties", "Events", event_id)
        if not isinstance(given, dict) or (not given and not http):
            continue  # the event itself is refused later
        own = expansion.own(logical_id)["Properties"]["Events"][event_id]
        given = own.setdefault("Properties", {})
        if id_name not in given:
            _pass_tags(expansion, resource, implicit, globals_)
            given[id_name] = {"Ref": implicit}
            expansion.moved.setdefault(("Resources", implicit), at)
            expansion.implicit.setdefault(implicit, logical_id)
        if http and not given.get("Path", "") and not given.get("Method", ""):
            given["Path"], given["Method"] = "$default", ANY
        api_id = api_of(given[id_name])
        path, method = given.get("Path"), given.get("Method")
        if not (isinstance(path, str) and isinstance(method, str) and isinstance(api_id, str)):
            _refuse_event(expansion, at, event_id, section, {"Path": path, "Method": method})
            continue
        conditions.add(api_id, path, method, resource)
        _enter(expansion, http, api_id, path, method, (*at, "Properties", id_name), event_id)
        if http and "RouteSettings" in given:
            _enter_route(expansion, api_id, path, method, given["RouteSettings"], resource.get("Condition"))


def _refuse_event(expansion: Expansion, at: Path, event_id: str, kind: str, values: dict[str, Any]) -> None:
    for name, value in values.items():
        if value is None:
            continue  # a missing property is a fault of its own
        if not isinstance(value, str):
            where = (*at, "Properties", name)
            expansion.fault("malformed", where, property=name, expected=["string"], event=event_id, event_type=kind)


def api_of(value: Any) -> Any:
    """The logical ID of the API that an event names by Ref or as text."""
    return value["Ref"] if isinstance(value, dict) and "Ref" in value else value


def _enter(expansion: Expansion, http: bool, api_id: str, path: str, method: str, at: Path, event_id: str) -> None:
    api = expansion.resources.get(api_id)
    type_ = api.get("Type") if isinstance(api, dict) else None
    if not isinstance(api, dict) or (not http and type_ == PREFIX + "HttpApi"):
        expected = PREFIX + ("HttpApi" if http else "Api")
        raise Refused(Fault("event-source", at, {"event": event_id, "value": api_id, "source": expected}))
    properties = api.get("Properties")
    if api_id not in expansion.managed or not isinstance(properties, dict):
        return
    if is_document(properties.get("DefinitionBody"), http):
        Body(properties["DefinitionBody"], ("Resources", api_id), http).add_path(path, method)


def _enter_route(expansion: Expansion, api_id: str, path: str, method: str, settings: Any, condition: Any) -> None:
    api = expansion.own(api_id) if api_id not in _KINDS[True] else expansion.resources[api_id]
    properties = api.setdefault("Properties", {})
    routes = properties.setdefault("RouteSettings", {})
    if not isinstance(routes, dict):
        at: Path = ("Resources", api_id, "Properties", "RouteSettings")
        expansion.fault("malformed", at, property="RouteSettings", expected=["map"])
        return
    if condition:
        settings = when(condition, settings)
    route = path if method == ANY else f"{method.upper()} {path}"
    if isinstance(settings, dict):
        routes[route] = {**routes.get(route, {}), **settings}


def _pass_tags(
    expansion: Expansion, resource: dict[str, Any], implicit: str, globals_: dict[str, dict[str, Any]]
) -> None:
    shared = globals_.get(resource["Type"][len(PREFIX) :], {})
    properties = resource["Properties"]
    propagate = properties.get("PropagateTags") or shared.get("PropagateTags")
    tags = properties.get("Tags") or shared.get("Tags")
    if propagate and isinstance(tags, dict):
        target = expansion.resources[implicit]["Properties"]
        target["Tags"] = {**target.get("Tags", {}), **tags}
        target["PropagateTags"] = True


def _conditional_paths(expansion: Expansion, http: bool, conditions: _Conditions) -> None:
    """Make a path conditional where all functions behind it are."""
    section = _KINDS[http][0]
    for api_id, resource in expansion.resources.items():
        if resource.get("Type") != PREFIX + section or api_id not in expansion.managed:
            continue
        paths = resource["Properties"]["DefinitionBody"]["paths"]
        for path in paths:
            found = set(conditions.methods.get(api_id, {}).get(path, {None: None}).values())
            if None in found or not all(isinstance(name, str) for name in found):
                continue
            if len(found) == 1:
                name = next(iter(found))
            else:
                name = api_id + path.replace("/", "SLASH").replace("{", "OB").replace("}", "CB") + "PathCondition"
                add_combined(expansion, name, sorted(found))
            paths[path] = when(name, paths[path])


def add_combined(expansion: Expansion, name: str, conditions: list[str]) -> None:
    """A condition that holds where one of several does; Fn::Or takes ten, so that more of them are nested."""
    number = (len(conditions) - 2) // 9
    while len(conditions) > 1:
        new = f"{name}{number}" if number > 0 else name
        number -= 1
        expansion.conditions[new] = {"Fn::Or": [{"Condition": one} for one in conditions[:10]]}
        expansion.moved[("Conditions", new)] = ("Conditions", conditions[0])
        conditions = [*conditions[10:], new]


def _carry_over(expansion: Expansion, implicit: str, resource: dict[str, Any], conditions: _Conditions) -> None:
    """The implicit API has the condition, and the policies, of the functions behind it."""
    methods = conditions.methods.get(implicit, {})
    found = {condition for path in methods.values() for condition in path.values()}
    if found and None not in found and all(isinstance(name, str) for name in found):
        if len(found) == 1:
            resource["Condition"] = next(iter(found))
        else:
            resource["Condition"] = implicit + "Condition"
            add_combined(expansion, resource["Condition"], sorted(found))
    for attribute, values, ranked in (
        ("DeletionPolicy", conditions.deletion, ("Retain", "Delete")),
        ("UpdateReplacePolicy", conditions.replacement, ("Retain", "Snapshot", "Delete")),
    ):
        given = values.get(implicit, [])
        chosen = next((policy for policy in ranked if policy in given), None)
        if chosen:
            resource[attribute] = chosen


def use_openapi_versions(expansion: Expansion) -> None:
    """After Globals are merged: a definition of SAM's own takes the version that ``OpenApiVersion`` asks for."""
    for logical_id, resource in expansion.resources.items():
        if resource.get("Type") != PREFIX + "Api" or logical_id not in expansion.managed:
            continue
        properties = resource.get("Properties")
        version = properties.get("OpenApiVersion") if isinstance(properties, dict) else None
        if version is None or not is_version_3(version):
            continue
        properties["OpenApiVersion"] = str(version)
        body = properties.get("DefinitionBody")
        if isinstance(body, dict):
            body["openapi"] = str(version)
            body.pop("swagger", None)
