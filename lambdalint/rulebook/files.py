"""Rule files as people write them: reads the YAML of ``rules/`` and compiles it for the wheel."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from typing import Any

from lambdalint.rulebook import DOCS, RuleError

_STEM = re.compile(r"[A-Z]{2,8}[0-9]{3,4}-[a-z0-9]+(-[a-z0-9]+)*")


def read_yaml(path: str) -> Any:
    """A YAML file's plain values. Raises RuleError with the file's name and line."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        with open(path, encoding="utf-8") as file:
            return yaml.load(file, Loader=loader)
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise RuleError(f"{path}: {error}") from error


def read_rules(folder: str) -> dict[str, Any]:
    """Every rule below a folder: ``family/CODE-name`` to its content."""
    rules: dict[str, Any] = {}
    for family in sorted(entry.name for entry in os.scandir(folder) if entry.is_dir()):
        for name in sorted(os.listdir(os.path.join(folder, family))):
            stem, extension = os.path.splitext(name)
            if extension == ".yaml":
                if not _STEM.fullmatch(stem):
                    raise RuleError(f"{folder}/{family}/{name}: a rule's file is called CODE-name.yaml")
                rules[f"{family}/{stem}"] = read_yaml(os.path.join(folder, family, name))
    return rules


def read_facts(folder: str) -> Callable[[str], Any]:
    """Looks up a table of facts by name, reading each file once."""
    tables: dict[str, Any] = {}

    def facts(name: str) -> Any:
        if name not in tables:
            path = os.path.join(folder, name + ".yaml")
            if not re.fullmatch(r"[a-z_]+", name) or not os.path.isfile(path):
                raise RuleError(f"there is no table of facts {name}")
            tables[name] = read_yaml(path)
        return tables[name]

    return facts


def compile_book(source: str, target: str) -> None:
    """Write ``rules/`` as JSON: the rules, their documentation apart, and each table of facts."""
    os.makedirs(target, exist_ok=True)
    rules = read_rules(source)
    plain = {stem: {k: v for k, v in rule.items() if k not in DOCS} for stem, rule in rules.items()}
    docs = {stem: {k: v for k, v in rule.items() if k in DOCS} for stem, rule in rules.items()}
    tables: dict[str, Any] = {"rules": plain, "docs": docs}
    for name in sorted(os.listdir(source)):
        stem, extension = os.path.splitext(name)
        if extension == ".yaml":
            tables[stem] = read_yaml(os.path.join(source, name))
    with open(os.path.join(source, "rule.schema.json"), encoding="utf-8") as file:
        tables["rule.schema"] = json.load(file)  # users' own rules are held to it
    for stem, table in tables.items():
        with open(os.path.join(target, stem + ".json"), "w", encoding="utf-8") as file:
            json.dump(table, file, ensure_ascii=False, separators=(",", ":"), sort_keys=False)
