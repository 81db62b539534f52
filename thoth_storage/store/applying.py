"""Operations of the write log, done to the local Chroma.

Replicas agree because Chroma does the same everywhere: what it refuses, it refuses alike, and that changes nothing. A
failure that is this machine's own (a full disk, no memory) is another thing: then the local state is not that of the
log any more, and is thrown away.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from chromadb.errors import InternalError

from thoth_storage.errors import StorageError
from thoth_storage.store.batches import in_slices
from thoth_storage.store.handles import Handles
from thoth_storage.store.index_reads import IndexReads
from thoth_storage.store.known_collections import KnownCollections
from thoth_storage.store.operations import Creation, Deletion, Modification, Operation, Rows, Told
from thoth_storage.store.plain_server import unhooked
from thoth_storage.store.vectors import readable

__all__ = ["Applier", "is_local", "is_refusal"]

_ALWAYS_REFUSED = (
    *("too many SQL variables", "Expression tree is too large", "parser stack overflow"),
    *("already exists", "constraint failed"),
)
"""Refusals that Chroma tells as failures of its own: of statements that no SQLite takes, of names that are taken."""
_ALWAYS_LOCAL = (
    *("disk", "readonly", "read-only", "locked", "unable to open", "i/o", "malformed", "memory", "too many open"),
)


class Applier:
    """For one server object, whatever directory it is in. Used under the writers' lock."""

    def __init__(
        self,
        server: Any,
        handles: Handles,
        known: KnownCollections | None = None,
        index_reads: IndexReads | None = None,
    ) -> None:
        self._server = server
        self._known = known or KnownCollections(server)
        self._handles = handles
        self._index_reads = index_reads or IndexReads()
        self._verbs: dict[str, Callable[[Any, Operation, Any], Any]] = {
            "delete": self._delete,
            "create_collection": self._create,
            "modify_collection": self._modify,
            "delete_collection": self._drop,
            "create_database": lambda plain, told, _: plain.create_database(told.database, told.tenant),
            "delete_database": lambda plain, told, _: plain.delete_database(told.database, told.tenant),
            "create_tenant": lambda plain, told, _: plain.create_tenant(told.tenant),
            "reset": self._reset,
        }

    def apply(self, told: Told) -> Any:
        """Do it, and give what Chroma gives. Raises what Chroma raises: see ``is_refusal``."""
        if isinstance(told.arguments, Rows):
            return self.write(told.operation, told.arguments)
        try:
            return self._verbs[told.operation.kind](unhooked(self._server), *told)
        finally:
            if told.operation.kind != "delete":
                self._known.forget()

    def write(self, operation: Operation, rows: Rows, *, whole: bool = False) -> Any:
        """The rows of an add, upsert or update; ``whole``: in one call, however many they are."""
        plain = unhooked(self._server)
        vectors = rows.embeddings
        arguments: dict[str, Any] = {
            "collection_id": self._known.id_of(operation.target),
            "ids": rows.ids,
            "embeddings": None if vectors is None else [np.frombuffer(each, "<f4") for each in vectors],
            "metadatas": rows.metadatas,
            "documents": rows.documents,
            "uris": rows.uris,
            "tenant": operation.tenant,
            "database": operation.database,
        }
        self._index_reads.before_write(self._server, arguments["collection_id"], operation.tenant, operation.database)
        call = getattr(plain, f"_{operation.kind}")
        return call(**readable(arguments)) if whole else in_slices(call, arguments)

    def _delete(self, plain: Any, operation: Operation, told: Deletion) -> Any:
        arguments: dict[str, Any] = {
            "collection_id": self._known.id_of(operation.target),
            "ids": told.ids,
            "where": told.where,
            "where_document": told.where_document,
            "tenant": operation.tenant,
            "database": operation.database,
        }
        if told.limit is not None:  # chromadb 1.5.2 does not know it
            arguments["limit"] = told.limit
        self._index_reads.before_write(self._server, arguments["collection_id"], operation.tenant, operation.database)
        return in_slices(plain._delete, arguments)  # noqa: SLF001 - where every write passes

    def _create(self, plain: Any, operation: Operation, told: Creation) -> Any:
        plain.bindings.create_collection(
            operation.collection,
            told.configuration,
            told.schema,
            told.metadata,
            told.get_or_create,
            operation.tenant,
            operation.database,
        )
        model = plain.get_collection(*operation.target)
        self._handles.note(model)
        return model

    def _modify(self, plain: Any, operation: Operation, told: Modification) -> None:
        collection = plain.get_collection(*operation.target).id
        plain.bindings.update_collection(str(collection), told.name, told.metadata, told.configuration)
        if told.name:
            self._handles.renamed(collection, told.name)

    def _drop(self, plain: Any, operation: Operation, _: None) -> None:
        plain.delete_collection(*operation.target)
        self._handles.forget(*operation.target)

    def _reset(self, plain: Any, _: Operation, __: None) -> Any:
        done = plain.reset()
        for name in set(self._handles.names().values()):
            self._handles.forget(*name)
        return done


def is_refusal(error: BaseException) -> bool:
    """Whether Chroma would refuse that operation on every machine, and it has changed nothing."""
    if isinstance(error, InternalError):
        return any(words in str(error) for words in _ALWAYS_REFUSED)
    return isinstance(error, Exception) and not isinstance(error, OSError | MemoryError | StorageError)


def is_local(error: BaseException) -> bool:
    """Whether it is surely this machine that failed. Of other failures that are no refusals it is not known."""
    return not isinstance(error, InternalError) or any(words in str(error).lower() for words in _ALWAYS_LOCAL)
