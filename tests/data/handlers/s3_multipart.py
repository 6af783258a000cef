import boto3

client = boto3.client("s3")


def handler(event, context):
    upload = client.create_multipart_upload(Bucket=event["bucket"], Key=event["key"])
    try:
        part = client.upload_part(
            Bucket=event["bucket"], Key=event["key"], UploadId=upload["UploadId"], PartNumber=1, Body=b"x"
        )
        client.complete_multipart_upload(
            Bucket=event["bucket"],
            Key=event["key"],
            UploadId=upload["UploadId"],
            MultipartUpload={"Parts": [{"ETag": part["ETag"], "PartNumber": 1}]},
        )
    except Exception:
        client.abort_multipart_upload(Bucket=event["bucket"], Key=event["key"], UploadId=upload["UploadId"])
        raise
