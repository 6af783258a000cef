"""The findings that are known already: a multiset of fingerprints in a file, one entry a line.

Each line is JSON with the fingerprint, and what helps people and merges: code, path, logical ID, and the input that
gave the finding (paths as in fingerprints). Lines are sorted, so that git merges what two branches added.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from lambdalint.finding import Finding, Notice, Suppressed
from lambdalint.settings import Roots, Settings, SettingsError

HEAD = '{"lambdalint-baseline": 1}'
MAX_BYTES = 200_000_000
KNOWN = Suppressed("baseline")


class Entry(NamedTuple):
    """One known finding."""

    path: str
    code: str
    resource: str
    fingerprint: str
    input: str
    """The template, assembly or artifact that it came of; empty for what only a whole run knows."""

    def line(self) -> str:
        return json.dumps(self._asdict())


def read(path: str, mend: bool = False) -> list[Entry]:
    """The entries of a baseline. Raises SettingsError with the line that cannot be read; ``mend`` passes over it."""
    try:
        with open(path, encoding="utf-8") as file:
            lines = file.read(MAX_BYTES).splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SettingsError(f"the baseline {path} cannot be read: {reason}; --update-baseline makes one") from error
    if not lines or lines[0].strip() != HEAD:
        raise SettingsError(f"{path}:1: no baseline of lambdalint: its first line is {HEAD}")
    entries = []
    for number, line in enumerate(lines[1:], 2):
        if not line.strip():
            continue
        try:
            fields = json.loads(line)
            entry = Entry(**fields)
            if not all(isinstance(value, str) for value in entry):
                raise TypeError
        except (ValueError, TypeError, RecursionError):
            if mend:
                continue
            hint = "a merge conflict is left in it" if line.startswith(("<<<", "===", ">>>")) else "no entry"
            raise SettingsError(f"{path}:{number}: {hint}; mend the line or use --update-baseline") from None
        entries.append(entry)
    return entries


def text(entries: Iterable[Entry]) -> str:
    """The file: sorted, one entry a line."""
    return "\n".join([HEAD, *(entry.line() for entry in sorted(entries))]) + "\n"


def compare(
    findings: Sequence[Finding],
    origins: Sequence[tuple[str, Sequence[Finding]]],
    paths: Sequence[str],
    settings: Settings,
    roots: Roots,
    selected: frozenset[str],
    trusted: bool,
) -> tuple[list[Finding], list[Notice]]:
    """The findings, the known ones marked, and a notice for every entry that no longer matches.

    ``origins`` are the inputs linted (paths as in fingerprints) with their findings, ``paths`` those that were named,
    ``selected`` the codes that ran. With ``update_baseline`` the file is written first: entries of inputs and rules
    that were not looked at stay. Raises SettingsError for a file that cannot be read or written.
    """
    file = os.path.join(settings.cwd, settings.baseline or "")
    linted = {origin for origin, _ in origins} | {roots.stable(path) for path in paths if path != "-"}
    update = settings.update_baseline
    known = [] if update and not os.path.exists(file) else read(file, mend=update)
    gone = {e.input for e in known if e.input not in ("", "<stdin>") and not os.path.exists(roots.of_stable(e.input))}
    everything = {entry.input for entry in known} <= linted | gone | {""}

    def judged(entry: Entry) -> bool:
        looked = entry.code in selected and (entry.input in linted or (not entry.input and everything))
        return looked or entry.input in gone

    if update:
        if not trusted:
            raise SettingsError(f"the run is not complete, so {settings.baseline} is left as it was: see the notices")
        from lambdalint.output import write_whole

        came = {finding.fingerprint: origin for origin, found in origins for finding in found}
        new = [
            Entry(roots.stable(f.location.path), f.code, f.resource or "", f.fingerprint, came.get(f.fingerprint, ""))
            for f in findings
            if f.suppressed is None
        ]
        known = [*new, *(entry for entry in known if not judged(entry))]
        write_whole({file: text(known)})
    left = Counter(entry.fingerprint for entry in known)
    result = []
    for finding in findings:
        if left[finding.fingerprint] > 0:
            left[finding.fingerprint] -= 1
            finding = finding if finding.suppressed else finding._replace(suppressed=KNOWN)
        result.append(finding)
    notices = []
    for entry in sorted(known):
        if left[entry.fingerprint] > 0 and judged(entry):
            left[entry.fingerprint] -= 1
            words = f"{entry.code} in the baseline is not found any more: --update-baseline takes it out"
            notices.append(Notice(words, roots.shown(roots.of_stable(entry.path)), entry.resource or None))
    return result, notices
