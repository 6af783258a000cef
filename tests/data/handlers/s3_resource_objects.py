import os

import boto3

bucket = boto3.resource("s3").Bucket(os.environ["BUCKET"])


def handler(event, context):
    total = 0
    for summary in bucket.objects.filter(Prefix="2026/"):
        total += summary.size
    bucket.Object("total.txt").put(Body=str(total))
    return total
