"""The other half of ``portable``: collections made as they were elsewhere, and their rows written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any
from uuid import UUID

from thoth_storage.errors import AlreadyExistsError, ConflictError
from thoth_storage.store.portable import Batch, CollectionInfo, Sparse

__all__ = ["PortableWriter"]

_LEGACY = "hnsw:"
"""Settings of the index among a collection's metadata, as older programs told them: they are in its schema anyway, and
Chroma refuses to be told both."""


class PortableWriter:
    """Writes into one database. ``server`` is called to change it, ``plain()`` gives what tells stored settings as they
    are; ``most`` bounds the rows of one request. With ``merge`` a collection that is there takes the rows, and a row
    with the id of another replaces it; else it is refused."""

    def __init__(
        self,
        server: Any,
        plain: Callable[[], Any],
        tenant: str,
        database: str,
        where: str,
        *,
        most: int,
        merge: bool = False,
    ) -> None:
        self.where = where
        self.notes: list[str] = []
        self._server = server
        self._plain = plain
        self._place = {"tenant": tenant, "database": database}
        self._most = most
        self._merge = merge
        self._there: dict[str, Any] = {}
        self._collection: UUID | None = None
        self._is_new = True

    def check(self, infos: Sequence[CollectionInfo]) -> None:
        """Raise AlreadyExistsError or ConflictError for what cannot be written, before anything is."""
        self._there = {each.name: each for each in self._listed()}
        for info in infos:
            there = self._there.get(info.name)
            if there is None:
                continue
            if not self._merge:
                raise AlreadyExistsError(
                    f"there is a collection {info.name!r} already",
                    url=self.where,
                    hint="--merge writes into it; --collection chooses others",
                )
            if info.dimension and there.dimension and info.dimension != there.dimension:
                raise ConflictError(
                    f"collection {info.name!r} has vectors of {there.dimension} numbers, those to come have"
                    f" {info.dimension}",
                    url=self.where,
                )

    def begin(self, info: CollectionInfo, _metadatas: object) -> None:
        """What is written next is of that collection."""
        self._is_new = info.name not in self._there
        model = self._create(info) if self._is_new else self._model(info)
        self._collection = model.id
        if not _is_alike(model, info):
            self.notes.append(f"collection {info.name!r} has other settings here than where it comes from")
        if model.metadata != info.metadata:
            self.notes.append(f"collection {info.name!r} has other metadata here than where it comes from")

    def write(self, batch: Batch) -> None:
        """Rows of the collection that was begun."""
        for start in range(0, len(batch.ids), self._most):
            part = batch.cut(slice(start, start + self._most))
            self._write(part if self._is_new else self._replacing(part))

    def end(self) -> None:
        self._collection = None

    def finish(self) -> None:
        """Nothing: who made this sees to that it is kept."""

    def _write(self, batch: Batch) -> None:
        self._server._upsert(  # noqa: SLF001 - chromadb's own way in
            collection_id=self._collection,
            ids=batch.ids,
            embeddings=list(batch.embeddings),
            metadatas=[_foreign(each) for each in batch.metadatas],
            documents=batch.documents,
            uris=batch.uris,
            **self._place,
        )

    def _replacing(self, batch: Batch) -> Batch:
        """Rows with which an upsert replaces: Chroma merges metadata, where None takes a key away, and keeps a document
        where none comes. Rows that would lose one are deleted first."""
        found = self._server._get(  # noqa: SLF001
            self._collection, ids=batch.ids, include=["metadatas", "documents", "uris"], **self._place
        )
        texts = {each: at for at, each in enumerate(found["ids"])}
        old: dict[str, Any] = {}
        stale = []
        for row, each in enumerate(batch.ids):
            at = texts.get(each)
            if at is None:
                continue
            if any(found[name][at] is not None and getattr(batch, name)[row] is None for name in ("documents", "uris")):
                stale.append(each)
            else:
                old[each] = found["metadatas"][at] or {}
        if stale:
            self._server._delete(self._collection, ids=stale, **self._place)  # noqa: SLF001
        return batch._replace(
            metadatas=[
                {**dict.fromkeys(old.get(each, ())), **(new or {})} or None
                for each, new in zip(batch.ids, batch.metadatas, strict=True)
            ]
        )

    def _listed(self) -> list[Any]:
        found: list[Any] = []
        while page := self._plain().list_collections(limit=100, offset=len(found), **self._place):
            found.extend(page)
        return found

    def _create(self, info: CollectionInfo) -> Any:
        told = {key: each for key, each in (info.metadata or {}).items() if not key.startswith(_LEGACY)}
        for number, settings in enumerate(_settings(info)):
            if number:
                self._server.delete_collection(info.name, **self._place)
            self._server.create_collection(info.name, metadata=told or None, **settings, **self._place)
            model = self._model(info)
            if _is_alike(model, info):
                break
        if told != (info.metadata or {}):
            self._server._modify(model.id, new_metadata=info.metadata, **self._place)  # noqa: SLF001
            model = self._model(info)
        return model

    def _model(self, info: CollectionInfo) -> Any:
        return self._plain().get_collection(info.name, **self._place)


def _settings(info: CollectionInfo) -> Iterator[dict[str, Any]]:
    """What to create a collection with, the likeliest first. Chroma takes a schema as it is, but for its own default
    with its own function, which it takes for none at all; that comes of a configuration."""
    function = info.configuration.get("embedding_function")
    index = {name: info.configuration[name] for name in ("hnsw", "spann") if info.configuration.get(name)}
    if function and function.get("name") == "default":
        from chromadb.utils.embedding_functions import DefaultEmbeddingFunction

        yield {"configuration": {**index, "embedding_function": DefaultEmbeddingFunction()}}
    if info.schema is not None:
        yield {"schema": _Told(info.schema)}
    elif not function or function.get("name") != "default":
        yield {"configuration": index}


def _is_alike(model: Any, info: CollectionInfo) -> bool:
    return model.configuration_json == info.configuration and info.schema in (None, model.serialized_schema)


class _Told:
    """Stored settings in the place of chromadb's Schema, of which only this is asked. A real one would build the
    embedding function that they name."""

    def __init__(self, schema: dict[str, Any]) -> None:
        self._schema = schema

    def serialize_to_json(self) -> dict[str, Any]:
        return self._schema


def _foreign(metadata: dict[str, Any] | None) -> dict[str, Any] | None:
    """With sparse vectors as chromadb's."""
    if metadata is None or not any(isinstance(each, Sparse) for each in metadata.values()):
        return metadata
    from chromadb.base_types import SparseVector

    return {key: SparseVector(*each) if isinstance(each, Sparse) else each for key, each in metadata.items()}
