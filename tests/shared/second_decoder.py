"""Another decoder of operations, written from docs/format.md alone: nothing of thoth_storage or chromadb is imported.

What it gives is plain: vectors as tuples of numbers, a sparse vector as ("sparse", indices, values, labels).
"""

from __future__ import annotations

import struct
from typing import Any

import msgspec

__all__ = ["Damaged", "operations"]

NAMES = {
    "add": ("ids", "embeddings", "metadatas", "documents", "uris"),
    "delete": ("ids", "where", "where_document", "limit"),
    "create_collection": ("configuration", "schema", "metadata", "get_or_create"),
    "modify_collection": ("name", "metadata", "configuration"),
    "state": ("snapshot",),
}
NAMES["upsert"] = NAMES["update"] = NAMES["add"]
BARE = {"delete_collection", "create_database", "delete_database", "create_tenant", "reset"}


class Damaged(Exception):
    """Not what the format says."""


def operations(payload: bytes) -> tuple[str, list[dict[str, Any]]]:
    """The writer's chromadb, and what it did."""
    version, chromadb, told = msgspec.msgpack.decode(payload)[:3]
    if version != 1:
        raise Damaged(f"version {version}")
    return chromadb, [_operation(each) for each in told]


def _operation(told: list[Any]) -> dict[str, Any]:
    kind, tenant, database, collection, packed = told[:5]
    arguments = msgspec.msgpack.decode(packed, ext_hook=_extension)
    found = {"kind": kind, "tenant": tenant, "database": database, "collection": collection}
    if kind in BARE:
        if arguments is not None:
            raise Damaged(f"{kind} has arguments")
        return found
    names = NAMES[kind]
    if len(arguments) < len(names):
        raise Damaged(f"{kind} has {len(arguments)} arguments")
    found.update(zip(names, arguments, strict=False))
    if found.get("embeddings") is not None:
        found["embeddings"] = [struct.unpack(f"<{len(each) // 4}f", each) for each in found["embeddings"]]
    return found


def _extension(code: int, data: memoryview) -> Any:
    if code == 1:
        return ("sparse", *msgspec.msgpack.decode(bytes(data)))
    if code == 2:
        return int(bytes(data).decode("ascii"))
    raise Damaged(f"extension {code}")
