import boto3

client = boto3.client("secretsmanager")


def handler(event, context):
    secret, token = event["SecretId"], event["ClientRequestToken"]
    client.describe_secret(SecretId=secret)
    if event["Step"] == "createSecret":
        password = client.get_random_password(ExcludeCharacters="/@")["RandomPassword"]
        client.put_secret_value(
            SecretId=secret, ClientRequestToken=token, SecretString=password, VersionStages=["AWSPENDING"]
        )
    elif event["Step"] == "finishSecret":
        client.update_secret_version_stage(SecretId=secret, VersionStage="AWSCURRENT", MoveToVersionId=token)
