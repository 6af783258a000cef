"""Arguments -> Settings -> lint -> reporter -> exit code: the only module that prints or exits."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Sequence
from typing import Any

from lambdalint import __version__
from lambdalint.finding import Report, rank
from lambdalint.settings import Settings, SettingsError

COMMANDS = ("check", "explain", "rules", "quotas", "audit", "policy", "show")
FORMATS = ("text", "sarif", "json", "github", "markdown")
CLEAN, FOUND, UNTRUSTED = 0, 1, 2


def run(arguments: Sequence[str]) -> int:
    """Run a command line; the exit code. Never raises for wrong usage or a closed pipe."""
    try:
        return _dispatch(list(arguments))
    except BrokenPipeError:
        # The reader went away (`| head`): nobody is left to tell, and Python must not try at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return UNTRUSTED
    except KeyboardInterrupt:
        print("lambdalint: interrupted", file=sys.stderr)
        return 130
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else UNTRUSTED


def _dispatch(arguments: list[str]) -> int:
    from lambdalint.rulebook import RuleError

    command = "check"
    if arguments and arguments[0] in COMMANDS:
        command = arguments.pop(0)
    try:
        if command == "check":
            return _check(arguments)
        _print(_command(command, arguments))
        return CLEAN
    except (SettingsError, RuleError) as error:
        print(f"lambdalint: {error}", file=sys.stderr)
        return UNTRUSTED


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> Any:
        raise SettingsError(f"{message}\n{self.format_usage().strip()}")


def _parser(command: str, summary: str) -> _Parser:
    # A width given keeps argparse from importing shutil to ask for the terminal's, at every add_argument.
    def formatter(prog: str) -> argparse.HelpFormatter:
        return argparse.HelpFormatter(prog, max_help_position=32, width=100)

    return _Parser(
        prog=f"lambdalint {command}".strip(), description=summary, allow_abbrev=False, formatter_class=formatter
    )


def _input_options(parser: argparse.ArgumentParser) -> None:
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


def _check_parser() -> _Parser:
    parser = _parser("", "Says, before a deployment, what AWS Lambda will refuse, throttle or break.")
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
    add("--include-suppressed", action="store_true", help="suppressed findings too, marked")
    add("--quiet", action="store_true", help="one line a finding, nothing else")
    add("--no-color", action="store_true", help="no colours (NO_COLOR too)")
    add("--version", action="version", version=f"lambdalint {__version__}")
    _input_options(parser)
    return parser


def _check(arguments: list[str]) -> int:
    given = _check_parser().parse_args(_overrides_together(arguments))
    outputs = _outputs(given)
    settings = settings_of(given)
    if given.show_settings:
        import json

        _print(json.dumps(settings._asdict(), indent=2, default=str) + "\n")
        return CLEAN
    from lambdalint.engine import lint

    stdin = sys.stdin.buffer.read() if "-" in given.paths else None
    report, book = lint(given.paths, settings, stdin)
    rules = book.selected(settings.select, settings.ignore)
    for form, path in outputs:
        _report(form, path, report, rules, settings, given)
    return exit_code(report, settings.fail_on)


def exit_code(report: Report, fail_on: str) -> int:
    """2 where the run cannot be trusted, 1 for findings at or above ``fail_on``, else 0."""
    if not report.trusted:
        return UNTRUSTED
    if fail_on == "never":
        return CLEAN
    worst = [rank(f.severity) for f in report.findings if f.suppressed is None]
    return FOUND if worst and max(worst) >= rank(fail_on) else CLEAN


def _overrides_together(arguments: list[str]) -> list[str]:
    """``--parameter-overrides`` takes words with = only, so that a path after it stays a path."""
    result: list[str] = []
    taking = False
    for word in arguments:
        if word == "--parameter-overrides":
            taking = True
        elif taking and re.match(r"[A-Za-z0-9]+=|ParameterKey=", word):
            result += [f"--parameter-overrides={word}"]
        else:
            taking = False
            result.append(word)
    return result


def _pairs(option: str, words: Sequence[str]) -> dict[str, str]:
    pairs = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise SettingsError(f"{option} takes NAME=VALUE, not {word!r}")
        pairs[name] = value
    return pairs


def settings_of(given: argparse.Namespace) -> Settings:
    """The settings that flags give, over those of the config file. Raises SettingsError."""
    from lambdalint.config import configured

    base = configured(given.config, getattr(given, "paths", []) or [])
    changes: dict[str, Any] = {
        "as_of": _day(given.as_of),
        "artifacts": _pairs("--artifact", given.artifact),
        "images": _pairs("--image", given.image),
        "runtime": given.runtime,
        "architecture": given.architecture,
        "handler": given.handler,
        "cache": not given.no_cache,
        "parameter_overrides": {**base.parameter_overrides, **_overrides(given.parameter_overrides)},
        "quotas": {**base.quotas, **{k: _number(v) for k, v in _pairs("--quota", given.quota).items()}},
    }
    if given.region:
        changes["region"] = given.region
    for name in ("select", "ignore"):
        if getattr(given, name, None):
            codes = tuple(code.strip() for word in getattr(given, name) for code in word.split(",") if code.strip())
            changes[name] = (*base.ignore, *codes) if name == "ignore" else codes
    if getattr(given, "fail_on", None):
        changes["fail_on"] = given.fail_on
    if getattr(given, "rules", None):
        changes["rules"] = (*base.rules, *given.rules)
    for name in ("baseline", "update_baseline", "jobs"):
        if getattr(given, name, None):
            changes[name] = getattr(given, name)
    return base._replace(**changes).complete()


def _overrides(words: Sequence[str]) -> dict[str, str]:
    if not words:
        return {}
    from lambdalint.parsers.samconfig import assignments

    return {name: value for word in words for name, value in assignments(word)}


def _number(value: str) -> int | float:
    try:
        return int(value.replace("_", ""))
    except ValueError:
        try:
            return float(value)
        except ValueError:
            raise SettingsError(f"--quota takes a number, not {value!r}") from None


def _day(value: str) -> str:
    if value:
        import datetime

        try:
            datetime.date.fromisoformat(value)
        except ValueError:
            raise SettingsError(f"--as-of takes a day as YYYY-MM-DD, not {value!r}") from None
    return value


def _outputs(given: argparse.Namespace) -> list[tuple[str, str | None]]:
    """Each format with the file it goes to (None: standard output)."""
    outputs: list[tuple[str, str | None]] = []
    for word in given.format or ["text"]:
        form, _, path = word.partition("=")
        if form not in FORMATS:
            raise SettingsError(f"there is no format {form!r}; choose from {', '.join(FORMATS)}")
        outputs.append((form, path or given.output))
    printed = [form for form, path in outputs if path is None]
    if len(printed) > 1:
        raise SettingsError(f"{' and '.join(printed)} cannot both be printed: give one a file, as in {printed[1]}=FILE")
    files = [path for _, path in outputs if path]
    if len(files) != len(set(files)):
        raise SettingsError("two formats cannot be written to one file")
    return outputs


def _report(
    form: str, path: str | None, report: Report, rules: Any, settings: Settings, given: argparse.Namespace
) -> None:
    from lambdalint.reporters import render

    text = render(form, report, rules, _options(form, path, settings, given))
    if path is None:
        _print(text)
    else:
        _write(path, text)


def _options(form: str, path: str | None, settings: Settings, given: argparse.Namespace) -> Any:
    from lambdalint.reporters import Options
    from lambdalint.settings import repository_root

    environ = os.environ
    root = repository_root(settings.cwd) or settings.cwd
    prefix = os.path.relpath(settings.cwd, root).replace(os.sep, "/")
    options = Options(
        version=__version__,
        include_suppressed=given.include_suppressed,
        quiet=given.quiet,
        root=settings.cwd,
        repo_prefix="" if prefix == "." else prefix,
        server_url=environ.get("GITHUB_SERVER_URL", ""),
        repository=environ.get("GITHUB_REPOSITORY", ""),
        sha=environ.get("GITHUB_SHA", ""),
    )
    return options if path is not None or form != "text" else on_terminal(options, given.no_color)


def on_terminal(options: Any, no_color: bool) -> Any:
    """The options with what the terminal takes; as they are for a pipe."""
    if not sys.stdout.isatty():
        return options
    from lambdalint.reporters.terminal import detect

    found = detect(sys.stdout, os.environ, no_color=no_color)
    return options._replace(color=found.color, width=found.width, hyperlinks=found.hyperlinks)


def _print(text: str) -> None:
    out = sys.stdout
    try:
        out.write(text)
    except UnicodeEncodeError:
        encoding = out.encoding or "ascii"
        out.write(text.encode(encoding, "backslashreplace").decode(encoding))
    out.flush()


def _write(path: str, text: str) -> None:
    """Write a file whole or not at all. Raises SettingsError with the reason."""
    temporary = f"{path}.{os.getpid()}.tmp"
    try:
        with open(temporary, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        os.replace(temporary, path)
    except OSError as error:
        if os.path.exists(temporary):
            os.unlink(temporary)
        raise SettingsError(f"{path} cannot be written: {error.strerror or error}") from error


def _command(command: str, arguments: list[str]) -> str:
    from importlib import import_module

    module = import_module(f"lambdalint.commands.{command}")
    parser = _parser(command, (module.__doc__ or command).strip().splitlines()[0])
    if getattr(module, "TAKES_INPUTS", False):
        _input_options(parser)
    module.arguments(parser)
    given = parser.parse_args(_overrides_together(arguments))
    text: str = module.run(given)
    return text
