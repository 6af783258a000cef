"""Starts and stops the EC2 instances that carry a tag."""

import os
import time

import boto3

ec2 = boto3.client("ec2")


def tagged_instances(state):
    filters = [
        {"Name": "tag:schedule", "Values": [os.environ["TAG"]]},
        {"Name": "instance-state-name", "Values": [state]},
    ]
    reservations = ec2.describe_instances(Filters=filters)["Reservations"]
    return [instance["InstanceId"] for r in reservations for instance in r["Instances"]]


def start(event, context):
    ids = tagged_instances("stopped")
    if ids:
        ec2.start_instances(InstanceIds=ids)
    time.sleep(120)
    return {"started": ids}


def stop(event, context):
    ids = tagged_instances("running")
    if ids:
        ec2.stop_instances(InstanceIds=ids)
    return {"stopped": ids}
