import os

import boto3

sqs = boto3.client("sqs")


def handler(event, context):
    entries = [{"Id": str(number), "MessageBody": body} for number, body in enumerate(event["bodies"])]
    sqs.send_message_batch(QueueUrl=os.environ["QUEUE_URL"], Entries=entries)
