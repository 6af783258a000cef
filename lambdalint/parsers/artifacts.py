"""What a template's functions and layers are made of, opened on first use: packages, images, source code."""

from __future__ import annotations

from lambdalint.model.deployment import Template
from lambdalint.settings import Settings


def attach(template: Template, settings: Settings) -> Template:
    """The template with a way to open its artifacts."""
    return template
