"""LL4: what buckets, target groups and log groups send to functions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from lambdalint.checks import check
from lambdalint.finding import Place, Problem
from lambdalint.model.deployment import Deployment
from lambdalint.model.identity import identity
from lambdalint.model.quota import Quota
from lambdalint.model.resource import Resource
from lambdalint.model.values import is_open, items

_LISTS = ("LambdaConfigurations", "LambdaFunctionConfigurations", "QueueConfigurations", "TopicConfigurations")
_BUCKETS = ("AWS::S3::Bucket", "Custom::S3BucketNotifications")
"""The second is CDK's own, in the form of S3's API."""


class _Notification(NamedTuple):
    place: Place
    event: str
    prefix: str
    suffix: str

    def overlaps(self, other: _Notification) -> bool:
        """Whether one object and event can be meant by both."""
        return (
            _one_begins(self.event.rstrip("*"), other.event.rstrip("*"), self.event, other.event)
            and (self.prefix.startswith(other.prefix) or other.prefix.startswith(self.prefix))
            and (self.suffix.endswith(other.suffix) or other.suffix.endswith(self.suffix))
        )


def _one_begins(one: str, other: str, first: str, second: str) -> bool:
    """Whether two events are the same, or one is a wildcard over the other."""
    if first == second:
        return True
    return (first.endswith("*") and other.startswith(one)) or (second.endswith("*") and one.startswith(other))


@check("deployment")
def overlapping_notifications(subject: Deployment, deployment: Deployment) -> Iterator[Problem]:
    """Two notifications of a bucket for the same event whose prefixes and suffixes meet: S3 refuses both."""
    for bucket in deployment.of_type(*_BUCKETS):
        groups: dict[str, list[_Notification]] = {}
        for notification in _notifications(bucket):
            earlier = groups.setdefault(":".join(notification.event.split(":")[:2]), [])
            met = next((other for other in earlier if notification.overlaps(other)), None)
            if met is not None:
                fields = {"event": notification.event, "other": met.event}
                kind = "filtered" if notification.prefix or notification.suffix else "default"
                fields |= {"prefix": notification.prefix or "any", "suffix": notification.suffix or "any"}
                yield Problem(notification.place, kind, fields, ((met.place, "the other notification"),))
            earlier.append(notification)


def _notifications(bucket: Resource) -> Iterator[_Notification]:
    """The notifications whose event and filter are known."""
    for name in _LISTS:
        found = bucket.get("NotificationConfiguration", name)
        for index, entry in enumerate(found if isinstance(found, list) else ()):
            filters = _filter(entry.get("Filter")) if isinstance(entry, dict) else None
            if filters is not None:
                place = bucket.at("NotificationConfiguration", name, index, key=True)
                for event in items(entry.get("Event", entry.get("Events"))):
                    if isinstance(event, str):
                        yield _Notification(place, event, filters.get("prefix", ""), filters.get("suffix", ""))


def _filter(value: Any) -> dict[str, str] | None:
    """Prefix and suffix of a notification's filter; None where they are not known."""
    rules: Any = value
    for keys in (("S3Key", "Key"), ("Rules", "FilterRules")):
        if rules is None:
            return {}
        if not isinstance(rules, dict) or is_open(rules):
            return None
        rules = next((rules[key] for key in keys if key in rules), None)
    if rules is None:
        return {}
    if not isinstance(rules, list) or is_open(rules):
        return None
    found = {}
    for rule in rules:
        name, text = (rule.get("Name"), rule.get("Value")) if isinstance(rule, dict) else (None, None)
        if not isinstance(name, str) or not isinstance(text, str):
            return None
        found[name.lower()] = text
    return found


@check("deployment")
def target_group(
    subject: Deployment, deployment: Deployment, facts: Mapping[str, Any], quota: Quota
) -> Iterator[Problem]:
    """A target group of type lambda with what only other types have."""
    for group in deployment.of_type("AWS::ElasticLoadBalancingV2::TargetGroup"):
        if group.get("TargetType") != "lambda":
            continue
        for name in facts["sources"]["alb"]["forbidden"]:
            if group.get(name) is not None:
                yield Problem(group.at(name, key=True), fields={"property": name})
        targets = group.get("Targets")
        if isinstance(targets, list) and len(targets) > quota.max:
            yield Problem(group.at("Targets", int(quota.max)), "count", {"count": len(targets), "quota": quota})


@check("deployment")
def log_subscriptions(subject: Deployment, deployment: Deployment, quota: Quota) -> Iterator[Problem]:
    """More subscription filters than a log group takes."""
    groups: dict[Any, list[Resource]] = {}
    for subscription in deployment.of_type("AWS::Logs::SubscriptionFilter"):
        name = identity(deployment, subscription.get("LogGroupName"), "AWS::Logs::LogGroup")
        if name is not None:
            groups.setdefault(name, []).append(subscription)
    for subscriptions in groups.values():
        related: Sequence[tuple[Place, str]] = [
            (other.place, "another subscription of the log group") for other in subscriptions[: int(quota.max)]
        ]
        for extra in subscriptions[int(quota.max) :]:
            fields = {"count": len(subscriptions), "quota": quota}
            yield Problem(extra.at("LogGroupName"), fields=fields, related=tuple(related))
