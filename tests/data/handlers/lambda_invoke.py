import json
import os

import boto3

client = boto3.client("lambda")


def handler(event, context):
    answer = client.invoke(FunctionName=os.environ["WORKER"], Payload=json.dumps(event))
    return json.load(answer["Payload"])
