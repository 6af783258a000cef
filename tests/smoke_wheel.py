"""The built wheel in a clean environment: run with that environment's python and the path of its command.

.ci/clean/bin/python tests/smoke_wheel.py .ci/clean/bin/lambdalint
"""

import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def run(command, *arguments, expect=0):
    done = subprocess.run([command, *arguments], capture_output=True, text=True, cwd=HERE)
    if done.returncode != expect:
        sys.exit(f"{arguments}: exit code {done.returncode}, not {expect}\n{done.stdout}\n{done.stderr}")
    return done.stdout


def main():
    command = os.path.abspath(sys.argv[1])
    import lambdalint

    package = os.path.dirname(lambdalint.__file__)
    assert "site-packages" in package, package
    assert os.path.isfile(os.path.join(package, "book", "rules.json")), "the wheel carries no compiled rules"
    assert not os.path.exists(os.path.join(package, "data", "refresh_iam.py")), "the wheel carries the generators"
    assert run(command, "--version").startswith("lambdalint ")
    report = json.loads(run(command, "data/thumbnails-faulty", "--format", "json", expect=1))
    assert {"LL101", "LL102", "LL105"} <= {finding["code"] for finding in report["findings"]}, report
    assert json.loads(run(command, "data/thumbnails", "--format", "json"))["summary"]["error"] == 0
    assert "262144000" in run(command, "quotas", "zip")
    assert "LL404" in run(command, "explain", "short-visibility-timeout")
    sarif = json.loads(run(command, "data/thumbnails-faulty", "--format", "sarif", expect=1))
    assert sarif["version"] == "2.1.0"
    shown = json.loads(run(command, "show", "data/thumbnails"))
    assert "MakeThumbnail" in shown["deployments"][0]["resources"]
    print("the wheel works")


if __name__ == "__main__":
    main()
