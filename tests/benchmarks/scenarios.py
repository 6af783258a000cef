"""Conditions: planning, and the whole run against the same template without conditions.

    python tests/benchmarks/scenarios.py

40 independent conditions, 20 parameters of 5 allowed values, 200 resources; prints ratios, decides nothing.
"""

from __future__ import annotations

import time

from lambdalint.parsers.parameters import Assignment, Named, Parameters
from lambdalint.parsers.scenarios import plan, uses

RESOURCES, CONDITIONS, PARAMETERS = 200, 40, 20


def template(conditional: bool) -> str:
    lines = ["Parameters:"]
    lines += [f"  Flag{n}: {{Type: String, Default: 'no', AllowedValues: ['yes', 'no']}}" for n in range(CONDITIONS)]
    lines += [
        f"  Size{n}: {{Type: Number, Default: 128, AllowedValues: [128, 256, 512, 1024, 2048]}}"
        for n in range(PARAMETERS)
    ]
    lines.append("Conditions:")
    lines += [f"  Is{n}: !Equals [!Ref Flag{n}, 'yes']" for n in range(CONDITIONS)]
    lines.append("  Deep: !And [!Condition Is0, !And [!Condition Is1, !And [!Condition Is2, !Not [!Condition Is3]]]]")
    lines.append("Resources:")
    for n in range(RESOURCES):
        timeout = f"!If [Is{n % CONDITIONS}, 60, 30]" if conditional else "30"
        memory = f"!Ref Size{n % PARAMETERS}" if conditional else "128"
        if conditional and n == 7:
            timeout = "!If [Deep, 901, 30]"
        lines += [
            f"  Fn{n}:",
            "    Type: AWS::Lambda::Function",
            "    Properties:",
            "      Runtime: python3.13",
            "      Handler: index.handler",
            "      Role: arn:aws:iam::111122223333:role/fn",
            "      Code: {S3Bucket: b, S3Key: k}",
            f"      Timeout: {timeout}",
            f"      MemorySize: {memory}",
        ]
    return "\n".join(lines) + "\n"


def run(text: str) -> tuple[float, list[str]]:
    from lambdalint.engine import lint
    from lambdalint.settings import Settings

    start = time.perf_counter()
    report, _ = lint(["-"], Settings(as_of="2026-11-23"), text.encode())
    return time.perf_counter() - start, [f"{f.code} {f.when}" for f in report.findings]


def main() -> None:
    from lambdalint.parsers.document import parse

    root = parse(template(True).encode(), "t.yaml").root
    parameters = Parameters(root)
    trees = [uses(raw) for raw in root["Resources"].values()]
    start = time.perf_counter()
    first = Assignment(parameters, root["Conditions"], {}, root["Resources"], Named())
    planned = plan([first], trees)
    print(f"planning {(time.perf_counter() - start) * 1000:.1f} ms, {len(planned.assignments)} scenarios")
    run(template(False))
    plain = min(run(template(False))[0] for _ in range(3))
    times, found = zip(*(run(template(True)) for _ in range(3)))
    print(f"plain {plain * 1000:.0f} ms, with conditions {min(times) * 1000:.0f} ms: {min(times) / plain:.2f} times")
    print("found:", found[0])


if __name__ == "__main__":
    main()
