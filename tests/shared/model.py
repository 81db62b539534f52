"""What Chroma makes of writes, told once more in plain dictionaries: nothing of thoth_storage or chromadb is in it.

All that a write does to a row depends on that row alone, a delete by a filter too. So each id is an object of its own,
and a history of all is linearizable if that of each is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import msgspec

__all__ = ["DIMENSIONS", "Row", "Write", "after", "effect"]

DIMENSIONS = 4
"""Of all vectors that Chroma does not refuse."""
Value = str | int | float | bool


class Row(NamedTuple):
    """``metadata`` as sorted pairs: none of them and no metadata at all is the same to Chroma."""

    vector: tuple[float, ...]
    document: str | None
    metadata: tuple[tuple[str, Value], ...]


class Write(msgspec.Struct, frozen=True):
    """``kind``: add, upsert, update or delete. ``group``: a delete takes all rows with it in their metadata, whatever
    their id. A column that is None was not given."""

    kind: str
    ids: tuple[str, ...] = ()
    vectors: tuple[tuple[float, ...], ...] | None = None
    documents: tuple[str | None, ...] | None = None
    metadatas: tuple[dict[str, Value | None] | None, ...] | None = None
    group: str | None = None

    @property
    def is_refused(self) -> bool:
        """Whether Chroma takes none of it, for one vector that has another dimension than the collection."""
        return any(len(each) != DIMENSIONS for each in self.vectors or ())

    @property
    def key(self) -> bytes:
        """The same for two writes that ask for the same."""
        return msgspec.json.encode(self, order="sorted")


def effect(write: Write, name: str, row: Row | None) -> Row | None:
    """The row ``name`` after ``write``; None for one that is not there."""
    if write.is_refused:
        return row
    if write.group is not None:
        return None if row and dict(row.metadata).get("group") == write.group else row
    if name not in write.ids:
        return row
    if write.kind == "delete":
        return None
    if (write.kind == "add" and row) or (write.kind == "update" and not row):
        return row
    place = write.ids.index(name)
    vector = write.vectors[place] if write.vectors else row.vector if row else ()
    document = (write.documents[place] if write.documents else None) or (row.document if row else None)
    told: Mapping[str, Any] = (write.metadatas[place] if write.metadatas else None) or {}
    merged = {**dict(row.metadata if row else ()), **told}
    return Row(vector, document, tuple(sorted((key, value) for key, value in merged.items() if value is not None)))


def after(writes: Iterable[Write], before: Mapping[str, Row] | None = None) -> dict[str, Row]:
    """All rows after those writes, one behind the other, upon an empty collection or what was there ``before``."""
    rows = dict(before or {})
    for write in writes:
        for name in write.ids if write.group is None else list(rows):
            row = effect(write, name, rows.get(name))
            if row:
                rows[name] = row
            else:
                rows.pop(name, None)
    return rows
