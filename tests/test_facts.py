"""The facts under rules/: in their schemas' shape, with source and day, and no two of them at odds."""

from __future__ import annotations

import json
import re
import sys
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

RULES = Path(__file__).parent.parent / "rules"
FACTS = ("quotas", "runtimes", "event_sources", "role_requirements", "bundled_modules", "distributions")
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def facts(name: str) -> Any:
    return yaml.safe_load((RULES / f"{name}.yaml").read_text(encoding="utf-8"))


def schema(name: str) -> Any:
    return json.loads((RULES / f"{name}.schema.json").read_text(encoding="utf-8"))


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[tuple[Any, ...], Any]]:
    if isinstance(value, dict):
        return [leaf for key, item in value.items() for leaf in leaves(item, (*path, key))]
    if isinstance(value, list):
        return [leaf for index, item in enumerate(value) for leaf in leaves(item, (*path, index))]
    return [(path, value)]


def maps(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, dict):
        return [value, *(found for item in value.values() for found in maps(item))]
    return [found for item in value for found in maps(item)] if isinstance(value, list) else []


@pytest.fixture(scope="module")
def quotas() -> dict[str, dict[str, Any]]:
    return facts("quotas")


@pytest.fixture(scope="module")
def runtimes() -> dict[str, dict[str, Any]]:
    return {runtime["id"]: runtime for runtime in facts("runtimes")["runtimes"]}


@pytest.fixture(scope="module")
def sources() -> dict[str, Any]:
    return facts("event_sources")


@pytest.mark.parametrize("name", FACTS)
def test_shape(name: str) -> None:
    validator = jsonschema.Draft202012Validator(schema(name))
    validator.check_schema(schema(name))
    assert [f"{error.json_path}: {error.message}" for error in validator.iter_errors(facts(name))] == []


@pytest.mark.parametrize("name", FACTS)
def test_no_key_twice(name: str) -> None:
    class Strict(yaml.SafeLoader):
        def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
            keys = [key.value for key, _ in node.value]
            assert len(keys) == len(set(keys)), f"{name}: {[key for key in keys if keys.count(key) > 1]}"
            return super().construct_mapping(node, deep)

    yaml.load((RULES / f"{name}.yaml").read_text(encoding="utf-8"), Strict)


@pytest.mark.parametrize("name", FACTS)
def test_days_are_text_and_exist(name: str) -> None:
    days = []
    for path, value in leaves(facts(name)):
        assert not isinstance(value, date), f"{path}: unquoted"
        if isinstance(value, str) and DAY.fullmatch(value):
            days.append(date.fromisoformat(value))
    assert days


@pytest.mark.parametrize("name", FACTS)
def test_days_of_checking_are_past(name: str) -> None:
    checked = [value for path, value in leaves(facts(name)) if path[-1] == "checked_on"]
    assert checked
    assert all("2026-01-01" <= value <= date.today().isoformat() or value == "2026-11-23" for value in checked)


@pytest.mark.parametrize("name", FACTS)
def test_sources_are_pages(name: str) -> None:
    for path, value in leaves(facts(name)):
        if isinstance(value, str) and value.startswith(("http:", "https:")):
            assert re.fullmatch(r"https://[\w.-]+\.[a-z]{2,}/[\w./#%~-]*", value), path


def test_quotas_are_sane(quotas: dict[str, dict[str, Any]]) -> None:
    for name, quota in quotas.items():
        low, high, default = quota.get("min"), quota.get("max"), quota.get("default")
        if low is not None and high is not None:
            assert low <= high, name
        if isinstance(default, (int, float)):
            assert low is None or low <= default, name
            assert high is None or default <= high, name
        elif default is not None:
            assert default in quota["values"], name
        if "adjustable_to" in quota:
            assert quota["adjustable_to"] > high, name
        if "pattern" in quota:
            re.compile(quota["pattern"])


def test_what_is_only_known_is_marked(quotas: dict[str, dict[str, Any]]) -> None:
    """What rests on general knowledge alone makes a warning; our own thresholds say that they are ours."""
    for name, quota in quotas.items():
        if quota["verified"] == "known":
            assert quota.get("warn_only") or quota["note"].startswith("our own"), name


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("function.environment.name", ["AB", "a_1"], ["A", "1A", "_A", "A-B", "AÄ"]),
        ("function.name", ["a", "a-b_C9"], ["a b", "a.b", ""]),
        ("function.handler", ["app.handler", "a::b"], ["app handler", ""]),
        ("alias.name", ["live", "v1", "1a"], ["1", "42", "a.b"]),
        ("filesystem.mount-path", ["/mnt/data", "/mnt/a.b-c_d"], ["/mnt", "/mnt/", "/data", "/mnt/a/b"]),
        ("function.log-group", ["/aws/lambda/x", "a.b_c#d"], ["a b", "a:b"]),
        ("function.tag-key", ["team", "awsome"], ["aws:x", "AWS:x"]),
        ("permission.statement-id", ["a-b_1"], ["a b"]),
    ],
)
def test_patterns(quotas: dict[str, dict[str, Any]], name: str, good: list[str], bad: list[str]) -> None:
    pattern = re.compile(quotas[name]["pattern"])
    assert [text for text in good if not pattern.fullmatch(text)] == []
    assert [text for text in bad if pattern.fullmatch(text)] == []


def test_known_quotas(quotas: dict[str, dict[str, Any]]) -> None:
    """The numbers that most templates come near: a slip here would be seen nowhere else."""
    expected = {
        "function.memory": (128, 10240),
        "function.memory.managed-instances": (2048, 32768),
        "function.timeout": (1, 900),
        "function.timeout.managed-instances": (1, 5400),
        "function.ephemeral-storage": (512, 10240),
        "function.environment": (None, 4096),
        "function.layers": (None, 5),
        "zip.unzipped": (None, 262144000),
        "esm.function-timeout": (None, 840),
        "template.resources": (None, 500),
        "template.body": (None, 1_000_000),
    }
    found = {name: (quotas[name].get("min"), quotas[name].get("max")) for name in expected}
    assert found == expected


UNJUDGED = {
    "at run time, or of an account: no template shows it": """
        api.control-plane api.get-function api.get-policy durable.operations durable.running-executions
        durable.start-rate durable.storage edge.distribution-functions edge.request-body.origin
        edge.request-body.viewer edge.request-rate edge.response.origin edge.response.viewer function.file-descriptors
        function.init.provisioned function.network function.processes function.requests-per-environment
        function.scaling-rate function.shutdown function.test-events managed-instances.capacity-providers
        managed-instances.versions payload.asynchronous payload.request-headers payload.sns-destination
        payload.streamed payload.synchronous snapstart.restore tenancy.environments vpc.network-interfaces
        zip.console-editor""",
    "depends on the account, or on how the template is sent": """
        function.configuration-request function.memory.new-account template.body.direct""",
    "advice, or a number that nobody knows to be a refusal": "image.manifest image.settings",
    "a range that CloudFormation's own schema has: what says no more is left to cfn-lint": """
        alias.routing-weight async.destination-arn code-signing.profiles esm.metrics esm.poller-group-name
        events.rule-name events.schedule-expression events.targets function.accelerator-memory function.arn
        function.log-group function.provisioned-concurrency function.recursive-loop function.reserved-concurrency
        function.tracing layer.compatible-architectures layer.compatible-runtimes layer.license-info layer.name
        logs.filter-pattern managed-instances.environments managed-instances.instance-types
        managed-instances.max-vcpus managed-instances.scaling-policies managed-instances.subnets
        permission.statement-id scheduler.expression scheduler.flexible-window scheduler.name zip.s3-bucket
        zip.s3-key""",
    "event_sources.yaml tells the rules, and a test below holds the two equal": """
        async.dead-letter-queue async.destinations.failure async.destinations.success""",
}
"""Quotas that no rule uses, and why; ``lambdalint quotas`` shows them."""


def test_a_quota_is_used_or_it_is_known_why_not(quotas: dict[str, dict[str, Any]]) -> None:
    files = [*RULES.glob("*/*.yaml"), RULES / "event_sources.yaml", *(RULES.parent / "lambdalint").rglob("*.py")]
    text = "\n".join(file.read_text(encoding="utf-8") for file in files)
    named = set(re.findall(r"[a-z][a-z0-9]*(?:[.-][a-z0-9]+)+", text))
    unjudged = [name for names in UNJUDGED.values() for name in names.split()]
    assert len(unjudged) == len(set(unjudged))
    # function.memory{managed} stands for two.
    used = named | {f"{name}.managed-instances" for name in named}
    assert sorted(set(quotas) - used) == sorted(unjudged)


def test_runtimes_are_unique_and_lead_somewhere(runtimes: dict[str, dict[str, Any]]) -> None:
    assert len(runtimes) == len(facts("runtimes")["runtimes"])
    for name, runtime in runtimes.items():
        successor = runtimes.get(runtime.get("successor", name))
        assert successor is not None, name
        assert "successor" not in successor or successor["id"] == name, f"{name}: its successor has one itself"
        if "block_create" in runtime and "block_update" in runtime:
            assert runtime["block_create"] <= runtime["block_update"], name


def test_python_runtimes_name_their_version(runtimes: dict[str, dict[str, Any]]) -> None:
    for name, runtime in runtimes.items():
        assert ("python" in runtime) == ("abi" in runtime) == (runtime["family"] == "python")
        if "python" in runtime:
            assert name == f"python{runtime['python']}"
            assert runtime["abi"].rstrip("m") == "cpython-" + runtime["python"].replace(".", "")


@pytest.mark.parametrize(
    ("family", "good", "bad"),
    [
        (
            "python",
            ["app.handler", "src/app.handler", "a.b.c", "./app.handler"],
            ["app", "app:handler", "app.", "a b.c"],
        ),
        ("nodejs", ["index.handler", "dist/a.b.handler"], ["index", "index."]),
        ("ruby", ["app.handler", "app.Mod::Cls.run"], ["app"]),
        ("java", ["com.x.App::run", "com.x.App", "x.A$B::c"], ["com.x.App::run::y", "com/x/App", "a b"]),
        ("dotnet", ["App::N.C::M", "App"], ["App::N.C", "a b"]),
        ("provided", ["bootstrap", "any.thing"], ["a b"]),
    ],
)
def test_handler_patterns(family: str, good: list[str], bad: list[str]) -> None:
    pattern = re.compile(facts("runtimes")["handlers"][family]["pattern"])
    assert [text for text in good if not pattern.fullmatch(text)] == []
    assert [text for text in bad if pattern.fullmatch(text)] == []


def test_numbers_of_sources_are_those_of_quotas(sources: dict[str, Any], quotas: dict[str, dict[str, Any]]) -> None:
    referred = [found for found in maps(sources) if "quota" in found]
    assert len(referred) > 30
    for found in referred:
        quota = quotas[found["quota"]]
        for key in ("min", "max", "default", "adjustable_to"):
            if key in found:
                assert found[key] == quota[key], found
        if "seconds" in found:
            assert found["seconds"] == quota["max"], found
            assert (found.get("verified") == "known") == quota.get("warn_only", False), found
    for source in sources["sources"].values():
        assert set(source.get("pollers", {}).values()) <= set(quotas)
    asynchronous = sources["asynchronous"]
    assert asynchronous["success"] == quotas["async.destinations.success"]["values"]
    assert asynchronous["failure"] == quotas["async.destinations.failure"]["values"]
    assert asynchronous["dead_letter_queue"] == quotas["async.dead-letter-queue"]["values"]


def test_sources_and_settings_name_each_other(sources: dict[str, Any]) -> None:
    polled = {name for name, source in sources["sources"].items() if source["mode"] == "poll"}
    for name, setting in sources["mapping"]["settings"].items():
        assert set(setting.get("only", polled)) <= polled, name
        assert set(setting.get("excludes", ())) <= set(sources["mapping"]["settings"]), name
    for name in polled:
        source = sources["sources"][name]
        takes = name in sources["mapping"]["settings"]["StartingPosition"]["only"]
        assert takes == (source["starting_position"] == "required"), name
        assert bool(source["failure_destinations"]) == (
            name in sources["mapping"]["settings"]["DestinationConfig"]["only"]
        )
        assert ("pollers" in source) == (name in sources["mapping"]["settings"]["ProvisionedPollerConfig"]["only"])
    requirements = facts("role_requirements")["mappings"]
    assert set(requirements) == polled


def test_sam_events_are_those_of_sam(sources: dict[str, Any]) -> None:
    events = sources["sam_events"]["types"]
    for name, event in events.items():
        assert name in sources["sources"][event["source"]]["sam"]
        assert not set(event["required"]) & set(event["optional"])
    pytest.importorskip("samtranslator")
    classes = {}
    for module in ("push", "pull", "cloudwatchlogs", "scheduler"):
        path = f"samtranslator.model.eventsources.{module}"
        for value in vars(import_module(path)).values():
            if isinstance(value, type) and value.__module__ == path and getattr(value, "resource_type", None):
                classes[value.resource_type] = set(value.property_types)
    assert set(classes) == set(events)
    for name, properties in classes.items():
        event = events[name]
        polled = set(sources["sam_events"]["polled"]) if event.get("polled") else set()
        assert {*event["required"], *event["optional"], *polled} == properties, name


def test_standard_library() -> None:
    library = facts("bundled_modules")["standard_library"]
    base = set(library["modules"].split())
    for changes in library["changes"].values():
        assert not set(changes["added"]) & base
        assert set(changes["removed"]) <= base
    if sys.version_info >= (3, 14):
        pytest.skip("what 3.14 and later brought is from their documentation: a build may have more")
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    change = library["changes"].get(version, {"added": [], "removed": []})
    public = {name for name in sys.stdlib_module_names if not name.startswith("_")} | {"test", "__future__", "_thread"}
    assert base.union(change["added"]).difference(change["removed"]) == public


def test_bundled_modules() -> None:
    bundled = facts("bundled_modules")
    assert bundled["bundled"]["modules"] == [
        "boto3",
        "botocore",
        "dateutil",
        "jmespath",
        "s3transfer",
        "six",
        "urllib3",
    ]
    assert bundled["inline"]["modules"] == ["cfnresponse"]
    assert not set(bundled["bundled"]["modules"]) & set(bundled["standard_library"]["modules"].split())


RULE = {
    "summary": "Timeout is outside what Lambda accepts",
    "severity": "error",
    "subject": "function",
    "check": "limits.outside_quota",
    "with": {"property": "Timeout", "quota": "function.timeout"},
    "messages": {"default": "Timeout is {value} s"},
    "why": "x",
    "fix": "y",
    "references": ["https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"],
    "examples": {
        "bad": [{"title": "over", "template": "Resources: {}", "expect": [{"code": "LL102", "line": 3}]}],
        "good": [{"title": "at", "template": "Resources: {}", "settings": {"as-of": "2026-01-01"}}],
    },
}
OWN = {
    "code": "ACME001",
    "summary": "Tagged",
    "severity": "warning",
    "subject": "function",
    "schema": {"required": ["Tags"]},
    "messages": {"default": "no tags"},
}


def without(key: str) -> dict[str, Any]:
    return {name: value for name, value in RULE.items() if name != key}


@pytest.mark.parametrize("rule", [RULE, OWN, {**RULE, "enabled": False, "security": 7.5, "tags": ["security"]}])
def test_rule_schema_takes(rule: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator.check_schema(schema("rule"))
    jsonschema.Draft202012Validator(schema("rule")).validate(rule)


@pytest.mark.parametrize(
    "rule",
    [
        *(without(key) for key in RULE if key != "with"),
        {**RULE, "unknown": 1},
        {**RULE, "severity": "info"},
        {**RULE, "subject": "stack"},
        {**RULE, "check": "outside_quota"},
        {**RULE, "schema": {}},
        {**RULE, "messages": {}},
        {**RULE, "references": ["http://example.com"]},
        {**RULE, "examples": {"bad": [], "good": RULE["examples"]["good"]}},
        {**RULE, "examples": {"bad": [{"title": "nothing to lint"}], "good": RULE["examples"]["good"]}},
        {**RULE, "security": 11},
        {**OWN, "with": {}},
        {**OWN, "subject": "run"},
        {**OWN, "code": "ACME1"},
    ],
)
def test_rule_schema_refuses(rule: dict[str, Any]) -> None:
    assert not jsonschema.Draft202012Validator(schema("rule")).is_valid(rule)
