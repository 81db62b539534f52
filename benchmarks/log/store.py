"""How the processes that are measured open things: a store that makes no checkpoint by itself, and a bare Chroma."""

from __future__ import annotations

import os
from typing import Any, NoReturn

import thoth_storage as ts
from benchmarks.live.rows import COLLECTION

__all__ = ["bare", "collection", "leave", "opened"]

_NEVER = ts.CheckpointPolicy(rows=10**12)
_CONFIGURATION = {"hnsw": {"space": "cosine"}}


def opened(url: str, options: dict[str, str], cache: str, **more: Any) -> Any:
    """Checkpoints by policy would be measured along with now this write and now that one: none are made."""
    return ts.PersistentClient(url, storage_options=options, cache_dir=cache, policy=_NEVER, **more)


def bare(directory: str) -> Any:
    import chromadb
    from chromadb.config import Settings

    return chromadb.PersistentClient(directory, Settings(anonymized_telemetry=False))


def collection(client: Any) -> Any:
    return client.get_or_create_collection(COLLECTION, configuration=_CONFIGURATION, embedding_function=None)


def leave() -> NoReturn:
    """End as a process that is killed does: to close would store a checkpoint, and hide the log behind it."""
    os._exit(0)
