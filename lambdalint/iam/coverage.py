"""Whether an IAM resource pattern covers a resource: True, False, or None where it hangs on what is not known.

Both are evaluated values. A reference to a resource of the template is written out as the ARN that it will have, with
its name left open, so that ``GetAtt Bucket.Arn``, ``Sub arn:aws:s3:::${Bucket}`` and a literal ARN can be compared.
Matching runs over tokens: characters, wildcards of the pattern, symbols, and what is unknown (any text).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple, Protocol

from lambdalint.model.values import Reference, Symbol, Text, Value

LIMIT = 250_000
"""Token pairs above which a comparison is given up (None)."""
LONGEST = 4096
"""Tokens above which a value is taken as unknown: no ARN is half as long."""


class Named(Protocol):
    """What is asked of a resource: its type and its properties."""

    type: str

    def get(self, *keys: Any) -> Value: ...


class Context(NamedTuple):
    """What is known around the ARNs: the template's resources by logical ID, and the stack's Region and account."""

    find: Callable[[str], Named | None] = lambda name: None
    region: str | None = None
    account: str | None = None


NOWHERE = Context()


class _Mark:
    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name


ANY, ONE, OPEN = _Mark("*"), _Mark("?"), _Mark("unknown")
"""Tokens: any run and one character (in a pattern), and unknown text."""
Tokens = tuple[Any, ...]


class _Form(NamedTuple):
    """How the ARN of a resource type is made: ``{p}``, ``{r}``, ``{a}``, ``{name}``; and what Ref and GetAtt give."""

    arn: str
    property: str
    """The property that sets the name; "" where none does."""
    ref: str = "name"
    names: tuple[str, ...] = ()
    arns: tuple[str, ...] = ("Arn",)
    random: str = ""
    """What AWS appends to a name that is set."""


_FORMS = {
    "AWS::S3::Bucket": _Form("arn:{p}:s3:::{name}", "BucketName"),
    "AWS::DynamoDB::Table": _Form("arn:{p}:dynamodb:{r}:{a}:table/{name}", "TableName"),
    "AWS::DynamoDB::GlobalTable": _Form("arn:{p}:dynamodb:{r}:{a}:table/{name}", "TableName"),
    "AWS::SQS::Queue": _Form("arn:{p}:sqs:{r}:{a}:{name}", "QueueName", "", ("QueueName",)),
    "AWS::SNS::Topic": _Form("arn:{p}:sns:{r}:{a}:{name}", "TopicName", "arn", ("TopicName",), ("Arn", "TopicArn")),
    "AWS::Lambda::Function": _Form("arn:{p}:lambda:{r}:{a}:function:{name}", "FunctionName"),
    "AWS::Kinesis::Stream": _Form("arn:{p}:kinesis:{r}:{a}:stream/{name}", "Name"),
    "AWS::KinesisFirehose::DeliveryStream": _Form(
        "arn:{p}:firehose:{r}:{a}:deliverystream/{name}", "DeliveryStreamName"
    ),
    "AWS::SecretsManager::Secret": _Form(
        "arn:{p}:secretsmanager:{r}:{a}:secret:{name}", "Name", "arn", (), ("Arn", "Id"), "-"
    ),
    "AWS::StepFunctions::StateMachine": _Form(
        "arn:{p}:states:{r}:{a}:stateMachine:{name}", "StateMachineName", "arn", ("Name",)
    ),
    "AWS::Events::EventBus": _Form("arn:{p}:events:{r}:{a}:event-bus/{name}", "Name", "name", ("Name",)),
    "AWS::KMS::Key": _Form("arn:{p}:kms:{r}:{a}:key/{name}", "", "name", ("KeyId",)),
    "AWS::Logs::LogGroup": _Form("arn:{p}:logs:{r}:{a}:log-group:{name}:*", "LogGroupName"),
    "AWS::Cognito::UserPool": _Form("arn:{p}:cognito-idp:{r}:{a}:userpool/{name}", "", "name", ("UserPoolId",)),
    "AWS::ECR::Repository": _Form("arn:{p}:ecr:{r}:{a}:repository/{name}", "RepositoryName"),
    "AWS::CodeBuild::Project": _Form("arn:{p}:codebuild:{r}:{a}:project/{name}", "Name"),
}
"""From the Service Authorization Reference's ARN formats and CloudFormation's return values (checked 2026-11-23)."""

_PSEUDO = {"AWS::Region", "AWS::AccountId", "AWS::Partition", "AWS::URLSuffix"}


@lru_cache(maxsize=4096)
def _literal(text: str, wild: bool) -> Tokens:
    if not wild:
        return tuple(text)
    return tuple(ANY if letter == "*" else ONE if letter == "?" else letter for letter in text)


def _symbol(symbol: Symbol, context: Context) -> Tokens:
    if symbol.name == "AWS::Region" and context.region:
        return tuple(context.region)
    if symbol.name == "AWS::AccountId" and context.account:
        return tuple(context.account)
    if symbol.name == "AWS::Partition" and context.region:
        for prefix, name in (("cn-", "aws-cn"), ("us-gov-", "aws-us-gov"), ("eusc-", "aws-eusc")):
            if context.region.startswith(prefix):
                return tuple(name)
        return tuple("aws")
    return (symbol,)


def _reference(reference: Reference, context: Context, depth: int, literal_names: bool) -> Tokens:
    """A reference written out; the reference itself as one token where its resource's ARN is not known.

    Without ``literal_names`` a name that is plain text stays one token, which no other resource's name can equal.
    """
    resource = context.find(reference.resource) if depth < 3 else None
    form = _FORMS.get(resource.type) if resource is not None else None
    if resource is None or form is None:
        return (reference,)
    given = resource.get(form.property) if form.property else None
    name: Tokens = (Reference(reference.resource, "name"),)
    if given is not None and (literal_names or not isinstance(given, str)):
        name = _tokens(given, False, context, depth + 1, literal_names)
    kind = form.ref if reference.attribute == "Ref" else ""
    if kind == "name" or reference.attribute in form.names:
        return name
    is_stream = reference.attribute == "StreamArn"
    if kind != "arn" and reference.attribute not in form.arns and not is_stream:
        return (reference,)
    if form.random and given is not None:
        name += (*form.random, Reference(reference.resource, "random"))
    found: list[Any] = []
    for piece in form.arn.replace("{", "\0{").replace("}", "}\0").split("\0"):
        if piece == "{name}":
            found += name
        elif piece.startswith("{"):
            pseudo = {"{p}": "AWS::Partition", "{r}": "AWS::Region", "{a}": "AWS::AccountId"}[piece]
            found += _symbol(Symbol(pseudo), context)
        else:
            found += _literal(piece, True)
    if is_stream:
        found += (*"/stream/", Reference(reference.resource, "label"))
    return tuple(found)


def _tokens(value: Value, wild: bool, context: Context, depth: int = 0, literal_names: bool = True) -> Tokens:
    if isinstance(value, str):
        return _literal(value, wild)
    if isinstance(value, Reference):
        return _reference(value, context, depth, literal_names)
    if isinstance(value, Symbol):
        return _symbol(value, context)
    if isinstance(value, Text):
        found: list[Any] = []
        for part in value.parts:
            found += _tokens(part, wild, context, depth, literal_names)
            if len(found) > LONGEST:
                return (OPEN,)
        return tuple(found)
    return (OPEN,)


def _step(token: Any, here: Any) -> bool:
    """Whether an opaque token (a symbol, a reference) can contain another token as a part of its text."""
    if isinstance(here, Reference):
        return not isinstance(token, Reference) or token.resource == here.resource
    if isinstance(here, Symbol):
        if isinstance(token, Symbol):
            return not (token.name in _PSEUDO and here.name in _PSEUDO)
        return not (token in (":", "/") and here.name in _PSEUDO)
    return True


def _opaque(token: Any) -> bool:
    return isinstance(token, (Reference, Symbol))


def _surely(pattern: Tokens, resource: Tokens) -> bool:
    """Whether the pattern matches whatever the unknown turns out to be."""
    reach = {0}
    for token in pattern:
        if token == ANY:
            reach = set(range(min(reach), len(resource) + 1))
        elif token == ONE:
            reach = {at + 1 for at in reach if at < len(resource) and isinstance(resource[at], str)}
        elif token == OPEN:
            return False
        else:
            reach = {at + 1 for at in reach if at < len(resource) and resource[at] == token}
        if not reach:
            return False
    return len(resource) in reach


def _possibly(pattern: Tokens, resource: Tokens) -> bool:
    """Whether some values of what is unknown make the pattern match."""
    size = len(resource)

    def closed(reach: set[int]) -> set[int]:
        for at in sorted(reach):
            while at < size and resource[at] in (ANY, OPEN) and at + 1 not in reach:
                at += 1
                reach.add(at)
        return reach

    reach = closed({0})
    for token in pattern:
        if token in (ANY, OPEN):
            reach = set(range(min(reach), size + 1))
            continue
        ahead: set[int] = set()
        for at in reach:
            if at == size:
                continue
            here = resource[at]
            if here in (ANY, OPEN):
                ahead |= {at, at + 1}
            elif here in (token, ONE) or (token == ONE and not _opaque(here)):
                ahead.add(at + 1)
            elif _opaque(here) and (token == ONE or _step(token, here)):
                ahead |= {at, at + 1}
            if _opaque(token) and here != token:
                end = at
                while end < size and _step(resource[end], token):
                    end += 1
                    ahead.add(end)
        reach = closed(ahead)
        if not reach:
            return False
    return size in reach


@lru_cache(maxsize=8192)
def _compare(pattern: Tokens, resource: Tokens) -> bool | None:
    if pattern == (ANY,):
        return True
    start = 0
    for one, other in zip(pattern, resource):
        if one != other or one in (ANY, OPEN):
            break
        start += 1
    pattern, resource = pattern[start:], resource[start:]
    if len(pattern) * len(resource) > LIMIT:
        return None
    if _surely(pattern, resource):
        return True
    return None if _possibly(pattern, resource) else False


def covers(pattern: Value, resource: Value, context: Context = NOWHERE) -> bool | None:
    """Whether a statement's Resource covers a resource's ARN.

    True: for every value of what is unknown; False: for none; None: it depends. ``*`` and ``?`` are wildcards in the
    pattern; in the resource a ``*`` stands for text that is not known (``Reference("Bucket", "Arn")`` and ``/*``).
    """
    if pattern == "*":
        return True
    answer = _compare(_tokens(pattern, True, context), _tokens(resource, True, context))
    if answer is None and not isinstance(pattern, str) and not isinstance(resource, str):
        # A name that is set and one that AWS will make up may look alike and still be two resources' names.
        apart = _compare(_tokens(pattern, True, context, 0, False), _tokens(resource, True, context, 0, False))
        return False if apart is False else None
    return answer


def resource_arn(action_types: tuple[str, ...], type: str, logical_id: str) -> Value:
    """The ARN of a template's resource as an action needs it allowed; what is below it (an S3 object's key) is unknown.

    ``action_types`` are the action's resource types (``actions.action(…).resource_types``).
    """
    if type == "AWS::SNS::Topic":
        return Reference(logical_id, "TopicArn")
    if type in ("AWS::SecretsManager::Secret", "AWS::Batch::JobQueue"):
        return Reference(logical_id)
    if type == "AWS::S3::Bucket" and "object" in action_types:
        return Text((Reference(logical_id, "Arn"), "/*"))
    if type == "AWS::SSM::Parameter":
        return Text(("arn:", Symbol("AWS::Partition"), ":ssm:", Symbol("AWS::Region"), ":", Symbol("AWS::AccountId"),
                     ":parameter", Reference(logical_id)))  # fmt: skip
    if type == "AWS::Glue::Job":
        return Text(("arn:", Symbol("AWS::Partition"), ":glue:", Symbol("AWS::Region"), ":", Symbol("AWS::AccountId"),
                     ":job/", Reference(logical_id)))  # fmt: skip
    return Reference(logical_id, "Arn")
