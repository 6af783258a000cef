"""Packages: zip files and folders, what is read of them, and what bad ones become."""

from __future__ import annotations

import io
import os
import shutil
import struct
import subprocess
import sys
import warnings
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from make_artifacts import AARCH64, Item, elf, mach_o, pe, raw_zip, write_tree

from lambdalint.model.artifact import CORRUPT_KINDS, UNSAFE_KINDS, Binary, ExtensionTag, Package, extension_tag
from lambdalint.parsers.archive import claims_zip, open_package
from lambdalint.parsers.archive import zipped as archive_zip
from lambdalint.parsers.archive.zipped import MAX_MEMBERS


def zip_at(tmp_path: Path, data: bytes | list[Item]) -> Package:
    path = tmp_path / "package.zip"
    path.write_bytes(data if isinstance(data, bytes) else raw_zip(data))
    return open_package(str(path))


def kinds(package: Package) -> set[str]:
    found = {fault.kind for fault in package.faults}
    assert found <= CORRUPT_KINDS | UNSAFE_KINDS
    return found


def test_a_zip_as_people_make_it(tmp_path: Path) -> None:
    path = tmp_path / "app.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("app.py", "import boto3\n" * 1000)
        file.writestr("lib/", "")
        info = zipfile.ZipInfo("lib/data.bin")
        info.external_attr = 0o100600 << 16
        file.writestr(info, b"stored")
        link = zipfile.ZipInfo("current")
        link.external_attr = 0o120777 << 16
        file.writestr(link, "lib/data.bin")
    package = open_package(str(path))
    assert claims_zip(str(path))
    assert kinds(package) == set()
    assert (package.kind, package.built, package.complete) == ("zip", True, True)
    assert package.total == 13_000 + 6 + 12
    assert package.compressed == path.stat().st_size
    assert list(package.members) == ["app.py", "lib/data.bin", "current"]
    assert package.members["lib/data.bin"].mode == 0o100600
    assert package.members["current"].link == "lib/data.bin"
    assert package.read("app.py", 5) == b"impor"
    assert package.read("app.py", 1 << 20) == b"import boto3\n" * 1000
    assert package.read("lib/data.bin") == b"stored"
    assert package.read("none") is None
    assert package.has("app.py")
    assert not package.has("lib")
    assert package.is_dir("lib")
    assert package.is_dir("")
    assert not package.may_have("other.py")


@pytest.mark.parametrize("zip64", [False, True])
@pytest.mark.parametrize("prefix", [b"", b"#!/usr/bin/env python\n", bytes(100_000)])
def test_prefix_bytes_comment_and_zip64(tmp_path: Path, prefix: bytes, zip64: bool) -> None:
    if zip64:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as file:
            with file.open("a.py", "w", force_zip64=True) as member:
                member.write(b"x = 1")
            for number in range(66_000):
                file.writestr(zipfile.ZipInfo(f"{number}"), b"")
        data = prefix + buffer.getvalue()
    else:
        data = raw_zip([Item(b"a.py", b"x = 1")], prefix=prefix, comment=b"PK\x05\x06 is in the comment")
    package = zip_at(tmp_path, data)
    assert kinds(package) == set()
    assert len(package.members) == (66_001 if zip64 else 1)
    assert package.read("a.py") == b"x = 1"


def test_zip64_sizes_in_the_extra_field(tmp_path: Path) -> None:
    extra = struct.pack("<HHQ", 1, 8, 5)
    package = zip_at(tmp_path, [Item(b"a", b"hello", declared=0xFFFFFFFF, extra=extra)])
    assert package.total == 5
    assert kinds(package) == set()


def test_names_in_cp437_and_utf8(tmp_path: Path) -> None:
    unicode_path = struct.pack("<HHBI", 0x7075, 5 + 2, 1, __import__("zlib").crc32(b"raw")) + "ß".encode()
    items = [
        Item("ü.py".encode(), b"1", flags=0x800),
        Item("é.py".encode("cp437"), b"2"),
        Item(b"raw", b"3", extra=unicode_path),
    ]
    package = zip_at(tmp_path, items)
    assert list(package.members) == ["ü.py", "é.py", "ß"]
    assert kinds(package) == set()


def test_a_zip_in_a_zip_is_a_member(tmp_path: Path) -> None:
    package = zip_at(tmp_path, [Item(b"inner.zip", raw_zip([Item(b"a", b"b")]), method=0), Item(b"app.py", b"")])
    assert kinds(package) == set()
    assert set(package.members) == {"inner.zip", "app.py"}


GOOD = raw_zip([Item(b"app.py", b"print(1)" * 500), Item(b"lib/b.py", b"x" * 5000)])
BAD = {
    "empty": (b"", {"not-a-zip"}),
    "text": (b"hello" * 100, {"not-a-zip"}),
    "cut": (GOOD[: len(GOOD) // 2], {"truncated"}),
    "cut in front": (GOOD[40:], {"truncated"}),
    "no signature": (GOOD.replace(b"PK\x01\x02", b"PK\x01\x03"), {"bad-directory"}),
    "count": (raw_zip([Item(b"a", b"1")], count=3), {"bad-directory"}),
    "encrypted": (raw_zip([Item(b"a", b"1", flags=1)]), {"encrypted"}),
    "strong encryption": (raw_zip([Item(b"a", b"1", flags=0x41)]), {"encrypted"}),
    "bzip2": (raw_zip([Item(b"a", b"1", method=12)]), {"unknown-compression"}),
    "zstd": (raw_zip([Item(b"a", b"1", method=93)]), {"unknown-compression"}),
    "stored size": (raw_zip([Item(b"a", b"12345", method=0, declared=50)]), {"forged-size"}),
    "too small": (raw_zip([Item(b"a", os.urandom(50_000), declared=10)]), {"forged-size"}),
    "a little too small": (raw_zip([Item(b"a", os.urandom(200), declared=100)]), {"forged-size"}),
    "another size in the header": (
        raw_zip([Item(b"a", b"1" * 500, declared=100)]).replace(b"\x64\0\0\0", b"\xf4\1\0\0", 1),
        {"forged-size"},
    ),
    "too large": (raw_zip([Item(b"a", b"1", declared=1 << 31)]), {"forged-size", "bomb"}),
    "two sizes": (raw_zip([Item(b"a", b"1", local_packed=77)]), {"bad-member"}),
    "shared bytes": (
        raw_zip([Item(b"a", b"1" * 100, method=0), Item(b"b", b"1" * 100, method=0, offset=0)]),
        {"overlap"},
    ),
    "outside": (raw_zip([Item(b"a", b"1", offset=1 << 20)]), {"truncated"}),
    "no local header": (raw_zip([Item(b"aaaaaaaa", b"1" * 100, method=0, offset=3)]), {"bad-member"}),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_archive_is_a_fault(tmp_path: Path, name: str) -> None:
    data, expected = BAD[name]
    package = zip_at(tmp_path, data)
    assert kinds(package) == expected
    assert len(package.faults) < 50
    assert set(package.binaries) == set()
    for member in package.members:
        package.read(member)


UNSAFE = {
    "absolute": ([Item(b"/etc/passwd")], {"absolute"}, {"etc/passwd"}),
    "drive": ([Item(b"C:/a")], {"absolute"}, {"C:/a"}),
    "parent": ([Item(b"a/../../b")], {"parent"}, {"a/b"}),
    "backslash": ([Item(b"a\\b.py")], {"backslash"}, {"a/b.py"}),
    "duplicate": ([Item(b"a", b"1"), Item(b"a", b"22")], {"duplicate"}, {"a"}),
    "file and folder": ([Item(b"a"), Item(b"a/b")], {"file-and-folder"}, {"a", "a/b"}),
    "file and empty folder": ([Item(b"a"), Item(b"a/")], {"file-and-folder"}, {"a"}),
    "link out": ([Item(b"a/b", b"../../x", 0o120777)], {"link-outside"}, {"a/b"}),
    "absolute link": ([Item(b"a", b"/etc/passwd", 0o120777)], {"link-outside"}, {"a"}),
    "link in": ([Item(b"a/b", b"../c", 0o120777), Item(b"c")], set(), {"a/b", "c"}),
    "link to a layer": ([Item(b"a", b"/opt/nodejs/x", 0o120777)], set(), {"a"}),
    "dots": ([Item(b"./a"), Item(b"b//c"), Item(b"./"), Item(b"b/./d..e")], set(), {"a", "b/c", "b/d..e"}),
}


@pytest.mark.parametrize("name", UNSAFE)
def test_an_unsafe_name_is_a_fault(tmp_path: Path, name: str) -> None:
    items, expected, members = UNSAFE[name]
    package = zip_at(tmp_path, items)
    assert kinds(package) == expected
    assert set(package.members) == members
    if name == "duplicate":
        assert package.total == 2
        assert package.read("a") == b"22"


def test_many_faults_are_counted(tmp_path: Path) -> None:
    package = zip_at(tmp_path, [Item(b"/%d" % number) for number in range(500)])
    assert len(package.faults) == 20
    assert package.faults[-1].fields["more"] == 480


def test_modes_are_known_from_unix_only(tmp_path: Path) -> None:
    package = zip_at(tmp_path, [Item(b"a", mode=0o100755), Item(b"b", mode=0o100755, system=0), Item(b"c", mode=0)])
    assert [member.mode for member in package.members.values()] == [0o100755, None, None]


def test_a_million_members_are_a_fault_at_once(tmp_path: Path) -> None:
    path = tmp_path / "many.zip"
    entry = struct.pack("<IBBHHHIIIIHHHHHII", 0x02014B50, 20, 3, 20, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"a"
    for announced in (1_000_000, 7):
        size = len(entry) * (MAX_MEMBERS + 10)
        with path.open("wb") as file:
            file.write(entry * (MAX_MEMBERS + 10))
            file.write(struct.pack("<IQHHIIQQQQ", 0x06064B50, 44, 45, 45, 0, 0, announced, announced, size, 0))
            file.write(struct.pack("<IIQI", 0x07064B50, 0, size, 1))
            file.write(struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0))
        package = open_package(str(path))
        assert "too-many-members" in kinds(package)
        assert not package.complete
        assert package.may_have("app.py")


def test_a_bomb_is_told_from_its_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = b"\0" * (1 << 20)
    items = [Item(b"%d" % number, inner, declared=None) for number in range(3)]
    assert kinds(zip_at(tmp_path, items)) == set()  # below the quota a ratio is no fault
    monkeypatch.setattr(archive_zip, "BOMB_TOTAL", 2 << 20)
    package = zip_at(tmp_path, items)
    assert kinds(package) == {"bomb"}
    assert package.total == 3 << 20
    assert len(package.read("0", 1000) or b"") == 1000


@settings(max_examples=100, deadline=None)
@given(st.integers(0, len(GOOD) - 1), st.binary(min_size=1, max_size=6), st.integers(0, len(GOOD)))
def test_no_damage_makes_a_traceback(tmp_path_factory: pytest.TempPathFactory, at: int, patch: bytes, end: int) -> None:
    path = tmp_path_factory.mktemp("damage") / "a.zip"
    path.write_bytes((GOOD[:at] + patch + GOOD[at + len(patch) :])[:end] if end % 2 else GOOD[:at] + patch + GOOD[at:])
    package = open_package(str(path))
    kinds(package)
    for name in package.members:
        package.read(name)
    package.binaries, package.distributions, package.requirements, package.parts(), package.modules()


def test_what_is_not_there(tmp_path: Path) -> None:
    package = open_package(str(tmp_path / "none.zip"))
    assert kinds(package) == {"unreadable"}
    assert not package.complete
    assert not claims_zip(str(tmp_path / "none.zip"))


# -- binaries


def test_binaries_by_their_first_bytes(tmp_path: Path) -> None:
    java = b"\xca\xfe\xba\xbe\0\0\0\x34" + bytes(900)
    files = {
        "a.cpython-312-x86_64-linux-gnu.so": elf(),
        "lib/libz.so.1.2": elf(AARCH64),
        "addon.node": mach_o(0x0100000C),
        "fat.dylib": mach_o(0x01000007, 0x0100000C),
        "tool.exe": pe(),
        "App.dll": pe(0x14C, managed=True),
        "bootstrap": b"#!/bin/sh\nexec x",
        "bin/tool": elf(kind=2),
        "old.so": elf(3, 32),
        "bpf.so": elf(247, kind=1),
        "text.so": b"INPUT(libz.so)",
        "code.py": elf(),
        "bin/readme.md": elf(),
        "empty.so": b"",
        "Main.class": java,
        "cut.so": b"\x7fEL",
    }
    items = [Item(name.encode(), data) for name, data in files.items()]
    items += [Item(b"run", elf(), 0o100755), Item(b"data", elf(), 0o100644), Item(b"link.so", b"a.so", 0o120777)]
    expected = {
        "a.cpython-312-x86_64-linux-gnu.so": Binary("elf", ("x86_64",), 64),
        "lib/libz.so.1.2": Binary("elf", ("arm64",), 64),
        "addon.node": Binary("mach-o", ("arm64",), 64),
        "fat.dylib": Binary("mach-o", ("x86_64", "arm64")),
        "tool.exe": Binary("pe", ("x86_64",), 64),
        "App.dll": Binary("pe", ("x86",), 64, managed=True),
        "bootstrap": Binary("script", interpreter="/bin/sh"),
        "bin/tool": Binary("elf", ("x86_64",), 64),
        "old.so": Binary("elf", ("x86",), 32),
        "bpf.so": Binary("elf", ("machine 247",), 64, object_file=True),
        "run": Binary("elf", ("x86_64",), 64),
    }
    assert dict(zip_at(tmp_path, items).binaries) == expected
    folder = write_tree(tmp_path / "folder", files)  # type: ignore[arg-type]
    del expected["run"]
    assert dict(open_package(str(folder)).binaries) == expected


@pytest.mark.parametrize(
    ("name", "tag"),
    [
        ("p/_x.cpython-312-x86_64-linux-gnu.so", ExtensionTag("_x", "3.12", machine="x86_64", system="gnu")),
        ("_x.cpython-39-aarch64-linux-gnu.so", ExtensionTag("_x", "3.9", machine="arm64", system="gnu")),
        ("_x.cpython-313t-x86_64-linux-musl.so", ExtensionTag("_x", "3.13", machine="x86_64", system="musl")),
        ("_x.cpython-36m-x86_64-linux-gnu.so", ExtensionTag("_x", "3.6", machine="x86_64", system="gnu")),
        ("_x.cpython-311-darwin.so", ExtensionTag("_x", "3.11", system="darwin")),
        ("_x.cp310-win_amd64.pyd", ExtensionTag("_x", "3.10", machine="x86_64", system="win")),
        ("_x.cp311-win32.pyd", ExtensionTag("_x", "3.11", machine="x86", system="win")),
        ("_x.abi3.so", ExtensionTag("_x", None, stable=True)),
        ("x.so", ExtensionTag("x", None)),
        ("libz.so.1", None),
        ("x.py", None),
    ],
)
def test_extension_tags(name: str, tag: ExtensionTag | None) -> None:
    assert extension_tag(name) == tag


# -- with the tools that people build with


def pip_install(target: Path, platform: str, python: str, *names: str) -> None:
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "-q",
        "--disable-pip-version-check",
        "--no-deps",
        "--only-binary=:all:",
        "--target",
        str(target),
        "--platform",
        platform,
        "--python-version",
        python,
        *names,
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
    if done.returncode:
        pytest.skip(f"pip cannot install here: {done.stderr.strip()[-200:]}")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("platform", "machine"), [("manylinux2014_x86_64", "x86_64"), ("manylinux2014_aarch64", "arm64")]
)
@pytest.mark.parametrize("python", ["3.11", "3.12"])
def test_wheels_as_pip_installs_them(tmp_path: Path, platform: str, machine: str, python: str) -> None:
    target = tmp_path / "package"
    pip_install(target, platform, python, "markupsafe==3.0.2", "six==1.17.0")
    (target / "app.py").write_text("import markupsafe")
    archive = shutil.make_archive(str(tmp_path / "app"), "zip", target)
    for package in (open_package(str(target)), open_package(archive)):
        assert package.built
        assert kinds(package) == set()
        assert {d.name: d.version for d in package.distributions} == {"markupsafe": "3.0.2", "six": "1.17.0"}
        (name,) = (name for name in package.binaries if name.endswith(".so"))
        assert package.binaries[name].machines == (machine,)
        tag = extension_tag(name)
        assert tag is not None
        assert (tag.python, tag.machine, tag.system) == (python, machine, "gnu")
        assert package.modules() >= {"app", "markupsafe", "six"}
        assert {part.name for part in package.parts(2)} == {"markupsafe 3.0.2", "six 1.17.0"}


@pytest.mark.slow
def test_a_package_of_sparse_files(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    for number in range(5):
        with (tmp_path / f"src/{number}.bin").open("wb") as file:
            file.truncate(52_428_801)
    assert open_package(str(tmp_path / "src")).total == 262_144_005
    archive = shutil.make_archive(str(tmp_path / "app"), "zip", tmp_path / "src")
    package = open_package(archive)
    assert package.total == 262_144_005
    assert kinds(package) == set()


@pytest.mark.slow
def test_zipfile_sees_the_same(tmp_path: Path) -> None:
    """Every wheel that lies about on this machine's interpreter reads as zipfile reads it."""
    found = sorted(Path(sys.prefix).rglob("*.whl"))[:20] or sorted(Path(sys.base_prefix).rglob("*.whl"))[:20]
    if not found:
        with warnings.catch_warnings():
            archive = shutil.make_archive(str(tmp_path / "self"), "zip", Path(__file__).parent)
        found = [Path(archive)]
    for path in found:
        package = open_package(str(path))
        assert kinds(package) == set()
        with zipfile.ZipFile(path) as file:
            files = [info for info in file.infolist() if not info.is_dir()]
            assert [(m.name, m.size, m.compressed) for m in package.members.values()] == [
                (info.filename, info.file_size, info.compress_size) for info in files
            ]
            for info in files[:50]:
                assert package.read(info.filename, 1 << 22) == file.read(info)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert not claims_zip(str(tmp_path / "pipe"))
    assert kinds(open_package(str(tmp_path / "pipe"))) == {"unreadable"}
