import os

import boto3

textract = boto3.client("textract")


def handler(event, context):
    textract.start_document_text_detection(
        DocumentLocation={"S3Object": {"Bucket": event["bucket"], "Name": event["key"]}},
        NotificationChannel={"SNSTopicArn": os.environ["TOPIC"], "RoleArn": os.environ["ROLE"]},
    )
