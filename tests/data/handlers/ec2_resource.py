import boto3

ec2 = boto3.resource("ec2")


def handler(event, context):
    for instance in ec2.instances.filter(Filters=[{"Name": "instance-state-name", "Values": ["running"]}]):
        instance.create_tags(Tags=[{"Key": "seen", "Value": "yes"}])
