import os

import boto3

ecs = boto3.client("ecs")


def handler(event, context):
    ecs.run_task(cluster=os.environ["CLUSTER"], taskDefinition=os.environ["TASK"], launchType="FARGATE")
