"""What ordinary handlers need: against what is known of IAM, and against what iam-policy-autopilot reads in them.

tests/data/handlers/autopilot.json holds the calls that iam-policy-autopilot (AWS Labs, Apache-2.0) finds in each:
``SERVICE|SERVICE method`` for each call, several services where it cannot decide. It was made with

    iam-policy-autopilot extract-sdk-calls tests/data/handlers/NAME.py

(its other half, from calls to actions, asks AWS over the network and is not compared).
"""

from __future__ import annotations

import json
import os
import re

import pytest

from lambdalint.cli import run
from lambdalint.iam.calls import needs_of
from lambdalint.iam.sdk import actions_for
from lambdalint.model.files import FolderFiles
from lambdalint.parsers.python import read_handler

HANDLERS = os.path.join(os.path.dirname(__file__), "data", "handlers")
NAMES = sorted(name[:-3] for name in os.listdir(HANDLERS) if name.endswith(".py"))

NEEDED = {
    "appconfig_data": "appconfig:GetLatestConfiguration appconfig:StartConfigurationSession",
    "athena_query": "athena:GetQueryExecution athena:GetQueryResults athena:StartQueryExecution",
    "bedrock_invoke": "bedrock:InvokeModel bedrock:InvokeModelWithResponseStream",
    "client_passed_on": "dynamodb:PutItem",
    "cloudfront_invalidate": "cloudfront:CreateInvalidation",
    "cloudwatch_metrics": "cloudwatch:GetMetricStatistics cloudwatch:PutMetricData",
    "codepipeline_result": "codepipeline:PutJobFailureResult codepipeline:PutJobSuccessResult",
    "cognito_user": "cognito-idp:AdminAddUserToGroup cognito-idp:AdminCreateUser",
    "dynamodb_batch": "dynamodb:BatchWriteItem",
    "dynamodb_batch_get": "dynamodb:BatchGetItem",
    "dynamodb_client": "dynamodb:DeleteItem dynamodb:UpdateItem",
    "dynamodb_describe": "dynamodb:DescribeTable",
    "dynamodb_query": "dynamodb:Query",
    "dynamodb_scan": "dynamodb:Scan",
    "dynamodb_table": "dynamodb:GetItem dynamodb:PutItem",
    "dynamodb_transaction": "dynamodb:PutItem",
    "ec2_resource": "ec2:CreateTags ec2:DescribeInstances",
    "ec2_snapshots": "ec2:CreateSnapshot ec2:DescribeVolumes",
    "ec2_stop": "ec2:DescribeInstances ec2:StopInstances",
    "ecs_run_task": "ecs:RunTask",
    "events_put": "events:PutEvents",
    "firehose_put": "firehose:PutRecordBatch",
    "glue_start": "glue:StartCrawler glue:StartJobRun",
    "iot_publish": "iot:GetThingShadow iot:Publish",
    "kinesis_put": "kinesis:PutRecord kinesis:PutRecords",
    "kms_decrypt": "kms:Decrypt kms:GenerateDataKey",
    "lambda_async": "lambda:InvokeFunction lambda:ListFunctions",
    "lambda_invoke": "lambda:InvokeFunction",
    "logs_query": "logs:GetQueryResults logs:StartQuery",
    "logs_retention": "logs:DescribeLogGroups logs:PutRetentionPolicy",
    "polly_speech": "polly:SynthesizeSpeech",
    "powertools_parameters": "secretsmanager:GetSecretValue ssm:GetParameter",
    "rds_data": "rds-data:ExecuteStatement",
    "rekognition_labels": "rekognition:DetectLabels",
    "requests_only": "",
    "route53_record": "route53:ChangeResourceRecordSets",
    "s3_buckets": "s3:GetEncryptionConfiguration s3:ListAllMyBuckets",
    "s3_copy": "s3:GetObject s3:PutObject",
    "s3_get_object": "s3:GetObject",
    "s3_head": "s3:GetObject s3:ListBucket",
    "s3_list_and_delete": "s3:DeleteObject s3:ListBucket",
    "s3_multipart": "s3:AbortMultipartUpload s3:PutObject",
    "s3_presigned": "s3:GetObject",
    "s3_put_object": "s3:PutObject",
    "s3_resource_objects": "s3:ListBucket s3:PutObject",
    "s3_tagging": "s3:GetObjectTagging s3:PutObjectTagging",
    "s3_transfer": "s3:GetObject s3:PutObject",
    "s3_version": "s3:GetObjectVersion",
    "scheduler_create": "iam:PassRole scheduler:CreateSchedule",
    "secrets_get": "secretsmanager:GetSecretValue",
    "secrets_rotate": "secretsmanager:DescribeSecret secretsmanager:GetRandomPassword "
    "secretsmanager:PutSecretValue secretsmanager:UpdateSecretVersionStage",
    "ses_send": "ses:SendEmail",
    "sesv2_send": "ses:SendEmail",
    "several_services": "dynamodb:PutItem events:PutEvents",
    "sns_batch": "sns:Publish",
    "sns_publish": "sns:Publish",
    "sns_topic_resource": "sns:Publish",
    "sqs_batch": "sqs:SendMessage",
    "sqs_receive": "sqs:DeleteMessage sqs:GetQueueUrl sqs:ReceiveMessage",
    "sqs_resource": "sqs:SendMessage",
    "sqs_send": "sqs:SendMessage",
    "ssm_command": "ssm:SendCommand",
    "ssm_parameter": "ssm:GetParameter",
    "ssm_path": "ssm:GetParametersByPath",
    "stepfunctions_callback": "states:SendTaskFailure states:SendTaskSuccess",
    "stepfunctions_start": "states:StartExecution",
    "sts_assume": "sts:AssumeRole",
    "sts_identity": "",
    "textract_start": "textract:StartDocumentTextDetection",
    "transcribe_start": "transcribe:StartTranscriptionJob",
    "translate_text": "comprehend:DetectDominantLanguage translate:TranslateText",
    "websocket_post": "execute-api:ManageConnections",
}
"""The actions that the role of each handler needs, from the Service Authorization Reference."""

DIFFERENT = {
    "lambda_invoke": ("", "s3:GetObject s3:ListAllMyBuckets", "it takes json.load for the load of an S3 object"),
    "requests_only": ("", "s3:GetObject s3:ListAllMyBuckets", "it takes json.load for the load of an S3 object"),
    "s3_get_object": ("", "s3:ListAllMyBuckets", "it takes json.load for the load of an S3 bucket"),
    "s3_presigned": (
        "s3:GetObject",
        "",
        "it does not count what a presigned URL lets others do with the role's rights",
    ),
    "s3_resource_objects": ("s3:PutObject", "", "it does not follow bucket.Object(…) from a variable of the module"),
    "sqs_resource": ("sqs:SendMessage", "", "it does not follow a Queue object from a variable of the module"),
    "sts_assume": ("", "chime:ListAccounts", "the client has the other role's credentials"),
    "s3_version": ("s3:GetObjectVersion", "s3:GetObject", "what a version needs is in its other half"),
}
"""Where we say something else: what only we say, what only autopilot's calls need, and why."""


def words(text: str) -> set[str]:
    return set(text.split())


def needed(name: str) -> set[str]:
    source = read_handler(FolderFiles(HANDLERS), f"{name}.handler", "python3.13")
    assert source.handler.name_status == "found"
    found = set()
    for call in source.calls:
        needs = needs_of(call)
        assert needs is not None, call
        found |= set() if call.foreign else {need[0] for need in needs}
    return found


def autopilot() -> dict[str, list[str]]:
    with open(os.path.join(HANDLERS, "autopilot.json"), encoding="utf-8") as file:
        handlers: dict[str, list[str]] = json.load(file)["handlers"]
    return handlers


def test_there_are_enough_handlers_and_all_are_expected():
    assert len(NAMES) >= 60
    assert sorted(NEEDED) == NAMES == sorted(autopilot())
    assert set(DIFFERENT) <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_what_a_handler_needs(name):
    assert needed(name) == words(NEEDED[name])


@pytest.mark.parametrize("name", NAMES)
def test_the_differences_from_autopilot_are_the_listed_ones(name):
    ours = needed(name)
    theirs: set[str] = set()
    for line in autopilot()[name]:
        services, method = line.split(" ")
        # Where it cannot decide between services, ours counts if it is among them.
        answers = [actions_for(service, method, ()) for service in services.split("|")]
        actions = [{need[0] for need in needs} for needs in answers if needs is not None]
        theirs |= next((one for one in actions if one <= ours), actions[0] if actions else set())
    only_ours, only_theirs, _ = DIFFERENT.get(name, ("", "", ""))
    assert (ours - theirs, theirs - ours) == (words(only_ours), words(only_theirs))


# -- the command -------------------------------------------------------------------------------------------------------

TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Orders: {Type: AWS::Serverless::SimpleTable}
  Files: {Type: AWS::S3::Bucket}
  Incoming: {Type: AWS::SQS::Queue}
  Failed: {Type: AWS::SNS::Topic}
  Save:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.13
      Handler: app.handler
      CodeUri: src/
      Tracing: Active
      VpcConfig: {SubnetIds: [subnet-1], SecurityGroupIds: [sg-1]}
      DeadLetterQueue: {Type: SNS, TargetArn: !Ref Failed}
      DurableConfig: {ExecutionTimeout: 60}
      Environment: {Variables: {TABLE: !Ref Orders, BUCKET: !Ref Files}}
      Events:
        Incoming: {Type: SQS, Properties: {Queue: !GetAtt Incoming.Arn}}
  Script:
    Type: AWS::Serverless::Function
    Properties: {Runtime: nodejs22.x, Handler: index.handler, CodeUri: js/, FunctionName: script}
"""
CODE = """
import os
import boto3

table = boto3.resource("dynamodb").Table(os.environ["TABLE"])
s3 = boto3.client("s3")

def handler(event, context):
    table.query(IndexName="by-day", KeyConditionExpression="d = :d")
    s3.put_object(Bucket=os.environ["BUCKET"], Key="a", Body=b"")
    boto3.client("ssm").get_parameter(Name="/shop/limit")
    boto3.client("sqs").send_message(QueueUrl=event["queue"], MessageBody="")
    boto3.client("s3").delete_object(Bucket="archive", Key="a")
    boto3.client(event["service"]).anything()
"""


@pytest.fixture
def app(tmp_path, monkeypatch):
    (tmp_path / "src").mkdir()
    (tmp_path / "js").mkdir()
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    (tmp_path / "src" / "app.py").write_text(CODE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def allowed(policy):
    """Action to the resources that it is allowed on."""
    found = {}
    for statement in policy["Statement"]:
        assert statement["Effect"] == "Allow"
        assert re.fullmatch("[A-Za-z0-9]+", statement["Sid"])
        actions = statement["Action"]
        for action in actions if isinstance(actions, list) else [actions]:
            found.setdefault(action, []).append(statement["Resource"])
    sids = [statement["Sid"] for statement in policy["Statement"]]
    assert len(sids) == len(set(sids))
    return found


def test_policy_as_json(app, capsys):
    assert run(["policy", "Save", "--format", "json", "--no-cache"]) == 0
    found = allowed(json.loads(capsys.readouterr().out))
    assert found["dynamodb:Query"] == [{"Fn::GetAtt": ["Orders", "Arn"]}, {"Fn::Sub": "${Orders.Arn}/index/*"}]
    assert found["s3:PutObject"] == [{"Fn::Sub": "${Files.Arn}/*"}]
    assert found["s3:DeleteObject"] == [{"Fn::Sub": "arn:${AWS::Partition}:s3:::archive/*"}]
    assert found["sqs:ReceiveMessage"] == [{"Fn::GetAtt": ["Incoming", "Arn"]}]
    assert found["sqs:SendMessage"] == ["*"]
    assert found["sns:Publish"] == [{"Ref": "Failed"}] or found["sns:Publish"] == [
        {"Fn::GetAtt": ["Failed", "TopicArn"]}
    ]
    assert found["xray:PutTraceSegments"] == ["*"]
    assert {"ec2:CreateNetworkInterface", "ec2:DescribeSubnets", "lambda:CheckpointDurableExecution"} <= set(found)
    (logs,) = found["logs:PutLogEvents"]
    assert logs["Fn::Sub"].endswith(":log-group:/aws/lambda/${AWS::StackName}-*:*")
    (durable,) = found["lambda:CheckpointDurableExecution"]
    assert durable["Fn::Sub"].endswith(":function:${AWS::StackName}-*:*"), "its own ARN in its own role is circular"
    (parameter,) = found["ssm:GetParameter"]
    assert parameter["Fn::Sub"].endswith(":parameter/shop/limit")
    assert "s3:GetObject" not in found


def test_what_lies_outside_the_template_is_named_as_it_is_written(app, capsys):
    (app / "template.yaml").write_text("""
Transform: AWS::Serverless-2016-10-31
Resources:
  Save:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: nodejs22.x
      Handler: index.handler
      CodeUri: js/
      FileSystemConfigs:
        - {Arn: "arn:aws:elasticfilesystem:eu-west-1:111122223333:access-point/fsap-1", LocalMountPath: /mnt/a}
      DeadLetterQueue: {Type: SQS, TargetArn: !Sub "arn:aws:sqs:${AWS::Region}:${AWS::AccountId}:dead"}
      EventInvokeConfig: {DestinationConfig: {OnFailure: {Type: S3Bucket, Destination: "arn:aws:s3:::failures"}}}
      Events:
        Stream:
          Type: Kinesis
          Properties: {Stream: "arn:aws:kinesis:eu-west-1:111122223333:stream/s", StartingPosition: LATEST}
        Consumer:
          Type: Kinesis
          Properties: {Stream: "arn:aws:kinesis:eu-west-1:111122223333:stream/t/consumer/c:1", StartingPosition: LATEST}
""")
    assert run(["policy", "Save", "--no-cache"]) == 0
    comment, brace, rest = capsys.readouterr().out.partition("{")
    found = allowed(json.loads(brace + rest))
    assert found["s3:PutObject"] == ["arn:aws:s3:::failures/*"]
    assert found["s3:ListBucket"] == ["arn:aws:s3:::failures"]
    assert found["sqs:SendMessage"] == [{"Fn::Sub": "arn:aws:sqs:${AWS::Region}:${AWS::AccountId}:dead"}]
    # What reads a stream through a consumer is allowed on the stream: the consumer's ARN would not do.
    assert found["kinesis:GetRecords"] == ["*", "arn:aws:kinesis:eu-west-1:111122223333:stream/s"]
    assert found["elasticfilesystem:ClientMount"] == ["*"]
    unknown = comment.partition("Not known:")[2]
    assert "the resource of its file system is not known: * stands for it" in unknown
    assert "the resource of its kinesis mapping is not known" in unknown
    assert "destination" not in unknown
    assert "dead-letter" not in unknown


def test_policy_as_text_has_the_table_above(app, capsys):
    assert run(["policy", "Save", "template.yaml", "--no-cache"]) == 0
    out = capsys.readouterr().out
    comment, brace, rest = out.partition("{")
    assert "Statement" in json.loads(brace + rest)
    assert all(line.startswith("#") for line in comment.splitlines())
    rows = [re.split(r"\s{2,}", line[2:]) for line in comment.splitlines()]
    assert ["dynamodb:Query", "Orders.Arn", "dynamodb query", "src/app.py:9"] in rows
    assert ["sqs:DeleteMessage", "Incoming.Arn", "the event source mapping of Incoming", "template.yaml:20"] in rows
    assert ["sns:Publish", "Failed.TopicArn", "its dead-letter queue Failed", "template.yaml:16"] in rows
    unknown = comment.partition("Not known:")[2]
    assert "the resource of sqs send_message is not known: * stands for it (src/app.py:12)" in unknown
    assert "clients of services that cannot be followed" in unknown


def test_code_that_is_not_python_is_said_to_be_unknown(app, capsys):
    assert run(["policy", "Script"]) == 0
    out = capsys.readouterr().out
    assert "the code is not Python (nodejs22.x): what it calls is not known (template.yaml:21)" in out
    assert "log-group:/aws/lambda/script:*" in out


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Sav", "there is no function Sav; did you mean Save?"),
        ("Other", "there is no function Other; there are Save, Script"),
        ("Orders", "Orders is no function (AWS::DynamoDB::Table)"),
    ],
)
def test_a_name_that_is_no_function(app, capsys, name, said):
    assert run(["policy", name]) == 2
    assert said in capsys.readouterr().err


def test_two_templates_with_the_function(app, capsys):
    (app / "other.yaml").write_text(TEMPLATE)
    assert run(["policy", "Save"]) == 2
    assert "2 templates have a function Save" in capsys.readouterr().err
    assert run(["policy", "Save", "other.yaml", "--no-cache"]) == 0


def test_the_policy_is_enough_for_the_rules(app, capsys):
    """With the policy in the template, nothing that the function does is reported as not allowed."""
    assert run(["policy", "Save", "--format", "json", "--no-cache"]) == 0
    policy = json.loads(capsys.readouterr().out)
    role = {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [
                    {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
                ],
            },
            "Policies": [{"PolicyName": "least", "PolicyDocument": policy}],
        },
    }
    text = TEMPLATE.replace("CodeUri: src/", "CodeUri: src/\n      Role: !GetAtt Role.Arn")
    (app / "template.yaml").write_text(text + "  Role: " + json.dumps(role) + "\n")
    assert run(["--select", "LL501,LL502,LL503,LL512,LL514", "--fail-on", "note", "--no-cache"]) == 0
    (app / "template.yaml").write_text(
        text + "  Role: " + json.dumps(role).replace("s3:PutObject", "s3:GetObject") + "\n"
    )
    assert run(["--select", "LL503", "--fail-on", "note", "--no-cache"]) == 1
