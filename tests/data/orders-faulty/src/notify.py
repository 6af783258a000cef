"""Puts what happened into words, in the log."""

import os


def handler(event, context):
    for record in event["Records"]:
        print(os.environ["STAGE"], record["Sns"]["Message"])


def explain(event, context):
    print(event["alarmData"]["alarmName"], event["alarmData"]["state"]["reason"])
