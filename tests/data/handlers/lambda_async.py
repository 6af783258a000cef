import boto3


def handler(event, context):
    client = boto3.client("lambda")
    for page in client.get_paginator("list_functions").paginate():
        for function in page["Functions"]:
            client.invoke(FunctionName=function["FunctionName"], InvocationType="Event", Payload=b"{}")
