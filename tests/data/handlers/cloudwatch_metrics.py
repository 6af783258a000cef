import boto3

cloudwatch = boto3.client("cloudwatch")


def handler(event, context):
    cloudwatch.put_metric_data(Namespace="shop", MetricData=[{"MetricName": "orders", "Value": 1}])
    return cloudwatch.get_metric_statistics(
        Namespace="shop",
        MetricName="orders",
        StartTime=event["from"],
        EndTime=event["to"],
        Period=60,
        Statistics=["Sum"],
    )
