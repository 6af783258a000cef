"""Arguments -> Settings -> lint -> reporter -> exit code: the only module that prints or exits."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from lambdalint import __version__
from lambdalint.finding import Report, rank
from lambdalint.settings import Settings, SettingsError

if TYPE_CHECKING:
    from argparse import Namespace

COMMANDS = ("check", "explain", "rules", "quotas", "audit", "policy", "show")
FORMATS = ("text", "sarif", "json", "github", "markdown")
CLEAN, FOUND, UNTRUSTED = 0, 1, 2
ISSUES = "https://github.com/lambdalint/lambdalint/issues"
DEFAULTS: dict[str, Any] = {
    **dict.fromkeys(("architecture", "baseline", "config", "fail_on", "handler", "output", "region", "runtime")),
    **dict.fromkeys(("format", "select", "ignore", "rules", "parameter_overrides", "quota", "artifact", "image"), ()),
    **dict.fromkeys(("show_settings", "update_baseline", "include_suppressed", "quiet", "no_color", "no_cache"), False),
    **dict.fromkeys(("as_of", "category"), ""),
    "jobs": 0,
}
"""What check is given where no option is; False for an option that takes no value."""


def run(arguments: Sequence[str]) -> int:
    """Run a command line; the exit code. Never raises for wrong usage or a closed pipe."""
    _open_streams()
    try:
        return _dispatch(list(arguments))
    except BrokenPipeError:
        _silence()
        return UNTRUSTED
    except KeyboardInterrupt:
        print("lambdalint: interrupted", file=sys.stderr)
        return 130
    except Exception as error:  # Python's own exit code for it would read as findings
        import traceback

        traceback.print_exc()
        print(
            f"lambdalint: internal error: {type(error).__name__}; please report it with the lines above: {ISSUES}",
            file=sys.stderr,
        )
        return UNTRUSTED
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else UNTRUSTED


def _dispatch(arguments: list[str]) -> int:
    from lambdalint.rulebook import RuleError

    try:
        command, arguments = _command_of(_overrides_together(arguments))
        if not command and arguments:
            _no_command(arguments[0])
        if command in ("", "check"):
            return _check(arguments)
        return _command(command, arguments)
    except (SettingsError, RuleError) as error:
        print(f"lambdalint: {error}", file=sys.stderr)
        return UNTRUSTED


def _command_of(words: list[str]) -> tuple[str, list[str]]:
    """The command that the first word names which is no option and no option's value, and the words without it."""
    at = 0
    while at < len(words) and words[at].startswith("-") and words[at] not in ("-", "--"):
        option = words[at].removeprefix("--").replace("-", "_")
        at += 1 if DEFAULTS.get(option, False) is False else 2
    if at < len(words) and words[at] in COMMANDS:
        return words[at], words[:at] + words[at + 1 :]
    return "", words


def _no_command(word: str) -> None:
    """Raises SettingsError where a first word is no path and was probably meant as a command."""
    if word.startswith("-") or os.path.lexists(word):
        return
    from lambdalint.nearest import nearest

    options = {"help": "--help", "version": "--version"}
    close = nearest(word, (*COMMANDS, *options))
    if close:
        raise SettingsError(f"there is no command and no path {word}; did you mean {options.get(close, close)}?")


def _open_streams() -> None:
    """A stream that the caller closed (`>&-`) is None: what is written to it goes nowhere, and is no error."""
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115


def standard_input() -> bytes:
    """All of it. Raises SettingsError where it is closed or cannot be read."""
    try:
        return sys.stdin.buffer.read()
    except (AttributeError, OSError) as error:  # None, where it is closed
        reason = getattr(error, "strerror", None) or "it is closed"
        raise SettingsError(f"standard input cannot be read: {reason}") from None


def _given(arguments: list[str]) -> Namespace:
    """What the words of a command line mean. A hook's are paths alone: that needs no argparse, which takes 4 ms."""
    if not any(word.startswith("-") for word in arguments):
        from types import SimpleNamespace

        return SimpleNamespace(**DEFAULTS, paths=arguments)  # type: ignore[return-value]
    from lambdalint.arguments import check_parser

    return check_parser().parse(arguments)


def _check(arguments: list[str]) -> int:
    given = _given(arguments)
    for word in given.paths:
        if word in COMMANDS and not os.path.lexists(word):
            raise SettingsError(f"{word} is a command, and a command comes first: lambdalint {word} ...")
    outputs = _outputs(given)
    settings = settings_of(given)
    from lambdalint.engine import lint, prepare

    if given.show_settings:
        _print(_shown(prepare(settings)[0]))
        return CLEAN
    stdin = standard_input() if "-" in given.paths else None
    if given.quiet or not sys.stderr.isatty():
        report, book = lint(given.paths, settings, stdin)
    else:
        from lambdalint.reporters.progress import Reading

        with Reading(sys.stderr, "Reading the image") as reading:
            report, book = lint(given.paths, settings, stdin, _watch, reading)
    rules = book.selected(settings.codes, settings.ignore)
    from lambdalint.reporters import render

    texts = [(path, render(form, report, rules, _options(form, path, settings, given))) for form, path in outputs]
    files = {path: text for path, text in texts if path is not None}
    if files:
        from lambdalint.output import write_whole

        write_whole(files)
    for path, text in texts:
        if path is None:
            _print(text)
    if settings.update_baseline:
        known = sum(1 for f in report.findings if f.suppressed and f.suppressed.kind == "baseline")
        file = os.path.relpath(settings.baseline or "")
        print(f"lambdalint: {file} is written; findings here that it holds: {known}", file=sys.stderr)
    return exit_code(report, settings.fail_on)


def _shown(settings: Settings) -> str:
    """The settings in force as JSON, each with where it comes from."""
    import json

    fields = {name: value for name, value in settings._asdict().items() if name not in ("config", "cwd", "origins")}
    shown = {
        name.replace("_", "-"): {"value": value, "from": settings.origins.get(name, "default")}
        for name, value in fields.items()
    }
    return (
        json.dumps({"version": 1, "config": settings.config, "cwd": settings.cwd, "settings": shown}, indent=2) + "\n"
    )


def _watch(results: Iterable[Any], total: int) -> Iterator[Any]:
    """The results as they come, with a progress bar on a terminal."""
    if total < 2:
        yield from results
        return
    from lambdalint.reporters.progress import Progress

    with Progress(sys.stderr, total, "Linting") as bar:
        for result in results:
            bar.advance()
            yield result


def exit_code(report: Report, fail_on: str) -> int:
    """2 where the run cannot be trusted, 1 for findings at or above ``fail_on``, else 0."""
    if not report.trusted:
        return UNTRUSTED
    if fail_on == "never":
        return CLEAN
    worst = [rank(f.severity) for f in report.findings if f.suppressed is None]
    return FOUND if worst and max(worst) >= rank(fail_on) else CLEAN


def _assigns(word: str) -> bool:
    return re.match(r"[A-Za-z0-9]+=", word) is not None


def _overrides_together(arguments: list[str]) -> list[str]:
    """``--parameter-overrides`` takes words with = only, so that a path after it stays a path."""
    result: list[str] = []
    taking = False
    for at, word in enumerate(arguments):
        if word == "--parameter-overrides":
            if not any(map(_assigns, arguments[at + 1 : at + 2])):
                raise SettingsError("--parameter-overrides takes NAME=VALUE words, as in Stage=prod Memory=512")
            taking = True
        elif taking and _assigns(word):
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


def settings_of(given: Namespace) -> Settings:
    """The settings that flags give, over those of the config file. Raises SettingsError."""
    from lambdalint.config import configured

    base = configured(given.config, getattr(given, "paths", []) or [])
    changes: dict[str, Any] = {}
    for name in ("region", "runtime", "architecture", "handler", "fail_on", "baseline", "update_baseline", "jobs"):
        if getattr(given, name, None):
            changes[name] = getattr(given, name)
    if given.region:
        _region(given.region)
    if changes.get("jobs", 1) < 1:
        raise SettingsError("--jobs takes a number from 1 on")
    if given.as_of:
        changes["as_of"] = _day(given.as_of)
    if given.artifact:
        changes["artifacts"] = _pairs("--artifact", given.artifact)
    if given.image:
        changes["images"] = _pairs("--image", given.image)
    if given.no_cache:
        changes["cache"] = False
    if given.parameter_overrides:
        changes["parameter_overrides"] = {**base.parameter_overrides, **_overrides(given.parameter_overrides)}
    if given.quota:
        changes["quotas"] = {**base.quotas, **{k: _number(v) for k, v in _pairs("--quota", given.quota).items()}}
    if getattr(given, "select", None):
        changes["select"] = _codes(given.select)
    if getattr(given, "ignore", None):
        changes["ignore"] = (*base.ignore, *_codes(given.ignore))
    if getattr(given, "rules", None):
        changes["rules"] = (*base.rules, *map(os.path.abspath, given.rules))
    origins = dict(base.origins)
    for name in changes:
        adds = name in origins and name in ("parameter_overrides", "quotas", "ignore", "rules")
        origins[name] = f"{origins[name]}, the command line" if adds else "the command line"
    settings = base._replace(**changes, origins=origins).complete()
    if settings.update_baseline and not settings.baseline:
        raise SettingsError("--update-baseline needs a file: name it with --baseline FILE, or in the config")
    return settings


def _region(word: str) -> None:
    """Raises SettingsError for what a config could not say either."""
    from lambdalint.config import fits, schema

    if not fits(word, schema()["properties"]["region"]):
        raise SettingsError(f"--region takes a Region as eu-central-1, not {word!r}")


def _codes(words: Sequence[str]) -> tuple[str, ...]:
    return tuple(code for word in words for code in word.replace(",", " ").split())


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


def _outputs(given: Namespace) -> list[tuple[str, str | None]]:
    """Each format with the file it goes to (None: standard output)."""
    outputs: list[tuple[str, str | None]] = []
    for word in given.format or ["text"]:
        form, equals, path = word.partition("=")
        if form not in FORMATS:
            from lambdalint.nearest import nearest

            close = nearest(form, FORMATS)
            meant = f"; did you mean {close}?" if close else f"; choose from {', '.join(FORMATS)}"
            raise SettingsError(f"there is no format {form!r}{meant}")
        if equals and not path:
            raise SettingsError(f"--format {word} names no file")
        file = path or given.output
        outputs.append((form, None if file == "-" else file))
    printed = [form for form, path in outputs if path is None]
    if len(printed) > 1:
        raise SettingsError(f"{' and '.join(printed)} cannot both be printed: give one a file, as in {printed[1]}=FILE")
    files = [path for _, path in outputs if path is not None]
    if given.output not in (None, "-", *files):
        raise SettingsError(f"--output {given.output} has no format left to write: each is given a file of its own")
    for path in files:
        folder = os.path.dirname(path) or "."
        if not os.path.isdir(folder):  # said before the work, not after it
            raise SettingsError(f"{path} cannot be written: there is no folder {folder}")
    if len(files) != len({os.path.realpath(path) for path in files}):
        raise SettingsError("two formats cannot be written to one file")
    return outputs


def _options(form: str, path: str | None, settings: Settings, given: Namespace) -> Any:
    from lambdalint.reporters import Options
    from lambdalint.settings import repository_root

    environ = os.environ
    root = repository_root(settings.cwd) or settings.cwd
    prefix = os.path.relpath(settings.cwd, root).replace(os.sep, "/")
    options = Options(
        version=__version__,
        include_suppressed=given.include_suppressed,
        category=given.category,
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
    """Write to standard output. A reader that went away (`| head`) changes nothing; SettingsError for a full disk."""
    out = sys.stdout
    try:
        try:
            out.write(text)
        except UnicodeEncodeError:
            encoding = out.encoding or "ascii"
            out.write(text.encode(encoding, "backslashreplace").decode(encoding))
        out.flush()
    except BrokenPipeError:
        _silence()
    except OSError as error:
        _silence()
        raise SettingsError(f"standard output cannot be written: {error.strerror or error}") from error


def _silence() -> None:
    """Nobody reads any more: Python must not try to write what is left at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _command(command: str, arguments: list[str]) -> int:
    from importlib import import_module

    module = import_module(f"lambdalint.commands.{command}")
    from lambdalint.arguments import input_options, new_parser

    parser = new_parser(command, (module.__doc__ or command).strip().splitlines()[0])
    module.arguments(parser)
    if getattr(module, "TAKES_INPUTS", False):
        input_options(parser)
    given = parser.parse(arguments)
    result: str | tuple[str, int] = module.run(given)
    text, code = (result, CLEAN) if isinstance(result, str) else result
    _print(text)
    return code
