"""SDK calls to IAM actions: the rows of what is known, boto3's own methods, and the tables as they ship."""

from __future__ import annotations

import importlib.util
import json
import os

import pytest

from lambdalint.iam import tables
from lambdalint.iam.actions import (
    LIST,
    PERMISSIONS,
    READ,
    WRITE,
    action,
    exists,
    expand,
    glob,
    nearest,
    service_actions,
)
from lambdalint.iam.sdk import (
    actions_for,
    chain_actions,
    collection_member,
    iam_prefix,
    known_service,
    resource_member,
    resource_parameter,
    waiter_actions,
    waiter_operation,
)


def needs(text: str) -> tuple[tuple[str, ...], ...]:
    """``"a b|c"`` as ``(("a",), ("b", "c"))``."""
    return tuple(tuple(group.split("|")) for group in text.split())


ROWS = [
    ("s3", "list_objects", "s3:ListBucket"),
    ("s3", "list_objects_v2", "s3:ListBucket"),
    ("s3", "head_bucket", "s3:ListBucket"),
    ("s3", "head_object", "s3:GetObject"),
    ("s3", "get_object", "s3:GetObject"),
    ("s3", "download_file", "s3:GetObject"),
    ("s3", "download_fileobj", "s3:GetObject"),
    ("s3", "upload_file", "s3:PutObject"),
    ("s3", "upload_fileobj", "s3:PutObject"),
    ("s3", "put_object", "s3:PutObject"),
    ("s3", "create_multipart_upload", "s3:PutObject"),
    ("s3", "upload_part", "s3:PutObject"),
    ("s3", "complete_multipart_upload", "s3:PutObject"),
    ("s3", "abort_multipart_upload", "s3:AbortMultipartUpload"),
    ("s3", "list_parts", "s3:ListMultipartUploadParts"),
    ("s3", "list_multipart_uploads", "s3:ListBucketMultipartUploads"),
    ("s3", "copy_object", "s3:GetObject s3:PutObject"),
    ("s3", "copy", "s3:GetObject s3:PutObject"),
    ("s3", "delete_object", "s3:DeleteObject"),
    ("s3", "delete_objects", "s3:DeleteObject|s3:DeleteObjectVersion"),
    ("s3", "list_buckets", "s3:ListAllMyBuckets"),
    ("s3", "list_object_versions", "s3:ListBucketVersions"),
    ("s3", "select_object_content", "s3:GetObject"),
    ("s3", "get_bucket_lifecycle_configuration", "s3:GetLifecycleConfiguration"),
    ("s3", "put_bucket_lifecycle_configuration", "s3:PutLifecycleConfiguration"),
    ("s3", "put_bucket_cors", "s3:PutBucketCORS"),
    ("s3", "delete_bucket_cors", "s3:PutBucketCORS"),
    ("s3", "delete_bucket_tagging", "s3:PutBucketTagging"),
    ("s3", "delete_bucket_encryption", "s3:PutEncryptionConfiguration"),
    ("s3", "delete_bucket_policy", "s3:DeleteBucketPolicy"),
    ("s3", "generate_presigned_url", ""),
    ("s3", "generate_presigned_post", ""),
    ("s3", "get_paginator", ""),
    ("s3", "get_waiter", ""),
    ("lambda", "invoke", "lambda:InvokeFunction"),
    ("lambda", "invoke_with_response_stream", "lambda:InvokeFunction"),
    ("lambda", "invoke_async", "lambda:InvokeAsync|lambda:InvokeFunction"),
    ("lambda", "get_function", "lambda:GetFunction"),
    ("lambda", "create_function", "lambda:CreateFunction iam:PassRole"),
    ("dynamodb", "put_item", "dynamodb:PutItem"),
    ("dynamodb", "query", "dynamodb:Query"),
    ("dynamodb", "batch_write_item", "dynamodb:BatchWriteItem"),
    (
        "dynamodb",
        "transact_write_items",
        "dynamodb:PutItem|dynamodb:UpdateItem|dynamodb:DeleteItem|dynamodb:ConditionCheckItem",
    ),
    ("dynamodb", "transact_get_items", "dynamodb:GetItem"),
    (
        "dynamodb",
        "execute_statement",
        "dynamodb:PartiQLSelect|dynamodb:PartiQLInsert|dynamodb:PartiQLUpdate|dynamodb:PartiQLDelete",
    ),
    ("dynamodb", "describe_endpoints", ""),
    ("dynamodbstreams", "get_records", "dynamodb:GetRecords"),
    ("sqs", "send_message", "sqs:SendMessage"),
    ("sqs", "send_message_batch", "sqs:SendMessage"),
    ("sqs", "delete_message_batch", "sqs:DeleteMessage"),
    ("sqs", "change_message_visibility_batch", "sqs:ChangeMessageVisibility"),
    ("sns", "publish", "sns:Publish"),
    ("sns", "publish_batch", "sns:Publish"),
    ("events", "put_events", "events:PutEvents"),
    ("apigatewaymanagementapi", "post_to_connection", "execute-api:ManageConnections"),
    ("apigatewaymanagementapi", "get_connection", "execute-api:ManageConnections"),
    ("apigatewaymanagementapi", "delete_connection", "execute-api:ManageConnections"),
    ("apigateway", "get_rest_apis", "apigateway:GET"),
    ("apigateway", "create_rest_api", "apigateway:POST"),
    ("apigateway", "update_stage", "apigateway:PATCH"),
    ("apigateway", "put_method", "apigateway:PUT"),
    ("apigatewayv2", "delete_api", "apigateway:DELETE"),
    ("iot-data", "publish", "iot:Publish"),
    ("iot-data", "get_thing_shadow", "iot:GetThingShadow"),
    ("stepfunctions", "start_execution", "states:StartExecution"),
    ("stepfunctions", "send_task_success", "states:SendTaskSuccess"),
    ("cloudwatch", "put_metric_data", "cloudwatch:PutMetricData"),
    ("ses", "send_email", "ses:SendEmail"),
    ("ses", "send_raw_email", "ses:SendRawEmail"),
    ("bedrock-runtime", "invoke_model", "bedrock:InvokeModel"),
    ("bedrock-runtime", "converse", "bedrock:InvokeModel"),
    ("bedrock-runtime", "converse_stream", "bedrock:InvokeModelWithResponseStream"),
    ("bedrock-runtime", "invoke_model_with_response_stream", "bedrock:InvokeModelWithResponseStream"),
    ("sts", "get_caller_identity", ""),
    ("sts", "get_session_token", ""),
    ("sts", "assume_role", "sts:AssumeRole"),
    ("sts", "assume_role_with_web_identity", ""),
    ("budgets", "describe_budgets", "budgets:ViewBudget"),
    ("budgets", "update_budget", "budgets:ModifyBudget"),
    ("cognito-idp", "initiate_auth", ""),
    ("cognito-idp", "admin_initiate_auth", "cognito-idp:AdminInitiateAuth"),
    ("secretsmanager", "get_secret_value", "secretsmanager:GetSecretValue"),
    ("secretsmanager", "batch_get_secret_value", "secretsmanager:BatchGetSecretValue secretsmanager:GetSecretValue"),
    ("ssm", "get_parameter", "ssm:GetParameter"),
    ("ssm", "get_parameters_by_path", "ssm:GetParametersByPath"),
    ("kms", "re_encrypt", "kms:ReEncryptFrom kms:ReEncryptTo"),
    ("logs", "put_log_events", "logs:PutLogEvents"),
    ("firehose", "put_record_batch", "firehose:PutRecordBatch"),
    ("resourcegroupstaggingapi", "get_resources", "tag:GetResources"),
    ("timestream-query", "query", "timestream:Select|timestream:SelectValues"),
    ("elbv2", "describe_target_health", "elasticloadbalancing:DescribeTargetHealth"),
    ("opensearch", "describe_domain", "es:DescribeDomain"),
    ("pinpoint", "send_messages", "mobiletargeting:SendMessages"),
    ("rds-data", "execute_statement", "rds-data:ExecuteStatement"),
    ("rds", "generate_db_auth_token", ""),
]


@pytest.mark.parametrize(("service", "method", "expected"), ROWS, ids=lambda part: part or "none")
def test_what_a_call_needs(service, method, expected):
    assert actions_for(service, method) == needs(expected)


def test_every_action_that_is_expected_here_exists():
    for service, method, expected in ROWS:
        for group in needs(expected):
            for name in group:
                assert action(name) is not None, (service, method, name)


def test_method_and_operation_are_the_same():
    assert actions_for("s3", "ListObjectsV2") == actions_for("s3", "list_objects_v2") == needs("s3:ListBucket")


@pytest.mark.parametrize(
    ("service", "method"),
    [
        ("s3", "make_coffee"),
        ("nosuchservice", "get_item"),
        ("s3control", "create_bucket"),
        ("bedrock-runtime", "invoke_model_with_bidirectional_stream"),
        ("", ""),
        ("#", "from"),
        ("s3\tx", "get_object"),
        ("s3", ""),
    ],
)
def test_what_is_not_known_is_none(service, method):
    assert actions_for(service, method) is None


@pytest.mark.parametrize(
    ("service", "method", "parameters", "expected"),
    [
        ("s3", "get_object", ["Bucket", "Key", "VersionId"], "s3:GetObjectVersion"),
        ("s3", "get_object", ["Bucket", "Key"], "s3:GetObject"),
        ("s3", "get_object", None, "s3:GetObject|s3:GetObjectVersion"),
        ("s3", "head_object", ["VersionId"], "s3:GetObjectVersion"),
        ("s3", "delete_object", ["VersionId"], "s3:DeleteObjectVersion"),
        ("s3", "put_object", ["ACL", "Tagging"], "s3:PutObject s3:PutObjectAcl s3:PutObjectTagging"),
        ("s3", "put_object", None, "s3:PutObject"),
        (
            "ecs",
            "register_task_definition",
            ["taskRoleArn", "executionRoleArn"],
            "ecs:RegisterTaskDefinition iam:PassRole",
        ),
        ("ecs", "register_task_definition", ["family"], "ecs:RegisterTaskDefinition"),
        ("lambda", "update_function_configuration", ["Role"], "lambda:UpdateFunctionConfiguration iam:PassRole"),
        (
            "rekognition",
            "start_label_detection",
            ["NotificationChannel"],
            "rekognition:StartLabelDetection iam:PassRole",
        ),
    ],
)
def test_parameters_change_what_is_needed(service, method, parameters, expected):
    assert actions_for(service, method, parameters) == needs(expected)


@pytest.mark.parametrize(
    ("service", "chain", "expected"),
    [
        ("s3", "Bucket upload_file", "s3:PutObject"),
        ("s3", "Bucket objects all", "s3:ListBucket"),
        ("s3", "Bucket objects filter", "s3:ListBucket"),
        ("s3", "Bucket objects all delete", "s3:ListBucket s3:DeleteObject|s3:DeleteObjectVersion"),
        ("s3", "Bucket object_versions delete", "s3:ListBucketVersions s3:DeleteObject|s3:DeleteObjectVersion"),
        ("s3", "Object get", "s3:GetObject"),
        ("s3", "Object load", "s3:GetObject"),
        ("s3", "Object delete", "s3:DeleteObject"),
        ("s3", "Object copy_from", "s3:GetObject s3:PutObject"),
        ("s3", "Bucket Object put", "s3:PutObject"),
        ("s3", "Bucket wait_until_exists", "s3:ListBucket"),
        ("s3", "buckets all", "s3:ListAllMyBuckets"),
        ("s3", "Bucket", ""),
        ("s3", "meta client list_objects_v2", "s3:ListBucket"),
        ("dynamodb", "Table put_item", "dynamodb:PutItem"),
        ("dynamodb", "Table batch_writer", "dynamodb:BatchWriteItem"),
        ("dynamodb", "Table reload", "dynamodb:DescribeTable"),
        ("dynamodb", "Table meta client query", "dynamodb:Query"),
        ("dynamodb", "batch_get_item", "dynamodb:BatchGetItem"),
        ("sqs", "Queue send_message", "sqs:SendMessage"),
        ("sqs", "Queue send_messages", "sqs:SendMessage"),
        ("sqs", "get_queue_by_name receive_messages", "sqs:GetQueueUrl sqs:ReceiveMessage"),
        ("sqs", "Message delete", "sqs:DeleteMessage"),
        ("sns", "Topic publish", "sns:Publish"),
    ],
)
def test_resource_objects(service, chain, expected):
    assert chain_actions(service, tuple(chain.split())) == needs(expected)


@pytest.mark.parametrize("chain", ["Bucket nothing", "Nothing get", "Bucket objects nothing", "meta nothing x"])
def test_unknown_members_are_none(chain):
    assert chain_actions("s3", tuple(chain.split())) is None
    assert resource_member("kinesis", "", "Stream") is None


def test_items_of_a_collection():
    objects = resource_member("s3", "Bucket", "objects")
    assert objects is not None
    assert (objects.operation, objects.type, objects.is_collection) == ("ListObjects", "ObjectSummary", True)
    assert collection_member("s3", objects, "filter") is objects
    assert chain_actions("s3", ("delete",), objects.type) == needs("s3:DeleteObject")


def test_waiters():
    assert waiter_operation("s3", "bucket_exists") == "HeadBucket"
    assert waiter_actions("s3", "bucket_exists") == needs("s3:ListBucket")
    assert waiter_actions("dynamodb", "table_exists") == needs("dynamodb:DescribeTable")
    assert waiter_actions("s3", "nothing") is None


@pytest.mark.parametrize(
    ("service", "method", "expected"),
    [
        ("s3", "get_object", ("Bucket", "AWS::S3::Bucket")),
        ("s3", "list_buckets", None),
        ("dynamodb", "query", ("TableName", "AWS::DynamoDB::Table")),
        ("dynamodb", "batch_write_item", None),
        ("sqs", "send_message_batch", ("QueueUrl", "AWS::SQS::Queue")),
        ("sqs", "list_queues", None),
        ("sns", "publish", ("TopicArn", "AWS::SNS::Topic")),
        ("sns", "publish_batch", ("TopicArn", "AWS::SNS::Topic")),
        ("lambda", "invoke", ("FunctionName", "AWS::Lambda::Function")),
        ("secretsmanager", "get_secret_value", ("SecretId", "AWS::SecretsManager::Secret")),
        ("kinesis", "put_records", ("StreamName", "AWS::Kinesis::Stream")),
        ("firehose", "put_record", ("DeliveryStreamName", "AWS::KinesisFirehose::DeliveryStream")),
        ("kms", "decrypt", ("KeyId", "AWS::KMS::Key")),
        ("stepfunctions", "start_execution", ("stateMachineArn", "AWS::StepFunctions::StateMachine")),
        ("ssm", "get_parameter", ("Name", "AWS::SSM::Parameter")),
        ("events", "put_rule", None),
        ("nosuchservice", "x", None),
    ],
)
def test_parameter_that_names_the_resource(service, method, expected):
    assert resource_parameter(service, method) == expected


def test_the_parameter_that_is_given_is_preferred():
    assert resource_parameter("sns", "publish", ["TargetArn", "Message"]) == ("TargetArn", "AWS::SNS::Topic")
    assert resource_parameter("kinesis", "put_record", ["StreamARN"]) == ("StreamARN", "AWS::Kinesis::Stream")


def test_prefixes():
    assert iam_prefix("stepfunctions") == "states"
    assert iam_prefix("cloudwatch") == "cloudwatch"
    assert iam_prefix("nosuchservice") is None
    assert known_service("s3")
    assert not known_service("s3control")


# -- actions -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "spelt", "level", "scopable"),
    [
        ("s3:getobject", "s3:GetObject", READ, True),
        ("S3:ListBucket", "s3:ListBucket", LIST, True),
        ("s3:ListAllMyBuckets", "s3:ListAllMyBuckets", LIST, False),
        ("dynamodb:PutItem", "dynamodb:PutItem", WRITE, True),
        ("iam:PutRolePolicy", "iam:PutRolePolicy", PERMISSIONS, True),
        ("xray:PutTraceSegments", "xray:PutTraceSegments", WRITE, False),
        ("lambda:InvokeFunction", "lambda:InvokeFunction", WRITE, True),
    ],
)
def test_actions(name, spelt, level, scopable):
    found = action(name)
    assert found is not None
    assert (found.name, found.level, found.scopable) == (spelt, level, scopable)


def test_resource_types_tell_objects_from_buckets():
    assert "object" in action("s3:GetObject").resource_types
    assert "object" not in action("s3:ListBucket").resource_types


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("s3:GetObject", True), ("s3:getobject", True), ("s3:Get*", True), ("s3:*", True), ("*", True), ("*:*", None),
        ("s3:GetObjet", False), ("s3:Nothing*", False), ("nosuch:*", False), ("s3", False), ("", False),
        ("s3:", False), ("s*:GetObject", None), ("sqs:SendMessageBatch", False), ("#:from", False),
    ],
)  # fmt: skip
def test_exists(pattern, expected):
    assert exists(pattern) is expected


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("s3:GetObjet", "s3:GetObject"),
        ("dynamodb:PutItems", "dynamodb:PutItem"),
        ("dynamdb:PutItem", "dynamodb:PutItem"),
        ("dynamdb:Put*", "dynamodb:Put*"),
        ("cloudwatch:CreateLogGroup", "logs:CreateLogGroup"),
        ("s3:CompletelyDifferent", None),
        ("s3:Nothing*", None),
        ("zzzzzzzz:PutItem", None),
        ("", None),
    ],
)
def test_nearest_action(wrong, meant):
    assert nearest(wrong) == meant


def test_expand():
    names = {each.name for each in expand("dynamodb:*Item") or ()}
    assert {"dynamodb:PutItem", "dynamodb:BatchGetItem", "dynamodb:ConditionCheckItem"} <= names
    assert "dynamodb:Query" not in names
    assert expand("*") is None
    assert expand("nosuch:*") is None
    assert expand("s3:Nothing") == ()
    assert len(expand("s3:*")) == len(service_actions("S3"))


@pytest.mark.parametrize(
    ("pattern", "word", "expected"),
    [
        ("a*c", "abc", True),
        ("a*c", "ab", False),
        ("", "", True),
        ("*", "", True),
        ("?", "", False),
        ("a**b", "ab", True),
    ],
)
def test_glob(pattern, word, expected):
    assert glob(pattern, word) is expected


# -- the tables as they ship -------------------------------------------------------------------------------------------


def test_headers_say_where_it_comes_from():
    for name in ("iam_actions", "managed_policies", "sdk_calls"):
        header = tables.header(name)
        assert {"from", "version", "licence", "checked_on"} <= set(header)


def test_every_row_of_the_sdk_table_speaks_of_actions_that_exist():
    for service in tables.names("sdk_calls"):
        entry = json.loads(tables.row("sdk_calls", service))
        for name, text in entry.get("calls", {}).items():
            for each in text.replace("|", " ").split():
                full = each if ":" in each else f"{entry['prefix']}:{each}"
                assert each == "?" or action(full) is not None, (service, name, each)


def test_tables_stay_small():
    folder = os.path.join(os.path.dirname(tables.__file__), "..", "data")
    sizes = {
        name: os.path.getsize(os.path.join(folder, name + ".tsv"))
        for name in ("sdk_calls", "iam_actions", "managed_policies")
    }
    assert sizes["sdk_calls"] < 150_000
    assert sum(sizes.values()) < 2_000_000


@pytest.mark.skipif(importlib.util.find_spec("botocore") is None, reason="botocore is not installed")
def test_waiters_and_calls_are_botocores():
    import botocore.loaders

    loader = botocore.loaders.Loader()
    for service in ("s3", "dynamodb", "sqs", "lambda", "stepfunctions", "cognito-idp", "secretsmanager"):
        operations = {name.lower() for name in loader.load_service_model(service, "service-2")["operations"]}
        own = {"copy", "downloadfile", "downloadfileobj", "uploadfile", "uploadfileobj", "invokeasync"}
        entry = json.loads(tables.row("sdk_calls", service))
        for name in entry.get("calls", {}):
            assert name.replace("=", "+").split("+")[0] in operations | own | {"getbucketnotification"}, (service, name)
        for operation in entry.get("waiters", {}).values():
            assert operation.lower() in operations


@pytest.mark.skipif(importlib.util.find_spec("botocore") is None, reason="botocore is not installed")
def test_most_operations_of_common_services_are_settled():
    import botocore.loaders

    loader = botocore.loaders.Loader()
    for service, least in (("s3", 0.9), ("dynamodb", 0.9), ("sqs", 1), ("sns", 1), ("lambda", 0.9), ("events", 1)):
        operations = loader.load_service_model(service, "service-2")["operations"]
        settled = sum(actions_for(service, name) is not None for name in operations)
        assert settled / len(operations) >= least, service
