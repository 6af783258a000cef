"""Rules on Python code where an example cannot say it: places in zips and text blocks, what is shared, the cache."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from lambdalint.cli import run
from lambdalint.examples import run_example
from lambdalint.finding import Finding
from lambdalint.rulebook import load

BOOK = load()
READS = 'import os\n\nTABLE = os.environ["TABLE"]\n\ndef take(event, context):\n    return TABLE\n\n\ngive = take\n'


def found(code: str, template: str | None = None, files: dict[str, str] | None = None, **more: object) -> list[Finding]:
    example = {"template": template, "files": files or {}, **more}
    return [finding for finding in run_example(example, BOOK.rules[code]) if finding.code == code]


def function(name: str, properties: str = "", handler: str = "app.take") -> str:
    """A SAM function of the folder src, with further properties in flow style."""
    more = f", {properties}" if properties else ""
    return (
        f"  {name}:\n    Type: AWS::Serverless::Function\n"
        f"    Properties: {{Runtime: python3.13, Handler: {handler}, CodeUri: src/{more}}}\n"
    )


SAM = "Transform: AWS::Serverless-2016-10-31\nResources:\n"

# -- places ------------------------------------------------------------------------------------------------------------


def test_code_in_a_zip_is_a_member_of_it() -> None:
    template = SAM + "  Take:\n    Type: AWS::Serverless::Function\n    Properties:\n"
    template += "      Runtime: python3.13\n      Handler: app.take\n      CodeUri: take.zip\n"
    (finding,) = found("LL801", template, archive={"take.zip": [{"name": "app.py", "text": READS}]})
    assert (finding.location.path, finding.location.member, finding.location.span.line) == ("take.zip", "app.py", 3)
    assert finding.template is not None
    assert (finding.template.path, finding.template.span.line) == ("template.yaml", 8)
    assert finding.resource == "Take"


@pytest.mark.parametrize("head", ["|", "|-", "|2", "|\n", "| # a comment"])
def test_code_in_a_text_block_is_shown_on_its_own_line(head: str) -> None:
    block = "\n".join(f"        {line}" if line else "" for line in READS.splitlines())
    template = SAM + "  Take:\n    Type: AWS::Serverless::Function\n    Properties:\n"
    template += f"      Runtime: python3.13\n      Handler: index.take\n      InlineCode: {head}\n{block}\n"
    (finding,) = found("LL801", template)
    span = finding.location.span
    line = template.splitlines()[span.line - 1]
    assert line[span.column - 1 : span.end_column - 1] == 'os.environ["TABLE"]'
    assert (finding.resource, finding.location.path) == ("Take", "template.yaml")


def test_the_same_code_in_two_functions_of_a_template_is_two_faults() -> None:
    code = "      InlineCode: |\n        import os\n        TABLE = os.environ['TABLE']\n        def take(e, c): pass\n"
    template = SAM
    for name in ("One", "Two"):
        template += f"  {name}:\n    Type: AWS::Serverless::Function\n    Properties:\n"
        template += f"      Runtime: python3.13\n      Handler: index.take\n{code}"
    one, two = found("LL801", template)
    assert (one.resource, two.resource) == ("One", "Two")
    assert two.location.span.line - one.location.span.line == 9
    assert one.fingerprint != two.fingerprint


def test_code_in_json_is_shown_at_its_property() -> None:
    properties = {"Runtime": "python3.13", "Handler": "index.take", "Role": "arn:aws:iam::111122223333:role/take"}
    code = {"ZipFile": "import os\n\nTABLE = os.environ['TABLE']\ndef take(event, context): pass\n"}
    one = {"Type": "AWS::Lambda::Function", "Properties": {**properties, "Code": code}}
    template = json.dumps({"Resources": {"Take": one}}, indent=1)
    (finding,) = found("LL801", template)
    assert '"ZipFile"' in template.splitlines()[finding.location.span.line - 1]


# -- what several functions share --------------------------------------------------------------------------------------


def test_one_finding_for_a_line_that_several_functions_reach() -> None:
    template = (
        SAM
        + function("Take")
        + function("Give", handler="app.give")
        + function("Fed", "Environment: {Variables: {TABLE: orders}}")
    )
    (finding,) = found("LL801", template, {"src/app.py": READS})
    assert finding.resource == "Take"
    reached = [related.message for related in finding.related if related.message.startswith("reached by")]
    assert reached == ["reached by Take", "reached by Give"]


def test_a_line_that_is_wrong_for_one_function_only() -> None:
    template = SAM + function("Slow", "Timeout: 60") + function("Fast", "Timeout: 5")
    code = "import time\n\ndef take(event, context):\n    time.sleep(10)\n"
    (finding,) = found("LL804", template, {"src/app.py": code})
    assert finding.resource == "Fast"


def test_when_a_shared_line_is_wrong() -> None:
    """Of two functions one has the variable under a condition, and the other never: it is always wrong."""
    head = (
        "Parameters: {Stage: {Type: String, Default: dev, AllowedValues: [dev, prod]}}\n"
        "Conditions: {IsProd: !Equals [!Ref Stage, prod]}\n"
    )
    under = function("Some", 'Environment: {Variables: {TABLE: !If [IsProd, orders, !Ref "AWS::NoValue"]}}')
    (finding,) = found("LL801", head + SAM + under, {"src/app.py": READS})
    assert finding.when == ("not IsProd",)
    # The bare function has no variables at all, so it is told nothing of a nearest name.
    (finding,) = found("LL801", head + SAM + under + function("Bare"), {"src/app.py": READS})
    assert finding.when == ()


@pytest.mark.parametrize(("marked", "suppressed"), [((), False), (("Take",), False), (("Take", "Give"), True)])
def test_a_shared_finding_is_suppressed_for_all_its_functions_or_not_at_all(
    marked: tuple[str, ...], suppressed: bool
) -> None:
    template = SAM + function("Take") + function("Give", handler="app.give")
    for name in marked:
        template = template.replace(f"  {name}:\n", f"  {name}:  # lambdalint: ignore[LL801]\n")
    (finding,) = found("LL801", template, {"src/app.py": READS})
    assert (finding.suppressed is not None) is suppressed


def test_a_comment_in_the_code_suppresses_for_all() -> None:
    template = SAM + function("Take") + function("Give", handler="app.give")
    code = READS.replace('["TABLE"]', '["TABLE"]  # lambdalint: ignore[LL801] reason="set by hand"')
    (finding,) = found("LL801", template, {"src/app.py": code})
    assert finding.suppressed is not None
    assert finding.suppressed.reason == "set by hand"


def test_a_fingerprint_stays_when_lines_move() -> None:
    template = SAM + function("Take")
    (before,) = found("LL801", template, {"src/app.py": READS})
    (after,) = found("LL801", template, {"src/app.py": '"""Takes."""\n\nimport json\n' + READS})
    assert before.fingerprint == after.fingerprint
    assert after.location.span.line == before.location.span.line + 3


# -- what is not known -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["LL801", "LL802", "LL803", "LL804"])
def test_a_package_alone_has_no_settings_to_hold_code_against(code: str) -> None:
    text = READS + "import time\nimport requests\ndef slow(event, context):\n    time.sleep(900)\n"
    text += "    requests.get('https://example.com', timeout=900)\n"
    archive = {"take.zip": [{"name": "app.py", "text": text}]}
    assert found(code, archive=archive, settings={"runtime": "python3.13", "handler": "app.slow"}) == []


def test_a_package_alone_is_read_all_the_same() -> None:
    archive = {"take.zip": [{"name": "app.py", "text": "def take(event):\n    open('x', 'w')\n"}]}
    settings = {"runtime": "python3.13", "handler": "app.take"}
    (finding,) = found("LL210", archive=archive, settings=settings)
    assert (finding.location.path, finding.location.member, finding.resource) == ("take.zip", "app.py", None)
    (finding,) = found("LL805", archive=archive, settings=settings)
    assert finding.location.span.line == 2


@pytest.mark.parametrize(
    "code",
    [
        'def take(event, context, table=os.environ["TABLE"]): pass',
        'class Store:\n    table = os.environ["TABLE"]\n\ndef take(event, context): pass',
        'def take(event, context):\n    return f"{os.environ[\'TABLE\']}"',
        "import asyncio\nasync def work():\n    return os.environ['TABLE']\n\ndef take(e, c):\n    asyncio.run(work())",
        "def wrap(function):\n    os.environ['TABLE']\n    return function\n\n@wrap\ndef take(event, context): pass",
        'class Store:\n    def __call__(self, event, context):\n        return os.environ["TABLE"]\n\ntake = Store()',
        'class Store:\n    def take(self, event, context):\n        return os.environ["TABLE"]\n\ntake = Store().take',
    ],
)  # fmt: skip
def test_where_a_variable_is_read(code: str) -> None:
    (finding,) = found("LL801", SAM + function("Take"), {"src/app.py": f"import os\n\n{code}\n"})
    assert finding.resource == "Take"


@pytest.mark.parametrize(
    "test",
    [
        'if os.environ.get("MODE"):',
        'if os.environ.get("MODE") == "full":',
        'if "MODE" not in os.environ:',
        'if os.environ["MODE"] == "full":',
        'MODE = os.environ["MODE"]\nif MODE == "full":',
        'FULL = os.environ["MODE"] == "full"\nif FULL:',
        'LOCAL = "AWS_LAMBDA_FUNCTION_NAME" not in os.environ\nif LOCAL:',
        'LOCAL = not os.environ.get("AWS_EXECUTION_ENV")\nDEBUG = True and LOCAL\nif DEBUG:',
        'if "AWS_LAMBDA_FUNCTION_NAME" not in os.environ:',
    ],
)
def test_what_is_read_only_where_another_variable_says_so(test: str) -> None:
    code = f'import os\n\n{test}\n    TABLE = os.environ["TABLE"]\n\ndef take(event, context): pass\n'
    template = SAM + function("Take", "Environment: {Variables: {MODE: full}}")
    assert found("LL801", template, {"src/app.py": code}) == []


@pytest.mark.parametrize(
    ("layer", "said"),
    [
        ("arn:aws:lambda:eu-west-1:017000801446:layer:AWSLambdaPowertoolsPythonV3-python313-x86_64:7", 1),
        ("arn:aws:lambda:eu-west-1:580247275435:layer:LambdaInsightsExtension:53", 1),
        ("arn:aws:lambda:eu-west-1:111122223333:layer:settings:7", 0),
        ("!Ref Settings", 1),
        ("!Ref Elsewhere", 0),
    ],
)
def test_layers_that_may_set_a_variable(layer: str, said: int) -> None:
    template = (
        "Parameters: {Elsewhere: {Type: String}}\n" + SAM + function("Take", f"Layers: [{layer}]")
        + "  Settings: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: layer/}}\n"
    )  # fmt: skip
    assert len(found("LL801", template, {"src/app.py": READS, "layer/python/shared.py": "x = 1\n"})) == said


def test_what_a_layer_of_the_template_reads() -> None:
    template = SAM + function("Take", "Layers: [!Ref Shared]")
    template += "  Shared: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: layer/}}\n"
    files = {"src/app.py": "import shared\ndef take(event, context): pass\n"}
    files["layer/python/shared.py"] = "import os\nTABLE = os.environ['TABLE']\n"
    (finding,) = found("LL801", template, files)
    assert (finding.location.path, finding.resource) == ("layer/python/shared.py", "Take")


@pytest.mark.parametrize(
    ("runtime", "code", "codes"),
    [
        ("python3.10", "match 1:\n    case _:\n        pass\n", []),
        ("python3.9", "match 1:\n    case _:\n        pass\n", ["LL211"]),
        ("python3.9", "match 1:\n    case _\n        pass\n", ["LL212"]),
        ("python2.7", "print 'old'\n", []),
        ("nodejs22.x", "def (\n", []),
    ],
)
def test_newer_syntax_and_wrong_syntax(runtime: str, code: str, codes: list[str]) -> None:
    template = SAM + function("Take").replace("python3.13", runtime)
    files = {"src/app.py": code + "\ndef take(event, context):\n    pass\n"}
    assert [c for c in ("LL211", "LL212") for _ in found(c, template, files)] == codes


def test_a_module_that_only_another_python_imports() -> None:
    template = SAM + function("Take")
    files = {"src/app.py": "import sys\nif sys.version_info < (3,):\n    import old\ndef take(event, context): pass\n"}
    files["src/old.py"] = "print 'old'\n"
    assert found("LL212", template, files) == []
    files["src/app.py"] = "import old\ndef take(event, context): pass\n"
    (finding,) = found("LL212", template, files)
    assert finding.location.path == "src/old.py"


# -- the cache ---------------------------------------------------------------------------------------------------------


def lay_out(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (folder / "app" / "src").mkdir(parents=True)
    (folder / "app" / "template.yaml").write_text(SAM + function("Take"), encoding="utf-8")
    (folder / "app" / "src" / "app.py").write_text(READS, encoding="utf-8")
    monkeypatch.chdir(folder / "app")
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
    return folder / "cache"


def kept(cache: Path) -> list[str]:
    return [name for _, _, names in os.walk(cache) for name in names]


def test_what_is_read_of_code_is_kept_in_the_platforms_cache_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cache = lay_out(tmp_path, monkeypatch)
    assert run(["--select", "LL801"]) == 1
    first = capsys.readouterr().out
    assert [os.path.splitext(name)[1] for name in kept(cache / "lambdalint")] == [".facts"]
    assert run(["--select", "LL801"]) == 1
    assert capsys.readouterr().out == first


def test_no_cache_keeps_nothing_on_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cache = lay_out(tmp_path, monkeypatch)
    assert run(["--select", "LL801", "--no-cache"]) == 1
    assert "LL801" in capsys.readouterr().out
    assert kept(cache) == []
    assert sorted(os.listdir(tmp_path / "app")) == ["src", "template.yaml"]
