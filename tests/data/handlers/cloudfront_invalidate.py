import os
import time

import boto3

cloudfront = boto3.client("cloudfront")


def handler(event, context):
    cloudfront.create_invalidation(
        DistributionId=os.environ["DISTRIBUTION"],
        InvalidationBatch={"Paths": {"Quantity": 1, "Items": ["/*"]}, "CallerReference": str(time.time())},
    )
