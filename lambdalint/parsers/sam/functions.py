"""AWS::Serverless::Function: the function, its execution role, and what hangs on it."""

from __future__ import annotations

from typing import Any

from lambdalint.finding import Path
from lambdalint.model.values import Unknown

from . import events, publish
from .context import Expansion, Owner, Target, attribute, branches, intrinsic, is_no_value, tag_list, unknown, when
from .policies import Role
from .shapes import RESOURCES, check

_PASSED = """Handler Runtime Description MemorySize Timeout VpcConfig Environment KmsKeyArn
    ReservedConcurrentExecutions Layers FileSystemConfigs ImageConfig PackageType Architectures SnapStart
    EphemeralStorage CodeSigningConfigArn RuntimeManagementConfig LoggingConfig TenancyConfig RecursiveLoop
    DurableConfig PublishToLatestPublished""".split()
_RESERVED_TAGS = ("lambda:createdBy", "serverlessrepo:applicationId", "serverlessrepo:semanticVersion")
_EXCLUSIVE = (("CapacityProviderConfig", "ProvisionedConcurrencyConfig"), ("CapacityProviderConfig", "VpcConfig"))
_REQUIRES = (("FunctionScalingConfig", "CapacityProviderConfig"), ("VersionDeletionPolicy", "AutoPublishAlias"))
_DEAD_LETTER_ACTIONS = {"SQS": "sqs:SendMessage", "SNS": "sns:Publish"}
_TAGGED = frozenset(
    (
        "AWS::Lambda::Function",
        "AWS::IAM::Role",
        "AWS::SQS::Queue",
        "AWS::SNS::Topic",
        "AWS::IoT::TopicRule",
    )
)
"""Types that SAM generates for a function and tags where ``PropagateTags`` is set."""
_CAPACITY = {
    "Arn": "CapacityProviderArn",
    "PerExecutionEnvironmentMaxConcurrency": "PerExecutionEnvironmentMaxConcurrency",
    "ExecutionEnvironmentMemoryGiBPerVCpu": "ExecutionEnvironmentMemoryGiBPerVCpu",
}


def expand(expansion: Expansion, owner: Owner) -> None:
    """One function with all that SAM makes of it."""
    written = owner.properties
    check(expansion, RESOURCES["Function"], written, owner.at())
    _check_combinations(expansion, owner)
    properties = _function(expansion, owner)
    function = expansion.emit(
        owner.id,
        owner.id,
        "AWS::Lambda::Function",
        properties,
        owner.attributes,
        owner.path,
        depends_on=owner.depends_on,
    )
    target = Target(owner.id, owner, attribute(owner.id), {"Ref": owner.id})
    alias = publish.version_and_alias(expansion, owner, function)
    if alias:
        target = Target(alias, owner, {"Ref": alias}, {"Ref": alias})
    publish.url(expansion, owner, target, alias)
    rights = publish.event_invoke_config(expansion, owner, alias)
    role = _role(expansion, owner, rights)
    condition = _use_role(expansion, owner, function, role)
    events.expand(expansion, target, role)
    if condition is not False:
        role.condition = condition
        written_at = owner.at("Policies") if written.get("Policies") else owner.path
        role.emit(written.get("RolePath"), written.get("PermissionsBoundary"), written_at)
    if written.get("PropagateTags") and written.get("Tags") and isinstance(written["Tags"], dict):
        for logical_id in expansion.of.get(owner.id, ()):
            resource = expansion.generated[logical_id]
            if resource["Type"] in _TAGGED:
                resource["Properties"]["Tags"] = tag_list(written["Tags"])


def _check_combinations(expansion: Expansion, owner: Owner) -> None:
    written = owner.properties
    for names in _EXCLUSIVE:
        if all(written.get(name) is not None for name in names):
            expansion.fault("exclusive-properties", owner.at(names[-1]), properties=list(names), resource=owner.id)
    for name, required in _REQUIRES:
        if written.get(name) is not None and written.get(required) is None:
            expansion.fault("missing-property", owner.at(name), property=required, needed_by=name)
    if written.get("ProvisionedConcurrencyConfig") and not written.get("AutoPublishAlias"):
        at = owner.at("ProvisionedConcurrencyConfig")
        expansion.fault("missing-property", at, property="AutoPublishAlias", needed_by="ProvisionedConcurrencyConfig")
    kept = written.get("VersionDeletionPolicy")
    if isinstance(kept, str) and kept not in ("Delete", "Retain"):
        at = owner.at("VersionDeletionPolicy")
        expansion.fault("deletion-policy", at, value=kept, allowed=["Delete", "Retain"])
    if written.get("TenancyConfig"):
        for name in ("ProvisionedConcurrencyConfig", "FunctionUrlConfig", "SnapStart"):
            if written.get(name):
                expansion.fault("exclusive-properties", owner.at(name), properties=["TenancyConfig", name])
        for event_id, event in written["Events"].items() if isinstance(written.get("Events"), dict) else ():
            kind = event.get("Type") if isinstance(event, dict) else None
            if kind not in ("Api", "HttpApi"):
                at = owner.at("Events", event_id)
                expansion.fault("tenancy-event", at, event=event_id, event_type=kind)
    if isinstance(written.get("Tags"), dict):
        for name in _RESERVED_TAGS:
            if name in written["Tags"]:
                expansion.fault("reserved-tag", owner.at("Tags", name), tag=name)


def _function(expansion: Expansion, owner: Owner) -> dict[str, Any]:
    written = owner.properties
    properties: dict[str, Any] = {"FunctionName": written.get("FunctionName") or None}
    for name in _PASSED:
        properties[name] = written.get(name)
    properties["Code"] = _code(expansion, owner)
    properties["Role"] = written.get("Role")
    properties["Tags"] = tags_with(expansion, owner, {"lambda:createdBy": "SAM"})
    if traced(expansion, owner):
        properties["TracingConfig"] = {"Mode": written["Tracing"]}
        expansion.move(owner, owner.at("TracingConfig"), owner.at("Tracing"))
    queue = written.get("DeadLetterQueue")
    if queue:
        if _check_dead_letter(expansion, owner, queue):
            properties["DeadLetterConfig"] = {"TargetArn": queue["TargetArn"]}
        expansion.move(owner, owner.at("DeadLetterConfig"), owner.at("DeadLetterQueue"))
    capacity = written.get("CapacityProviderConfig")
    if isinstance(capacity, dict) and capacity:
        properties["CapacityProviderConfig"] = _capacity(expansion, owner, capacity)
    elif capacity:
        properties["CapacityProviderConfig"] = capacity
    properties["FunctionScalingConfig"] = written.get("FunctionScalingConfig") or None
    description = publish.described(expansion, owner)
    if description is not None:
        properties["Description"] = description
    return properties


def tags_with(expansion: Expansion, owner: Owner, first: dict[str, Any]) -> Any:
    """The tags that SAM adds, followed by the user's, as CloudFormation's list."""
    tags = owner.properties.get("Tags")
    if unknown(tags):
        return tags
    made = tag_list(first)
    if isinstance(tags, dict):
        for index, name in enumerate(tags, len(made)):
            expansion.move(owner, owner.at("Tags", index), owner.at("Tags", name))
    return made + tag_list(tags)


def traced(expansion: Expansion, owner: Owner) -> bool:
    tracing = owner.properties.get("Tracing")
    return bool(tracing) and expansion.resolve(tracing) != "Disabled"


def _check_dead_letter(expansion: Expansion, owner: Owner, queue: Any) -> bool:
    if not isinstance(queue, dict):
        return False
    at = owner.at("DeadLetterQueue")
    fine = True
    for name in ("Type", "TargetArn"):
        if not queue.get(name):
            expansion.fault("missing-property", at, property=name, needed_by="DeadLetterQueue")
            fine = False
    if queue.get("Type") and (not isinstance(queue["Type"], str) or queue["Type"] not in _DEAD_LETTER_ACTIONS):
        expansion.fault("dead-letter-type", (*at, "Type"), value=queue["Type"], allowed=list(_DEAD_LETTER_ACTIONS))
        fine = fine and unknown(queue["Type"])
    return fine


def _capacity(expansion: Expansion, owner: Owner, written: dict[str, Any]) -> dict[str, Any]:
    at = owner.at("CapacityProviderConfig")
    inner = "LambdaManagedInstancesCapacityProviderConfig"
    config = {}
    for name, value in written.items():
        if name not in _CAPACITY:
            expansion.fault("unknown-property", (*at, name), property=name)
        elif value is not None:
            config[_CAPACITY[name]] = value
            expansion.move(owner, (*at, inner, _CAPACITY[name]), (*at, name))
    if written.get("Arn") is None:
        expansion.fault("missing-property", at, property="Arn", needed_by="CapacityProviderConfig")
    for name in ("PerExecutionEnvironmentMaxConcurrency", "ExecutionEnvironmentMemoryGiBPerVCpu"):
        if isinstance(written.get(name), (str, list)) and not _numeric(written[name]):
            expansion.fault("malformed", (*at, name), property=name, expected=["number"])
    expansion.move(owner, (*at, inner), at)
    return {inner: config}


def _numeric(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


# --- code


def _code(expansion: Expansion, owner: Owner) -> Any:
    """``Code``: where SAM CLI would put an S3 place for a local path, the path itself."""
    written = owner.properties
    kind = written.get("PackageType") or "Zip"
    place = owner.at("Code")
    if kind == "Image":
        code = _image(expansion, owner)
        expansion.move(owner, place, owner.at("ImageUri"))
    else:
        if kind != "Zip" and not unknown(kind):
            at = owner.at("PackageType")
            expansion.fault("package-type", at, value=kind, allowed=["Zip", "Image"])
        elif kind == "Zip":
            _check_zip(expansion, owner)
        if written.get("InlineCode") is not None:
            code = {"ZipFile": written["InlineCode"]}
            expansion.move(owner, (*place, "ZipFile"), owner.at("InlineCode"))
            expansion.move(owner, place, owner.at("InlineCode"))
        else:
            code = location(expansion, owner, "CodeUri", place)
            if written.get("CodeUri") is None and (written.get("ImageUri") is not None or kind != "Zip"):
                code = {"ImageUri": written.get("ImageUri")}
    if written.get("SourceKMSKeyArn") and kind == "Zip" and isinstance(code, dict) and not intrinsic(code):
        code["SourceKMSKeyArn"] = written["SourceKMSKeyArn"]
        expansion.move(owner, (*place, "SourceKMSKeyArn"), owner.at("SourceKMSKeyArn"))
    return code


def _check_zip(expansion: Expansion, owner: Owner) -> None:
    written = owner.properties
    for name in ("Runtime", "Handler"):
        if not written.get(name):
            expansion.fault("missing-property", owner.path, property=name, package_type="Zip", resource=owner.id)
    if written.get("ImageConfig"):
        expansion.fault("package-property", owner.at("ImageConfig"), property="ImageConfig", package_type="Zip")


def _image(expansion: Expansion, owner: Owner) -> dict[str, Any]:
    written = owner.properties
    for name in ("Handler", "Runtime", "Layers"):
        if written.get(name):
            at = owner.inherited.get(owner.at(name), owner.at(name))
            expansion.fault("package-property", at, property=name, package_type="Image", resource=owner.id)
    image = written.get("ImageUri")
    if image:
        return {"ImageUri": image}
    metadata = owner.attributes.get("Metadata")
    if not isinstance(metadata, dict) or not ({"Dockerfile", "DockerContext"} & metadata.keys()):
        expansion.fault("missing-property", owner.path, property="ImageUri", package_type="Image", resource=owner.id)
    return {"ImageUri": Unknown("the image is built by sam build")}


def location(expansion: Expansion, owner: Owner, name: str, place: Path) -> Any:
    """A place in S3 as CloudFormation writes it; a local path, or what stands for one, as it is.

    Where ``CodeUri`` is missing SAM CLI packages the template's directory.
    """
    uri = owner.properties.get(name)
    expansion.move(owner, place, owner.at(name) if uri is not None else owner.path)
    if uri is None:
        return "."
    if isinstance(uri, dict):
        if not uri.get("Bucket") or not uri.get("Key"):
            if intrinsic(uri) and _is_built(owner) and not _names_s3(expansion.resolve(uri)):
                return uri
            expansion.fault("code-location", owner.at(name), property=name, intrinsic=intrinsic(uri))
            return Unknown(f"{name} is not a place that SAM can read")
        code: dict[str, Any] = {}
        for mine, theirs in _S3_NAMES:
            if mine in uri:
                code[theirs] = uri[mine]
                expansion.move(owner, (*place, theirs), owner.at(name, mine))
        return code
    if not isinstance(uri, str):
        if not unknown(uri):
            expansion.fault("malformed", owner.at(name), property=name, expected=["string", "map"])
        return uri
    if "{{resolve:" in uri and not uri.startswith("s3://"):
        expansion.fault("code-location", owner.at(name), property=name, intrinsic="{{resolve:…}}")
        return Unknown(f"{name} is resolved at deploy time")
    found = s3_place(uri)
    if found is None:
        return uri
    return {theirs: found[mine] for mine, theirs in _S3_NAMES if mine in found}


def _is_built(owner: Owner) -> bool:
    """Whether ``sam build`` makes the package: it evaluates a path itself, and writes that of what it built.

    A layer it builds only with a BuildMethod.
    """
    metadata = owner.attributes.get("Metadata")
    return owner.type == "Function" or (isinstance(metadata, dict) and "BuildMethod" in metadata)


def _names_s3(value: Any) -> bool:
    """Whether an intrinsic function may give an address in S3, which no build replaces."""
    if isinstance(value, dict):
        return any(_names_s3(item) for item in value.values())
    if isinstance(value, list):
        return any(_names_s3(item) for item in value)
    return isinstance(value, str) and value.startswith("s3://")


_S3_NAMES = (
    ("Bucket", "S3Bucket"),
    ("Key", "S3Key"),
    ("Version", "S3ObjectVersion"),
    ("StorageMode", "S3ObjectStorageMode"),
)


def s3_place(uri: str) -> dict[str, Any] | None:
    """Bucket, key and version of ``s3://bucket/key?versionId=…``; None for anything else."""
    if not uri.startswith("s3://"):
        return None
    bucket, slash, rest = uri[5:].partition("/")
    key, _, query = rest.partition("?")
    if not bucket or not slash:
        return None
    place = {"Bucket": bucket, "Key": key.partition("#")[0].lstrip("/")}
    versions = [pair[10:] for pair in query.split("&") if pair.startswith("versionId=") and len(pair) > 10]
    if len(versions) == 1:
        place["Version"] = versions[0]
    return place


# --- role


def _role(expansion: Expansion, owner: Owner, rights: list[dict[str, Any]]) -> Role:
    """The execution role that SAM makes, whether the function takes it or not."""
    written = owner.properties
    role = Role(expansion, owner, "lambda.amazonaws.com")
    if written.get("AssumeRolePolicyDocument") is not None:
        role.trust = written["AssumeRolePolicyDocument"]
    durable = "AWSLambdaBasicDurableExecutionRolePolicy" if written.get("DurableConfig") else None
    role.grant_managed(
        expansion.managed_policy(f"service-role/{durable or 'AWSLambdaBasicExecutionRole'}"),
        owner.at("DurableConfig") if durable else owner.path,
    )
    if traced(expansion, owner):
        name = "AWSXrayWriteOnlyAccess" if expansion.partition == "aws" else "AWSXRayDaemonWriteAccess"
        role.grant_managed(expansion.managed_policy(name), owner.at("Tracing"))
    if written.get("VpcConfig"):
        role.grant_managed(
            expansion.managed_policy("service-role/AWSLambdaVPCAccessExecutionRole"), owner.at("VpcConfig")
        )
    queue = written.get("DeadLetterQueue")
    action = _DEAD_LETTER_ACTIONS.get(queue["Type"]) if isinstance(queue, dict) and _typed(queue) else None
    if isinstance(queue, dict) and action:
        statement = {"Action": action, "Resource": queue["TargetArn"], "Effect": "Allow"}
        document = {"Version": "2012-10-17", "Statement": [statement]}
        role.grant({"PolicyName": "DeadLetterQueuePolicy", "PolicyDocument": document}, owner.at("DeadLetterQueue"))
    for policy in rights:
        role.grant(policy, owner.at("EventInvokeConfig", "DestinationConfig"))
    role.add_policies(written.get("Policies"), owner.at("Policies"))
    role.tags = [{"Key": "lambda:createdBy", "Value": "SAM"}, *tag_list(written.get("Tags"))]
    return role


def _typed(queue: dict[str, Any]) -> bool:
    return isinstance(queue.get("Type"), str) and bool(queue.get("TargetArn"))


def _use_role(expansion: Expansion, owner: Owner, function: dict[str, Any], role: Role) -> Any:
    """Let the function take the role where it needs one.

    False where the role is not made; else the condition under which it is made, None for always.
    """
    own = function.get("Role")
    if own is None:
        function["Role"] = role.arn
        expansion.move(owner, owner.at("Role"), owner.path)
        return None
    if intrinsic(own) != "Fn::If":
        return False
    parts = branches(own)
    if parts is None or not isinstance(parts[0], str):
        expansion.fault("malformed", owner.at("Role"), property="Role", expected=["Fn::If with three arguments"])
        return False
    condition, then, otherwise = parts
    if is_no_value(then) and is_no_value(otherwise):
        function["Role"] = role.arn
        return None
    if is_no_value(then):
        function["Role"] = when(condition, role.arn, otherwise)
        return condition
    if is_no_value(otherwise):
        function["Role"] = when(condition, then, role.arn)
        negated = f"NOT{condition}"
        expansion.conditions[negated] = {"Fn::Not": [{"Condition": condition}]}
        expansion.moved[("Conditions", negated)] = ("Conditions", condition)
        return negated
    return False
