const cdk = require("aws-cdk-lib");
const lambda = require("aws-cdk-lib/aws-lambda");
const logs = require("aws-cdk-lib/aws-logs");
const s3 = require("aws-cdk-lib/aws-s3");
const sqs = require("aws-cdk-lib/aws-sqs");
const s3n = require("aws-cdk-lib/aws-s3-notifications");
const path = require("path");

const code = () => lambda.Code.fromAsset(path.join(__dirname, "lambda"));

class Reports extends cdk.NestedStack {
  constructor(scope, id) {
    super(scope, id);
    new lambda.Function(this, "Monthly", {
      runtime: lambda.Runtime.PYTHON_3_13,
      handler: "app.handler",
      code: code(),
      memorySize: 10241,
    });
  }
}

class Orders extends cdk.Stack {
  constructor(scope, id, props) {
    super(scope, id, props);
    const queue = new sqs.Queue(this, "Queue", {
      visibilityTimeout: cdk.Duration.seconds(60),
    });
    const libraries = new lambda.LayerVersion(this, "Libraries", {
      code: lambda.Code.fromAsset(path.join(__dirname, "layer")),
      description: "x".repeat(300),
    });
    const take = new lambda.Function(this, "Take", {
      runtime: lambda.Runtime.PYTHON_3_13,
      handler: "app.handler",
      code: code(),
      layers: [libraries],
      timeout: cdk.Duration.seconds(60),
      environment: { RULES: "x".repeat(5000) },
      logRetention: logs.RetentionDays.ONE_MONTH,
    });
    new lambda.CfnEventSourceMapping(this, "Mapping", {
      functionName: take.functionName,
      eventSourceArn: queue.queueArn,
      batchSize: 100,
    });
    queue.grantConsumeMessages(take);
    new lambda.DockerImageFunction(this, "Render", {
      code: lambda.DockerImageCode.fromImageAsset(path.join(__dirname, "image")),
      timeout: cdk.Duration.minutes(16),
    });
    const uploads = new s3.Bucket(this, "Uploads", {
      removalPolicy: cdk.RemovalPolicy.DESTROY,
      autoDeleteObjects: true,
    });
    uploads.addEventNotification(s3.EventType.OBJECT_CREATED, new s3n.LambdaDestination(take));
    new Reports(this, "Reports");
  }
}

class Production extends cdk.Stage {
  constructor(scope, id, props) {
    super(scope, id, props);
    const stack = new cdk.Stack(this, "Billing");
    new lambda.Function(stack, "Charge", {
      runtime: lambda.Runtime.PYTHON_3_13,
      handler: "app.handler",
      code: code(),
      timeout: cdk.Duration.minutes(20),
    });
  }
}

const app = new cdk.App();
new Orders(app, "Orders", { env: { account: "111122223333", region: "eu-central-1" } });
new Production(app, "Production");
