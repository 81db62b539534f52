"""Runs one command as a process of its own, as a user would: seconds on the wall and of the processors, peak memory."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Command", "CommandError", "Run", "memory_floor", "memory_of_interpreter", "run"]

_LONGEST = 900.0


class CommandError(Exception):
    """A command ended with an error. The benchmark ends too: the time of a failure says nothing."""


@dataclass(frozen=True)
class Command:
    """What to run, where, and what to add to the environment."""

    words: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None


@dataclass(frozen=True)
class Run:
    """``peak`` in bytes, of the process and of those that it started and waited for (the largest, not their sum)."""

    seconds: float
    processor: float
    peak: int


def run(command: Command) -> Run:
    """Run to the end, start-up included. Raises CommandError with what the command said.

    Before the clock starts, all that others left to be written is flushed to the disk.
    """
    os.sync()
    with tempfile.TemporaryFile() as said:
        began = time.perf_counter()
        process = subprocess.Popen(
            command.words,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            env={**os.environ, **command.environment},
            cwd=command.folder,
        )
        timer = threading.Timer(_LONGEST, process.kill)
        timer.start()
        try:
            _, status, used = os.wait4(process.pid, 0)
        finally:
            timer.cancel()
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            text = said.read().decode(errors="replace").strip()
            raise CommandError(f"{' '.join(command.words)}\nended with {process.returncode}:\n{text[-4000:]}")
    unit = 1 if sys.platform == "darwin" else 1024
    return Run(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss * unit)


def memory_floor() -> int:
    """The least peak that can be measured here: a process counts what its parent held when it was started."""
    return run(Command(("true",))).peak


def memory_of_interpreter() -> int:
    """The peak of this Python when it does nothing: no tool written in it needs less.

    As it tells itself, for it lies below the floor.
    """
    status = "/proc/self/status"
    if not Path(status).exists():
        return run(Command((sys.executable, "-c", "pass"))).peak
    told = subprocess.check_output((sys.executable, "-c", f"print(open({status!r}).read())"), text=True)
    return next(int(line.split()[1]) * 1024 for line in told.splitlines() if line.startswith("VmHWM:"))
