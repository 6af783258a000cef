"""The properties that SAM knows of its resources and events, and the shapes in which it takes them.

From aws-sam-translator 1.115.0. A word is ``Name`` (anything is passed on) or ``Name:shapes``: ``s`` string, ``d`` map,
``l`` list, ``b`` boolean, ``i`` integer, ``D`` map of maps, ``F`` map of strings, ``I`` map of integers, ``L`` list of
strings or maps, ``T`` list of strings. ``!`` marks what is required, ``-`` where an intrinsic function is not taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from lambdalint.finding import Path
from lambdalint.model.values import Unknown

from .context import Expansion, nearest

RESOURCES = {
    "Function": """FunctionName:sd Handler Runtime CodeUri ImageUri PackageType InlineCode DeadLetterQueue:d Description
        MemorySize Timeout VpcConfig Role:s AssumeRolePolicyDocument:d Policies:sdL RolePath PermissionsBoundary:s
        Environment:D Events:D Tags:d PropagateTags:b Tracing:ds KmsKeyArn DeploymentPreference:d
        ReservedConcurrentExecutions Layers:L EventInvokeConfig:d EphemeralStorage AutoPublishAlias:s
        AutoPublishCodeSha256:s AutoPublishAliasAllProperties:b- VersionDescription ProvisionedConcurrencyConfig
        FileSystemConfigs ImageConfig CodeSigningConfigArn Architectures SnapStart:d FunctionUrlConfig:d
        RuntimeManagementConfig LoggingConfig RecursiveLoop SourceKMSKeyArn CapacityProviderConfig:d
        FunctionScalingConfig:d VersionDeletionPolicy:s PublishToLatestPublished TenancyConfig DurableConfig:d""",
    "Api": """Name:sd StageName:!sd Tags:d PropagateTags:b DefinitionBody:d DefinitionUri:sd MergeDefinitions:b-
        CacheClusterEnabled:b CacheClusterSize:s Variables:d EndpointConfiguration:sd MethodSettings:l
        BinaryMediaTypes:l MinimumCompressionSize:i Cors:sd Auth:d GatewayResponses:d AccessLogSetting:d
        CanarySetting:d TracingEnabled:b OpenApiVersion:s Models:d Domain:d FailOnWarnings:b Description:s Mode:s
        DisableExecuteApiEndpoint:b ApiKeySourceType:s AlwaysDeploy:b- Policy:sd SecurityPolicy:s
        EndpointAccessMode:s""",
    "HttpApi": """Name StageName:sd Tags:d PropagateTags:b DefinitionBody:d DefinitionUri:sd StageVariables:d
        CorsConfiguration:bd AccessLogSettings:d DefaultRouteSettings:d Auth:d RouteSettings:d Domain:d
        FailOnWarnings:b Description:s DisableExecuteApiEndpoint:b""",
    "WebSocketApi": """ApiKeySelectionExpression:s AccessLogSettings:d Auth:d DefaultRouteSettings:d Description:s
        DisableExecuteApiEndpoint:b Domain:d DisableSchemaValidation:b FailOnWarnings:b IpAddressType:s Name:s
        PropagateTags:b Routes:!d RouteSettings:d RouteSelectionExpression:!s StageName:sd StageVariables:d Tags:d""",
    "SimpleTable": """PointInTimeRecoverySpecification PrimaryKey:F ProvisionedThroughput:I TableName:sd Tags:d
        SSESpecification:d""",
    "Application": """Location:!sd TemplateUrl:s Parameters:d NotificationARNs:L Tags:d TimeoutInMinutes:i""",
    "LayerVersion": """LayerName:sd Description:s PublishLambdaVersion:b ContentUri:!sd CompatibleArchitectures:L
        CompatibleRuntimes:L LicenseInfo:s RetentionPolicy:s""",
    "StateMachine": """Definition:d DefinitionUri:sd Logging:d Role:s RolePath DefinitionSubstitutions:d Events:D
        Name:s Type:s Tags:d PropagateTags:b Policies:sL Tracing:d PermissionsBoundary:s AutoPublishAlias
        DeploymentPreference UseAliasAsEventTarget:b-""",
    "NetworkConnector": "Name:sd- VpcConfig:!d- ComputeTypes:l- OperatorRole:sd- Tags:d- PropagateTags:b-",
    "MicrovmImage": """Name:!sd- CodeUri:!sd- BaseImageArn:!sd- BuildRoleArn:sd- BaseImageVersion:!sd- Description:sd-
        Tags:d- Logging:d- EgressNetworkConnectors:l- CpuConfigurations:l- Resources:l- AdditionalOsCapabilities:l-
        Hooks:d- EnvironmentVariables:d- PropagateTags:b-""",
    "WebFunction": """FunctionName:sd Tags:d ReplicaRegions:ld AuthType Runtime CodeUri InlineCode RevisionDescription
        KmsKeyArn ExecutionRoleArn:s EnvironmentVariables:d EntryPoint MaxConcurrencyPerEnvironment
        EgressNetworkConnectorArn Timeout:i LoggingConfig RevisionWeights EndpointName EndpointType EndpointDescription
        ScalingConfig ThrottleConfig AutoDeploymentMode""",
    "Connector": "Source:!d Destination:!dl Permissions:!T",
    "GraphQLApi": """Name Tags:d- XrayEnabled Auth:!d- SchemaInline:s- SchemaUri:s- Logging:db- DataSources:d-
        Functions:d- Resolvers:d- ApiKeys:d- DomainName:d- Cache:d- Visibility OwnerContact IntrospectionConfig
        QueryDepthLimit ResolverCountLimit""",
    "CapacityProvider": """CapacityProviderName:sd- VpcConfig:!d- OperatorRole:sd- Tags:d- PropagateTags:b-
        InstanceRequirements:d- ScalingConfig:d- KmsKeyArn:sd- LoggingConfig:d- ManagedResourceTags:d-""",
}

_POLLED = """BatchSize:i StartingPosition StartingPositionTimestamp Enabled:b MaximumBatchingWindowInSeconds:i
    MaximumRetryAttempts:i BisectBatchOnFunctionError:b MaximumRecordAgeInSeconds:i DestinationConfig:d
    ParallelizationFactor:i Topics:l Queues:l SourceAccessConfigurations:l SecretsManagerKmsKeyId:s
    TumblingWindowInSeconds:i FunctionResponseTypes:l KafkaBootstrapServers:l FilterCriteria:d KmsKeyArn
    ConsumerGroupId:s ScalingConfig:d ProvisionedPollerConfig:d SchemaRegistryConfig:d MetricsConfig:d
    LoggingConfig:d """
_STREAM = _POLLED + "Stream:! StartingPosition:!"
_RULE = """EventBusName:s RuleName:s Pattern:d DeadLetterConfig:d RetryPolicy:d Input:s InputPath:s Target:d Enabled:b
    State:s InputTransformer:d"""
_SCHEDULE_V2 = """PermissionsBoundary:s ScheduleExpression:!s FlexibleTimeWindow:d Name:s State:s Description:s
    StartDate:s EndDate:s ScheduleExpressionTimezone:s GroupName:s KmsKeyArn:s Input:s RoleArn:s DeadLetterConfig:d
    RetryPolicy:d OmitName:b-"""

FUNCTION_EVENTS = {
    "Kinesis": _STREAM,
    "DynamoDB": _STREAM,
    "MSK": _STREAM,
    "SQS": _POLLED + "Queue:!",
    "MQ": _POLLED + "Broker:! DynamicPolicyName:b-",
    "DocumentDB": _POLLED + "Cluster:! DatabaseName:! CollectionName FullDocument",
    "SelfManagedKafka": _POLLED,
    "Schedule": """Schedule:!s RuleName:s Input:s Enabled:b State:s Name:s Description:s DeadLetterConfig:d
        RetryPolicy:d""",
    "ScheduleV2": _SCHEDULE_V2,
    "CloudWatchEvent": _RULE,
    "EventBridgeRule": _RULE,
    "S3": "Bucket:!s Events:!sT- Filter:F",
    "SNS": "Topic:!s Region:s FilterPolicy FilterPolicyScope SqsSubscription:bd RedrivePolicy:d",
    "Api": """Path:!s Method:!s RestApiId:!s Stage:s Auth:d RequestModel:d RequestParameters:l TimeoutInMillis:i
        ResponseTransferMode:s""",
    "HttpApi": "Path:s Method:s ApiId:s Stage:s Auth:d TimeoutInMillis:i RouteSettings:d PayloadFormatVersion:s",
    "AlexaSkill": "SkillId:s",
    "IoTRule": "Sql:!s AwsIotSqlVersion:s",
    "Cognito": "UserPool:!s Trigger:!sT-",
    "CloudWatchLogs": "LogGroupName:!s FilterPattern:!s",
}

_STATE_MACHINE_RULE = """EventBusName:s RuleName:s Pattern:d Input:s InputPath:s DeadLetterConfig:d RetryPolicy:d
    State:s Target:d- InputTransformer:d"""

STATE_MACHINE_EVENTS = {
    "Schedule": """Schedule:!s Input:s Enabled:b State:s Name:s Description:s DeadLetterConfig:d RetryPolicy:d
        Target:d- RoleArn:s-""",
    "ScheduleV2": _SCHEDULE_V2,
    "CloudWatchEvent": _STATE_MACHINE_RULE,
    "EventBridgeRule": _STATE_MACHINE_RULE,
    "Api": "Path:!s Method:!s RestApiId:!s Stage:s Auth:d UnescapeMappingTemplate:b-",
}

CHANGED_RESOURCES = {
    "AWS::S3::Bucket": """AccessControl AccelerateConfiguration AnalyticsConfigurations BucketEncryption BucketName
        CorsConfiguration IntelligentTieringConfigurations InventoryConfigurations LifecycleConfiguration
        LoggingConfiguration MetricsConfigurations NotificationConfiguration ObjectLockConfiguration ObjectLockEnabled
        OwnershipControls PublicAccessBlockConfiguration ReplicationConfiguration Tags VersioningConfiguration
        WebsiteConfiguration""",
    "AWS::Cognito::UserPool": """AccountRecoverySetting AdminCreateUserConfig AliasAttributes AutoVerifiedAttributes
        DeletionProtection DeviceConfiguration EmailAuthenticationMessage EmailAuthenticationSubject EmailConfiguration
        EmailVerificationMessage EmailVerificationSubject EnabledMfas LambdaConfig MfaConfiguration Policies Schema
        SmsAuthenticationMessage SmsConfiguration SmsVerificationMessage UserAttributeUpdateSettings UsernameAttributes
        UsernameConfiguration UserPoolAddOns UserPoolName UserPoolTags UserPoolTier VerificationMessageTemplate
        WebAuthnRelyingPartyID WebAuthnUserVerification""",
}
"""Properties of CloudFormation resources that an event changes: SAM refuses one that it does not know."""


class Shape(NamedTuple):
    takes: str
    """Letters as above; empty for anything."""
    required: bool
    intrinsics: bool


_parsed: dict[str, dict[str, Shape]] = {}

_EXPECTED = {"s": "string", "d": "map", "l": "list", "b": "boolean", "i": "integer", "D": "map", "F": "map", "I": "map"}


def shapes(words: str) -> dict[str, Shape]:
    """A table above, read once."""
    table = _parsed.get(words)
    if table is None:
        table = _parsed[words] = {}
        for word in words.split():
            name, _, marks = word.partition(":")
            takes = marks.replace("!", "").replace("-", "")
            table[name] = Shape(takes, "!" in marks, bool(takes) and "-" not in marks)
    return table


def check(expansion: Expansion, words: str, properties: Mapping[str, Any], at: Path, **fields: Any) -> bool:
    """Faults for unknown properties, missing ones, and values of a shape that SAM refuses.

    True where nothing stands in the way of going on: an unknown property does not.
    """
    table = shapes(words)
    fine = True
    for name in properties:
        if name not in table and name != "Fn::Transform":
            expansion.fault("unknown-property", (*at, name), property=name, nearest=nearest(name, table), **fields)
    for name, shape in table.items():
        value = properties.get(name)
        if value is None:
            if shape.required and "Fn::Transform" not in properties:
                expansion.fault("missing-property", at[:-1], property=name, **fields)
                fine = False
        elif shape.takes and not (shape.intrinsics and isinstance(value, dict) and len(value) == 1):
            if not any(_is(value, letter) for letter in shape.takes):
                expected = sorted({_EXPECTED.get(letter, "list") for letter in shape.takes})
                expansion.fault("malformed", (*at, name), property=name, expected=expected, **fields)
                fine = False
    return fine


def _is(value: Any, letter: str) -> bool:
    if isinstance(value, Unknown):
        return True
    if letter == "s":
        return isinstance(value, str)
    if letter == "d":
        return isinstance(value, dict)
    if letter == "l":
        return isinstance(value, list)
    if letter == "b":
        return isinstance(value, bool)
    if letter == "i":
        return isinstance(value, int)
    if letter == "D":
        return isinstance(value, dict) and all(isinstance(item, (dict, Unknown)) for item in value.values())
    if letter == "F":
        return isinstance(value, dict) and all(isinstance(item, (str, Unknown)) for item in value.values())
    if letter == "I":
        return isinstance(value, dict) and all(isinstance(item, (int, dict, Unknown)) for item in value.values())
    if letter == "T":
        return isinstance(value, list) and all(isinstance(item, (str, Unknown)) for item in value)
    return isinstance(value, list) and all(isinstance(item, (str, dict, Unknown)) for item in value)
