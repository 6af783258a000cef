"""When two values mean the same thing, though nothing but their text is known."""

from __future__ import annotations

from typing import Any

from lambdalint.model.arns import resource_of, single
from lambdalint.model.deployment import Deployment
from lambdalint.model.values import Reference, Text, Unknown, Value


def identity(deployment: Deployment, value: Value, type: str | None = None) -> Any:
    """A key that is equal for values that mean the same; None where that cannot be known.

    The resource of the template is the key where the value means one, by reference, ARN or (for ``type``) its name;
    otherwise the text itself.
    """
    value = single(value)
    if isinstance(value, Reference):
        found = resource_of(deployment, value)
        if type is not None and (found is None or found.type != type):
            return value
        return ("resource", found.id) if found is not None else value
    if isinstance(value, str):
        named = deployment.named(type, value) if type is not None else None
        found = named or resource_of(deployment, value)
        return ("resource", found.id) if found is not None else value
    if isinstance(value, Text) and not any(isinstance(part, Unknown) for part in value.parts):
        found = resource_of(deployment, value)
        return ("resource", found.id) if found is not None else value
    return None
