"""One reader's and writer's place in the log, and how it goes on from there.

A missing entry is the end, or it was truncated while this process slept. To create it then would be to write where
nobody reads. Entries are deleted only when they are older than the grace time, by the service's clock: so whoever saw
less than half of that ago that there was no next entry need not ask, and whoever did not looks at the marks *after*
he has read or created it. (``repository.prune`` is careful in the same way.)
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from thoth_storage.errors import CorruptionError, FormatError, NotFoundError, StorageError, UnavailableError
from thoth_storage.log import clock
from thoth_storage.log.clock import GRACE
from thoth_storage.log.entry import Entry
from thoth_storage.log.extent import look, truncated
from thoth_storage.log.layout import entry_key
from thoth_storage.log.log import Log
from thoth_storage.telemetry import ThreadPool, operation

__all__ = ["GRACE", "RUN", "FellBehindError", "Tail"]

RUN = 32 * 1024 * 1024
"""Bytes of entries, roughly, that are read before they are handed out."""
_REQUESTS = 8


class FellBehindError(NotFoundError):
    """The next entry was truncated: go on from a newer checkpoint."""


class Tail:
    """``position`` is the number of the last entry that was taken. For one thread at a time.

    ``trust``: seconds for which it is believed that the end is where it was seen, ``clock.TRUST`` at most.
    """

    def __init__(self, log: Log, position: int, *, trust: float = clock.TRUST) -> None:
        self.log = log
        self.position = position
        self._trust = trust
        self._nonce = b""
        """That of the last entry that was taken, where it is known."""
        self._seen: tuple[int, clock.Moment] | None = None
        """Behind the entry of this number there was none at this moment. It says nothing to who is not there yet."""

    def read(self) -> list[Entry]:
        """Entries behind ``position``, in order, not taken yet: all to the end, or as many as fit into ``RUN`` bytes.

        Raises FellBehindError; CorruptionError for a damaged entry, or one that is missing though others follow;
        FormatError, and what the backend raises. Those before it are handed out first.
        """
        began = clock.now()
        entries, trouble, at_end = self._run()
        entries, trouble, at_end = self._continuous(entries, trouble, at_end)
        end = self.position + len(entries)
        if trouble and not entries and not isinstance(trouble, CorruptionError | FormatError):
            raise trouble
        if not self._is_fresh():
            if at_end:
                at_end = self._is_end(end)
            else:
                self._check_marks()
        if trouble and not entries:
            raise trouble
        if at_end:
            self._seen = end, began
        return entries

    def append(self, payload: bytes) -> tuple[Entry, bool]:
        """Create the entry behind ``position``, or give the one that another writer created; and whether it is ours. It
        is not taken yet.

        Raises FellBehindError, and CorruptionError where the next entry is missing though others follow, with nothing
        written; and what ``Log.create`` raises.
        """
        with operation("append", self.log.url, bytes=len(payload)) as under_way:
            entry, ours = self._append(payload)
            under_way.set(sequence=entry.sequence, ours=ours)
        return entry, ours

    def _append(self, payload: bytes) -> tuple[Entry, bool]:
        self.log.check_writable()
        began = clock.now()
        if not self._is_fresh() and self._is_end(self.position):
            self._seen = self.position, began
        began = clock.now()
        try:
            entry, ours = self.log.create(self.position + 1, payload, self._nonce)
        except (CorruptionError, FormatError):
            if not self._is_fresh():
                self._check_marks()
            raise
        if not self._is_fresh():
            self._check_created(entry, ours, began)
        if ours:
            self._seen = self.position, began
        else:
            self._check_before(entry)
        return entry, ours

    @property
    def is_at_end(self) -> bool:
        """Whether there was nothing behind ``position`` when it was last looked."""
        return self._seen is not None and self._seen[0] == self.position

    def take(self, entry: Entry) -> None:
        """It was applied. Entries are taken in order."""
        self.position, self._nonce = entry.sequence, entry.nonce

    def _run(self) -> tuple[list[Entry], StorageError | None, bool]:
        """Read on, more at once the more there is; what stopped it; and whether that was the end. To be a little behind
        costs a request for each entry and one more, to be far behind takes eight at a time."""
        entries: list[Entry] = []
        size, at_once = 0, 1
        with ThreadPool(_REQUESTS, thread_name_prefix="thoth-log") as pool:
            while size < RUN:
                first = self.position + len(entries) + 1
                numbers = range(first, first + at_once)
                found = [self._try(first)] if at_once == 1 else list(pool.map(self._try, numbers))
                for number, each in enumerate(found):
                    if isinstance(each, StorageError):
                        return entries, each, False
                    if each is None:
                        return entries, None, self._ends(found[number:])
                    entries.append(each)
                    size += len(each.payload)
                at_once = min(2 * at_once, _REQUESTS)
        return entries, None, False

    def _continuous(
        self, entries: list[Entry], trouble: StorageError | None, at_end: bool
    ) -> tuple[list[Entry], StorageError | None, bool]:
        """As far as each goes on from the one before it: one that was deleted by hand may have been written anew."""
        if entries:
            self._check_before(entries[0])
        for number in range(1, len(entries)):
            if not _goes_on(entries[number - 1].nonce, entries[number]):
                return entries[:number], self._torn(entries[number]), False
        return entries, trouble, at_end

    def _check_before(self, entry: Entry) -> None:
        """Raises CorruptionError where the next entry was written behind another one than that which is there, and
        FellBehindError where it is this reader who applied another."""
        if _goes_on(self._nonce, entry):
            return
        there = self.log.read(self.position)
        if there is not None and there.nonce == self._nonce:
            raise self._torn(entry)
        raise FellBehindError(
            f"entry {self.position} of the log is another than the one that was applied here",
            url=self.log.url,
            key=entry_key(self.position),
            hint="objects of the log were deleted; refresh, or open the store again",
        )

    def _torn(self, entry: Entry) -> CorruptionError:
        return CorruptionError(
            f"log entry {entry.sequence} was written behind another entry {entry.sequence - 1} than is there now",
            url=self.log.url,
            key=entry_key(entry.sequence),
            hint="objects of the log were deleted; choose a state: thoth-storage log --set-state SNAPSHOT",
        )

    def _try(self, sequence: int) -> Entry | StorageError | None:
        try:
            return self.log.read(sequence)
        except StorageError as error:
            return error

    def _ends(self, found: Sequence[Entry | StorageError | None]) -> bool:
        """Whether a missing entry is the end, by those that were asked for with it. Where one is there, it is a hole,
        or they were stored just now: the next look tells."""
        if all(each is None for each in found):
            return True
        self._seen = None
        return False

    def _is_end(self, end: int) -> bool:
        """Whether nothing is behind entry ``end``. Raises FellBehindError, and CorruptionError where a missing entry is
        the very next."""
        extent = look(self.log.backend, end)
        self._check(extent.truncated)
        if not extent.entries:
            return True
        first = extent.entries[0].sequence
        if end == self.position and first > end + 1 and self.log.read(end + 1) is None:
            self._check_marks()
            raise CorruptionError(
                f"log entry {end + 1} is missing, though {first} is there",
                url=self.log.url,
                key=entry_key(end + 1),
                hint="bring the object back, or restore to a checkpoint or a time before it",
            )
        return False

    def _check_created(self, entry: Entry, ours: bool, began: clock.Moment) -> None:
        """Take an entry back that was created where entries had been truncated."""
        behind = truncated(self.log.backend)
        if behind <= self.position:
            return
        if ours:
            with suppress(StorageError):  # nobody reads it, and the next truncation deletes it
                self.log.withdraw(entry.sequence)
        if clock.since(began) >= clock.TRUST:
            # An attempt whose reply was lost may have stored it in time: read by others, and truncated since.
            raise UnavailableError(
                "this process slept while it wrote to the log, which was truncated meanwhile",
                url=self.log.url,
                hint="it may be written or not: open the store again and look",
            )
        raise self._fell_behind(behind)

    def _is_fresh(self) -> bool:
        return self._seen is not None and self.position >= self._seen[0] and clock.since(self._seen[1]) < self._trust

    def _check_marks(self) -> None:
        self._check(truncated(self.log.backend))

    def _check(self, behind: int) -> None:
        if behind > self.position:
            raise self._fell_behind(behind)

    def _fell_behind(self, behind: int) -> FellBehindError:
        return FellBehindError(
            f"the log was truncated up to entry {behind}, this reader has come to {self.position}",
            url=self.log.url,
            hint="refresh, or open the store again",
        )


def _goes_on(nonce: bytes, entry: Entry) -> bool:
    """Whether an entry was written behind that of ``nonce``, as far as both are known."""
    return not nonce or not entry.before or nonce == entry.before
