from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_


class Greeting(cdk.Stack):
    def __init__(self, scope, construct_id, **kwargs):
        super().__init__(scope, construct_id, **kwargs)
        lambda_.Function(
            self,
            "Hello",
            runtime=lambda_.Runtime.PYTHON_3_13,
            handler="app.handler",
            code=lambda_.Code.from_asset(str(Path(__file__).parent / "lambda")),
            timeout=cdk.Duration.seconds(901),
        )


app = cdk.App()
Greeting(app, "Greeting")
app.synth()
