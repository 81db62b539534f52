"""Looks that cost something, shared: health checks come every few seconds, from several sides, and may hang."""

from __future__ import annotations

import asyncio
import contextvars
import threading
import time
from collections.abc import Callable
from typing import Any, Generic, TypeVar

__all__ = ["Watch", "in_daemon"]

T = TypeVar("T")


class Watch(Generic[T]):
    """What ``look`` gave last, at most ``keep`` seconds old. One look at a time, however many ask; who asks waits
    ``patience`` seconds and then gets nothing, while the look goes on. To be used on one event loop."""

    def __init__(self, look: Callable[[], T], *, keep: float, patience: float) -> None:
        self._look = look
        self._keep = keep
        self._patience = patience
        self._under_way: asyncio.Future[T] | None = None
        self._seen: tuple[float, T] | None = None

    async def see(self, keep: float | None = None) -> T | None:
        """None where there is no answer in time. Raises what the look raises."""
        if self._seen and time.monotonic() - self._seen[0] < (self._keep if keep is None else keep):
            return self._seen[1]
        if self._under_way is None:
            self._under_way = in_daemon(self._look)
            self._under_way.add_done_callback(self._done)
        done, _ = await asyncio.wait({self._under_way}, timeout=self._patience)
        return next(iter(done)).result() if done else None

    def _done(self, future: asyncio.Future[T]) -> None:
        self._under_way = None
        if not future.cancelled() and future.exception() is None:
            self._seen = time.monotonic(), future.result()


def in_daemon(function: Callable[[], T]) -> asyncio.Future[T]:
    """``function`` in a thread of its own that nobody has to wait for, not even the end of the process."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(set_it: Callable[[Any], None], value: Any) -> None:
        if not future.done():
            set_it(value)

    def run() -> None:
        try:
            result = function()
        except Exception as error:
            # Whatever it is, it belongs to who waits.
            told: tuple[Callable[[Any], None], Any] = future.set_exception, error
        else:
            told = future.set_result, result
        try:
            loop.call_soon_threadsafe(settle, *told)
        except RuntimeError:
            return  # the loop is closed: nobody waits any more

    request = contextvars.copy_context()  # whose trace goes into the log
    threading.Thread(target=request.run, args=(run,), name="thoth-look", daemon=True).start()
    return future
