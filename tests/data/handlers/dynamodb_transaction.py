import os

import boto3

client = boto3.client("dynamodb")


def handler(event, context):
    client.transact_write_items(
        TransactItems=[
            {"Put": {"TableName": os.environ["TABLE"], "Item": {"id": {"S": event["id"]}}}},
        ]
    )
