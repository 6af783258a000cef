"""A large cloud assembly: a 5 MB template with 2,000 findings, against json.load of it.

python tests/benchmarks/assembly.py
"""

from __future__ import annotations

import gc
import json
import os
import tempfile
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from lambdalint.digest import sha256

FUNCTIONS = 250
"""With a role each: CloudFormation takes 500 resources."""


def write(folder: str) -> str:
    resources = {}
    for n in range(FUNCTIONS):
        resources[f"Fn{n}"] = {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Code": {
                    "S3Bucket": {"Fn::Sub": "assets-${AWS::AccountId}-${AWS::Region}"},
                    "S3Key": f"{sha256(str(n))}.zip",
                },
                "Handler": "index.handler",
                "Runtime": "python3.13",
                "Timeout": 901,
                "MemorySize": 10241,
                "EphemeralStorage": {"Size": 100},
                "Role": {"Fn::GetAtt": [f"Role{n}", "Arn"]},
                "Environment": {
                    "Variables": {f"NAME_{k}": f"value {k} of {n}" for k in range(10)}
                    | dict.fromkeys(("AWS_REGION", "AWS_DEFAULT_REGION", "LAMBDA_TASK_ROOT", "_HANDLER", "A"), "x")
                },
                "Tags": [{"Key": f"tag-{k}", "Value": f"value-{k}"} for k in range(40)],
            },
            "Metadata": {
                "aws:cdk:path": f"Stack/Fn{n}/Resource",
                "notes": [{"id": k, "text": ["n" * 20, k]} for k in range(160)],
            },
        }
        resources[f"Role{n}"] = {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": {
                    "Statement": [
                        {
                            "Action": "sts:AssumeRole",
                            "Effect": "Allow",
                            "Principal": {"Service": "lambda.amazonaws.com"},
                        }
                    ],
                    "Version": "2012-10-17",
                },
                "ManagedPolicyArns": [
                    {
                        "Fn::Join": [
                            "",
                            [
                                "arn:",
                                {"Ref": "AWS::Partition"},
                                ":iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
                            ],
                        ]
                    }
                ],
            },
            "Metadata": {"aws:cdk:path": f"Stack/Fn{n}/ServiceRole/Resource"},
        }
    path = os.path.join(folder, "Stack.template.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"Resources": resources}, file, indent=1)
    manifest = {
        "version": "55.0.0",
        "artifacts": {
            "Stack": {
                "type": "aws:cloudformation:stack",
                "environment": "aws://unknown-account/unknown-region",
                "properties": {"templateFile": "Stack.template.json"},
            }
        },
    }
    for name, content in (("manifest.json", manifest), ("cdk.out", {"version": "55.0.0"})):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            json.dump(content, file)
    return path


def cost(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds of this process's own time, which other processes do not lengthen, and what came of it."""
    gc.collect()
    start = time.process_time()
    result = work()
    return time.process_time() - start, result


def main() -> None:
    from lambdalint import rulebook
    from lambdalint.engine import lint
    from lambdalint.rulebook.files import compile_book
    from lambdalint.settings import Settings

    gc.set_threshold(200_000, 50, 50)  # as the command sets it
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as book:
        # The book as a wheel has it: a checkout reads YAML.
        compile_book(rulebook.CHECKOUT, book)
        rulebook.COMPILED = book
        path = write(folder)

        def load() -> None:
            with open(path, "rb") as file:
                json.load(file)

        size = os.path.getsize(path) / 1e6
        print(f"{size:.1f} MB; json.load {min(cost(load)[0] for _ in range(5)) * 1000:.0f} ms")
        for words, select in (("LL102 alone", ("LL102",)), ("every rule", ())):
            settings = Settings(as_of="2026-11-23", select=select)
            ratios = []
            for _ in range(5):  # in turn: the processor's pace changes
                whole, (report, _) = cost(partial(lint, [folder], settings))
                loaded, _ = cost(load)
                ratios.append(whole / loaded)
            print(f"{words}: {len(report.findings)} findings, {min(ratios):.1f} times json.load")


if __name__ == "__main__":
    main()
