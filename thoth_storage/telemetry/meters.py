"""What requests and operations there were, how long they took and how they failed, counted in this process.

Always on, so that whoever asks later finds it: it has to cost next to nothing beside the request, which takes a
thousand times as long. A child of a fork begins with zeros and with a lock that no thread of its parent holds.
"""

from __future__ import annotations

import os
import threading
import weakref
from bisect import bisect_left
from dataclasses import dataclass, field

__all__ = ["BOUNDS", "VERBS", "Meter", "Meters"]

VERBS = ("get", "put", "create", "head", "list", "delete")
BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
"""Upper bounds of the histogram's buckets, in seconds; one more is for what took longer."""


@dataclass(slots=True)
class Meter:
    """What one verb (or operation) did so far. ``bytes`` of payload, sent or received; ``objects`` listed or deleted;
    ``seconds`` summed over all threads; ``errors`` in all, and ``failures`` by the name of the exception; ``retries``:
    tries that came after one that failed; ``buckets``: how many took up to each of ``BOUNDS``, and longer."""

    requests: int = 0
    bytes: int = 0
    seconds: float = 0.0
    errors: int = 0
    objects: int = 0
    retries: int = 0
    failures: dict[str, int] = field(default_factory=dict, compare=False)
    buckets: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1), compare=False)

    def copy(self) -> Meter:
        return Meter(
            *(self.requests, self.bytes, self.seconds, self.errors, self.objects, self.retries),
            failures=dict(self.failures),
            buckets=list(self.buckets),
        )


class Meters:
    """A Meter by name. Exact under threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_name: dict[str, Meter] = {}
        _ALL.add(self)

    def note(
        self, name: str, seconds: float, size: int = 0, objects: int = 0, error: BaseException | None = None
    ) -> None:
        """One request is over."""
        place = bisect_left(BOUNDS, seconds)
        with self._lock:
            meter = self._by_name.get(name) or self._by_name.setdefault(name, Meter())
            meter.requests += 1
            meter.bytes += size
            meter.objects += objects
            meter.seconds += seconds
            meter.buckets[place] += 1
            if error is not None:
                meter.errors += 1
                kind = type(error).__name__
                meter.failures[kind] = meter.failures.get(kind, 0) + 1

    def note_retry(self, name: str) -> None:
        """A request that failed for the moment is about to be tried again."""
        with self._lock:
            self._by_name.setdefault(name, Meter()).retries += 1

    def read(self) -> dict[str, Meter]:
        """All of them as they are at one moment."""
        with self._lock:
            return {name: meter.copy() for name, meter in self._by_name.items()}

    def reset(self) -> None:
        """Begin anew."""
        with self._lock:
            self._by_name.clear()

    def begin_child(self) -> None:
        """In a child of a fork, where nobody else runs yet."""
        self._lock = threading.Lock()
        self._by_name.clear()


_ALL: weakref.WeakSet[Meters] = weakref.WeakSet()


def _begin_children() -> None:
    for meters in list(_ALL):
        meters.begin_child()


os.register_at_fork(after_in_child=_begin_children)
