"""A large cloud assembly: a 5 MB template with 2,000 findings, against json.load of it.

    python tests/benchmarks/assembly.py [--python PYTHON]

First within this process; then, where a PYTHON has the built wheel installed, the whole command against a Python that
only loads the file: start and report count on one side, start on the other.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import statistics
import subprocess
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


def whole(command: list[str], folder: str) -> float:
    """Seconds of a process of its own, away from a checkout that it would import."""
    before = os.times()
    subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, check=True)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def commands(python: str, folder: str, path: str) -> None:
    """Print what the command costs by that of loading the file, in turn."""
    lint = [python, "-m", "lambdalint", "check", folder, "--fail-on", "never"]
    load = [python, "-c", "import json, sys; json.load(open(sys.argv[1], 'rb'))", path]
    pairs = [(whole(lint, folder), whole(load, folder)) for _ in range(11)]
    seconds, loading = (statistics.median(times) for times in zip(*pairs))
    ratio = statistics.median(a / b for a, b in pairs)
    print(f"as commands: {seconds * 1000:.0f} ms, {ratio:.1f} times a Python that loads it ({loading * 1000:.0f} ms)")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--python")
    python = parser.parse_args().python
    from lambdalint import COLLECT, rulebook
    from lambdalint.engine import lint
    from lambdalint.rulebook.files import compile_book
    from lambdalint.settings import Settings

    gc.set_threshold(*COLLECT)  # as the command sets it
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
            for _ in range(11):  # in turn: the processor's pace changes
                whole, (report, _) = cost(partial(lint, [folder], settings))
                loaded, _ = cost(load)
                ratios.append(whole / loaded)
            least, middle = min(ratios), statistics.median(ratios)
            print(f"{words}: {len(report.findings)} findings, {middle:.1f} times json.load, {least:.1f} at the least")
        if python:
            commands(python, folder, path)


if __name__ == "__main__":
    main()
