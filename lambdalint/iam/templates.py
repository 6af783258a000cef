"""SAM's policy templates (``Policies: [{SQSPollerPolicy: {QueueName: …}}]``), from aws-sam-translator."""

from __future__ import annotations

from typing import Any, NamedTuple

from lambdalint.data import load


class PolicyTemplate(NamedTuple):
    """``parameters`` are all required; ``definition`` is a policy document with Refs to them in it, raw."""

    name: str
    parameters: tuple[str, ...]
    definition: dict[str, Any]


def policy_template(name: str) -> PolicyTemplate | None:
    """The policy template of that name, or None where SAM has none. Do not change what it holds."""
    entry = None if name.startswith("_") else load("policy_templates").get(name)
    return entry and PolicyTemplate(name, tuple(entry["Parameters"]), entry["Definition"])


def policy_template_names() -> tuple[str, ...]:
    """Every policy template's name, sorted."""
    return tuple(name for name in load("policy_templates") if not name.startswith("_"))
