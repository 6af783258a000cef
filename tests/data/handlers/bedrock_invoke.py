import json

import boto3

bedrock = boto3.client("bedrock-runtime")


def handler(event, context):
    bedrock.invoke_model(modelId="anthropic.claude-3-haiku", body=json.dumps({"prompt": event["text"]}))
    bedrock.converse_stream(modelId="anthropic.claude-3-haiku", messages=[])
