"""A Chroma vector store that lives at a URL: snapshots, restore, pluggable backends.

Names are imported on first use, so that ``import thoth_storage`` costs a few milliseconds and pulls in no SDK
and no chromadb.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from thoth_storage import errors as errors
    from thoth_storage.backend import Backend, Capabilities, ObjectInfo
    from thoth_storage.errors import StorageError
    from thoth_storage.fsspec_backend import FsspecBackend
    from thoth_storage.hookspecs import hookimpl
    from thoth_storage.registry import PluginInfo, list_plugins, open_backend
    from thoth_storage.repository import Problem, Progress, Repository, RestoreReport, Snapshot, VerifyReport
    from thoth_storage.repository.copying import CopyReport
    from thoth_storage.repository.diffing import DiffReport
    from thoth_storage.repository.forgetting import ForgetReport
    from thoth_storage.repository.prune import PruneReport
    from thoth_storage.repository.repair import RepairReport
    from thoth_storage.repository.wrapping import KeyService
    from thoth_storage.store import (
        CheckpointPolicy,
        LexicalEmbedder,
        PersistentClient,
        StoreStatus,
        VectorStore,
        close_on_sigterm,
    )

    __version__: str

_HOMES = {
    "Backend": "backend",
    "Capabilities": "backend",
    "CheckpointPolicy": "store",
    "CopyReport": "repository.copying",
    "DiffReport": "repository.diffing",
    "ForgetReport": "repository.forgetting",
    "FsspecBackend": "fsspec_backend",
    "KeyService": "repository.wrapping",
    "LexicalEmbedder": "store",
    "ObjectInfo": "backend",
    "PersistentClient": "store",
    "PluginInfo": "registry",
    "Problem": "repository",
    "Progress": "repository",
    "PruneReport": "repository.prune",
    "RepairReport": "repository.repair",
    "Repository": "repository",
    "RestoreReport": "repository",
    "Snapshot": "repository",
    "StorageError": "errors",
    "StoreStatus": "store",
    "VectorStore": "store",
    "VerifyReport": "repository",
    "close_on_sigterm": "store",
    "hookimpl": "hookspecs",
    "list_plugins": "registry",
    "open_backend": "registry",
}

__all__ = [
    "Backend",
    "Capabilities",
    "CheckpointPolicy",
    "CopyReport",
    "DiffReport",
    "ForgetReport",
    "FsspecBackend",
    "KeyService",
    "LexicalEmbedder",
    "ObjectInfo",
    "PersistentClient",
    "PluginInfo",
    "Problem",
    "Progress",
    "PruneReport",
    "RepairReport",
    "Repository",
    "RestoreReport",
    "Snapshot",
    "StorageError",
    "StoreStatus",
    "VectorStore",
    "VerifyReport",
    "close_on_sigterm",
    "errors",
    "hookimpl",
    "list_plugins",
    "open_backend",
]


def __getattr__(name: str) -> Any:
    if name in ("errors", "health", "thoth"):
        return import_module(f"thoth_storage.{name}")
    if name == "__version__":
        # Kept: to find it out takes a millisecond.
        globals()[name] = import_module("importlib.metadata").version("thoth-storage")
        return globals()[name]
    if name in _HOMES:
        return getattr(import_module(f"thoth_storage.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'thoth_storage' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "__version__"})
