import boto3

ses = boto3.client("ses")


def handler(event, context):
    ses.send_email(
        Source="shop@example.org",
        Destination={"ToAddresses": [event["email"]]},
        Message={"Subject": {"Data": "Thanks"}, "Body": {"Text": {"Data": "Your order is on its way."}}},
    )
