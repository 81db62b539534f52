"""A store's part in the shared log: what it writes goes there first, and what others wrote comes from there."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from thoth_storage.log import Log, Tail, look
from thoth_storage.repository import Repository, Snapshot
from thoth_storage.store.applying import Applier
from thoth_storage.store.aside import state_at
from thoth_storage.store.budget import check_room, is_memory_backed
from thoth_storage.store.captured import Captured
from thoth_storage.store.history import find_point
from thoth_storage.store.journal import Journal
from thoth_storage.store.known_collections import KnownCollections
from thoth_storage.store.line import Line
from thoth_storage.store.local_state import LocalState
from thoth_storage.store.publishing import publish_bulk
from thoth_storage.store.recording import Recorder
from thoth_storage.store.replica import BULK, Replica
from thoth_storage.store.start import Start, find_start, start_behind

if TYPE_CHECKING:
    from chromadb.api import ServerAPI

__all__ = ["Shared"]


class Shared:
    """Everything under the writers' lock unless it says otherwise. ``logs``: whether writes are logged one by one, or
    published with checkpoints. ``loads``: whether it is work of this client's alone that is pending."""

    def __init__(self, log: Log, line: Line, state: LocalState, *, logs: bool, loads: bool) -> None:
        self.log = log
        self.logs = logs
        self._loads = loads
        self._line = line
        self._state = state
        self._looks = 0
        """How many looks began."""
        self._seen = 0
        """Which of them was the last that succeeded."""
        self.left_the_line = False
        """Whether the local state is none that the log can go on from."""

    def attach(self, server: ServerAPI, start: Start) -> None:
        """Go on from ``start``, which is what ``server`` has open."""
        self._server = server
        known = KnownCollections(server)
        applier = Applier(server, self._state.handles, known, self._state.index_reads)
        self.replica = Replica(self.log, start.position, self, applier)
        recorder = Recorder(server, self._state.handles, known)
        self.journal = Journal(self.gate, self.replica, recorder, server, self._first, self.check_open)
        with self.gate.writers:
            self.replica.catch_up(start.ahead, BULK)

    # What the replica stands on.

    @property
    def gate(self) -> Any:
        return self._state.gate

    def replace(self, snapshot: str | None) -> None:
        self._state.replace(snapshot)

    def past(self) -> AbstractContextManager[None]:
        return self._state.past()

    def start(self) -> Start:
        return find_start(self._line, self.log)

    def start_behind(self, position: int) -> Start | None:
        return start_behind(self._line, self.log, position)

    def check_room(self, more: int) -> None:
        """Raises CapacityError where so many bytes of entries would not fit."""
        budget, folder = self._state.hydrator.budget, self._state.local.cache.folder
        if budget is not None and (total := self._state.local.size() + more) > budget:
            check_room(folder, total, budget, url=self.log.url)
        if is_memory_backed(folder):
            check_room(folder, more, None, url=self.log.url)

    def check_open(self) -> None:
        """Raises StorageError where the store was closed."""
        self._state.local.check_open(self.log.url)

    def wrote(self, rows: int, size: int) -> None:
        if self._loads:
            self._state.has_more = True
        else:
            self._state.pending.add(rows, size)

    # Verbs.

    def follow(self) -> bool:
        """Take what others have written; whether there was any. The caller holds no lock."""
        with self.gate.writers:
            self.check_open()  # it may have been closed while this waited
            if self.left_the_line or (self._state.strayed and not self.logs):
                self.replica.renew()
                self.left_the_line = False
                return True
            return self._take_stored() or self.replica.catch_up()

    def look_now(self) -> None:
        """See that every write is here that was acknowledged anywhere before this was called. The caller holds no
        lock; of several at once, one asks for all who came before it began."""
        before = self._looks
        with self.gate.writers:
            self.check_open()  # it may have been closed while this waited
            if self._seen > before and not self.replica.broken:
                return
            self._looks += 1
            if not self.left_the_line:
                self.replica.catch_up()
            self._seen = self._looks

    def behind(self) -> int:
        """How many entries others have written that are not here. Needs no lock."""
        position = self.replica.position
        return max(look(self.log.backend, position).last - position, 0)

    def publish(
        self, captured: Captured, position: int, name: str | None, tags: Iterable[str]
    ) -> tuple[Snapshot, str | None]:
        """Store a checkpoint of the state at ``position``; and what came first, if work that was not logged lost. The
        caller holds no writers' lock."""
        if self.logs:
            return self._line.store(captured, name, tags, position=position), None
        return publish_bulk(self._line, self.replica, self.gate.writers, captured, self._state.base, name, tags)

    def set_state(self, snapshot: str) -> None:
        """Log that the state is now that snapshot, and go on in it. Raises ConflictError."""
        with self.gate.writers:
            self.replica.catch_up([self.journal.set_state(snapshot)])

    def pass_over(self) -> None:
        """What others have written is not wanted: the next checkpoint comes behind it."""
        position = self.replica.position
        self.replica.tail = Tail(self.log, max(position, look(self.log.backend, position).last))

    def snapshot_at(self, repository: Repository, at: datetime) -> str | None:
        """A snapshot of the last state that was not made after ``at``, stored now where there is none; None where the
        log knows nothing that old. The caller holds no lock."""
        point = find_point(self._line, self.log, at)
        if point is None:
            return None
        if point.is_snapshot:
            return point.snapshot
        with state_at(point, self.log, self._state.hydrator, self._state.path) as path:
            return repository.backup(path, tags=["restored"], staging=self._state.path).id

    def _first(self) -> str | None:
        """Before the first entry of a log: the snapshot that it has to name as the state that it begins with."""
        self._take_stored()
        return self._state.base

    def _take_stored(self) -> bool:
        """Go on to a directory that somebody stored at a URL where nothing is logged yet; whether there was any."""
        if self.replica.position or self._line.newest_stored() == self._state.base:
            return False
        start = self.start()
        if not start.position and start.snapshot == self._state.base:
            return False
        self.replica.renew(start)
        return True
