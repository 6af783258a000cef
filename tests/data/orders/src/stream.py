"""Tells a topic what changed."""

import json
import os

import boto3

sns = boto3.client("sns")


def handler(event, context):
    for record in event["Records"]:
        if record["eventName"] == "INSERT":
            sns.publish(TopicArn=os.environ["TOPIC"], Message=json.dumps(record["dynamodb"]["Keys"]))
