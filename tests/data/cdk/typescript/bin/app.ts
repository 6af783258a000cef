import * as path from "path";
import * as cdk from "aws-cdk-lib";
import {
  aws_kinesis as kinesis,
  aws_lambda as lambda,
  aws_lambda_event_sources as sources,
  aws_s3_assets as assets,
  aws_sam as sam,
  aws_secretsmanager as secrets,
} from "aws-cdk-lib";
import { Construct } from "constructs";

const folder = (name: string) => path.join(__dirname, "..", name);

function python(scope: Construct, id: string, props: Partial<lambda.FunctionProps> = {}) {
  const defaults = { runtime: lambda.Runtime.PYTHON_3_13, handler: "app.handler" };
  return new lambda.Function(scope, id, { ...defaults, code: lambda.Code.fromAsset(folder("plain")), ...props });
}

class Yearly extends cdk.NestedStack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    new lambda.Function(this, "Sum", {
      runtime: lambda.Runtime.PYTHON_3_13,
      handler: "app.handler",
      code: lambda.Code.fromAsset(folder("plain")),
      timeout: cdk.Duration.minutes(20),
    });
  }
}

class Reports extends cdk.NestedStack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    new Yearly(this, "Yearly");
  }
}

class Billing extends cdk.Stack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    new lambda.Function(this, "Charge", {
      runtime: lambda.Runtime.PYTHON_3_13,
      handler: "app.handler",
      code: lambda.Code.fromAsset(folder("lambda")),
    });
    new Reports(this, "Reports");
  }
}

// Nothing is wrong here: what a rotation and a consumer need is CDK's to grant.
class Sound extends cdk.Stack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    const rotation = python(this, "Rotation");
    const secret = new secrets.Secret(this, "Secret");
    secret.addRotationSchedule("Monthly", { rotationLambda: rotation, automaticallyAfter: cdk.Duration.days(30) });
    const stream = new kinesis.Stream(this, "Clicks");
    const consumer = new kinesis.StreamConsumer(this, "Reader", { stream, streamConsumerName: "reader" });
    const position = { startingPosition: lambda.StartingPosition.LATEST, retryAttempts: 5 };
    python(this, "Count").addEventSource(new sources.KinesisConsumerEventSource(consumer, position));
    new cdk.triggers.Trigger(this, "Once", { handler: python(this, "Prepare") });
  }
}

class Serverless extends cdk.Stack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.addTransform("AWS::Serverless-2016-10-31");
    const code = new assets.Asset(this, "Code", { path: folder("plain") });
    const shared = new assets.Asset(this, "SharedCode", { path: folder("layer") });
    new sam.CfnFunction(this, "Greet", {
      runtime: "python3.13",
      handler: "app.missing",
      codeUri: { bucket: code.s3BucketName, key: code.s3ObjectKey },
    });
    new sam.CfnLayerVersion(this, "Shared", {
      contentUri: { bucket: shared.s3BucketName, key: shared.s3ObjectKey },
      compatibleRuntimes: ["python3.13"],
    });
  }
}

const app = new cdk.App();
const europe = new cdk.Stage(new cdk.Stage(app, "Production"), "Europe");
new Billing(europe, "Billing");
new Sound(app, "Sound");
new Serverless(app, "Serverless");
