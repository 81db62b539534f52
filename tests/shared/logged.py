"""The log of a store read back, by a reader that shares no code with what wrote it."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec
import numpy as np

from tests.log.second_reader import entry
from tests.shared.model import Write
from thoth_storage.backend import Backend

__all__ = ["Logged", "read_writes"]


class Logged(NamedTuple):
    """An operation of the log: ``write`` is None for what changes a collection as a whole."""

    sequence: int
    kind: str
    collection: str
    write: Write | None


def read_writes(backend: Backend) -> list[Logged]:
    """All operations in order. Fails where a number is missing."""
    found: list[Logged] = []
    numbers = {int(each.key[-12:]): each.key for each in backend.list("log/") if "truncated" not in each.key}
    assert sorted(numbers) == list(range(1, len(numbers) + 1))
    for number in sorted(numbers):
        version, _, operations = msgspec.msgpack.decode(entry(backend.get(numbers[number]), number).payload)
        assert version == 1
        for kind, _, _, collection, arguments in operations:
            found.append(Logged(number, kind, collection, _write(kind, msgspec.msgpack.decode(arguments))))
    return found


def _write(kind: str, told: Any) -> Write | None:
    if kind == "delete":
        ids, where, where_document, limit = told
        assert where_document is None
        assert limit is None
        if where:
            told = where.get("$or")
            if not told:
                return Write(kind, group=str(where))
            group, tag = (next(iter(each.values()))["$eq"] for each in told)
            return Write(kind, (tag,), group=group)
        return Write(kind, tuple(ids))
    if kind not in {"add", "upsert", "update"}:
        return None
    ids, vectors, metadatas, documents, uris = told
    assert uris is None
    return Write(
        kind,
        tuple(ids),
        None if vectors is None else tuple(tuple(np.frombuffer(each, "<f4").tolist()) for each in vectors),
        None if documents is None else tuple(documents),
        None if metadatas is None else tuple(metadatas),
    )
