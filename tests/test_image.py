"""Images: what is read of them, in each form they come in, and what bad ones become."""

from __future__ import annotations

import gzip
import io
import json
import os
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from make_artifacts import AARCH64, OCI, Blobs, digest_of, docker_files, elf, oci_files, tar_of, write_tree

from lambdalint.model.image import IMAGE_KINDS, LAYER_KINDS, Image
from lambdalint.parsers.image import claims_image, open_image
from lambdalint.parsers.image import layers as image_layers

BASE = tar_of(
    [
        ("var", "folder"),
        ("var/task", "folder"),
        ("usr/lib/x.so", elf(AARCH64)),
        ("var/task/old.py", b"old"),
        ("var/task/pkg/a.py", b"a"),
        ("var/task/pkg/b.py", b"bb"),
    ]
)
TOP = tar_of(
    [
        ("var/task/app.py", b"def handler(e, c): pass", 0o600),
        ("var/task/.wh.old.py", b""),
        ("var/task/pkg/.wh..wh..opq", b""),
        ("var/task/pkg/c.py", b"ccc"),
        ("var/task/same.py", ("hard", "var/task/app.py")),
        ("var/task/to", ("link", "app.py")),
    ]
)
LAYERS = [BASE, TOP]
FORMS = ("layout", "plain-layout", "archive", "gzipped-archive", "docker", "gzipped-docker", "new-docker")


def image_of(tmp_path: Path, form: str, layers: list[bytes] = LAYERS) -> Path:
    """The same image in one of its forms."""
    packing = "none" if form in ("plain-layout", "new-docker") else "gzip"
    files = oci_files(layers, packing=packing)
    if form.endswith("layout"):
        return write_tree(tmp_path / "layout", files)  # type: ignore[arg-type]
    if form.endswith("docker") and form != "new-docker":
        data = tar_of(docker_files(layers))
    else:
        if form == "new-docker":
            manifest = json.loads(files["index.json"])["manifests"][0]["digest"].replace("sha256:", "blobs/sha256/")
            inner = json.loads(files[manifest])
            place = [item["digest"].replace("sha256:", "blobs/sha256/") for item in [inner["config"], *inner["layers"]]]
            files["manifest.json"] = json.dumps(
                [{"Config": place[0], "RepoTags": ["a:1"], "Layers": place[1:]}]
            ).encode()
        data = tar_of([("blobs/", "folder"), *files.items()])
    path = tmp_path / "image.tar"
    path.write_bytes(gzip.compress(data) if form.startswith("gzipped") else data)
    return path


def kinds(image: Image) -> set[str]:
    found = {fault.kind for fault in image.faults}
    deeper = {fault.kind for fault in image.layer_faults}
    assert found <= IMAGE_KINDS
    assert deeper <= LAYER_KINDS
    return found | deeper


@pytest.mark.parametrize("form", FORMS)
def test_the_same_image_in_every_form(tmp_path: Path, form: str) -> None:
    path = image_of(tmp_path, form)
    assert claims_image(str(path))
    before = sorted(tmp_path.rglob("*"))
    image = open_image(str(path))
    assert kinds(image) == set()
    assert image.kind == ("docker-archive" if "docker" in form else "oci-layout" if "layout" in form else "oci-archive")
    assert image.config is not None
    assert (image.config.os, image.config.task_root) == ("linux", "/var/task")
    assert image.index_type is None
    assert len(image.layers) == 2
    assert image.uncompressed == len(BASE) + len(TOP)
    assert image.exact
    assert image.files_complete
    assert {name: file.size for name, file in image.files.items()} == {
        "app.py": 23,
        "pkg/c.py": 3,
        "same.py": 23,
        "to": 0,
    }
    assert image.files["app.py"].mode == image.files["same.py"].mode == 0o600
    assert image.files["to"].link == "app.py"
    assert sorted(tmp_path.rglob("*")) == before


def test_equal_layers_are_linked_and_count_twice(tmp_path: Path) -> None:
    image = open_image(str(image_of(tmp_path, "docker", [BASE, BASE, TOP])))
    assert kinds(image) == set()
    assert image.uncompressed == 2 * len(BASE) + len(TOP)


def layout(tmp_path: Path, files: dict[str, bytes]) -> Image:
    return open_image(str(write_tree(tmp_path / "layout", files)))  # type: ignore[arg-type]


def test_one_image_with_attestations_is_an_index(tmp_path: Path) -> None:
    blobs = Blobs()
    inner = blobs.index([blobs.image(LAYERS, platform={"os": "linux", "architecture": "amd64"}), blobs.attestation()])
    image = layout(tmp_path, blobs.files([inner]))
    assert image.index_type == f"{OCI}.index.v1+json"
    assert [entry.architecture for entry in image.platforms] == ["amd64"]
    assert len(image.attestations) == 1
    assert kinds(image) == set()
    assert image.uncompressed == len(BASE) + len(TOP)


@pytest.mark.parametrize("nested", [False, True])
def test_two_platforms_are_an_index_and_one_is_chosen(tmp_path: Path, nested: bool) -> None:
    blobs = Blobs()
    two = [
        blobs.image([layer], architecture=name, platform={"os": "linux", "architecture": name})
        for name, layer in (("amd64", BASE), ("arm64", TOP))
    ]
    path = write_tree(tmp_path / "layout", blobs.files([blobs.index(two)] if nested else two))  # type: ignore[arg-type]
    for architecture, layer in ((None, BASE), ("amd64", BASE), ("arm64", TOP)):
        image = open_image(str(path), architecture=architecture)
        assert image.index_type == f"{OCI}.index.v1+json"
        assert len(image.platforms) == 2
        assert image.uncompressed == len(layer)
        assert image.config is not None
        assert image.config.architecture == (architecture or "amd64")


def test_a_layout_of_two_named_images_is_no_index(tmp_path: Path) -> None:
    blobs = Blobs()
    name = "org.opencontainers.image.ref.name"
    image = layout(
        tmp_path,
        blobs.files([blobs.image([BASE], annotations={name: "a"}), blobs.image([TOP], annotations={name: "b"})]),
    )
    assert image.index_type is None
    assert [(f.kind, f.fields["names"]) for f in image.faults] == [("several-images", ["a", "b"])]
    assert image.uncompressed == len(BASE)


def test_an_index_nested_in_itself_many_times_ends(tmp_path: Path) -> None:
    blobs = Blobs()
    item = blobs.image([BASE])
    for _ in range(12):
        item = blobs.index([item] * 4)
    image = layout(tmp_path, blobs.files([item]))
    assert "too-many-members" in {fault.kind for fault in image.faults}


def broken(files: dict[str, bytes], change: Any) -> dict[str, bytes]:
    """A layout with one layer's bytes changed, its name kept."""
    manifest = json.loads(files["index.json"])["manifests"][0]["digest"]
    inner = json.loads(files["blobs/" + manifest.replace(":", "/")])
    place = "blobs/" + inner["layers"][0]["digest"].replace(":", "/")
    changed = change(files[place])
    return {name: data for name, data in files.items() if name != place} | (
        {place: changed} if changed is not None else {}
    )


BAD = [
    ("no blob", lambda data: None, {"missing-blob"}),
    ("another blob", lambda data: gzip.compress(TOP), {"digest-mismatch", "size-mismatch"}),
    ("cut gzip", lambda data: data[:-20], {"truncated-layer", "size-mismatch"}),
    ("broken gzip", lambda data: data[:40] + b"\0\0\0\0" + data[44:], {"corrupt-layer"}),
    ("empty gzip member", lambda data: b"\x1f\x8b", {"truncated-layer", "size-mismatch"}),
    (
        "text",
        lambda data: gzip.compress(b"I am no tar at all " * 100),
        {"layer-not-tar", "digest-mismatch", "size-mismatch"},
    ),
    ("cut tar", lambda data: gzip.compress(BASE[:700]), {"truncated-layer", "digest-mismatch", "size-mismatch"}),
    (
        "bad header",
        lambda data: gzip.compress(BASE[:1030] + b"?" + BASE[1031:]),
        {"corrupt-layer", "digest-mismatch", "size-mismatch"},
    ),
]


@pytest.mark.parametrize(("change", "expected"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_a_broken_layer_is_a_fault(tmp_path: Path, change: Any, expected: set[str]) -> None:
    assert kinds(layout(tmp_path, broken(oci_files([BASE]), change))) == expected


def test_names_and_devices_in_a_layer(tmp_path: Path) -> None:
    odd = tar_of([("/etc/passwd", b"x"), ("../up", b"x"), ("var/task/a/../../../../b", b"x"), ("dev/null", "device")])
    image = layout(tmp_path, oci_files([odd]))
    found = {(fault.kind, fault.fields["member"]) for fault in image.layer_faults}
    assert found == {
        ("absolute", "/etc/passwd"),
        ("parent", "../up"),
        ("parent", "var/task/a/../../../../b"),
        ("device", "dev/null"),
    }
    assert dict(image.files) == {}


def test_a_layout_that_links_out_is_not_followed(tmp_path: Path) -> None:
    files = oci_files([BASE])
    path = write_tree(tmp_path / "layout", files)  # type: ignore[arg-type]
    place = next(name for name, data in files.items() if data[:2] == b"\x1f\x8b")
    (path / place).rename(tmp_path / "outside")
    (path / place).symlink_to(tmp_path / "outside")
    assert {"link-outside", "missing-blob"} == kinds(open_image(str(path)))
    assert kinds(open_image(str(path), root=str(tmp_path))) == set()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"x",
        b"\x1f\x8b",
        bytes(2048),
        gzip.compress(b"text"),
        tar_of([("a", b"b")]),
        tar_of([("manifest.json", b"[")]),
    ],
)
def test_no_image(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(data)
    image = open_image(str(path))
    assert image.faults
    assert image.config is None
    assert image.uncompressed in (None, 0)
    assert {fault.kind for fault in image.faults} <= IMAGE_KINDS
    assert open_image(str(tmp_path / "absent")).faults[0].kind == "unreadable"
    assert not claims_image(str(tmp_path / "absent"))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("at", [0.1, 0.3, 0.5])
def test_a_truncated_image_is_a_fault(tmp_path: Path, form: str, at: float) -> None:
    path = image_of(tmp_path, form)
    if path.is_dir():
        path = max(path.rglob("*"), key=lambda file: file.stat().st_size if file.is_file() else 0)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * at)])
    assert kinds(open_image(str(tmp_path / "layout" if form.endswith("layout") else path)))


def test_wrong_json_is_a_fault(tmp_path: Path) -> None:
    for value in (
        b"[" * 100_000,
        b"{}",
        b'{"manifests": 3}',
        b'{"manifests": [3, {"digest": 4}]}',
        b'{"manifests": [{"digest": "sha256:../../x"}]}',
    ):
        image = layout(tmp_path, {"oci-layout": b"{}", "index.json": value})
        assert image.config is None
        assert image.uncompressed == 0
        kinds(image)


@settings(max_examples=1000, deadline=None)
@given(
    st.sampled_from(("archive", "docker", "gzipped-docker")), st.integers(0, 10_000), st.binary(min_size=1, max_size=8)
)
def test_no_damage_makes_a_traceback(
    tmp_path_factory: pytest.TempPathFactory, form: str, at: int, patch: bytes
) -> None:
    path = image_of(tmp_path_factory.mktemp("damage"), form)
    data = path.read_bytes()
    path.write_bytes(data[: at % len(data)] + patch + data[at % len(data) + len(patch) * (at % 2) :])
    image = open_image(str(path))
    kinds(image)
    claims_image(str(path))


TARS = {
    "ustar": tar_of([("var/task/" + "d" * 90 + "/" + "n" * 90 + ".py", b"x")], tarfile.USTAR_FORMAT),
    "gnu": tar_of([("var/task/" + "d" * 150 + "/" + "n" * 190 + ".py", b"x")], tarfile.GNU_FORMAT),
    "pax": tar_of([("var/task/" + "d" * 150 + "/ü" + "n" * 190 + ".py", b"x")], tarfile.PAX_FORMAT),
    "dots": tar_of([("./var/task/./x.py", b"x")]),
    "no padding": tar_of([("var/task/x.py", b"x")])[:513],
    "no end": tar_of([("var/task/x.py", b"x")])[:1024],
}


@pytest.mark.parametrize("name", TARS)
def test_kinds_of_tar(tmp_path: Path, name: str) -> None:
    image = layout(tmp_path, oci_files([TARS[name]]))
    assert kinds(image) == set()
    assert [file.size for file in image.files.values()] == [1]
    assert image.uncompressed == len(TARS[name])


def test_a_large_and_a_sparse_file(tmp_path: Path) -> None:
    large = tarfile.TarInfo("var/task/large.bin")
    large.size = 9 << 33
    large.mode = 0o644
    header = large.tobuf(tarfile.GNU_FORMAT)
    image = layout(tmp_path, oci_files([header]))
    assert kinds(image) == {"truncated-layer"}
    assert image.files["large.bin"].size == 9 << 33

    sparse = tarfile.TarInfo("var/task/sparse.bin")
    sparse.size = 512
    sparse.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": "1000000"}
    data = sparse.tobuf(tarfile.PAX_FORMAT) + b"0\n".ljust(512, b"\0") + bytes(1024)
    image = layout(tmp_path, oci_files([data]))
    assert kinds(image) == set()
    assert image.files["sparse.bin"].size == 1_000_000


def test_gzip_of_several_members_counts_whole(tmp_path: Path) -> None:
    parts = b"".join(gzip.compress(BASE[at : at + 1000]) for at in range(0, len(BASE), 1000))
    blobs = Blobs()
    manifest = {
        "schemaVersion": 2,
        "config": blobs.json({"os": "linux"}, f"{OCI}.config.v1+json"),
        "layers": [blobs.add(parts + bytes(100), f"{OCI}.layer.v1.tar+gzip")],
    }
    image = layout(tmp_path, blobs.files([blobs.json(manifest, f"{OCI}.manifest.v1+json")]))
    assert kinds(image) == set()
    assert image.uncompressed == len(BASE)


def test_a_bomb_is_read_to_the_bound_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_layers, "MAX_BYTES", 3 << 20)
    bomb = tarfile.TarInfo("var/task/zeros")
    bomb.size = 64 << 20
    image = layout(tmp_path, oci_files([bomb.tobuf() + bytes(64 << 20)]))
    assert kinds(image) == {"size-bound"}
    assert not image.exact
    assert image.uncompressed is not None
    assert 3 << 20 < image.uncompressed <= 4 << 20


def test_zstd(tmp_path: Path) -> None:
    try:
        import zstandard  # type: ignore[import-not-found]
    except ImportError:
        packed, expected = b"\x28\xb5\x2f\xfd" + bytes(40), {"zstd-unread"}
    else:
        packed, expected = zstandard.compress(BASE), set()
    blobs = Blobs()
    manifest = {
        "schemaVersion": 2,
        "config": blobs.json({"os": "linux"}, f"{OCI}.config.v1+json"),
        "layers": [blobs.add(packed, f"{OCI}.layer.v1.tar+zstd")],
    }
    image = layout(tmp_path, blobs.files([blobs.json(manifest, f"{OCI}.manifest.v1+json")]))
    assert kinds(image) == expected
    assert image.uncompressed == (None if expected else len(BASE))
    assert image.layers[0].media_type == f"{OCI}.layer.v1.tar+zstd"


def test_whiteouts_of_folders_and_files_in_their_place(tmp_path: Path) -> None:
    second = tar_of([("var/task/.wh.pkg", b""), ("var/task/old.py", "folder"), ("var/task/old.py/x.py", b"x")])
    assert set(layout(tmp_path, oci_files([BASE, second])).files) == {"old.py/x.py"}
    third = tar_of([("var/task/pkg", b"now a file")])
    assert set(layout(tmp_path / "2", oci_files([BASE, third])).files) == {"old.py", "pkg"}
    gone = tar_of([("var/.wh.task", b""), ("var/task/new.py", b"")])
    assert set(layout(tmp_path / "3", oci_files([BASE, gone])).files) == {"new.py"}
    linked = tar_of([("var/task", ("link", "/app"))])
    assert not layout(tmp_path / "4", oci_files([linked])).files_complete


def test_the_task_root_is_the_working_directory_where_no_variable_names_it(tmp_path: Path) -> None:
    layer = tar_of([("app/main.py", b"x"), ("var/task/other.py", b"y")])
    config = {
        "WorkingDir": "/app/",
        "Entrypoint": ["python", "main.py"],
        "Cmd": None,
        "User": "1000",
        "Env": ["PATH=/bin", "A=b=c"],
    }
    image = layout(tmp_path, oci_files([layer], config=config))
    assert set(image.files) == {"main.py"}
    assert image.config is not None
    assert (image.config.entrypoint, image.config.command, image.config.user) == (("python", "main.py"), None, "1000")
    assert image.config.environment == {"PATH": "/bin", "A": "b=c"}
    bare = layout(tmp_path / "bare", oci_files([layer], config={}))
    assert (dict(bare.files), bare.files_complete) == ({}, False)
    packed = tmp_path / "docker.tar.gz"
    packed.write_bytes(gzip.compress(tar_of(docker_files([layer], config))))
    assert set(open_image(str(packed)).files) == {"main.py"}


def test_progress_ends_at_the_whole(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    image = open_image(str(image_of(tmp_path, "layout")), progress=lambda done, total: told.append((done, total)))
    assert told == []
    assert image.uncompressed
    assert told[-1][0] == told[-1][1] == sum(layer.size or 0 for layer in image.layers)


def test_folders_and_files_that_are_no_image(tmp_path: Path) -> None:
    assert not claims_image(str(tmp_path))
    for name, data in (
        ("a.tar", tar_of([("src/app.py", b"")])),
        ("a.tgz", gzip.compress(tar_of([("package/package.json", b"{}")]))),
    ):
        (tmp_path / name).write_bytes(data)
        assert not claims_image(str(tmp_path / name))


# -- with the tools that people build with


def run(*words: str, cwd: Path) -> None:
    environment = dict(os.environ, HOME=str(cwd), BUILDAH_ISOLATION="chroot", STORAGE_DRIVER="vfs")
    done = subprocess.run(words, cwd=cwd, env=environment, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode:
        pytest.skip(f"{words[0]} does not run here: {done.stderr.strip()[-200:]}")


def tool(*names: str) -> None:
    for name in names:
        if shutil.which(name) is None:
            pytest.skip(f"{name} is not installed")


def umoci_image(tmp_path: Path) -> Path:
    tool("umoci")
    write_tree(tmp_path / "tree", {"app.py": "def handler(e, c): ...", "lib/native.so": elf()})
    run("umoci", "init", "--layout", "image", cwd=tmp_path)
    run("umoci", "new", "--image", "image:v1", cwd=tmp_path)
    run("umoci", "insert", "--rootless", "--image", "image:v1", "tree", "/var/task", cwd=tmp_path)
    run("umoci", "insert", "--rootless", "--whiteout", "--image", "image:v1", "/var/task/lib", cwd=tmp_path)
    run(
        "umoci",
        "config",
        "--image",
        "image:v1",
        "--config.env",
        "LAMBDA_TASK_ROOT=/var/task",
        "--architecture",
        "arm64",
        "--config.cmd",
        "app.handler",
        cwd=tmp_path,
    )
    return tmp_path / "image"


@pytest.mark.slow
def test_umoci_and_skopeo(tmp_path: Path) -> None:
    made = umoci_image(tmp_path)
    first = open_image(str(made))
    assert kinds(first) == set()
    assert first.kind == "oci-layout"
    assert set(first.files) == {"app.py"}
    assert first.config is not None
    assert (first.config.architecture, first.config.command) == ("arm64", ("app.handler",))
    tool("skopeo")
    for target, kind in (
        ("docker-archive:saved.tar:app:v1", "docker-archive"),
        ("oci-archive:packed.tar:v1", "oci-archive"),
    ):
        run("skopeo", "copy", "--insecure-policy", "oci:image:v1", target, cwd=tmp_path)
        path = tmp_path / target.split(":")[1]
        second = open_image(str(path))
        assert claims_image(str(path))
        assert kinds(second) == set()
        assert (second.kind, set(second.files), second.uncompressed) == (kind, {"app.py"}, first.uncompressed)
        packed = tmp_path / (path.name + ".gz")
        packed.write_bytes(gzip.compress(path.read_bytes()))
        assert open_image(str(packed)).uncompressed == first.uncompressed
        assert claims_image(str(packed))


@pytest.mark.slow
def test_buildah(tmp_path: Path) -> None:
    tool("buildah")
    write_tree(
        tmp_path,
        {
            "app.py": "x = 1\n",
            "Dockerfile": "FROM scratch\nENV LAMBDA_TASK_ROOT=/var/task\nWORKDIR /var/task\n"
            'COPY app.py .\nCMD ["app.handler"]\n',
        },
    )
    stores = ("--root", str(tmp_path / "root"), "--runroot", str(tmp_path / "run"))
    run("buildah", *stores, "build", "-t", "app", "--layers", ".", cwd=tmp_path)
    for target in ("docker-archive:saved.tar", "oci:layout:v1"):
        run("buildah", *stores, "push", "app", target, cwd=tmp_path)
        image = open_image(str(tmp_path / target.split(":")[1]))
        assert kinds(image) == set()
        assert set(image.files) == {"app.py"}
        assert image.config is not None
        assert image.config.command == ("app.handler",)


def test_hand_written_tars_equal_tarfile(tmp_path: Path) -> None:
    """tarfile and ours see the same members of every archive here."""
    from lambdalint.parsers.image.tar import TarEntry, TarFeed

    for data in (BASE, TOP, *(TARS[name] for name in ("ustar", "gnu", "pax", "dots"))):
        for step in (1, 7, 512, 1 << 20):
            found: list[TarEntry] = []
            feed = TarFeed(found.append)
            for at in range(0, len(data), step):
                feed.feed(data[at : at + step])
            feed.close()
            with tarfile.open(fileobj=io.BytesIO(data)) as tar:
                expected = [(m.name, m.size, m.mode, m.linkname, m.offset_data) for m in tar]
            assert [(e.name.rstrip("/"), e.size, e.mode, e.link, e.offset) for e in found] == expected


def test_digest_helper() -> None:
    assert digest_of(b"") == "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_docker_save_of_several_names_and_images(tmp_path: Path) -> None:
    def saved(names: list[tuple[str, bytes]]) -> Image:
        blobs = Blobs()
        top, listed = [], []
        for name, layer in names:
            notes = {
                "io.containerd.image.name": f"docker.io/library/{name}",
                "org.opencontainers.image.ref.name": "latest",
            }
            top.append(blobs.image([layer], packing="none", annotations=notes))
            manifest = json.loads(blobs.blobs[top[-1]["digest"]])
            place = [
                item["digest"].replace("sha256:", "blobs/sha256/") for item in [manifest["config"], *manifest["layers"]]
            ]
            listed.append({"Config": place[0], "RepoTags": [name], "Layers": place[1:]})
        unique = [item for at, item in enumerate(listed) if item["Config"] not in [x["Config"] for x in listed[:at]]]
        files = {**blobs.files(top), "manifest.json": json.dumps(unique).encode()}
        path = tmp_path / "saved.tar"
        path.write_bytes(tar_of(list(files.items())))
        return open_image(str(path))

    twice = saved([("a:latest", BASE), ("b:latest", BASE)])
    assert (twice.kind, kinds(twice), twice.index_type) == ("docker-archive", set(), None)
    both = saved([("a:latest", BASE), ("b:latest", TOP)])
    assert kinds(both) == {"several-images"}
    assert both.uncompressed == len(BASE)


def test_docker_save_of_one_platform_of_an_index(tmp_path: Path) -> None:
    blobs = Blobs()
    here = blobs.image([BASE], platform={"os": "linux", "architecture": "arm64"})
    elsewhere = {**here, "digest": digest_of(b"not there"), "platform": {"os": "linux", "architecture": "amd64"}}
    inner = blobs.index([elsewhere, here, {**blobs.attestation(), "digest": digest_of(b"neither")}])
    manifest = json.loads(blobs.blobs[here["digest"]])
    place = [item["digest"].replace("sha256:", "blobs/sha256/") for item in [manifest["config"], *manifest["layers"]]]
    saved = json.dumps([{"Config": place[0], "RepoTags": None, "Layers": place[1:]}]).encode()
    path = tmp_path / "saved.tar"
    path.write_bytes(tar_of([*blobs.files([inner]).items(), ("manifest.json", saved)]))
    image = open_image(str(path), architecture="amd64")
    assert kinds(image) == set()
    assert image.index_type == f"{OCI}.index.v1+json"
    assert (len(image.platforms), len(image.attestations)) == (2, 1)
    assert image.uncompressed == len(BASE)


def test_a_gzipped_archive_may_not_hold_more_than_the_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from lambdalint.parsers.image import store as image_store

    monkeypatch.setattr(image_store, "MAX_ARCHIVE", 1 << 20)
    path = tmp_path / "bomb.tar.gz"
    path.write_bytes(gzip.compress(tar_of([("blobs/sha256/x", bytes(4 << 20))])))
    image = open_image(str(path))
    assert kinds(image) == {"bomb"}


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert not claims_image(str(tmp_path / "pipe"))
    assert kinds(open_image(str(tmp_path / "pipe"))) == {"unreadable"}
