"""Makes a thumbnail of every picture that is uploaded."""

import os
from urllib.parse import unquote_plus

import boto3
from PIL import Image

s3 = boto3.client("s3")


def handler(event):
    for record in event["Records"]:
        bucket = record["s3"]["bucket"]["name"]
        key = unquote_plus(record["s3"]["object"]["key"])
        s3.download_file(bucket, key, "/tmp/picture")
        picture = Image.open("/tmp/picture")
        picture.thumbnail((128, 128))
        with open("thumbnail.jpg", "wb") as file:
            picture.convert("RGB").save(file, "JPEG")
        s3.upload_file("thumbnail.jpg", os.environ["THUMBNAILS"], "thumbnail-" + key)
        s3.put_object_tagging(Bucket=bucket, Key=key, Tagging={"TagSet": [{"Key": "done", "Value": os.environ["STAGE"]}]})
