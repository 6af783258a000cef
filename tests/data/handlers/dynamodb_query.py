import os

import boto3
from boto3.dynamodb.conditions import Key


class Orders:
    def __init__(self):
        self.table = boto3.resource("dynamodb").Table(os.environ["TABLE"])

    def of(self, customer):
        return self.table.query(IndexName="by-customer", KeyConditionExpression=Key("customer").eq(customer))["Items"]


orders = Orders()


def handler(event, context):
    return orders.of(event["customer"])
