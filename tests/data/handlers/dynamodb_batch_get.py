import boto3

dynamodb = boto3.resource("dynamodb")


def handler(event, context):
    keys = [{"id": name} for name in event["ids"]]
    return dynamodb.batch_get_item(RequestItems={"orders": {"Keys": keys}})
