import os

import boto3

dynamodb = boto3.resource("dynamodb")


def handler(event, context):
    with dynamodb.Table(os.environ["TABLE"]).batch_writer() as batch:
        for record in event["Records"]:
            batch.put_item(Item={"id": record["messageId"], "body": record["body"]})
