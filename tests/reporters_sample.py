"""A report and its rules, as the reporters' tests use them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from lambdalint.finding import FIRST_LINE, Finding, Location, Notice, Related, Report, Span, Suppressed
from lambdalint.reporters import Options

GOLDEN = Path(__file__).parent / "golden" / "reporters"
INPUT = GOLDEN / "input"
DOCS = "https://docs.aws.amazon.com/lambda/latest/dg"


class SampleExamples(NamedTuple):
    bad: list[dict[str, Any]]
    good: list[dict[str, Any]]


class Rule(NamedTuple):
    code: str
    name: str
    summary: str
    severity: str
    why: str
    fix: str
    examples: SampleExamples
    enabled: bool = True
    security: str | None = None
    precision: str = "very-high"
    tags: tuple[str, ...] = ("limits",)
    references: tuple[str, ...] = (f"{DOCS}/gettingstarted-limits.html",)

    @property
    def help_uri(self) -> str:
        return f"https://example.org/rules/{self.code}"


def template(size: int, mark: str = "") -> str:
    return (
        "Resources:\n  Fn:\n    Type: AWS::Serverless::Function\n    Properties:\n      CodeUri: src/\n"
        f"      Handler: app.handler\n      Runtime: python3.12\n      MemorySize: {size}{mark}\n"
    )


MEMORY = SampleExamples(
    [{"title": "over the maximum", "template": template(10241, "  # <- LL101")}],
    [{"title": "the maximum itself", "template": template(10240)}],
)
CODE = SampleExamples(
    [{"title": "a scan", "files": {"template.yaml": template(512), "src/app.py": "def handler(event, context):\n"}}],
    [{"title": "as of the day before", "settings": {"as-of": "2026-01-01"}, "template": template(512)}],
)
ARCHIVE = SampleExamples(
    [
        {
            "title": "an x86 library",
            "archive": {
                "app.zip": [{"name": "lib/_native.so", "elf": "x86_64"}, {"name": "app.py", "text": "import _native\n"}]
            },
        }
    ],
    [{"title": "fences ``` and controls \x1b[31m", "template": 'Description: "```"\n'}],
)

RULES = (
    Rule(
        "LL101",
        "memory-size",
        "MemorySize is outside what Lambda accepts",
        "error",
        "CloudFormation refuses the stack, or the stack rolls back half way: every resource that was made before is\n"
        "deleted again.",
        "Set MemorySize to a value from 128 to 10240 MB.",
        MEMORY,
    ),
    Rule(
        "LL105",
        "reserved-environment-variable",
        "A reserved environment variable is set",
        "error",
        "Lambda refuses the function.",
        "Read the variable that Lambda sets, or choose another name.",
        MEMORY,
    ),
    Rule(
        "LL304",
        "wrong-architecture-binary",
        "A binary cannot run on the function's architecture",
        "error",
        "The function fails on its first import.",
        "Build the package for the function's architecture (`sam build --use-container`).",
        ARCHIVE,
    ),
    Rule(
        "LL404",
        "visibility-timeout-short",
        "The queue's visibility timeout is under six times the function's timeout",
        "warning",
        "Messages come back while they are still being worked on.",
        "Raise VisibilityTimeout to six times the function's Timeout plus the batching window.",
        MEMORY,
        precision="high",
        tags=("triggers", "sqs"),
    ),
    Rule(
        "LL503",
        "missing-permission",
        "The role does not allow what the code calls",
        "warning",
        "The call is denied at run time.",
        "Allow the action in the function's role.",
        CODE,
        security="5.0",
        precision="medium",
        tags=("role",),
    ),
    Rule("LL005", "unknown-value", "A value is not known", "note", "Why", "Fix", MEMORY, enabled=False),
)


def locate(name: str, text: str, start: int = 0) -> Location:
    """Where a text stands in an input file."""
    lines = (INPUT / name).read_bytes().decode().splitlines()
    for number, line in enumerate(lines[start:], start=start + 1):
        if text in line:
            column = line.index(text) + 1
            return Location(name, Span(number, column, number, column + len(text)), file=str(INPUT / name))
    raise LookupError(text)


def found(code: str, message: str, location: Location, resource: str | None, **rest: Any) -> Finding:
    rule = next(rule for rule in RULES if rule.code == code)
    mark = f"{code}{location.path}{location.span.line}".encode("utf-8", "replace").hex()[:64].ljust(64, "0")
    return Finding(code, rule.name, rule.severity, message, location, resource, fingerprint=mark, **rest)


PACKAGE = Location("build/orders.zip", FIRST_LINE, "lib/_native.so", str(INPUT / "orders.zip"))

FINDINGS = (
    found(
        "LL503",
        "OrdersFunction's role does not allow dynamodb:Scan",
        locate("app.py", '.scan(TableName="orders")'),
        "OrdersFunction",
        template=locate("template.yaml", "OrdersFunction"),
    ),
    found(
        "LL304",
        "lib/_native.so is built for x86_64; the function runs on arm64",
        PACKAGE,
        "OrdersFunction",
        template=locate("template.yaml", "src/orders/"),
    ),
    found(
        "LL101",
        "MemorySize is 20000 MB; Lambda accepts 128 to 10240 MB",
        locate("template.yaml", "20000"),
        "OrdersFunction",
        when=("IsProd", "Stage = prod"),
    ),
    found(
        "LL105",
        "GREETING is fine, yet AWS_REGION is set by Lambda itself and cannot be given by the template",
        locate("template.yaml", "ありがとう"),
        "OrdersFunction",
    ),
    found(
        "LL105",
        "AWS_REGION is reserved",
        locate("template.yaml", "AWS_REGION"),
        "OrdersFunction",
        suppressed=Suppressed("comment", "read by an old library", "2027-03-01"),
    ),
    found(
        "LL404",
        "VisibilityTimeout is 30 s; six times the Timeout of OrdersFunction (60 s) is 360 s",
        locate("template.yaml", "30", 28),
        "OrdersQueue",
        related=(
            Related(locate("template.yaml", "60"), "the Timeout of OrdersFunction"),
            Related(locate("template.yaml", "Queue:"), "the event source [mapping]"),
        ),
    ),
)
NOTICES = (
    Notice("12 of 44 scenarios were not linted: 32 a template", "template.yaml"),
    Notice("The role is imported: LL503 could not be judged", "template.yaml", "BillingFunction"),
)
REPORT = Report(FINDINGS, NOTICES, functions=14, files=3)
CLEAN = Report((), (), functions=14, files=3)
PLAIN = Options(version="0.1.0")
