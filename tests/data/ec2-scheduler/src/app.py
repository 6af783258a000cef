"""Starts and stops the EC2 instances that carry a tag."""

import os

import boto3

ec2 = boto3.client("ec2")


def tagged_instances(state):
    """IDs of the instances with the tag ``schedule`` that are in a state."""
    filters = [
        {"Name": "tag:schedule", "Values": [os.environ["TAG"]]},
        {"Name": "instance-state-name", "Values": [state]},
    ]
    pages = ec2.get_paginator("describe_instances").paginate(Filters=filters)
    return [
        instance["InstanceId"]
        for page in pages
        for reservation in page["Reservations"]
        for instance in reservation["Instances"]
    ]


def start(event, context):
    ids = tagged_instances("stopped")
    if ids:
        ec2.start_instances(InstanceIds=ids)
    return {"started": ids}


def stop(event, context):
    ids = tagged_instances("running")
    if ids:
        ec2.stop_instances(InstanceIds=ids)
    return {"stopped": ids}
