import boto3

ec2 = boto3.client("ec2")


def handler(event, context):
    found = ec2.describe_instances(Filters=[{"Name": "tag:nightly", "Values": ["off"]}])
    names = [one["InstanceId"] for group in found["Reservations"] for one in group["Instances"]]
    ec2.stop_instances(InstanceIds=names)
    ec2.get_waiter("instance_stopped").wait(InstanceIds=names)
