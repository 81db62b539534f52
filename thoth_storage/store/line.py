"""The line of checkpoints at a URL: which is the newest that openings see, and how the next one joins it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from thoth_storage.errors import CorruptionError, FormatError, NotFoundError
from thoth_storage.repository import Repository, Snapshot
from thoth_storage.repository.records import list_keys, read_header, to_snapshot

if TYPE_CHECKING:
    from thoth_storage.repository.layout import SnapshotKey
    from thoth_storage.store.captured import Captured

__all__ = ["BULK_TAG", "Checkpoint", "Line", "stamped"]

_CONFLICT = "conflict"
"""The tag of a snapshot that does not hold what another process published before it; openings pass it over."""


BULK_TAG = "bulk"
"""The tag of a checkpoint of work that was not logged: it counts if the entry at its position says so."""


class Checkpoint(NamedTuple):
    """``position``: the last entry of the write log that it covers; None where it was made without a log. ``time``:
    when it was taken by its writer's clock, None where it cannot be read."""

    id: str
    position: int | None
    is_bulk: bool
    time: datetime | None


class Line:
    """The checkpoints of a repository. One state at a time: what was opened upon a checkpoint that is no longer the
    newest is kept beside the line."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository

    @property
    def url(self) -> str:
        return self._repository.url

    def newest(self) -> str | None:
        """The id of what an opening sees now; None for a store that has no checkpoint yet."""
        return next(self._visible(self._keys()), None)

    def newest_stored(self) -> str | None:
        """What an opening sees where nothing is logged: not work whose entry was never made."""
        return next((each.id for each in self.visible() if not each.is_bulk), None)

    def has(self, snapshot_id: str) -> bool:
        """Whether a snapshot is still there."""
        return any(key.id == snapshot_id for key in self._keys())

    def visible(self) -> Iterator[Checkpoint]:
        """All that openings see, newest first."""
        return self._checkpoints(self._keys())

    def behind(self, base: str | None) -> int:
        """How many checkpoints came after ``base``."""
        count = 0
        for found in self._visible(self._keys()):
            if found == base:
                break
            count += 1
        return count

    def find(self, wanted: str, at: datetime | None) -> str:
        """``latest`` and a time mean what an opening would see, so never a snapshot that lost a conflict."""
        if at is None and wanted != "latest":
            return self._repository.get(wanted).id
        moment = at.astimezone(UTC) if at else datetime.max.replace(tzinfo=UTC)
        # When each was taken by its writer's clock; the times in keys are there for their order.
        taken = {snapshot.id: snapshot.time for snapshot in self._repository.snapshots()} if at else {}
        for found in self._visible(key for key in self._keys() if taken.get(key.id, key.time) <= moment):
            return found
        missing = f"no snapshot is as old as {moment.isoformat()}" if at else "the store has no snapshot yet"
        raise NotFoundError(missing, url=self.url)

    def publish(
        self, captured: Captured, name: str | None, tags: Iterable[str], base: str | None
    ) -> tuple[Snapshot, str | None]:
        """Make a snapshot of a state that was opened upon ``base``. Also gives the id of a checkpoint that another
        process published since, if any: then ours is marked, so that it does not hide the other's at the next
        opening."""
        labels = tuple(tags)
        keys = self._keys()
        newest = next(self._visible(keys), None)
        rival = newest if newest != base else None
        snapshot = self.store(captured, name, labels, rival)
        if not rival:
            ours = snapshot.id
            rival = next(self._visible(key for key in self._keys() if key not in keys and key.id != ours), None)
            if rival:
                # While ours was uploaded. Mark it now, and only then take back the one without the mark.
                snapshot = self.store(captured, name, labels, rival)
                self.withdraw(ours)
        return snapshot, rival

    def store(
        self,
        captured: Captured,
        name: str | None,
        tags: Iterable[str],
        rival: str | None = None,
        position: int | None = None,
    ) -> Snapshot:
        """Make a snapshot; one that does not hold ``rival`` is marked, and has a name."""
        labels = tuple(tags)
        if rival:
            name, labels = name or stamped(_CONFLICT), (*labels, _CONFLICT)
        return self._repository.backup(
            captured.path,
            name=name,
            tags=labels,
            staging=captured.previous,
            held=captured.held,
            position=position,
            contents=captured.contents,
        )

    def withdraw(self, snapshot_id: str) -> None:
        """Delete a snapshot of ours."""
        self._repository.backend.delete(*(key.key for key in self._keys() if key.id == snapshot_id))

    def _keys(self) -> list[SnapshotKey]:
        return list_keys(self._repository.backend)

    def _visible(self, keys: Iterable[SnapshotKey]) -> Iterator[str]:
        return (each.id for each in self._checkpoints(keys))

    def _checkpoints(self, keys: Iterable[SnapshotKey]) -> Iterator[Checkpoint]:
        """Those among ``keys``, newest first, that openings see. One that cannot be read is among them: to open the one
        before it instead, and to publish over it, would lose it without a word."""
        for key in keys:
            tags: tuple[str, ...] = ()
            position, time = None, None
            try:
                header = read_header(self._repository.vault, key)
                tags, position, time = tuple(header.tags), header.position, to_snapshot(header).time
            except NotFoundError:
                if key not in self._keys():
                    continue  # forgotten meanwhile
            except (CorruptionError, FormatError):
                pass
            if _CONFLICT not in tags:
                yield Checkpoint(key.id, position, BULK_TAG in tags, time)


def stamped(word: str) -> str:
    """A name that no other snapshot has."""
    return f"{word}-{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}"
