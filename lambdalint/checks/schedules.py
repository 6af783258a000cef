"""LL4: schedule expressions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lambdalint.checks import check
from lambdalint.finding import Problem
from lambdalint.model.deployment import Deployment
from lambdalint.model.schedule import check_schedule


@check("deployment")
def schedule_expression(subject: Deployment, deployment: Deployment, dialects: Mapping[str, str]) -> Iterator[Problem]:
    """Expressions that are refused; ``dialects`` says which service's grammar a type of resource has."""
    services = {"rule": "EventBridge", "scheduler": "EventBridge Scheduler"}
    for type, dialect in dialects.items():
        for resource in deployment.of_type(type):
            expression = resource.get("ScheduleExpression")
            if not isinstance(expression, str):
                continue
            for fault in check_schedule(expression, dialect)[:1]:
                fields = {"expression": expression, "service": services[dialect], **fault.fields}
                yield Problem(resource.at("ScheduleExpression"), fault.kind, fields)
