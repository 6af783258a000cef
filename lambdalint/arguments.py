"""The options of each command, for argparse."""

from __future__ import annotations

import argparse
from typing import Any

from lambdalint import __version__
from lambdalint.settings import SettingsError


class Parser(argparse.ArgumentParser):
    def error(self, message: str) -> Any:
        raise SettingsError(f"{message}\n{self.format_usage().strip()}")


def new_parser(command: str, summary: str) -> Parser:
    # A width given keeps argparse from importing shutil to ask for the terminal's, at every add_argument.
    def formatter(prog: str) -> argparse.HelpFormatter:
        return argparse.HelpFormatter(prog, max_help_position=32, width=100)

    return Parser(
        prog=f"lambdalint {command}".strip(), description=summary, allow_abbrev=False, formatter_class=formatter
    )


def input_options(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--config", metavar="FILE", help="read settings from FILE and nowhere else")
    add(
        "--parameter-overrides",
        metavar="K=V",
        nargs="+",
        action="extend",
        default=[],
        help="parameters of the deployment",
    )
    add("--region", metavar="REGION", help="the Region that is deployed to")
    add("--quota", metavar="ID=VALUE", action="append", default=[], help="the account's value of an adjustable quota")
    add("--as-of", metavar="YYYY-MM-DD", default="", help="the day of judgement (default: today)")
    add("--artifact", metavar="ID=PATH", action="append", default=[], help="the package of a function or layer")
    add("--image", metavar="ID=PATH", action="append", default=[], help="the image of a function")
    add("--runtime", metavar="ID", help="runtime of an artifact given alone")
    add("--architecture", metavar="NAME", help="architecture of an artifact given alone")
    add("--handler", metavar="NAME", help="handler of an artifact given alone")
    add("--no-cache", action="store_true", help="keep no parsed source on disk")


def check_parser() -> Parser:
    parser = new_parser("", "Says, before a deployment, what AWS Lambda will refuse, throttle or break.")
    parser.epilog = "Other commands: explain CODE, rules, quotas, audit, policy LOGICAL_ID, show (each with --help)."
    add = parser.add_argument
    add("paths", metavar="PATH", nargs="*", help="templates, folders, cloud assemblies, packages, images; - is stdin")
    add(
        "--format",
        metavar="FORMAT",
        action="append",
        default=[],
        help="text, sarif, json, github or markdown; FORMAT=FILE",
    )
    add("--output", metavar="FILE", help="write the report to FILE")
    add("--select", metavar="CODES", action="append", default=[], help="run only these codes, names, prefixes or ALL")
    add("--ignore", metavar="CODES", action="append", default=[], help="leave these out")
    add("--fail-on", choices=("error", "warning", "note", "never"), help="the mildest severity that fails (error)")
    add("--show-settings", action="store_true", help="print the settings in force and stop")
    add("--baseline", metavar="FILE", help="findings that are known already")
    add("--update-baseline", action="store_true", help="write the baseline anew")
    add("--rules", metavar="DIR", action="append", default=[], help="a team's own rules")
    add("--jobs", metavar="N", type=int, default=0, help="processes (default: what the work is worth)")
    add("--category", metavar="NAME", default="", help="SARIF: tells several runs over one commit apart")
    add("--include-suppressed", action="store_true", help="suppressed findings too, marked")
    add("--quiet", action="store_true", help="one line a finding, nothing else")
    add("--no-color", action="store_true", help="no colours (NO_COLOR too)")
    add("--version", action="version", version=f"lambdalint {__version__}")
    input_options(parser)
    return parser
