"""The rules on artifacts beyond their examples: checkouts as people have them, artifacts alone, shared packages."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path

from artifact_runs import BODY, codes, linted, only, sam
from make_artifacts import Item, elf, mach_o, oci_files, raw_zip, tar_of, write_tree

from lambdalint.cli import run
from lambdalint.reporters import Options, sarif

PYTHON = "Runtime: python3.13, Handler: app.handler, "
HANDLER = Item(b"app.py", BODY.encode())
APP = ("var/task/app.py", BODY.encode())
NODE = "Runtime: nodejs22.x, Handler: index.handler, "


def folder_image(root: Path, files: dict[str, bytes]) -> Path:
    return write_tree(root, dict(files))


# -- a checkout as people have it -----------------------------------------------------------------------------------


def checkout(root: Path) -> Path:
    return write_tree(
        root,
        {
            ".git/HEAD": "ref: refs/heads/main\n",
            ".gitignore": ".venv/\n*.log\n.env\n",
            "template.yaml": sam(Python=PYTHON + "CodeUri: .", Node=NODE + "CodeUri: web/"),
            "app.py": "import requests\nimport yaml\n\n" + BODY,
            "requirements.txt": "requests\nPyYAML\n",
            "web/index.js": "exports.handler = async () => ({})\n",
            "web/package.json": '{"dependencies": {"sharp": "*"}}',
        },
    )


def clutter(root: Path) -> None:
    """What builds, tests and editors leave behind: binaries of other machines, secrets, hundreds of megabytes."""
    wrong = {
        ".venv/pyvenv.cfg": "home = /usr/bin\n",
        ".venv/lib/python3.11/site-packages/numpy/_core.cpython-311-darwin.so": mach_o(0x0100000C),
        "venv/pyvenv.cfg": "home = /usr/bin\n",
        "venv/lib/python3.11/site-packages/x/_x.cpython-311-x86_64-linux-gnu.so": elf(183),
        "web/node_modules/sharp/sharp.node": mach_o(0x0100000C),
        "web/node_modules/sharp/key.pem": "-----BEGIN PRIVATE KEY-----\nMIIB\n",
        "web/dist/index.js": "x\n",
        "dist/app-1.0.tar.gz": "x",
        "build/lib/app.py": "x = 1\n",
        "__pycache__/app.cpython-311.pyc": b"\0" * 100,
        ".pytest_cache/v/cache/lastfailed": "{}",
        ".mypy_cache/3.11/app.data.json": "{}",
        ".aws-sam/build/Old/app.py": "x = 1\n",
        "debug.log": "x",
        ".env": "PASSWORD=correct-horse\n",
        "app.egg-info/PKG-INFO": "x",
        ".DS_Store": b"\0",
    }
    write_tree(root, dict(wrong))
    huge = root / ".venv" / "lib" / "huge.so"
    huge.write_bytes(elf(183))
    with open(huge, "r+b") as file:
        file.truncate(400_000_000)


def test_a_cluttered_checkout_says_what_a_clean_clone_says(tmp_path: Path) -> None:
    clean, lived_in = checkout(tmp_path / "clean"), checkout(tmp_path / "lived-in")
    clutter(lived_in)
    everything = ("ALL",)
    mine, theirs = linted(lived_in, select=everything), linted(clean, select=everything)
    told = {(f.code, f.location.path, f.message) for f in mine.findings}
    assert told == {(f.code, f.location.path, f.message) for f in theirs.findings}
    assert not codes(linted(lived_in))


def test_what_a_clean_clone_would_say_is_said_in_the_cluttered_one(tmp_path: Path) -> None:
    """The comparison above can fail: a fault of the source itself is found in both."""
    root = checkout(tmp_path)
    clutter(root)
    write_tree(root, {"native.cpython-313-aarch64-linux-gnu.so": elf(183), "requirements.txt": "requests\n"})
    assert codes(linted(root)) == ["LL304", "LL313"]


def test_an_unchanged_build_is_judged_in_place_of_its_source(tmp_path: Path) -> None:
    root = write_tree(
        tmp_path,
        {
            "template.yaml": sam(Report=PYTHON + "CodeUri: src/"),
            "src/app.py": "import native\n\n" + BODY,
            ".aws-sam/build.toml": '[function_build_definitions.a]\ncodeuri = "src"\nfunctions = ["Report"]\n',
            ".aws-sam/build/Report/app.py": "import native\n\n" + BODY,
            ".aws-sam/build/Report/native.cpython-312-x86_64-linux-gnu.so": elf(62),
        },
    )
    found = only(linted(root, "template.yaml"), "LL305")
    assert found.location.path == ".aws-sam/build/Report/native.cpython-312-x86_64-linux-gnu.so"
    assert found.resource == "Report"
    write_tree(root, {"src/app.py": "import json\n\n" + BODY})
    assert not codes(linted(root, "template.yaml"))


# -- packages shared, named by options, given alone -----------------------------------------------------------------


def test_a_package_of_several_functions_is_told_of_once(tmp_path: Path) -> None:
    (tmp_path / "code.zip").write_bytes(raw_zip([Item(b"app.py", BODY.encode(), mode=0o100600)], comment=b"x"))
    same = PYTHON + "CodeUri: code.zip"
    write_tree(tmp_path, {"template.yaml": sam(First=same, Second=same, Third=same)})
    assert only(linted(tmp_path), "LL306").resource == "First"


def test_a_corrupt_zip_is_told_of_once_and_nothing_is_built_on_it(tmp_path: Path) -> None:
    (tmp_path / "code.zip").write_bytes(raw_zip([Item(b"main.py", BODY.encode())])[:-30])
    same = PYTHON + "CodeUri: code.zip"
    write_tree(tmp_path, {"template.yaml": sam(First=same, Second=same)})
    report = linted(tmp_path)
    assert codes(report) == ["LL311"]
    assert only(report, "LL311").location.path == "code.zip"


def test_artifacts_by_option(tmp_path: Path) -> None:
    template = sam(Zipped=PYTHON + "CodeUri: s3://bucket/code.zip", Image="PackageType: Image, ImageUri: app:latest")
    write_tree(tmp_path, {"template.yaml": template})
    (tmp_path / "code.zip").write_bytes(raw_zip([Item(b"main.py", BODY.encode())]))
    folder_image(tmp_path / "image", oci_files([tar_of([])], architecture="arm64"))
    assert not codes(linted(tmp_path, "template.yaml"))
    report = linted(tmp_path, "template.yaml", artifacts={"Zipped": "code.zip"}, images={"Image": "image"})
    assert [(f.code, f.resource) for f in report.findings] == [("LL205", "Zipped"), ("LL323", "Image")]


def test_a_folder_without_a_template_is_the_package_that_options_speak_of(tmp_path: Path) -> None:
    write_tree(tmp_path / "package", {"main.py": BODY})
    found = only(linted(tmp_path, "package", runtime="python3.13", handler="app.handler"), "LL205")
    assert (found.location.path, found.resource) == ("package", None)
    assert not linted(tmp_path, "package").trusted


def test_an_artifact_alone_is_shown_at_its_first_line(tmp_path: Path) -> None:
    code = b"import json\nimport requests\n\n" + BODY.encode()
    (tmp_path / "code.zip").write_bytes(raw_zip([Item(b"app.py", code)]))
    report = linted(tmp_path, "code.zip", runtime="python3.13", handler="app.handler", architecture="arm64")
    found = only(report, "LL313")
    assert (found.location.path, found.location.member, found.location.span.line) == ("code.zip", "app.py", 2)
    result = json.loads(sarif.render(report, [], Options()))["runs"][0]["results"][0]
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "code.zip"
    assert place["region"]["startLine"] == 1
    assert "app.py" in result["relatedLocations"][0]["message"]["text"]


def test_sarif_points_at_the_template_line_that_names_the_artifact(tmp_path: Path) -> None:
    write_tree(tmp_path, {"template.yaml": sam(Report="Runtime: python3.13, Handler: app.handler, CodeUri: code.zip")})
    (tmp_path / "code.zip").write_bytes(raw_zip([Item(b"app.py", BODY.encode(), mode=0o100600)]))
    report = linted(tmp_path)
    assert only(report, "LL306").template is not None
    result = json.loads(sarif.render(report, [], Options()))["runs"][0]["results"][0]
    place = result["locations"][0]["physicalLocation"]
    assert (place["artifactLocation"]["uri"], place["region"]["startLine"]) == ("template.yaml", 5)


def test_the_order_of_fingerprints_does_not_depend_on_where_the_checkout_lies(tmp_path: Path) -> None:
    prints = []
    for name in ("here", "there"):
        root = write_tree(tmp_path / name, {"template.yaml": sam(Report=PYTHON + "CodeUri: code.zip")})
        (root / "code.zip").write_bytes(raw_zip([Item(b"app.py", BODY.encode(), mode=0o100600)]))
        prints.append([finding.fingerprint for finding in linted(root).findings])
    assert prints[0] == prints[1] != []


# -- what single rules must not say ---------------------------------------------------------------------------------


def test_a_source_folder_is_judged_as_git_would_hand_it_on(tmp_path: Path) -> None:
    """A module that git ignores is made by a build, and so is a handler in a folder of that name."""
    write_tree(
        tmp_path,
        {
            ".git/HEAD": "ref: refs/heads/main\n",
            ".gitignore": "generated/\nschema_pb2.py\n",
            "template.yaml": sam(
                Report=PYTHON + "CodeUri: src/",
                Made="Runtime: nodejs22.x, Handler: generated/index.handler, CodeUri: src/",
            ),
            "src/app.py": "import schema_pb2\n\n" + BODY,
            "src/helper.js": "x\n",
        },
    )
    assert not codes(linted(tmp_path))


def test_requirements_above_the_source_count(tmp_path: Path) -> None:
    files = {"template.yaml": sam(Report=PYTHON + "CodeUri: src/"), "src/app.py": "import yaml\n\n" + BODY}
    write_tree(tmp_path, {**files, "requirements.txt": "PyYAML\n"})
    assert not codes(linted(tmp_path))
    write_tree(tmp_path, {"requirements.txt": "requests\n"})
    assert codes(linted(tmp_path)) == ["LL313"]


def test_a_missing_build_output_is_a_notice(tmp_path: Path) -> None:
    write_tree(tmp_path, {"template.yaml": sam(Report=PYTHON + "CodeUri: build/code.zip")})
    report = linted(tmp_path)
    assert not report.findings
    assert [(n.path, n.resource) for n in report.notices] == [("template.yaml", "Report")]
    assert "build/code.zip is not there" in report.notices[0].message


def test_paths_of_standard_input_start_nowhere(tmp_path: Path) -> None:
    from lambdalint.engine import lint
    from lambdalint.settings import Settings

    text = sam(Report=PYTHON + "CodeUri: src/").encode()
    report, _ = lint(["-"], Settings(select=("LL004",), cwd=str(tmp_path), cache=False), text)
    assert not report.findings


def test_layers_and_code_together_make_the_size(tmp_path: Path) -> None:
    layer = "  Shared: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: layer/}}\n"
    write_tree(tmp_path, {"template.yaml": sam(Report=PYTHON + "CodeUri: code/, Layers: [!Ref Shared]") + layer})
    write_tree(tmp_path, {"code/app.py": BODY, "code/words": b"", "layer/python/words": b""})
    for name in ("code/words", "layer/python/words"):
        with open(tmp_path / name, "r+b") as file:
            file.truncate(131_072_000)
    found = only(linted(tmp_path), "LL301")
    assert "at least 262144043 bytes" in found.message
    assert "python/words (layer Shared) (125.0 MB), words (125.0 MB)" in found.message


# -- audit ----------------------------------------------------------------------------------------------------------


def test_the_audit_counts_packages_images_and_layers(tmp_path: Path, monkeypatch, capsys) -> None:
    template = sam(
        Report=PYTHON + "CodeUri: code.zip, MemorySize: 5120, Timeout: 90, Environment: {Variables: {A: b}}",
        Render="PackageType: Image, ImageUri: ./image, MemorySize: !Ref Memory",
    )
    write_tree(tmp_path, {"template.yaml": template + "Parameters: {Memory: {Type: Number}}\n"})
    (tmp_path / "code.zip").write_bytes(raw_zip([HANDLER]))
    folder_image(tmp_path / "image", oci_files([tar_of([APP])]))
    monkeypatch.chdir(tmp_path)
    assert run(["audit", "--format", "json"]) == 0
    rows = {row["function"]: row["quotas"] for row in json.loads(capsys.readouterr().out)["functions"]}
    report, render = rows["Report"], rows["Render"]
    assert {name: report[name]["value"] for name in ("function.memory", "function.timeout", "zip.unzipped")} == {
        "function.memory": 5120,
        "function.timeout": 90,
        "zip.unzipped": len(BODY),
    }
    assert report["function.memory"]["share"] == 0.5
    assert report["function.environment"]["value"] == len('{"A":"b"}')
    assert render["image.uncompressed"]["value"] == 10240
    assert render["function.memory"]["value"] is None
    assert run(["audit", "--format", "markdown"]) == 0
    assert "| Report | template.yaml | 5,120 MB (50%) |" in capsys.readouterr().out
    assert run(["audit"]) == 0
    assert "##..  50%" in capsys.readouterr().out
    assert run(["audit", "nowhere"]) == 2


# -- the bar --------------------------------------------------------------------------------------------------------


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_bar_for_an_image_appears_after_a_second_on_a_terminal_alone(monkeypatch) -> None:
    from lambdalint.reporters import progress

    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    terminal = Terminal()
    with progress.Reading(terminal, "Reading") as told:
        assert told is not None
        told(1, 100)
        assert terminal.getvalue() == ""
        monkeypatch.setattr(progress, "DELAY", 0.0)
        told(50, 100)
        told(100, 100)
    assert "Reading" in terminal.getvalue()
    with progress.Reading(io.StringIO(), "Reading") as told:
        assert told is None


def test_reading_an_image_is_told_of(tmp_path: Path) -> None:
    from lambdalint.engine import lint
    from lambdalint.settings import Settings

    folder_image(tmp_path / "image", oci_files([tar_of([APP])]))
    calls: list[tuple[int, int]] = []
    settings = Settings(cwd=str(tmp_path), cache=False)
    lint([str(tmp_path / "image")], settings, reading=lambda done, total: calls.append((done, total)))
    assert calls
    assert calls[-1][0] == calls[-1][1]


def test_nothing_is_written(tmp_path: Path) -> None:
    root = checkout(tmp_path / "checkout")
    clutter(root)
    shutil.rmtree(root / ".aws-sam")
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*")}
    linted(root, select=("ALL",))
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*")} == before


def test_options_that_name_nothing_are_told(tmp_path: Path, monkeypatch, capsys) -> None:
    layer = "  Shared: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: s3://bucket/layer.zip}}\n"
    write_tree(tmp_path, {"template.yaml": sam(Report=PYTHON + "CodeUri: s3://bucket/code.zip") + layer})
    (tmp_path / "layer.zip").write_bytes(raw_zip([Item(b"python/x.py", b"x", mode=0o100600)]))
    monkeypatch.chdir(tmp_path)
    assert run(["--artifact", "Shared=layer.zip", "--select", "LL306", "template.yaml"]) == 1
    assert run(["--artifact", "Sharde=layer.zip", "template.yaml"]) == 2
    assert "no template has a function or layer Sharde" in "".join(capsys.readouterr())
    assert run(["--image", "Report=nowhere.tar", "template.yaml"]) == 2
    assert "nowhere.tar: there is no such file" in capsys.readouterr().err


def test_a_finding_in_an_artifact_is_suppressed_where_the_template_names_it(tmp_path: Path) -> None:
    (tmp_path / "code.zip").write_bytes(raw_zip([Item(b"app.py", BODY.encode(), mode=0o100600)]))
    lines = sam(Report="Runtime: python3.13, Handler: app.handler, CodeUri: code.zip").splitlines()
    lines[-1] += "  # lambdalint: ignore[LL306]"
    write_tree(tmp_path, {"template.yaml": "\n".join(lines) + "\n"})
    found = only(linted(tmp_path), "LL306")
    assert found.suppressed is not None


def test_java_carries_libraries_of_every_platform(tmp_path: Path) -> None:
    natives = {f"com/sun/jna/{name}/libjnidispatch.so": machine for name, machine in
               (("linux-x86-64", 62), ("linux-aarch64", 183), ("linux-armel", 40), ("sunos-sparcv9", 43))}  # fmt: skip
    items = [Item(name.encode(), elf(machine)) for name, machine in natives.items()]
    (tmp_path / "app.jar").write_bytes(raw_zip([*items, Item(b"example/App.class", b"\xca\xfe\xba\xbe")]))
    options = {"runtime": "java21", "handler": "example.App::handle", "architecture": "arm64"}
    assert not codes(linted(tmp_path, "app.jar", **options))


def test_a_layer_that_a_script_fills_may_hold_anything(tmp_path: Path) -> None:
    layer = "  Shared: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: layer/}}\n"
    lines = PYTHON + "CodeUri: src/, Layers: [!Ref Shared]"
    files = {"template.yaml": sam(Report=lines) + layer, "src/app.py": "import requests\n\n" + BODY}
    write_tree(tmp_path, {**files, "layer/README.md": "make layer\n", ".git/HEAD": "ref: refs/heads/main\n"})
    assert codes(linted(tmp_path)) == ["LL313"]
    write_tree(tmp_path, {".gitignore": "layer/python/\n"})
    assert not codes(linted(tmp_path))
    write_tree(tmp_path, {".gitignore": "\n", "layer/requirements.txt": "requests\n"})
    assert not codes(linted(tmp_path))
