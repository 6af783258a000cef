"""Takes an order and hands it on."""

import json
import os

import boto3

sqs = boto3.client("sqs")


def take(event, context):
    order = json.loads(event["body"])
    sqs.send_message(QueueUrl=os.environ["QUEUE"], MessageBody=json.dumps(order))
    return {"statusCode": 202, "body": order["id"]}
