import boto3


def handler(event, context):
    ssm = boto3.client("ssm")
    ssm.send_command(
        InstanceIds=[event["instance"]], DocumentName="AWS-RunShellScript", Parameters={"commands": ["uptime"]}
    )
