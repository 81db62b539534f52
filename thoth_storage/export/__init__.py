"""Collections out of a store and into one, apart from Chroma's own files: as a folder of Parquet, or to and from a
Chroma server that runs."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from thoth_storage.export.moving import Moved, MoveReport
    from thoth_storage.export.verbs import ServerOptions, export_store, import_store

_HOMES = {
    "MoveReport": "moving",
    "Moved": "moving",
    "ServerOptions": "verbs",
    "export_store": "verbs",
    "import_store": "verbs",
}

__all__ = ["MoveReport", "Moved", "ServerOptions", "export_store", "import_store"]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"thoth_storage.export.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'thoth_storage.export' has no attribute {name!r}")
