import json
import os

import boto3

session = boto3.Session(region_name="eu-west-1")
s3, sqs, sns = (session.client(name) for name in ("s3", "sqs", "sns"))
table = session.resource("dynamodb").Table(os.environ["TABLE"])


def handler(event, context):
    for record in event["Records"]:
        order = json.loads(record["body"])
        table.put_item(Item=order)
    session.client("events").put_events(Entries=[])
