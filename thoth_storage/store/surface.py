"""Every method by which chromadb's client and Collection reach a store, and whether it may change what is stored.

The lists are held against the chromadb that is installed whenever a store is opened: one that lacks a method is
refused, and a method that nobody here knows is refused when it is called, for it might change the store behind our
back.
"""

from __future__ import annotations

import chromadb
from chromadb.api import ServerAPI

from thoth_storage.errors import ConfigurationError

__all__ = ["MUTATIONS", "PLAIN", "READS", "unknown_methods"]

MUTATIONS = frozenset(
    {
        *("_add", "_upsert", "_update", "_delete", "_modify", "_fork"),
        *("create_collection", "get_or_create_collection", "delete_collection"),
        *("create_database", "delete_database", "create_tenant"),
        *("attach_function", "detach_function", "reset"),
    }
)
"""What changes the store, or would: an embedded Chroma refuses forks and attached functions, so far."""

READS = frozenset(
    {
        *("_get", "_query", "_count", "_peek", "_search", "_fork_count", "_get_indexing_status"),
        *("get_collection", "get_collection_by_id", "list_collections", "count_collections"),
        *("get_database", "list_databases", "get_tenant", "get_attached_function"),
    }
)
"""What looks at the store's files."""

PLAIN = frozenset(
    {
        *("heartbeat", "get_version", "get_settings", "get_max_batch_size", "get_user_identity"),
        *("start", "stop", "reset_state", "require", "dependencies"),
    }
)
"""What neither changes the store nor reads it, and the life of the component itself."""


_LATER = frozenset({"get_collection_by_id", "_fork_count"})
"""Of these, what the oldest chromadb that is supported (1.5.2) has not yet."""


def unknown_methods(server: ServerAPI) -> list[str]:
    """The methods of ``server`` that are in no list. Raises ConfigurationError where it lacks one that is."""
    found = {name for name in dir(type(server)) if _is_method(server, name)}
    known = MUTATIONS | READS | PLAIN
    missing = sorted(known - _LATER - found)
    if missing:
        raise ConfigurationError(
            f"chromadb {chromadb.__version__} has no {', '.join(missing)}, by which stores are kept safe",
            hint="install a chromadb that this version of thoth-storage supports: pip install --upgrade thoth-storage",
        )
    return sorted(found - known)


def _is_method(server: ServerAPI, name: str) -> bool:
    return not name.startswith("__") and not name.startswith("_abc_") and callable(getattr(type(server), name, None))
