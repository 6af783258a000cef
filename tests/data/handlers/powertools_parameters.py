from aws_lambda_powertools.utilities import parameters


def handler(event, context):
    limit = parameters.get_parameter("/shop/limit")
    key = parameters.get_secret("shop/key")
    return bool(limit and key)
