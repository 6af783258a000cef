import os

import boto3

firehose = boto3.client("firehose")


def handler(event, context):
    firehose.put_record_batch(
        DeliveryStreamName=os.environ["STREAM"], Records=[{"Data": record["body"]} for record in event["Records"]]
    )
