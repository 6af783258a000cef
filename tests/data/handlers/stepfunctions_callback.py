import json

import boto3

states = boto3.client("stepfunctions")


def handler(event, context):
    try:
        states.send_task_success(taskToken=event["token"], output=json.dumps({"ok": True}))
    except states.exceptions.TaskTimedOut:
        states.send_task_failure(taskToken=event["token"], error="late")
