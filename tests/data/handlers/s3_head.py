import boto3
from botocore.exceptions import ClientError

s3 = boto3.client("s3")


def exists(bucket, key):
    try:
        s3.head_object(Bucket=bucket, Key=key)
    except ClientError:
        return False
    return True


def handler(event, context):
    s3.head_bucket(Bucket=event["bucket"])
    return exists(event["bucket"], event["key"])
