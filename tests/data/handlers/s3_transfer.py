import os

import boto3
from botocore.config import Config

s3 = boto3.client("s3", config=Config(retries={"max_attempts": 3}))


def convert(source, target):
    with open(source) as lines, open(target, "w") as out:
        out.writelines(line.upper() for line in lines)


def handler(event, context):
    s3.download_file(os.environ["SOURCE"], event["key"], "/tmp/in")
    convert("/tmp/in", "/tmp/out")
    s3.upload_file("/tmp/out", os.environ["TARGET"], event["key"])
