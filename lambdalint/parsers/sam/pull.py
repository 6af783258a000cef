"""Events that Lambda polls: queues, streams and brokers become event source mappings and rights of the role."""

from __future__ import annotations

from typing import Any

from .context import Event, Expansion, Target, intrinsic
from .policies import Role, allow, send

_SOURCE = {
    "Kinesis": "Stream",
    "DynamoDB": "Stream",
    "MSK": "Stream",
    "SQS": "Queue",
    "MQ": "Broker",
    "DocumentDB": "Cluster",
}
_MANAGED = {
    "Kinesis": "AWSLambdaKinesisExecutionRole",
    "DynamoDB": "AWSLambdaDynamoDBExecutionRole",
    "SQS": "AWSLambdaSQSQueueExecutionRole",
    "MSK": "AWSLambdaMSKExecutionRole",
}
_KAFKA_CONFIG = {"MSK": "AmazonManagedKafkaEventSourceConfig", "SelfManagedKafka": "SelfManagedKafkaEventSourceConfig"}
_PASSED = """StartingPosition StartingPositionTimestamp BatchSize Enabled MaximumBatchingWindowInSeconds
    MaximumRetryAttempts BisectBatchOnFunctionError MaximumRecordAgeInSeconds ParallelizationFactor Topics Queues
    SourceAccessConfigurations TumblingWindowInSeconds FunctionResponseTypes FilterCriteria KmsKeyArn ScalingConfig
    ProvisionedPollerConfig MetricsConfig LoggingConfig""".split()
_WITH_URI = (
    "SASL_SCRAM_256_AUTH",
    "SASL_SCRAM_512_AUTH",
    "BASIC_AUTH",
    "CLIENT_CERTIFICATE_TLS_AUTH",
    "OAUTHBEARER_AUTH",
)
_WITHOUT_URI = ("IAM_AUTH", "IAM_OAUTHBEARER_AUTH")
_OAUTH = ("OAUTHBEARER_SCOPE", "OAUTHBEARER_AUDIENCE", "OAUTHBEARER_LOGICAL_CLUSTER", "OAUTHBEARER_IDENTITY_POOL")
_NETWORK = [
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeVpcs",
    "ec2:DescribeSubnets",
    "ec2:DescribeSecurityGroups",
]


def expand(expansion: Expansion, target: Target, role: Role, event: Event) -> None:
    """The mapping of one event, and what its role needs for it."""
    written = event.properties
    properties: dict[str, Any] = {"FunctionName": target.name}
    source = _SOURCE.get(event.type)
    if source:
        properties["EventSourceArn"] = written.get(source)
    for name in _PASSED:
        properties[name] = written.get(name)
    place = ("Resources", event.logical_id, "Properties")
    _check_filter(expansion, event)
    if written.get("KafkaBootstrapServers"):
        properties["SelfManagedEventSource"] = {
            "Endpoints": {"KafkaBootstrapServers": written["KafkaBootstrapServers"]}
        }
        expansion.moved[(*place, "SelfManagedEventSource", "Endpoints")] = event.at()
    config = _kafka_config(expansion, event)
    if config:
        properties[_KAFKA_CONFIG[event.type]] = config
        expansion.moved[(*place, _KAFKA_CONFIG[event.type])] = event.at()
    if event.type == "DocumentDB":
        names = ("DatabaseName", "CollectionName", "FullDocument")
        properties["DocumentDBEventSourceConfig"] = {
            name: written[name] for name in names if written.get(name) or (name in written and name == names[0])
        }
        expansion.moved[(*place, "DocumentDBEventSourceConfig")] = event.at()
    properties["DestinationConfig"], rights = _destination(expansion, event)
    expansion.emit(
        target.owner.id,
        event.logical_id,
        "AWS::Lambda::EventSourceMapping",
        properties,
        target.passed_on,
        event.path,
    )
    if source:
        expansion.moved[(*place, "EventSourceArn")] = event.at(source)
    if event.type in _MANAGED:
        role.grant_managed(expansion.managed_policy(f"service-role/{_MANAGED[event.type]}"), event.path)
    policy = _POLICIES[event.type](expansion, event) if event.type in _POLICIES else None
    for granted in (policy, rights):
        if granted:
            role.grant_once(granted, event.path)


def _check_filter(expansion: Expansion, event: Event) -> None:
    criteria = event.properties.get("FilterCriteria")
    if isinstance(criteria, dict) and criteria and intrinsic(criteria) is None and list(criteria) != ["Filters"]:
        expansion.fault("malformed", event.at("FilterCriteria"), property="FilterCriteria", expected=["Filters"])


def _kafka_config(expansion: Expansion, event: Event) -> dict[str, Any]:
    config: dict[str, Any] = {}
    group, registry = event.properties.get("ConsumerGroupId"), event.properties.get("SchemaRegistryConfig")
    if group:
        if event.type in _KAFKA_CONFIG:
            config["ConsumerGroupId"] = group
        else:
            expansion.fault(
                "unknown-property", event.at("ConsumerGroupId"), property="ConsumerGroupId", event_type=event.type
            )
    if registry and event.type in _KAFKA_CONFIG:
        config["SchemaRegistryConfig"] = registry
    return config


_DESTINATIONS = ("SQS", "SNS", "S3", "Kafka")


def _destination(expansion: Expansion, event: Event) -> tuple[Any, dict[str, Any] | None]:
    """``DestinationConfig`` without the types that only SAM knows, and what sending there needs."""
    config = event.properties.get("DestinationConfig")
    if not isinstance(config, dict) or not config:
        return config or None, None
    failure = config.get("OnFailure")
    if not isinstance(failure, dict):
        expansion.fault(
            "malformed", event.at("DestinationConfig"), property="OnFailure", expected=["map"], beside=[*config]
        )
        return config, None
    kind = failure.get("Type")
    if not kind:
        return config, None
    if kind not in _DESTINATIONS:
        where = event.at("DestinationConfig", "OnFailure", "Type")
        expansion.fault("destination-type", where, value=kind, allowed=list(_DESTINATIONS))
    rest = {name: value for name, value in failure.items() if name != "Type"}
    rights = send(kind, failure.get("Destination"), event.logical_id) if kind in ("SQS", "SNS", "S3") else None
    return {**config, "OnFailure": rest}, rights


def _statement(actions: Any, resource: Any) -> dict[str, Any]:
    return {"Action": actions, "Effect": "Allow", "Resource": resource}


def _secret(uri: Any) -> dict[str, Any]:
    return _statement(["secretsmanager:GetSecretValue"], uri)


def _key(event: Event, actions: Any) -> list[dict[str, Any]]:
    """The right to decrypt with the key of the secret, where one is named."""
    key = event.properties.get("SecretsManagerKmsKeyId")
    if not key:
        return []
    if not isinstance(key, str):
        event.refuse("malformed", "SecretsManagerKmsKeyId", property="SecretsManagerKmsKeyId", expected=["string"])
    return [_statement(actions, {"Fn::Sub": "arn:${AWS::Partition}:kms:${AWS::Region}:${AWS::AccountId}:key/" + key})]


def _registry(expansion: Expansion, event: Event) -> list[dict[str, Any]]:
    config = event.properties.get("SchemaRegistryConfig")
    if not isinstance(config, dict) or not config:
        return []
    for name in ("SchemaRegistryURI", "EventRecordFormat", "SchemaValidationConfigs"):
        if name not in config:
            event.refuse("missing-property", "SchemaRegistryConfig", property=name)
    if config["EventRecordFormat"] not in ("JSON", "SOURCE"):
        event.refuse("malformed", "SchemaRegistryConfig", "EventRecordFormat", property="EventRecordFormat")
    if not isinstance(config["SchemaValidationConfigs"], list):
        event.refuse("malformed", "SchemaRegistryConfig", property="SchemaValidationConfigs", expected=["list"])
    access = config.get("AccessConfigs") or []
    if not isinstance(access, list) or not all(isinstance(c, dict) and "Type" in c and "URI" in c for c in access):
        event.refuse("malformed", "SchemaRegistryConfig", "AccessConfigs", property="AccessConfigs")
    statements = [_secret(item["URI"]) for item in access]
    uri = config["SchemaRegistryURI"]
    arn = expansion.resolve(uri)
    parts = str(arn.get("Fn::Sub") if isinstance(arn, dict) else arn).split(":")
    if parts[0].startswith("arn") and len(parts) >= 6 and parts[5].startswith("registry/"):
        schemas = "arn:${AWS::Partition}:glue:${AWS::Region}:${AWS::AccountId}:schema/" + parts[5][9:] + "/*"
        statements.append(_statement(["glue:GetRegistry"], uri))
        statements.append(_statement(["glue:GetSchemaVersion"], [{"Fn::Sub": schemas}]))
    return statements


def _msk(expansion: Expansion, event: Event) -> dict[str, Any] | None:
    statements = _registry(expansion, event)
    for item in event.properties.get("SourceAccessConfigurations") or []:
        if isinstance(item, dict) and item.get("Type") == "CLIENT_CERTIFICATE_TLS_AUTH" and item.get("URI"):
            statements.append(_secret(item["URI"]))
    if not statements:
        return None
    return {"PolicyName": "MSKExecutionRolePolicy", "PolicyDocument": {"Statement": statements}}


def _basic_auth(event: Event, types: tuple[str, ...]) -> Any:
    """The secret of ``BASIC_AUTH``, which brokers and DocumentDB require."""
    where = "SourceAccessConfigurations"
    given = event.properties.get(where)
    if not isinstance(given, list) or not given:
        event.refuse("missing-property", property=where)
    uri = None
    for index, item in enumerate(given):
        if not isinstance(item, dict):
            event.refuse("malformed", where, index, property=where, expected=["map"])
        if item.get("Type") not in types:
            event.refuse("malformed", where, index, property="Type", expected=list(types))
        if item["Type"] == "BASIC_AUTH":
            if uri or not item.get("URI"):
                event.refuse("malformed", where, index, property="URI")
            uri = item["URI"]
    if not uri:
        event.refuse("missing-property", where, property="BASIC_AUTH")
    return uri


def _mq(expansion: Expansion, event: Event) -> dict[str, Any]:
    uri = _basic_auth(event, ("BASIC_AUTH", "VIRTUAL_HOST"))
    own = event.properties.get("DynamicPolicyName")
    broker = _statement(["mq:DescribeBroker"], event.properties.get("Broker"))
    return {
        "PolicyName": f"{event.logical_id}AMQPolicy" if own else "SamAutoGeneratedAMQPolicy",
        "PolicyDocument": {"Statement": [_secret(uri), broker, *_key(event, "kms:Decrypt")]},
    }


def _document_db(expansion: Expansion, event: Event) -> dict[str, Any]:
    uri = _basic_auth(event, ("BASIC_AUTH",))
    rds = "arn:${AWS::Partition}:rds:${AWS::Region}:${AWS::AccountId}:"
    policy = allow(
        "SamAutoGeneratedDocumentDBPolicy",
        (["secretsmanager:GetSecretValue"], uri),
        (["rds:DescribeDBClusterParameters"], {"Fn::Sub": rds + "cluster-pg:*"}),
        (["rds:DescribeDBSubnetGroups"], {"Fn::Sub": rds + "subgrp:*"}),
        (["rds:DescribeDBClusters"], event.properties.get("Cluster")),
        (_NETWORK, "*"),
    )
    policy["PolicyDocument"]["Statement"] += _key(event, ["kms:Decrypt"])
    return policy


def _self_managed(expansion: Expansion, event: Event) -> dict[str, Any] | None:
    for name in ("KafkaBootstrapServers", "Topics", "SourceAccessConfigurations"):
        if not event.properties.get(name):
            event.refuse("missing-property", property=name)
    topics = event.properties["Topics"]
    if isinstance(topics, (list, dict)) and len(topics) != 1:
        event.refuse("malformed", "Topics", property="Topics", expected=["list of one"])
    given = event.properties["SourceAccessConfigurations"]
    if not isinstance(given, list):
        event.refuse(
            "malformed", "SourceAccessConfigurations", property="SourceAccessConfigurations", expected=["list"]
        )
    statements = _access(event, given) + _key(event, ["kms:Decrypt"]) + _registry(expansion, event)
    if not statements:
        return None
    document = {"Statement": statements, "Version": "2012-10-17"}
    return {"PolicyName": "SelfManagedKafkaExecutionRolePolicy", "PolicyDocument": document}


def _access(event: Event, given: list[Any]) -> list[dict[str, Any]]:
    """What reaching a self-managed cluster needs: secrets, certificates, the VPC."""
    secrets: dict[str, Any] = {}
    network: set[str] = set()
    for index, item in enumerate(given):
        at = ("SourceAccessConfigurations", index)
        kind = item.get("Type") if isinstance(item, dict) else None
        if kind in _WITH_URI or kind in _WITHOUT_URI:
            if "auth" in secrets:
                event.refuse("malformed", *at, property="Type", expected=["one authentication"])
            secrets["auth"] = item.get("URI") if kind in _WITH_URI else None
        elif kind in ("VPC_SUBNET", "VPC_SECURITY_GROUP"):
            network.add(kind)
        elif kind == "SERVER_ROOT_CA_CERTIFICATE":
            secrets["certificate"] = item.get("URI")
        elif kind not in _OAUTH:
            event.refuse("malformed", *at, property="Type", value=kind)
        if kind not in _WITHOUT_URI:
            uri = item.get("URI")
            if not uri or not (isinstance(uri, str) or intrinsic(uri)):
                event.refuse("missing-property", *at, property="URI")
    if len(network) == 1:
        event.refuse("malformed", "SourceAccessConfigurations", property="VPC_SUBNET and VPC_SECURITY_GROUP")
    statements = [_secret(uri) for uri in (secrets.get("auth"), secrets.get("certificate")) if uri]
    if network:
        statements.append(_statement(_NETWORK, "*"))
    return statements


_POLICIES: dict[str, Any] = {
    "MSK": _msk,
    "MQ": _mq,
    "DocumentDB": _document_db,
    "SelfManagedKafka": _self_managed,
}
