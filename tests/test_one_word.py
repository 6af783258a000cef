"""Of one fault one rule speaks: where a specific rule says it, the general one is silent."""

from __future__ import annotations

import pytest

from lambdalint.examples import run_example

RAW = """\
Resources:
  Worker:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.13
      Handler: index.handler
      Role: arn:aws:iam::111122223333:role/worker
      Code: {ZipFile: "def handler(event, context): pass"}
"""
MAPPING = """\
  Poll:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      FunctionName: !Ref Worker
      EventSourceArn: SOURCE
      DestinationConfig: {OnSuccess: {Destination: "arn:aws:sqs:eu-west-1:111122223333:done"}}
"""
QUEUE = "arn:aws:sqs:eu-west-1:111122223333:orders"
STREAM = "arn:aws:kinesis:eu-west-1:111122223333:stream/clicks"
STREAMED = "      StartingPosition: LATEST\n      MaximumRetryAttempts: 3\n"
SAM = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Done: {Type: AWS::SQS::Queue}
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.13
      Handler: index.handler
      InlineCode: "def handler(event, context): pass"
      Events:
        Clicks:
          Type: Kinesis
          Properties:
            Stream: arn:aws:kinesis:eu-west-1:111122223333:stream/clicks
            StartingPosition: LATEST
            MaximumRetryAttempts: 3
            DestinationConfig: {OnSuccess: {Destination: !GetAtt Done.Arn}}
"""
ROLE = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.13
      Handler: index.handler
      InlineCode: "def handler(event, context): pass"
      Policies:
        - Statement: [{Effect: Allow, Action: ["*", "s3:*"], Resource: RESOURCE}]
"""
EDGE = """\
Resources:
  Worker:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: nodejs22.x
      Handler: index.handler
      Role: arn:aws:iam::111122223333:role/worker
      Code: {ZipFile: "exports.handler = async (event) => event.Records[0].cf.request"}
      DeadLetterConfig: {TargetArn: "arn:aws:sqs:us-east-1:111122223333:failed"}
  One:
    Type: AWS::Lambda::Version
    Properties: {FunctionName: !Ref Worker}
  Site:
    Type: AWS::CloudFront::Distribution
    Properties:
      DistributionConfig:
        Enabled: true
        Origins: [{Id: site, DomainName: site.example.com, CustomOriginConfig: {OriginProtocolPolicy: https-only}}]
        DefaultCacheBehavior:
          TargetOriginId: site
          ViewerProtocolPolicy: https-only
          LambdaFunctionAssociations: [{EventType: viewer-request, LambdaFunctionARN: !Ref One}]
"""


@pytest.mark.parametrize(
    ("template", "codes"),
    [
        (RAW + MAPPING.replace("SOURCE", STREAM) + STREAMED, ["LL418"]),
        (RAW + MAPPING.replace("SOURCE", QUEUE), ["LL407"]),
        (SAM, ["LL418"]),
        # What cannot be there needs no right either, and a slip of the name is still one.
        (RAW + MAPPING.replace("SOURCE", STREAM).replace("OnSuccess", "OnFailur") + STREAMED, ["LL119"]),
        (ROLE.replace("RESOURCE", '"*"'), ["LL506"]),
        (ROLE.replace("RESOURCE", '"arn:aws:s3:::reports/*"'), ["LL504", "LL504"]),
        (EDGE, ["LL901"]),
    ],
    ids=["stream", "queue", "sam", "slip", "administrator", "wildcards", "edge"],
)
def test_one_word(template: str, codes: list[str]) -> None:
    assert [finding.code for finding in run_example({"template": template})] == codes
