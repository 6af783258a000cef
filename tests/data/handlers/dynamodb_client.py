import os

import boto3

client = boto3.client("dynamodb")
TABLE = os.environ["TABLE"]


def handler(event, context):
    client.update_item(
        TableName=TABLE,
        Key={"id": {"S": event["id"]}},
        UpdateExpression="ADD hits :one",
        ExpressionAttributeValues={":one": {"N": "1"}},
    )
    client.delete_item(TableName=TABLE, Key={"id": {"S": "old"}})
