"""LL321-LL326: what a container image must be for Lambda to take it and to start it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lambdalint.checks import check
from lambdalint.checks.package import in_words
from lambdalint.finding import WARNING, Place, Problem
from lambdalint.model.deployment import Deployment
from lambdalint.model.image import Config, Image
from lambdalint.model.packages import image_uses
from lambdalint.model.quota import Quota
from lambdalint.model.resource import Function
from lambdalint.model.values import is_open, known

_ARCHITECTURES = {"amd64": "x86_64", "arm64": "arm64"}


def _image(function: Function, deployment: Deployment) -> tuple[Image, Place] | None:
    artifacts = deployment.template.artifacts
    image = artifacts.image(deployment, function) if artifacts is not None else None
    return None if image is None else (image, function.at(*artifacts.code(function).keys))


@check("deployment")
def image_size(subject: Deployment, deployment: Deployment, quota: Quota) -> Iterator[Problem]:
    """More bytes than the quota once the layers are uncompressed."""
    for use in image_uses(deployment):
        size = use.image.uncompressed
        if size is not None and size > quota.max:
            layers = sorted(zip(use.image.scan.sizes, use.image.layers), key=lambda pair: -(pair[0] or 0))
            parts = [f"{layer.blob[:19]} ({in_words(size)})" for size, layer in layers[:5] if size]
            least = "" if use.image.exact else "at least "
            fields = {"size": size, "shown": in_words(size), "least": least, "parts": parts, "quota": quota}
            yield Problem(use.place, fields=fields)


# -- manifest ------------------------------------------------------------------------------------------------------


@check("deployment")
def image_manifest(
    subject: Deployment, deployment: Deployment, manifests: Sequence[str], layers: Sequence[str], configs: Sequence[str]
) -> Iterator[Problem]:
    """An index in place of a manifest, or media types that Lambda is not known to take."""
    for use in image_uses(deployment):
        image, at = use.image, use.place
        if image.index_type is not None:
            platforms = [f"{entry.os}/{entry.architecture}" for entry in image.platforms if entry.architecture]
            fields = {"type": image.index_type, "count": len(image.platforms), "platforms": platforms}
            if len(image.platforms) > 1:
                yield Problem(at, fields=fields)
            else:
                kind = "attestation" if image.attestations else "single"
                yield Problem(at, kind, fields, severity=WARNING)
        if image.media_type is not None and image.media_type not in manifests:
            yield Problem(at, "manifest", {"type": image.media_type})
        elif image.manifest.config_type is not None and image.manifest.config_type not in configs:
            yield Problem(at, "manifest", {"type": image.manifest.config_type})
        odd = [layer for layer in image.layers if layer.media_type is not None and layer.media_type not in layers]
        for odd_type in dict.fromkeys(layer.media_type for layer in odd):
            count = sum(layer.media_type == odd_type for layer in odd)
            zstd = str(odd_type).endswith("zstd")
            fields = {"type": odd_type, "count": count, "layers": "layer is" if count == 1 else "layers are"}
            yield Problem(at, "zstd" if zstd else "layer", fields, severity=WARNING if zstd else None)


@check("function")
def image_architecture(function: Function, deployment: Deployment) -> Iterator[Problem]:
    """The system and the processor that the image says it is for, against the function's."""
    found = _image(function, deployment)
    config = found[0].config if found is not None else None
    if found is None or config is None:
        return
    at, own = found[1], function.architecture
    related = ((function.at("Architectures"), "the function's architecture"),) if own is not None else ()
    built = _ARCHITECTURES.get(config.architecture or "", config.architecture)
    fields = {"os": config.os, "architecture": config.architecture, "function": own, "built": built}
    if config.os is not None and config.os != "linux":
        yield Problem(at, "system", fields)
    elif built is not None and own is not None and built != own:
        yield Problem(at, fields=fields, related=related)
    elif built is not None and built not in _ARCHITECTURES.values():
        yield Problem(at, "neither", fields)


# -- how it starts -------------------------------------------------------------------------------------------------


class _Start:
    """What starts in the image, ImageConfig over the image's own settings; None where that is not known."""

    def __init__(self, function: Function, config: Config) -> None:
        settings = function.get("ImageConfig")
        self.known = not is_open(settings)
        self.entrypoint: tuple[str, ...] | None = config.entrypoint
        self.command: tuple[str, ...] | None = config.command
        self.command_at: Place | None = None
        self.shell: tuple[str, ...] | None = None
        own_entry, own_command = function.get("ImageConfig", "EntryPoint"), function.get("ImageConfig", "Command")
        self.working_dir = function.get("ImageConfig", "WorkingDirectory")
        if own_entry not in (None, []):
            self.known = self.known and known(own_entry) and isinstance(own_entry, list)
            self.entrypoint = tuple(map(str, own_entry)) if self.known else None
        if own_command not in (None, []):
            self.known = self.known and known(own_command) and isinstance(own_command, list)
            self.command = tuple(map(str, own_command)) if self.known else None
            self.command_at = function.at("ImageConfig", "Command")
        for own, words in ((own_entry, config.entrypoint), (own_command, config.command)):
            if own in (None, []) and words is not None and _is_shell(words):
                self.shell = self.shell or words


def _is_shell(words: Sequence[str]) -> bool:
    return len(words) > 2 and words[0] in ("/bin/sh", "/bin/bash", "sh", "bash") and words[1] in ("-c", "-lc")


@check("function")
def image_entrypoint(function: Function, deployment: Deployment) -> Iterator[Problem]:
    """Nothing to start, or something that a shell is asked to start."""
    found = _image(function, deployment)
    config = found[0].config if found is not None else None
    if found is None or config is None:
        return
    start = _Start(function, config)
    if not start.known:
        return
    if not start.entrypoint and not start.command:
        yield Problem(found[1])
    elif start.shell is not None:
        name = "ENTRYPOINT" if start.shell == config.entrypoint else "CMD"
        yield Problem(found[1], "shell", {"name": name, "words": " ".join(start.shell)[:80]}, severity=WARNING)


# -- files ---------------------------------------------------------------------------------------------------------


@check("deployment")
def image_unreadable(subject: Deployment, deployment: Deployment) -> Iterator[Problem]:
    """Files under the task root that Lambda's own user may not read."""
    for use in image_uses(deployment):
        root = use.image.config.task_root if use.image.config is not None else None
        closed = [file for file in use.image.files.values() if file.link is None and not file.mode & 0o004]
        if root is None or not closed:
            continue
        names = [f"{root}/{file.name}" for file in closed]
        more = f" (and {len(names) - 1} more of them)" if len(names) > 1 else ""
        related = tuple((use.member(name), "another one") for name in names[1:6])
        fields = {"member": names[0], "and_more": more, "mode": f"{closed[0].mode & 0o7777:04o}"}
        yield Problem(use.member(names[0]), fields=fields, related=related)


@check("function")
def image_handler(function: Function, deployment: Deployment) -> Iterator[Problem]:
    """A Python handler that CMD names, and no such file in the task root."""
    found = _image(function, deployment)
    config = found[0].config if found is not None else None
    if found is None or config is None or config.task_root is None or "PYTHONPATH" in config.environment:
        return
    image, at = found
    start = _Start(function, config)
    handler = _handler(start)
    if handler is None or start.working_dir not in (None, "", config.task_root):
        return
    if not image.files_complete or not any(name.endswith(".py") for name in image.files):
        return
    path = handler.rpartition(".")[0].replace(".", "/")
    if path and not _has_module(image.files, path):
        below = re.compile(rf"[^/]+/{re.escape(path)}(?:\.py|/__init__\.py)")
        folder = next((name for name in image.files if below.fullmatch(name)), "")
        fields: dict[str, Any] = {"handler": handler, "wanted": f"{path}.py", "root": config.task_root, "found": folder}
        place = start.command_at or at
        yield Problem(place, "wrapped" if folder else "default", fields)


def _handler(start: _Start) -> str | None:
    """The handler in ``["app.handler"]``, where it is handed to Python's runtime client or to an AWS base image."""
    if not start.known or start.shell is not None:
        return None
    entry, command = start.entrypoint or (), start.command or ()
    client = any("awslambdaric" in word for word in (*entry, *command))
    if not client and entry[-1:] not in (("/lambda-entrypoint.sh",), ()):
        return None
    words = [word for word in (*entry, *command) if re.fullmatch(r"[\w/-]+(?:\.\w+)*\.[A-Za-z_]\w*", word)]
    if not words or words[-1] != (*entry, *command)[-1] or words[-1].endswith((".sh", ".py")):
        return None
    return words[-1] if client or len(command) == 1 else None


def _has_module(files: Mapping[str, Any], path: str) -> bool:
    if any(f"{path}{ending}" in files for ending in (".py", ".pyc", ".so", "/__init__.py", "/__init__.pyc")):
        return True
    return any(name.startswith((f"{path}.", f"{path}/")) for name in files)
