"""Work that is done again and again beside the program: checkpoints by policy, and following others' checkpoints."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from thoth_storage.errors import InvalidArgumentError

__all__ = ["LOOK", "CheckpointPolicy", "Repeater"]

_log = logging.getLogger(__name__)
LOOK = 0.25
"""Seconds between two looks at whether a checkpoint is due."""


_LONGEST = 60.0
"""Seconds between two attempts at most, while they fail."""


@dataclass(frozen=True)
class CheckpointPolicy:
    """When a store makes a checkpoint by itself: so many ``seconds`` after the first write that no checkpoint has, or
    when so many ``rows`` or ``bytes`` (of documents and vectors) were written since. What is None does not count."""

    seconds: float | None = None
    rows: int | None = None
    bytes: int | None = None

    def __post_init__(self) -> None:
        for name in ("seconds", "rows", "bytes"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise InvalidArgumentError(f"{name} of a checkpoint policy is {value!r}, it must be above 0")

    def is_due(self, rows: int, size: int, since: float | None) -> bool:
        """``since`` is when the first of those rows was written, on the monotonic clock; None if there are none."""
        if since is None:
            return False
        waited = time.monotonic() - since
        limits = ((rows, self.rows), (size, self.bytes), (waited, self.seconds))
        return any(limit is not None and reached >= limit for reached, limit in limits)


class Repeater:
    """Calls ``work`` every so many seconds on a thread of its own, until ``stop``. A failure is logged, told to
    ``failed``, and does not end it."""

    def __init__(self, name: str, work: Callable[[], object], seconds: float, failed: Callable[[str], None]) -> None:
        self._name = name
        self._work = work
        self._seconds = seconds
        self._failed = failed
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"thoth-{name}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Wait until the call that is under way has ended."""
        self._stopped.set()
        if self._thread is not threading.current_thread():
            self._thread.join()

    def _run(self) -> None:
        pause = self._seconds
        while not self._stopped.wait(pause):
            try:
                self._work()
                pause = self._seconds
            except Exception as error:
                # Whatever it was: with this thread ended, nobody would store or follow any more, without a word.
                pause = max(min(2 * pause, _LONGEST), self._seconds)
                _log.error("%s failed: %s", self._name, error)
                self._failed(f"{type(error).__name__}: {error}")
