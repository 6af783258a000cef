import json

import boto3

iot = boto3.client("iot-data")


def handler(event, context):
    iot.publish(topic="lamps/on", payload=json.dumps(event))
    iot.get_thing_shadow(thingName=event["thing"])
