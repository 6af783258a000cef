import json
import os

import boto3

states = boto3.client("stepfunctions")


def handler(event, context):
    return states.start_execution(stateMachineArn=os.environ["MACHINE"], input=json.dumps(event))["executionArn"]
