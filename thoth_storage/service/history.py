"""What was kept of a store so far: its snapshots, its collections, its restore drills. Takes a few requests to the
URL, so it is looked at rarely, and once for all who ask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from thoth_storage.errors import StorageError
from thoth_storage.service import documents
from thoth_storage.service.lifecycle import StoreKeeper
from thoth_storage.service.watching import Watch

if TYPE_CHECKING:
    from thoth_storage.repository import Snapshot
    from thoth_storage.store.drill import Drills

__all__ = ["History", "Past"]

_KEEP = 2.0


@dataclass(frozen=True)
class History:
    """``snapshots`` newest first; ``drills`` None where they cannot be read."""

    snapshots: list[Snapshot]
    collections: list[dict[str, Any]]
    drills: Drills | None

    @property
    def size(self) -> int:
        """Bytes that all snapshots have together, each counted whole."""
        return sum(each.size for each in self.snapshots)

    @property
    def added(self) -> int:
        """Bytes that had to be stored for them."""
        return sum(each.added for each in self.snapshots)


class Past:
    """Looks when it is asked."""

    def __init__(self, keeper: StoreKeeper) -> None:
        self._keeper = keeper
        self._watch = Watch(self._look, keep=_KEEP, patience=5)

    async def see(self, keep: float | None = None) -> History | None:
        """At most ``keep`` seconds old, else two; None where there is no store or no answer. Raises StorageError."""
        return await self._watch.see(keep) if self._keeper.is_open else None

    def _look(self) -> History:
        from thoth_storage.store.drill import last_drills

        store = self._keeper.store()
        try:
            drills = last_drills(store.client.live.repository)
        except StorageError:
            drills = None
        return History(store.client.snapshots(), documents.collections(store), drills)
