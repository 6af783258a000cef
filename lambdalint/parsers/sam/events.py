"""The events of a function, in the order in which SAM expands them."""

from __future__ import annotations

from typing import Any

from lambdalint.finding import Fault

from .context import Event, Expansion, Owner, Refused, SamEvent, Target, intrinsic, nearest, unknown
from .policies import Role
from .shapes import FUNCTION_EVENTS, check

POLLED = frozenset(("Kinesis", "DynamoDB", "SQS", "MSK", "MQ", "DocumentDB", "SelfManagedKafka"))


def expand(expansion: Expansion, target: Target, role: Role) -> None:
    """What SAM makes of a function's events; an event that it refuses is a fault, the others go on."""
    entries = known_events(expansion, target.owner, FUNCTION_EVENTS)
    for event in sorted(entries, key=lambda item: str(item.properties.get("Path", item.id))):
        run(expansion, target, role, event, _handler(event.type), FUNCTION_EVENTS[event.type])


_PUSHED = {
    "Schedule": "rule",
    "ScheduleV2": "schedule",
    "CloudWatchEvent": "rule",
    "EventBridgeRule": "rule",
    "S3": "bucket",
    "SNS": "topic",
    "AlexaSkill": "skill",
    "IoTRule": "iot_rule",
    "Cognito": "user_pool",
    "CloudWatchLogs": "logs",
}


def _handler(type_: str) -> Any:
    """What expands an event of a type; the modules are imported as they are needed."""
    if type_ in POLLED:
        from . import pull

        return pull.expand
    if type_ in _PUSHED:
        from . import push

        return getattr(push, _PUSHED[type_])
    from . import apis

    return apis.rest_event if type_ == "Api" else apis.http_event


def known_events(expansion: Expansion, owner: Owner, types: dict[str, str]) -> list[Event]:
    """The events of types that SAM knows; the others are faults."""
    written = owner.properties.get("Events")
    if not isinstance(written, dict):
        return []
    if intrinsic(written):
        expansion.fault("events-intrinsic", owner.at("Events"), intrinsic=intrinsic(written), resource=owner.id)
        return []
    found = []
    for event_id, event in written.items():
        at = owner.at("Events", event_id)
        if unknown(event):
            continue
        if intrinsic(event):
            expansion.fault("events-intrinsic", at, intrinsic=intrinsic(event), event=event_id, resource=owner.id)
        elif not isinstance(event, dict):
            expansion.fault("malformed", at, property=event_id, expected=["map"])
        elif event.get("Type") is None:
            expansion.fault("missing-property", at, property="Type", event=event_id)
        elif not isinstance(event["Type"], str) or event["Type"] not in types:
            if not unknown(event["Type"]):
                fields = {"value": event["Type"], "event": event_id, "nearest": nearest(event["Type"], types)}
                expansion.fault("event-type", (*at, "Type"), **fields)
        elif not isinstance(event.get("Properties", {}), dict):
            expansion.fault("malformed", (*at, "Properties"), property="Properties", expected=["map"], event=event_id)
        else:
            found.append(Event(owner, event_id, event))
    return found


def run(expansion: Expansion, target: Target, role: Any, event: Event, handler: Any, words: str) -> None:
    """Expand one event and note what it generated."""
    owner = target.owner.id
    before = len(expansion.of.get(owner, ()))
    fine = check(expansion, words, event.properties, event.at(), event=event.id, event_type=event.type)
    if fine or event.type in POLLED:
        try:
            handler(expansion, target, role, event)
        except Refused as refused:
            expansion.faults.append(refused.fault)
        except (TypeError, KeyError, AttributeError, ValueError):
            if fine:  # a shape that no check foresees; SAM itself fails on it
                expansion.faults.append(Fault("malformed", event.path, {"event": event.id, "event_type": event.type}))
    generated = tuple(expansion.of.get(owner, ())[before:])
    expansion.events.append(SamEvent(owner, event.id, event.type, generated))
