import boto3

ssm = boto3.client("ssm")


def parameters(path):
    for page in ssm.get_paginator("get_parameters_by_path").paginate(Path=path, Recursive=True):
        yield from page["Parameters"]


def handler(event, context):
    return {one["Name"]: one["Value"] for one in parameters("/shop/")}
