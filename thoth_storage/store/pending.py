"""What was written since the last checkpoint: how much, and since when."""

from __future__ import annotations

import threading
import time
from typing import NamedTuple

__all__ = ["Pending", "Taken"]


class Taken(NamedTuple):
    """What a capture holds, until it is known whether it was stored. ``since`` on the monotonic clock."""

    rows: int
    size: int
    since: float


class Pending:
    """True while anything is pending, be it a change of no rows."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._now: Taken | None = None

    def add(self, rows: int, size: int) -> None:
        """Rows were written, or are about to be; ``size`` in bytes, roughly."""
        with self._lock:
            old = self._now or Taken(0, 0, time.monotonic())
            self._now = Taken(old.rows + rows, old.size + size, old.since)

    def take(self) -> Taken | None:
        """A capture has all of it. The caller holds the writers' lock."""
        with self._lock:
            taken, self._now = self._now, None
            return taken

    def give_back(self, taken: Taken) -> None:
        """The capture was not stored."""
        with self._lock:
            later = self._now or Taken(0, 0, taken.since)
            self._now = Taken(taken.rows + later.rows, taken.size + later.size, taken.since)

    def clear(self) -> None:
        self.take()

    @property
    def now(self) -> Taken | None:
        return self._now

    def __bool__(self) -> bool:
        return self._now is not None
