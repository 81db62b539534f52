"""One reader's and writer's place in the log, and how it goes on from there.

A missing entry is the end, or it was truncated while this process slept. To create it then would be to write where
nobody reads. Entries are deleted only when they are older than the grace time, by the service's clock: so whoever saw
less than half of that ago that there was no next entry need not ask, and whoever did not looks at the marks *after*
he has read or created it. (``repository.prune`` is careful in the same way.)
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

from thoth_storage.errors import CorruptionError, NotFoundError
from thoth_storage.log.entry import Entry
from thoth_storage.log.extent import look, truncated
from thoth_storage.log.layout import entry_key
from thoth_storage.log.log import Log

__all__ = ["GRACE", "RUN", "FellBehindError", "Tail"]

GRACE = 3600.0
"""Seconds that an entry is kept at least, by the service's clock."""
_TRUST = GRACE / 2
RUN = 32 * 1024 * 1024
"""Bytes of entries, roughly, that are read before they are handed out."""
_REQUESTS = 8


class FellBehindError(NotFoundError):
    """The next entry was truncated: go on from a newer checkpoint."""


class Tail:
    """``position`` is the number of the last entry that was taken. For one thread at a time."""

    def __init__(self, log: Log, position: int, *, trust: float = _TRUST) -> None:
        self.log = log
        self.position = position
        self._trust = trust
        self._seen: tuple[float, float] | None = None
        """When it was last seen that there is no entry behind ``position``."""

    def read(self) -> list[Entry]:
        """Entries behind ``position``, in order, not taken yet: all to the end, or as many as fit into ``RUN`` bytes.

        Raises FellBehindError; CorruptionError for a damaged entry, or one that is missing though others follow. Those
        before it are handed out first.
        """
        began = _now()
        entries, at_end = self._run()
        if not self._is_fresh():
            behind = truncated(self.log.backend)
            if behind > self.position:
                raise self._fell_behind(behind)
            at_end = at_end and self._is_end(entries)
        if at_end:
            self._seen = began
        return entries

    def append(self, payload: bytes) -> tuple[Entry, bool]:
        """Create the entry behind ``position``, or give the one that another writer created; and whether it is ours. It
        is not taken yet. Raises FellBehindError with nothing written, and what ``Log.create`` raises."""
        began = _now()
        sequence = self.position + 1
        entry, ours = self.log.create(sequence, payload)
        if not self._is_fresh():
            behind = truncated(self.log.backend)
            if behind > self.position:
                if ours:
                    self.log.withdraw(sequence)
                raise self._fell_behind(behind)
        if ours:
            self._seen = began
        return entry, ours

    def take(self, entry: Entry) -> None:
        """It was applied. Entries are taken in order."""
        self.position = entry.sequence

    def _run(self) -> tuple[list[Entry], bool]:
        """Read on, more at once the more there is; and whether the end was seen. To be a little behind costs a request
        for each entry and one more, to be far behind takes eight at a time."""
        entries: list[Entry] = []
        size, at_once = 0, 1
        with ThreadPoolExecutor(_REQUESTS, thread_name_prefix="thoth-log") as pool:
            while size < RUN:
                first = self.position + len(entries) + 1
                numbers = range(first, first + at_once)
                found = [self.log.read(first)] if at_once == 1 else [pool.submit(self.log.read, n) for n in numbers]
                for each in found:
                    try:
                        entry = each if isinstance(each, Entry) or each is None else each.result()
                    except CorruptionError:
                        if entries:
                            return entries, False
                        raise
                    if entry is None:
                        return entries, True
                    entries.append(entry)
                    size += len(entry.payload)
                at_once = min(2 * at_once, _REQUESTS)
        return entries, False

    def _is_end(self, entries: list[Entry]) -> bool:
        """Whether nothing is behind ``entries``. Raises CorruptionError where a missing entry is the very next."""
        end = self.position + len(entries)
        behind = look(self.log.backend, end).entries
        if behind and behind[0].sequence > end + 1 and not entries and self.log.read(end + 1) is None:
            raise CorruptionError(
                f"log entry {end + 1} is missing, though {behind[0].sequence} is there",
                url=self.log.url,
                key=entry_key(end + 1),
                hint="bring the object back, or restore to a checkpoint or a time before it",
            )
        return not behind

    def _is_fresh(self) -> bool:
        if self._seen is None:
            return False
        return max(now - then for now, then in zip(_now(), self._seen, strict=True)) < self._trust

    def _fell_behind(self, behind: int) -> FellBehindError:
        return FellBehindError(
            f"the log was truncated up to entry {behind}, this reader has come to {self.position}",
            url=self.log.url,
            hint="refresh, or open the store again",
        )


def _now() -> tuple[float, float]:
    """Two clocks: one goes on while the machine sleeps, the other is right again after it was moved to another. The
    later one counts; a jump ahead costs one look."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return (time.monotonic() if boot is None else time.clock_gettime(boot)), time.time()
