import boto3

appconfig = boto3.client("appconfigdata")


def handler(event, context):
    token = appconfig.start_configuration_session(
        ApplicationIdentifier="shop", EnvironmentIdentifier="live", ConfigurationProfileIdentifier="flags"
    )["InitialConfigurationToken"]
    return appconfig.get_latest_configuration(ConfigurationToken=token)["Configuration"].read()
