"""What triggers and features need of the role: every kind of source and feature in rules/role_requirements.yaml."""

from __future__ import annotations

import pytest

from lambdalint.engine import readings
from lambdalint.iam.needs import caller_demands, feature_demands, trigger_demands
from lambdalint.rulebook import load
from lambdalint.settings import Settings

FACTS = load().facts("role_requirements")
FUNCTION = """
Resources:
  Function:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.13
      Handler: index.handler
      Role: arn:aws:iam::111122223333:role/r
      Code: {ZipFile: "def handler(event, context): pass"}
"""
NETWORK = {
    "ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DescribeVpcs", "ec2:DeleteNetworkInterface",
    "ec2:DescribeSubnets", "ec2:DescribeSecurityGroups",
}  # fmt: skip


@pytest.fixture
def demands(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def asked(properties: str = "", resources: str = ""):
        text = FUNCTION + "".join(f"      {line}\n" for line in properties.splitlines())
        text += "".join(f"  {line}\n" for line in resources.splitlines())
        (tmp_path / "template.yaml").write_text(text)
        (deployment,) = readings(["template.yaml"], Settings(as_of="2026-11-23", cache=False))
        function = deployment.functions[0]
        return {
            demand.feature: {action for need in demand.needs for action in need.actions}
            for demand in (
                *trigger_demands(deployment, function, FACTS["mappings"]),
                *feature_demands(deployment, function, FACTS["features"]),
                *caller_demands(deployment, function, FACTS["features"]),
            )
        }

    return asked


def mapping(source: str, more: str = "") -> str:
    return (
        "Mapping:\n  Type: AWS::Lambda::EventSourceMapping\n"
        f"  Properties: {{FunctionName: !Ref Function, {source}{', ' + more if more else ''}}}"
    )


SECRET = "SourceAccessConfigurations: [{Type: SASL_SCRAM_512_AUTH, URI: 'arn:aws:secretsmanager:eu-west-1:1:secret:s'}]"
INSIDE = "SourceAccessConfigurations: [{Type: VPC_SUBNET, URI: 'subnet:s'}, {Type: VPC_SECURITY_GROUP, URI: 'sg:g'}]"


@pytest.mark.parametrize(
    ("kind", "resources", "wanted", "unwanted"),
    [
        (
            "sqs",
            mapping("EventSourceArn: 'arn:aws:sqs:eu-west-1:111122223333:q'"),
            {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"},
            {"kms:Decrypt"},
        ),
        (
            "kinesis",
            mapping("EventSourceArn: 'arn:aws:kinesis:eu-west-1:111122223333:stream/s'"),
            {"kinesis:GetRecords", "kinesis:ListShards"},
            {"kinesis:SubscribeToShard"},
        ),
        (
            "kinesis",
            "Consumer: {Type: AWS::Kinesis::StreamConsumer, Properties: {ConsumerName: c, StreamARN: a}}\n"
            + mapping("EventSourceArn: !Ref Consumer"),
            {"kinesis:SubscribeToShard"},
            set(),
        ),
        (
            "dynamodb",
            mapping("EventSourceArn: 'arn:aws:dynamodb:eu-west-1:111122223333:table/t/stream/1'"),
            {"dynamodb:GetRecords", "dynamodb:ListStreams"},
            set(),
        ),
        (
            "msk",
            mapping("EventSourceArn: 'arn:aws:kafka:eu-west-1:111122223333:cluster/c/1'", SECRET),
            {"kafka:DescribeCluster", "kafka:DescribeClusterV2", "secretsmanager:GetSecretValue", *NETWORK},
            {"kafka-cluster:Connect"},
        ),
        (
            "msk",
            "Cluster: {Type: AWS::MSK::ServerlessCluster, Properties: {ClusterName: c}}\n"
            + mapping("EventSourceArn: !Ref Cluster"),
            {"kafka-cluster:Connect", "kafka-cluster:ReadData"},
            {"secretsmanager:GetSecretValue"},
        ),
        (
            "self-managed-kafka",
            mapping("SelfManagedEventSource: {Endpoints: {KafkaBootstrapServers: ['b:9092']}}", INSIDE),
            NETWORK,
            {"secretsmanager:GetSecretValue"},
        ),
        (
            "mq",
            mapping("EventSourceArn: 'arn:aws:mq:eu-west-1:111122223333:broker:b:1'"),
            {"mq:DescribeBroker", "secretsmanager:GetSecretValue", *NETWORK},
            set(),
        ),
        (
            "documentdb",
            mapping("EventSourceArn: 'arn:aws:rds:eu-west-1:111122223333:cluster:c'"),
            {"rds:DescribeDBClusters", "secretsmanager:GetSecretValue", *NETWORK},
            set(),
        ),
    ],
)
def test_mappings(demands, kind, resources, wanted, unwanted):
    asked = demands(resources=resources)[kind]
    assert wanted <= asked
    assert not unwanted & asked


ACCESS_POINT = (
    "FileSystemConfigs: [{Arn: 'arn:aws:elasticfilesystem:eu-west-1:1:access-point/a', LocalMountPath: /mnt/a}]"
)
FILES = ACCESS_POINT.replace("elasticfilesystem", "s3files")


@pytest.mark.parametrize(
    ("feature", "properties", "wanted"),
    [
        ("logs", "", "logs:CreateLogStream logs:PutLogEvents logs:CreateLogGroup"),
        ("logs", "LoggingConfig: {LogGroup: shared}", "logs:CreateLogStream logs:PutLogEvents"),
        (
            "vpc",
            "VpcConfig: {SubnetIds: [s], SecurityGroupIds: [g]}",
            "ec2:CreateNetworkInterface ec2:DescribeNetworkInterfaces ec2:DeleteNetworkInterface",
        ),
        ("tracing", "TracingConfig: {Mode: Active}", "xray:PutTraceSegments xray:PutTelemetryRecords"),
        ("efs", ACCESS_POINT, "elasticfilesystem:ClientMount"),
        ("s3files", FILES, "s3files:ClientMount"),
        ("dead_letter_queue", "DeadLetterConfig: {TargetArn: 'arn:aws:sqs:eu-west-1:1:q'}", "sqs:SendMessage"),
        ("dead_letter_queue", "DeadLetterConfig: {TargetArn: 'arn:aws:sns:eu-west-1:1:t'}", "sns:Publish"),
        (
            "durable",
            "DurableConfig: {ExecutionTimeout: 60}",
            "lambda:CheckpointDurableExecution lambda:GetDurableExecutionState",
        ),
    ],
)
def test_features(demands, feature, properties, wanted):
    assert demands(properties)[feature] == set(wanted.split())


@pytest.mark.parametrize(
    "properties",
    [
        "",
        "VpcConfig: {SubnetIds: [], SecurityGroupIds: []}",
        "TracingConfig: {Mode: PassThrough}",
        "DeadLetterConfig: {TargetArn: !Ref AWS::NoValue}",
    ],
)
def test_nothing_but_logs(demands, properties):
    assert set(demands(properties)) == {"logs"}


@pytest.mark.parametrize(
    ("destination", "wanted"),
    [
        ("!GetAtt Queue.Arn", {"sqs:SendMessage"}),
        ("!GetAtt Function.Arn", {"lambda:InvokeFunction"}),
        ("'arn:aws:events:eu-west-1:1:event-bus/b'", {"events:PutEvents"}),
        ("'arn:aws:s3:::bucket'", {"s3:PutObject", "s3:ListBucket"}),
        ("!ImportValue elsewhere", None),
    ],
)
def test_destinations(demands, destination, wanted):
    resources = (
        "Queue: {Type: AWS::SQS::Queue}\n"
        "Config:\n  Type: AWS::Lambda::EventInvokeConfig\n  Properties:\n    FunctionName: !Ref Function\n"
        f"    Qualifier: $LATEST\n    DestinationConfig: {{OnFailure: {{Destination: {destination}}}}}"
    )
    assert demands(resources=resources).get("asynchronous_destination") == wanted


def test_a_failed_batch_goes_to_its_destination(demands):
    more = "DestinationConfig: {OnFailure: {Destination: 'arn:aws:sns:eu-west-1:1:t'}}"
    asked = demands(resources=mapping("EventSourceArn: 'arn:aws:kinesis:eu-west-1:1:stream/s'", more))
    assert asked["mapping_destination"] == {"sns:Publish"}


def test_who_calls_may_expect_an_answer_by_an_api(demands):
    resources = (
        "Secret: {Type: AWS::SecretsManager::Secret}\n"
        "Rotation:\n  Type: AWS::SecretsManager::RotationSchedule\n"
        "  Properties: {SecretId: !Ref Secret, RotationLambdaARN: !GetAtt Function.Arn}"
    )
    assert "secretsmanager:PutSecretValue" in demands(resources=resources)["secret_rotation"]
