import json
import os

import boto3

BUCKET = os.environ["BUCKET"]


def handler(event, context):
    s3 = boto3.client("s3")
    s3.put_object(Bucket=BUCKET, Key=context.aws_request_id, Body=json.dumps(event))
