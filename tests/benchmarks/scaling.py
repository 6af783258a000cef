"""Time for templates of 100, 200, 400 and 800 functions, each with a queue and a mapping: is it linear?

    python tests/benchmarks/scaling.py [--select LL4] [--api]

Prints the seconds, the milliseconds for each function, and their ratio to the smallest template's: about 1 where time
is in proportion to the template's size. Reading the rules is left out. No test: a busy machine would fail it.
"""

from __future__ import annotations

import argparse
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

from lambdalint.checking import Run
from lambdalint.engine import lint_source, prepare
from lambdalint.judge import Roots
from lambdalint.parsers.discover import discover
from lambdalint.rulebook import SUBJECTS, RuleBook
from lambdalint.settings import Settings

SIZES = (100, 200, 400, 800)

RAW = """
  Worker{i}:
    Type: AWS::Lambda::Function
    Properties:
      FunctionName: worker-{i}
      Runtime: python3.13
      Handler: index.handler
      Role: !GetAtt Role{i}.Arn
      Timeout: 30
      Code: {{ZipFile: "def handler(event, context): pass"}}
  Role{i}:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: [{{Effect: Allow, Principal: {{Service: lambda.amazonaws.com}}, Action: "sts:AssumeRole"}}]
      ManagedPolicyArns: ["arn:aws:iam::aws:policy/service-role/AWSLambdaSQSQueueExecutionRole"]
  Queue{i}:
    Type: AWS::SQS::Queue
    Properties:
      VisibilityTimeout: 180
      RedrivePolicy: {{deadLetterTargetArn: "arn:aws:sqs:eu-west-1:111122223333:failed", maxReceiveCount: 5}}
  Mapping{i}:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      FunctionName: !Ref Worker{i}
      EventSourceArn: !GetAtt Queue{i}.Arn
      FunctionResponseTypes: [ReportBatchItemFailures]
"""
SAM = """
  Worker{i}:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.13
      Handler: index.handler
      Timeout: 20
      InlineCode: "def handler(event, context): pass"
      Events:
        Get: {{Type: Api, Properties: {{Path: /worker-{i}, Method: get}}}}
"""


def template(count: int, api: bool) -> str:
    """A template of ``count`` functions: raw with queues, or SAM behind one API."""
    header = "Transform: AWS::Serverless-2016-10-31\n" if api else ""
    return header + "Resources:" + "".join((SAM if api else RAW).format(i=i) for i in range(count))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--select", default="", help="rules, as lambdalint's own --select; default: the default set")
    parser.add_argument("--api", action="store_true", help="functions behind one REST API in place of queues")
    parser.add_argument("--repeat", type=int, default=3, help="the best of so many runs counts")
    options = parser.parse_args()
    select = tuple(options.select.split(",")) if options.select else ()
    settings, book = prepare(Settings(select=select, as_of="2026-11-23", jobs=1))
    first = 0.0
    for count in SIZES:
        text = template(count, options.api).encode()
        best = min(seconds(settings, book, text, count) for _ in range(options.repeat))
        each = best / count
        first = first or each
        print(f"{count:5} functions {best:7.2f} s {each * 1000:7.2f} ms each   ratio {each / first:.2f}")


def seconds(settings: Settings, book: RuleBook, text: bytes, count: int) -> float:
    """Seconds for one template, the reading of the rules left out."""
    run = Run(settings, book, Roots(settings.cwd, settings.cwd))
    for subject in SUBJECTS:
        run.bound(subject)
    before = time.perf_counter()
    (source,) = discover(["-"], (), text).sources
    result = lint_source(run, source)
    passed = time.perf_counter() - before
    assert result.functions == count, result.notices
    return passed


if __name__ == "__main__":
    main()
