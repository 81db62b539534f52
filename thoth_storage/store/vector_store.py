"""Documents in, answers out: a collection of a Chroma store that lives at a URL."""

from __future__ import annotations

import copy
import logging
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from chromadb.errors import NotFoundError as ChromaNotFoundError

from thoth_storage import config
from thoth_storage.errors import InvalidArgumentError, NotFoundError, StorageError
from thoth_storage.repository import Snapshot
from thoth_storage.store.arguments import as_filter, as_ids, as_metadatas, as_texts, as_vectors, check_count
from thoth_storage.store.chroma_errors import chroma_errors
from thoth_storage.store.embedders import hnsw_of, resolve_embedder
from thoth_storage.store.line import stamped
from thoth_storage.store.opening import PersistentClient
from thoth_storage.store.quiet import quiet_settings

if TYPE_CHECKING:
    from chromadb.api.models.Collection import Collection

    from thoth_storage.store.client import LiveClient
    from thoth_storage.store.live import LiveStore

__all__ = ["VectorStore"]

_SLICE = 1000
"""Documents written in one call of Chroma, which holds the GIL meanwhile: about half a second for 1,000."""
_log = logging.getLogger(__name__)


class VectorStore:
    """Opening brings the store at ``url`` into a local Chroma directory and answers from there.

    A write is durable at the URL when it returns (with ``durability="checkpoint"`` after ``backup``, ``sync`` or
    ``close``). Safe to share between threads; writers wait for each other, and for the short copy that a backup takes;
    reads go on.

    ``url`` as everywhere (left out: see ``thoth_storage.config``); ``embedder`` an embedding function of Chroma, any
    callable from texts to vectors, ``"default"``, ``"lexical"`` or ``"module:object"``; what else there is goes to
    ``PersistentClient``: ``storage_options``, ``cache_dir``, ``mode`` and the like.
    """

    def __init__(
        self,
        url: Any = None,
        collection_name: str = "thoth_documents",
        embedder: Any = None,
        **client_options: Any,
    ) -> None:
        self._embedder = resolve_embedder(config.embedder_name(url) if embedder is None else embedder)
        client_options.setdefault("settings", quiet_settings())
        with chroma_errors():
            self._client = PersistentClient(url, **client_options)
        try:
            self._enter(collection_name)
        except BaseException:
            self._client.close()
            raise

    @property
    def url(self) -> str:
        """Where the store lives, without secrets."""
        return self._client.url

    @property
    def client(self) -> LiveClient:
        """Chroma's client on the same store, as ``PersistentClient`` gives it: ``status()``, ``snapshots()``."""
        return self._client

    def collection(self, name: str) -> VectorStore:
        """The same verbs on another collection of this store. Closing one of them closes them all."""
        other = copy.copy(self)
        other._enter(name)  # noqa: SLF001 - it is one of us
        return other

    def _enter(self, collection_name: str) -> None:
        self.collection_name = collection_name
        self._collection = self._open_collection()

    def _open_collection(self) -> Collection:
        with chroma_errors():
            try:
                return self._client.get_collection(self.collection_name, embedding_function=self._embedder)
            except ChromaNotFoundError as error:
                if self._live.mode == "r":
                    raise NotFoundError(
                        f"the store has no collection {self.collection_name!r}", url=self.url, hint="write to it first"
                    ) from error
            with self._live.unnoticed():
                return self._client.get_or_create_collection(
                    self.collection_name,
                    configuration={"hnsw": hnsw_of(self._embedder)},
                    embedding_function=self._embedder,
                )

    @property
    def _live(self) -> LiveStore:
        return self._client.live

    # Documents.

    def add_documents(
        self,
        documents: Sequence[str],
        metadatas: Sequence[Mapping[str, Any] | None] | None = None,
        ids: Sequence[str] | None = None,
        embeddings: Sequence[Sequence[float]] | None = None,
    ) -> list[str]:
        """Store documents and give their ids, made up at random where none are given; an id that exists is replaced.

        Raises InvalidArgumentError for lists of different lengths, duplicate ids, vectors of a wrong dimension.
        """
        texts = as_texts(documents)
        chosen = [uuid.uuid4().hex for _ in texts] if ids is None else as_ids(ids)
        extra: list[dict[str, Any] | None] = [None] * len(texts) if metadatas is None else as_metadatas(metadatas)
        check_count(len(texts), ids=chosen, metadatas=extra, embeddings=embeddings)
        if len(set(chosen)) < len(chosen):
            raise InvalidArgumentError("an id stands twice in one call", hint="give each document an id of its own")
        if not texts:
            return []
        parts = [slice(start, start + _SLICE) for start in range(0, len(texts), _SLICE)]
        if embeddings is None:
            # The slow part, and other writers need not wait for it.
            embeddings = [vector for part in parts for vector in _embed(self._embedder, texts[part])]
        vectors: list[Any] = as_vectors(embeddings)
        with self._writing() as collection:
            for part in parts:
                some: Any = extra[part] if ids is None else _replacing(collection, chosen[part], extra[part])
                collection.upsert(ids=chosen[part], embeddings=vectors[part], metadatas=some, documents=texts[part])
        return chosen

    def search_similar(
        self,
        query: str | None,
        n_results: int = 5,
        where: Mapping[str, Any] | None = None,
        where_document: Mapping[str, Any] | None = None,
        query_embedding: Sequence[float] | None = None,
    ) -> dict[str, list[Any]]:
        """The nearest documents, best first: flat lists ``ids``, ``documents``, ``metadatas``, ``distances``.

        Fewer than ``n_results`` where the collection (or what ``where`` leaves of it) has fewer.
        """
        if n_results < 1:
            raise InvalidArgumentError(f"n_results is {n_results}, at least 1 is needed")
        if query_embedding is None and not isinstance(query, str):
            raise InvalidArgumentError(f"a search needs a text or a query_embedding, not {type(query).__name__}")
        contains: Any = as_filter(where_document)
        asked = _embed(self._embedder.embed_query, [query]) if query_embedding is None else [query_embedding]
        vectors: Any = as_vectors(asked)
        with chroma_errors():
            found: Any = self._collection.query(
                query_embeddings=vectors, n_results=n_results, where=as_filter(where), where_document=contains
            )
        return {field: list(found[field][0]) for field in ("ids", "documents", "metadatas", "distances")}

    def get_documents(
        self, ids: Sequence[str] | None = None, where: Mapping[str, Any] | None = None, limit: int | None = None
    ) -> dict[str, list[Any]]:
        """Documents by id or filter, at most ``limit``: flat lists ``ids``, ``documents``, ``metadatas``."""
        if limit is not None and limit < 0:
            raise InvalidArgumentError(f"limit is {limit}, it must not be negative")
        chosen = None if ids is None else list(dict.fromkeys(as_ids(ids)))
        if chosen == [] or limit == 0:
            return {"ids": [], "documents": [], "metadatas": []}
        with chroma_errors():
            found: Any = self._collection.get(chosen, as_filter(where), limit=limit)
        return {field: list(found[field]) for field in ("ids", "documents", "metadatas")}

    def delete_documents(self, ids: Sequence[str] | None = None, where: Mapping[str, Any] | None = None) -> None:
        """Remove documents by id or filter; ids that are not there are no error. One of the two must be given."""
        if ids is None and not where:
            raise InvalidArgumentError("delete_documents needs ids or a filter", hint="reset() removes everything")
        chosen = None if ids is None else list(dict.fromkeys(as_ids(ids)))
        if chosen != []:
            with self._writing() as collection:
                collection.delete(ids=chosen, where=as_filter(where))

    def delete_by_file_path(self, path: str) -> int:
        """Remove all documents whose metadata ``file_path`` is ``path``; how many they were."""
        with self._writing():
            ids = self.get_documents(where={"file_path": path})["ids"]
            self.delete_documents(ids=ids)
            return len(ids)

    def get_document_count(self) -> int:
        """How many documents the collection has."""
        with chroma_errors():
            return self._collection.count()

    def reset(self) -> None:
        """Remove every document of the collection. Snapshots keep what they have."""
        with self._live.replacing():
            self._client.delete_collection(self.collection_name)
            self._collection = self._open_collection()

    # Snapshots.

    def backup(self, name: str | None = None) -> Snapshot:
        """Make a snapshot of the whole store at its URL. Without a ``name`` it is called after the time."""
        snapshot, rival = self._live.backup(name or stamped("backup"), ["backup"])
        if rival:
            _log.warning("%s: %s does not hold what others stored since this was opened", self.url, snapshot.name)
        return snapshot

    def sync(self) -> dict[str, Any]:
        """Make what was written since the last snapshot durable at the URL; nothing is uploaded if nothing was.

        Raises ConflictError if another process published its own state meanwhile; this one is kept under a name.
        """
        snapshot = self._live.sync("sync")
        return {
            "direction": "to_url",
            "url": self.url,
            "changed": snapshot is not None,
            "snapshot": snapshot.id if snapshot else None,
            "uploaded_files": snapshot.files if snapshot else 0,
            "uploaded_bytes": snapshot.added if snapshot else 0,
        }

    def list_backups(self) -> list[str]:
        """The names of the snapshots that have one, newest first."""
        return list(dict.fromkeys(snapshot.name for snapshot in self._client.snapshots() if snapshot.name))

    def restore(self, name: str | None = None, at: datetime | None = None) -> int:
        """Go back to a snapshot (by name, id or ``latest``), or to the state at the time ``at``; how many files it has.

        What was written since the last snapshot is kept as one first, so this can be undone. Searches under way finish
        on the old state. All that have the store open follow.
        """
        if name is not None and at is not None:
            raise InvalidArgumentError("restore takes a name or a time, not both")
        return self._client.restore(name or "latest", at).files

    def close(self) -> None:
        """Make a last checkpoint and give back directory, connections and descriptors. Repeatable. Failures are those
        of ``PersistentClient.close``.
        """
        self._client.close()

    def __enter__(self) -> Self:
        self._live.check_open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def _writing(self) -> Iterator[Collection]:
        """The collection, with other writers held back."""
        with self._live.gate.writers, chroma_errors():
            self._live.check_open()
            yield self._collection

    def __repr__(self) -> str:
        return f"VectorStore({self.url!r}, {self.collection_name!r})"


def _embed(function: Any, texts: list[Any]) -> list[Any]:
    """Foreign code, which may lack its model or its network: told as what it is."""
    try:
        vectors = list(function(texts))
    except StorageError:
        raise
    except Exception as error:
        raise StorageError(
            f"the embedder failed: {type(error).__name__}: {error}", hint="'lexical' needs no model and no network"
        ) from error
    if len(vectors) != len(texts):
        raise StorageError(
            f"the embedder gave {len(vectors)} vectors for {len(texts)} texts", hint="it must give one for each"
        )
    return vectors


def _replacing(
    collection: Collection, ids: list[str], metadatas: list[dict[str, Any] | None]
) -> list[dict[str, Any] | None]:
    """Metadata with which an upsert replaces: Chroma merges it into what an id has, and None takes a key away."""
    found = collection.get(ids=ids, include=["metadatas"])
    old = dict(zip(found["ids"], found["metadatas"] or [], strict=True))
    return [
        {**dict.fromkeys(old.get(each) or {}), **(metadata or {})} or None
        for each, metadata in zip(ids, metadatas, strict=True)
    ]
