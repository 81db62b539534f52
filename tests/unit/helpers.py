"""Doubles for the unit tests: a backend that fails on cue, and a clock that only sleeping moves."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from uuid import uuid4

from hypothesis import settings

from thoth_storage.backend import Backend, ObjectInfo
from thoth_storage.errors import UnavailableError
from thoth_storage.memory import MemoryBackend
from thoth_storage.wrappers.base import WrappedBackend

__all__ = ["STEADY", "FakeTime", "OnCue", "lost_reply", "memory", "outage", "run_python"]

STEADY = settings(max_examples=200, deadline=None, derandomize=True, database=None)
"""The same examples in each run, however busy the machine is: a failure is one of the code."""

Cue = Callable[[Callable[[], None]], None]
"""Stands in for one call of a verb: it may call through (its argument does), raise, or both."""


def memory() -> MemoryBackend:
    """A fresh, empty store."""
    return MemoryBackend(f"memory://unit-{uuid4().hex}/store")


def outage(do: Callable[[], None]) -> None:
    """Nothing was done."""
    raise UnavailableError("the service is away")


def lost_reply(do: Callable[[], None]) -> None:
    """All was done, but the caller hears nothing."""
    do()
    raise UnavailableError("the reply was lost")


class OnCue(WrappedBackend):
    """Gives each call in turn to the next of ``cues``; when they are used up, calls go through. Counts the calls."""

    def __init__(self, *cues: Cue | Exception, inner: Backend | None = None) -> None:
        super().__init__(inner or memory())
        self.cues = list(cues)
        self.calls: list[str] = []

    def _play(self, verb: str, do: Callable[[], None] = lambda: None) -> None:
        self.calls.append(verb)
        cue = self.cues.pop(0) if self.cues else None
        if isinstance(cue, Exception):
            raise cue
        if cue is None:
            do()
        else:
            cue(do)

    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        self._play("get")
        return self.inner.get(key, start, end)

    def put(self, key: str, data: bytes) -> None:
        self._play("put", lambda: self.inner.put(key, data))

    def create(self, key: str, data: bytes) -> None:
        self._play("create", lambda: self.inner.create(key, data))

    def head(self, key: str) -> ObjectInfo:
        self._play("head")
        return self.inner.head(key)

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        self._play("list")
        return self.inner.list(prefix)

    def delete(self, *keys: str) -> None:
        self._play("delete", lambda: self.inner.delete(*keys))


@dataclass
class FakeTime:
    """Takes the place of the module ``time``. ``step`` is how long each look at the clock takes."""

    now: float = 1000.0
    step: float = 0.0
    slept: list[float] = field(default_factory=list)

    def monotonic(self) -> float:
        self.now += self.step
        return self.now

    perf_counter = monotonic

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def run_python(code: str, *options: str, env: Mapping[str, str] | None = None, timeout: float = 60) -> str:
    """What ``code`` prints in an interpreter of its own, where imports, forks and the environment are nobody else's."""
    whole = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "GOOGLE_", "PYTEST"))}
    done = subprocess.run(
        [sys.executable, *options, "-c", textwrap.dedent(code)],
        env={**whole, **(env or {})},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    assert done.returncode == 0, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout
