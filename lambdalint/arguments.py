"""The options of each command, for argparse."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from lambdalint import __version__
from lambdalint.settings import SettingsError

USAGE = {
    "": "lambdalint [check] [OPTION ...] [PATH ...]",
    "explain": "lambdalint explain [OPTION ...] CODE [CODE ...]",
    "rules": "lambdalint rules [OPTION ...] [CODE ...]",
    "quotas": "lambdalint quotas [OPTION ...] [PREFIX]",
    "audit": "lambdalint audit [OPTION ...] [PATH ...]",
    "policy": "lambdalint policy [OPTION ...] LOGICAL_ID [PATH ...]",
    "show": "lambdalint show [OPTION ...] [PATH ...]",
}
"""By command; "" is check. argparse's own names every option, which takes nine lines."""

EPILOG = """\
other commands (each with --help):
  explain CODE                  a page on one rule: why, how to mend it, examples
  rules [CODE ...], quotas      all rules; all numbers with their sources
  audit [PATH ...]              how much of each quota every function uses
  policy LOGICAL_ID [PATH ...]  the least policy that a function needs
  show [PATH ...]               what a check sees: SAM expanded, intrinsics evaluated

exit code: 0 nothing at or above --fail-on, 1 findings, 2 the run cannot be trusted
"""


class Parser(argparse.ArgumentParser):
    """Takes options and paths in any order, where argparse itself wants all paths in one run."""

    def parse(self, words: Sequence[str]) -> argparse.Namespace:
        """What the words mean; behind ``--`` there are paths only. Raises SettingsError."""
        words = list(words)
        if "--" in words:
            at = words.index("--")
            paths = words[at + 1 :]
            words[at:] = [f"./{path}" if path.startswith("-") and path != "-" else path for path in paths]
        given, extra = self.parse_known_intermixed_args(words)
        if extra:
            self._refuse(extra[0])
        return given

    def error(self, message: str) -> Any:
        raise SettingsError(f"{message}; see {self.prog} --help")

    def _refuse(self, word: str) -> None:
        if not word.startswith("-"):
            self.error(f"{word} is one word too many")
        from lambdalint.nearest import nearest
        from lambdalint.reporters import FORMATS

        name = word.partition("=")[0]
        close = nearest(name, self._option_string_actions) if len(name) > len("--x") else None
        if close is None and name[2:] in FORMATS and "--format" in self._option_string_actions:
            close = f"--format {name[2:]}"
        if close:
            raise SettingsError(f"there is no option {name}; did you mean {close}?")
        self.error(f"there is no option {name}")


def new_parser(command: str, summary: str) -> Parser:
    return Parser(
        prog=f"lambdalint {command}".strip(),
        usage=USAGE[command],
        description=summary,
        allow_abbrev=False,
        formatter_class=_wrapped,
    )


# A width given keeps argparse from importing shutil to ask for the terminal's, at every add_argument.
def _wrapped(prog: str) -> argparse.HelpFormatter:
    return argparse.HelpFormatter(prog, max_help_position=32, width=100)


def _kept(prog: str) -> argparse.HelpFormatter:
    return argparse.RawDescriptionHelpFormatter(prog, max_help_position=32, width=100)


def input_options(parser: argparse.ArgumentParser) -> None:
    """What the commands that read inputs have in common."""
    add = parser.add_argument_group("the deployment").add_argument
    add("--config", metavar="FILE", help="read settings from FILE and nowhere else")
    add(
        "--parameter-overrides",
        metavar="K=V",
        nargs="+",
        action="extend",
        default=[],
        help="parameters of the deployment, as sam deploy takes them",
    )
    add("--region", metavar="REGION", help="the Region that is deployed to")
    add("--quota", metavar="ID=VALUE", action="append", default=[], help="the account's value of a quota")
    add("--as-of", metavar="YYYY-MM-DD", default="", help="the day of judgement (default: today)")
    add = parser.add_argument_group("packages and images").add_argument
    add("--artifact", metavar="ID=PATH", action="append", default=[], help="the package of a function or layer")
    add("--image", metavar="ID=PATH", action="append", default=[], help="the image of a function")
    add("--runtime", metavar="ID", help="runtime of a package given alone")
    add(
        "--architecture",
        metavar="NAME",
        choices=("x86_64", "arm64"),
        help="architecture of a package or image given alone: x86_64 or arm64",
    )
    add("--handler", metavar="NAME", help="handler of a package given alone")
    add("--no-cache", action="store_true", help="keep no parsed source on disk")


def check_parser() -> Parser:
    parser = new_parser("", "Says, before a deployment, what AWS Lambda will refuse, throttle or break.")
    parser.formatter_class = _kept
    parser.epilog = EPILOG
    add = parser.add_argument
    add(
        "paths",
        metavar="PATH",
        nargs="*",
        help="templates, folders, cdk.out, packages, images, - for stdin (default .)",
    )
    add("--version", action="version", version=f"lambdalint {__version__}")
    add = parser.add_argument_group("rules").add_argument
    add("--select", metavar="CODES", action="append", default=[], help="run only these: LL404, a name, LL4, or ALL")
    add("--ignore", metavar="CODES", action="append", default=[], help="leave these out")
    add("--rules", metavar="DIR", action="append", default=[], help="a team's own rules too")
    add("--baseline", metavar="FILE", help="the findings that are known already: they do not fail")
    add("--update-baseline", action="store_true", help="write the baseline anew")
    add = parser.add_argument_group("report").add_argument
    add(
        "--format",
        metavar="FORMAT",
        action="append",
        default=[],
        help="text, sarif, json, github or markdown; FORMAT=FILE writes it to a file; repeatable",
    )
    add("--output", metavar="FILE", help="write the report to FILE (- is standard output)")
    add(
        "--fail-on",
        metavar="SEVERITY",
        choices=("error", "warning", "note", "never"),
        help="the mildest severity that makes exit code 1: error (default), warning, note, never",
    )
    add("--quiet", action="store_true", help="one line a finding, nothing else")
    add("--no-color", action="store_true", help="no colours (NO_COLOR too)")
    add("--include-suppressed", action="store_true", help="suppressed findings too, marked")
    add("--category", metavar="NAME", default="", help="SARIF: tells several runs over one commit apart")
    add("--show-settings", action="store_true", help="print the settings in force and where they are from, and stop")
    add("--jobs", metavar="N", type=int, default=0, help="processes (default: what the work is worth)")
    input_options(parser)
    return parser
