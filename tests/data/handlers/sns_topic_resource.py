import os

import boto3


def notify(text):
    boto3.resource("sns").Topic(os.environ["TOPIC"]).publish(Message=text)


def handler(event, context):
    notify(event["detail"]["state"])
