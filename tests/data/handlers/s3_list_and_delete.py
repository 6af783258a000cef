import os

import boto3

s3 = boto3.client("s3")


def handler(event, context):
    paginator = s3.get_paginator("list_objects_v2")
    for page in paginator.paginate(Bucket=os.environ["BUCKET"], Prefix="tmp/"):
        keys = [{"Key": item["Key"]} for item in page.get("Contents", [])]
        if keys:
            s3.delete_objects(Bucket=os.environ["BUCKET"], Delete={"Objects": keys})
