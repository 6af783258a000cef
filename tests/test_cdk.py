"""Cloud assemblies made by the newest aws-cdk-lib (tests/data/cdk/synth.sh): what is found in them, and where."""

from __future__ import annotations

import io
import json
import os
import shutil
import tarfile

import pytest
from cdk_assemblies import DATA, found, laid_out, line_of, settings

import lambdalint
from lambdalint.examples.images import image_files


@pytest.fixture
def javascript(tmp_path, monkeypatch):
    return laid_out("javascript", tmp_path, monkeypatch)


@pytest.mark.parametrize(
    ("code", "words", "construct"),
    [
        ("LL101", 'new lambda.Function(this, "Monthly"', "Orders/Reports/Monthly/Resource"),
        ("LL109", "new lambda.LayerVersion(this", "Orders/Libraries/Resource"),
        ("LL104", 'new lambda.Function(this, "Take"', "Orders/Take/Resource"),
        ("LL402", "new lambda.CfnEventSourceMapping(this", "Orders/Mapping"),
        ("LL404", "new sqs.Queue(this", "Orders/Queue/Resource"),
        ("LL102", "new lambda.DockerImageFunction(this", "Orders/Render/Resource"),
        ("LL102", 'new lambda.Function(stack, "Charge"', "Production/Billing/Charge/Resource"),
    ],
)
def test_each_planted_fault_is_at_the_construct(javascript, code, words, construct):
    """In a stack, a nested stack, a stage, a layer, an image function, a mapping."""
    report = found(javascript)
    places = [
        (f.location.path, f.location.span.line) for f in report.findings if f.code == code and construct in f.message
    ]
    assert places == [("app.js", line_of(javascript, words))]


def test_the_template_is_related(javascript):
    report = found(javascript, select=("LL101",))
    (finding,) = report.findings
    assert finding.resource == "MonthlyA3CAC012"
    assert [r.location.path for r in finding.related] == ["cdk.out/OrdersReports6871D998.nested.template.json"]


def test_nothing_else_is_found(javascript):
    """L2 defaults, log retention, auto-delete and their custom resources give no false alarm."""
    planted = {"LL101", "LL102", "LL104", "LL109", "LL402", "LL404"}
    others = [f for f in found(javascript).findings if f.code not in planted and f.severity != "note"]
    assert others == []


def test_the_functions_that_cdk_makes_are_counted_only(javascript):
    every = found(javascript, select=("LL951", "cdk-internal"))
    users = found(javascript, select=("LL951",))
    inside = {f.resource for f in every.findings} - {f.resource for f in users.findings}
    for made in ("LogRetention", "CustomS3AutoDelete"):
        assert any(resource.startswith(made) for resource in inside), made
    assert not {f.resource for f in users.findings} & inside
    assert any("--select cdk-internal" in n.message for n in users.notices)


def test_a_function_seen_through_two_paths_is_reported_once(javascript):
    once = found(javascript, select=("LL102",))
    for more in ("cdk.out/assembly-Production", "cdk.out/Orders.template.json"):
        twice = found(javascript, "cdk.out", more, select=("LL102",))
        assert [f.fingerprint for f in once.findings] == [f.fingerprint for f in twice.findings], more


def test_assets_are_the_packages(javascript):
    from lambdalint.engine import readings

    packages = {}
    for deployment in readings(["cdk.out"], settings(javascript)):
        for resource in (*deployment.functions, *deployment.layers):
            package = deployment.template.artifacts.package(deployment, resource)
            packages[resource.id] = sorted(package.members) if package else None
    assert packages["TakeAAA5D174"] == ["app.py"]
    assert packages["LibrariesADD14A9F"] == ["python/shared.py"]


def test_assets_of_versions_before_asset_manifests(tmp_path, monkeypatch):
    """Their metadata stands in the manifest, and parameters carry their keys, into nested stacks too."""

    def parameter(hash, end):
        return f"AssetParameters{hash}S3VersionKey{end}"

    def key(name):
        return {"Fn::Join": ["", [{"Fn::Select": [0, {"Fn::Split": ["||", {"Ref": name}]}]}]]}

    def function(code):
        properties = {"Runtime": "python3.13", "Handler": "app.missing", "Role": "arn:aws:iam::111122223333:role/r"}
        return {"Type": "AWS::Lambda::Function", "Properties": {**properties, "Code": code}}

    def asset(hash, path, **more):
        return {"type": "aws:cdk:asset", "data": {"id": hash, "path": path, **more}}

    inner = "referencetoS" + parameter("aa", "00000000") + "Ref"
    tag = {"ImageUri": {"Fn::Join": ["", [{"Ref": "AWS::AccountId"}, ".dkr.ecr/aws-cdk/assets:cc"]]}}
    templates = {
        "S.template.json": {
            "Outer": function({"S3Bucket": "b", "S3Key": key(parameter("aa", "12345678"))}),
            "Image": {"Type": "AWS::Lambda::Function", "Properties": {"PackageType": "Image", "Code": tag}},
            "Nested": {
                "Type": "AWS::CloudFormation::Stack",
                "Properties": {"TemplateURL": key(parameter("bb", "12345678"))},
            },
        },
        "SN.nested.template.json": {"Inner": function({"S3Bucket": "b", "S3Key": key(inner)})},
    }
    metadata = [
        asset("aa", "asset.aa", packaging="zip", s3KeyParameter=parameter("aa", "12345678")),
        asset("bb", "SN.nested.template.json", packaging="file", s3KeyParameter=parameter("bb", "12345678")),
        asset("cc", "asset.cc", packaging="container-image", imageTag="cc"),
    ]
    stack = {"type": "aws:cloudformation:stack", "properties": {"templateFile": "S.template.json"}}
    manifest = {"version": "9.0.0", "artifacts": {"S": {**stack, "metadata": {"/S": metadata}}}}
    out = tmp_path / "cdk.out"
    (out / "asset.aa").mkdir(parents=True)
    (out / "asset.aa" / "app.py").write_text("def handler(event, context):\n    return {}\n", encoding="utf-8")
    (out / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    for name, resources in templates.items():
        (out / name).write_text(json.dumps({"Resources": resources}), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    reported = {(f.code, f.resource) for f in found(tmp_path, select=("LL004", "LL205")).findings}
    assert reported == {("LL205", "Outer"), ("LL205", "Inner"), ("LL004", "Image")}


def test_the_archive_of_an_image_is_read(javascript):
    """A TarballImageAsset names it in the command that would load it, which nobody runs."""
    archive = f"asset.{'0' * 64}.tar"
    described = {"format": "docker", "architecture": "arm64", "config": {"Cmd": ["app.handler"]}, "layers": [[]]}
    with tarfile.open(javascript / "cdk.out" / archive, "w") as tar:
        for name, data in image_files(described).items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    file = javascript / "cdk.out" / "Orders.assets.json"
    manifest = json.loads(file.read_text(encoding="utf-8"))
    (image,) = manifest["dockerImages"].values()
    image["source"] = {
        "executable": ["sh", "-c", 'docker load -i "$1" | tail -n 1', "cdk-tarball-image-asset", archive]
    }
    file.write_text(json.dumps(manifest), encoding="utf-8")
    (finding,) = found(javascript, select=("LL323",)).findings
    assert (finding.resource, finding.location.path) == ("RenderEA451E88", "app.js")


def test_metadata_suppresses(javascript):
    path = javascript / "cdk.out" / "Orders.template.json"
    template = json.loads(path.read_text(encoding="utf-8"))
    template["Resources"]["RenderEA451E88"]["Metadata"]["lambdalint"] = {
        "ignore": [{"code": "LL102", "reason": "moved next week", "until": "2027-03-01"}]
    }
    path.write_text(json.dumps(template), encoding="utf-8")
    suppressed = [f for f in found(javascript, select=("LL102",)).findings if f.suppressed]
    assert [f.resource for f in suppressed] == ["RenderEA451E88"]
    assert suppressed[0].suppressed.reason == "moved next week"


def test_python_points_at_the_template(tmp_path, monkeypatch):
    """jsii keeps no frame of the user's Python."""
    folder = laid_out("python", tmp_path, monkeypatch)
    (finding,) = [f for f in found(folder).findings if f.code == "LL102"]
    assert finding.location.path == "cdk.out/Greeting.template.json"
    assert "Greeting/Hello/Resource" in finding.message


def test_python_synthesised_with_debug_points_at_its_own_line(tmp_path, monkeypatch):
    folder = laid_out("python", tmp_path, monkeypatch)
    (finding,) = [f for f in found(folder, "debug.out").findings if f.code == "LL102"]
    assert finding.location.path == "app.py"
    assert finding.location.span.line == line_of(folder, "lambda_.Function(", "app.py")
    assert finding.related[0].location.path == "debug.out/Greeting.template.json"


@pytest.fixture
def typescript(tmp_path, monkeypatch):
    """Run by tsx, a stage in a stage, a stack nested twice, SAM's resources, assets that are not staged."""
    folder = laid_out("typescript", tmp_path, monkeypatch)
    (folder / ".gitignore").write_text("cdk.out\n", encoding="utf-8")
    (folder / ".git").mkdir()
    return folder


def test_an_application_in_typescript(typescript):
    """Its faults, each once and at its line, and none but these: what CDK grants for itself is no fault."""
    places = {
        (f.code, f.resource, f.location.path, f.location.span.line)
        for f in found(typescript).findings
        if f.severity != "note"
    }
    app = "bin/app.ts"
    assert places == {
        ("LL102", "Sum1DD269EA", app, line_of(typescript, 'lambda.Function(this, "Sum"', app)),
        ("LL205", "Greet", app, line_of(typescript, 'sam.CfnFunction(this, "Greet"', app)),
        ("LL308", "Shared", app, line_of(typescript, 'sam.CfnLayerVersion(this, "Shared"', app)),
        ("LL801", "ChargeEC431097", "lambda/app.py", 3),
    }


def test_code_that_is_not_staged_is_read_where_it_lies(typescript):
    """And the finding in it is related to the construct's line."""
    (finding,) = [f for f in found(typescript).findings if f.code == "LL801"]
    assert "(Production/Europe/Billing/Charge/Resource)" in finding.message
    line = line_of(typescript, 'new lambda.Function(this, "Charge"', "bin/app.ts")
    assert [(r.location.path, r.location.span.line) for r in finding.related] == [("bin/app.ts", line)]
    assert (finding.template.path, finding.template.span.line) == ("bin/app.ts", line)


def test_a_stage_is_counted_once(typescript):
    whole = found(typescript)
    again = found(typescript, "cdk.out", "cdk.out/assembly-Production", "cdk.out/Sound.template.json")
    assert (again.functions, len(again.findings)) == (whole.functions, len(whole.findings))


def test_a_stage_alone_finds_the_assets_above_it(javascript):
    report = found(javascript, "cdk.out/assembly-Production")
    assert "LL004" not in {f.code for f in report.findings}
    for path in (javascript / "cdk.out").glob("asset.*"):
        shutil.rmtree(path)
    assert "LL004" in {f.code for f in found(javascript, "cdk.out/assembly-Production").findings}


def test_a_file_that_is_not_here_falls_back_to_the_template(tmp_path, monkeypatch):
    folder = tmp_path / "elsewhere"
    shutil.copytree(os.path.join(DATA, "javascript"), folder)
    monkeypatch.chdir(folder)
    (finding,) = [f for f in found(folder).findings if f.code == "LL101"]
    assert finding.location.path == "cdk.out/OrdersReports6871D998.nested.template.json"


def test_lint_is_there_for_programs(javascript):
    report = lambdalint.lint(["cdk.out"], settings(javascript))
    assert report.functions >= 5
