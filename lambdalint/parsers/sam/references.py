"""References that SAM rewrites: ``Fn.Alias``, ``Api.Stage``, and layers under their new logical ID."""

from __future__ import annotations

import re
from typing import Any

from .context import Expansion, like

_VARIABLE = re.compile(r"\$\{([A-Za-z0-9.]+)\}")


def renamed(expansion: Expansion, value: Any) -> Any:
    """``value`` with such references replaced; what holds none is shared."""
    names, aliases = expansion.renamed, expansion.aliases

    def reference(text: str) -> str:
        head, _, rest = text.partition(".")
        if head in names:
            return names[head] + text[len(head) :]
        name, _, rest = rest.partition(".")
        target = aliases.get(head, {}).get(name) if name else None
        if target is None:
            return text
        return f"{target}.{rest}" if rest else target

    def walk(node: Any) -> Any:
        if isinstance(node, dict):
            if len(node) == 1:
                function, argument = next(iter(node.items()))
                if function == "Ref" and isinstance(argument, str):
                    target = reference(argument)
                    return node if target == argument else {"Ref": target}
                if function == "Fn::GetAtt":
                    return _attribute(node, argument)
                if function == "Fn::Sub":
                    return _substituted(node, argument)
            changed = False
            items = {}
            for key, item in node.items():
                new = item
                if key == "DependsOn":
                    new = _depends(item)
                elif isinstance(item, (dict, list)):
                    new = walk(item)
                changed = changed or new is not item
                items[key] = new
            return like(node, items) if changed else node
        if isinstance(node, list):
            parts = [walk(item) for item in node]
            return type(node)(parts) if any(a is not b for a, b in zip(parts, node)) else node
        return node

    def _depends(item: Any) -> Any:
        if isinstance(item, str):
            return names.get(item, item)
        if isinstance(item, list) and any(isinstance(name, str) and name in names for name in item):
            return [names.get(name, name) if isinstance(name, str) else name for name in item]
        return walk(item)

    def _attribute(node: dict[str, Any], argument: Any) -> Any:
        if isinstance(argument, list) and len(argument) > 1 and all(isinstance(item, str) for item in argument):
            text = ".".join(argument)
            target = reference(text)
            return node if target == text else {"Fn::GetAtt": target.split(".", 1)}
        if isinstance(argument, str):
            target = reference(argument)
            return node if target == argument else {"Fn::GetAtt": target}
        new = walk(argument)
        return node if new is argument else {"Fn::GetAtt": new}

    def _substituted(node: dict[str, Any], argument: Any) -> Any:
        if isinstance(argument, str):
            text = _VARIABLE.sub(lambda match: "${" + reference(match[1]) + "}", argument)
            return node if text == argument else {"Fn::Sub": text}
        if isinstance(argument, list) and argument and isinstance(argument[0], str):
            own = argument[1] if len(argument) > 1 and isinstance(argument[1], dict) else {}

            def replaced(match: re.Match[str]) -> str:
                return match[0] if match[1] in own else "${" + reference(match[1]) + "}"

            text = _VARIABLE.sub(replaced, argument[0])
            rest = [walk(item) for item in argument[1:]]
            if text == argument[0] and all(a is b for a, b in zip(rest, argument[1:])):
                return node
            return {"Fn::Sub": [text, *rest]}
        new = walk(argument)
        return node if new is argument else {"Fn::Sub": new}

    return walk(value)
