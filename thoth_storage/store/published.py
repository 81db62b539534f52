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

from thoth_storage.errors import ConflictError, CorruptionError, FormatError, NotFoundError, StorageError
from thoth_storage.repository import Repository, Snapshot
from thoth_storage.repository.records import list_keys, read_header
from thoth_storage.store.cache import CacheDirectory
from thoth_storage.store.local_chroma import LocalChroma

if TYPE_CHECKING:
    from chromadb.api.models.Collection import Collection

    from thoth_storage.repository.layout import SnapshotKey

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
        self._base = self._newest()
        self._local = self._hydrate(self._base)[0]

    @property
    def url(self) -> str:
        return self._repository.url

    @contextmanager
    def reading(self) -> Iterator[Collection]:
        """The collection, for as long as the ``with`` block lasts, whatever is restored or closed meanwhile."""
        local = self._local
        while not local.enter():
            self.check_open()
            local = self._local  # a restore has put another in its place
        with local.entered() as collection:
            yield collection

    @contextmanager
    def writing(self) -> Iterator[Collection]:
        """The same for changing it, one writer at a time."""
        with self._writes:
            self.check_open()
            with self._local.use() as collection:
                self._dirty = True
                yield collection

    @contextmanager
    def undisturbed(self) -> Iterator[None]:
        """For a reader: no write is under way while the ``with`` block lasts."""
        with self._writes:
            yield

    def reset(self) -> None:
        """Empty the collection. In a copy, which then takes the old one's place: Chroma fails the readers of a
        collection that is deleted under them."""
        with self._writes:
            self.check_open()
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
        self.check_open()
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
            self.check_open()
            if not self._dirty:
                return None
            snapshot, rival = self._publish(None, tag)
        if rival:
            raise ConflictError(
                f"another process stored the snapshot {rival[:12]} since this one was opened",
                url=self.url,
                hint=f"this state is kept as {snapshot.name!r}; open the store again and add what is missing",
            )
        return snapshot

    def restore(self, wanted: str, at: datetime | None) -> int:
        """Replace the local state by a snapshot's, after keeping what was not published. Number of files."""
        with self._publishing, self._writes:
            self.check_open()
            snapshot_id = self._find(wanted, at)
            if self._dirty:
                self._publish(None, "before-restore")
            local, files = self._hydrate(snapshot_id)
            old, self._local = self._local, local
            # Going back is a decision about all that was published so far, so none of it is a conflict.
            self._base, self._dirty = self._newest(), True
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

    def check_open(self) -> None:
        """Raises StorageError after a close."""
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

    def _publish(self, name: str | None, tag: str) -> tuple[Snapshot, str | None]:
        """Capture with the writers held back, upload without. Also gives the id of a snapshot that another process
        published in between, if any: then ours is marked, so that it does not hide the other's at the next opening.
        """
        with self._publishing:
            self.check_open()
            with self._writes:
                copy = self._local.capture()
                self._dirty = False
            try:
                keys = list_keys(self._repository.backend)
                newest = next(self._line(keys), None)
                rival = newest if newest != self._base else None
                snapshot = self._store(copy, name, tag, rival)
                if not rival:
                    ours = snapshot.id
                    came = [key for key in list_keys(self._repository.backend) if key not in keys and key.id != ours]
                    rival = next(self._line(came), None)
                    if rival:
                        # While ours was uploaded. Mark it now, and only then take back the one without the mark.
                        snapshot = self._store(copy, name, tag, rival)
                        self._withdraw(ours)
            except BaseException:
                self._dirty = True
                raise
            finally:
                shutil.rmtree(copy, ignore_errors=True)
            if not rival:
                self._base = snapshot.id
            return snapshot, rival

    def _store(self, copy: Path, name: str | None, tag: str, rival: str | None) -> Snapshot:
        if not rival:
            return self._repository.backup(copy, name=name, tags=[tag])
        return self._repository.backup(copy, name=name or _stamped(_CONFLICT), tags=[tag, _CONFLICT])

    def _withdraw(self, snapshot_id: str) -> None:
        backend = self._repository.backend
        backend.delete(*(key.key for key in list_keys(backend) if key.id == snapshot_id))

    def _newest(self) -> str | None:
        return next(self._line(list_keys(self._repository.backend)), None)

    def _line(self, keys: list[SnapshotKey]) -> Iterator[str]:
        """The ids among ``keys``, newest first, that openings see. One that cannot be read is among them: to open the
        one before it instead, and to publish over it, would lose it without a word."""
        for key in keys:
            try:
                tags = read_header(self._repository.vault, key).tags
            except NotFoundError:
                continue  # forgotten meanwhile
            except (CorruptionError, FormatError):
                tags = ()
            if _CONFLICT not in tags:
                yield key.id

    def _find(self, wanted: str, at: datetime | None) -> str:
        """``latest`` and a time mean what an opening would see, so never a snapshot that lost a conflict."""
        if at is None and wanted != "latest":
            return self._repository.get(wanted).id
        moment = at.astimezone(UTC) if at else datetime.max.replace(tzinfo=UTC)
        # When each was taken by its writer's clock; the times in keys are there for their order.
        taken = {snapshot.id: snapshot.time for snapshot in self._repository.snapshots()} if at else {}
        keys = [key for key in list_keys(self._repository.backend) if taken.get(key.id, key.time) <= moment]
        for found in self._line(keys):
            return found
        missing = f"no snapshot is as old as {moment.isoformat()}" if at else "the store has no snapshot yet"
        raise NotFoundError(missing, url=self.url)


def _stamped(word: str) -> str:
    return f"{word}-{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}"
