"""What every verb has: ``--json``, ``--quiet``, ``--verbose``, storage options, and errors told in one line."""

from __future__ import annotations

import functools
import logging
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from thoth_storage import config
from thoth_storage.cli.ending import DAMAGED, FAILED, USAGE, tell_error, tell_interrupt
from thoth_storage.cli.output import Output, printable
from thoth_storage.errors import (
    AlreadyExistsError,
    CapabilityError,
    ConfigurationError,
    ConflictError,
    CorruptionError,
    FormatError,
    NotFoundError,
    PluginError,
    StorageError,
)

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

__all__ = ["DAMAGED", "FAILED", "options_option", "parse_options", "verb"]

NOT_FOUND, CONFLICT = 3, 4
_EXIT_CODES: tuple[tuple[type[StorageError], int], ...] = (
    (ConfigurationError, USAGE),
    (PluginError, USAGE),
    (CapabilityError, USAGE),
    (FormatError, USAGE),
    (NotFoundError, NOT_FOUND),
    (AlreadyExistsError, CONFLICT),
    (ConflictError, CONFLICT),
    (CorruptionError, DAMAGED),
)
_NOISY = ("gcsfs", "s3fs", "fsspec", "botocore", "aiobotocore", "aiohttp", "google", "urllib3", "chromadb", "asyncio")
_PLACES = ("url", "places", "source", "target")


def verb(**settings: Any) -> Callable[[Callable[..., int | None]], click.Command]:
    """A click command whose function takes an Output first and gives the exit code, or None for 0."""

    def wrap(function: Callable[..., int | None]) -> click.Command:
        @functools.wraps(function)
        def run(as_json: bool, quiet: bool, verbose: bool, **arguments: Any) -> None:
            output = Output(as_json=as_json, quiet=quiet)
            try:
                output.structured = config.log_format() == "json"
                _log(verbose, quiet, structured=output.structured)
                code = function(output, **arguments)
            except StorageError as error:
                code = _tell(output, error, verbose)
            except (KeyboardInterrupt, click.Abort) as error:
                code = tell_interrupt(output, error)
            # A reader who left (BrokenPipeError) is click's business: it ends with 1 and without a word.
            if code:
                sys.exit(code)

        for option in (
            click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout, nothing else."),
            click.option("-q", "--quiet", is_flag=True, help="Only errors."),
            click.option("-v", "--verbose", is_flag=True, help="The log on stderr, and the trace of an error."),
        ):
            run = option(run)
        command: click.Command = click.command(**settings)(run)
        for parameter in command.params:
            if parameter.name in _PLACES and parameter.type is click.STRING:
                parameter.type = _Place()
        return command

    return wrap


class _Place(click.types.StringParamType):
    """A URL, or a path of the local disk: that a shell may complete."""

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        return [CompletionItem(incomplete, type="dir")]


def options_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """``-o name=value``: options for the backend's file system, such as an endpoint."""
    return click.option(
        "-o",
        "--option",
        "storage_options",
        multiple=True,
        metavar="NAME=VALUE",
        callback=parse_options,
        help="An option for the backend's file system, e.g. endpoint_url=http://localhost:9000; repeatable.",
    )(function)


def parse_options(_context: click.Context, _parameter: click.Parameter, pairs: tuple[str, ...]) -> dict[str, str]:
    """``name=value``, repeated, as a dictionary. Raises BadParameter."""
    parsed = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise click.BadParameter(f"{name!r} is not NAME=VALUE")
        parsed[name] = value
    return parsed


class _Formatter(logging.Formatter):
    """A message may tell names that somebody else chose."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name for it
        return printable(super().formatMessage(record))


def _formatter(structured: bool) -> logging.Formatter:
    if not structured:
        return _Formatter("%(levelname)s %(name)s: %(message)s")
    from thoth_storage.telemetry.json_logs import JsonFormatter

    return JsonFormatter(config.get("log_project"), {"command": click.get_current_context().command_path})


def _log(verbose: bool, quiet: bool, *, structured: bool) -> None:
    others = "INFO" if verbose else "ERROR" if quiet else "WARNING"
    ours = "DEBUG" if verbose else "ERROR" if quiet else config.log_level()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_formatter(structured))
    logging.basicConfig(level=others, handlers=[handler])
    logging.getLogger("thoth_storage").setLevel(ours)
    for name in _NOISY:
        # Their DEBUG shows requests with keys and signatures. And they print traces of errors that are raised, and told
        # in one line, all the same.
        logging.getLogger(name).setLevel("INFO" if verbose else "CRITICAL")


def _tell(output: Output, error: StorageError, verbose: bool) -> int:
    code = next((code for kind, code in _EXIT_CODES if isinstance(error, kind)), FAILED)
    if verbose:
        logging.getLogger("thoth_storage").error("the command failed", exc_info=error)
    output.complain(f"error: {error}")
    if output.stands:
        output.complain(output.stands)
    kind = type(error).__name__
    tell_error(output, kind, error.message, code, url=error.url, key=error.key, hint=error.hint)
    return code
