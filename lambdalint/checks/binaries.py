"""LL304, LL305: programs and libraries of a package that cannot run where the function does."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from lambdalint.checks import check
from lambdalint.checks.package import _and_more
from lambdalint.finding import WARNING, Place, Problem
from lambdalint.model.artifact import Binary, Distribution, ExtensionTag, Package, extension_tag
from lambdalint.model.deployment import Deployment
from lambdalint.model.packages import layers_of, member_place
from lambdalint.model.resource import Function
from lambdalint.model.runtimes import runtime_of

_SYSTEM = r"linuxmusl|linux|darwin|macosx?|osx|win(?:dows|32|64)?|freebsd|android|alpine|musl|glibc"
_MACHINE = r"x86[_-]64|x64|amd64|arm64|aarch64|x86|i[36]86|ia32|armv?[678]?\w?|ppc64(?:le)?|s390x|riscv64|universal2?"
_PLATFORM = re.compile(rf"(?<![A-Za-z])(?:{_SYSTEM}|{_MACHINE}|manylinux\w*|musllinux\w*)(?![A-Za-z])", re.I)
_ELSEWHERE = re.compile(r"(?:^|/)(?:tests?|testdata|__tests__|fixtures|examples?)/|(?:^|/)runtimes/[^/]+/", re.I)
"""Folders of programs that nothing starts, and NuGet's: which of those is loaded is decided by its own table."""
_WORDS = {"elf": "Linux", "mach-o": "macOS", "pe": "Windows"}


def _packages(deployment: Deployment, function: Function) -> Iterator[tuple[Package, Place, tuple[str, ...]]]:
    """The function's code and its layers, each with the property that names it and Python's path in it.

    What lies elsewhere in a layer is not imported: a program brings it along for itself.
    """
    artifacts = deployment.template.artifacts
    if artifacts is None or function.is_image is not False:
        return
    for resource in (function, *(use.layer for use in layers_of(deployment, function) or () if use.layer is not None)):
        package = artifacts.package(deployment, resource)
        if package is not None:
            roots = ("",) if resource is function else package.python_roots
            yield package, resource.at(*artifacts.code(resource).keys), roots


# -- architecture --------------------------------------------------------------------------------------------------


@check("function")
def wrong_architecture(function: Function, deployment: Deployment) -> Iterator[Problem]:
    """Binaries for another processor or system, where nothing beside them fits."""
    own = function.architecture
    related = ((function.at("Architectures"), "the function's architecture"),) if own is not None else ()
    for package, at, roots in _packages(deployment, function):
        odd: dict[tuple[str, str], list[str]] = {}
        for name, binary in _unfit(package, own):
            tag = extension_tag(name) if not name.startswith(roots) else None
            if tag is not None and tag.python is not None:
                continue
            odd.setdefault((binary.format, " and ".join(binary.machines)), []).append(name)
        for (form, machine), names in odd.items():
            fields = {
                "member": names[0],
                "and_more": _and_more(len(names), "of them"),
                "machine": machine,
                "system": _WORDS[form],
                "architecture": own or "a function's architecture",
            }
            others = tuple((member_place(package, name, at), "another one") for name in names[1:6])
            kind = "default" if form == "elf" else "system"
            yield Problem(member_place(package, names[0], at), kind, fields, (*related, *others))


def _unfit(package: Package, architecture: str | None) -> Iterator[tuple[str, Binary]]:
    """Binaries that cannot run on an architecture (None: on either), and that nothing of their group makes up for."""
    judged = {name: binary for name, binary in package.binaries.items() if _is_judged(name, binary)}
    if any(_fits(binary, architecture) for binary in judged.values()) and _is_java(package):
        return  # libraries of Java carry all platforms and choose by names of their own
    groups: dict[str, bool] = {}
    for name, binary in judged.items():
        fits = _fits(binary, architecture)
        for group in _groups(name):
            groups[group] = groups.get(group, False) or fits
    for name, binary in judged.items():
        if not _fits(binary, architecture) and not any(groups[group] for group in _groups(name)):
            yield name, binary


def _is_java(package: Package) -> bool:
    return package.path.endswith((".jar", ".war")) or any(name.endswith(".class") for name in package.members)


def _is_judged(name: str, binary: Binary) -> bool:
    if binary.format == "script" or binary.object_file or binary.managed or _ELSEWHERE.search(name):
        return False
    if binary.format == "pe":
        return name.endswith((".pyd", ".node"))  # launchers and libraries for Windows lie about unused in many packages
    return True


def _fits(binary: Binary, architecture: str | None) -> bool:
    if binary.format != "elf" or binary.bits != 64:
        return False
    return binary.machines[0] == architecture if architecture else binary.machines[0] in ("x86_64", "arm64")


def _groups(name: str) -> Iterator[str]:
    """What a binary belongs to: the same thing for other platforms beside it. Of each group one that fits is enough."""
    folder, _, base = name.rpartition("/")
    yield f"{folder}/{base.partition('.')[0]}"
    if platform := _PLATFORM.search(name):
        yield name[: platform.start()] + "*"


# -- Python's ABI --------------------------------------------------------------------------------------------------


@check("function")
def wrong_abi(function: Function, deployment: Deployment, facts: Any) -> Iterator[Problem]:
    """Extensions of another CPython, or built for musl; wheels that want a newer C library than the runtime has."""
    runtime = runtime_of(function, facts)
    version = (runtime or {}).get("python")
    if runtime is None or version is None:
        return
    related = ((function.at("Runtime"), "the runtime"),)
    for package, at, roots in _packages(deployment, function):
        told: set[str] = set()
        for kind, names, tag in _odd_extensions(package, version, roots):
            told.update(names)
            fields = {
                "member": names[0],
                "and_more": _and_more(len(names), "of them"),
                "python": tag.python,
                "runtime": runtime["id"],
                "version": version,
            }
            others = tuple((member_place(package, name, at), "another one") for name in names[1:6])
            yield Problem(member_place(package, names[0], at), kind, fields, (*related, *others))
        yield from _odd_wheels(package, at, runtime, facts, told, related, roots)


def _odd_extensions(
    package: Package, version: str, roots: tuple[str, ...]
) -> Iterator[tuple[str, list[str], ExtensionTag]]:
    candidates = (name for name in package.members if name.endswith((".so", ".pyd")) and name.startswith(roots))
    tags = {name: tag for name in candidates if (tag := extension_tag(name)) and not _ELSEWHERE.search(name)}
    fitting = {
        _module(name, tag)
        for name, tag in tags.items()
        if tag.system not in ("musl", "darwin", "win") and (tag.stable or tag.python in (None, version))
    }
    odd: dict[tuple[str, str | None], list[str]] = {}
    for name, tag in tags.items():
        if tag.python is None or tag.system in ("darwin", "win") or _module(name, tag) in fitting:
            continue
        odd.setdefault(("musl", None) if tag.system == "musl" else ("default", tag.python), []).append(name)
    for (kind, _), names in odd.items():
        yield kind, names, tags[names[0]]


def _module(name: str, tag: ExtensionTag) -> str:
    return f"{name.rpartition('/')[0]}/{tag.module}"


_ABI = re.compile(r"cp3(\d+)t?m?")
_MANYLINUX = re.compile(r"manylinux_2_(\d+)_|manylinux(1|2010|2014)_")
_OLD = {"1": 5, "2010": 12, "2014": 17}


def _odd_wheels(
    package: Package,
    at: Place,
    runtime: Mapping[str, Any],
    facts: Any,
    told: Iterable[str],
    related: tuple[tuple[Place, str], ...],
    roots: tuple[str, ...],
) -> Iterator[Problem]:
    """What the WHEEL files say that no extension's name does."""
    glibc = str(facts["systems"].get(runtime.get("os"), {}).get("glibc", ""))
    for wheel in package.distributions:
        if wheel.pure or not wheel.tags or not wheel.folder.startswith(roots):
            continue
        place = member_place(package, f"{wheel.folder}/WHEEL", at)
        fields = {"distribution": f"{wheel.name} {wheel.version}", "runtime": runtime["id"], "tag": wheel.tags[0]}
        abis = {tag.split("-")[1] for tag in wheel.tags if tag.count("-") == 2}
        platforms = {tag.split("-")[2] for tag in wheel.tags if tag.count("-") == 2}
        if any(_owns(package, wheel, name) for name in told):
            continue
        if platforms and all(platform.startswith("musllinux") for platform in platforms):
            yield Problem(place, "musl-wheel", fields, related)
        elif (
            abis
            and all(_ABI.fullmatch(abi) for abi in abis)
            and runtime["python"] not in {_python(abi) for abi in abis}
        ):
            yield Problem(place, "wheel", {**fields, "python": _python(min(abis))}, related)
        elif glibc and (needed := _glibc(platforms)) is not None and needed > int(glibc.split(".")[1]):
            yield Problem(place, "glibc", {**fields, "needed": f"2.{needed}", "glibc": glibc}, related, WARNING)


def _python(abi: str) -> str:
    found = _ABI.fullmatch(abi)
    return f"3.{found[1]}" if found else ""


def _glibc(platforms: set[str]) -> int | None:
    """The minor version of glibc that the least demanding platform tag needs; None where a tag says nothing of it."""
    needed = []
    for platform in platforms:
        found = [_OLD[old] if old else int(minor) for minor, old in _MANYLINUX.findall(platform)]
        if not found:
            return None
        needed.append(min(found))
    return min(needed, default=None)


def _owns(package: Package, wheel: Distribution, name: str) -> bool:
    """Whether a member belongs to a distribution: by RECORD, as far as that lists it."""
    record = package.read(wheel.folder + "/RECORD", 1 << 20) or b""
    site = wheel.folder.rpartition("/")[0]
    return (name[len(site) + 1 :] if site else name).encode() + b"," in record
