"""Cloud assemblies: made by the newest aws-cdk-lib (tests/data/cdk/synth.sh), of the shared corpus, and broken ones."""

from __future__ import annotations

import json
import os
import shutil

import pytest

import lambdalint
from lambdalint.engine import lint
from lambdalint.parsers.cdk import INTERNAL
from lambdalint.parsers.cdk.internal import internal
from lambdalint.parsers.cdk.places import Sources, constructs, metadata_of
from lambdalint.settings import Roots, Settings

HERE = os.path.dirname(os.path.abspath(__file__))
DATA = os.path.join(HERE, "data", "cdk")
CORPUS = os.path.join(HERE, "..", "..", "shared", "corpus")


def settings(folder, **more):
    return Settings(as_of="2026-11-23", cwd=str(folder), cache=False, **more)


@pytest.fixture
def javascript(tmp_path, monkeypatch):
    return laid_out("javascript", tmp_path, monkeypatch)


def laid_out(name, tmp_path, monkeypatch):
    """An application as its author has it: the assembly names the absolute paths of this folder."""
    folder = tmp_path / name
    shutil.copytree(os.path.join(DATA, name), folder)
    for path in (folder / "cdk.out").rglob("*.json"):
        text = path.read_text(encoding="utf-8")
        if "/PROJECT" in text:
            path.write_text(text.replace("/PROJECT", str(folder)), encoding="utf-8")
    monkeypatch.chdir(folder)
    return folder


def found(folder, *paths, **more):
    report, _ = lint(list(paths) or ["cdk.out"], settings(folder, **more))
    assert not [n for n in report.notices if "internal error" in n.message]
    return report


def line_of(folder, words):
    lines = (folder / "app.js").read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if words in line)


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


@pytest.mark.parametrize(
    ("path", "made"),
    [
        ("App/Custom::S3AutoDeleteObjectsCustomResourceProvider/Handler", True),
        ("App/@aws-cdk--aws-eks.ClusterResourceProvider/OnEventHandler/Resource", True),
        ("App/AWS679f53fac002430cb0da5b7982bd2287/Resource", True),
        ("App/Mine/framework-onEvent/Resource", True),
        ("App/AWSCDK.TriggerCustomResourceProviderCustomResourceProvider/Handler", True),
        ("App/Group/DrainECSHook/Function/Resource", True),
        ("App/Eval41256dc5445742738ed917bc818694e5/Resource", True),
        ("App/SingletonLambda0123456789abcdef0123456789abcdef/Resource", False),
        ("App/PaymentResourceProvider/Handler/Resource", False),
        ("App/Aws/Resource", False),
    ],
)
def test_what_cdk_makes_is_told_by_its_path(path, made):
    assert bool(INTERNAL.search("/" + path)) is made


FUNCTION = "AWS::Lambda::Function"
LAYER = "AWS::Lambda::LayerVersion"


def made(resources, metadata=None):
    """What is told apart as CDK's own; resources by construct path, which here is the logical ID too."""
    paths = {path: path for path in resources}
    return set(internal(resources, paths, metadata_of(metadata)))


def permission(principal, **more):
    return {"Type": "AWS::Lambda::Permission", "Properties": {"Principal": principal, **more}}


def test_what_the_assembly_marks_is_cdks_own():
    """The certificate's handler is marked on the construct above the function, in the assembly's metadata."""
    resources = {"S/Cert/Requestor/Resource": {"Type": FUNCTION}, "S/Mine/Resource": {"Type": FUNCTION}}
    mark = [{"type": "aws:cdk:is-custom-resource-handler-runtime-family", "data": 0}]
    assert made(resources, {"/S/Cert/Requestor": mark}) == {"S/Cert/Requestor/Resource"}


def test_a_layer_of_cdks_own_functions_alone_is_its_own():
    """BucketDeployment brings the AWS CLI along."""
    own, users = "S/Custom::CDKBucketDeployment8693BB64968944B69AAFB0CC9EB8756C/Resource", "S/Mine/Resource"
    layers = {"Layers": [{"Ref": "S/D/AwsCliLayer/Resource"}]}
    resources = {own: {"Type": FUNCTION, "Properties": layers}, "S/D/AwsCliLayer/Resource": {"Type": LAYER}}
    assert made(resources) == set(resources)
    shared = {**resources, users: {"Type": FUNCTION, "Properties": layers}}
    assert made(shared) == {own}
    exported = {**resources, "Out": {"Type": "AWS::SSM::Parameter", "Properties": {"Value": layers["Layers"][0]}}}
    assert made(exported) == {own}


@pytest.mark.parametrize(
    ("frames", "own"),
    [
        (["...PropertyInjectable.addRotationSchedule in aws-cdk-lib...", "new App (/app.js:1:1)"], True),
        (["...new GraphqlApi2 in aws-cdk-lib...", "new App (/app.js:1:1)"], True),
        (["...aws-cdk-lib...", "(no user code in 10 frames, use --stack-trace-limit to capture more)"], True),
        (["...PropertyInjectable.addPermission in aws-cdk-lib...", "new App (/app.js:1:1)"], False),
        (["...PropertyInjectable.grantInvoke in aws-cdk-lib...", "new App (/app.js:1:1)"], False),
        (["new App (/app.js:1:1)"], False),
        (["...aws-cdk-lib, jsii runtime...", "(no user code in 10 frames)"], False),
    ],
)
def test_a_permission_is_the_users_where_the_user_asked_for_it(frames, own):
    """A load balancer's target, a secret's rotation and an authorizer give no property to narrow it."""
    metadata = {"/S/Fn/P": [{"type": "aws:cdk:creationStack", "data": frames}]}
    assert made({"S/Fn/P": permission("sns.amazonaws.com")}, metadata) == ({"S/Fn/P"} if own else set())


def test_a_permission_without_a_trace_is_cdks_own_by_what_it_grants():
    path = "S/Fn/Invoke2UTWxhlfyqbT5FTn--5jvgbLgj+FfJwzswGk55DU1H--Y="
    balancer = "elasticloadbalancing.amazonaws.com"
    assert made({path: permission(balancer)}) == {path}
    assert made({path: permission(balancer, SourceArn="arn")}) == set()
    assert made({path: permission("sns.amazonaws.com")}) == set()
    assert made({"S/Fn/Mine": permission(balancer)}) == set()


@pytest.mark.parametrize(
    ("frame", "line", "column"),
    [
        ("new Orders (PROJECT/app.js:42:5)", 42, 5),
        ("PROJECT/app.js:42:5", 42, 5),
        ("at new Orders (file://PROJECT/app.js:42:5)", 42, 5),
        ("file://PROJECT/app%2Ejs:42:5", 42, 5),
        ("at PROJECT/app.js:42:5", 42, 5),
        ("__init__ (PROJECT/app.js:42)", 42, 1),
        ('File "PROJECT/app.js", line 42, in __init__', 42, 1),
        ("new Orders (app.js:42:5)", 42, 5),
        ("new Orders (PROJECT/node_modules/ours/app.js:42:5)", None, None),
        ("new Orders (/elsewhere/app.js:42:5)", None, None),
        ("...aws-cdk-lib...", None, None),
        ("(no user code in 10 frames, use --stack-trace-limit to capture more)", None, None),
    ],
)
def test_a_frame_of_the_trace_is_a_place(tmp_path, frame, line, column):
    """As Node.js writes it, as the CLI shortens it, and as --debug gives Python's (no column there)."""
    (tmp_path / "app.js").write_text("", encoding="utf-8")
    metadata = {"/S/Fn": [{"type": "aws:cdk:creationStack", "data": [frame.replace("PROJECT", str(tmp_path))]}]}
    sources = Sources({"Fn": "S/Fn"}, metadata_of(metadata), str(tmp_path), Roots(str(tmp_path), str(tmp_path)))
    found = sources.get("Fn")
    assert (found.path, found.span.line, found.span.column) == ("app.js", line, column) if line else found is None


def test_construct_paths_of_nested_stacks_without_path_metadata():
    """With --no-path-metadata the assembly's metadata alone tells them, a nested stack's among its parent's."""

    def logical(name):
        return [{"type": "aws:cdk:logicalId", "data": name}]

    metadata = metadata_of(
        {
            "/S": [{"type": "aws:cdk:templateFile", "data": "S.template.json"}],
            "/S/Inner": [{"type": "aws:cdk:templateFile", "data": "SInner.nested.template.json"}],
            "/S/Inner/Fn/Resource": logical("Fn"),
            "/S/Fn/Resource": logical("Fn"),
        }
    )
    assert constructs({"Fn": {}}, metadata, "S.template.json", False) == {"Fn": "S/Fn/Resource"}
    assert constructs({"Fn": {}}, metadata, "SInner.nested.template.json", True) == {"Fn": "S/Inner/Fn/Resource"}
    old = {path: entries for path, entries in metadata.items() if path.endswith("Resource")}
    assert constructs({"Fn": {}}, old, "SInner.nested.template.json", True) == {}


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


def test_a_missing_asset_is_said(javascript):
    for path in (javascript / "cdk.out").glob("asset.*"):
        shutil.rmtree(path)
    codes = {f.code for f in found(javascript).findings}
    assert "LL004" in codes


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


def test_a_file_that_is_not_here_falls_back_to_the_template(tmp_path, monkeypatch):
    folder = tmp_path / "elsewhere"
    shutil.copytree(os.path.join(DATA, "javascript"), folder)
    monkeypatch.chdir(folder)
    (finding,) = [f for f in found(folder).findings if f.code == "LL101"]
    assert finding.location.path == "cdk.out/OrdersReports6871D998.nested.template.json"


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


def test_lint_is_there_for_programs(javascript):
    report = lambdalint.lint(["cdk.out"], settings(javascript))
    assert report.functions >= 5
