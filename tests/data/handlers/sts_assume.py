import os

import boto3


def session():
    answer = boto3.client("sts").assume_role(RoleArn=os.environ["ROLE"], RoleSessionName="report")
    key = answer["Credentials"]
    return boto3.Session(
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
        aws_session_token=key["SessionToken"],
    )


def handler(event, context):
    return session().client("organizations").list_accounts()["Accounts"]
