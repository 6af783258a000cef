"""The table of properties: in the shape that it says, with what people write in it, and made by its script."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import lambdalint.data
from lambdalint.data import load

TYPES = {"string", "integer", "number", "boolean", "object", "array", "any"}
FOLDER = Path(lambdalint.data.__file__).parent


@pytest.fixture(scope="module")
def table() -> dict[str, Any]:
    return load("properties")


def nodes(node: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield path, node
    if isinstance(node, dict):
        for name, value in node.get("properties", {}).items():
            yield from nodes(value, (*path, name))
        for key in ("items", "values"):
            if key in node:
                yield from nodes(node[key], (*path, key))
        for option in node.get("any_of", ()):
            yield from nodes(option, path)


def test_shape(table: dict[str, Any]) -> None:
    for name, root in table["types"].items():
        assert set(root) <= {"properties", "required", "read_only"}, name
        assert not set(root["read_only"]) & set(root["properties"]), name
        for path, node in nodes({key: value for key, value in root.items() if key != "read_only"}):
            if isinstance(node, str):
                assert set(node.split("|")) <= TYPES, (name, path)
            elif "properties" in node:
                assert set(node) <= {"properties", "required"}, (name, path)
                assert set(node.get("required", ())) <= set(node["properties"]), (name, path)
            else:
                assert len(node) == 1, (name, path)
                assert set(node) <= {"items", "values", "any_of"}, (name, path)


def test_types(table: dict[str, Any]) -> None:
    expected = {
        *(f"AWS::Lambda::{name}" for name in ("Alias", "CapacityProvider", "CodeSigningConfig", "EventInvokeConfig")),
        *(f"AWS::Lambda::{name}" for name in ("EventSourceMapping", "Function", "LayerVersion", "Permission", "Url")),
        *(f"AWS::Lambda::{name}" for name in ("LayerVersionPermission", "Version", "WebFunction", "ResourcePolicy")),
        "AWS::Serverless::Function",
        "AWS::Serverless::LayerVersion",
    }
    assert expected <= set(table["types"])


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (("AWS::Lambda::Function", "Timeout"), "integer"),
        (("AWS::Lambda::Function", "Environment", "Variables"), {"values": "string"}),
        (("AWS::Lambda::Function", "Code", "S3ObjectStorageMode"), "string"),
        (("AWS::Lambda::Function", "AcceleratorConfig", "AcceleratorMemorySize"), "integer"),
        (("AWS::Lambda::Function", "RuntimeConfig", "RuntimeArn"), "string"),
        (("AWS::Serverless::Function", "RuntimeConfig", "RuntimeAlias"), "string"),
        (("AWS::Lambda::Function", "Layers"), {"items": "string"}),
        (("AWS::Lambda::Url", "Cors", "AllowCredentials"), "boolean"),
        (("AWS::Serverless::Function", "Timeout"), "integer"),
        (("AWS::Serverless::Function", "MemorySize"), "integer"),
        (("AWS::Serverless::Function", "Tags"), {"values": "string"}),
        (("AWS::Serverless::Function", "Policies"), "string|object|array"),
        (("AWS::Serverless::Function", "FunctionUrlConfig", "Cors", "MaxAge"), "integer"),
        (("AWS::Serverless::Function", "VpcConfig", "SubnetIds"), {"items": "string"}),
        (("AWS::Serverless::Function", "AutoPublishAlias"), "string"),
        (("AWS::Serverless::Function", "DurableConfig", "ExecutionTimeout"), "integer"),
        (("AWS::Serverless::LayerVersion", "CompatibleRuntimes"), {"items": "string"}),
    ],
)
def test_node(table: dict[str, Any], path: tuple[str, ...], expected: Any) -> None:
    node = table["types"][path[0]]
    for name in path[1:]:
        node = node["properties"][name]
    assert node == expected


def test_a_path_or_an_object(table: dict[str, Any]) -> None:
    """CodeUri and ContentUri are a local path or a place in a bucket."""
    for name, key in (("Function", "CodeUri"), ("LayerVersion", "ContentUri")):
        options = table["types"][f"AWS::Serverless::{name}"]["properties"][key]["any_of"]
        assert options[0] == "string"
        assert options[1]["required"] == ["Bucket", "Key"]


def test_read_only_attributes_are_no_properties(table: dict[str, Any]) -> None:
    assert "Arn" in table["types"]["AWS::Lambda::Function"]["read_only"]


def test_globals_are_properties_of_their_types(table: dict[str, Any]) -> None:
    assert {"Function", "Api", "HttpApi", "SimpleTable", "LayerVersion"} <= set(table["globals"])
    for section in ("Function", "LayerVersion"):
        assert set(table["globals"][section]) <= set(table["types"][f"AWS::Serverless::{section}"]["properties"])
    assert not {"Role", "Policies", "FunctionName", "Events"} & set(table["globals"]["Function"])


def test_sam_takes_what_the_table_has(table: dict[str, Any]) -> None:
    """The names are those that SAM itself checks, and the additions."""
    resources = pytest.importorskip("samtranslator.model.sam_resources")
    added = {key.rpartition(".")[2] for key in table["additions"] if key.startswith("AWS::Serverless::Function.")}
    found = set(table["types"]["AWS::Serverless::Function"]["properties"])
    assert found - added == set(resources.SamFunction.property_types)


def test_the_script_makes_the_file(table: dict[str, Any]) -> None:
    pytest.importorskip("cfnlint")
    pytest.importorskip("samtranslator")
    from lambdalint.data import refresh_properties

    made = refresh_properties.table(table["checked_on"])
    if made["sources"] != table["sources"]:
        pytest.skip("made from other versions of the packages")
    assert made == table


def test_small() -> None:
    assert (FOLDER / "properties.json").stat().st_size < 60_000


def test_load_reads_once() -> None:
    assert load("properties") is load("properties")
    with pytest.raises(FileNotFoundError):
        load("no-such-table")
