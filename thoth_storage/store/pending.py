"""What was written since the last checkpoint: how much, and since when."""

from __future__ import annotations

import threading
import time
from typing import NamedTuple

__all__ = ["Pending", "Taken"]


class Taken(NamedTuple):
    """Rows, roughly their bytes, and when the first of them was written, on the monotonic clock."""

    rows: int
    size: int
    since: float


class Pending:
    """True while anything is pending, be it a change of no rows. What is on its way to the URL is pending, too."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._now: Taken | None = None
        self._held: Taken | None = None

    def add(self, rows: int, size: int) -> None:
        """Rows were written, or are about to be; ``size`` in bytes, roughly."""
        with self._lock:
            self._now = _sum(self._now, Taken(rows, size, time.monotonic()))

    def hold(self) -> None:
        """A capture has all of it, until ``release``. The caller holds the writers' lock; there is one capture at a
        time."""
        with self._lock:
            self._held, self._now = _sum(self._held, self._now), None

    def release(self, *, stored: bool) -> None:
        """The capture is at the URL, or was given up."""
        with self._lock:
            if not stored:
                self._now = _sum(self._held, self._now)
            self._held = None

    def take(self) -> Taken | None:
        """What no capture has counts no more, unless it is given back. The caller holds the writers' lock."""
        with self._lock:
            taken, self._now = self._now, None
            return taken

    def give_back(self, taken: Taken) -> None:
        with self._lock:
            self._now = _sum(taken, self._now)

    def clear(self) -> None:
        self.take()

    @property
    def now(self) -> Taken | None:
        with self._lock:
            return _sum(self._held, self._now)

    def __bool__(self) -> bool:
        return self.now is not None


def _sum(earlier: Taken | None, later: Taken | None) -> Taken | None:
    if not earlier or not later:
        return earlier or later
    return Taken(earlier.rows + later.rows, earlier.size + later.size, earlier.since)
