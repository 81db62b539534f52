"""Collections as plain rows, out of a Chroma and into one: of a store at a URL, or of a server that runs somewhere.

Both are chromadb's server object below, so one code serves both, and a collection's settings pass as the JSON that
Chroma stores: no embedding function is brought to life on the way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
import numpy.typing as npt

from thoth_storage.errors import ConflictError, CorruptionError

__all__ = ["Batch", "CollectionInfo", "PortableReader", "Sparse", "Telling", "sized"]

_LISTED = 100
_TARGET = 8 * 2**20
"""Bytes of Python objects that one page of rows should take, roughly."""
_MOST, _LEAST = 2000, 10
_ALL = ("embeddings", "metadatas", "documents", "uris")


class Sparse(NamedTuple):
    """A sparse vector among metadata."""

    indices: list[int]
    values: list[float]
    labels: list[str] | None


@dataclass(frozen=True)
class CollectionInfo:
    """``configuration`` and ``schema`` are the JSON that Chroma stores, the embedding function among it; ``dimension``
    is None where no row ever told it."""

    name: str
    metadata: dict[str, Any] | None
    configuration: dict[str, Any]
    schema: dict[str, Any] | None
    dimension: int | None
    rows: int


class Batch(NamedTuple):
    """Columns of equal length; ``embeddings`` are float32 of shape (rows, dimension). A row without metadata has None
    for it."""

    ids: list[str]
    embeddings: npt.NDArray[np.float32]
    documents: list[str | None]
    uris: list[str | None]
    metadatas: list[dict[str, Any] | None]

    def cut(self, rows: slice) -> Batch:
        """Some of the rows."""
        return Batch(self.ids[rows], self.embeddings[rows], self.documents[rows], self.uris[rows], self.metadatas[rows])


class Telling:
    """A server object whose failures are told as errors of ours: ``errors()`` is around each call, and around nothing
    else, so that what goes wrong at the other end of a move is not taken for its own."""

    def __init__(self, server: Any, errors: Callable[[], AbstractContextManager[None]]) -> None:
        self._server = server
        self._errors = errors

    def let_go(self) -> None:
        """Hold the server no longer: as long as somebody does, Chroma keeps its files open."""
        self._server = None

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._server, name)

        def told(*args: Any, **kwargs: Any) -> Any:
            with self._errors():
                return call(*args, **kwargs)

        return told


class PortableReader:
    """The collections of one database. ``where`` tells people what is read; ``most`` bounds the rows of one request.

    Whoever makes one sees to it that nobody writes meanwhile; where that is not in his hands, a change of the number of
    rows is a ConflictError.
    """

    def __init__(self, server: Any, tenant: str, database: str, where: str, most: int = _MOST) -> None:
        self.where = where
        self._server = server
        self._place = {"tenant": tenant, "database": database}
        self._most = most
        self._ids: dict[str, UUID] = {}

    def collections(self) -> list[CollectionInfo]:
        """In the order of their names."""
        found: list[Any] = []
        while True:
            page = self._server.list_collections(limit=_LISTED, offset=len(found), **self._place)
            found.extend(page)
            if len(page) < _LISTED:
                break
        return [self._info(model) for model in sorted(found, key=lambda each: str(each.name))]

    def metadatas(self, info: CollectionInfo) -> Iterator[list[dict[str, Any] | None]]:
        """The metadata of all rows, by pages."""
        for page in self._pages(info, ("metadatas",)):
            yield [_plain(each) for each in page["metadatas"]]

    def batches(self, info: CollectionInfo) -> Iterator[Batch]:
        """All rows, in Chroma's order. Raises ConflictError, CorruptionError."""
        for page in self._pages(info, _ALL):
            yield Batch(
                page["ids"],
                self._vectors(info, page["embeddings"], page["ids"]),
                page["documents"],
                page["uris"],
                [_plain(each) for each in page["metadatas"]],
            )

    def _info(self, model: Any) -> CollectionInfo:
        self._ids[model.name] = model.id
        rows = self._server._count(model.id, **self._place)  # noqa: SLF001 - chromadb's own way in
        return CollectionInfo(
            model.name, model.metadata, model.configuration_json, model.serialized_schema, model.dimension, rows
        )

    def _pages(self, info: CollectionInfo, columns: Sequence[str]) -> Iterator[Any]:
        done, weight = 0, 2000 + 40 * (info.dimension or 0)
        while done < info.rows:
            rows = min(max(_TARGET // weight, _LEAST), self._most)
            page = self._server._get(  # noqa: SLF001 - chromadb's own way in
                self._ids[info.name], limit=rows, offset=done, include=list(columns), **self._place
            )
            count = len(page["ids"])
            if not count:
                break
            done += count
            weight = max(weight, sized(page) // count)
            yield page
        left = self._server._count(self._ids[info.name], **self._place)  # noqa: SLF001
        if done != info.rows or left != info.rows:
            raise ConflictError(
                f"collection {info.name!r} had {info.rows} rows, and {done} were read: somebody writes to it",
                url=self.where,
                hint="stop the writers, then do it again",
            )

    def _vectors(self, info: CollectionInfo, embeddings: Any, ids: list[str]) -> npt.NDArray[np.float32]:
        found = [] if embeddings is None else [each for each in embeddings if each is not None]
        widths = {len(each) for each in found}
        if len(found) != len(ids) or len(widths) > 1 or (info.dimension and widths - {info.dimension}):
            raise CorruptionError(
                f"collection {info.name!r} has rows without a vector of {info.dimension} numbers near {ids[0]!r:.80}",
                url=self.where,
                hint="the index of the collection is damaged: restore an older snapshot",
            )
        return np.asarray(found, dtype=np.float32).reshape(len(found), widths.pop() if widths else 0)


def sized(page: Any) -> int:
    """Bytes that the texts and the metadata of a page take, roughly, and 40 for each number of its vectors."""
    size = sum(len(text) for text in page.get("documents") or () if text)
    size += sum(len(str(each)) for each in page.get("metadatas") or () if each)
    vectors = page.get("embeddings")
    return size + sum(40 * len(each) for each in vectors if each is not None) if vectors is not None else size


def _plain(metadata: dict[str, Any] | None) -> dict[str, Any] | None:
    """With sparse vectors as ours. Empty metadata is none: Chroma tells it or not by what else a row has."""
    if not metadata:
        return None
    return {key: _own(value) for key, value in metadata.items()}


def _own(value: Any) -> Any:
    if hasattr(value, "indices") and hasattr(value, "labels"):
        return Sparse(list(value.indices), list(value.values), None if value.labels is None else list(value.labels))
    return value
