import os

import boto3

table = boto3.resource("dynamodb").Table(os.environ["TABLE"])


def handler(event, context):
    if event["httpMethod"] == "POST":
        table.put_item(Item={"id": event["id"]})
        return None
    return table.get_item(Key={"id": event["id"]}).get("Item")
