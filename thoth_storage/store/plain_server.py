"""chromadb's server object without our hooks, and what it would ask of the Rust bindings."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from chromadb.errors import NotFoundError

from thoth_storage.store.surface import MUTATIONS, READS

__all__ = ["asked", "find", "unhooked"]

_HOOKED = MUTATIONS | READS


class _Asked(BaseException):
    """Ends a call where it reaches the bindings. No Exception, so that nothing in between catches it."""

    def __init__(self, arguments: tuple[Any, ...]) -> None:
        self.arguments = arguments


class _Bindings:
    """Stands where the bindings do."""

    def __getattr__(self, name: str) -> Any:
        def call(*arguments: Any) -> None:
            raise _Asked(arguments)

        return call


def unhooked(server: Any) -> Any:
    """The same server, whose methods are chromadb's own. To be used at once: a swap of the state passes it by."""
    plain = object.__new__(type(server))
    plain.__dict__.update({name: value for name, value in vars(server).items() if name not in _HOOKED})
    return plain


def asked(server: Any, method: str, arguments: dict[str, Any]) -> tuple[Any, ...]:
    """What ``method`` would give to the Rust bindings: chromadb has then made JSON of configurations and schemas.
    Raises what chromadb raises on the way."""
    shadow = unhooked(server)
    shadow.bindings = _Bindings()
    try:
        getattr(shadow, method)(**arguments)
    except _Asked as told:
        return told.arguments
    raise TypeError(f"chromadb's {method} did nothing")


def find(server: Any, collection: UUID, tenant: str, database: str) -> Any:
    """What Chroma tells of the collection with that id; None where there is none."""
    plain = unhooked(server)
    if not hasattr(plain, "get_collection_by_id"):  # before chromadb 1.5.7
        listed = plain.list_collections(tenant=tenant, database=database)
        return next((model for model in listed if model.id == collection), None)
    try:
        return plain.get_collection_by_id(collection, tenant, database)
    except NotFoundError:
        return None
