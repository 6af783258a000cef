import os

import boto3

client = boto3.client("dynamodb")


def handler(event, context):
    pages = client.get_paginator("scan").paginate(TableName=os.environ["TABLE"])
    return sum(page["Count"] for page in pages)
