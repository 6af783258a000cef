"""What each kind of resource says of the functions that it invokes: one reader a type of resource."""

# No "from __future__ import annotations" here: a NamedTuple would compile each of its annotations at every start.

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from lambdalint.finding import Path
from lambdalint.model.arns import parse
from lambdalint.model.deployment import Deployment
from lambdalint.model.event_source import ASYNC, POLL, SYNC
from lambdalint.model.mappings import mapping_kind
from lambdalint.model.resource import Resource
from lambdalint.model.values import Reference, Text, Value


class Link(NamedTuple):
    """One mention of a function by a resource that invokes it."""

    kind: str
    mode: str
    function: Value
    path: Path
    """Where the function is named, below Properties."""
    source: Value = None
    settings: Any = None
    """A map, or None for the resource's own properties."""
    settings_path: Path = ()


_FUNCTION = r"[a-z0-9:-]*:function:[A-Za-z0-9_:$-]+"

Reader = Callable[[Deployment, Resource], Iterator[Link]]


def reader_of(type: str) -> Reader | None:
    """What reads the connections of a type of resource; None for one that invokes nothing."""
    return _READERS.get(type) or (_READERS["Custom::"] if type.startswith("Custom::") else None)


def _mapping(deployment: Deployment, resource: Resource) -> Iterator[Link]:
    kind = mapping_kind(deployment, resource)
    yield Link(kind, POLL, resource.get("FunctionName"), ("FunctionName",), resource.get("EventSourceArn"))


def _each(resource: Resource, *path: Any) -> Iterator[tuple[Path, Any]]:
    """The members of a list property, with their paths."""
    value = resource.get(*path)
    for index, member in enumerate(value if isinstance(value, list) else ()):
        yield (*path, index), member


def _bucket(deployment: Deployment, resource: Resource) -> Iterator[Link]:
    for path, member in _each(resource, "NotificationConfiguration", "LambdaConfigurations"):
        if isinstance(member, dict):
            own = Reference(resource.id, "Arn")
            yield Link("s3", ASYNC, member.get("Function"), (*path, "Function"), own, member, path)


def _bucket_of_cdk(deployment: Deployment, resource: Resource) -> Iterator[Link]:
    """CDK writes a bucket's notifications by a custom resource, in the form of S3's own API."""
    for path, member in _each(resource, "NotificationConfiguration", "LambdaFunctionConfigurations"):
        if isinstance(member, dict):
            where = (*path, "LambdaFunctionArn")
            yield Link("s3", ASYNC, member.get("LambdaFunctionArn"), where, resource.get("BucketName"), member, path)
    yield Link("custom-resource", ASYNC, resource.get("ServiceToken"), ("ServiceToken",))


def _subscription(deployment: Deployment, resource: Resource) -> Iterator[Link]:
    if resource.get("Protocol") == "lambda":
        yield Link("sns", ASYNC, resource.get("Endpoint"), ("Endpoint",), resource.get("TopicArn"))


def _topic(deployment: Deployment, resource: Resource) -> Iterator[Link]:
    for path, member in _each(resource, "Subscription"):
        if isinstance(member, dict) and member.get("Protocol") == "lambda":
            own = Reference(resource.id, "Ref")
            yield Link("sns", ASYNC, member.get("Endpoint"), (*path, "Endpoint"), own, member, path)


def _rule(deployment: Deployment, resource: Resource) -> Iterator[Link]:
    scheduled = resource.get("ScheduleExpression") is not None and resource.get("EventPattern") is None
    kind = "schedule-rule" if scheduled else "event-rule"
    for path, member in _each(resource, "Targets"):
        if isinstance(member, dict):
            own = Reference(resource.id, "Arn")
            yield Link(kind, ASYNC, member.get("Arn"), (*path, "Arn"), own, member, path)


def _at(kind: str, mode: str, *path: Any, source: str | None = None) -> Reader:
    """A reader of one property that names the function."""

    def read(deployment: Deployment, resource: Resource) -> Iterator[Link]:
        if resource.get(*path) is not None:
            yield Link(kind, mode, resource.get(*path), path, resource.get(source) if source else None)

    return read


def _alarm(deployment: Deployment, resource: Resource) -> Iterator[Link]:
    for name in ("AlarmActions", "OKActions", "InsufficientDataActions"):
        for path, member in _each(resource, name):
            yield Link("alarm", ASYNC, member, path, Reference(resource.id, "Arn"))


def _topic_rule(deployment: Deployment, resource: Resource) -> Iterator[Link]:
    actions = list(_each(resource, "TopicRulePayload", "Actions"))
    actions.append((("TopicRulePayload", "ErrorAction"), resource.get("TopicRulePayload", "ErrorAction")))
    for path, member in actions:
        if isinstance(member, dict) and isinstance(member.get("Lambda"), dict):
            where = (*path, "Lambda", "FunctionArn")
            yield Link("iot", ASYNC, member["Lambda"].get("FunctionArn"), where, Reference(resource.id, "Arn"))


def _receipt_rule(deployment: Deployment, resource: Resource) -> Iterator[Link]:
    for path, member in _each(resource, "Rule", "Actions"):
        action = member.get("LambdaAction") if isinstance(member, dict) else None
        if isinstance(action, dict):
            mode = SYNC if action.get("InvocationType") == "RequestResponse" else ASYNC
            where = (*path, "LambdaAction")
            yield Link("ses", mode, action.get("FunctionArn"), (*where, "FunctionArn"), None, action, where)


def _repository(deployment: Deployment, resource: Resource) -> Iterator[Link]:
    for path, member in _each(resource, "Triggers"):
        if isinstance(member, dict):
            where = (*path, "DestinationArn")
            yield Link("codecommit", ASYNC, member.get("DestinationArn"), where, Reference(resource.id, "Arn"))


def _pipeline(deployment: Deployment, resource: Resource) -> Iterator[Link]:
    for stage, member in _each(resource, "Stages"):
        for path, action in _each(resource, *stage, "Actions") if isinstance(member, dict) else ():
            kind = action.get("ActionTypeId") if isinstance(action, dict) else None
            if isinstance(kind, dict) and kind.get("Provider") == "Lambda":
                where = (*path, "Configuration", "FunctionName")
                yield Link("codepipeline", ASYNC, resource.get(*where), where, None, action, path)


def _config_rule(deployment: Deployment, resource: Resource) -> Iterator[Link]:
    if resource.get("Source", "Owner") in ("CUSTOM_LAMBDA", None):
        where = ("Source", "SourceIdentifier")
        yield Link("config", ASYNC, resource.get(*where), where, Reference(resource.id, "Arn"))
    where = ("OrganizationCustomRuleMetadata", "LambdaFunctionArn")
    if resource.get(*where) is not None:
        yield Link("config", ASYNC, resource.get(*where), where)


def _method(deployment: Deployment, resource: Resource) -> Iterator[Link]:
    integration = resource.get("Integration")
    if isinstance(integration, dict):
        path = ("Integration", "Uri")
        own = resource.get("RestApiId")
        yield Link("api-gateway-rest", SYNC, integration.get("Uri"), path, own, integration, ("Integration",))


def _body(rest: bool) -> Reader:
    kind = "api-gateway-rest" if rest else "api-gateway-http"

    def read(deployment: Deployment, resource: Resource) -> Iterator[Link]:
        own = Reference(resource.id)
        if not rest and resource.get("Target") is not None:
            yield Link(kind, SYNC, resource.get("Target"), ("Target",), own)
        paths = resource.get("Body", "paths")
        for route, methods in paths.items() if isinstance(paths, dict) else ():
            for method, operation in methods.items() if isinstance(methods, dict) else ():
                integration = operation.get("x-amazon-apigateway-integration") if isinstance(operation, dict) else None
                if isinstance(integration, dict):
                    where = ("Body", "paths", route, method, "x-amazon-apigateway-integration")
                    yield Link(kind, SYNC, integration.get("uri"), (*where, "uri"), own, integration, where)
        for place in (("securityDefinitions",), ("components", "securitySchemes")):
            schemes = resource.get("Body", *place)
            for name, scheme in schemes.items() if isinstance(schemes, dict) else ():
                authorizer = scheme.get("x-amazon-apigateway-authorizer") if isinstance(scheme, dict) else None
                if isinstance(authorizer, dict):
                    where = ("Body", *place, name, "x-amazon-apigateway-authorizer")
                    uri = authorizer.get("authorizerUri")
                    role = "authorizer-rest" if rest else "authorizer-http"
                    yield Link(role, SYNC, uri, (*where, "authorizerUri"), own, authorizer, where)

    return read


def _integration(deployment: Deployment, resource: Resource) -> Iterator[Link]:
    kind = "api-gateway-websocket" if _is_websocket(deployment, resource) else "api-gateway-http"
    yield Link(kind, SYNC, resource.get("IntegrationUri"), ("IntegrationUri",), resource.get("ApiId"))


def _authorizer(deployment: Deployment, resource: Resource) -> Iterator[Link]:
    if resource.get("AuthorizerUri") is not None:
        kind = "authorizer-websocket" if _is_websocket(deployment, resource) else "authorizer-http"
        yield Link(kind, SYNC, resource.get("AuthorizerUri"), ("AuthorizerUri",), resource.get("ApiId"))


def _is_websocket(deployment: Deployment, part: Resource) -> bool:
    """Whether a part of an API belongs to a WebSocket API; the API's own word, else what only HTTP APIs take."""
    api = deployment.follow(part.get("ApiId"))
    if api is not None:
        return bool(api.get("ProtocolType") == "WEBSOCKET")
    http = ("AuthorizerPayloadFormatVersion", "EnableSimpleResponses", "PayloadFormatVersion")
    return part.type == "AWS::ApiGatewayV2::Authorizer" and all(part.get(name) is None for name in http)


def _target_group(kind: str, property: str, value: str) -> Reader:
    def read(deployment: Deployment, resource: Resource) -> Iterator[Link]:
        if str(resource.get(property)).lower() == value:
            for path, member in _each(resource, "Targets"):
                if isinstance(member, dict):
                    yield Link(kind, SYNC, member.get("Id"), (*path, "Id"), Reference(resource.id, "Arn"))

    return read


def _user_pool(deployment: Deployment, resource: Resource) -> Iterator[Link]:
    triggers = resource.get("LambdaConfig")
    for name, value in triggers.items() if isinstance(triggers, dict) else ():
        mode = ASYNC if name in ("CustomSMSSender", "CustomEmailSender") else SYNC
        if isinstance(value, dict):
            where: Path = ("LambdaConfig", name, "LambdaArn")
            value = value.get("LambdaArn")
        else:
            where = ("LambdaConfig", name)
        if name != "KMSKeyID" and value is not None:
            yield Link("cognito", mode, value, where, Reference(resource.id, "Arn"), {"Trigger": name})


def _bot(deployment: Deployment, resource: Resource) -> Iterator[Link]:
    for prefix in ((), ("TestBotAliasSettings",)):
        for path, _ in _each(resource, *prefix, "BotAliasLocaleSettings"):
            where = (*path, "BotAliasLocaleSetting", "CodeHookSpecification", "LambdaCodeHook", "LambdaArn")
            if resource.get(*where) is not None:
                yield Link("lex", SYNC, resource.get(*where), where, Reference(resource.id, "Arn"))


def _delivery_stream(deployment: Deployment, resource: Resource) -> Iterator[Link]:
    for destination, settings in resource.properties.items():
        if not (destination.endswith("DestinationConfiguration") and isinstance(settings, dict)):
            continue
        for path, _ in _each(resource, destination, "ProcessingConfiguration", "Processors"):
            for parameter, member in _each(resource, *path, "Parameters"):
                if isinstance(member, dict) and member.get("ParameterName") == "LambdaArn":
                    where = (*parameter, "ParameterValue")
                    yield Link("firehose", SYNC, member.get("ParameterValue"), where, Reference(resource.id, "Arn"))


def _state_machine(deployment: Deployment, resource: Resource) -> Iterator[Link]:
    for name in ("Definition", "DefinitionString", "DefinitionSubstitutions"):
        value = resource.get(name)
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except (ValueError, RecursionError):
                continue
        for path, found in _named_functions(value, (name,)):
            where = path if isinstance(resource.get(name), dict) else (name,)
            yield Link("step-functions", SYNC, found, where, None, {})


def _named_functions(value: Any, path: Path) -> Iterator[tuple[Path, Value]]:
    """Values that may name a function: references, and ARNs of functions."""
    if isinstance(value, dict):
        for key, child in value.items():
            yield from _named_functions(child, (*path, key))
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from _named_functions(child, (*path, index))
    elif isinstance(value, Reference) or (isinstance(value, str) and ":function:" in value):
        yield path, value
    elif isinstance(value, Text):
        if parse(value) is not None:
            yield path, value
            return
        for piece in value.parts:
            if isinstance(piece, Reference):
                yield path, piece
            elif isinstance(piece, str):
                for found in re.findall(_FUNCTION, piece):
                    yield path, found


def _data_source(deployment: Deployment, resource: Resource) -> Iterator[Link]:
    where = ("LambdaConfig", "LambdaFunctionArn")
    if resource.get(*where) is not None:
        yield Link("appsync", SYNC, resource.get(*where), where, resource.get("ApiId"))


def _object_lambda(deployment: Deployment, resource: Resource) -> Iterator[Link]:
    for path, _ in _each(resource, "ObjectLambdaConfiguration", "TransformationConfigurations"):
        where = (*path, "ContentTransformation", "AwsLambda", "FunctionArn")
        if resource.get(*where) is not None:
            yield Link("s3-object-lambda", SYNC, resource.get(*where), where, Reference(resource.id, "Arn"))


def _distribution(deployment: Deployment, resource: Resource) -> Iterator[Link]:
    behaviours: list[Path] = [("DistributionConfig", "DefaultCacheBehavior")]
    behaviours += [path for path, _ in _each(resource, "DistributionConfig", "CacheBehaviors")]
    for behaviour in behaviours:
        for path, member in _each(resource, *behaviour, "LambdaFunctionAssociations"):
            if isinstance(member, dict):
                where = (*path, "LambdaFunctionARN")
                yield Link("edge", SYNC, member.get("LambdaFunctionARN"), where, None, member, path)


def _pipe(deployment: Deployment, resource: Resource) -> Iterator[Link]:
    for name in ("Target", "Enrichment"):
        if resource.get(name) is not None:
            yield Link("pipes", SYNC, resource.get(name), (name,), resource.get("Source"))


def _permission(deployment: Deployment, resource: Resource) -> Iterator[Link]:
    """Alexa has no resource of its own: the permission is the connection."""
    if resource.get("Principal") in ("alexa-appkit.amazon.com", "alexa-connectedhome.amazon.com"):
        yield Link("alexa", SYNC, resource.get("FunctionName"), ("FunctionName",))


def _url(deployment: Deployment, resource: Resource) -> Iterator[Link]:
    function = resource.get("TargetFunctionArn")
    qualifier = resource.get("Qualifier")
    if isinstance(qualifier, str) and isinstance(function, str):
        function = f"{function}:{qualifier}"
    elif qualifier is not None and isinstance(function, (str, Reference)):
        function = Text((function, f":{qualifier}") if isinstance(qualifier, str) else (function, ":", qualifier))
    yield Link("function-url", SYNC, function, ("TargetFunctionArn",))


def _invoke_config(deployment: Deployment, resource: Resource) -> Iterator[Link]:
    for outcome in ("OnSuccess", "OnFailure"):
        where = ("DestinationConfig", outcome, "Destination")
        if resource.get(*where) is not None:
            yield Link("destination", ASYNC, resource.get(*where), where, resource.get("FunctionName"))


_READERS: dict[str, Reader] = {
    "AWS::Lambda::EventSourceMapping": _mapping,
    "AWS::Lambda::Url": _url,
    "AWS::Lambda::Permission": _permission,
    "AWS::Lambda::EventInvokeConfig": _invoke_config,
    "AWS::S3::Bucket": _bucket,
    "AWS::SNS::Subscription": _subscription,
    "AWS::SNS::Topic": _topic,
    "AWS::Events::Rule": _rule,
    "AWS::Scheduler::Schedule": _at("scheduler", ASYNC, "Target", "Arn"),
    "AWS::Logs::SubscriptionFilter": _at("logs", ASYNC, "DestinationArn", source="LogGroupName"),
    "AWS::CloudWatch::Alarm": _alarm,
    "AWS::CloudWatch::CompositeAlarm": _alarm,
    "AWS::IoT::TopicRule": _topic_rule,
    "AWS::SES::ReceiptRule": _receipt_rule,
    "AWS::CodeCommit::Repository": _repository,
    "AWS::CodePipeline::Pipeline": _pipeline,
    "AWS::Config::ConfigRule": _config_rule,
    "AWS::Config::OrganizationConfigRule": _config_rule,
    "AWS::CloudFormation::CustomResource": _at("custom-resource", ASYNC, "ServiceToken"),
    "Custom::S3BucketNotifications": _bucket_of_cdk,
    "Custom::": _at("custom-resource", ASYNC, "ServiceToken"),
    "AWS::SecretsManager::RotationSchedule": _at("secret-rotation", ASYNC, "RotationLambdaARN", source="SecretId"),
    "AWS::ApiGateway::Method": _method,
    "AWS::ApiGateway::RestApi": _body(True),
    "AWS::ApiGateway::Authorizer": _at("authorizer-rest", SYNC, "AuthorizerUri", source="RestApiId"),
    "AWS::ApiGatewayV2::Api": _body(False),
    "AWS::ApiGatewayV2::Integration": _integration,
    "AWS::ApiGatewayV2::Authorizer": _authorizer,
    "AWS::ElasticLoadBalancingV2::TargetGroup": _target_group("alb", "TargetType", "lambda"),
    "AWS::VpcLattice::TargetGroup": _target_group("vpc-lattice", "Type", "lambda"),
    "AWS::Cognito::UserPool": _user_pool,
    "AWS::Lex::Bot": _bot,
    "AWS::Lex::BotAlias": _bot,
    "AWS::Connect::IntegrationAssociation": _at("connect", SYNC, "IntegrationArn", source="InstanceId"),
    "AWS::KinesisFirehose::DeliveryStream": _delivery_stream,
    "AWS::StepFunctions::StateMachine": _state_machine,
    "AWS::AppSync::DataSource": _data_source,
    "AWS::AppSync::GraphQLApi": _at("appsync", SYNC, "LambdaAuthorizerConfig", "AuthorizerUri"),
    "AWS::S3ObjectLambda::AccessPoint": _object_lambda,
    "AWS::CloudFront::Distribution": _distribution,
    "AWS::Pipes::Pipe": _pipe,
}
