import json
import os

import boto3

events = boto3.client("events")


def handler(event, context):
    events.put_events(
        Entries=[
            {"Source": "shop", "DetailType": "paid", "Detail": json.dumps(event), "EventBusName": os.environ["BUS"]},
        ]
    )
