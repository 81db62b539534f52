"""The tools that a client of MCP sees. Their docstrings are what a model reads before it calls one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from thoth_storage.errors import InvalidArgumentError
from thoth_storage.service import documents as rows
from thoth_storage.service.lifecycle import StoreKeeper

__all__ = ["Tool", "Tools"]

Tool = Callable[..., dict[str, Any]]


class Tools:
    """All of them block. ``reading``, ``adding`` (the same call again changes nothing), ``saving`` and ``replacing``
    (which may take away what is there)."""

    def __init__(self, keeper: StoreKeeper) -> None:
        self._keeper = keeper
        self.reading: tuple[Tool, ...] = (
            self.search,
            self.get_documents,
            self.list_collections,
            self.status,
            self.list_backups,
        )
        self.adding: tuple[Tool, ...] = (self.add_documents,)
        self.saving: tuple[Tool, ...] = (self.backup,)
        self.replacing: tuple[Tool, ...] = (self.delete_documents, self.restore)

    def search(self, query: str, n_results: int = 5, where: dict[str, Any] | None = None) -> dict[str, Any]:
        """Find the documents nearest in meaning to a text, best first: results of id, document, metadata and distance
        (smaller is nearer). where filters by metadata, as {"author": "Ada"} or {"year": {"$gte": 2020}}."""
        return {"results": rows.find(self._keeper.store(), query, n_results, where)}

    def get_documents(
        self, ids: list[str] | None = None, where: dict[str, Any] | None = None, limit: int = 100
    ) -> dict[str, Any]:
        """Get documents by their ids or by a filter of their metadata, at most limit (up to 1000): id, document and
        metadata of each."""
        return {"documents": rows.get(self._keeper.store(), ids, where, limit)}

    def list_collections(self) -> dict[str, Any]:
        """List the collections of the store, with how many documents each has."""
        return {"collections": rows.collections(self._keeper.store())}

    def status(self) -> dict[str, Any]:
        """Tell how the store is doing: documents, newest checkpoint, position in the write log, entries of it that are
        not applied here yet (behind), rows that no checkpoint has (pending)."""
        return rows.status(self._keeper.store())

    def list_backups(self) -> dict[str, Any]:
        """List the names of the backups, newest first."""
        return {"backups": self._keeper.store().list_backups()}

    def add_documents(
        self,
        documents: list[str],
        ids: list[str] | None = None,
        metadatas: list[dict[str, Any] | None] | None = None,
    ) -> dict[str, Any]:
        """Store documents, durable when this returns, and get their ids. An id that exists is replaced. Without ids
        they are made of document and metadata, so that the same call again stores nothing twice."""
        with self._keeper.writing() as store:
            added = rows.add(store, documents, ids, metadatas)
        return {"ids": added, "count": len(set(added))}

    def delete_documents(self, ids: list[str] | None = None, where: dict[str, Any] | None = None) -> dict[str, Any]:
        """Delete documents by their ids or by a filter of their metadata (with both, those that fit both); one of the
        two is needed. Ids that are not there are no error. documents is how many the collection has then."""
        with self._keeper.writing() as store:
            store.delete_documents(ids, where)
            return {"documents": store.get_document_count()}

    def backup(self, name: str | None = None) -> dict[str, Any]:
        """Store a snapshot of the whole store under a name; without one it is called after the time."""
        with self._keeper.writing() as store:
            return rows.snapshot_fields(store.backup(name))

    def restore(self, name: str) -> dict[str, Any]:
        """Go back to a backup, by its name or id, or to the newest by "latest". All instances follow. What was written
        since the last checkpoint is kept as a snapshot first."""
        if not name.strip():
            raise InvalidArgumentError("restore needs a name", hint="list_backups tells them")
        with self._keeper.writing() as store:
            return {"name": name, "files": store.restore(name), "documents": store.get_document_count()}
