import json
import os

import boto3

cache = {}


def secret():
    if "value" not in cache:
        client = boto3.session.Session().client("secretsmanager")
        cache["value"] = json.loads(client.get_secret_value(SecretId=os.environ["SECRET"])["SecretString"])
    return cache["value"]


def handler(event, context):
    return len(secret())
