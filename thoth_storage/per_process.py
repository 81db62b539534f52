"""One instance a process, or one a thread: what must not cross a fork, nor be shared by threads it was not made for."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

__all__ = ["PerProcess"]

_T = TypeVar("_T")


class PerProcess(Generic[_T]):
    """Makes an instance on first use and again in every forked child.

    ``shared(instance)`` tells whether all threads may use that one; otherwise each thread gets its own.
    """

    def __init__(self, make: Callable[[], _T], shared: Callable[[_T], bool]) -> None:
        self._make = make
        self._shared = shared
        self._holder: _Holder[_T] = _Holder(None)

    def get(self) -> _T:
        """This process's (or thread's) instance. What ``make`` raises is raised, and the next call tries again."""
        holder = self._holder
        if holder.pid != os.getpid():
            holder = self._holder = _Holder(holder)
        instance = holder.instance if holder.instance is not None else getattr(holder.local, "instance", None)
        if instance is not None:
            return instance
        with holder.lock:
            if holder.instance is not None:
                return holder.instance
            made = self._make()
            if self._shared(made):
                holder.instance = made
            else:
                holder.local.instance = made
            return made

    def clear(self) -> None:
        """Forget the instances, so that they are finalized once nobody uses them."""
        if self._holder.pid == os.getpid():
            self._holder = _Holder(self._holder.inherited)


class _Holder(Generic[_T]):
    """The instances of one process. ``inherited`` keeps those of the parent alive in a forked child: their
    finalizers would wait for an event loop whose thread exists in the parent only."""

    def __init__(self, inherited: _Holder[_T] | None) -> None:
        self.pid = os.getpid()
        self.inherited = inherited
        self.lock = threading.Lock()
        self.instance: _T | None = None
        self.local = threading.local()
