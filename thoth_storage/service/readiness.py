"""Whether an instance may be sent requests, and what of the store stands in metrics: one cheap look for both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from thoth_storage.errors import StorageError
from thoth_storage.service.lifecycle import StoreKeeper
from thoth_storage.service.watching import Watch

if TYPE_CHECKING:
    from thoth_storage.store.status import StoreStatus


__all__ = ["Readiness", "Seen"]

_KEEP, _PATIENCE = 2.0, 2.0


@dataclass(frozen=True)
class Seen:
    """``documents`` of the collection; None where they could not be counted."""

    status: StoreStatus
    documents: int | None


class Readiness:
    """Asks the URL once in two seconds at most. Reasons are short and name no place: everybody may read them."""

    def __init__(self, keeper: StoreKeeper, max_behind: int) -> None:
        self._keeper = keeper
        self._max_behind = max_behind
        self._watch = Watch(self.look, keep=_KEEP, patience=_PATIENCE)

    def look(self) -> Seen:
        """A fresh look, which takes a request to the URL. Raises UnavailableError while there is no store."""
        store = self._keeper.store()
        status = store.client.status()
        try:
            return Seen(status, store.get_document_count())
        except StorageError:
            return Seen(status, None)

    async def seen(self) -> Seen | None:
        """The last look; None where there is no store or no answer."""
        if not self._keeper.is_open:
            return None
        try:
            return await self._watch.see()
        except StorageError:
            return None

    async def reasons(self) -> list[str]:
        """Why not; empty for ready."""
        keeper = self._keeper
        if keeper.stopping:
            return ["this instance is being stopped"]
        if not keeper.is_open:
            return [_opening(keeper)]
        seen = await self.seen()
        if seen is None or seen.status.behind is None:
            return ["the storage does not answer"]
        if seen.status.behind > self._max_behind:
            return [f"{seen.status.behind} entries of the log are not applied yet; {self._max_behind} may be"]
        return [] if seen.documents is not None else ["the store does not answer"]


def _opening(keeper: StoreKeeper) -> str:
    if keeper.problem:
        return f"the store could not be opened yet ({type(keeper.problem).__name__}), and it is tried again"
    progress = keeper.progress
    part = f": {progress.done * 100 // progress.total} % are here" if progress and progress.total else ""
    return f"the store is being opened{part}"
