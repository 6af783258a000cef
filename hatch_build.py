"""Compiles rules/ into the wheel: start-up reads one JSON file, never 150 of YAML."""

from __future__ import annotations

import os
import sys
import tempfile
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CustomBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if self.target_name != "wheel" or version == "editable":
            return
        sys.path.insert(0, self.root)
        from lambdalint.rulebook.files import compile_book

        self.folder = tempfile.mkdtemp()
        compile_book(os.path.join(self.root, "rules"), self.folder)
        build_data["force_include"][self.folder] = "lambdalint/book"
