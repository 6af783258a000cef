import os

import boto3

s3 = boto3.resource("s3")


def handler(event, context):
    for record in event["Records"]:
        source = {"Bucket": record["s3"]["bucket"]["name"], "Key": record["s3"]["object"]["key"]}
        s3.Bucket(os.environ["TARGET"]).copy(source, source["Key"])
