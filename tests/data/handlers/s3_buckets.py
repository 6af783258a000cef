import boto3


def handler(event, context):
    client = boto3.client("s3")
    names = [bucket["Name"] for bucket in client.list_buckets()["Buckets"]]
    return {name: client.get_bucket_encryption(Bucket=name) for name in names}
