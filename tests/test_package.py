"""Packages beyond their bytes: what is installed in them, folders as they would be zipped, SAM's build folder."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from make_artifacts import AARCH64, elf, mach_o, write_tree

from lambdalint.model.artifact import CORRUPT_KINDS, UNSAFE_KINDS, Package
from lambdalint.parsers.archive import open_package
from lambdalint.parsers.archive.sam_build import built_folder, folder_hash


def kinds(package: Package) -> set[str]:
    found = {fault.kind for fault in package.faults}
    assert found <= CORRUPT_KINDS | UNSAFE_KINDS
    return found


# -- Python distributions, modules, parts

INSTALLED = {
    "app.py": "import numpy",
    "numpy/__init__.py": "x" * 5000,
    "numpy/core/_m.cpython-312-x86_64-linux-gnu.so": elf(),
    "numpy.libs/libblas.so": elf(),
    "numpy-2.1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: false\n"
    "Tag: cp312-cp312-manylinux_2_17_x86_64\nTag: cp312-cp312-linux_x86_64\n",
    "numpy-2.1.0.dist-info/RECORD": 'numpy/__init__.py,sha256=x,5\n"numpy/core/_m.cpython-312-x86_64-linux-gnu.so",,\n'
    "numpy.libs/libblas.so,,\n../../bin/f2py,,\n",
    "Python_Dateutil-2.9.0.post0.dist-info/WHEEL": "Root-Is-Purelib: true\nTag: py2.py3-none-any\n",
    "google/cloud/storage/blob.py": "",
    "_fast.cpython-312-x86_64-linux-gnu.so": elf(),
    "typing_extensions.py": "y" * 100,
    "data/table.csv": "z" * 300,
    "not-a-module/x.py": "",
}


def test_distributions_modules_and_parts(tmp_path: Path) -> None:
    package = open_package(str(write_tree(tmp_path, INSTALLED)))  # type: ignore[arg-type]
    assert package.built
    dateutil, numpy = package.distributions
    assert (numpy.name, numpy.version, numpy.pure) == ("numpy", "2.1.0", False)
    assert numpy.tags == ("cp312-cp312-manylinux_2_17_x86_64", "cp312-cp312-linux_x86_64")
    assert (dateutil.name, dateutil.version, dateutil.pure) == ("python-dateutil", "2.9.0.post0", True)
    assert package.modules() == {"app", "numpy", "google", "_fast", "typing_extensions"}
    first = package.parts()[0]
    assert (first.name, first.kind, first.files) == ("numpy 2.1.0", "distribution", 5)
    assert first.size > 5000
    found = {part.name: part.kind for part in package.parts(20)}
    assert (found["data/"], found["typing_extensions.py"]) == ("folder", "file")
    assert len(package.parts(3)) == 3
    assert sum(part.size for part in package.parts(100)) == package.total


def test_node_modules_and_layer_roots(tmp_path: Path) -> None:
    files = {
        "nodejs/node_modules/a/index.js": "x" * 10,
        "nodejs/node_modules/a/node_modules/b/i.js": "x" * 20,
        "nodejs/node_modules/@s/c/i.js": "x" * 5,
        "python/requests/__init__.py": "y" * 7,
        "python/lib/python3.12/site-packages/attr/__init__.py": "z" * 3,
        "python/lib/python3.12/site-packages/six.py": "z",
    }
    package = open_package(str(write_tree(tmp_path, files)))  # type: ignore[arg-type]
    assert [(part.name, part.size) for part in package.parts(3)] == [("a", 30), ("python/requests/", 7), ("@s/c", 5)]
    assert package.python_roots == ("python/", "python/lib/python3.12/site-packages/")
    assert package.modules("python/lib/python3.12/site-packages/") == {"attr", "six"}
    assert package.modules("python/") >= {"requests"}


def test_requirements(tmp_path: Path) -> None:
    files = {
        "requirements.txt": "# tools\nBoto3==1.2 \\\n  --hash=sha256:aa\n"
        "Python_dateutil >= 2 ; python_version > '3.8'\n-r more/base.txt\n"
        "requests[socks]~=2.0  # http\nx @ https://example.org/x.whl\n"
        "git+https://example.org/r#egg=Some.Egg\n-c constraints.txt\n",
        "more/base.txt": "numpy\n",
        "pyproject.toml": '[project]\nname = "a"\ndependencies = ["pydantic>2", "aws-lambda-powertools[tracer]"]\n'
        '[tool.poetry.dependencies]\npython = "^3.10"\nflask = "*"\n'
        '[dependency-groups]\ndev = ["pytest", {include-group = "x"}]\n',
        "Pipfile": '[packages]\nrich = "*"\n',
    }
    wanted = open_package(str(write_tree(tmp_path / "a", files))).requirements  # type: ignore[arg-type]
    assert wanted.names == {
        "boto3",
        "python-dateutil",
        "numpy",
        "requests",
        "x",
        "some-egg",
        "pydantic",
        "aws-lambda-powertools",
        "flask",
        "pytest",
        "rich",
    }
    assert not wanted.open
    assert wanted.files == ("requirements.txt", "more/base.txt", "pyproject.toml", "Pipfile")
    for files in (
        {"setup.py": ""},
        {"requirements.txt": "-r ../up.txt"},
        {"requirements.txt": "-e ."},
        {"requirements.txt": "./local"},
        {"requirements.txt": "-r requirements.txt\n-r gone.txt"},
        {"pyproject.toml": "[[["},
        {"pyproject.toml": '[project]\ndynamic = ["dependencies"]'},
    ):
        folder = tmp_path / str(abs(hash(str(files))))
        assert open_package(str(write_tree(folder, files))).requirements.open, files  # type: ignore[arg-type]
    assert open_package(str(write_tree(tmp_path / "none", {"a.py": ""}))).requirements.files == ()


# -- folders


def test_a_folder_as_it_would_be_zipped(tmp_path: Path) -> None:
    root = write_tree(tmp_path / "src", {"app.py": "x", "lib/b.py": "yy"})
    (root / "empty").mkdir()
    (root / "loop").symlink_to(".", target_is_directory=True)
    (root / "again").symlink_to("lib", target_is_directory=True)
    (root / "alias.py").symlink_to("app.py")
    write_tree(tmp_path / "shared", {"common.py": "zzz"})
    (root / "shared").symlink_to("../shared", target_is_directory=True)
    (root / "broken").symlink_to("nowhere")
    os.mkfifo(root / "pipe")
    package = open_package(str(root))
    assert (package.kind, package.built) == ("folder", False)
    assert set(package.members) == {"app.py", "lib/b.py", "again/b.py", "alias.py"}
    assert package.total == 1 + 2 + 2 + 1
    assert kinds(package) == {"link-outside"}
    assert not package.complete
    assert package.read("again/b.py") == b"yy"
    wider = open_package(str(root), root=str(tmp_path))
    assert "shared/common.py" in wider.members
    assert wider.read("shared/common.py") == b"zzz"
    assert kinds(wider) == set()


LYING_ABOUT = {
    ".venv/pyvenv.cfg": "",
    ".venv/lib/python3.12/site-packages/numpy/x.so": elf(AARCH64),
    "env2/pyvenv.cfg": "",
    "env2/x.so": elf(),
    "node_modules/a/addon.node": mach_o(7),
    "dist/app.js": "x",
    "dist/.env": "SECRET=1",
    "__pycache__/app.cpython-311.pyc": "x",
    "src/__pycache__/a.cpython-39.pyc": "x",
    ".pytest_cache/x": "",
    ".mypy_cache/3.12/a.json": "",
    ".aws-sam/build/Fn/app.py": "",
    ".git/config": "",
    "cdk.out/manifest.json": "{}",
    ".DS_Store": "x",
    ".env": "AWS_SECRET_ACCESS_KEY=x",
    "coverage/x": "",
    "a.egg-info/PKG-INFO": "",
}
CLEAN = {
    "app.py": "x",
    "src/a.py": "y",
    "package.json": "{}",
    "requirements.txt": "boto3",
    "template.yaml": "",
    "dist.py": "z",
}


@pytest.mark.parametrize("ignore", [True, False])
def test_a_checkout_gives_what_a_clean_clone_gives(tmp_path: Path, ignore: bool) -> None:
    tracked = {**CLEAN, ".gitignore": ".env\n*.egg-info/\n"} if ignore else CLEAN
    lying = LYING_ABOUT if ignore else {name: data for name, data in LYING_ABOUT.items() if name != ".env"}
    clean = open_package(str(write_tree(tmp_path / "clean", tracked)))  # type: ignore[arg-type]
    used = open_package(str(write_tree(tmp_path / "used", tracked | lying)))  # type: ignore[arg-type]
    assert not used.built
    assert set(used.members) == set(clean.members) == set(tracked)
    assert (used.total, used.binaries, used.faults, used.distributions) == (clean.total, {}, (), ())
    assert {"dist/", "node_modules/", ".venv/", "env2/"} <= set(used.left_out)
    assert used.may_have("dist/handler.js")
    assert used.may_have("node_modules")
    assert not used.may_have("distance.py")


def test_which_folders_are_built(tmp_path: Path) -> None:
    def built(name: str, files: dict[str, str]) -> bool:
        return open_package(str(write_tree(tmp_path / name, files))).built  # type: ignore[arg-type]

    assert not built("source", {"app.py": ""})
    assert built("installed", {"app.py": "", "six-1.0.dist-info/WHEEL": ""})
    assert not built("with-manifest", {"app.py": "", "six-1.0.dist-info/WHEEL": "", "requirements.txt": ""})
    assert built("node", {"app.js": "", "node_modules/a/i.js": ""})
    assert not built("node-source", {"app.js": "", "node_modules/a/i.js": "", "package.json": ""})
    assert built("layer", {"python/lib/python3.12/site-packages/six.py": ""})
    assert built("layer2", {"nodejs/node_modules/a/i.js": ""})
    assert built(".aws-sam/build/Fn", {"app.py": "", "requirements.txt": ""})
    assert built("cdk.out/asset." + "0a" * 32, {"app.py": "", "requirements.txt": ""})
    write_tree(
        tmp_path / "repo", {".git/HEAD": "", ".gitignore": "out/\n", "out/fn/app.js": "", "out/fn/.gitignore": "*"}
    )
    assert open_package(str(tmp_path / "repo/out/fn")).built
    assert "app.js" in open_package(str(tmp_path / "repo/out/fn")).members
    assert open_package(str(tmp_path / "source"), built=True).built


def test_a_folder_that_cannot_be_read(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    (tmp_path / "closed").mkdir(mode=0)
    assert kinds(open_package(str(tmp_path / "closed"))) == {"unreadable"}


# -- .aws-sam/build


def sam_project(root: Path, definition: str = "") -> tuple[Path, Path]:
    source = {"app.py": "x = 1", "requirements.txt": "six", "__init__.py": ""}
    write_tree(root / "src", source)  # type: ignore[arg-type]
    built = write_tree(root / ".aws-sam/build/Fn", {**source, "six.py": "installed"})  # type: ignore[arg-type]
    toml = f'[function_build_definitions.u-1]\ncodeuri = "{root}/src"\n'
    toml += f'runtime = "python3.12"\nfunctions = ["Fn"]\n{definition}\n'
    write_tree(root / ".aws-sam", {"build.toml": toml + "[layer_build_definitions]\n"})
    return root / "src", built


def test_sams_build_folder_is_used_while_the_source_is_the_same(tmp_path: Path) -> None:
    source, built = sam_project(tmp_path)
    assert built_folder(str(tmp_path), "Fn", str(source)) == str(built)
    os.utime(source / "app.py", (0, 0))
    write_tree(source, {".venv/pyvenv.cfg": "", "__pycache__/app.cpython-312.pyc": "x"})
    assert built_folder(str(tmp_path), "Fn", str(source)) == str(built)
    assert built_folder(str(tmp_path), "Other", str(source)) is None
    assert built_folder(str(tmp_path), "../Fn", str(source)) is None
    assert built_folder(str(tmp_path), "Fn", str(tmp_path)) is None
    (source / "app.py").write_text("x = 2")
    os.utime(source / "app.py", (0, 0))
    assert built_folder(str(tmp_path), "Fn", str(source)) is None
    (source / "app.py").write_text("x = 1")
    (source / "new.py").write_text("")
    assert built_folder(str(tmp_path), "Fn", str(source)) is None
    (tmp_path / ".aws-sam/build.toml").write_text("[[")
    (source / "new.py").unlink()
    assert built_folder(str(tmp_path), "Fn", str(source)) is None


def test_sams_hash_speaks_for_source_that_is_not_copied(tmp_path: Path) -> None:
    write_tree(tmp_path, {"src/main.ts": "x", "src/lib/a.ts": "y", ".aws-sam/build/Fn/main.js": "built"})
    # As `dir_checksum` of SAM CLI makes it: relative path, then the hex md5, of each file in the order of the paths.
    parts = [b"lib/a.ts", hashlib.md5(b"y").hexdigest().encode(), b"main.ts", hashlib.md5(b"x").hexdigest().encode()]
    expected = hashlib.sha256(b"".join(parts)).hexdigest()
    assert folder_hash(str(tmp_path / "src")) == expected
    toml = '[function_build_definitions.u]\nfunctions = ["Fn"]\nsource_hash = "{}"\n'
    (tmp_path / ".aws-sam/build.toml").write_text(toml.format(expected))
    assert built_folder(str(tmp_path), "Fn", str(tmp_path / "src")) is not None
    (tmp_path / "src/main.ts").write_text("changed")
    assert built_folder(str(tmp_path), "Fn", str(tmp_path / "src")) is None
