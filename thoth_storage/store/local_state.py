"""The directory that Chroma works in, and how another one takes its place beneath the program's objects."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from thoth_storage.store.capturing import Capture
from thoth_storage.store.gate import Gate
from thoth_storage.store.handles import Handles
from thoth_storage.store.index_reads import IndexReads
from thoth_storage.store.local import Local
from thoth_storage.store.pending import Pending

if TYPE_CHECKING:
    from chromadb.api import ServerAPI

    from thoth_storage.store.cache import CacheDirectory
    from thoth_storage.store.captured import Captured
    from thoth_storage.store.hydration import Hydrator

__all__ = ["LocalState"]


class LocalState:
    """``base`` is the id of the snapshot that it was made from or last stored as; ``pending`` is what was written
    since."""

    def __init__(self, hydrator: Hydrator, cache: CacheDirectory, base: str | None) -> None:
        self.hydrator = hydrator
        self.base = base
        self.pending = Pending()
        self.gate = Gate()
        self.handles = Handles()
        self.index_reads = IndexReads()
        self.local = Local(cache)
        self.strayed = False
        """Whether the state has what ``base`` has not, though nothing is pending: then it is not kept as that."""
        self.has_more = False
        """Whether it holds entries of others that ``base`` has not, though nothing is pending."""
        self._capture = Capture(hydrator.repository, self.local)
        self._disposing: list[threading.Thread] = []

    @property
    def path(self) -> Path:
        """Where Chroma's files are now."""
        return self.local.cache.path

    @property
    def pause(self) -> float | None:
        """Seconds for which the last capture held writers back."""
        return self._capture.pause

    def serve(self, server: ServerAPI) -> None:
        """``server`` is open on ``path``."""
        self.local.serve(server)
        self.gate.go_on_in(self._disposal(self.local.cache))

    def abandon(self) -> None:
        """In a forked child: leave all of it to the parent."""
        self.gate.abandon()
        self.local.cache.abandon()

    def hydrate(self, snapshot: str | None) -> CacheDirectory:
        """A fresh directory with the files of that snapshot; those of the present state are reused."""
        return self.hydrator.hydrate(snapshot, reuse=self.path)

    def replace(self, snapshot: str | None) -> None:
        """Go on in a fresh directory with the files of that snapshot, or without any. Under the writers' lock."""
        self.swap(self.hydrate(snapshot), snapshot)

    def swap(self, cache: CacheDirectory, base: str | None) -> None:
        """Let Chroma go on in another directory, which is removed where that fails. Under the writers' lock. Searches
        that are under way end on the old state, later ones see the new."""
        try:
            with self.handles.settled:
                self.local.move(cache)
                self.gate.go_on_in(self._disposal(cache))
                self._capture = Capture(self.hydrator.repository, self.local)
                self.handles.rebind(self.local.server)
        except BaseException:
            cache.remove()
            raise
        self.pending.clear()
        self.base = base
        self.strayed = self.has_more = False

    @contextmanager
    def replacing(self) -> Iterator[None]:
        """For changing collections as a whole, with no reader inside; those that are made anew under the same name are
        then found by the objects of the old ones."""
        with self.gate.alone():
            names = self.handles.names()
            try:
                yield
            finally:
                if not self.local.closed:
                    self.handles.remember(names)
                    self.handles.rebind(self.local.server)

    @contextmanager
    def past(self) -> Iterator[None]:
        """For applying once more what was applied before: the program's objects are called afterwards what they are
        now, and mean the collections of those names."""
        names = self.handles.names()
        try:
            yield
        finally:
            with self.handles.settled:
                self.handles.remember(names, anyway=True)
                self.handles.rebind(self.local.server)

    @contextmanager
    def unnoticed(self) -> Iterator[None]:
        """For a write that is no change worth a checkpoint, since every opening makes it anew."""
        with self.gate.writers:
            before = self.pending.take()
            try:
                yield
            finally:
                self.strayed |= self.pending.take() is not None
                if before:
                    self.pending.give_back(before)

    @contextmanager
    def captured(self, when_held: Callable[[], None]) -> Iterator[Captured]:
        """A directory that stays as it is. What is pending counts as stored if the ``with`` block ends well.
        ``when_held`` is called while writers wait."""

        @contextmanager
        def held() -> Iterator[None]:
            with self.gate.writers:
                self.pending.hold()
                when_held()
                yield

        stored = False
        try:
            with self._capture.captured(held, self.base) as captured:
                yield captured
            stored = True
        finally:
            self.pending.release(stored=stored)

    def forget_stored(self) -> None:
        """What the repository was believed to have, it has not."""
        self._capture.forget()

    def shut(self, holds: str | None, close_client: Callable[[], None]) -> None:
        """Close Chroma to the last file; the directory is kept for a later opening if it ``holds`` just what that
        snapshot does."""
        self.local.closed = True
        self._capture.remove()
        with self.gate.alone():
            close_client()
        for thread in self._disposing:
            thread.join()
        self.local.give_back(holds if self.hydrator.limit else None)
        self.hydrator.trim()

    def _disposal(self, cache: CacheDirectory) -> Callable[[], None]:
        """Deletes its directory on a thread of its own: who leaves last is a reader who wants to go on."""

        def dispose() -> None:
            thread = threading.Thread(target=cache.remove, name="thoth-dispose")
            self._disposing = [*(each for each in self._disposing if each.is_alive()), thread]
            thread.start()

        return dispose
