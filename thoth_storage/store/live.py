"""A Chroma that is in use and the repository that it comes from and goes to: checkpoints, refresh, restore, close.

Two locks: ``_publishing`` is held for a whole capture and upload, so that whoever returns from a checkpoint can rely on
it; the gate's ``writers`` only while files must not change. Always taken in that order.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from thoth_storage.errors import ConflictError, PermissionError_
from thoth_storage.repository import Snapshot
from thoth_storage.repository.held import HeldError
from thoth_storage.store.capturing import Capture
from thoth_storage.store.gate import Gate, Generation
from thoth_storage.store.handles import Handles
from thoth_storage.store.hooks import hook
from thoth_storage.store.line import Line
from thoth_storage.store.local import Local
from thoth_storage.store.pending import Pending

if TYPE_CHECKING:
    from chromadb.api import ServerAPI

    from thoth_storage.store.cache import CacheDirectory
    from thoth_storage.store.captured import Captured
    from thoth_storage.store.hydration import Hydrator
    from thoth_storage.store.trust import Trust

__all__ = ["LiveStore"]


class LiveStore:
    """The state below one client. ``mode`` is ``"rw"`` or ``"r"``; ``base`` the id of the checkpoint in ``cache``."""

    def __init__(self, hydrator: Hydrator, cache: CacheDirectory, base: str | None, mode: str, trust: Trust) -> None:
        self.repository = hydrator.repository
        self.line = Line(self.repository)
        self.mode = mode
        self.base = base
        self.pending = Pending()
        self.gate = Gate()
        self._hydrator = hydrator
        self._trust = trust
        self._handles = Handles()
        self._publishing = threading.RLock()
        self._disposing: list[threading.Thread] = []
        self._strayed = False
        """Whether the local state has what ``base`` has not, though nothing is pending: then it is not kept as that."""
        self._local = Local(cache)
        self._capture = Capture(self.repository, self._local)

    @property
    def url(self) -> str:
        return self.repository.url

    @property
    def path(self) -> Path:
        """Where Chroma's files are now."""
        return self._local.cache.path

    def attach(self, server: ServerAPI) -> None:
        """Take charge of a server that is open on ``path``."""
        self._local.serve(server)
        self.gate.go_on_in(self._generation(self._local.cache))
        hook(server, self, self.gate, self._trust, self._handles)

    @property
    def pause(self) -> float | None:
        """Seconds for which the last checkpoint held writers back."""
        return self._capture.pause

    def local_bytes(self) -> int:
        """Bytes of the files in the local directory."""
        return self._local.size()

    def abandon(self) -> None:
        """In a forked child: leave all of it to the parent."""
        self._publishing = threading.RLock()
        self.gate.abandon()
        self._local.cache.abandon()

    # What the hooks ask.

    def check_open(self) -> None:
        """Raises StorageError after a close, and in a process that was forked since the opening."""
        self._local.check_open(self.url)

    def before_write(self, rows: int, size: int) -> None:
        self.check_open()
        if self.mode == "r":
            raise PermissionError_("this store is opened read-only", url=self.url, hint='open it with mode="rw"')
        self.pending.add(rows, size)

    # Verbs.

    def checkpoint(self, name: str | None, tags: Iterable[str]) -> Snapshot:
        """A snapshot of the state now. Raises ConflictError if another process published one since this was opened."""
        snapshot, rival = self._publish(name, tags)
        if rival:
            raise ConflictError(
                f"another process stored the snapshot {rival[:12]} since this one was opened",
                url=self.url,
                hint=f"this state is kept as {snapshot.name!r}; refresh, then add what is missing",
            )
        return snapshot

    def backup(self, name: str, tags: Iterable[str]) -> tuple[Snapshot, str | None]:
        """A snapshot whatever others have published; also gives the id of what it does not hold, if anything."""
        return self._publish(name, tags)

    def sync(self, tag: str) -> Snapshot | None:
        """A checkpoint if anything was written."""
        with self._publishing:
            self.check_open()
            return self.checkpoint(None, [tag]) if self.pending else None

    def refresh(self) -> bool:
        """Go on to the newest checkpoint; False if this is it. Raises ConflictError where that would lose writes."""
        with self._publishing:
            self.check_open()
            newest = self.line.newest()
            if newest is None or newest == self.base:
                return False
            self._check_nothing_pending()
            cache = self._hydrator.hydrate(newest, reuse=self.path)
            try:
                with self.gate.writers:
                    self._check_nothing_pending()
                    self._swap(cache)
                    self.base = newest
            except BaseException:
                cache.remove()
                raise
            return True

    def restore(self, wanted: str, at: datetime | None) -> Snapshot:
        """Replace the state by a snapshot's, after keeping what was not published. Searches that are under way end on
        the old state, later ones see the new."""
        with self._publishing, self.gate.writers:
            self.check_open()
            snapshot = self.repository.get(self.line.find(wanted, at))
            if self.pending:
                self._publish(None, ["before-restore"])
            cache = self._hydrator.hydrate(snapshot.id, reuse=self.path)
            try:
                self._swap(cache)
            except BaseException:
                cache.remove()
                raise
            if self.mode == "rw":
                # Going back is a decision about all that was published so far, so none of it is a conflict.
                self.base = self.line.newest()
                self.pending.add(0, 0)
            else:
                self.base = snapshot.id
        return snapshot

    @contextmanager
    def unnoticed(self) -> Iterator[None]:
        """For a write that is no change worth a checkpoint, since every opening makes it anew."""
        with self.gate.writers:
            before = self.pending.take()
            try:
                yield
            finally:
                self._strayed |= self.pending.take() is not None
                if before:
                    self.pending.give_back(before)

    @contextmanager
    def replacing(self) -> Iterator[None]:
        """For changing collections as a whole, with no reader inside; those that are made anew under the same name are
        then found by the objects of the old ones."""
        with self.gate.alone():
            self.check_open()
            names = self._handles.names()
            try:
                yield
            finally:
                self._handles.remember(names)
                self._handles.rebind(self._local.server)

    def close(self, close_client: Callable[[], None]) -> None:
        """Publish and give everything back; left open where publishing failed, but for a conflict."""
        with self._publishing, self.gate.writers:
            if self._local.closed:
                return
            if self._local.is_foreign:
                self._local.closed = True
                return
            try:
                if self.pending and self.mode == "rw":
                    self.sync("close")
            except ConflictError:
                self._shut(None, close_client)
                raise
            self._shut(None if self.pending or self._strayed else self.base, close_client)

    def _shut(self, holds: str | None, close_client: Callable[[], None]) -> None:
        self._local.closed = True
        self._capture.remove()
        with self.gate.alone():
            close_client()
        for thread in self._disposing:
            thread.join()
        self._local.give_back(holds if self._hydrator.limit else None)
        self._hydrator.trim()
        self.repository.close()

    def _swap(self, cache: CacheDirectory) -> None:
        """Let Chroma go on in another directory. Under the writers' lock."""
        with self._handles.settled:
            self._local.move(cache)
            self.gate.go_on_in(self._generation(cache))
            self._capture = Capture(self.repository, self._local)
            self._handles.rebind(self._local.server)
        self.pending.clear()
        self._strayed = False

    def _generation(self, cache: CacheDirectory) -> Generation:
        """Deletes its directory on a thread of its own: who leaves last is a reader who wants to go on."""

        def dispose() -> None:
            thread = threading.Thread(target=cache.remove, name="thoth-dispose")
            self._disposing = [*(each for each in self._disposing if each.is_alive()), thread]
            thread.start()

        return Generation(dispose)

    def _check_nothing_pending(self) -> None:
        if self.pending:
            raise ConflictError(
                "there are writes that no checkpoint has yet", url=self.url, hint="call checkpoint() first"
            )

    def _publish(self, name: str | None, tags: Iterable[str]) -> tuple[Snapshot, str | None]:
        """Capture with the writers held back, upload without. What was written meanwhile stays pending."""
        with self._publishing:
            self.check_open()
            if self.mode == "r":
                raise PermissionError_("this store is opened read-only", url=self.url, hint='open it with mode="rw"')
            labels = tuple(tags)
            try:
                snapshot, rival = self._store(name, labels)
            except HeldError:
                self._capture.forget()
                snapshot, rival = self._store(name, labels)
            if not rival:
                self.base = snapshot.id
            self._strayed = rival is not None
            return snapshot, rival

    def _store(self, name: str | None, tags: tuple[str, ...]) -> tuple[Snapshot, str | None]:
        with self._captured() as captured:
            return self.line.publish(captured, name, tags, self.base)

    @contextmanager
    def _captured(self) -> Iterator[Captured]:
        """A directory that stays as it is. What is pending counts as stored if the ``with`` block ends well."""

        @contextmanager
        def held() -> Iterator[None]:
            with self.gate.writers:
                self.pending.hold()
                yield

        stored = False
        try:
            with self._capture.captured(held, self.base) as captured:
                yield captured
            stored = True
        finally:
            self.pending.release(stored=stored)
