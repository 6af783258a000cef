import boto3


def handler(event, context):
    s3 = boto3.client("s3")
    tags = s3.get_object_tagging(Bucket=event["bucket"], Key=event["key"])["TagSet"]
    s3.put_object_tagging(
        Bucket=event["bucket"], Key=event["key"], Tagging={"TagSet": [*tags, {"Key": "seen", "Value": "1"}]}
    )
