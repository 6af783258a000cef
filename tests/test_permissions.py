"""Who may invoke a function: permissions however they name it, principals and qualifiers compared."""

from __future__ import annotations

import pytest

from lambdalint.engine import readings
from lambdalint.model.permissions import (
    is_principal,
    may_be_for,
    permissions,
    plain,
    same_qualifier,
    unplaced_permissions,
)
from lambdalint.model.values import Reference, Symbol, Text, Unknown
from lambdalint.settings import Settings

FUNCTION = """
  Fn:
    Type: AWS::Lambda::Function
    Properties:
      {name}
      Runtime: python3.13
      Handler: index.handler
      Role: arn:aws:iam::111122223333:role/report
      Code: {{ZipFile: "def handler(event, context): pass"}}
  One:
    Type: AWS::Lambda::Version
    Properties: {{FunctionName: !Ref Fn}}
  Live:
    Type: AWS::Lambda::Alias
    Properties: {{FunctionName: !Ref Fn, FunctionVersion: !GetAtt One.Version, Name: live}}
  May:
    Type: AWS::Lambda::Permission
    Properties:
      FunctionName: {target}
      Action: lambda:InvokeFunction
      Principal: events.amazonaws.com
"""


def deployment_of(tmp_path, name, target):
    text = "Parameters: {Name: {Type: String}, Other: {Type: String}}\nResources:" + FUNCTION.format(
        name=name, target=target
    )
    path = tmp_path / "template.yaml"
    path.write_text(text)
    (deployment,) = readings([str(path)], Settings(cwd=str(tmp_path)))
    return deployment


@pytest.mark.parametrize(
    ("name", "target", "qualifier"),
    [
        ("Description: none", "!Ref Fn", None),
        ("Description: none", "!GetAtt Fn.Arn", None),
        ("Description: none", "!Sub '${Fn.Arn}:live'", "live"),
        ("Description: none", "!Ref Live", "live"),
        ("Description: none", "!Ref One", Reference("One", "Version")),
        ("FunctionName: report", "report", None),
        ("FunctionName: report", "report:live", "live"),
        ("FunctionName: report", "arn:aws:lambda:eu-west-1:111122223333:function:report", None),
        ("FunctionName: report", "!Sub arn:aws:lambda:${AWS::Region}:${AWS::AccountId}:function:report:live", "live"),
        ("FunctionName: !Sub '${AWS::StackName}-report'", "!Sub '${AWS::StackName}-report'", None),
        ("FunctionName: !Ref Name", "!Ref Name", None),
    ],
)
def test_found_however_it_is_named(tmp_path, name, target, qualifier):
    deployment = deployment_of(tmp_path, name, target)
    (function,) = deployment.functions
    (found,) = permissions(deployment, function)
    assert (found.resource.id, found.qualifier, found.service) == ("May", qualifier, "events.amazonaws.com")


@pytest.mark.parametrize(
    ("name", "target", "maybe"),
    [
        ("Description: none", "other", False),
        ("Description: none", "!Sub '${AWS::StackName}-other'", False),
        ("Description: none", "!Ref Other", True),
        ("Description: none", "!ImportValue other", True),
        ("FunctionName: report", "other", False),
        ("FunctionName: report", "!Ref Other", True),
        ("FunctionName: !Ref Name", "other", True),
        ("FunctionName: !Ref Name", "!Ref Other", True),
    ],
)
def test_of_another_function_or_not_known(tmp_path, name, target, maybe):
    deployment = deployment_of(tmp_path, name, target)
    (function,) = deployment.functions
    assert permissions(deployment, function) == ()
    (unplaced,) = unplaced_permissions(deployment)
    assert may_be_for(function, unplaced) is maybe


def test_plain_text_of_a_principal():
    assert plain(Text(("logs.", Symbol("AWS::Region"), ".amazonaws.com"))) == "logs.REGION.amazonaws.com"
    assert plain(Text(("events.", Symbol("AWS::URLSuffix")))) == "events.amazonaws.com"
    assert plain(Text(("events.", Unknown("a parameter")))) is None
    assert plain(None) is None


@pytest.mark.parametrize(
    ("service", "expected", "fits"),
    [
        ("events.amazonaws.com", "events.amazonaws.com", True),
        ("events.amazonaws.com.cn", "events.amazonaws.com", True),
        ("logs.REGION.amazonaws.com", "logs.amazonaws.com", True),
        ("logs.eu-west-1.amazonaws.com", "logs.amazonaws.com", True),
        ("scheduler.amazonaws.com", "events.amazonaws.com", False),
        ("batchoperations.s3.amazonaws.com", "s3.amazonaws.com", False),
        ("lambda.alarms.cloudwatch.amazonaws.com", "cloudwatch.amazonaws.com", False),
    ],
)
def test_principals(service, expected, fits):
    assert is_principal(service, expected) is fits


def test_qualifiers():
    version = Reference("One", "Version")
    assert same_qualifier(None, "$LATEST") is True
    assert same_qualifier("live", "live") is True
    assert same_qualifier("live", None) is False
    assert same_qualifier("live", "beta") is False
    assert same_qualifier(version, version) is True
    assert same_qualifier(version, None) is False
    assert same_qualifier(version, "live") is False
    assert same_qualifier(version, "3") is None
    assert same_qualifier(Unknown("a parameter"), "live") is None
