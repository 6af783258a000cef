"""What a reader calls each kind of event source, in a sentence."""

from __future__ import annotations

TITLES = {
    "sqs": "an SQS queue",
    "fifo": "a FIFO queue",
    "kinesis": "a Kinesis stream",
    "dynamodb": "a DynamoDB stream",
    "msk": "an MSK cluster",
    "self-managed-kafka": "a self-managed Kafka cluster",
    "mq": "an MQ broker",
    "documentdb": "a DocumentDB cluster",
    "mapping": "an event source mapping",
    "s3": "an S3 bucket",
    "sns": "an SNS topic",
    "logs": "a log group",
    "api-gateway-rest": "a REST API",
    "api-gateway-http": "an HTTP API",
    "api-gateway-websocket": "a WebSocket API",
    "authorizer-rest": "a REST API's authorizer",
    "authorizer-http": "an HTTP API's authorizer",
    "authorizer-websocket": "a WebSocket API's authorizer",
    "cognito": "a Cognito trigger",
    "lex": "a Lex bot",
    "alexa": "an Alexa skill",
    "connect": "a Connect flow",
    "firehose": "a Firehose stream",
    "ses": "an SES receipt rule",
    "s3-object-lambda": "an S3 Object Lambda access point",
    "s3-batch": "an S3 Batch Operations job",
    "event-rule": "an EventBridge rule",
    "schedule-rule": "a scheduled EventBridge rule",
    "scheduler": "an EventBridge schedule",
    "pipes": "an EventBridge pipe",
    "iot": "an IoT rule",
    "alarm": "a CloudWatch alarm",
    "config": "an AWS Config rule",
    "codecommit": "a CodeCommit repository",
    "codepipeline": "a CodePipeline action",
    "custom-resource": "a custom resource",
    "secret-rotation": "the rotation of a secret",
    "step-functions": "a state machine",
    "appsync": "an AppSync API",
    "alb": "an Application Load Balancer",
    "vpc-lattice": "a VPC Lattice service",
    "function-url": "a function URL",
    "edge": "a CloudFront distribution",
    "destination": "another function's destination",
}


def title(kind: str) -> str:
    """``a Kinesis stream`` for ``kinesis``; the kind itself where it has no words of its own."""
    return TITLES.get(kind, kind)


def sentence(words: str) -> str:
    """Words that begin a sentence."""
    return words[:1].upper() + words[1:]
