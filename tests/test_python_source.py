# ruff: noqa: E501 (a handler a line)
"""What is read of Python handlers: many small handlers, each with the facts that it must (and must not) yield."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

import pytest

from lambdalint.finding import Place, Span
from lambdalint.model.files import InlineFiles
from lambdalint.model.source import ContextValue, EnvironmentValue, Source
from lambdalint.model.values import Text, Unknown
from lambdalint.parsers.python import read_handler


class Memory:
    """Files in a dict."""

    def __init__(self, files: dict[str, str | bytes]) -> None:
        self.files = {n: t if isinstance(t, bytes) else textwrap.dedent(t).encode() for n, t in files.items()}
        self.reads: list[str] = []

    def read(self, name: str) -> bytes | None:
        self.reads.append(name)
        return self.files.get(name)

    def exists(self, name: str) -> bool:
        return name in self.files

    def names_under(self, prefix: str) -> Iterable[str]:
        return [n for n in self.files if n.startswith(prefix)]

    def place(self, name: str, span: Span | None, anchor: str | None) -> Place:
        return Place(file="package.zip", member=name, span=span, anchor=anchor)


def read(code: str, runtime: str | None = "python3.12", **more: str) -> Source:
    files = {name.replace("__", "/") + ".py": text for name, text in more.items()}
    return read_handler(Memory({"app.py": code, **files}), "app.handler", runtime)


def calls(code: str, **more: str) -> list[str]:
    return sorted(f"{c.service}.{c.method}" for c in read(code, **more).calls)


def env(code: str, **more: str) -> dict[str, str]:
    return {r.name: r.kind for r in read(code, **more).reads}


# -- the environment ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("import os\nA = os.environ['A']", {"A": "hard"}),
        ("from os import environ\nA = environ['A']", {"A": "hard"}),
        ("from os import environ as e\nA = e['A']", {"A": "hard"}),
        ("import os as system\nA = system.environ['A']", {"A": "hard"}),
        ("import os\nA = os.environ.__getitem__('A')", {"A": "hard"}),
        ("import os\nA = os.environ.pop('A')", {"A": "hard"}),
        ("import os\nA = os.environ.pop('A', None)", {"A": "default"}),
        ("import os\nA = os.environ.get('A')", {"A": "default"}),
        ("import os\nA = os.getenv('A', 'x')", {"A": "default"}),
        ("from os import getenv\nA = getenv('A')", {"A": "default"}),
        ("import os\nA = os.getenv('A') or os.environ['B']", {"A": "default", "B": "hard"}),
        ("import os\nKEY = 'A'\nA = os.environ[KEY]", {"A": "hard"}),
        ("import os\nP = 'MY_'\nA = os.environ[P + 'A']\nB = os.environ[f'{P}B']", {"MY_A": "hard", "MY_B": "hard"}),
        ("import os\nclass C:\n    KEY = 'A'\n    a = os.environ[KEY]\nB = os.environ[C.KEY + 'B']", {"A": "hard", "AB": "hard"}),
        ("import os\nif 'A' in os.environ:\n    A = os.environ['A']", {"A": "guarded"}),
        ("import os\nA = os.environ['A'] if 'A' in os.environ else None", {"A": "guarded"}),
        ("import os\nA = 'A' in os.environ and os.environ['A']", {"A": "guarded"}),
        ("import os\nif os.environ.get('A'):\n    A = os.environ['A']", {"A": "guarded"}),
        ("import os\nif os.getenv('A') == 'x':\n    A = os.environ['A']", {"A": "guarded"}),
        ("import os\na = os.environ.get('A')\nif a:\n    A = os.environ['A']", {"A": "guarded"}),
        ("import os\nif 'A' not in os.environ:\n    raise SystemExit\nA = os.environ['A']", {"A": "guarded"}),
        ("import os\nif not os.environ.get('A'):\n    A = 1\nelse:\n    A = os.environ['A']", {"A": "guarded"}),
        ("import os\ntry:\n    A = os.environ['A']\nexcept KeyError:\n    A = 1", {"A": "guarded"}),
        ("import os\ntry:\n    A = os.environ['A']\nexcept (ValueError, KeyError):\n    A = 1", {"A": "guarded"}),
        ("import os\ntry:\n    A = os.environ['A']\nexcept:\n    A = 1", {"A": "guarded"}),
        ("import os\ntry:\n    A = os.environ['A']\nexcept ValueError:\n    A = 1", {"A": "hard"}),
        ("import os\nfrom contextlib import suppress\nwith suppress(KeyError):\n    A = os.environ['A']", {"A": "guarded"}),
        ("import os\nos.environ['A'] = 'x'\nA = os.environ['A']", {"A": "set"}),
        ("import os\nos.environ.setdefault('A', 'x')\nA = os.environ['A']", {"A": "set"}),
        ("import os\nos.environ.update({'A': 'x'})\nA = os.environ['A']", {"A": "set"}),
        ("import os\nos.environ.update(A='x')\nA = os.environ['A']", {"A": "set"}),
        ("import os\nos.environ |= {'A': 'x'}\nA = os.environ['A']", {"A": "set"}),
        ("import os\nif 'A' not in os.environ:\n    os.environ['A'] = 'x'\nA = os.environ['A']", {"A": "set"}),
        ("import os\nfor n in ('A', 'B'):\n    print(os.environ[n])", {"A": "hard", "B": "hard"}),
        ("import os\nD = {n: os.environ[n] for n in ['A', 'B']}", {"A": "hard", "B": "hard"}),
        ("import os\ndef need(n):\n    return os.environ[n]\nA = need('A')\nB = need(n='B')", {"A": "hard", "B": "hard"}),
        ("import os\ndef need(n):\n    try:\n        return os.environ[n]\n    except KeyError:\n        raise RuntimeError(n)\nA = need('A')", {"A": "guarded"}),
        ("import os\nprint(f\"{os.environ['A']}\")", {"A": "hard"}),
        ("import os\nif __name__ == '__main__':\n    A = os.environ['A']", {}),
        ("import os\nfrom typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    A = os.environ['A']", {}),
        ("import os\nif 'AWS_LAMBDA_FUNCTION_NAME' not in os.environ:\n    A = os.environ['A']", {}),
        ("import os\nif not os.getenv('AWS_LAMBDA_FUNCTION_NAME'):\n    A = os.environ['A']", {"AWS_LAMBDA_FUNCTION_NAME": "default"}),
        ("import os\ndef unused():\n    return os.environ['A']", {}),
        ("environ = {}\nA = environ['A']", {}),
        ("import os\nasync def f():\n    return os.environ['A']\ndef handler(e, c):\n    import asyncio\n    asyncio.run(f())", {"A": "hard"}),
        ("import os\nmatch 1:\n    case x:\n        A = os.environ['A']", {"A": "hard"}),
        ("import os\nif (a := os.environ.get('A')):\n    B = os.environ['B']", {"A": "default", "B": "hard"}),
        ("import os\nassert 'A' in os.environ\nA = os.environ['A']", {"A": "guarded"}),
        ("import os\nA = lambda: os.environ['A']\ndef handler(e, c):\n    return A()", {"A": "hard"}),
    ],
)  # fmt: skip
def test_environment(code: str, expected: dict[str, str]) -> None:
    assert env(code) == expected


def test_environment_made_at_run_time_is_not_known() -> None:
    source = read("import os\ndef handler(event, context):\n    return os.environ[event['name']]")
    assert source.reads == ()
    assert source.environment_whole
    assert not source.environment_open


@pytest.mark.parametrize(
    "code",
    [
        "from dotenv import load_dotenv\nload_dotenv()",
        "import os\nos.environ.update(load())",
        "import os\nfor k, v in load():\n    os.environ[k] = v",
        "from environs import Env",
    ],
)
def test_open_environment(code: str) -> None:
    assert read(code).environment_open


@pytest.mark.parametrize("code", ["import os\nprint(dict(os.environ))", "import os\nfor k, v in os.environ.items():\n    pass", "import os, subprocess\nsubprocess.run('x', env=os.environ)", "import os\nx = {**os.environ}"])  # fmt: skip
def test_whole_environment(code: str) -> None:
    assert read(code).environment_whole


def test_how_surely_a_read_runs() -> None:
    source = read(
        """
        import os
        MODULE = os.environ["MODULE"]
        def deep():
            return os.environ["DEEP"]
        def handler(event, context):
            a = os.environ["HANDLER"]
            deep()
            if event:
                return os.environ["BRANCH"]
            for x in event:
                os.environ["LOOP"]
            return os.environ["AFTER"]
        """
    )
    assert {r.name: (r.reach, r.certain) for r in source.reads} == {
        "MODULE": ("module", True),
        "HANDLER": ("handler", True),
        "DEEP": ("called", True),
        "BRANCH": ("handler", False),
        "LOOP": ("handler", False),
        "AFTER": ("handler", False),
    }


def test_what_a_fact_depends_on() -> None:
    source = read(
        """
        import os, boto3
        if os.environ.get("LOCAL"):
            A = os.environ["A"]
        def handler(event, context):
            if "TOPIC" in os.environ:
                boto3.client("sns").publish(TopicArn=os.environ["TOPIC"])
            boto3.client("s3").list_buckets()
        """
    )
    assert {r.name: set(r.depends) for r in source.reads} == {"LOCAL": set(), "A": {"LOCAL"}, "TOPIC": set()}
    assert {c.method: set(c.depends) for c in source.calls} == {"publish": {"TOPIC"}, "list_buckets": set()}


def test_what_cannot_be_shadowed() -> None:
    """A folder of data that is called like a library is none, nor is a file called like a built-in module."""
    files = Memory(
        {
            "app.py": "import boto3, time, json\ndef handler(e, c):\n    boto3.client('s3').list_buckets()\n    time.sleep(3)",
            "boto3/events.json": "",
            "json/a.json": "",
            "time.py": "",
        }
    )
    source = read_handler(files, "app.handler")
    assert (len(source.calls), len(source.sleeps)) == (1, 1)
    assert not any(i.found for i in source.imports)


# -- the SDK -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("import boto3\ns3 = boto3.client('s3')\ndef handler(e, c):\n    s3.list_buckets()", ["s3.list_buckets"]),
        ("from boto3 import client\nclient('s3').list_buckets()", ["s3.list_buckets"]),
        ("from boto3 import client as make\nmake(service_name='s3').list_buckets()", ["s3.list_buckets"]),
        ("import boto3 as aws\naws.client('S3').list_buckets()", ["s3.list_buckets"]),
        ("import boto3\nboto3.Session().client('s3').list_buckets()", ["s3.list_buckets"]),
        ("import boto3\ns = boto3.session.Session()\ns.client('s3').list_buckets()", ["s3.list_buckets"]),
        ("from boto3.session import Session\nSession().resource('s3').Bucket('b').upload_file('a', 'b')", ["s3.upload_file"]),
        ("import boto3\nt = boto3.resource('dynamodb').Table('t')\ndef handler(e, c):\n    t.put_item(Item={})", ["dynamodb.put_item"]),
        ("import boto3\nt = boto3.resource('dynamodb').Table('t')\nwith t.batch_writer() as b:\n    b.put_item(Item={})\n    b.delete_item(Key={})", ["dynamodb.batch_write_item"] * 2),
        ("import boto3\nboto3.client('s3').get_paginator('list_objects_v2').paginate(Bucket='b')", ["s3.list_objects_v2"]),
        ("import boto3\np = boto3.client('s3').get_paginator('list_objects_v2')\nfor page in p.paginate(Bucket='b'):\n    pass", ["s3.list_objects_v2"]),
        ("import boto3\nboto3.client('s3').get_paginator('list_objects_v2')", []),
        ("import boto3\nboto3.client('s3').get_waiter('bucket_exists').wait(Bucket='b')", ["s3.bucket_exists"]),
        ("import boto3\nfor o in boto3.resource('s3').Bucket('b').objects.all():\n    o.delete()", ["s3.all", "s3.delete"]),
        ("import boto3\nboto3.resource('s3').Object('b', 'k').get()", ["s3.get"]),
        ("import boto3\nboto3.resource('s3').Bucket('b').objects.filter(Prefix='p').limit(5).delete()", ["s3.delete", "s3.filter"]),
        ("import boto3\nq = boto3.resource('sqs').Queue('u')\nq.receive_messages()[0].delete()", ["sqs.delete", "sqs.receive_messages"]),
        ("import boto3\nboto3.resource('s3').meta.client.list_buckets()", ["s3.list_buckets"]),
        ("import boto3\nq = boto3.resource('sqs').get_queue_by_name(QueueName='q')\nq.send_message(MessageBody='x')\nfor m in q.receive_messages():\n    m.delete()", ["sqs.delete", "sqs.get_queue_by_name", "sqs.receive_messages", "sqs.send_message"]),
        ("import boto3\ndef make():\n    return boto3.client('sqs')\ndef handler(e, c):\n    make().send_message()", ["sqs.send_message"]),
        ("import boto3, functools\n@functools.lru_cache(maxsize=None)\ndef make(name):\n    return boto3.client(name)\ndef handler(e, c):\n    make('sqs').send_message()", ["sqs.send_message"]),
        ("import boto3\ndef use(c=boto3.client('sqs')):\n    c.send_message()\ndef handler(e, x):\n    use()", ["sqs.send_message"]),
        ("import boto3\ndef use(c):\n    c.send_message()\ndef handler(e, x):\n    use(boto3.client('sqs'))", ["sqs.send_message"]),
        ("import boto3\ndef use(*, c):\n    c.send_message()\ndef handler(e, x):\n    use(**{'c': boto3.client('sqs')})", ["sqs.send_message"]),
        ("def handler(e, c):\n    c.client.send_message()\n    e.put_item()", []),
        ("import boto3\nclass A:\n    def __init__(self):\n        self.s3 = boto3.client('s3')\n    def go(self):\n        self.s3.list_buckets()\n    def stay(self):\n        self.s3.delete_bucket()\na = A()\ndef handler(e, c):\n    a.go()", ["s3.list_buckets"]),
        ("import boto3\nclass A:\n    _c = None\n    @property\n    def c(self):\n        if self._c is None:\n            self._c = boto3.client('s3')\n        return self._c\ndef handler(e, c):\n    A().c.list_buckets()", ["s3.list_buckets"]),
        ("import boto3\nclass A:\n    s3 = boto3.client('s3')\n    @classmethod\n    def go(cls):\n        cls.s3.list_buckets()\n    @staticmethod\n    def run():\n        A.s3.list_objects()\ndef handler(e, c):\n    A.go()\n    A.run()", ["s3.list_buckets", "s3.list_objects"]),
        ("import boto3\nclass Base:\n    def __init__(self, name):\n        self.c = boto3.client(name)\nclass A(Base):\n    def __init__(self):\n        super().__init__('s3')\n    def go(self):\n        self.c.list_buckets()\ndef handler(e, c):\n    A().go()", ["s3.list_buckets"]),
        ("import boto3\nfrom dataclasses import dataclass, field\n@dataclass\nclass A:\n    c: object = field(default_factory=lambda: boto3.client('s3'))\n    def go(self):\n        self.c.list_buckets()\ndef handler(e, c):\n    A().go()", ["s3.list_buckets"]),
        ("import boto3\n_c = None\ndef get():\n    global _c\n    if _c is None:\n        _c = boto3.client('s3')\n    return _c\ndef handler(e, c):\n    get().list_buckets()", ["s3.list_buckets"]),
        ("import boto3\nclients = {}\ndef get(n):\n    if n not in clients:\n        clients[n] = boto3.client(n)\n    return clients[n]\ndef handler(e, c):\n    get('s3').list_buckets()", ["s3.list_buckets"]),
        ("import boto3\nc = {'a': boto3.client('s3'), 'b': boto3.client('sqs')}\nc['a'].list_buckets()\nc['b'].list_queues()", ["s3.list_buckets", "sqs.list_queues"]),
        ("import boto3\ns3, sqs = boto3.client('s3'), boto3.client('sqs')\ns3.list_buckets()\nsqs.list_queues()", ["s3.list_buckets", "sqs.list_queues"]),
        ("import boto3\nc = boto3.client('s3')\nc.list_buckets()\nc = boto3.client('sqs')\nc.list_queues()", ["s3.list_buckets", "sqs.list_queues"]),
        ("import boto3\nif (c := boto3.client('s3')):\n    c.list_buckets()", ["s3.list_buckets"]),
        ("import boto3\nwith boto3.client('s3') as c:\n    c.list_buckets()", ["s3.list_buckets"]),
        ("import boto3\ngo = boto3.client('s3').list_buckets\ndef handler(e, c):\n    go()", ["s3.list_buckets"]),
        ("import boto3\ngetattr(boto3.client('s3'), 'list_buckets')()", ["s3.list_buckets"]),
        ("import boto3, os\nboto3.client(os.environ['S']).list_buckets()", []),
        ("import aioboto3\nasync def go():\n    async with aioboto3.Session().client('s3') as s3:\n        await s3.list_buckets()\ndef handler(e, c):\n    import asyncio\n    asyncio.run(go())", ["s3.list_buckets"]),
        ("import boto3\nc = boto3.client('s3')\ntry:\n    c.list_buckets()\nexcept c.exceptions.NoSuchBucket:\n    pass\nc.close()", ["s3.list_buckets"]),
        ("from concurrent.futures import ThreadPoolExecutor\nimport boto3\ns3 = boto3.client('s3')\ndef one(k):\n    s3.head_object(Key=k)\ndef handler(e, c):\n    with ThreadPoolExecutor() as pool:\n        pool.submit(one, 'a')\n        list(pool.map(one, e['keys']))", ["s3.head_object"]),
        ("import threading, boto3\ns3 = boto3.client('s3')\ndef one():\n    s3.list_buckets()\ndef handler(e, c):\n    threading.Thread(target=one).start()", ["s3.list_buckets"]),
        ("import threading, boto3\nclass W(threading.Thread):\n    def run(self):\n        boto3.client('s3').list_buckets()\ndef handler(e, c):\n    W().start()", ["s3.list_buckets"]),
        ("import functools, boto3\ndef go(c):\n    c.list_buckets()\ndef handler(e, x):\n    functools.partial(go, boto3.client('s3'))()", []),
        ("from unknown import deco\nimport boto3\ndef wrap(f):\n    def inner(e, c):\n        return f(e, c, boto3.client('s3'))\n    return inner\n@wrap\ndef handler(e, c, s3):\n    s3.list_buckets()", ["s3.list_buckets"]),
        ("from contextlib import contextmanager\nimport boto3\n@contextmanager\ndef s3():\n    yield boto3.client('s3')\ndef handler(e, c):\n    with s3() as x:\n        x.list_buckets()", ["s3.list_buckets"]),
        ("from aws_lambda_powertools.event_handler import APIGatewayRestResolver\nimport boto3\napp = APIGatewayRestResolver()\ns3 = boto3.client('s3')\n@app.get('/x')\ndef route():\n    s3.list_buckets()\ndef handler(e, c):\n    return app.resolve(e, c)", ["s3.list_buckets"]),
        ("from aws_lambda_powertools import Logger, Tracer\nimport boto3\ntracer = Tracer()\ns3 = boto3.client('s3')\n@tracer.capture_method\ndef never():\n    s3.delete_bucket()\n@tracer.capture_method\ndef used():\n    s3.list_buckets()\n@tracer.capture_lambda_handler\ndef handler(e, c):\n    used()", ["s3.list_buckets"]),
        ("from aws_lambda_powertools.utilities import parameters\ndef handler(e, c):\n    parameters.get_parameter('/x')\n    parameters.get_secret('y')", ["secretsmanager.get_secret_value", "ssm.get_parameter"]),
        ("from aws_lambda_powertools.utilities.parameters import SSMProvider\np = SSMProvider()\ndef handler(e, c):\n    p.get_multiple('/x')", ["ssm.get_parameters_by_path"]),
        ("import boto3\nROUTES = {}\ndef route(f):\n    ROUTES[f.__name__] = f\n    return f\n@route\ndef a():\n    boto3.client('s3').list_buckets()\ndef handler(e, c):\n    ROUTES[e['r']]()", ["s3.list_buckets"]),
        ("import boto3\ndef recurse(n):\n    boto3.client('s3').list_buckets()\n    return recurse(n - 1)\ndef handler(e, c):\n    recurse(3)", ["s3.list_buckets"]),
        ("import boto3\nhandler = lambda e, c: boto3.client('s3').list_buckets()", ["s3.list_buckets"]),
        ("import boto3\nclass H:\n    def __call__(self, e, c):\n        boto3.client('s3').list_buckets()\nhandler = H()", ["s3.list_buckets"]),
        ("import boto3\nclass H:\n    def go(self, e, c):\n        boto3.client('s3').list_buckets()\nhandler = H().go", ["s3.list_buckets"]),
        ("import boto3\nasync def handler(e, c):\n    [boto3.client('s3').head_object(Key=k) for k in e]", ["s3.head_object"]),
        ("try:\n    import boto3\nexcept ImportError:\n    boto3 = None\ns3 = boto3.client('s3')\ns3.list_buckets()", ["s3.list_buckets"]),
    ],
)  # fmt: skip
def test_calls(code: str, expected: list[str]) -> None:
    assert calls(code) == expected


def test_arguments_of_a_call() -> None:
    source = read(
        """
        import boto3, os
        BUCKET = os.environ.get("BUCKET", "fallback")
        s3 = boto3.client("s3")
        def handler(event, context):
            s3.put_object(Bucket=BUCKET, Key=f"in/{event['k']}", Body=b"", Metadata={"a": "b"}, Tries=3)
            s3.upload_file("/tmp/x", os.environ["OTHER"], "key")
            s3.copy({"Bucket": "from"}, "to", "key")
            boto3.client("lambda").invoke(FunctionName=context.function_name, **event)
            boto3.resource("dynamodb").Table(os.environ["TABLE"]).get_item(Key={})
        """
    )
    found = {c.method: c for c in source.calls}
    put = found["put_object"].arguments
    assert put["Bucket"] == EnvironmentValue("BUCKET", "fallback")
    assert isinstance(put["Key"], Text)
    assert put["Key"].prefix == "in/"
    assert isinstance(put["Body"], Unknown)
    assert put["Metadata"] == {"a": "b"}
    assert put["Tries"] == 3
    assert found["upload_file"].arguments["Bucket"] == EnvironmentValue("OTHER")
    assert found["copy"].arguments["CopySource"] == {"Bucket": "from"}
    assert found["invoke"].arguments["FunctionName"] == ContextValue("function_name")
    assert found["invoke"].open
    assert found["get_item"].resource == "Table"
    assert found["get_item"].identifiers == (EnvironmentValue("TABLE"),)
    assert source.self_invocations() == (found["invoke"],)


def test_the_same_call_with_different_arguments_is_known_only_where_they_agree() -> None:
    source = read(
        """
        import boto3
        def put(bucket, key):
            boto3.client("s3").put_object(Bucket=bucket, Key=key)
        def handler(event, context):
            put("one", "k")
            put("two", "k")
        """
    )
    (call,) = source.calls
    assert isinstance(call.arguments["Bucket"], Unknown)
    assert call.arguments["Key"] == "k"


@pytest.mark.parametrize(
    ("value", "itself"),
    [
        ("context.function_name", True),
        ("context.invoked_function_arn", True),
        ("os.environ['AWS_LAMBDA_FUNCTION_NAME']", True),
        ("'me'", True),
        ("'another'", False),
        ("event['name']", False),
    ],
)
def test_self_invocation(value: str, itself: bool) -> None:
    source = read(
        f"import boto3, os\ndef handler(event, context):\n    boto3.client('lambda').invoke(FunctionName={value})"
    )
    assert bool(source.self_invocations("me")) is itself


@pytest.mark.parametrize(
    ("made", "foreign", "endpoint"),
    [
        ("boto3.client('s3')", False, False),
        ("boto3.client('s3', aws_access_key_id=k)", True, False),
        ("boto3.Session(profile_name='p').client('s3')", True, False),
        ("boto3.Session(region_name='eu-west-1').client('s3')", False, False),
        ("boto3.client('s3', **extra())", True, False),
        ("boto3.client('s3', endpoint_url=u)", False, True),
        ("boto3.client('s3', endpoint_url=None)", False, False),
    ],
)
def test_whose_credentials(made: str, foreign: bool, endpoint: bool) -> None:
    (call,) = read(f"import boto3\ndef handler(e, c):\n    {made}.list_buckets()").calls
    assert (call.foreign, call.endpoint) == (foreign, endpoint)


def test_credentials_of_an_assumed_role() -> None:
    source = read(
        """
        import boto3
        def session(arn):
            c = boto3.client("sts").assume_role(RoleArn=arn)["Credentials"]
            return boto3.Session(aws_access_key_id=c["AccessKeyId"], aws_secret_access_key=c["SecretAccessKey"])
        def handler(event, context):
            session("arn").client("s3").list_buckets()
        """
    )
    assert {c.method: c.foreign for c in source.calls} == {"assume_role": False, "list_buckets": True}


@pytest.mark.parametrize(
    ("code", "per_invocation"),
    [
        ("import boto3\nc = boto3.client('s3')\ndef handler(e, x):\n    pass", False),
        ("import boto3\ndef handler(e, x):\n    c = boto3.client('s3')", True),
        ("import boto3\ndef make():\n    return boto3.client('s3')\ndef handler(e, x):\n    make()", True),
        ("import boto3\ndef make():\n    return boto3.client('s3')\nc = make()\ndef handler(e, x):\n    pass", False),
        ("import boto3, functools\n@functools.cache\ndef make():\n    return boto3.client('s3')\ndef handler(e, x):\n    make()", False),
        ("import boto3\nc = None\ndef handler(e, x):\n    global c\n    c = c or boto3.client('s3')", False),
        ("import boto3\nd = {}\ndef handler(e, x):\n    d['s3'] = boto3.client('s3')", False),
        ("import boto3\nclass A:\n    def __init__(self):\n        self.c = boto3.client('s3')\ndef handler(e, x):\n    A()", True),
        ("import boto3\nclass A:\n    def go(self):\n        self.c = boto3.client('s3')\na = A()\ndef handler(e, x):\n    a.go()", False),
    ],
)  # fmt: skip
def test_clients_in_the_handler(code: str, per_invocation: bool) -> None:
    assert [c.per_invocation for c in read(code).clients] == [per_invocation]


def test_clients_that_go_elsewhere() -> None:
    source = read("import boto3\nimport other\nother.use(boto3.client('s3'))\nboto3.client('sqs').list_queues()")
    assert source.dynamic_services == {"s3"}
    assert read("import boto3\nx = boto3.client(name())").dynamic_services == {"*"}


# -- other facts -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("from botocore.config import Config\nC = Config(read_timeout=900, connect_timeout=5)", [("boto3", "connect", 5), ("boto3", "read", 900)]),
        ("from botocore.client import Config\nC = Config(read_timeout=15 * 60)", [("boto3", "read", 900)]),
        ("import requests\nrequests.get('u', timeout=30)", [("requests", "read", 30)]),
        ("import requests\nT = (3, 60)\nrequests.Session().post('u', timeout=T)", [("requests", "connect", 3), ("requests", "read", 60)]),
        ("import requests\ns = requests.Session()\ndef handler(e, c):\n    s.request('GET', 'u', timeout=2.5)", [("requests", "read", 2.5)]),
        ("import urllib3\nurllib3.PoolManager(timeout=9).request('GET', 'u')", [("urllib3", "total", 9)]),
        ("import urllib3\nT = urllib3.Timeout(connect=1, read=2)", [("urllib3", "connect", 1), ("urllib3", "read", 2)]),
        ("from urllib.request import urlopen\nurlopen('u', None, 7)", [("urllib", "read", 7)]),
        ("import httpx\nhttpx.Client(timeout=8)", [("httpx", "read", 8)]),
        ("import http.client\nhttp.client.HTTPSConnection('h', timeout=4)", [("http.client", "read", 4)]),
        ("import requests, os\nrequests.get('u', timeout=int(os.environ['T']))", []),
        ("import requests\nrequests.get('u', timeout=None)", []),
    ],
)  # fmt: skip
def test_timeouts(code: str, expected: list[tuple[str, str, float]]) -> None:
    assert sorted((t.library, t.kind, t.seconds) for t in read(code).timeouts) == expected


def test_attempts() -> None:
    code = "from botocore.config import Config\nC = Config(read_timeout=9, retries={RETRIES})"
    assert [t.attempts for t in read(code.replace("RETRIES", "'max_attempts': 2")).timeouts] == [3]
    assert [t.attempts for t in read(code.replace("RETRIES", "'total_max_attempts': 2")).timeouts] == [2]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("import time\ntime.sleep(10)", [10]),
        ("from time import sleep\nMINUTE = 60\nsleep(15 * MINUTE)", [900]),
        ("import asyncio\nasync def f():\n    await asyncio.sleep(3)\ndef handler(e, c):\n    asyncio.run(f())", [3]),
        ("import time\ndef handler(e, c):\n    time.sleep(e['s'])", []),
        ("def sleep(x):\n    pass\nsleep(900)", []),
    ],
)
def test_sleeps(code: str, expected: list[float]) -> None:
    assert [s.seconds for s in read(code).sleeps] == expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("open('out.txt', 'w')", [("out.txt", True)]),
        ("open('/var/x', mode='ab')", [("/var/x", True)]),
        ("open('/var/x')", []),
        ("open('/var/x', 'r+')", [("/var/x", True)]),
        ("with open('/tmp/x', 'wb') as f:\n    pass", [("/tmp/x", True)]),
        ("import os\nopen(os.path.join('/tmp', 'a', 'b'), 'w')", [("/tmp/a/b", True)]),
        ("import os\nopen(os.path.join('data', '/tmp/x'), 'w')", [("/tmp/x", True)]),
        ("def handler(e, c):\n    open(f'/var/{e}.txt', 'w')", [("/var/", False)]),
        ("def handler(e, c):\n    open(e['path'], 'w')", []),
        ("def handler(e, c):\n    open('/var/' + e['n'], 'w')", [("/var/", False)]),
        ("def handler(e, c):\n    open('/var/%s' % e['n'], 'w')", [("/var/", False)]),
        ("from pathlib import Path\nPath('a').write_text('x')", [("a", True)]),
        ("from pathlib import Path\n(Path('/tmp') / 'a' / 'b').write_bytes(b'')", [("/tmp/a/b", True)]),
        ("from pathlib import Path\nPath('/var').joinpath('x').open('w')", [("/var/x", True)]),
        ("from pathlib import Path\nPath('/var/x').open()", []),
        ("import os\nos.makedirs('/data/x')", [("/data/x", True)]),
        ("import zipfile\nzipfile.ZipFile('x.zip', 'w')", [("x.zip", True)]),
        ("import zipfile\nzipfile.ZipFile('x.zip')", []),
        ("import logging\nlogging.FileHandler('x.log')", [("x.log", True)]),
        ("import boto3\nboto3.client('s3').download_file('b', 'k', 'local')", [("local", True)]),
        ("import shutil\nshutil.copy('a', '/tmp/b')", [("/tmp/b", True)]),
        ("MODE = 'w'\nopen('x', MODE)", [("x", True)]),
    ],
)
def test_writes(code: str, expected: list[tuple[str, bool]]) -> None:
    assert [(w.path, w.whole) for w in read(code).writes] == expected


def test_a_write_whose_error_is_caught() -> None:
    (write,) = read("try:\n    open('x', 'w')\nexcept OSError:\n    pass").writes
    assert write.guarded
    assert read("import os\nos.chdir('/tmp')").working_directory_changes


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("import multiprocessing\nmultiprocessing.Pool(2)", ["multiprocessing.Pool"]),
        ("from multiprocessing import Queue, Lock\nQueue()\nLock()", ["multiprocessing.Queue", "multiprocessing.Lock"]),
        ("from multiprocessing.pool import ThreadPool\nThreadPool()", ["multiprocessing.ThreadPool"]),
        ("import multiprocessing as mp\nmp.get_context('spawn').Pool()", ["multiprocessing.Pool"]),
        ("from concurrent.futures import ProcessPoolExecutor\nwith ProcessPoolExecutor() as p:\n    pass", ["concurrent.futures.ProcessPoolExecutor"]),
        ("from concurrent.futures import ThreadPoolExecutor\nThreadPoolExecutor()", []),
        ("from multiprocessing import Process, Pipe\nPipe()\nProcess()", []),
        ("from queue import Queue\nfrom threading import Lock\nQueue()\nLock()", []),
        ("import multiprocessing\nmultiprocessing.cpu_count()", []),
    ],
)  # fmt: skip
def test_shared_memory(code: str, expected: list[str]) -> None:
    assert [s.name for s in read(code).shared_memory] == expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("match 1:\n    case 2:\n        pass", [((3, 10), "match")]),
        ("import re\nmatch = re.match('a', 'b')\nprint(match)", []),
        ("try:\n    pass\nexcept* ValueError:\n    pass", [((3, 11), "except-star")]),
        ("try:\n    pass\nexcept ValueError, KeyError:\n    pass", [((3, 14), "except-unparenthesized")]),
        ("if (a := 1):\n    pass", [((3, 8), "walrus")]),
        ("def f(a, /, b):\n    pass", [((3, 8), "positional-only")]),
        ("type X = int", [((3, 12), "type-statement")]),
        ("def f[T](a: T) -> T:\n    return a", [((3, 12), "type-parameters")]),
        ("class C[T]:\n    pass", [((3, 12), "type-parameters")]),
        ("class C[T = int]:\n    pass", [((3, 12), "type-parameters"), ((3, 13), "type-parameter-default")]),
        ("x = f'{1=}'", [((3, 8), "f-string-equal")]),
        ("d = {}\nx = f'{d['a']}'", [((3, 12), "f-string-quotes")]),
        ("d = {}\nx = f'{d[\"a\"]}'", []),
        ('d = {}\nx = f"""{d["a"]}"""', []),
        ("x = f'{chr(10).join([])}'", []),
        ("x = f'{\"\\n\".join([])}'", [((3, 12), "f-string-quotes")]),
        ("x = t'{1}'", [((3, 14), "template-string")]),
        ("with (open('a') as a, open('b') as b):\n    pass", [((3, 9), "parenthesized-with")]),
        ("with (open('a')) as a:\n    pass", []),
        ("x: int | None = None\ny: list[int] = []", []),
        ("@(lambda f: f)\ndef f():\n    pass", [((3, 9), "decorator-expression")]),
        ("def f():\n    return 1, *[2]", [((3, 8), "return-star")]),
    ],
)
def test_new_syntax(code: str, expected: list[tuple[tuple[int, int], str]]) -> None:
    assert sorted((s.version, s.name) for s in read(code).new_syntax) == expected


# -- modules -----------------------------------------------------------------------------------------------------------


def test_modules_are_followed_and_only_those_that_the_handler_imports() -> None:
    source = read_handler(
        Memory(
            {
                "src/app.py": "from .lib import store\nfrom src.lib.names import TABLE\nimport src.lib.extra as extra\ndef handler(e, c):\n    store.put(TABLE)\n    extra.go()",
                "src/__init__.py": "",
                "src/lib/__init__.py": "",
                "src/lib/store.py": "import boto3\nfrom ..base import client\ndef put(t):\n    client('dynamodb').put_item(TableName=t)\ndef drop():\n    client('dynamodb').delete_table()",
                "src/base.py": "import boto3\ndef client(n):\n    return boto3.client(n)",
                "src/lib/names.py": "import os\nTABLE = os.environ['TABLE']",
                "src/lib/extra.py": "import time\ndef go():\n    time.sleep(1)",
                "src/lib/never.py": "import os\nX = os.environ['NEVER']",
            }
        ),
        "src/app.handler",
        "python3.12",
    )  # fmt: skip
    assert [(c.method, c.arguments["TableName"]) for c in source.calls] == [("put_item", EnvironmentValue("TABLE"))]
    assert [r.name for r in source.reads] == ["TABLE"]
    assert [s.seconds for s in source.sleeps] == [1]
    assert (0, "src/lib/never.py") not in source.modules
    assert source.complete


def test_import_cycles_and_star_imports() -> None:
    a = "from b import *\nimport os\nA = os.environ['A']\ndef handler(e, c):\n    go()"
    b = "import app\nimport boto3\ndef go():\n    boto3.client('s3').list_buckets()\n    return app.A"
    source = read(a, b=b)
    assert [c.method for c in source.calls] == ["list_buckets"]
    assert [r.name for r in source.reads] == ["A"]


def test_namespace_packages_and_layers() -> None:
    source = read_handler(
        (
            Memory({"app.py": "import shared.keys\nimport both\ndef handler(e, c):\n    return shared.keys.get()"}),
            Memory({"shared/keys.py": "import os\ndef get():\n    return os.environ['K']", "both.py": ""}),
            Memory({"both.py": "import os\nX = os.environ['WRONG']"}),
        ),
        "app.handler",
    )
    assert [(r.name, r.site.root, r.site.file) for r in source.reads] == [("K", 1, "shared/keys.py")]
    assert {i.module: i.found for i in source.imports} == {"shared.keys": True, "both": True, "os": False}


def test_what_distributions_installed_is_found_but_not_looked_into() -> None:
    files = Memory(
        {
            "app.py": "import boto3, thing, own\ndef handler(e, c):\n    boto3.client('s3').list_buckets()",
            "boto3/__init__.py": "import os\nX = os.environ['NO']",
            "thing/__init__.py": "import os\nX = os.environ['NO']",
            "thing-1.0.dist-info/RECORD": "",
            "own.py": "import os\nX = os.environ['OWN']",
        }
    )
    source = read_handler(files, "app.handler")
    assert [r.name for r in source.reads] == ["OWN"]
    assert [c.method for c in source.calls] == ["list_buckets"]
    assert all(i.found for i in source.imports if i.module != "os")
    assert read_handler(files, "app.handler", third_party={"own"}).reads == ()


def test_imports() -> None:
    source = read(
        """
        import os, a.b as ab  # sleep
        from .x import y
        try:
            import c
        except ImportError:
            c = None
        if os.cpu_count() == 1:
            import d
        from typing import TYPE_CHECKING
        if TYPE_CHECKING:
            import e
        def handler(event, context):
            import f
        def never():
            import g
        """
    )
    assert {i.module: (i.reach, i.certain, i.guarded) for i in source.imports} == {
        "os": ("module", True, False),
        "a.b": ("module", True, False),
        "": ("module", True, False),
        "c": ("module", True, True),
        "d": ("module", False, False),
        "typing": ("module", True, False),
        "f": ("handler", True, False),
    }
    assert all(i.in_handler_module and not i.found for i in source.imports)


# -- the Handler property ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("def handler(e, c): pass", "found"),
        ("async def handler(e, c): pass", "found"),
        ("class handler: pass", "found"),
        ("handler = object()", "found"),
        ("a = handler = 1", "found"),
        ("handler: object = 1", "found"),
        ("from x import handler", "found"),
        ("from x import y as handler", "found"),
        ("import handler", "found"),
        ("import x\nhandler = x.handler", "found"),
        ("try:\n    from x import handler\nexcept ImportError:\n    pass", "found"),
        ("if 1 > 0:\n    def handler(e, c): pass", "found"),
        ("for handler in []:\n    pass", "found"),
        ("with open('x') as handler:\n    pass", "found"),
        ("(handler, x) = 1, 2", "found"),
        ("from x import *", "unknown"),
        ("globals()['handler'] = 1", "unknown"),
        ("def __getattr__(n): pass", "unknown"),
        ("def lambda_handler(e, c): pass", "missing"),
        ("class A:\n    def handler(self, e, c): pass", "missing"),
        ("def f():\n    handler = 1", "missing"),
        ("", "missing"),
        ("x = 'def handler(e, c)'", "missing"),
        ("'''\ndef handler(e, c): pass\n'''", "missing"),
        ("def handler(:", "unknown"),
    ],
)
@pytest.mark.parametrize("tail", ["", "\nimport boto3"])
def test_the_name(code: str, status: str, tail: str) -> None:
    """The same with and without a byte of interest: outlined and parsed."""
    source = read(code + tail)
    assert source.handler.module_status == "found"
    assert source.handler.name_status == status


def test_the_module() -> None:
    files = Memory({"wrap/app.py": "", "wrap/sub/mod.py": "", "pkg/__init__.py": "def handler(e, c): pass", "n.so": ""})
    assert read_handler(files, "pkg.handler").handler.name_status == "found"
    missing = read_handler(files, "app.handler").handler
    assert (missing.module_status, missing.folder) == ("missing", "wrap")
    assert read_handler(files, "sub/mod.handler").handler.folder == "wrap"
    assert read_handler(files, "nowhere.handler").handler.folder is None
    assert read_handler(files, "wrap/app.handler").handler.module_status == "found"
    assert read_handler(files, "n.handler").handler.name_status == "unknown"
    assert read_handler(files, "handler").handler.module_status == "unknown"
    for odd in ("", ".", "..", "a..b", "../x.handler", "/x.handler", "a b.c", "é.handler", "x" * 5000 + ".y"):
        assert read_handler(files, odd).handler.name_status in ("missing", "unknown")


def test_re_exported_handler() -> None:
    source = read("from src.main import handler", src__main="def handler(event): pass")
    assert source.handler.name_status == "found"
    assert source.handler.signature == "wrong"
    assert source.handler.site is not None
    assert source.handler.site.file == "src/main.py"
    assert read("from src.main import handler", src__main="def other(): pass").handler.name_status == "found"


@pytest.mark.parametrize(
    ("code", "signature"),
    [
        ("def handler(event, context): pass", "ok"),
        ("def handler(event, context, more=1): pass", "ok"),
        ("def handler(*args): pass", "ok"),
        ("def handler(event, *rest, **more): pass", "ok"),
        ("def handler(event=None, context=None, /): pass", "ok"),
        ("def handler(event: dict[str, int], context: 'x' = {'a': (1, 2)}) -> None: pass", "ok"),
        ("def handler(event,  # (\n            context): pass", "ok"),
        ("handler = lambda e, c: 1", "ok"),
        ("def handler(): pass", "wrong"),
        ("def handler(event): pass", "wrong"),
        ("def handler(event, context, more): pass", "wrong"),
        ("def handler(event, context, *, more): pass", "wrong"),
        ("def handler(event, *, context): pass", "wrong"),
        ("def handler(**all): pass", "wrong"),
        ("handler = lambda e: 1", "wrong"),
        ("from x import d\n@d\ndef handler(event): pass", "unknown"),
        ("from x import d\n@d(1)\ndef handler(): pass", "unknown"),
        ("from x import handler", "unknown"),
        ("class A:\n    def go(self, e, c): pass\nhandler = A().go", "ok"),
        ("class A:\n    def go(self, e): pass\nhandler = A().go", "wrong"),
    ],
)
@pytest.mark.parametrize("tail", ["", "\nimport boto3"])
def test_signature(code: str, signature: str, tail: str) -> None:
    found = read(code + tail).handler.signature
    if not tail and ("lambda" in code or "A()" in code):
        assert found in (signature, "unknown")
    else:
        assert found == signature


def test_async_handler() -> None:
    handler = read("async def handler(event, context): pass").handler
    assert handler.asynchronous
    assert handler.site is not None
    assert handler.parameters == ("event", "context")


# -- places ------------------------------------------------------------------------------------------------------------


def test_places() -> None:
    code = (
        "import os, boto3\n"
        "s3 = boto3.client(\n    's3',  # (\n    region_name='x')\n"
        "T = os.environ['A'] if 'A' in os.environ else os.environ[\n    'B'\n]\n"
        "def handler(event, context):\n"
        '    """os.environ[x]"""\n'
        "\ts = 1\n".replace("\t", "    ")
        + "    s = 'é' + f\"{os.environ['C']}\"; s3.list_buckets()\n"
    )
    source = read(code)
    spans = {r.name: source.span(r.site) for r in source.reads}
    assert spans["A"] == Span(5, 5, 5, 20)
    assert spans["B"] == Span(5, 47, 7, 2)
    assert spans["C"] == Span(11, 18, 11, 33)
    (client,) = source.clients
    assert source.span(client.site) == Span(2, 6, 4, 21)
    (call,) = source.calls
    place = source.place(call.site)
    assert place.span == Span(11, 37, 11, 54)
    assert (place.file, place.member) == ("package.zip", "app.py")
    assert place.anchor == "handler:.list_buckets:0"


def test_anchors_stay_when_lines_move() -> None:
    code = "import os\ndef handler(e, c):\n    a = os.environ['A']\n    b = os.environ['B']\n"
    moved = "# more\n\n" + code.replace("def handler", "def other():\n    pass\n\n\ndef handler")
    first, second = (tuple(r.site.anchor for r in read(c).reads) for c in (code, moved))
    assert first == second
    assert len(set(first)) == 2


def test_inline_code() -> None:
    source = read_handler(InlineFiles("import os\nX = os.environ['X']\ndef handler(e, c): pass", ("Resources", "F")), "index.handler")  # fmt: skip
    assert source.handler.name_status == "found"
    (read_,) = source.reads
    assert source.place(read_.site).resource == "F"
    assert source.text(0, "index.py") is not None
    assert read_handler(InlineFiles(""), "app.handler").handler.module_status == "missing"
