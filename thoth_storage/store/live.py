"""A Chroma that is in use and the repository that it comes from and goes to: checkpoints, refresh, restore, close.

Two locks: ``_publishing`` is held for a whole capture and upload, so that whoever returns from a checkpoint can rely on
it; the gate's ``writers`` only while files must not change, or the next entry of the log is being decided. Always taken
in that order.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from thoth_storage.errors import ConflictError, PermissionError_
from thoth_storage.repository import Snapshot
from thoth_storage.store.checkpoints import Checkpoints
from thoth_storage.store.hooks import hook
from thoth_storage.store.line import Line
from thoth_storage.store.local_state import LocalState
from thoth_storage.store.shared import Shared

if TYPE_CHECKING:
    from chromadb.api import ServerAPI

    from thoth_storage.log import Log
    from thoth_storage.store.cache import CacheDirectory
    from thoth_storage.store.hydration import Hydrator
    from thoth_storage.store.journal import Journal
    from thoth_storage.store.start import Start
    from thoth_storage.store.trust import Trust

__all__ = ["LiveStore"]


class LiveStore(Checkpoints):
    """The state below one client. ``mode`` is ``"rw"`` or ``"r"``; ``start`` what ``cache`` holds. ``log`` is None for
    a backend on which there can be none, ``logs`` whether each write goes into it."""

    def __init__(
        self,
        hydrator: Hydrator,
        cache: CacheDirectory,
        start: Start,
        mode: str,
        trust: Trust,
        log: Log | None = None,
        *,
        logs: bool = False,
        fresh: bool = False,
    ) -> None:
        self.repository = hydrator.repository
        self.url = self.repository.url
        self.line = Line(self.repository)
        self.mode = mode
        self._state = LocalState(hydrator, cache, start.snapshot)
        self._start = start
        self._trust = trust
        self._fresh = fresh
        self._wrote = False
        """Whether this client wrote anything itself."""
        self._publishing = threading.RLock()
        loads = mode == "rw" and not logs
        self.shared = Shared(log, self.line, self._state, logs=logs, loads=loads) if log else None

    @property
    def path(self) -> Path:
        """Where Chroma's files are now."""
        return self._state.path

    @property
    def pause(self) -> float | None:
        """Seconds for which the last checkpoint held writers back."""
        return self._state.pause

    def attach(self, server: ServerAPI) -> None:
        """Take charge of a server that is open on ``path``, and bring it up to the end of the log."""
        self._state.serve(server)
        if self.shared:
            self.shared.attach(server, self._start)
        hook(server, self, self.gate, self._trust, self._state.handles, self._state.index_reads)

    def local_bytes(self) -> int:
        """Bytes of the files in the local directory."""
        return self._state.local.size()

    def behind(self) -> int:
        """How many entries of the log, or checkpoints where there is none, others have stored since."""
        if self.shared and self.shared.replica.position and not self.shared.left_the_line:
            return self.shared.behind()
        return self.line.behind(self.base)

    def abandon(self) -> None:
        """In a forked child: leave all of it to the parent."""
        self._publishing = threading.RLock()
        self._state.abandon()

    # What the hooks ask.

    @property
    def journal(self) -> Journal | None:
        return self.shared.journal if self.shared and self.is_durable else None

    @property
    def is_whole(self) -> bool:
        return self.shared is None or self.shared.replica.broken is None

    def before_read(self) -> None:
        """Also sees to what the reader is to see."""
        self.check_open()
        if self.shared:
            if self._fresh:
                self.shared.look_now()
            elif self.shared.replica.broken:
                with self.gate.writers:
                    self.check_open()
                    self.shared.replica.mend()

    def check_writable(self) -> None:
        self.check_open()
        if self.mode == "r":
            raise PermissionError_("this store is opened read-only", url=self.url, hint='open it with mode="rw"')
        self._wrote = True

    def wrote(self, rows: int, size: int) -> None:
        self.pending.add(rows, size)

    # Verbs.

    def refresh(self) -> bool:
        """Go on to what others have published; whether there was any. Raises ConflictError where that would lose
        writes."""
        if self.shared and (self.mode == "r" or self.is_durable):
            return self.shared.follow()  # also while a checkpoint is uploaded
        with self._publishing:
            self.check_open()
            if self.shared:
                self._check_nothing_pending()
                return self.shared.follow()
            newest = self.line.newest()
            if newest is None or newest == self.base:
                return False
            self._check_nothing_pending()
            cache = self._state.hydrate(newest)
            with self.gate.writers:
                try:
                    self._check_nothing_pending()
                except BaseException:
                    cache.remove()
                    raise
                self._state.swap(cache, newest)
            return True

    def restore(self, wanted: str, at: datetime | None) -> Snapshot:
        """Replace the state by a snapshot's, or by that at some time, after keeping what no checkpoint has. Searches
        that are under way end on the old state, later ones see the new."""
        with self._publishing:
            self.check_open()
            if self.mode == "r":
                return self._show(self.repository.get(self.line.find(wanted, at)))
            logged = self.shared.snapshot_at(self.repository, at) if self.shared and at else None
            snapshot = self.repository.get(logged or self.line.find(wanted, at))
            if self.is_durable:
                assert self.shared
                if self.pending:
                    self._publish(None, ["before-restore"])
                self.shared.set_state(snapshot.id)
                self._publish(None, ["restored"])
                return snapshot
            with self.gate.writers:
                if self.pending:
                    self._publish(None, ["before-restore"])
                self._state.replace(snapshot.id)
                # Going back is a decision about all that was published so far, so none of it is a conflict.
                self._state.base = self.line.newest()
                if self.shared:
                    self.shared.pass_over()
                self.pending.add(0, 0)
                self._wrote = True
        return snapshot

    def _show(self, snapshot: Snapshot) -> Snapshot:
        """Restore for this reader alone, until it follows the others again."""
        with self.gate.writers:
            self._state.replace(snapshot.id)
            if self.shared:
                self.shared.left_the_line = True
        return snapshot

    def unnoticed(self) -> AbstractContextManager[None]:
        """For a write that is no change worth a checkpoint, since every opening makes it anew."""
        return self._state.unnoticed()

    @contextmanager
    def replacing(self) -> Iterator[None]:
        """For changing collections as a whole, with no reader inside; those that are made anew under the same name are
        then found by the objects of the old ones."""
        self.check_open()
        with self._state.replacing():
            self.check_open()  # it may have been closed while this waited
            yield

    def close(self, close_client: Callable[[], None]) -> None:
        """Publish and give everything back; left open where publishing failed, but for a conflict, or if all is in the
        log anyway."""
        with self._publishing, self.gate.writers:
            if self._state.local.closed:
                return
            if self._state.local.is_foreign:
                self._state.local.closed = True
                return
            try:
                self._publish_last()
            except ConflictError:
                self._shut(None, close_client)
                raise
            is_base = self.is_whole and not (self.pending or self._state.strayed or self._state.has_more)
            self._shut(self.base if is_base else None, close_client)

    def discard(self, close_client: Callable[[], None]) -> None:
        """Close and give everything back, and publish nothing: what no checkpoint and no log has is lost."""
        with self._publishing, self.gate.writers:
            if not self._state.local.closed:
                self._shut(None, close_client)

    def _shut(self, holds: str | None, close_client: Callable[[], None]) -> None:
        self._state.shut(holds, close_client)
        self.repository.close()

    def _check_nothing_pending(self) -> None:
        if self.pending:
            raise ConflictError(
                "there are writes that no checkpoint has yet", url=self.url, hint="call checkpoint() first"
            )
