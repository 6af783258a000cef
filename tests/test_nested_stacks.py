"""Nested stacks of local files: read with what their parents give, and reported once, in the nested template."""

from __future__ import annotations

import os

import pytest

from lambdalint.engine import lint, readings
from lambdalint.settings import Settings

CHILD = """\
Parameters:
  Memory: {Type: Number, Default: 20}
Resources:
  Worker:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.13
      Handler: app.handler
      Role: arn:aws:iam::111122223333:role/worker
      Code: {S3Bucket: code, S3Key: app.zip}
      MemorySize: !Ref Memory
"""
APPLICATION = """\
Transform: AWS::Serverless-2016-10-31
Parameters:
  Size: {Type: Number, Default: 20000}
Resources:
  Part:
    Type: AWS::Serverless::Application
    Properties: {Location: parts/worker.yaml, Parameters: {Memory: !Ref Size}}
"""
STACK = """\
Resources:
  Part:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: ./parts/worker.yaml
      Parameters: {Memory: MEMORY}
"""


@pytest.fixture
def write(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def put(**files):
        for name, content in files.items():
            path = tmp_path / (name.replace("__", "/") + ".yaml")
            path.parent.mkdir(exist_ok=True)
            path.write_text(content, encoding="utf-8")

    return put


def settings(**more):
    return Settings(as_of="2026-11-23", cwd=os.getcwd(), cache=False, **more)


def found(*paths, **more):
    report, _ = lint(list(paths) or ["."], settings(select=("LL101",), **more))
    assert not report.notices
    return [(f.location.path, f.location.span.line, f.message.split(" MB")[0]) for f in report.findings], report


@pytest.mark.parametrize("parent", [APPLICATION, STACK.replace("MEMORY", "20000")])
@pytest.mark.parametrize("paths", [[], ["root.yaml"], ["parts/worker.yaml", "root.yaml"]])
def test_the_parents_value_is_in_force_and_the_default_is_not(write, parent, paths):
    write(root=parent, parts__worker=CHILD)
    findings, report = found(*paths)
    assert findings == [("parts/worker.yaml", 11, "MemorySize is 20000")]
    assert report.functions == 1
    (link,) = report.findings[0].related
    assert (link.location.path, link.message) == ("root.yaml", "given by Part")
    assert link.location.span.line == next(
        number for number, line in enumerate(parent.splitlines(), 1) if "{Memory:" in line
    )


def test_alone_the_default_counts(write):
    write(parts__worker=CHILD)
    assert found()[0] == [("parts/worker.yaml", 11, "MemorySize is 20")]


def test_two_stacks_of_one_template(write):
    second = STACK.replace("Part:", "Other:").replace("MEMORY", "64").partition("\n")[2]
    write(root=STACK.replace("MEMORY", "512") + second, parts__worker=CHILD)
    findings, report = found()
    assert findings == [("parts/worker.yaml", 11, "MemorySize is 64")]
    assert report.findings[0].related[0].message == "given by Other"


@pytest.mark.parametrize("value", ["!GetAtt Other.Outputs.Size", "'{{resolve:ssm:/size}}'", "!ImportValue size"])
def test_what_the_parent_does_not_know_is_not_known_below(write, value):
    write(root=STACK.replace("MEMORY", value), parts__worker=CHILD)
    assert found()[0] == []


def test_a_parameter_that_the_parent_leaves_out_has_its_default(write):
    write(root=STACK.replace("Memory: MEMORY", "Unheard: 1"), parts__worker=CHILD)
    assert found()[0] == [("parts/worker.yaml", 11, "MemorySize is 20")]


def test_a_stack_in_a_stack(write):
    middle = "Parameters: {Memory: {Type: Number}}\n" + STACK.replace("MEMORY", "!Ref Memory").replace("parts/", "")
    root = STACK.replace("MEMORY", "30000").replace("worker", "middle")
    write(root=root, parts__middle=middle, parts__worker=CHILD)
    assert found()[0] == [("parts/worker.yaml", 11, "MemorySize is 30000")]


def test_templates_that_deploy_each_other_come_to_an_end(write):
    again = CHILD + "  Again:\n    Type: AWS::CloudFormation::Stack\n    Properties: {TemplateURL: OTHER.yaml}\n"
    write(one=again.replace("OTHER", "two"), two=again.replace("OTHER", "one"))
    findings, _ = found()
    assert {path for path, _, _ in findings} == {"one.yaml", "two.yaml"}


def test_each_samconfig_environment_of_the_parent(write, tmp_path):
    write(template=APPLICATION, parts__worker=CHILD)
    (tmp_path / "samconfig.toml").write_text(
        'version = 0.1\n[dev.deploy.parameters]\nparameter_overrides = "Size=512"\n'
        '[prod.deploy.parameters]\nparameter_overrides = "Size=64"\n'
    )
    findings, report = found()
    assert findings == [("parts/worker.yaml", 11, "MemorySize is 64")]
    assert report.findings[0].when == ("samconfig environment prod",)


@pytest.mark.parametrize("url", ["https://s3.amazonaws.com/bucket/worker.yaml", "../outside.yaml", "nowhere.yaml"])
def test_what_is_not_here_is_left_alone(write, tmp_path, url):
    (tmp_path / "inner").mkdir()
    write(outside=CHILD, inner__root=CHILD + STACK.partition("\n")[2].replace("./parts/worker.yaml", url))
    os.chdir(tmp_path / "inner")
    assert [path for path, _, _ in found()[0]] == ["root.yaml"]


def test_an_excluded_template_stays_excluded(write):
    write(root=CHILD + STACK.partition("\n")[2].replace("MEMORY", "64"), parts__worker=CHILD)
    assert [path for path, _, _ in found(exclude=("parts/",))[0]] == ["root.yaml"]


def test_a_nested_template_that_cannot_be_read_is_a_finding(write):
    write(root=STACK, parts__worker="Resources: {A: {Type: AWS::Lambda::Function, [")
    report, _ = lint(["root.yaml"], settings(select=("LL001",)))
    assert [f.location.path for f in report.findings] == ["parts/worker.yaml"]


def test_a_parent_without_a_function_counts_where_a_template_below_has_one(write):
    write(root=STACK.replace("MEMORY", "512"), parts__worker=CHILD)
    paths = [deployment.template.document.path for deployment in readings(["root.yaml"], settings())]
    assert paths == ["root.yaml", "parts/worker.yaml"]


def test_nested_stacks_without_a_function_are_passed_over(write):
    write(root=STACK.replace("MEMORY", "512"), parts__worker="Resources: {Queue: {Type: AWS::SQS::Queue}}\n")
    report, _ = lint(["root.yaml"], settings())
    assert (report.files, report.findings, report.trusted) == (0, (), True)


def missing():
    report, _ = lint(["."], settings(select=("LL004",)))
    assert not report.findings
    return [(notice.path, notice.resource, notice.message) for notice in report.notices]


OTHER = "  Other:\n    Type: AWS::CloudFormation::Stack\n    Properties: {TemplateURL: parts/other.yaml}\n"


def test_a_nested_template_that_is_not_there_is_a_notice(write):
    """No finding: a build that copies the parent elsewhere finds the path from there."""
    words = "parts/other.yaml is not there: it is not linted"
    write(root=STACK.replace("MEMORY", "512") + OTHER, parts__worker=CHILD)
    assert missing() == [("root.yaml", "Other", words)]
    write(root=CHILD + OTHER)
    assert missing() == [("root.yaml", "Other", words)]


def test_a_nested_template_that_is_not_there_is_looked_for_from_its_parent(write):
    middle = CHILD + OTHER
    write(root=STACK.replace("MEMORY", "512").replace("worker", "middle"), parts__middle=middle, parts__other=CHILD)
    assert missing() == [("parts/middle.yaml", "Other", "parts/other.yaml is not there: it is not linted")]
