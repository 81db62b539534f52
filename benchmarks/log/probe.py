"""Runs modules of this folder as processes of their own, all let go at the same moment, and gives what they told.

Several writers are only several where none is still importing while another writes.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

from benchmarks.runner import CommandError

__all__ = ["ready", "together"]

_LONGEST = 1800.0
_ROOT = Path(__file__).parents[2]
_READY = "ready"

Call = tuple[str, Mapping[str, Any]]
"""A module and its arguments."""


def ready() -> None:
    """Said by a process that is measured, when all is set up: it goes on when all others are ready too."""
    print(_READY, flush=True)
    sys.stdin.readline()


def together(calls: Sequence[Call], go: Callable[[], object] = lambda: None) -> list[Mapping[str, Any]]:
    """The figures of each; ``go`` is called when all are ready. Raises CommandError with what one said that failed."""
    with ExitStack() as stack:
        running = [stack.enter_context(_started(*call)) for call in calls]
        for each in running:
            each.hear(_READY)
        go()
        for each in running:
            each.let_go()
        return [each.answer() for each in running]


class _Running:
    def __init__(self, call: Call, process: subprocess.Popen[str], said: IO[bytes]) -> None:
        self._call = call
        self._process = process
        self._said = said

    def hear(self, wanted: str | None = None) -> str:
        """The next line that it tells."""
        assert self._process.stdout
        line = self._process.stdout.readline().strip()
        if not line or (wanted and line != wanted):
            code = self._process.wait()
            self._said.seek(0)
            errors = self._said.read().decode(errors="replace").strip()
            module, arguments = self._call
            raise CommandError(f"benchmarks.log.{module} {dict(arguments)}\nended with {code}:\n{errors[-4000:]}")
        return line

    def let_go(self) -> None:
        assert self._process.stdin
        self._process.stdin.write("go\n")
        self._process.stdin.flush()

    def answer(self) -> Mapping[str, Any]:
        told: Mapping[str, Any] = json.loads(self.hear())
        return told


@contextmanager
def _started(module: str, arguments: Mapping[str, Any]) -> Iterator[_Running]:
    words = [sys.executable, "-m", f"benchmarks.log.{module}", json.dumps(arguments, default=str)]
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said, cwd=_ROOT, text=True
        ) as process,
    ):
        timer = threading.Timer(_LONGEST, process.kill)
        timer.start()
        try:
            yield _Running((module, arguments), process, said)
            process.wait()
        finally:
            timer.cancel()
            process.kill()
