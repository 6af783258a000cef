import boto3

logs = boto3.client("logs")


def handler(event, context):
    for page in logs.get_paginator("describe_log_groups").paginate():
        for group in page["logGroups"]:
            if "retentionInDays" not in group:
                logs.put_retention_policy(logGroupName=group["logGroupName"], retentionInDays=30)
