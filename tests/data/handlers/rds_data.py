import os

import boto3

rds = boto3.client("rds-data")
WHERE = {"resourceArn": os.environ["CLUSTER"], "secretArn": os.environ["SECRET"], "database": "shop"}


def handler(event, context):
    return rds.execute_statement(sql="select count(*) from orders", **WHERE)["records"]
