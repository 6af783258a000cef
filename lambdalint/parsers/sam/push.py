"""Events of services that call the function: a permission, and the rule, subscription or notification that calls."""

from __future__ import annotations

from typing import Any

from lambdalint.finding import Path

from .context import Event, Expansion, Target, attribute, copied, digest, referred, tag_list, when
from .policies import Role, allow, send, trust
from .shapes import CHANGED_RESOURCES, check


def permission(
    expansion: Expansion,
    target: Target,
    event: Event,
    principal: str,
    *,
    suffix: str = "",
    prefix: str | None = None,
    **conditions: Any,
) -> str:
    """Let a principal call the function, under the conditions given; returns the logical ID."""
    logical_id = (prefix or event.logical_id) + "Permission"
    logical_id += suffix if suffix.isalnum() else digest(suffix)
    expansion.emit(
        target.owner.id,
        logical_id,
        "AWS::Lambda::Permission",
        {"Action": "lambda:InvokeFunction", "FunctionName": target.name, "Principal": principal, **conditions},
        target.passed_on,
        event.path,
    )
    return logical_id


def rule(expansion: Expansion, target: Target, role: Role, event: Event) -> None:
    """Schedule, CloudWatchEvent and EventBridgeRule of a function."""
    emit_rule(expansion, target, event, "LambdaTarget", None)
    permission(expansion, target, event, "events.amazonaws.com", SourceArn=attribute(event.logical_id))


def emit_rule(expansion: Expansion, target: Target, event: Event, target_suffix: str, role_arn: Any) -> None:
    """The rule of a schedule or pattern, and its dead-letter queue where SAM makes one."""
    written = event.properties
    scheduled = event.type == "Schedule"
    state = written.get("State") or None
    enabled = written.get("Enabled")
    if enabled is not None:
        if state:
            event.refuse("exclusive-properties", properties=["State", "Enabled"])
        state = "ENABLED" if enabled else "DISABLED"
    source = attribute(event.logical_id)
    dead_letter = _dead_letter_arn(expansion, target, event, source, with_policy=True)
    own = written.get("Target")
    named = isinstance(own, dict) and "Id" in own and not (scheduled and target_suffix == "LambdaTarget")
    room = 64 - len(target_suffix)
    invoked = {
        "Arn": target.arn,
        "Id": own["Id"] if named and isinstance(own, dict) else event.logical_id[:room] + target_suffix,
        "RoleArn": role_arn,
        "Input": written.get("Input"),
        "InputPath": None if scheduled else written.get("InputPath"),
        "DeadLetterConfig": None if dead_letter is None else {"Arn": dead_letter},
        "RetryPolicy": written.get("RetryPolicy"),
        "InputTransformer": None if scheduled else written.get("InputTransformer"),
    }
    properties = {
        "Description": written.get("Description") if scheduled else None,
        "EventBusName": None if scheduled else written.get("EventBusName"),
        "EventPattern": None if scheduled else written.get("Pattern"),
        "Name": written.get("Name" if scheduled else "RuleName"),
        "ScheduleExpression": written.get("Schedule") if scheduled else None,
        "State": state,
        "Targets": [{name: value for name, value in invoked.items() if value is not None}],
    }
    expansion.emit(target.owner.id, event.logical_id, "AWS::Events::Rule", properties, target.passed_on, event.path)
    place: Path = ("Resources", event.logical_id, "Properties")
    renamed = {"EventPattern": "Pattern", "ScheduleExpression": "Schedule"}
    if not scheduled:
        renamed["Name"] = "RuleName"
    if enabled is not None:
        renamed["State"] = "Enabled"
    for name, original in renamed.items():
        if properties[name] is not None:
            expansion.moved[(*place, name)] = event.at(original)
    expansion.moved[(*place, "Targets", 0)] = event.at()


def _dead_letter_arn(expansion: Expansion, target: Target, event: Event, source: Any, *, with_policy: bool) -> Any:
    """The ARN of a rule's or schedule's dead-letter queue, which is made where only its type is given."""
    config = event.properties.get("DeadLetterConfig")
    if config is None:
        return None
    if not isinstance(config, dict) or ("Arn" in config) == ("Type" in config):
        event.refuse("dead-letter-config", "DeadLetterConfig")
    if "Type" in config and config["Type"] != "SQS":
        event.refuse("dead-letter-config", "DeadLetterConfig", "Type", value=config["Type"])
    if config.get("Arn") is not None:
        return config["Arn"]
    queue = config.get("QueueLogicalId")
    if queue is not None and not isinstance(queue, str):
        event.refuse("malformed", "DeadLetterConfig", "QueueLogicalId", property="QueueLogicalId", expected=["string"])
    queue = queue or event.logical_id + "Queue"
    owner, written = target.owner.id, event.at("DeadLetterConfig")
    expansion.emit(owner, queue, "AWS::SQS::Queue", {}, target.passed_on, written)
    if with_policy:
        service = {"Service": "events.amazonaws.com"}
        policy = _queue_policy(attribute(queue), source, service)
        properties = {"PolicyDocument": policy, "Queues": [{"Ref": queue}]}
        policy_id = event.logical_id + "QueuePolicy"
        expansion.emit(owner, policy_id, "AWS::SQS::QueuePolicy", properties, target.passed_on, written)
    return attribute(queue)


def _queue_policy(queue: Any, source: Any, principal: Any) -> dict[str, Any]:
    statement = {
        "Action": "sqs:SendMessage",
        "Effect": "Allow",
        "Principal": principal,
        "Resource": queue,
        "Condition": {"ArnEquals": {"aws:SourceArn": source}},
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


_SCHEDULE_PASSED = """Description StartDate EndDate ScheduleExpressionTimezone GroupName KmsKeyArn""".split()


def schedule(expansion: Expansion, target: Target, role: Role, event: Event) -> None:
    """ScheduleV2: a schedule of EventBridge Scheduler, and the role with which it calls."""
    written = event.properties
    name = written.get("Name")
    if written.get("OmitName"):
        if name:
            event.refuse("exclusive-properties", properties=["Name", "OmitName"])
    else:
        name = name or event.logical_id
    dead_letter = _dead_letter_arn(expansion, target, event, None, with_policy=False)
    caller = written.get("RoleArn")
    if not caller:
        role_id = event.logical_id + "Role"
        caller = attribute(role_id)
        if target.owner.type == "StateMachine":
            policies = [allow(event.logical_id + "StartExecutionPolicy", ("states:StartExecution", target.arn))]
        else:
            policies = [allow(event.logical_id + "LambdaPolicy", ("lambda:InvokeFunction", target.arn))]
        if dead_letter:
            policies.append(send("SQS", dead_letter, event.logical_id) or {})
        properties = {
            "AssumeRolePolicyDocument": trust("scheduler.amazonaws.com"),
            "Policies": policies,
            "PermissionsBoundary": written.get("PermissionsBoundary") or None,
        }
        expansion.emit(target.owner.id, role_id, "AWS::IAM::Role", properties, target.passed_on, event.path)
    called = {
        "Arn": target.arn,
        "RoleArn": caller,
        "Input": written.get("Input"),
        "DeadLetterConfig": None if dead_letter is None else {"Arn": dead_letter},
        "RetryPolicy": written.get("RetryPolicy"),
    }
    properties = {
        "ScheduleExpression": written.get("ScheduleExpression"),
        "FlexibleTimeWindow": written.get("FlexibleTimeWindow") or {"Mode": "OFF"},
        "Name": name,
        "State": written.get("State") or None,
        **{key: written.get(key) for key in _SCHEDULE_PASSED},
        "Target": {key: value for key, value in called.items() if value is not None},
    }
    expansion.emit(
        target.owner.id, event.logical_id, "AWS::Scheduler::Schedule", properties, target.passed_on, event.path
    )
    expansion.moved[("Resources", event.logical_id, "Properties", "Target")] = event.at()


def bucket(expansion: Expansion, target: Target, role: Role, event: Event) -> None:
    """S3: a permission, and a notification that is written into the bucket of the same template."""
    source = event.properties.get("Bucket")
    bucket_id = source.get("Ref") if isinstance(source, dict) else None
    if not isinstance(bucket_id, str) or bucket_id not in expansion.resources:
        event.refuse("event-source", "Bucket", source="AWS::S3::Bucket")
    changed = _changed(expansion, target, event, bucket_id, "AWS::S3::Bucket")
    permission_id = permission(expansion, target, event, "s3.amazonaws.com", SourceAccount={"Ref": "AWS::AccountId"})
    properties = changed["Properties"]
    condition = target.passed_on.get("Condition")
    if "Condition" in target.passed_on:
        tags = properties.get("Tags")
        if tags is None:
            tags = []
        if not isinstance(tags, list):
            expansion.fault(
                "malformed", ("Resources", bucket_id, "Properties", "Tags"), property="Tags", expected=["list"]
            )
            tags = []
        waits = when(condition, {"Ref": permission_id}, "no dependency")
        properties["Tags"] = tags + tag_list({"sam:ConditionalDependsOn:" + permission_id: waits})
    else:
        depends = changed.get("DependsOn", [])
        depends = [depends] if isinstance(depends, str) else depends
        if not isinstance(depends, list):
            at = ("Resources", bucket_id, "DependsOn")
            expansion.fault("malformed", at, property="DependsOn", expected=["string", "list"])
            depends = []
        if permission_id not in depends:
            changed["DependsOn"] = [*depends, permission_id]
    configuration = properties.get("NotificationConfiguration")
    if configuration is None:
        configuration = properties["NotificationConfiguration"] = {}
    place: Path = ("Resources", bucket_id, "Properties", "NotificationConfiguration")
    if not isinstance(configuration, dict):
        event.refuse("malformed", property="NotificationConfiguration", expected=["map"])
    notifications = configuration.get("LambdaConfigurations")
    if notifications is None:
        notifications = configuration["LambdaConfigurations"] = []
    if not isinstance(notifications, list):
        event.refuse("malformed", property="LambdaConfigurations", expected=["list"])
    names = event.properties.get("Events")
    for index, name in enumerate(names if isinstance(names, list) else [names]):
        notification: Any = {"Function": target.arn}
        if event.properties.get("Filter") is not None:
            notification["Filter"] = copied(event.properties["Filter"])
        notification["Event"] = name
        if "Condition" in target.passed_on:
            notification = when(condition, notification)
        if notification not in notifications:
            here = (*place, "LambdaConfigurations", len(notifications))
            expansion.moved[here] = event.path
            inner = (*here, "Fn::If", 1) if condition else here
            expansion.moved[(*inner, "Filter")] = event.at("Filter")
            expansion.moved[(*inner, "Event")] = event.at("Events", *([index] if isinstance(names, list) else []))
            notifications.append(notification)


def _changed(expansion: Expansion, target: Target, event: Event, logical_id: str, type_: str) -> dict[str, Any]:
    """The resource of the template that an event changes, as a copy of our own with a map of properties."""
    resource = expansion.resources[logical_id]
    if not isinstance(resource, dict) or resource.get("Type") != type_:
        event.refuse("event-source", source=type_)
    resource = expansion.own(logical_id)
    if resource.get("Properties", {}) is None or "Properties" not in resource:
        resource["Properties"] = {}
    if not isinstance(resource["Properties"], dict):
        event.refuse("malformed", property="Properties", expected=["map"])
    check(expansion, CHANGED_RESOURCES[type_], resource["Properties"], ("Resources", logical_id, "Properties"))
    tags = target.owner.properties.get("Tags")
    if target.owner.properties.get("PropagateTags") and tags and type_ == "AWS::S3::Bucket":
        resource["Properties"]["Tags"] = tag_list(tags)
    return resource


def topic(expansion: Expansion, target: Target, role: Role, event: Event) -> None:
    """SNS: a subscription of the function, or of a queue that the function polls."""
    written = event.properties
    arn = written.get("Topic")
    through = written.get("SqsSubscription")
    if not through:
        permission(expansion, target, event, "sns.amazonaws.com", SourceArn=arn)
        _subscription(expansion, target, event, "lambda", target.arn)
        return
    owner = target.owner.id
    policy_id = event.logical_id + "QueuePolicy"
    batch: Any = None
    queue: Any
    url: Any
    if through is True:
        queue_id = event.logical_id + "Queue"
        queue, url = attribute(queue_id), {"Ref": queue_id}
        fifo: dict[str, Any] = {"FifoQueue": _is_fifo(expansion, arn) or None}
        expansion.emit(owner, queue_id, "AWS::SQS::Queue", fifo, target.passed_on, event.at("SqsSubscription"))
    elif isinstance(through, dict):
        queue, url = through.get("QueueArn"), through.get("QueueUrl")
        if not queue or not url:
            missing = "QueueUrl" if queue else "QueueArn"
            event.refuse("missing-property", "SqsSubscription", property=missing)
        policy_id = through.get("QueuePolicyLogicalId") or policy_id
        batch = through.get("BatchSize")
    else:
        event.refuse("malformed", "SqsSubscription", property="SqsSubscription", expected=["boolean", "map"])
    mapping_id = event.logical_id + "EventSourceMapping"
    mapping = {"BatchSize": batch or 10, "Enabled": True, "EventSourceArn": queue, "FunctionName": target.name}
    written_at = event.at("SqsSubscription")
    expansion.emit(owner, mapping_id, "AWS::Lambda::EventSourceMapping", mapping, target.passed_on, written_at)
    if isinstance(through, dict):
        for name, original in (("BatchSize", "BatchSize"), ("EventSourceArn", "QueueArn")):
            expansion.moved[("Resources", mapping_id, "Properties", name)] = (*written_at, original)
    role.grant_managed(expansion.managed_policy("service-role/AWSLambdaSQSQueueExecutionRole"), event.path)
    policy = {"PolicyDocument": _queue_policy(queue, arn, "*"), "Queues": [url]}
    expansion.emit(owner, policy_id, "AWS::SQS::QueuePolicy", policy, target.passed_on, written_at)
    _subscription(expansion, target, event, "sqs", queue)


def _subscription(expansion: Expansion, target: Target, event: Event, protocol: str, endpoint: Any) -> None:
    written = event.properties
    passed = ("Region", "FilterPolicy", "FilterPolicyScope", "RedrivePolicy")
    properties: dict[str, Any] = {"Endpoint": endpoint, "Protocol": protocol, "TopicArn": written.get("Topic")}
    properties.update({name: written.get(name) for name in passed})
    expansion.emit(
        target.owner.id, event.logical_id, "AWS::SNS::Subscription", properties, target.passed_on, event.path
    )
    expansion.moved[("Resources", event.logical_id, "Properties", "TopicArn")] = event.at("Topic")


def _is_fifo(expansion: Expansion, topic_arn: Any) -> Any:
    topic_id = referred(topic_arn)
    resource = expansion.resources.get(topic_id) if topic_id else None
    properties = resource.get("Properties") if isinstance(resource, dict) else None
    return expansion.resolve(properties.get("FifoTopic", False)) if isinstance(properties, dict) else False


def skill(expansion: Expansion, target: Target, role: Role, event: Event) -> None:
    """AlexaSkill."""
    permission(expansion, target, event, "alexa-appkit.amazon.com", EventSourceToken=event.properties.get("SkillId"))


def iot_rule(expansion: Expansion, target: Target, role: Role, event: Event) -> None:
    """IoTRule."""
    arn = f"arn:{expansion.partition}:iot:${{AWS::Region}}:${{AWS::AccountId}}:rule/${{RuleName}}"
    source = {"Fn::Sub": [arn, {"RuleName": {"Ref": event.logical_id}}]}
    account = {"Fn::Sub": "${AWS::AccountId}"}
    permission(expansion, target, event, "iot.amazonaws.com", SourceArn=source, SourceAccount=account)
    payload = {
        "Sql": event.properties.get("Sql"),
        "RuleDisabled": False,
        "Actions": [{"Lambda": {"FunctionArn": target.arn}}],
    }
    if event.properties.get("AwsIotSqlVersion"):
        payload["AwsIotSqlVersion"] = event.properties["AwsIotSqlVersion"]
    properties = {"TopicRulePayload": payload}
    expansion.emit(target.owner.id, event.logical_id, "AWS::IoT::TopicRule", properties, target.passed_on, event.path)
    expansion.moved[("Resources", event.logical_id, "Properties", "TopicRulePayload")] = event.at()


def user_pool(expansion: Expansion, target: Target, role: Role, event: Event) -> None:
    """Cognito: a permission, and triggers that are written into the user pool of the same template."""
    pool = event.properties.get("UserPool")
    pool_id = pool.get("Ref") if isinstance(pool, dict) else None
    if not isinstance(pool_id, str) or pool_id not in expansion.resources:
        event.refuse("event-source", "UserPool", source="AWS::Cognito::UserPool")
    changed = _changed(expansion, target, event, pool_id, "AWS::Cognito::UserPool")
    source = attribute(pool_id)
    permission(expansion, target, event, "cognito-idp.amazonaws.com", prefix=target.id + "Cognito", SourceArn=source)
    config = changed["Properties"].get("LambdaConfig")
    if config is None:
        config = changed["Properties"]["LambdaConfig"] = {}
    if not isinstance(config, dict):
        event.refuse("malformed", property="LambdaConfig", expected=["map"])
    triggers = event.properties.get("Trigger")
    for trigger in triggers if isinstance(triggers, list) else [triggers]:
        if trigger in config:
            event.refuse("duplicate-trigger", "Trigger", value=trigger)
        config[trigger] = target.arn
        expansion.moved[("Resources", pool_id, "Properties", "LambdaConfig", trigger)] = event.at("Trigger")


def logs(expansion: Expansion, target: Target, role: Role, event: Event) -> None:
    """CloudWatchLogs: a subscription filter."""
    group = event.properties.get("LogGroupName")
    arn = f"arn:{expansion.partition}:logs:${{AWS::Region}}:${{AWS::AccountId}}:log-group:${{__LogGroupName__}}:*"
    source = {"Fn::Sub": [arn, {"__LogGroupName__": group}]}
    permission_id = permission(expansion, target, event, "logs.amazonaws.com", SourceArn=source)
    properties = {
        "LogGroupName": group,
        "FilterPattern": event.properties.get("FilterPattern"),
        "DestinationArn": target.arn,
    }
    expansion.emit(
        target.owner.id,
        event.logical_id,
        "AWS::Logs::SubscriptionFilter",
        properties,
        target.passed_on,
        event.path,
        depends_on=[permission_id],
    )
