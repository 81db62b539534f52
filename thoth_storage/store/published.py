"""A local Chroma and the repository that it comes from and goes to: hydrated, captured, published, restored, closed."""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from thoth_storage.errors import ConflictError, NotFoundError, StorageError
from thoth_storage.repository import Repository, Snapshot
from thoth_storage.store.cache import CacheDirectory
from thoth_storage.store.local_chroma import LocalChroma

if TYPE_CHECKING:
    from chromadb.api.models.Collection import Collection

__all__ = ["PublishedChroma"]

_T = TypeVar("_T")
_log = logging.getLogger(__name__)
_CONFLICT = "conflict"
"""The tag of a snapshot that does not hold what another process published before it; openings pass it over."""


class PublishedChroma:
    """Opening restores the newest snapshot; publishing makes the next one.

    ``open_local`` opens Chroma on a cache directory. Two locks: ``_publishing`` is held for a whole capture and upload,
    so that whoever returns from ``sync`` can rely on it; ``_writes`` only while files must not change. Always taken in
    that order.
    """

    def __init__(
        self, repository: Repository, cache_root: Path, open_local: Callable[[CacheDirectory], LocalChroma]
    ) -> None:
        self._repository = repository
        self._cache_root = cache_root
        self._open_local = open_local
        self._publishing = threading.RLock()
        self._writes = threading.RLock()
        self._dirty = False
        self._closed = False
        newest = self._newest()
        self._base = newest.id if newest else None
        self._local = self._hydrate(self._base)[0]

    @property
    def url(self) -> str:
        return self._repository.url

    @contextmanager
    def reading(self) -> Iterator[Collection]:
        """The collection, for as long as the ``with`` block lasts, whatever is restored or closed meanwhile."""
        local = self._local
        while not local.enter():
            self._check_open()
            local = self._local  # a restore has put another in its place
        with local.entered() as collection:
            yield collection

    @contextmanager
    def writing(self) -> Iterator[Collection]:
        """The same for changing it, one writer at a time."""
        with self._writes:
            self._check_open()
            with self._local.use() as collection:
                self._dirty = True
                yield collection

    def reset(self) -> None:
        """Empty the collection. In a copy, which then takes the old one's place: Chroma fails the readers of a
        collection that is deleted under them."""
        with self._writes:
            self._check_open()
            local, _ = self._open_new(lambda path: self._local.capture().rename(path))
            try:
                local.reset()
            except BaseException:
                local.retire()
                raise
            old, self._local, self._dirty = self._local, local, True
        old.retire()

    def snapshots(self) -> list[Snapshot]:
        """All snapshots at the URL, newest first."""
        self._check_open()
        return self._repository.snapshots()

    def backup(self, name: str | None) -> Snapshot:
        """A snapshot under a name, whatever others have published: that is told in the log."""
        snapshot, rival = self._publish(name or _stamped("backup"), "backup")
        if rival:
            _log.warning("%s: %s does not hold what others stored since this was opened", self.url, snapshot.name)
        return snapshot

    def sync(self, tag: str) -> Snapshot | None:
        """A snapshot if anything was written. Raises ConflictError if another process published in between."""
        with self._publishing:
            self._check_open()
            if not self._dirty:
                return None
            snapshot, rival = self._publish(None, tag)
        if rival:
            raise ConflictError(
                f"another process stored the snapshot {rival.id[:12]} since this one was opened",
                url=self.url,
                hint=f"this state is kept as {snapshot.name!r}; open the store again and add what is missing",
            )
        return snapshot

    def restore(self, wanted: str, at: datetime | None) -> int:
        """Replace the local state by a snapshot's, after keeping what was not published. Number of files."""
        with self._publishing, self._writes:
            self._check_open()
            snapshot = self._find(wanted, at)
            if self._dirty:
                self._publish(None, "before-restore")
            local, files = self._hydrate(snapshot.id)
            old, self._local = self._local, local
            # Going back is a decision about all that was published so far, so none of it is a conflict.
            newest = self._newest()
            self._base, self._dirty = newest.id if newest else None, True
        old.retire()
        return files

    def close(self) -> None:
        """Publish and give everything back; left open where publishing failed, but for a conflict."""
        with self._publishing, self._writes:
            if self._closed:
                return
            try:
                self.sync("close")
            except ConflictError:
                self._shut()
                raise
            self._shut()

    def _check_open(self) -> None:
        if self._closed:
            raise StorageError("the store is closed", url=self.url, hint="open it again")

    def _shut(self) -> None:
        self._closed = True
        self._local.retire()
        self._repository.close()

    def _hydrate(self, snapshot_id: str | None) -> tuple[LocalChroma, int]:
        return self._open_new(lambda path: self._repository.restore(snapshot_id, path).files if snapshot_id else 0)

    def _open_new(self, fill: Callable[[Path], _T]) -> tuple[LocalChroma, _T]:
        """Chroma on a fresh directory, after ``fill`` has put there what it shall start from."""
        cache = CacheDirectory(self._cache_root, self.url)
        try:
            filled = fill(cache.path)
            return self._open_local(cache), filled
        except BaseException:
            cache.remove()
            raise

    def _publish(self, name: str | None, tag: str) -> tuple[Snapshot, Snapshot | None]:
        """Capture with the writers held back, upload without. Also gives the snapshot that another process published in
        between, if any: then ours is marked, so that it does not hide the other's at the next opening.
        """
        with self._publishing:
            self._check_open()
            with self._writes:
                copy = self._local.capture()
                self._dirty = False
            try:
                newest = self._newest()
                rival = newest if newest and newest.id != self._base else None
                if rival and name is None:
                    name = _stamped(_CONFLICT)
                snapshot = self._repository.backup(copy, name=name, tags=[tag, _CONFLICT] if rival else [tag])
            except BaseException:
                self._dirty = True
                raise
            finally:
                shutil.rmtree(copy, ignore_errors=True)
            if not rival:
                self._base = snapshot.id
            return snapshot, rival

    def _newest(self) -> Snapshot | None:
        return next(iter(self._published()), None)

    def _published(self) -> list[Snapshot]:
        return [snapshot for snapshot in self._repository.snapshots() if _CONFLICT not in snapshot.tags]

    def _find(self, wanted: str, at: datetime | None) -> Snapshot:
        """``latest`` and a time mean what an opening would see, so never a snapshot that lost a conflict."""
        if at is None and wanted != "latest":
            return self._repository.get(wanted)
        moment = at.astimezone(UTC) if at else datetime.max.replace(tzinfo=UTC)
        for snapshot in self._published():
            if snapshot.time <= moment:
                return snapshot
        missing = f"no snapshot is as old as {moment.isoformat()}" if at else "the store has no snapshot yet"
        raise NotFoundError(missing, url=self.url)


def _stamped(word: str) -> str:
    return f"{word}-{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}"
