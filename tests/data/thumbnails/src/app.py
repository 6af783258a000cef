"""Makes a thumbnail of every picture that is uploaded."""

import os
from io import BytesIO
from urllib.parse import unquote_plus

import boto3
from PIL import Image

SIZE = (128, 128)

s3 = boto3.client("s3")


def handler(event, context):
    for record in event["Records"]:
        bucket = record["s3"]["bucket"]["name"]
        key = unquote_plus(record["s3"]["object"]["key"])
        picture = Image.open(s3.get_object(Bucket=bucket, Key=key)["Body"])
        picture.thumbnail(SIZE)
        body = BytesIO()
        picture.convert("RGB").save(body, "JPEG")
        s3.put_object(Bucket=os.environ["THUMBNAILS"], Key=key, Body=body.getvalue(), ContentType="image/jpeg")
