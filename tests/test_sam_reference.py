"""Every SAM template of the corpus, and our own of each event and property, as aws-sam-translator expands them."""

from __future__ import annotations

import glob
import json
import os
from pathlib import Path
from typing import Any

import pytest
import sam_reference as reference

from lambdalint.parsers import sam

NOT_REFUSED = {
    "AspNetCoreWebAPI-Image/template/src/BlueprintBaseName.1/serverless.template": (
        "the image is built and its place filled in by a build that the template's Metadata describes"
    ),
    "good/transform/list_transform.yaml": (
        "the alias is a parameter without a default: a deployment gives its value, the translator has none"
    ),
    "example_LambdaEnvironmentCredentials/sam.yaml": (
        "a function without code: SAM CLI packages the template's directory"
    ),
}
"""Corpus templates that the translator refuses and we do not: end of the path -> reason."""

DIFFERENT: dict[tuple[str, str], str] = {}
"""Corpus resources that we expand otherwise: (end of the path, logical ID) -> reason."""


def _corpus() -> list[str]:
    found = []
    for root, _, names in os.walk(reference.CORPUS):
        for name in names:
            if name.endswith((".yaml", ".yml", ".json", ".template")):
                path = os.path.join(root, name)
                with open(path, encoding="utf-8", errors="replace") as file:
                    text = file.read()
                if "AWS::Serverless-2016-10-31" in text or ("/translator/input/" in path and "AWS::Serverless" in text):
                    found.append(path)
    return sorted(found)


def _listed(path: str, table: Any) -> bool:
    return any(path.endswith(end) for end in table)


@pytest.mark.skipif(not os.path.isdir(reference.CORPUS), reason="the corpus is not there")
def test_the_corpus_is_expanded_as_sam_does() -> None:
    resources = 0
    differences = {}
    refusals = []
    for path in _corpus():
        with open(path, encoding="utf-8", errors="replace") as file:
            template = reference.load(file.read(), path)
        if template is None:
            continue
        template = reference.with_code_in_s3(template)
        theirs, why = reference.translated(template)
        ours = sam.expand(template, reference.parameters(template))
        if bool(reference.refused(ours)) != (theirs is None) and not _listed(path, NOT_REFUSED):
            refusals.append((path, why, ours.faults[:3]))
        if theirs is not None:
            number, found = reference.differences(template)
            resources += number
            for logical_id, pair in found.items():
                if not any(path.endswith(end) and logical_id == name for end, name in DIFFERENT):
                    differences[path, logical_id] = pair
    assert refusals == []
    assert differences == {}
    assert resources > 500
    assert len(DIFFERENT) <= resources * 0.005


def _own() -> list[Any]:
    cases = []
    for path in sorted(glob.glob(os.path.join(reference.HERE, "data", "sam", "*.yaml"))):
        with open(path, encoding="utf-8") as file:
            for index, text in enumerate(file.read().split("\n---\n")):
                name = os.path.basename(path)[:-5]
                cases.append(pytest.param(name, text, id=f"{name}-{index}-{text.splitlines()[0][2:60]}"))
    return cases


@pytest.mark.parametrize(("name", "text"), [case for case in _own() if case.values[0] != "refused"])
def test_own_templates_are_expanded_as_sam_does(name: str, text: str) -> None:
    template = reference.load(text)
    assert template is not None
    before = json.dumps(template)
    number, found = reference.differences(template)
    assert found == {}
    assert number > 0
    assert reference.condition_differences(template) == {}
    assert reference.refused(sam.expand(template, reference.parameters(template))) == []
    assert json.dumps(template) == before, "the input was changed"


@pytest.mark.parametrize(("name", "text"), [case for case in _own() if case.values[0] == "refused"])
def test_what_sam_refuses_is_a_fault(name: str, text: str) -> None:
    template = reference.load(text)
    assert template is not None
    theirs, why = reference.translated(template)
    ours = sam.expand(template, reference.parameters(template))
    if "# Foo a: b" in text:  # the translator leaves a type that it does not know to CloudFormation, which refuses it
        assert [fault.kind for fault in ours.faults] == ["resource-type"]
        return
    assert bool(reference.refused(ours)) == (theirs is None), why or ours.faults
    for fault in ours.faults:
        assert fault.path[0] in ("Resources", "Globals", "Conditions")


def test_faults_have_their_place_in_the_document() -> None:
    for case in _own():
        template = reference.load(case.values[1])
        for fault in sam.expand(template, reference.parameters(template)).faults:
            section = template.get(fault.path[0]) if len(fault.path) > 1 else {}
            assert len(fault.path) == 1 or fault.path[1] in section, fault


@pytest.mark.parametrize("name", ["managed_policy_paths.json", "connector_profiles.json"])
def test_tables_are_what_their_refresh_makes(name: str, tmp_path: Path) -> None:
    from lambdalint.data.refresh_iam import HERE, Sources
    from lambdalint.data.refresh_sam import refresh

    (tmp_path / name).write_bytes((HERE / name).read_bytes())
    refresh(Sources(None), tmp_path, "2030-01-01")
    assert (tmp_path / name).read_bytes() == (HERE / name).read_bytes()
