import boto3


def handler(event, context):
    boto3.client("sesv2").send_email(
        FromEmailAddress="shop@example.org",
        Destination={"ToAddresses": [event["email"]]},
        Content={"Simple": {"Subject": {"Data": "Thanks"}, "Body": {"Text": {"Data": "x"}}}},
    )
