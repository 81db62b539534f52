"""Is there one order of all calls that explains every answer, and in which a call that ended before another began comes
first? Wing and Gong's search with Lowe's memory of what was tried, as porcupine does it.

It knows nothing of the log, so it finds what a log in the right order would hide: a reader that was shown the past.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tests.shared.model import Row, Write, effect

__all__ = ["Event", "is_linearizable"]


@dataclass(frozen=True)
class Event:
    """A call, as far as one row is concerned: a ``write``, or (None) a read that was answered ``value``. Times on one
    clock. A write that failed and may have been done all the same returned at ``math.inf``: it takes its place
    somewhere behind its beginning, or none at all."""

    called: float
    returned: float
    write: Write | None = None
    value: Row | None = None


def is_linearizable(name: str, events: Iterable[Event]) -> bool:
    """Whether the calls on the row ``name``, which was not there before, can be put into one such order."""
    history = sorted(events, key=lambda each: (each.called, each.returned))
    required = sum(1 << place for place, each in enumerate(history) if each.returned < math.inf)
    tried: dict[tuple[int, Row | None], list[int]] = {}
    ahead: list[tuple[int, Row | None]] = [(0, None)]
    while ahead:
        done, row = ahead.pop()
        done = _with_reads(history, done, row)
        if done & required == required:
            return True
        if _is_needless(done & ~required, tried.setdefault((done & required, row), [])):
            continue
        found = []
        for place in _next(history, done):
            write = history[place].write
            now = effect(write, name, row) if write else row
            # One that may never have been done need not be where it does nothing.
            if write and (now != row or required >> place & 1):
                found.append((place, (done | 1 << place, now)))
        found.sort(key=lambda each: (required >> each[0] & 1, -each[0]))  # the last is tried first
        ahead += [state for _, state in found]
    return False


def _is_needless(spent: int, tried: list[int]) -> bool:
    """Whether the same was reached before with no other of the writes spent that may be done at any time: with more of
    them to spare all is possible that is possible now."""
    if any(each & spent == each for each in tried):
        return True
    tried[:] = [each for each in tried if each & spent != spent]
    tried.append(spent)
    return False


def _next(history: Sequence[Event], done: int) -> list[int]:
    """Calls that may come next: those that began before any that is still to come had ended."""
    found: list[int] = []
    earliest = math.inf
    for place, each in enumerate(history):
        if each.called > earliest:
            break
        if not done >> place & 1:
            found.append(place)
            earliest = min(earliest, each.returned)
    return [place for place in found if history[place].called <= earliest]


def _with_reads(history: Sequence[Event], done: int, row: Row | None) -> int:
    """Reads that may come next and are answered right change nothing: to put them first loses no order."""
    while True:
        fitting = sum(
            1 << place for place in _next(history, done) if history[place].write is None and history[place].value == row
        )
        if not fitting:
            return done
        done |= fitting
