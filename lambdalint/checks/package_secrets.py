"""LL310: files of a package that hold secrets. No message and no field ever holds the secret itself."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from lambdalint.checks import check
from lambdalint.finding import Problem
from lambdalint.model.artifact import Package
from lambdalint.model.deployment import Deployment
from lambdalint.model.packages import package_uses

MAX_TOLD = 10
"""Files of one package that are told of one by one."""
MAX_READ = 1 << 16


@check("deployment")
def secret_file(
    subject: Deployment, deployment: Deployment, files: Mapping[str, Mapping[str, str]], passed: str
) -> Iterator[Problem]:
    """Files by their names, and where ``holds`` is given by what they hold too.

    ``files``: what such a file is called, with ``name`` (an expression that its path matches from a slash on) and
    ``holds`` (one that its bytes match). ``passed`` matches paths that are nobody's secret: tests, examples, modules.
    """
    forms = [
        (what, re.compile(rf"(?:^|/)(?:{form['name']})$", re.I), re.compile(form.get("holds", r"\S").encode(), re.M))
        for what, form in files.items()
    ]
    left_alone = re.compile(passed, re.I)
    any_of_them = re.compile("|".join(pattern.pattern for _, pattern, _ in forms), re.I)
    for use in package_uses(deployment):
        count = 0
        for name in use.package.members:
            if any_of_them.search(name) is None or left_alone.search(name):
                continue
            what = _secret(use.package, name, forms)
            if what is not None:
                count += 1
                if count <= MAX_TOLD:
                    yield Problem(use.member(name), fields={"member": name, "what": what})


def _secret(package: Package, name: str, forms: Sequence[tuple[str, re.Pattern[str], re.Pattern[bytes]]]) -> str | None:
    for what, pattern, holds in forms:
        if pattern.search(name):
            data = package.read(name, MAX_READ)
            if data is not None and holds.search(data):
                return what
    return None
