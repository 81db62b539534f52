"""The local Chroma as what it is: the state after entry n of the shared log.

Whatever comes in, own writes and others', comes as entries, one after the other. An entry that cannot be applied for a
reason of this machine's leaves a state that is none of the log's: it is thrown away, and made anew from a checkpoint.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from thoth_storage.errors import CorruptionError, NotFoundError, StorageError
from thoth_storage.log import Entry, FellBehindError, Log, Tail
from thoth_storage.store.applying import Applier, is_local
from thoth_storage.store.batches import SLICE
from thoth_storage.store.coalescing import calls, coalesce, pieces
from thoth_storage.store.gate import Gate
from thoth_storage.store.operations import State, Told, decode
from thoth_storage.store.start import Start
from thoth_storage.store.trials import Outcome, Trials
from thoth_storage.telemetry import operation

__all__ = ["BULK", "Ground", "LocalFailureError", "Replica"]

_log = logging.getLogger(__name__)
BULK = 2000
"""Rows in one call of Chroma while nobody uses the store yet: a quarter faster than ``SLICE``."""

_ATTEMPTS = 3
"""Fresh states upon which what failed is tried, one after the other, as long as it fails otherwise each time."""


class LocalFailureError(StorageError):
    """An entry could not be applied here, for no fault of its own."""


class Ground(Protocol):
    """What a replica stands on: the directory that Chroma works in."""

    @property
    def gate(self) -> Gate: ...

    def replace(self, snapshot: str | None) -> None:
        """Go on in a fresh directory with the files of that snapshot, or without any."""

    def past(self) -> AbstractContextManager[object]:
        """While it lasts, what was applied here before is applied once more."""

    def start(self) -> Start:
        """Where a new replica would begin now."""

    def start_behind(self, position: int) -> Start | None:
        """Where one would that cannot apply the next entry."""

    def check_room(self, more: int) -> None:
        """Raises CapacityError where so many bytes of entries would not fit."""

    def wrote(self, rows: int, size: int) -> None:
        """So many rows, of so many bytes, are in the state since the last checkpoint."""


class Replica:
    """All of it under the writers' lock."""

    def __init__(self, log: Log, position: int, ground: Ground, applier: Applier) -> None:
        self.log = log
        self.tail = Tail(log, position)
        self._ground = ground
        self._trials = Trials(applier, ground.wrote)
        self._attempts = 0
        self._reached = 0
        self.broken: StorageError | None = None
        """Why the local state is none of the log's."""

    @property
    def position(self) -> int:
        """The number of the last entry that is in the local state."""
        return self.tail.position

    def catch_up(self, ahead: Sequence[Entry] = (), most: int = SLICE, *, once: bool = False) -> bool:
        """Take every entry there is; whether there was any. ``ahead``: the next ones, which were read already; with
        ``once`` no others.

        Raises LocalFailureError, and what ``Tail.read`` raises, with all before the trouble taken.
        """
        if self.broken:
            self.renew()
            return True
        return self._catch_up(ahead, most, once=once)

    def _catch_up(self, ahead: Sequence[Entry], most: int, *, once: bool = False) -> bool:
        taken = False
        while True:
            try:
                entries = ahead or self.tail.read()
            except FellBehindError:
                self.renew()
                return True
            except CorruptionError:
                self.jump()
                return True
            if not entries:
                return taken
            self._ground.check_room(sum(len(each.payload) for each in entries))
            try:
                self.take(entries, most)
            except NotFoundError:
                # The snapshot that one of them makes the state was forgotten: a later checkpoint has what came of it.
                self.renew()
                return True
            except StorageError:
                raise
            except Exception as error:
                self._begin_anew(error)
                return True
            ahead, taken = (), True
            if once or self.tail.is_at_end:
                return True

    def take(self, entries: Sequence[Entry], most: int = SLICE) -> None:
        """Apply entries, the next ones in order. A state that one of them sets makes those before it needless."""
        with operation("replay", self.log.url, entries=len(entries)) as under_way:
            self._take(entries, most)
            under_way.set(position=self.position)

    def _take(self, entries: Sequence[Entry], most: int) -> None:
        told, failure = self._decoded(entries)
        for number in reversed(range(len(told))):
            state = next((each.arguments for each in told[number] if isinstance(each.arguments, State)), None)
            if state:
                with self._whole():
                    self._ground.replace(state.snapshot)
                    self.tail.take(entries[number])
                entries, told = entries[number + 1 :], told[number + 1 :]
                break
        for start, end in pieces(told, most):
            operations = [each for operations in told[start:end] for each in operations]
            with self._apart(operations), self._unbroken():
                for together in coalesce(operations, most):
                    self._trials.together(together)
                self.tail.take(entries[end - 1])
        if failure:
            raise failure

    def take_own(self, entry: Entry, told: Sequence[Told]) -> list[Outcome]:
        """Apply an entry that this process made, and give what Chroma says of each of its operations."""
        with self._apart(told), self._unbroken():
            outcomes = [self._trials.outcome(each) for each in told]
            self.tail.take(entry)
        return outcomes

    def take_own_anew(self, entry: Entry, told: Sequence[Told]) -> list[Outcome] | None:
        """The same where it failed and broke the state. None where a checkpoint of others' has it: nobody saw then what
        Chroma said. Raises LocalFailureError where it fails again."""
        with self._ground.gate.alone():
            ahead = self._go_back()
            if self.position != entry.sequence - 1:
                self.catch_up(ahead, BULK)
                return None
            try:
                return self.take_own(entry, told)
            except Exception as error:
                raise LocalFailureError(
                    f"entry {entry.sequence} is in the log, but could not be applied here: {error}",
                    url=self.log.url,
                    hint="it is written; this process begins anew with the next write or read",
                ) from error

    def renew(self, start: Start | None = None) -> None:
        """Begin anew with the newest checkpoint. Readers wait: they are not to see the past."""
        with self._ground.gate.alone():
            self.catch_up(self._go_back(start), BULK)

    def _go_back(self, start: Start | None = None) -> Sequence[Entry]:
        """A fresh state at ``position`` as it was, or behind it, and entries that come next. What the program's objects
        are called was so at that position, and is not to follow what happened before once more."""
        before = self._reached = max(self._reached, self.position)  # the last attempt may not have come so far
        start = start or self._ground.start()
        broken, self.broken = self.broken, StorageError("the local state is being made anew", url=self.log.url)
        try:
            self._ground.replace(start.snapshot)
        except Exception:
            self.broken = broken  # all is as it was
            raise
        self.tail = Tail(self.log, start.position)
        ahead = start.ahead
        with self._ground.past():
            while self.position < before and (entries := ahead or self.tail.read()):
                self._catch_up([each for each in entries if each.sequence <= before], BULK, once=True)
                ahead = [each for each in entries if each.sequence > self.position]
        self.broken = None
        return ahead

    def _begin_anew(self, error: Exception) -> None:
        """The state is broken. What failed for an unknown reason is tried upon a fresh one at once: does it fail alike
        there, it is a refusal, and an opening that met it first has to come past it. Raises LocalFailureError."""
        if is_local(error) or self._attempts == _ATTEMPTS:
            raise LocalFailureError(
                f"the log could not be applied here: {type(error).__name__}: {error}",
                url=self.log.url,
                hint="this process begins anew with the next write or read",
            ) from error
        self._attempts += 1
        try:
            self.renew()
        finally:
            self._attempts -= 1

    def jump(self) -> None:
        """The next entry is damaged or missing: go on from a later one that sets the state. Called while that error is
        handled, and raises it where there is none."""
        start = self._ground.start_behind(self.position)
        if start is None:
            raise  # noqa: PLE0704 - see above
        self.renew(start)

    def mend(self) -> None:
        """Begin anew where the local state is none of the log's."""
        if self.broken:
            self.renew()

    def _decoded(self, entries: Sequence[Entry]) -> tuple[list[list[Told]], StorageError | None]:
        """The operations of each entry, up to the first that this program cannot read."""
        told: list[list[Told]] = []
        for entry in entries:
            try:
                told.append(decode(entry.payload, url=self.log.url, sequence=entry.sequence))
            except StorageError as error:
                return told, error
        return told, None

    def _apart(self, operations: Sequence[Told]) -> AbstractContextManager[object]:
        """Readers are kept out where they could see a part of an entry: it takes more than one call."""
        if len(operations) > 1 or any(calls(each) > 1 for each in operations):
            return self._ground.gate.alone()
        return nullcontext()

    def _unbroken(self) -> AbstractContextManager[object]:
        return _Unbroken(self._break)

    def _whole(self) -> AbstractContextManager[object]:
        """For what undoes itself where it fails, and only an interrupt leaves half done."""
        return _Unbroken(lambda error: None if isinstance(error, Exception) else self._break(error))

    def _break(self, error: BaseException) -> None:
        self.broken = LocalFailureError(
            f"the log could not be applied here: {type(error).__name__}: {error}",
            url=self.log.url,
            hint="what was written is in the log; this process begins anew with the next write or refresh",
        )
        _log.error("%s", self.broken)


class _Unbroken:
    """Notes a failure in between, whatever it is: an interrupt too leaves half of an entry applied."""

    def __init__(self, failed: Callable[[BaseException], None]) -> None:
        self._failed = failed

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is not None:
            self._failed(error)
