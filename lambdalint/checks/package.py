"""LL301-LL312: what a zip file or a folder holds. Nothing here opens a file: packages answer for themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from lambdalint.checks import check
from lambdalint.finding import Fault, Place, Problem
from lambdalint.model.artifact import CORRUPT_KINDS, UNSAFE_KINDS, Member, Package
from lambdalint.model.deployment import Deployment
from lambdalint.model.image import IMAGE_KINDS, LAYER_KINDS
from lambdalint.model.packages import PackageUse, Unzipped, image_uses, package_uses, unzipped
from lambdalint.model.quota import Quota
from lambdalint.model.resource import Function
from lambdalint.model.template import ALONE

# -- size ----------------------------------------------------------------------------------------------------------


def in_words(size: float) -> str:
    """Bytes as people read them: ``31.2 MB`` (of 1048576 bytes, as Lambda's 250 MB are)."""
    if size >= 1 << 20:
        return f"{size / (1 << 20):.1f} MB"
    return f"{size / 1024:.1f} KB" if size >= 1024 else f"{size:.0f} bytes"


def _size_place(function: Function, deployment: Deployment, size: Unzipped) -> Place:
    code = deployment.template.artifacts.code(function) if size.code is not None else None
    return function.at(*code.keys) if code is not None else function.at("Layers")


def _size_fields(size: Unzipped, quota: Quota) -> dict[str, Any]:
    return {
        "size": size.total,
        "shown": in_words(size.total),
        "over": in_words(size.total - quota.max),
        "share": size.total * 100 // quota.max,
        "least": "" if size.exact else "at least ",
        "layers": "" if not size.layers else " with its layers" if len(size.layers) > 1 else " with its layer",
        "parts": [f"{name} ({in_words(bytes)})" for name, bytes in size.parts()],
        "quota": quota,
    }


@check("deployment")
def too_large(subject: Deployment, deployment: Deployment, quota: Quota) -> Iterator[Problem]:
    """Functions that unzip to more than the quota, their layers counted; and layers that do so all by themselves."""
    for function in deployment.functions:
        size = unzipped(deployment, function)
        if size is not None and size.total > quota.max:
            related = tuple((_by_name(id), f"a layer of {in_words(package.total)}") for id, package in size.layers)
            yield Problem(_size_place(function, deployment, size), fields=_size_fields(size, quota), related=related)
    for layer in deployment.layers:
        use = _use_of_layer(deployment, layer.id)
        if use is not None and use.package.total > quota.max and not use.functions:
            size = Unzipped(use.package.total, use.package.built, use.package, ())
            yield Problem(use.place, fields=_size_fields(size, quota))


def _by_name(logical_id: str) -> Place:
    return Place(("Resources", logical_id), True)


def _use_of_layer(deployment: Deployment, layer: str) -> PackageUse | None:
    return next((use for use in package_uses(deployment) if use.resource.id == layer), None)


@check("function")
def nearly_full(
    function: Function, deployment: Deployment, quota: Quota, quotas: dict[str, Quota]
) -> Iterator[Problem]:
    """Over a share of the quota and not over the quota. What is still to be built says nothing yet."""
    size = unzipped(deployment, function)
    if size is None or size.total > quota.max or (size.code is not None and not size.code.built):
        return
    if size.total * 100 > quota.max * quotas["share"].max:
        fields = _size_fields(size, quota)
        yield Problem(_size_place(function, deployment, size), fields=fields)


@check("function")
def upload_too_large(function: Function, deployment: Deployment, quota: Quota) -> Iterator[Problem]:
    """A zip that was given alone: tools that deploy a template upload through S3 in any case."""
    if deployment.template.kind != ALONE:
        return
    package = deployment.template.artifacts.package(deployment, function)
    if package is not None and package.kind == "zip" and package.compressed > quota.max:
        fields = {"size": package.compressed, "shown": in_words(package.compressed), "quota": quota}
        yield Problem(Place(file=package.path), fields=fields)


# -- the archive as such -------------------------------------------------------------------------------------------


def _by_kind(faults: Iterable[Fault], kinds: frozenset[str]) -> Iterator[tuple[str, list[Fault], int]]:
    """The faults of each kind, and how many there are of it with those that are not listed."""
    listed: dict[str, list[Fault]] = {}
    for fault in faults:
        if fault.kind in kinds:
            listed.setdefault(fault.kind, []).append(fault)
    for kind, found in listed.items():
        yield kind, found, len(found) + sum(int(fault.fields.get("more", 0)) for fault in found)


def _and_more(count: int, what: str = "members") -> str:
    return f" (and {count - 1} more {what})" if count > 1 else ""


def _fault_problems(faults: Iterable[Fault], kinds: frozenset[str], at: Any) -> Iterator[Problem]:
    """One problem a kind, at its first member; ``at`` makes the place of a member, or of the archive for None."""
    for kind, found, count in _by_kind(faults, kinds):
        first = found[0].fields
        blank = {"detail": "", "member": "", "target": "", "error": "", "digest": "", "actual": "", "blob": ""}
        fields = {**blank, **first, "and_more": _and_more(count, "of them")}
        fields["detail"] = f": {fields['detail']}" if fields["detail"] else ""
        related = tuple((at(fault.fields["member"]), "another one") for fault in found[1:6] if "member" in fault.fields)
        yield Problem(at(first.get("member")), kind, fields, related)


_UNSAFE_IN_IMAGE = frozenset(("absolute", "parent", "device", "link-outside"))
_NO_FAULT = frozenset(("several-images", "zstd-unread", "size-bound"))
_IMAGE_CORRUPT = frozenset(f"image-{kind}" for kind in (IMAGE_KINDS | LAYER_KINDS) - _UNSAFE_IN_IMAGE - _NO_FAULT)
_IMAGE_UNSAFE = frozenset(f"image-{kind}" for kind in _UNSAFE_IN_IMAGE)


@check("deployment")
def corrupt_archive(subject: Deployment, deployment: Deployment) -> Iterator[Problem]:
    """What makes an archive or an image none that can be read."""
    for use in package_uses(deployment):
        at = _places(use)
        yield from _fault_problems(use.package.faults, CORRUPT_KINDS, at)
    for image in image_uses(deployment):
        faults = (*image.image.faults, *image.image.layer_faults)
        yield from _fault_problems(_worded(faults), _IMAGE_CORRUPT, _places(image))


@check("deployment")
def unsafe_member(subject: Deployment, deployment: Deployment) -> Iterator[Problem]:
    """Names and links that lead out of the package, or that two members claim. Packing a folder follows its links."""
    for use in package_uses(deployment):
        kinds = UNSAFE_KINDS if use.package.kind == "zip" else UNSAFE_KINDS - {"link-outside"}
        yield from _fault_problems(use.package.faults, kinds, _places(use))
    for image in image_uses(deployment):
        faults = (*image.image.faults, *image.image.layer_faults)
        yield from _fault_problems(_worded(faults), _IMAGE_UNSAFE, _places(image))


def _places(use: Any) -> Any:
    return lambda member: use.member(member) if member else use.archive


def _worded(faults: Iterable[Fault]) -> Iterator[Fault]:
    """Faults of an image under names of their own: some kinds are a zip's too."""
    for fault in faults:
        fields = dict(fault.fields)
        if isinstance(fields.get("blob"), str):
            fields["blob"] = fields["blob"][:26]
        yield fault._replace(kind=f"image-{fault.kind}", fields=fields)


# -- members -------------------------------------------------------------------------------------------------------


def many(use: PackageUse, names: Sequence[str], kind: str = "default", fields: dict[str, Any] | None = None) -> Problem:
    """One problem about several members: at the first, some of the others related."""
    related = tuple((use.member(name), "another one") for name in names[1:6])
    said = {"member": names[0], "count": len(names), "and_more": _and_more(len(names), "of them"), **(fields or {})}
    return Problem(use.member(names[0]), kind, said, related)


@check("deployment")
def unreadable_file(subject: Deployment, deployment: Deployment) -> Iterator[Problem]:
    """Modes of a zip's members that Lambda keeps: a file that others may not read, a program that is not executable."""
    for use in package_uses(deployment):
        if use.package.kind != "zip":
            continue
        files = [m for m in use.package.members.values() if m.mode is not None and m.link is None]
        closed = [member for member in files if not _permission(member) & 0o004]
        if closed:
            yield many(use, [m.name for m in closed], fields={"mode": f"{_permission(closed[0]):04o}"})
        idle = [m for m in files if m not in closed and not _permission(m) & 0o111 and _is_started(m.name, use)]
        if idle:
            yield many(use, [m.name for m in idle], "executable", {"mode": f"{_permission(idle[0]):04o}"})


def _permission(member: Member) -> int:
    return (member.mode or 0) & 0o7777


def _is_started(name: str, use: PackageUse) -> bool:
    """Whether Lambda itself starts this file: a custom runtime's bootstrap, an external extension of a layer."""
    if name == "bootstrap":
        runtimes = [function.runtime for function in use.functions]
        return not runtimes or any(runtime is None or runtime.startswith("provided") for runtime in runtimes)
    folder, slash, base = name.partition("/")
    is_code = isinstance(use.resource, Function) and use.resource.runtime is not None
    return bool(slash) and folder == "extensions" and "/" not in base and not is_code


# -- dead weight ---------------------------------------------------------------------------------------------------

_DEAD_FOLDERS = {
    "__pycache__": "__pycache__",
    ".git": ".git",
    ".hg": ".hg",
    ".svn": ".svn",
    ".pytest_cache": "caches",
    ".mypy_cache": "caches",
    ".ruff_cache": "caches",
    "tests": "tests",
    "test": "tests",
    "__tests__": "tests",
}
_SDKS = {"python": ("boto3", "botocore"), "nodejs": ("node_modules/aws-sdk", "node_modules/@aws-sdk")}


@check("deployment")
def dead_weight(subject: Deployment, deployment: Deployment, quota: Quota) -> Iterator[Problem]:
    """Parts of a built package that Lambda does not need, once they come to more than is worth a word."""
    for use in package_uses(deployment):
        if not use.package.built:
            continue
        handlers = {(function.handler or "").partition("/")[0].partition(".")[0] for function in use.functions}
        sizes = _dead(use.package, _sdk_folders(use), handlers)
        total = sum(sizes.values())
        if total > quota.max:
            parts = [f"{name} ({in_words(size)})" for name, size in sorted(sizes.items(), key=lambda p: (-p[1], p[0]))]
            fields = {"size": total, "shown": in_words(total), "share": total * 100 // max(use.package.total, 1)}
            yield Problem(use.place, fields={**fields, "parts": parts, "quota": quota})


def _sdk_folders(use: PackageUse) -> tuple[str, ...]:
    """The SDK that every one of the runtimes brings along."""
    runtimes = {function.runtime for function in use.functions}
    names: list[tuple[str, ...]] = []
    for runtime in runtimes:
        if runtime is None:
            return ()
        if runtime.startswith("python"):
            names.append(_SDKS["python"])
        elif runtime.startswith("nodejs"):
            old = runtime in ("nodejs12.x", "nodejs14.x", "nodejs16.x")
            names.append((_SDKS["nodejs"][0 if old else 1],))
        else:
            return ()
    return names[0] if len(set(names)) == 1 else ()


def _dead(package: Package, sdk: tuple[str, ...], handlers: set[str]) -> dict[str, int]:
    sizes: dict[str, int] = {}
    roots = ("", *package.python_roots, "nodejs/")
    brought = {f"{root}{folder}/": folder.removeprefix("node_modules/") for root in roots for folder in sdk}
    starts = tuple(brought)
    for name, member in package.members.items():
        if starts and name.startswith(starts):
            kept = next(brought[start] for start in starts if name.startswith(start))
            sizes[kept] = sizes.get(kept, 0) + member.size
            continue
        parts = name.split("/")
        dead = next((_DEAD_FOLDERS[part] for part in parts[:-1] if part in _DEAD_FOLDERS), None)
        if dead == "tests" and parts[0] in handlers:
            dead = None  # the handler's own folder
        if dead is not None:
            sizes[dead] = sizes.get(dead, 0) + member.size
    return sizes
