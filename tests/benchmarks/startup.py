"""Start-up: what one hook run costs, against importing yaml and composing the same file with the C loader.

    python tests/benchmarks/startup.py [--python PYTHON] [--peer 'COMMAND …'] …

PYTHON has the built wheel installed, its command beside it (default: this interpreter). Each command runs in turn, as a
whole process with its output in a pipe; the ratio of the medians is what counts. A peer is any command that lints the
file put at its end.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time

TEMPLATE = """\
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Description: One function with one fault.

Parameters:
  Stage:
    Type: String
    Default: dev

Globals:
  Function:
    Runtime: python3.13
    MemorySize: 256

Resources:
  Report:
    Type: AWS::Serverless::Function
    Properties:
      Handler: app.handler
      CodeUri: s3://bucket/key.zip
      Timeout: 901
      Environment:
        Variables:
          STAGE: !Ref Stage
      Events:
        Nightly:
          Type: Schedule
          Properties:
            Schedule: rate(1 day)
      Tags:
        team: reports
"""
COMPOSE = "import sys, yaml; yaml.compose(open(sys.argv[1]), Loader=yaml.CSafeLoader)"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--peer", action="append", default=[])
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "template.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(TEMPLATE)
        commands = {
            "python": [given.python, "-c", "pass"],
            "yaml.compose": [given.python, "-c", COMPOSE, path],
            "lambdalint": [os.path.join(os.path.dirname(given.python), "lambdalint"), path],
        }
        commands |= {peer.split()[0]: [*peer.split(), path] for peer in given.peer}
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        taken: dict[str, list[float]] = {name: [] for name in commands}
        for run in range(given.runs + 2):
            for name, command in commands.items():
                start = time.perf_counter()
                subprocess.run(command, capture_output=True, cwd=folder, env=environment)
                if run >= 2:
                    taken[name].append(time.perf_counter() - start)
    base = statistics.median(taken["yaml.compose"])
    for name, times in taken.items():
        median = statistics.median(times)
        print(f"{name:14} {median * 1000:7.1f} ms  {median / base:5.2f} times yaml.compose")


if __name__ == "__main__":
    main()
