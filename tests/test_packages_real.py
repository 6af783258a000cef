"""Packages and images made by the tools that people make them with: pip, npm, zip, skopeo, umoci, buildah.

Each is skipped with a word where its tool, or the registry, is not there.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from artifact_runs import BODY, codes, linted, only, sam
from make_artifacts import oci_files, tar_of, write_tree

pytestmark = pytest.mark.slow

PIP = (sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile", "--no-deps")
PLATFORMS = {"x86_64": "manylinux2014_x86_64", "arm64": "manylinux2014_aarch64"}


def done(*command: str, cwd: Path | None = None, environment: dict[str, str] | None = None) -> None:
    """Run a tool; where it fails the test is skipped with its last words."""
    try:
        ran = subprocess.run(
            command, cwd=cwd, capture_output=True, text=True, timeout=240, env={**os.environ, **(environment or {})}
        )
    except (FileNotFoundError, subprocess.TimeoutExpired) as error:
        pytest.skip(f"{command[0]}: {error}")
    if ran.returncode:
        words = (ran.stderr or ran.stdout).strip().splitlines()[-1:] or ["it failed"]
        pytest.skip(f"{' '.join(command[:4])}: {words[0][:200]}")


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Path]:
    """``pip install --target`` of a distribution with extensions, by architecture and version of Python."""
    built = {}
    for architecture, platform in PLATFORMS.items():
        for version in ("3.12", "3.13"):
            target = tmp_path_factory.mktemp("wheels") / "package"
            done(
                *PIP, "--target", str(target), "--platform", platform, "--python-version", version,
                "--implementation", "cp", "--only-binary=:all:", "markupsafe==3.0.2", "cffi==1.17.1",
            )  # fmt: skip
            write_tree(target, {"app.py": "import cffi\nimport markupsafe\n\n" + BODY})
            built[architecture, version] = target
    return built


def zipped(folder: Path, path: Path) -> Path:
    made = shutil.make_archive(str(path.with_suffix("")), "zip", folder)
    return Path(made)


CASES = [(a, p, fa, fp) for a in PLATFORMS for p in ("3.12", "3.13") for fa in PLATFORMS for fp in ("3.12", "3.13")]


@pytest.mark.parametrize(("built_for", "python", "architecture", "runtime"), CASES)
def test_wheels_are_judged_by_architecture_and_version(
    wheels: dict[tuple[str, str], Path], tmp_path: Path, built_for: str, python: str, architecture: str, runtime: str
) -> None:
    package = wheels[built_for, python]
    zipped(package, tmp_path / "code.zip")
    expected = ({"LL304"} if built_for != architecture else set()) | ({"LL305"} if python != runtime else set())
    lines = f"Runtime: python{runtime}, Handler: app.handler, Architectures: [{architecture}], CodeUri: "
    write_tree(tmp_path, {"template.yaml": sam(Zipped=lines + "code.zip")})
    in_template = linted(tmp_path, "template.yaml")
    assert set(codes(in_template)) == expected, [f.message for f in in_template.findings]
    options = {"runtime": f"python{runtime}", "handler": "app.handler", "architecture": architecture}
    assert set(codes(linted(tmp_path, "code.zip", **options))) == expected
    write_tree(tmp_path, {"template.yaml": sam(Folder=lines + "folder/")})
    os.symlink(package, tmp_path / "folder")
    given = linted(tmp_path, "template.yaml", artifacts={"Folder": str(package)})
    assert set(codes(given)) == expected


def test_a_musl_build(tmp_path: Path) -> None:
    target = tmp_path / "package"
    done(
        *PIP, "--target", str(target), "--platform", "musllinux_1_2_x86_64", "--python-version", "3.13",
        "--implementation", "cp", "--only-binary=:all:", "markupsafe==3.0.2",
    )  # fmt: skip
    write_tree(target, {"app.py": BODY})
    zipped(target, tmp_path / "code.zip")
    report = linted(tmp_path, "code.zip", runtime="python3.13", handler="app.handler", architecture="x86_64")
    assert codes(report) == ["LL305"]
    assert "musl" in only(report, "LL305").message


def test_the_wrapped_folder(wheels: dict[tuple[str, str], Path], tmp_path: Path) -> None:
    shutil.copytree(wheels["x86_64", "3.13"], tmp_path / "outer" / "package")
    zipped(tmp_path / "outer", tmp_path / "code.zip")
    report = linted(tmp_path, "code.zip", runtime="python3.13", handler="app.handler", architecture="x86_64")
    assert "it sits one folder down, in package/" in only(report, "LL205").message


def test_a_dependency_that_is_left_out(wheels: dict[tuple[str, str], Path], tmp_path: Path) -> None:
    shutil.copytree(wheels["x86_64", "3.13"], tmp_path / "package")
    shutil.rmtree(tmp_path / "package" / "markupsafe")
    shutil.make_archive(str(tmp_path / "code"), "zip", tmp_path / "package")
    write_tree(tmp_path, {"template.yaml": sam(Report="Runtime: python3.13, Handler: app.handler, CodeUri: code.zip")})
    found = only(linted(tmp_path, "template.yaml"), "LL313")
    assert (found.severity, found.location.member, found.location.span.line) == ("error", "app.py", 2)


def test_a_layer_of_wheels_counts_for_imports(wheels: dict[tuple[str, str], Path], tmp_path: Path) -> None:
    package = wheels["x86_64", "3.13"]
    shutil.copytree(package, tmp_path / "layer" / "python")
    os.remove(tmp_path / "layer" / "python" / "app.py")
    layer = "  Libraries: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: layer/}}\n"
    lines = "Runtime: python3.13, Handler: app.handler, CodeUri: src/, Layers: [!Ref Libraries]"
    write_tree(tmp_path, {"template.yaml": sam(Report=lines) + layer, "src/app.py": (package / "app.py").read_text()})
    assert not codes(linted(tmp_path, "template.yaml"))
    os.rename(tmp_path / "layer" / "python", tmp_path / "layer" / "modules")
    assert codes(linted(tmp_path, "template.yaml")) == ["LL308", "LL313"]


def test_an_npm_package_with_a_native_addon(tmp_path: Path) -> None:
    if shutil.which("npm") is None:
        pytest.skip("there is no npm")
    root = write_tree(tmp_path / "code", {"index.js": "exports.handler = async () => ({})\n"})
    write_tree(root, {"package.json": json.dumps({"dependencies": {"@parcel/watcher-linux-x64-glibc": "2.5.0"}})})
    # The package of one platform alone: what `npm install --cpu=x64 --os=linux` picks among the optional ones.
    done("npm", "install", "--no-audit", "--no-fund", "--cpu=x64", "--os=linux", "--libc=glibc", cwd=root)
    addon = next(root.rglob("*.node"), None)
    assert addon is not None
    zipped(root, tmp_path / "code.zip")
    options = {"runtime": "nodejs22.x", "handler": "index.handler"}
    assert not codes(linted(tmp_path, "code.zip", architecture="x86_64", **options))
    found = only(linted(tmp_path, "code.zip", architecture="arm64", **options), "LL304")
    assert found.location.member == addon.relative_to(root).as_posix()


def test_250_megabytes_of_sparse_files(tmp_path: Path) -> None:
    """To the byte, in the folder and in the zip of it."""
    source = write_tree(tmp_path / "package", {"app.py": BODY})
    for number in range(10):
        with open(source / f"model{number}.bin", "wb") as file:
            file.truncate((262_144_000 - len(BODY)) // 10)
    left = 262_144_000 - len(BODY) - 10 * ((262_144_000 - len(BODY)) // 10)
    with open(source / "rest.bin", "wb") as file:
        file.truncate(left)
    with zipfile.ZipFile(tmp_path / "code.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for path in sorted(source.iterdir()):
            archive.write(path, path.name)
    options = {"runtime": "python3.13", "handler": "app.handler"}
    for path in ("code.zip", "package"):
        assert codes(linted(tmp_path, path, **options)) == ["LL312"]
    with open(source / "rest.bin", "ab") as file:
        file.truncate(left + 1)
    found = only(linted(tmp_path, "package", **options), "LL301")
    assert "262144001 bytes" in found.message
    assert found.message.count(" MB)") == 10 + 1


# -- images ----------------------------------------------------------------------------------------------------------


def tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"there is no {name}")
    return found


def layout(root: Path, architecture: str = "arm64", handler: str = "app") -> Path:
    layer = tar_of([("var/task/" + handler + ".py", BODY.encode())])
    config = {
        "Entrypoint": ["/lambda-entrypoint.sh"],
        "Cmd": ["app.handler"],
        "Env": ["LAMBDA_TASK_ROOT=/var/task"],
    }
    return write_tree(root, dict(oci_files([layer], architecture=architecture, config=config)))


@pytest.mark.parametrize("form", ["docker-archive", "oci-archive", "oci", "dir-free"])
def test_images_that_skopeo_writes(form: str, tmp_path: Path) -> None:
    source = layout(tmp_path / "source")
    target = tmp_path / ("image" if form == "oci" else "image.tar")
    if form == "dir-free":  # compressed by zstd, as registries may have it
        more, form = ("--dest-compress-format", "zstd"), "oci"
        target = tmp_path / "image"
    else:
        more = ()
    policy = tmp_path / "policy.json"
    policy.write_text('{"default": [{"type": "insecureAcceptAnything"}]}')
    done(tool("skopeo"), "--policy", str(policy), "copy", "--quiet", *more, f"oci:{source}", f"{form}:{target}:app")
    expected = {"LL322"} if more else set()
    unread = "zstandard" not in sys.modules
    assert (
        set(codes(linted(tmp_path, target.name, architecture="arm64"))) - ({"LL311"} if unread else set()) == expected
    )
    assert set(codes(linted(tmp_path, target.name, architecture="x86_64"))) >= expected | {"LL323"}


def test_an_image_that_umoci_changes(tmp_path: Path) -> None:
    source = layout(tmp_path / "image", handler="main")
    index = json.loads((source / "index.json").read_text())
    index["manifests"][0]["annotations"] = {"org.opencontainers.image.ref.name": "app"}
    (source / "index.json").write_text(json.dumps(index))
    umoci = tool("umoci")
    assert codes(linted(tmp_path, "image", architecture="arm64")) == ["LL326"]
    bundle = write_tree(tmp_path / "new", {"app.py": BODY})
    os.chmod(bundle / "app.py", 0o600)
    done(umoci, "insert", "--rootless", "--image", f"{source}:app", str(bundle / "app.py"), "/var/task/app.py")
    # The layout keeps the old manifest's blob: what index.json names is judged.
    assert codes(linted(tmp_path, "image", architecture="arm64")) == ["LL325"]
    done(umoci, "config", "--image", f"{source}:app", "--clear=config.entrypoint", "--clear=config.cmd")
    assert codes(linted(tmp_path, "image", architecture="arm64")) == ["LL324", "LL325"]


def test_an_image_that_buildah_builds(tmp_path: Path) -> None:
    """From nothing, without a daemon; where it may not make namespaces it is skipped."""
    buildah = tool("buildah")
    files = {"app.py": BODY, "Containerfile": "FROM scratch\nENV LAMBDA_TASK_ROOT=/var/task\nCOPY app.py /var/task/\n"}
    context = write_tree(tmp_path / "context", dict(files))
    home = {"STORAGE_DRIVER": "vfs", "BUILDAH_ISOLATION": "chroot", "HOME": str(tmp_path)}
    storage = ("--root", str(tmp_path / "store"), "--runroot", str(tmp_path / "run"))
    done(buildah, *storage, "build", "--quiet", "--tag", "app", str(context), environment=home)
    policy = tmp_path / "policy.json"
    policy.write_text('{"default": [{"type": "insecureAcceptAnything"}]}')
    target = f"docker-archive:{tmp_path / 'image.tar'}:app:latest"
    push = ("push", "--quiet", "--signature-policy", str(policy), "app", target)
    done(buildah, *storage, *push, environment=home)
    report = linted(tmp_path, "image.tar")
    assert codes(report) == ["LL324"], [f.message for f in report.findings]
