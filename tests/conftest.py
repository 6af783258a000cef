"""The book is compiled once for all tests, as the wheel has it: reading its YAML for each run takes longest."""

from __future__ import annotations

import pytest

from lambdalint import rulebook
from lambdalint.rulebook.files import compile_book


@pytest.fixture(scope="session", autouse=True)
def compiled_book(tmp_path_factory):
    folder = str(tmp_path_factory.mktemp("book"))
    compile_book(rulebook.CHECKOUT, folder)
    rulebook.COMPILED, before = folder, rulebook.COMPILED
    yield
    rulebook.COMPILED = before
