"""Brings a snapshot into a local directory: checked for room first, every block verified, what is there already
reused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from thoth_storage.repository import Progress, Repository
from thoth_storage.store.budget import check_room
from thoth_storage.store.cache import CacheDirectory, trim
from thoth_storage.telemetry import operation

__all__ = ["Hydrator"]


@dataclass(frozen=True)
class Hydrator:
    """Makes local directories below ``root`` for one store. ``limit``: bytes that directories which are kept for later
    may take; ``budget``: those that this store may take on this machine."""

    repository: Repository
    root: Path
    limit: int
    budget: int | None = None
    progress: Callable[[Progress], None] | None = None

    def hydrate(self, snapshot: str | None, reuse: Path | None = None) -> CacheDirectory:
        """A directory with the files of ``snapshot``, or for None without any, that no Chroma has opened yet.

        One that was kept by an earlier run is taken as it is where it holds that very snapshot, else its blocks are
        reused, or those below ``reuse``. It is left as it was where that fails.
        """
        with operation("hydrate", self.repository.url, snapshot=snapshot):
            return self._hydrate(snapshot, reuse)

    def _hydrate(self, snapshot: str | None, reuse: Path | None) -> CacheDirectory:
        cache = CacheDirectory(self.root, self.repository.url, warm=reuse is None)
        try:
            if snapshot and cache.snapshot != snapshot:
                self._fetch(snapshot, cache, reuse or (cache.path if cache.snapshot else None))
            elif cache.snapshot and not snapshot:
                cache.remove()
                cache = CacheDirectory(self.root, self.repository.url)
            cache.begin()
            self.trim()
        except BaseException:
            cache.give_up()
            raise
        return cache

    def trim(self) -> None:
        """Keep to the limit."""
        trim(self.root, self.limit)

    def _fetch(self, snapshot: str, cache: CacheDirectory, reuse: Path | None) -> None:
        check_room(cache.folder, self.repository.get(snapshot).size, self.budget, url=self.repository.url)
        overwrite = cache.path.exists()
        # Not waited for: who loses power fetches it again, and one that is kept for later is flushed then.
        self.repository.restore(
            snapshot, cache.path, overwrite=overwrite, reuse=reuse, progress=self.progress, durable=False
        )
        cache.snapshot = snapshot
