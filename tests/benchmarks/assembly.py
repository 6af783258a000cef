"""A large cloud assembly: a 5 MB template with 2,000 findings, against json.load of it.

python tests/benchmarks/assembly.py
"""

from __future__ import annotations

import json
import os
import tempfile
import time

from lambdalint.digest import sha256

FUNCTIONS = 250
"""With a role each: CloudFormation takes 500 resources."""


def write(folder: str) -> str:
    resources = {}
    for n in range(FUNCTIONS):
        resources[f"Fn{n}"] = {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Code": {"S3Bucket": {"Fn::Sub": "assets-${AWS::AccountId}-${AWS::Region}"}, "S3Key": f"{sha256(str(n))}.zip"},
                "Handler": "index.handler",
                "Runtime": "python3.13",
                "Timeout": 901,
                "MemorySize": 10241,
                "EphemeralStorage": {"Size": 100},
                "Role": {"Fn::GetAtt": [f"Role{n}", "Arn"]},
                "Environment": {
                    "Variables": {f"NAME_{k}": f"value {k} of {n}" for k in range(10)}
                    | {name: "x" for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "LAMBDA_TASK_ROOT", "_HANDLER", "A")}
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


def main() -> None:
    from lambdalint import rulebook, rulefiles
    from lambdalint.engine import lint
    from lambdalint.settings import Settings

    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as book:
        # The book as a wheel has it: a checkout reads YAML.
        rulefiles.compile_book(rulebook.CHECKOUT, book)
        rulebook.COMPILED = book
        path = write(folder)
        loads, lints = [], []
        for _ in range(4):
            start = time.perf_counter()
            with open(path, "rb") as file:
                json.load(file)
            loads.append(time.perf_counter() - start)
            start = time.perf_counter()
            report, _ = lint([folder], Settings(as_of="2026-11-23", select=("LL102",)))
            one = time.perf_counter() - start
            start = time.perf_counter()
            every, _ = lint([folder], Settings(as_of="2026-11-23"))
            lints.append((one, time.perf_counter() - start))
        size = os.path.getsize(path) / 1e6
        load = min(loads)
        print(f"{size:.1f} MB; json.load {load * 1000:.0f} ms")
        one, whole = min(a for a, _ in lints), min(b for _, b in lints)
        print(f"LL102 alone: {len(report.findings)} findings, {one * 1000:.0f} ms: {one / load:.1f} times")
        print(f"every rule: {len(every.findings)} findings, {whole * 1000:.0f} ms: {whole / load:.1f} times")


if __name__ == "__main__":
    main()
