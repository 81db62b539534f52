"""How a call ends that does not end by itself: wrong usage, a signal, a stdout that takes nothing.

Each is a line on stderr, an exit code, and with ``--json`` the same document as any other error. SIGTERM, by which
Cloud Run and systemd end a job, is heeded as Ctrl-C is: what was begun is cleared away first.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType

import click

from thoth_storage.cli.output import Output, from_stdout

__all__ = ["DAMAGED", "FAILED", "USAGE", "asks_for_json", "ending", "tell_error", "tell_interrupt"]

FAILED, USAGE, DAMAGED, INTERRUPTED, TERMINATED = 1, 2, 5, 130, 143


class _Terminated(KeyboardInterrupt):
    """SIGTERM. All that clears up behind Ctrl-C does so behind this."""


def asks_for_json(words: Sequence[str]) -> bool:
    """Whether a command that could not be parsed asked for a document."""
    options = words[: words.index("--")] if "--" in words else words
    return "--json" in options


def tell_error(
    output: Output,
    kind: str,
    message: str,
    code: int,
    *,
    url: str | None = None,
    key: str | None = None,
    hint: str | None = None,
) -> None:
    """The document of a command that failed."""
    error = {"type": kind, "message": message, "url": url, "key": key, "hint": hint, "exit_code": code}
    output.document({"error": error})


def tell_interrupt(output: Output, error: BaseException) -> int:
    """Say what stands, and give the exit code."""
    by_signal = isinstance(error, _Terminated)
    stands = output.stands or "what was committed before stands, nothing else is visible"
    message = f"{'terminated' if by_signal else 'interrupted'}; {stands}"
    code = TERMINATED if by_signal else INTERRUPTED
    output.complain(message)
    tell_error(output, "Terminated" if by_signal else "Interrupted", message, code)
    return code


@contextmanager
def ending(output: Output) -> Iterator[None]:
    """Let whatever goes wrong outside of a verb, or on the way to stdout, end in one line."""
    try:
        with _errors_told(output):
            yield
            sys.stdout.flush()
    except OSError as error:
        if not _is_stuck() and not from_stdout(error):
            raise
        if error.errno != errno.EPIPE:  # a reader who left wants to hear nothing
            output.complain(f"error: cannot write to stdout: {error.strerror or error}")
        sys.exit(FAILED)


@contextmanager
def _errors_told(output: Output) -> Iterator[None]:
    try:
        with _heeding_sigterm():
            yield
    except click.ClickException as error:
        _tell_usage(output, error)
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt) as error:
        sys.exit(tell_interrupt(output, error.__cause__ if isinstance(error.__cause__, _Terminated) else error))


def _tell_usage(output: Output, error: click.ClickException) -> None:
    error.show()
    context = error.ctx if isinstance(error, click.UsageError) else None
    if output.as_json:
        kind = "UsageError" if isinstance(error, click.UsageError) else type(error).__name__
        hint = f"'{context.command_path} --help' tells more" if context else None
        tell_error(output, kind, error.format_message(), error.exit_code, hint=hint)


@contextmanager
def _heeding_sigterm() -> Iterator[None]:
    """Only where nobody else has a say in it: a program that calls this one, or who started it to ignore the signal."""
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGTERM) != signal.SIG_DFL:
        yield
        return

    def end(_number: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)  # who cannot wait sends it again
        raise _Terminated

    signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _is_stuck() -> bool:
    """Whether stdout takes nothing any more, as where the disk behind it is full. If so, what is left for it goes
    nowhere: else the interpreter tries once more when it ends, and complains."""
    try:
        sys.stdout.flush()
    except OSError:
        with suppress(OSError), open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - no file of anybody's
            os.dup2(nowhere.fileno(), sys.stdout.fileno())
        return True
    return False
