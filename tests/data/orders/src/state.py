"""The state of an order, for the load balancer."""

import json
import os

import boto3

table = boto3.resource("dynamodb").Table(os.environ["TABLE"])


def handler(event, context):
    found = table.get_item(Key={"id": event["path"].rsplit("/", 1)[-1]})
    if "Item" not in found:
        return {"statusCode": 404, "body": ""}
    return {"statusCode": 200, "body": json.dumps(found["Item"], default=str)}
