import os

import boto3

s3 = boto3.client("s3")


def handler(event, context):
    key = event["pathParameters"]["key"]
    url = s3.generate_presigned_url("get_object", Params={"Bucket": os.environ["BUCKET"], "Key": key}, ExpiresIn=60)
    return {"statusCode": 302, "headers": {"Location": url}}
