"""What Lambda runs code on beside functions: capacity providers, network connectors, MicroVM images, web functions."""

from __future__ import annotations

from typing import Any

from .context import Expansion, Owner, attribute, copied, intrinsic, tag_list
from .functions import s3_place
from .policies import trust
from .shapes import RESOURCES, check

_NESTED = {
    "VpcConfig": ("SubnetIds", "SecurityGroupIds", "NetworkProtocol"),
    "InstanceRequirements": ("Architectures", "AllowedTypes", "ExcludedTypes"),
    "ScalingConfig": ("MaxVCpuCount", "AverageCPUUtilization"),
    "ManagedResourceTags": ("Tags",),
}
_REQUIRED = {
    "CapacityProvider": ("SubnetIds",),
    "NetworkConnector": ("SubnetIds", "SecurityGroupIds", "NetworkProtocol"),
}


def expand(expansion: Expansion, owner: Owner) -> None:
    check(expansion, RESOURCES[owner.type], owner.properties, owner.at(), resource=owner.id)
    _EXPANDED[owner.type](expansion, owner)


def _operator_role(expansion: Expansion, owner: Owner, policy: str) -> Any:
    """The ARN of the role that Lambda manages the resources of the account with, made where none is given."""
    given = owner.properties.get("OperatorRole")
    if given:
        return given
    role_id = owner.id + "OperatorRole"
    properties = {
        "AssumeRolePolicyDocument": trust("lambda.amazonaws.com"),
        "ManagedPolicyArns": [expansion.managed_policy(policy)],
        "Tags": _role_tags(owner),
    }
    expansion.emit(owner.id, role_id, "AWS::IAM::Role", properties, owner.passed_on, owner.path)
    return attribute(role_id)


def _role_tags(owner: Owner) -> list[Any]:
    tags = owner.properties.get("Tags") if owner.properties.get("PropagateTags") else None
    return tag_list({"lambda:createdBy": "SAM", **(tags if isinstance(tags, dict) else {})})


def _tags(owner: Owner) -> list[Any]:
    tags = owner.properties.get("Tags")
    return tag_list({**(tags if isinstance(tags, dict) else {}), "lambda:createdBy": "SAM"})


def _capacity_provider(expansion: Expansion, owner: Owner) -> None:
    written = owner.properties
    _check_nested(expansion, owner)
    role = _operator_role(expansion, owner, "AWSLambdaManagedEC2ResourceOperator")
    requirements = written.get("InstanceRequirements") or {}
    names = {"AllowedTypes": "AllowedInstanceTypes", "ExcludedTypes": "ExcludedInstanceTypes"}
    if requirements.get("AllowedTypes") is not None and requirements.get("ExcludedTypes") is not None:
        at = owner.at("InstanceRequirements")
        expansion.fault("exclusive-properties", at, properties=["AllowedTypes", "ExcludedTypes"], resource=owner.id)
    managed = written.get("ManagedResourceTags") or {}
    expansion.emit(
        owner.id,
        owner.id,
        "AWS::Lambda::CapacityProvider",
        {
            "CapacityProviderName": written.get("CapacityProviderName") or None,
            "VpcConfig": written.get("VpcConfig") or None,
            "PermissionsConfig": {"CapacityProviderOperatorRoleArn": role},
            "Tags": _tags(owner),
            "InstanceRequirements": {names.get(k, k): v for k, v in requirements.items() if v is not None} or None,
            "CapacityProviderScalingConfig": _scaling(written.get("ScalingConfig")),
            "KmsKeyArn": written.get("KmsKeyArn") or None,
            "TelemetryConfig": {"LoggingConfig": written["LoggingConfig"]} if written.get("LoggingConfig") else None,
            "PropagateTags": _propagated(managed) if managed else None,
        },
        owner.attributes,
        owner.path,
        depends_on=owner.depends_on,
    )
    for mine, theirs in (("CapacityProviderScalingConfig", "ScalingConfig"), ("PermissionsConfig", "OperatorRole")):
        expansion.move(owner, owner.at(mine), owner.at(theirs))


def _propagated(managed: dict[str, Any]) -> dict[str, Any]:
    if "Tags" not in managed:
        return {}
    return {"Mode": "Explicit", "ExplicitTags": tag_list(managed["Tags"])}


def _scaling(config: Any) -> dict[str, Any] | None:
    if not config:
        return None
    scaling: dict[str, Any] = {}
    if config.get("MaxVCpuCount") is not None:
        scaling["MaxVCpuCount"] = config["MaxVCpuCount"]
    utilization = config.get("AverageCPUUtilization")
    scaling["ScalingMode"] = "Auto" if utilization is None else "Manual"
    if utilization is not None:
        metric = "LambdaCapacityProviderAverageCPUUtilization"
        scaling["ScalingPolicies"] = [{"PredefinedMetricType": metric, "TargetValue": copied(utilization)}]
    return scaling


def _check_nested(expansion: Expansion, owner: Owner) -> None:
    for name, known in _NESTED.items():
        given = owner.properties.get(name)
        if isinstance(given, dict):
            for key in given:
                if key not in known:
                    expansion.fault("unknown-property", owner.at(name, key), property=key, resource=owner.id)
            for key in _REQUIRED[owner.type] if name == "VpcConfig" else ():
                if given.get(key) is None:
                    expansion.fault("missing-property", owner.at(name), property=key, resource=owner.id)


def _network_connector(expansion: Expansion, owner: Owner) -> None:
    written = owner.properties
    _check_nested(expansion, owner)
    types = written.get("ComputeTypes")
    if isinstance(types, list):
        allowed = ["MicroVm", "WebFunction"]
        if len(types) != 1 or (isinstance(types[0], str) and types[0] not in allowed):
            expansion.fault("malformed", owner.at("ComputeTypes"), property="ComputeTypes", expected=allowed)
    network = written.get("VpcConfig")
    egress = {**(network if isinstance(network, dict) else {}), "AssociatedComputeResourceTypes": types or ["MicroVm"]}
    role = _operator_role(expansion, owner, "AWSLambdaNetworkConnectorOperatorPolicy")
    properties = {
        "Name": written.get("Name") or None,
        "Configuration": {"VpcEgressConfiguration": egress},
        "OperatorRole": role,
        "Tags": _tags(owner),
    }
    type_ = "AWS::Lambda::NetworkConnector"
    expansion.emit(owner.id, owner.id, type_, properties, owner.attributes, owner.path, depends_on=owner.depends_on)


def _image(expansion: Expansion, owner: Owner) -> None:
    written = owner.properties
    role = written.get("BuildRoleArn")
    if not role:
        role_id = owner.id + "BuildRole"
        objects = _code_objects(expansion, written.get("CodeUri"))
        logs = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]
        statements = [
            {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": objects},
            {"Effect": "Allow", "Action": logs, "Resource": "*"},
        ]
        document = {"Version": "2012-10-17", "Statement": statements}
        properties: dict[str, Any] = {
            "AssumeRolePolicyDocument": trust("lambda.amazonaws.com"),
            "Policies": [{"PolicyName": "MicrovmImageBuildPolicy", "PolicyDocument": document}],
            "Tags": _role_tags(owner),
        }
        expansion.emit(owner.id, role_id, "AWS::IAM::Role", properties, owner.passed_on, owner.path)
        role = attribute(role_id)
    variables = written.get("EnvironmentVariables")
    properties = {
        "Name": written.get("Name"),
        "CodeArtifact": {"Uri": written.get("CodeUri")},
        "BaseImageArn": written.get("BaseImageArn"),
        "BuildRoleArn": role,
        "BaseImageVersion": written.get("BaseImageVersion"),
        "Description": written.get("Description") or "",
        "Tags": _tags(owner),
        "EnvironmentVariables": [{"Key": k, "Value": v} for k, v in variables.items()] if variables else [],
    }
    for name in ("Logging", "Hooks"):
        properties[name] = written.get(name) or {}
    for name in ("EgressNetworkConnectors", "CpuConfigurations", "Resources", "AdditionalOsCapabilities"):
        properties[name] = written.get(name) or []
    type_ = "AWS::Lambda::MicrovmImage"
    expansion.emit(owner.id, owner.id, type_, properties, owner.attributes, owner.path, depends_on=owner.depends_on)


def _code_objects(expansion: Expansion, uri: Any) -> dict[str, Any]:
    """The objects of the bucket that the code is in, for the role that builds the image."""
    known = expansion.resolve(uri)
    if isinstance(known, str) and known.startswith("s3://"):
        return {"Fn::Sub": "arn:${AWS::Partition}:s3:::" + known[5:].split("/", 1)[0] + "/*"}
    bucket = {"Fn::Select": [2, {"Fn::Split": ["/", uri]}]}
    return {"Fn::Sub": ["arn:${AWS::Partition}:s3:::${Bucket}/*", {"Bucket": bucket}]}


def _web_function(expansion: Expansion, owner: Owner) -> None:
    """A web function with its revision and endpoint. Lists of Regions are passed on as they are written."""
    written = owner.properties
    role = written.get("ExecutionRoleArn")
    tags = [{"Key": "lambda:createdBy", "Value": "SAM"}, *tag_list(written.get("Tags"))]
    for needed in ("AuthType", "Runtime", "CodeUri"):
        if not written.get(needed):
            expansion.fault("missing-property", owner.path, property=needed, resource=owner.id)
    if role is None:
        role_id = owner.id + "Role"
        basic = expansion.managed_policy("service-role/AWSLambdaBasicExecutionRole")
        properties: dict[str, Any] = {
            "AssumeRolePolicyDocument": trust("lambda.amazonaws.com"),
            "ManagedPolicyArns": [basic],
            "Tags": tags,
        }
        expansion.emit(owner.id, role_id, "AWS::IAM::Role", properties, owner.passed_on, owner.path)
        role = attribute(role_id)
    name = written.get("FunctionName") or _stack_name(owner.id)
    type_ = "AWS::Lambda::WebFunction"
    properties = {"FunctionName": name, "Tags": tags}
    expansion.emit(owner.id, owner.id, type_, properties, owner.attributes, owner.path, depends_on=owner.depends_on)
    revision = owner.id + "Revision"
    properties = {
        "FunctionName": name,
        "Description": written.get("RevisionDescription"),
        "KmsKeyArn": written.get("KmsKeyArn"),
        "BuildConfig": {
            "CodeConfig": {"S3Object": _web_code(written.get("CodeUri"))},
            "RuntimeConfig": {"Runtime": written.get("Runtime")},
        },
        "ServiceConfig": _service(written, role),
    }
    emit = expansion.emit
    emit(owner.id, revision, type_ + "Revision", properties, owner.passed_on, owner.path, depends_on=[owner.id])
    weights = written.get("RevisionWeights")
    latest = [{"RevisionId": attribute(revision, "RevisionId"), "Weight": 100}]
    given = [{"RevisionId": k, "Weight": v} for k, v in weights.items()] if isinstance(weights, dict) else None
    properties = {
        "FunctionName": name,
        "EndpointName": written.get("EndpointName") or "prod",
        "EndpointType": written.get("EndpointType") or "HomeRegion",
        "AuthType": written.get("AuthType"),
        "RevisionWeights": given or latest,
        "Regions": written.get("ReplicaRegions"),
        "Description": written.get("EndpointDescription"),
        "ScalingConfig": written.get("ScalingConfig"),
        "ThrottleConfig": written.get("ThrottleConfig"),
    }
    depends = [owner.id, revision]
    emit(
        owner.id, owner.id + "Endpoint", type_ + "Endpoint", properties, owner.passed_on, owner.path, depends_on=depends
    )


def _stack_name(logical_id: str) -> dict[str, Any]:
    """The logical ID with the first part of the stack's UUID."""
    uuid = {"Fn::Select": [2, {"Fn::Split": ["/", {"Ref": "AWS::StackId"}]}]}
    suffix = {"Fn::Select": [0, {"Fn::Split": ["-", uuid]}]}
    return {"Fn::Sub": [logical_id[:55] + "-${StackIdSuffix}", {"StackIdSuffix": suffix}]}


def _web_code(uri: Any) -> Any:
    place = s3_place(uri) if isinstance(uri, str) else uri
    if not isinstance(place, dict):
        return uri
    names = {"Bucket": "Bucket", "Key": "Key", "Version": "VersionId"}
    return {theirs: place[mine] for mine, theirs in names.items() if mine in place}


def _service(written: dict[str, Any], role: Any) -> dict[str, Any]:
    service: dict[str, Any] = {"ExecutionRoleArn": role}
    variables = written.get("EnvironmentVariables")
    if intrinsic(variables):
        service["EnvironmentVariables"] = variables
    else:
        texts = {key: _text(value) for key, value in variables.items()} if isinstance(variables, dict) else {}
        if written.get("EntryPoint"):
            texts["AWS_LAMBDA_NODEJS_ENTRYPOINT"] = written["EntryPoint"]
        if texts:
            service["EnvironmentVariables"] = texts
    if written.get("LoggingConfig"):
        service["TelemetryConfig"] = {"LoggingConfig": written["LoggingConfig"]}
    for name in ("MaxConcurrencyPerEnvironment", "EgressNetworkConnectorArn"):
        if written.get(name) is not None:
            service[name] = written[name]
    service["TimeoutSeconds"] = written.get("Timeout") or 30
    return service


def _text(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (int, float)) else value


_EXPANDED: dict[str, Any] = {
    "CapacityProvider": _capacity_provider,
    "NetworkConnector": _network_connector,
    "MicrovmImage": _image,
    "WebFunction": _web_function,
}
