"""Writers of one log take turns, though none knows of the others before it has lost to one.

Whoever just created an entry needs one request for the next; whoever lost has to read and apply that entry first, so it
comes too late again, and would for as long as the other goes on: measured, 9 writes of one process beside 217 of
another. So a process that writes without a break gives way now and then, for as long as somebody who lost needs to come
first; after each entry where it has lost itself, ever more seldom where nobody comes.
"""

from __future__ import annotations

import time

__all__ = ["Turns"]

_RUN = 48
"""Entries in a row at most: a pause of 3.5 requests after 48 costs a writer that is alone 7 % at the very most."""
_REST = 3.5
"""How long the pause is, in requests: whoever lost is told so, reads, and creates."""
_LONGEST = 0.5
"""Seconds of a pause at most."""


class Turns:
    """Of one process. All of it under the writers' lock, but for ``wait``."""

    def __init__(self) -> None:
        self._run = 0
        """Own entries since the others had time to come first."""
        self._most = 8
        self._ended = 0.0
        """When the last own write was done."""
        self._due = 0.0

    def wait(self) -> None:
        """Until it is this process's turn. The caller holds no lock: readers and checkpoints go on."""
        if (left := self._due - time.monotonic()) > 0:
            time.sleep(left)

    def is_ours(self) -> bool:
        """Whether there is nothing to wait for."""
        return time.monotonic() >= self._due

    @property
    def are_contended(self) -> bool:
        """Whether another process was first lately: then it is cheaper to look than to try and lose."""
        return self._most <= 4

    def won(self, began: float, took: float) -> None:
        """An entry of ours is applied, whose creation began then (``time.monotonic``) and took so many seconds."""
        now = time.monotonic()
        rest = min(_REST * took, _LONGEST)
        self._run = self._run + 1 if began - self._ended < rest else 1
        self._ended = now
        if self._run >= self._most:
            self._due, self._run = now + rest, 0
            self._most = min(2 * self._most, _RUN)

    def lost(self) -> None:
        """Another process was first."""
        self._run, self._most = 0, 1
