import os

import boto3

scheduler = boto3.client("scheduler")


def handler(event, context):
    scheduler.create_schedule(
        Name=event["name"],
        ScheduleExpression="at(2026-12-24T18:00:00)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": os.environ["QUEUE"], "RoleArn": os.environ["ROLE"]},
    )
