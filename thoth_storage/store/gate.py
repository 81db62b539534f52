"""Who is inside Chroma: any number of readers, one writer; and which local directory each of them uses.

A directory that was replaced goes when its last user has left, and not before: Chroma opens files late, and a query
that began on the old state is to end on it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["Gate", "Generation"]

_AIR = 0.01
"""Seconds at most for which a writer gives way."""


class Generation:
    """One local directory in use. ``dispose`` is called once, when it is retired and nobody uses it any more."""

    def __init__(self, dispose: Callable[[], None]) -> None:
        self._dispose = dispose
        self._users = 0
        self._retired = False
        self._lock = threading.Lock()

    def enter(self) -> None:
        with self._lock:
            self._users += 1

    def leave(self) -> None:
        with self._lock:
            self._users -= 1
            last = self._retired and not self._users
        if last:
            self._dispose()

    def retire(self) -> None:
        """No new users come."""
        with self._lock:
            idle = not self._users and not self._retired
            self._retired = True
        if idle:
            self._dispose()


class Gate:
    """Readers go in freely, but for the moments of ``alone``; writers wait for each other."""

    def __init__(self) -> None:
        self.writers = threading.RLock()
        """Held by whoever changes the store, or must not see it change."""
        self._generation: Generation | None = None
        self._inside: list[list[Generation]] = []
        """For each reader, the generations that he may be reading from."""
        self._alone: int | None = None
        """The thread that wants no other inside."""
        self._changed = threading.Condition()
        self._mine = threading.local()
        self._hurrying = 0
        self._lasted = 0.0
        """Seconds that the last write took."""

    def abandon(self) -> None:
        """In a forked child: whoever held a lock is not here to give it back."""
        self.writers = threading.RLock()
        self._changed = threading.Condition()
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

    @contextmanager
    def reading(self) -> Iterator[None]:
        """For the length of one call into Chroma. Calls nest: who is inside goes on."""
        depth = getattr(self._mine, "depth", 0)
        if depth:
            yield
            return
        with self._changed:
            while self._alone not in (None, threading.get_ident()):
                self._changed.wait()
            mine = [self._generation] if self._generation else []
            for generation in mine:
                generation.enter()
            self._inside.append(mine)
        self._mine.depth = 1
        try:
            yield
        finally:
            self._mine.depth = 0
            with self._changed:
                self._inside = [each for each in self._inside if each is not mine]
                if not self._inside and self._alone is not None:
                    self._changed.notify_all()
            for generation in mine:
                generation.leave()

    def go_on_in(self, generation: Generation) -> None:
        """Another directory was put in place. A reader who is inside may have begun just before and be in either."""
        with self._changed:
            old, self._generation = self._generation, generation
            for mine in self._inside:
                mine.append(generation)
                generation.enter()
        if old:
            old.retire()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """As writer, with no reader inside: those under way are waited for, and new ones wait."""
        with self.writers:
            with self._changed:
                self._alone = threading.get_ident()
                while self._inside:
                    self._changed.wait()
            try:
                yield
            finally:
                with self._changed:
                    self._alone = None
                    self._changed.notify_all()
