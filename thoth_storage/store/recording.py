"""Calls of chromadb's server object as operations for the write log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any
from uuid import uuid4

import numpy as np
from chromadb.config import DEFAULT_DATABASE, DEFAULT_TENANT
from chromadb.errors import NotFoundError

from thoth_storage.errors import InvalidArgumentError
from thoth_storage.store.batches import check_slices
from thoth_storage.store.handles import Handles
from thoth_storage.store.known_collections import KnownCollections
from thoth_storage.store.operations import Creation, Deletion, Modification, Operation, Rows, Told, pack, tell
from thoth_storage.store.plain_server import asked, unhooked

__all__ = ["LOGGED", "Recorder"]

_ROWS = {"_add": "add", "_upsert": "upsert", "_update": "update"}
_CREATIONS = {"create_collection", "get_or_create_collection"}
LOGGED = frozenset(
    {*_ROWS, *_CREATIONS, "_delete", "_modify", "delete_collection"}
    | {"create_database", "delete_database", "create_tenant", "reset"}
)
"""The other mutations, forks and attached functions, an embedded Chroma refuses."""
_MOST = 4 * 1024 * 1024
"""Bytes of one operation, roughly: what is larger is cut, so that no entry takes long to apply."""
_COLUMNS = ("ids", "embeddings", "metadatas", "documents", "uris")


class Recorder:
    """For one server object. Used under the writers' lock."""

    def __init__(self, server: Any, handles: Handles, known: KnownCollections | None = None) -> None:
        self._server = server
        self._known = known or KnownCollections(server)
        self._handles = handles

    def split(self, name: str, arguments: dict[str, Any]) -> list[dict[str, Any]]:
        """The call, or where it is too large for one entry the calls that make it up."""
        ids = arguments.get("ids")
        if ids is None or (name not in _ROWS and name != "_delete"):
            return [arguments]
        if name == "_delete":
            if len(ids) > _MOST // 100 and arguments.get("limit") is not None:
                raise InvalidArgumentError(f"{len(ids)} ids with a limit are too many", hint="give fewer ids at once")
            return [{**arguments, "ids": ids[start : start + 20_000]} for start in range(0, len(ids) or 1, 20_000)]
        return [{**arguments, **_cut(arguments, rows)} for rows in _shares(arguments)]

    def check(self, name: str, arguments: dict[str, Any]) -> None:
        """Let Chroma look at all rows of a call that was split: what it refuses is to be refused before any is logged.
        Raises what Chroma raises."""
        if name != "_delete":
            check_slices(getattr(unhooked(self._server), name), arguments)

    def record(self, name: str, arguments: dict[str, Any]) -> Told | None:
        """The operation that the call is now; None where the collection that it means is not there (any more).

        Raises TypeError, ValueError, OverflowError or CorruptionError for values that Chroma does not take either, and
        what chromadb raises.
        """
        operation = self._operation(name, arguments)
        return None if operation is None else tell(operation)

    def refuse(self, name: str, arguments: dict[str, Any]) -> None:
        """Let Chroma say what is wrong with a call that cannot be recorded. Raises what Chroma raises."""
        call = getattr(unhooked(self._server), name)
        if name not in _ROWS and name != "_delete":
            call(**arguments)
            return
        with suppress(NotFoundError):
            # Chroma looks at all rows before it looks for the collection.
            call(**{**arguments, "collection_id": uuid4()})

    def _operation(self, name: str, arguments: dict[str, Any]) -> Operation | None:
        tenant, database = arguments.get("tenant", DEFAULT_TENANT), arguments.get("database", DEFAULT_DATABASE)
        if name in _CREATIONS:
            told = asked(self._server, name, arguments)
            made = Creation(told[1], told[2], told[3], bool(told[4]))
            return Operation("create_collection", told[5], told[6], told[0], pack(made))
        if name == "delete_collection":
            return Operation(name, tenant, database, arguments["name"], _NOTHING)
        if name in {"create_database", "delete_database"}:
            return Operation(name, tenant, arguments["name"], "", _NOTHING)
        if name == "create_tenant":
            return Operation(name, arguments["name"], "", "", _NOTHING)
        if name == "reset":
            return Operation(name, "", "", "", _NOTHING)
        arguments = dict(arguments)
        self._handles.translate(arguments)
        collection = arguments["id"] if name == "_modify" else arguments["collection_id"]
        target = self._known.target_of(collection, tenant, database)
        if target is None:
            return None
        kind, packed = self._packed(name, arguments)
        return Operation(kind, target[1], target[2], target[0], packed)

    def _packed(self, name: str, arguments: dict[str, Any]) -> tuple[str, bytes]:
        if name == "_modify":
            told = asked(self._server, name, arguments)
            return "modify_collection", pack(Modification(told[1], told[2], told[3]))
        if name == "_delete":
            fields = ("ids", "where", "where_document", "limit")
            return "delete", pack(Deletion(*(arguments.get(each) for each in fields)))
        columns: dict[str, Any] = {each: arguments.get(each) for each in _COLUMNS}
        vectors = columns["embeddings"]
        with np.errstate(over="ignore"):
            columns["embeddings"] = None if vectors is None else [np.asarray(row, "<f4").tobytes() for row in vectors]
        return _ROWS[name], pack(Rows(**columns))


_NOTHING = pack(None)


def _cut(arguments: Mapping[str, Any], rows: slice) -> dict[str, Any]:
    return {name: arguments[name][rows] for name in _COLUMNS if arguments.get(name) is not None}


def _shares(arguments: Mapping[str, Any]) -> Iterator[slice]:
    """Rows that go into one operation each."""
    vectors, texts = arguments.get("embeddings"), arguments.get("documents")
    start, size = 0, 0
    for row in range(len(arguments["ids"])):
        weight = 200 + (4 * len(vectors[row]) if vectors is not None and row < len(vectors) else 0)
        weight += len(texts[row] or "") if texts is not None and row < len(texts) else 0
        if row > start and size + weight > _MOST:
            yield slice(start, row)
            start, size = row, 0
        size += weight
    yield slice(start, None)
