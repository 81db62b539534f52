"""The live store at a URL: chromadb's client above a local, disposable directory and a repository of snapshots."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from thoth_storage.store.background import CheckpointPolicy
    from thoth_storage.store.endings import close_on_sigterm
    from thoth_storage.store.lexical import LexicalEmbedder
    from thoth_storage.store.opening import PersistentClient
    from thoth_storage.store.status import StoreStatus
    from thoth_storage.store.vector_store import VectorStore

_HOMES = {
    "CheckpointPolicy": "background",
    "LexicalEmbedder": "lexical",
    "PersistentClient": "opening",
    "StoreStatus": "status",
    "VectorStore": "vector_store",
    "close_on_sigterm": "endings",
}

__all__ = ["CheckpointPolicy", "LexicalEmbedder", "PersistentClient", "StoreStatus", "VectorStore", "close_on_sigterm"]


def __getattr__(name: str) -> Any:
    # On first use, so that a store's files are on their way while chromadb is imported.
    if name in _HOMES:
        return getattr(import_module(f"thoth_storage.store.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'thoth_storage.store' has no attribute {name!r}")
