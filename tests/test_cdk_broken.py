"""Cloud assemblies in which something is missing, broken, newer or elsewhere, and those of the shared corpus."""

from __future__ import annotations

import json
import os
import shutil

import pytest
from cdk_assemblies import HERE, changed, found, laid_out, settings

from lambdalint.engine import lint

CORPUS = os.path.join(HERE, "..", "..", "shared", "corpus")


@pytest.fixture
def javascript(tmp_path, monkeypatch):
    return laid_out("javascript", tmp_path, monkeypatch)


def test_a_missing_asset_is_said(javascript):
    for path in (javascript / "cdk.out").glob("asset.*"):
        shutil.rmtree(path)
    codes = {f.code for f in found(javascript).findings}
    assert "LL004" in codes


def test_a_missing_asset_is_said_where_git_ignores_the_assembly(javascript):
    (javascript / ".git").mkdir()
    (javascript / ".gitignore").write_text("cdk.out/\n", encoding="utf-8")
    shutil.rmtree(javascript / "cdk.out" / "asset.68a2aad7319b58ac4eeaff2b5d857ed85a4b10d64391107d7b7fc381ddc94a60")
    assert [f.resource for f in found(javascript).findings if f.code == "LL004"] == ["LibrariesADD14A9F"]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("manifest.json", "{", "cannot be read"),
        ("manifest.json", "[]", "cannot be read"),
        ("Orders.template.json", None, "Orders.template.json, which is not there"),
        ("Orders.template.json", "{nonsense", "cannot be read"),
        ("OrdersReports6871D998.nested.template.json", None, "nested.template.json, which is not there"),
        ("Orders.assets.json", None, "Orders.assets.json, which is not there"),
        ("Orders.assets.json", "[1", "Orders.assets.json, which cannot be read"),
        ("Orders.metadata.json", "{", "Orders.metadata.json, which cannot be read"),
    ],
)
def test_a_broken_or_missing_file_is_a_finding(javascript, name, content, words):
    path = javascript / "cdk.out" / name
    path.unlink()
    if content is not None:
        path.write_text(content, encoding="utf-8")
    messages = [f.message for f in found(javascript).findings if f.code == "LL001"]
    assert any(words in message for message in messages), messages


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("version",), 5, "version is missing"),
        (("artifacts",), [1], "artifacts is no map"),
        (("artifacts", "Orders"), "x", "Orders is no map"),
        (("artifacts", "Orders", "type"), None, "Orders has no type"),
        (("artifacts", "Orders", "properties"), None, "Orders has no templateFile"),
        (("artifacts", "Orders", "properties", "templateFile"), 5, "templateFile of Orders is no string"),
        (("artifacts", "Orders", "properties", "parameters"), 5, "parameters of Orders is no map"),
        (("artifacts", "Orders", "environment"), {}, "environment of Orders is no string"),
        (("artifacts", "Orders", "dependencies"), "x", "dependencies of Orders is no list"),
        (("artifacts", "Orders", "metadata"), [], "metadata of Orders is no map"),
        (("artifacts", "Orders", "metadata"), {"/Orders": 1}, "metadata of Orders holds what is no list"),
        (("artifacts", "Orders.assets", "properties", "file"), [], "file of Orders.assets is no string"),
        (("artifacts", "assembly-Production", "properties", "directoryName"), "gone", "gone, which is not there"),
    ],
)
def test_what_has_another_shape_is_said(javascript, path, value, words):
    messages = changed(javascript / "cdk.out" / "manifest.json", path, value, javascript)
    assert any(words in message for message in messages), messages


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("files",), 1, "files is no map"),
        (("dockerImages",), {"x": {"source": 1}}, "source of x is no map"),
        (("files",), {"x": {"source": {}, "destinations": {"y": 1}}}, "a destination of x is no map"),
    ],
)
def test_what_has_another_shape_in_an_asset_manifest_is_said(javascript, path, value, words):
    messages = changed(javascript / "cdk.out" / "Orders.assets.json", path, value, javascript)
    assert any("Orders.assets.json" in message and words in message for message in messages), messages


def test_an_assembly_without_its_manifest_is_no_heap_of_templates(javascript):
    (javascript / "cdk.out" / "manifest.json").unlink()
    (finding,) = found(javascript).findings
    assert (finding.code, finding.location.path) == ("LL001", "cdk.out/manifest.json")


def test_a_project_with_a_manifest_of_its_own_is_no_assembly(javascript):
    """A browser's extension has a manifest.json beside the folder cdk.out."""
    (javascript / "manifest.json").write_text('{"manifest_version": 3}', encoding="utf-8")
    report = found(javascript, ".")
    assert report.findings == ()
    assert any("nothing to lint" in n.message for n in report.notices)


def test_a_nested_template_is_found_without_metadata(javascript):
    """By its asset's key in TemplateURL, also where the metadata is no path."""
    path = ("Resources", "ReportsNestedStackReportsNestedStackResource6385503C", "Metadata")
    for value in ({}, {"aws:asset:path": 5}):
        changed(javascript / "cdk.out" / "Orders.template.json", path, value, javascript)
        assert "LL101" in {f.code for f in found(javascript).findings}
    path = (*path, "aws:asset:path")
    messages = changed(javascript / "cdk.out" / "Orders.template.json", path, "../../elsewhere.json", javascript)
    assert any("elsewhere.json, which is not there" in message for message in messages)


def test_assets_do_not_lead_out_of_the_project(javascript):
    """Not by their path, and not by a link: what lies elsewhere is not known."""
    outside = javascript.parent / "outside"
    outside.mkdir()
    asset = "asset.ec5b32ca9da8ab896abea7a3428d2732e4064ae5c2142870f53f70779f8d2919"
    layer = "asset.68a2aad7319b58ac4eeaff2b5d857ed85a4b10d64391107d7b7fc381ddc94a60"
    (javascript / "cdk.out" / layer).rename(outside / layer)
    (javascript / "cdk.out" / layer).symlink_to(outside / layer)
    file = javascript / "cdk.out" / "Orders.assets.json"
    file.write_text(file.read_text(encoding="utf-8").replace(asset, "../../outside"), encoding="utf-8")
    from lambdalint.engine import readings

    for deployment in readings(["cdk.out"], settings(javascript)):
        for resource in (*deployment.functions, *deployment.layers):
            if resource.id in ("LibrariesADD14A9F", "RenderEA451E88"):
                assert deployment.template.artifacts.code(resource) is None
    assert "LL004" not in {f.code for f in found(javascript).findings}


@pytest.mark.parametrize("version", ["56.0.0", "99"])
def test_a_newer_schema_is_read_and_said(javascript, version):
    before = [f.fingerprint for f in found(javascript).findings]
    file = javascript / "cdk.out" / "manifest.json"
    manifest = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps({**manifest, "version": version}), encoding="utf-8")
    report = found(javascript)
    assert [f.fingerprint for f in report.findings] == before
    assert any(f"schema {version} is newer than 55" in n.message for n in report.notices)


def test_a_manifest_does_not_lead_out_of_the_assembly(javascript):
    path = javascript / "cdk.out" / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    manifest["artifacts"]["Orders"]["properties"]["templateFile"] = "../../../../etc/passwd"
    path.write_text(json.dumps(manifest), encoding="utf-8")
    messages = [f.message for f in found(javascript).findings if f.code == "LL001"]
    assert any("which is not there" in message for message in messages)


@pytest.mark.skipif(not os.path.isdir(CORPUS), reason="the shared corpus is not here")
def test_the_assemblies_of_the_corpus():
    """Schema versions 0 to 55 and one from the future: no crash, the known functions seen."""
    count = 0
    for folder, _, names in os.walk(CORPUS):
        if "manifest.json" in names:
            report, _ = lint([folder], settings(CORPUS))
            assert not [n for n in report.notices if "internal error" in n.message], folder
            count += report.functions
    assert count >= 20
