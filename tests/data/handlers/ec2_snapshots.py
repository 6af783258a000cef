import boto3

client = boto3.client("ec2")


def handler(event, context):
    for volume in client.describe_volumes()["Volumes"]:
        client.create_snapshot(VolumeId=volume["VolumeId"], Description="nightly")
