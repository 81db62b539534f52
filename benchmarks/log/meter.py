"""Seconds that pass and seconds that processors work, of a call and of what it calls.

What the store adds to Chroma and to the PUT is less than Chroma's own spread from call to call. So it is not only
taken as a difference of whole calls: the time within Chroma and within the PUT is metered, and taken away.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Any, NamedTuple

__all__ = ["Meter", "Span", "span"]


class Span(NamedTuple):
    """``work``: of all threads of this process."""

    seconds: float = 0.0
    work: float = 0.0

    def more(self, other: Span) -> Span:
        return Span(self.seconds + other.seconds, self.work + other.work)

    def less(self, *others: Span) -> Span:
        seconds, work = (sum(column) for column in zip(*others, strict=True))
        return Span(self.seconds - seconds, self.work - work)


def span(call: Callable[[], Any]) -> Span:
    """What a call took."""
    began, worked = time.perf_counter(), time.process_time()
    call()
    return Span(time.perf_counter() - began, time.process_time() - worked)


class Meter:
    """Adds up what the calls took that it watches. They do not call each other."""

    def __init__(self) -> None:
        self._sum = Span()

    def watch(self, call: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(call)
        def watched(*args: Any, **kwargs: Any) -> Any:
            began, worked = time.perf_counter(), time.process_time()
            try:
                return call(*args, **kwargs)
            finally:
                self._sum = self._sum.more(Span(time.perf_counter() - began, time.process_time() - worked))

        return watched

    def take(self) -> Span:
        """The sum since the last time."""
        told, self._sum = self._sum, Span()
        return told
