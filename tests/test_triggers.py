"""The rules on triggers together: who speaks where several could, conditions, and odd input."""

from __future__ import annotations

import copy
import json
import random

import pytest
import yaml

from lambdalint.checking import Run
from lambdalint.engine import lint_source, prepare
from lambdalint.judge import Roots
from lambdalint.parsers.discover import discover
from lambdalint.settings import Settings

SETTINGS, BOOK = prepare(Settings(select=("LL1", "LL4"), ignore=("LL422",), as_of="2026-11-23", jobs=1))
RULES = [rule for rule in BOOK.rules.values() if rule.family == "triggers"]


def lint(text):
    run = Run(SETTINGS, BOOK, Roots("/", "/"))
    (source,) = discover(["-"], (), text if isinstance(text, bytes) else text.encode()).sources
    result = lint_source(run, source)
    assert not [notice for notice in result.notices if notice.message.startswith("internal error")]
    return result.findings


def codes(text, *families):
    found = sorted({finding.code for finding in lint(text)})
    return [code for code in found if not families or code in families]


WORKER = """
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.13
      Handler: index.handler
      InlineCode: "def handler(event, context): pass"
      Timeout: {timeout}
      Events:
        On:
          Type: {type}
          Properties: {{{properties}}}
"""


def sam(type, properties, timeout=3, more="", header=""):
    text = WORKER.format(type=type, properties=properties, timeout=timeout)
    return f"Transform: AWS::Serverless-2016-10-31\n{header}\nResources:{text}{more}"


QUEUE = "  Jobs: {{Type: AWS::SQS::Queue, Properties: {{VisibilityTimeout: {}}}}}\n"


@pytest.mark.parametrize(("visibility", "expected"), [(59, ["LL403"]), (60, ["LL404"]), (359, ["LL404"]), (360, [])])
def test_one_word_on_a_queues_visibility(visibility, expected):
    text = sam("SQS", "Queue: !GetAtt Jobs.Arn", 60, QUEUE.format(visibility))
    assert codes(text, "LL403", "LL404") == expected


@pytest.mark.parametrize(("timeout", "expected"), [(840, []), (841, ["LL412"]), (900, ["LL412"]), (901, ["LL102"])])
def test_one_word_on_a_pollers_timeout(timeout, expected):
    properties = "Stream: !Ref Cluster, StartingPosition: LATEST, Topics: [a]"
    assert codes(sam("MSK", properties, timeout, "  Cluster: {Type: AWS::MSK::Cluster}\n")) == expected


@pytest.mark.parametrize(
    ("type", "properties", "expected"),
    [
        ("Kinesis", "Stream: !ImportValue s", ["LL421", "LL406"]),
        ("Kinesis", "StartingPosition: LATEST", ["LL410", "LL421"]),
        ("MSK", "Stream: !Ref Cluster, StartingPosition: LATEST", ["LL424"]),
        ("MQ", "Broker: !GetAtt Broker.Arn, SourceAccessConfigurations: [{Type: BASIC_AUTH, URI: s}]", ["LL424"]),
        ("MQ", "Broker: !GetAtt Broker.Arn, Queues: [q]", ["LL424"]),
        ("SelfManagedKafka", "KafkaBootstrapServers: ['a:1'], Topics: [a], StartingPosition: LATEST", ["LL410"]),
        ("SQS", "Queue: !GetAtt Jobs.Arn, BatchSice: 5", ["LL410"]),
        ("SQS", "Queue: !GetAtt Jobs.Arn, ParallelizationFactor: 5", ["LL407"]),
        ("SQS", "Queue: !GetAtt Jobs.Arn, StartingPosition: LATEST", ["LL406"]),
        ("SQS", "", ["LL410"]),
    ],
)
def test_one_word_on_an_event(type, properties, expected):
    """Where a specific rule says it, LL410 is silent."""
    more = (
        "  Cluster: {Type: AWS::MSK::Cluster}\n  Broker: {Type: AWS::AmazonMQ::Broker}\n"
        "  Jobs: {Type: AWS::SQS::Queue, Properties: {RedrivePolicy: {deadLetterTargetArn: a, maxReceiveCount: 5}}}\n"
    )
    assert codes(sam(type, properties, more=more)) == sorted(expected)


def test_what_a_condition_decides_is_said():
    header = """
Parameters: {Stage: {Type: String, Default: dev, AllowedValues: [dev, prod]}}
Conditions: {IsProd: !Equals [!Ref Stage, prod]}
"""
    text = sam("SQS", "Queue: !GetAtt Jobs.Arn", 60, QUEUE.format("!If [IsProd, 30, 360]"), header)
    (finding,) = [finding for finding in lint(text) if finding.code == "LL403"]
    assert any("prod" in decision.lower() for decision in finding.when)


def test_excluding_conditions_map_once():
    header = """
Parameters: {Stage: {Type: String, Default: dev}}
Conditions: {IsProd: !Equals [!Ref Stage, prod], IsDev: !Not [!Condition IsProd]}
"""
    mapping = """
  {name}:
    Type: AWS::Lambda::EventSourceMapping
    Condition: {condition}
    Properties: {{FunctionName: !Ref Worker, EventSourceArn: !GetAtt Jobs.Arn}}
"""
    more = (
        QUEUE.format(360) + mapping.format(name="A", condition="IsProd") + mapping.format(name="B", condition="IsDev")
    )
    assert "LL426" not in codes(sam("Schedule", "Schedule: rate(1 hour)", 60, more, header))
    assert "LL426" in codes(sam("Schedule", "Schedule: rate(1 hour)", 60, more.replace("IsDev", "IsProd"), header))


def test_several_functions_on_one_queue():
    other = WORKER.format(type="SQS", properties="Queue: !GetAtt Jobs.Arn", timeout=90).replace("Worker:", "Other:")
    found = lint(sam("SQS", "Queue: !GetAtt Jobs.Arn", 60, other + QUEUE.format(30)))
    assert len([finding for finding in found if finding.code == "LL403"]) == 2


# -- odd input -----------------------------------------------------------------------------------------------------


class Loader(yaml.SafeLoader):
    """YAML with CloudFormation's tags in their long form."""


def _tag(loader, suffix, node):
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
        return {name: value.split(".", 1) if suffix == "GetAtt" else value}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    return {name: loader.construct_mapping(node, deep=True)}


Loader.add_multi_constructor("!", _tag)

JUNK = [
    *(None, [], {}, "", "x", 0, -1, 1e9, True, [None], [[1]], [{}], {"a": None}, "arn:", "arn:aws:sqs:::", "kafka://"),
    *({"Ref": "Param"}, {"Ref": "Worker"}, {"Fn::GetAtt": ["Worker", "Arn"]}, {"Fn::ImportValue": "x"}),
    {"Fn::Sub": "arn:aws:sqs:${AWS::Region}:${Param}:x"},
    {"Fn::If": ["Unknown", 1, {"Ref": "AWS::NoValue"}]},
]


def places(value, path=()):
    yield path
    for key, child in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(child, (*path, key))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_anything_may_stand_anywhere(rule):
    """The rule's examples with junk put into them: no check fails on any of it."""
    examples = [*rule.examples.bad, *rule.examples.good]
    for number in range(25):
        chance = random.Random(f"{rule.code} {number}")
        template = copy.deepcopy(yaml.load(chance.choice(examples)["template"], Loader))
        template.setdefault("Parameters", {})["Param"] = {"Type": "String"}
        for _ in range(chance.randint(1, 3)):
            path = chance.choice([path for path in places(template["Resources"]) if len(path) > 2])
            tree = template["Resources"]
            for key in path[:-1]:
                tree = tree[key]
            tree[path[-1]] = copy.deepcopy(chance.choice(JUNK))
        lint(json.dumps(template).encode())
