"""A read before a write, where Chroma would else apply an update twice.

After a collection is opened, the second read applies to the vector index once more what the first had applied (chromadb
1.5.9, measured; 1.5.2 too). Of all writes only one comes out otherwise the second time: an update of a row that is not
there, with an ``add`` of that row behind it. The update now finds the row, and gives it a vector that was never its
own. So replicas of one log would differ by when each was read. A read between the two prevents it.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from uuid import UUID

from chromadb.errors import ChromaError

from thoth_storage.store.plain_server import unhooked

__all__ = ["IndexReads"]

_UPDATE, _ADD = "_update", "_add"


class IndexReads:
    """Of one server, whatever directory it is in. Used under the writers' lock."""

    def __init__(self) -> None:
        self._place: str | None = None
        self._settled: set[UUID] = set()
        """Collections to which no update came since they were read."""

    def before(self, server: Any, name: str, arguments: dict[str, Any]) -> None:
        """To be called before ``name``, which is a method of the server, with the arguments of that."""
        if name not in (_UPDATE, _ADD):
            return
        place = server.get_settings().persist_directory
        if place != self._place:
            self._settled.clear()
            self._place = place
        collection = arguments["collection_id"]
        if name == _UPDATE:
            self._settled.discard(collection)
        elif collection not in self._settled:
            where = {each: arguments[each] for each in ("tenant", "database") if each in arguments}
            with suppress(ChromaError):  # the write itself will tell
                unhooked(server)._count(collection, **where)  # noqa: SLF001 - where every count passes
                self._settled.add(collection)
