"""What the tools do with the store, apart from how they are called. All of it blocks, and is for worker threads."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from thoth_storage.errors import InvalidArgumentError
from thoth_storage.service.identity import content_ids

if TYPE_CHECKING:
    from thoth_storage.repository import Snapshot
    from thoth_storage.store import VectorStore

__all__ = ["MOST", "add", "collections", "find", "get", "snapshot_fields", "status"]

MOST = 1000
"""Documents in one answer: an answer is held in memory several times over before it is sent."""


def add(
    store: VectorStore,
    documents: list[str],
    ids: list[str] | None = None,
    metadatas: list[dict[str, Any] | None] | None = None,
) -> list[str]:
    """The id of each document, in order. All are checked before the first is stored. Raises InvalidArgumentError."""
    from thoth_storage.store.arguments import as_ids, as_metadatas, as_texts, check_count

    texts = as_texts(documents)
    extra: list[dict[str, Any] | None] = [None] * len(texts) if metadatas is None else as_metadatas(metadatas)
    check_count(len(texts), metadatas=extra, ids=texts if ids is None else as_ids(ids))
    chosen = content_ids(texts, extra) if ids is None else ids
    rows = {each: (text, more) for each, text, more in zip(chosen, texts, extra, strict=True)}
    if ids is not None and len(rows) < len(ids):
        raise InvalidArgumentError("an id stands twice in one call", hint="give each document an id of its own")
    store.add_documents([text for text, _ in rows.values()], [more for _, more in rows.values()], list(rows))
    return chosen


def find(store: VectorStore, query: str, n_results: int, where: dict[str, Any] | None) -> list[dict[str, Any]]:
    """Best first: ``id``, ``document``, ``metadata``, ``distance`` of each."""
    if not 1 <= n_results <= MOST:
        raise InvalidArgumentError(f"n_results is {n_results}", hint=f"a number from 1 to {MOST}")
    return _rows(store.search_similar(query, n_results, where))


def get(store: VectorStore, ids: list[str] | None, where: dict[str, Any] | None, limit: int) -> list[dict[str, Any]]:
    """``id``, ``document``, ``metadata`` of each, at most ``limit``."""
    if not 0 <= limit <= MOST:
        raise InvalidArgumentError(f"limit is {limit}", hint=f"a number from 0 to {MOST}")
    return _rows(store.get_documents(ids, where, limit))


def collections(store: VectorStore) -> list[dict[str, Any]]:
    """``name`` and ``documents`` (how many) of each, by name."""
    found = [{"name": each.name, "documents": each.count()} for each in store.client.list_collections()]
    return sorted(found, key=lambda each: str(each["name"]))


def status(store: VectorStore) -> dict[str, Any]:
    """``StoreStatus`` without the local path, and the collection with its number of documents."""
    told = dataclasses.asdict(store.client.status())
    told.pop("local_path")
    return {**told, "collection": store.collection_name, "documents": store.get_document_count()}


def snapshot_fields(snapshot: Snapshot) -> dict[str, Any]:
    """For JSON: ``id``, ``time`` (UTC, ISO 8601), ``name``, ``files``, ``size`` and ``added`` (bytes)."""
    told = {name: getattr(snapshot, name) for name in ("id", "name", "files", "size", "added")}
    return {**told, "time": snapshot.time.isoformat()}


def _rows(found: dict[str, list[Any]]) -> list[dict[str, Any]]:
    singular = {"ids": "id", "documents": "document", "metadatas": "metadata", "distances": "distance"}
    columns = [(name, found[column]) for column, name in singular.items() if column in found]
    return [{name: column[row] for name, column in columns} for row in range(len(found["ids"]))]
