"""Bad artifacts are findings: in bounded time, with nothing written, and with nothing said that rests on them."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from pathlib import Path

import pytest
from artifact_runs import BODY, codes, linted, sam
from make_artifacts import Item, oci_files, raw_zip, tar_of, write_tree

PYTHON = "Runtime: python3.13, Handler: app.handler, "


def many_members() -> bytes:
    """A directory of 1,000,000 entries, of which none is looked at."""
    entry = (
        struct.pack("<IBBHHHHHIIIHHHHHII", 0x02014B50, 20, 3, 20, 0, 0, 0, 0x21, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"x"
    )
    directory = entry * 1_000_000
    end64 = struct.pack("<IQHHIIQQQQ", 0x06064B50, 44, 45, 45, 0, 0, 1_000_000, 1_000_000, len(directory), 0)
    locator = struct.pack("<IIQI", 0x07064B50, 0, len(directory), 1)
    end = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    return directory + end64 + locator + end


def bomb() -> bytes:
    """4 GB of zeros in 4 MB."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    packed = block * 4000
    item = Item(b"zeros", packed, method=0)
    whole = bytearray(raw_zip([item, Item(b"app.py", BODY.encode())]))
    at = whole.index(b"PK\x01\x02")
    for where, method in ((0, 8), (at, 10)):
        whole[where + method : where + method + 2] = b"\x08\0"
    whole[22:26] = whole[at + 24 : at + 28] = struct.pack("<I", 4000 << 20)
    return bytes(whole)


def inner_zip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr(zipfile.ZipInfo("../evil"), "x")
    return out.getvalue()


HANDLER = Item(b"app.py", BODY.encode())
BAD_ZIPS = {
    "empty file": (b"", {"LL311"}),
    "truncated": (raw_zip([HANDLER])[:50], {"LL311"}),
    "encrypted": (raw_zip([HANDLER._replace(flags=1)]), {"LL311"}),
    "unknown method": (raw_zip([HANDLER._replace(method=99)]), {"LL311"}),
    "forged size": (raw_zip([HANDLER._replace(declared=1 << 30)]), {"LL301", "LL311"}),
    "overlapping members": (raw_zip([HANDLER, Item(b"b.py", BODY.encode(), offset=0)]), {"LL311"}),
    "many members": (many_members(), {"LL311"}),
    "bomb": (bomb(), {"LL301", "LL311"}),
    "zip in zip": (raw_zip([HANDLER, Item(b"inner.zip", inner_zip())]), set()),
    "names in cp437 and UTF-8": (
        raw_zip([HANDLER, Item("café.txt".encode("cp437"), b"x"), Item("東京.txt".encode(), b"x", flags=0x800)]),
        set(),
    ),
    "absolute and above": (raw_zip([HANDLER, Item(b"/etc/x", b"x"), Item(b"../x", b"x")]), {"LL307"}),
    "a link out of it": (raw_zip([HANDLER, Item(b"l", b"../../x", mode=0o120777)]), {"LL307"}),
}


@pytest.mark.parametrize("name", BAD_ZIPS)
def test_bad_zips_are_findings(name: str, tmp_path: Path) -> None:
    data, expected = BAD_ZIPS[name]
    (tmp_path / "code.zip").write_bytes(data)
    write_tree(tmp_path, {"template.yaml": sam(Report=PYTHON + "CodeUri: code.zip")})
    before = sorted(tmp_path.rglob("*"))
    alone = linted(tmp_path, "code.zip", runtime="python3.13", handler="app.handler", architecture="x86_64")
    for report in (linted(tmp_path, "template.yaml"), alone):
        assert set(codes(report)) == expected
        assert all(f.location.path in ("code.zip", "template.yaml") for f in report.findings)
    assert sorted(tmp_path.rglob("*")) == before


def layered(entries: list[tuple[str, object]]) -> dict[str, bytes]:
    return oci_files([tar_of(entries)])


def swapped_digest() -> dict[str, bytes]:
    files = oci_files([tar_of([("var/task/app.py", b"x")])])
    largest = max((name for name in files if name.startswith("blobs/")), key=lambda name: len(files[name]))
    return {**files, largest: files[largest] + b"\0"}


APP = ("var/task/app.py", BODY.encode())
BAD_IMAGES = {
    "absolute and above": (layered([APP, ("/etc/x", b"x"), ("../../x", b"x")]), {"LL307"}),
    "a device": (layered([APP, ("dev/null", "device")]), {"LL307"}),
    "links": (layered([APP, ("var/task/l", ("link", "../../../etc/passwd")), ("var/task/h", ("hard", APP[0]))]), set()),
    "a layer that is not a tar": (oci_files([b"not a tar at all" * 100]), {"LL311"}),
    "digests that do not match": (swapped_digest(), {"LL311"}),
    "no JSON": ({"oci-layout": b"{", "index.json": b"{"}, {"LL311"}),
}


@pytest.mark.parametrize("name", BAD_IMAGES)
def test_bad_images_are_findings(name: str, tmp_path: Path) -> None:
    files, expected = BAD_IMAGES[name]
    write_tree(tmp_path / "image", dict(files))
    write_tree(tmp_path, {"template.yaml": sam(Report="PackageType: Image, ImageUri: ./image")})
    before = sorted(tmp_path.rglob("*"))
    for report in (linted(tmp_path, "template.yaml"), linted(tmp_path, "image")):
        assert set(codes(report)) == expected, [f.message for f in report.findings]
    assert sorted(tmp_path.rglob("*")) == before


def test_a_tar_that_is_no_image(tmp_path: Path) -> None:
    (tmp_path / "notes.tar").write_bytes(tar_of([("notes.txt", b"x")]))
    (tmp_path / "noise.tar").write_bytes(b"\x1f\x8bnoise")
    report = linted(tmp_path, "notes.tar", "noise.tar")
    assert [(f.code, f.location.path) for f in report.findings] == [("LL311", "noise.tar"), ("LL311", "notes.tar")]
