import json
import os

import boto3

kinesis = boto3.client("kinesis")


def handler(event, context):
    kinesis.put_record(StreamName=os.environ["STREAM"], Data=json.dumps(event), PartitionKey=event["id"])
    kinesis.put_records(StreamName=os.environ["STREAM"], Records=[])
