"""What a checkpoint says of itself: how many records each collection has, and a few of them by their digests.

A restore gives back the bytes that were captured; whether those were a store that works, only this tells. It is read
from Chroma's tables in the captured copy, where nobody writes, and costs some milliseconds; a drill compares it with
what Chroma gives once the copy is restored.
"""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from hashlib import blake2b
from pathlib import Path
from typing import Any

import msgspec

__all__ = [
    "CollectionContents",
    "Contents",
    "Sample",
    "decode_contents",
    "digest_of",
    "encoded_contents",
    "look_inside",
]

_log = logging.getLogger(__name__)
_VERSION = 1
_COLLECTIONS = 1000
"""Collections that are told of by themselves; of more only their number is."""
_SAMPLES = 96
"""Records in all, shared among the collections."""
_EACH = 4
_LONGEST = 1024 * 1024
"""Bytes that a reader takes."""
_DIGEST = 16

_FIND = """SELECT c.id, d.tenant_id, d.name, c.name, s.id FROM collections c JOIN databases d ON d.id = c.database_id
JOIN segments s ON s.collection = c.id WHERE s.scope = 'METADATA' ORDER BY d.tenant_id, d.name, c.name"""
_COUNT = "SELECT COUNT(*) FROM embeddings WHERE segment_id = ?"
_RECORD = "SELECT id, embedding_id FROM embeddings WHERE segment_id = ? ORDER BY embedding_id LIMIT 1 OFFSET ?"
_VALUES = "SELECT key, string_value, int_value, float_value, bool_value FROM {} WHERE id = ? ORDER BY rowid"
_SPECIAL = "chroma:"


class Sample(msgspec.Struct, frozen=True, array_like=True):
    """One record: its id, and the digest of its document and metadata."""

    id: str
    digest: bytes


class CollectionContents(msgspec.Struct, frozen=True):
    """One collection: where it is, how many records it has, some of them."""

    tenant: str
    database: str
    name: str
    count: int
    samples: tuple[Sample, ...] = ()


class Contents(msgspec.Struct, frozen=True):
    """``total`` collections there are, ``records`` in them all. ``collections``: the first of them."""

    version: int
    total: int
    records: int
    collections: tuple[CollectionContents, ...]


def encoded_contents(database: Path) -> bytes:
    """What a Chroma database has inside, as it is stored with its checkpoint; nothing where it cannot be told, which is
    no reason to make none."""
    try:
        return msgspec.msgpack.encode(look_inside(database))
    except (sqlite3.Error, ValueError) as error:
        _log.warning("this checkpoint does not tell what is in it: %s: %s", type(error).__name__, error)
        return b""


def decode_contents(stored: bytes) -> Contents | None:
    """None where nothing is told, or nothing that this program can read."""
    try:
        found = msgspec.msgpack.decode(stored, type=Contents) if 0 < len(stored) <= _LONGEST else None
    except (ValueError, RecursionError):
        return None
    return found if found and found.version == _VERSION else None


def look_inside(database: Path) -> Contents:
    """``database``: a file that nobody writes to meanwhile; no lock is taken and no journal looked at, see
    ``captured.deleted``. Raises sqlite3.Error."""
    uri = f"{database.absolute().as_uri()}?immutable=1"
    with closing(sqlite3.connect(uri, uri=True)) as connection:
        found = connection.execute(_FIND).fetchall()
        each = max(min(_EACH, _SAMPLES // max(len(found), 1)), 1)
        counts = [connection.execute(_COUNT, (segment,)).fetchone()[0] for *_, segment in found]
        told = []
        for number, ((_, tenant, name, collection, segment), count) in enumerate(
            zip(found[:_COLLECTIONS], counts, strict=False)
        ):
            wanted = each if number < _SAMPLES else 0
            samples = tuple(_samples(connection, segment, count, wanted))
            told.append(CollectionContents(tenant, name, collection, count, samples))
    return Contents(_VERSION, len(found), sum(counts), tuple(told))


def digest_of(document: str | None, metadata: Mapping[str, Any] | None) -> bytes:
    """16 bytes of BLAKE2b, of JSON with sorted keys: the document, then the metadata. What is there under no plain
    type (text, number, truth, or a list of those) is left out."""
    values = {key: value for key, value in (metadata or {}).items() if _is_plain(value)}
    text = json.dumps([document, values], sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return blake2b(text.encode(), digest_size=_DIGEST).digest()


def _samples(connection: sqlite3.Connection, segment: str, count: int, wanted: int) -> Iterator[Sample]:
    """Spread evenly over the ids in their order."""
    if not count or not wanted:
        return
    for offset in sorted({number * (count - 1) // max(wanted - 1, 1) for number in range(wanted)}):
        row, name = connection.execute(_RECORD, (segment, offset)).fetchone()
        yield Sample(name, _digest(connection, row))


def _digest(connection: sqlite3.Connection, row: int) -> bytes:
    metadata: dict[str, Any] = {}
    for key, *values in connection.execute(_VALUES.format("embedding_metadata"), (row,)):
        metadata[key] = _value(values)
    if _has_arrays(connection):
        for key, *values in connection.execute(_VALUES.format("embedding_metadata_array"), (row,)):
            metadata.setdefault(key, []).append(_value(values))
    document = metadata.get(f"{_SPECIAL}document")
    plain = {key: value for key, value in metadata.items() if not key.startswith(_SPECIAL)}
    return digest_of(document if isinstance(document, str) else None, plain)


def _has_arrays(connection: sqlite3.Connection) -> bool:
    """Since chromadb 1.5 metadata may be lists."""
    asked = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'embedding_metadata_array'"
    return connection.execute(asked).fetchone() is not None


def _value(values: list[Any]) -> Any:
    text, integer, number, truth = values
    if truth is not None:
        return bool(truth)
    return next((value for value in (text, integer, number) if value is not None), None)


def _is_plain(value: object) -> bool:
    if isinstance(value, list):
        return all(isinstance(each, str | int | float) for each in value)
    return isinstance(value, str | int | float)
