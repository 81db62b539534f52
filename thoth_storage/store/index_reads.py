"""A read of each collection before the first write to it, without which Chroma does writes to the vector index twice.

Where a process opens a directory and writes to a collection before it has read from it, the second read does once more
to the index what the first had done: all that came since the index was last in its files (chromadb 1.5.9, measured; a
read before the write prevents it). Of all writes one comes out otherwise the second time: an update of a row that is
not there, with an ``add`` of that row behind it. The update now finds the row, and gives it a vector that was never its
own. So replicas of one log would differ by when each was read.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from uuid import UUID

from chromadb.errors import ChromaError

from thoth_storage.store.plain_server import unhooked

__all__ = ["IndexReads"]


class IndexReads:
    """Of one server, whatever directory it is in. Used under the writers' lock."""

    def __init__(self) -> None:
        self._place: str | None = None
        """Another state is in another directory."""
        self._read: set[UUID] = set()

    def before_write(self, server: Any, collection: UUID, tenant: str, database: str) -> None:
        """To be called before rows of a collection are written or deleted."""
        place = server.get_settings().persist_directory
        if place != self._place:
            self._read.clear()
            self._place = place
        if collection in self._read:
            return
        with suppress(ChromaError):  # the write itself will tell
            unhooked(server)._count(collection, tenant, database)  # noqa: SLF001 - where every count passes
            self._read.add(collection)
