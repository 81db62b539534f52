"""Many small reads, each of which waits for the service: a few on their way at once, and the answers in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future
from typing import TypeVar

from thoth_storage.telemetry import ThreadPool

__all__ = ["ahead"]

_AT_ONCE = 4
"""So many manifests are in memory at most: those of a large store are large."""
_K = TypeVar("_K")
_V = TypeVar("_V")


def ahead(read: Callable[[_K], _V], keys: Iterable[_K]) -> Generator[_V]:
    """``map(read, keys)``, on threads. What ``read`` raises is raised when its turn comes, and no more is begun."""
    waiting: deque[Future[_V]] = deque()
    with ThreadPool(_AT_ONCE, thread_name_prefix="thoth-manifests") as pool:
        try:
            for key in keys:
                waiting.append(pool.submit(read, key))
                if len(waiting) == _AT_ONCE:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for each in waiting:
                each.cancel()
