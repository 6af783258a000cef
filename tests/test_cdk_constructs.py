"""What a cloud assembly says of its constructs: which are CDK's own, and where each was made."""

from __future__ import annotations

import os

import pytest

from lambdalint.parsers.cdk import INTERNAL
from lambdalint.parsers.cdk.internal import internal
from lambdalint.parsers.cdk.places import Sources, constructs, metadata_of
from lambdalint.settings import Roots


@pytest.mark.parametrize(
    ("path", "made"),
    [
        ("App/Custom::S3AutoDeleteObjectsCustomResourceProvider/Handler", True),
        ("App/@aws-cdk--aws-eks.ClusterResourceProvider/OnEventHandler/Resource", True),
        ("App/AWS679f53fac002430cb0da5b7982bd2287/Resource", True),
        ("App/Custom::CrossRegionExportReaderCustomResourceProvider/Role", True),
        ("App/Custom::MineCustomResourceProvider/Handler", False),
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
        ("    at Object.<anonymous> (PROJECT/my (old) app/app.js:42:5)", 42, 5),
        ("(PROJECT/app.js:42:5)", 42, 5),
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
    for folder in (tmp_path, tmp_path / "my (old) app"):
        folder.mkdir(exist_ok=True)
        (folder / "app.js").write_text("", encoding="utf-8")
    metadata = {"/S/Fn": [{"type": "aws:cdk:creationStack", "data": [frame.replace("PROJECT", str(tmp_path))]}]}
    sources = Sources({"Fn": "S/Fn"}, metadata_of(metadata), str(tmp_path), Roots(str(tmp_path), str(tmp_path)))
    found = sources.get("Fn")
    place = found and (os.path.basename(found.path), found.span.line, found.span.column)
    assert place == (("app.js", line, column) if line else None)


def test_construct_paths_of_nested_stacks_without_path_metadata():
    """With --no-path-metadata the assembly's metadata alone tells them, a nested stack's among its parent's."""

    def logical(name):
        return [{"type": "aws:cdk:logicalId", "data": name}]

    metadata = metadata_of(
        {
            "/S/Inner.NestedStack/Inner.NestedStackResource": logical("Nested"),
            "/S/Inner/Fn/Resource": logical("Fn"),
            "/S/Fn/Resource": logical("Fn"),
        }
    )
    assert constructs({"Fn": {}}, metadata, "") == {"Fn": "S/Fn/Resource"}
    assert constructs({"Fn": {}}, metadata, "/S/Inner") == {"Fn": "S/Inner/Fn/Resource"}
    assert constructs({"Fn": {}}, metadata, None) == {}
    assert constructs({"Fn": {"Metadata": {"aws:cdk:path": "S/X"}}}, metadata, None) == {"Fn": "S/X"}
