import boto3
from botocore.exceptions import ClientError


def store(client, table, item):
    try:
        client.put_item(TableName=table, Item=item, ConditionExpression="attribute_not_exists(id)")
    except ClientError as error:
        if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
            raise


def handler(event, context):
    store(boto3.client("dynamodb"), "orders", {"id": {"S": event["id"]}})
