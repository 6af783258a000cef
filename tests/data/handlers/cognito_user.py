import os

import boto3

cognito = boto3.client("cognito-idp")


def handler(event, context):
    cognito.admin_create_user(UserPoolId=os.environ["POOL"], Username=event["email"])
    cognito.admin_add_user_to_group(UserPoolId=os.environ["POOL"], Username=event["email"], GroupName="members")
