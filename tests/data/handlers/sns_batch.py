import os

import boto3

sns = boto3.client("sns")


def handler(event, context):
    sns.publish_batch(
        TopicArn=os.environ["TOPIC"],
        PublishBatchRequestEntries=[{"Id": "1", "Message": event["text"]}],
    )
