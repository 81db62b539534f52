"""Who is inside Chroma: any number of readers, one writer; and which local directory each of them uses.

A directory that was replaced goes when its last user has left, and not before: Chroma opens files late, and a query
that began on the old state is to end on it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

__all__ = ["Gate"]

_AIR = 0.01
"""Seconds at most for which a writer gives way."""


class _Mine(threading.local):
    """One thread's part: how many of its calls are inside each other, and the epoch in which the first began."""

    depth = 0
    epoch = 0


class _Reading:
    """The context of a read; one for all, since what it knows is the thread's. A generator would take as long as all
    the rest."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._mine = _Mine()

    def __enter__(self) -> None:
        mine = self._mine
        if not mine.depth:
            mine.epoch = self._gate.enter()
        mine.depth += 1

    def __exit__(self, *_: object) -> None:
        mine = self._mine
        mine.depth -= 1
        if not mine.depth:
            self._gate.leave(mine.epoch)


class Gate:
    """Readers go in freely, but for the moments of ``alone``; writers wait for each other."""

    def __init__(self) -> None:
        self.writers = threading.RLock()
        """Held by whoever changes the store, or must not see it change."""
        self._dispose: Callable[[], None] | None = None
        """Gives up the directory that is in place."""
        self._retired: list[tuple[int, Callable[[], None]]] = []
        """The same of those that were replaced, with the last epoch whose readers may use it."""
        self._epoch = 0
        """How many directories have been in place."""
        self._inside: dict[int, int] = {}
        """How many readers of each epoch there are."""
        self._alone: int | None = None
        """The thread that wants no other inside."""
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._reading = _Reading(self)
        self._hurrying = 0
        self._lasted = 0.0
        """Seconds that the last write took."""

    def abandon(self) -> None:
        """In a forked child: whoever held a lock is not here to give it back."""
        self.writers = threading.RLock()
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._alone = None
        self._hurrying = 0

    @contextmanager
    def writing(self) -> Iterator[None]:
        """For the length of one call into Chroma that changes the store."""
        with self.writers:
            if self._hurrying:
                time.sleep(min(self._lasted, _AIR))
            began = time.perf_counter()
            try:
                yield
            finally:
                self._lasted = time.perf_counter() - began

    @contextmanager
    def hurrying(self) -> Iterator[None]:
        """For work of many steps beside the writers, as a checkpoint is. Chroma's writes hold Python's lock from end to
        end, and each step that lets it go waits for one of them to end. Until the ``with`` block does, each write comes
        after a pause as long as the one before it took, some milliseconds at most."""
        with self._changed:
            self._hurrying += 1
        try:
            yield
        finally:
            with self._changed:
                self._hurrying = max(self._hurrying - 1, 0)  # none, in a child that was forked meanwhile

    def reading(self) -> AbstractContextManager[None]:
        """For the length of one call into Chroma. Calls nest: who is inside goes on."""
        return self._reading

    def enter(self) -> int:
        """A reader goes in; gives the epoch that ``leave`` is to be told. For ``reading``."""
        with self._lock:
            while self._alone is not None and self._alone != threading.get_ident():
                self._changed.wait()
            epoch = self._epoch
            self._inside[epoch] = self._inside.get(epoch, 0) + 1
            return epoch

    def leave(self, epoch: int) -> None:
        unused: list[Callable[[], None]] = []
        with self._lock:
            left = self._inside[epoch] - 1
            if left:
                self._inside[epoch] = left
            else:
                del self._inside[epoch]
                if self._retired:
                    unused = self._unused()
                if self._alone is not None and not self._inside:
                    self._changed.notify_all()
        for dispose in unused:
            dispose()

    def go_on_in(self, dispose: Callable[[], None]) -> None:
        """Another directory was put in place. ``dispose`` is called once, when it was replaced and no reader is in it.
        One who is inside now may have begun just before and be in either."""
        with self._lock:
            if self._dispose:
                self._retired.append((self._epoch, self._dispose))
            self._dispose = dispose
            self._epoch += 1
            unused = self._unused()
        for each in unused:
            each()

    def _unused(self) -> list[Callable[[], None]]:
        """What to do for directories that nobody uses any more: all who were inside when they were replaced have
        left."""
        oldest = min(self._inside, default=self._epoch)
        unused = [dispose for epoch, dispose in self._retired if epoch < oldest]
        self._retired = [each for each in self._retired if each[0] >= oldest]
        return unused

    @contextmanager
    def alone(self) -> Iterator[None]:
        """As writer, with no reader inside: those under way are waited for, and new ones wait. Calls nest."""
        with self.writers:
            before = self._alone
            try:
                with self._lock:
                    self._alone = threading.get_ident()
                    while self._inside:
                        self._changed.wait()
                yield
            finally:
                with self._lock:
                    self._alone = before
                    self._changed.notify_all()
