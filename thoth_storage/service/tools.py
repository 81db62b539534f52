"""The tools that a client of MCP sees. Their docstrings are what a model reads before it calls one."""

from __future__ import annotations

import functools
import time
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import anyio.to_thread
from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import ToolAnnotations

from thoth_storage.errors import StorageError
from thoth_storage.service import documents as rows
from thoth_storage.service.lifecycle import StoreKeeper
from thoth_storage.service.logs import note_failure
from thoth_storage.service.metrics_text import Durations

__all__ = ["build_server"]

_Tool = Callable[..., dict[str, Any]]
_READERS, _WRITERS = 32, 8
"""Threads. Apart, since writers wait for each other, and nobody who reads is to wait for them."""
_READS = ToolAnnotations(read_only_hint=True, open_world_hint=False)
_ADDS = ToolAnnotations(read_only_hint=False, destructive_hint=False, idempotent_hint=True, open_world_hint=False)
_SAVES = ToolAnnotations(read_only_hint=False, destructive_hint=False, open_world_hint=False)
_REPLACES = ToolAnnotations(read_only_hint=False, destructive_hint=True, idempotent_hint=True, open_world_hint=False)


def build_server(keeper: StoreKeeper, calls: Durations, *, read_only: bool, version: str) -> MCPServer[Any]:
    """With ``read_only`` the tools that write are not there at all. ``calls`` counts by ``tool`` and ``outcome``."""
    server: MCPServer[Any] = MCPServer(
        "thoth-storage",
        version=version,
        instructions="Documents with metadata in a vector store. search finds by meaning; what add_documents stores is "
        "durable when the call returns.",
        log_level="WARNING",
    )
    tools = _Tools(keeper)
    readers, writers = anyio.CapacityLimiter(_READERS), anyio.CapacityLimiter(_WRITERS)
    reading: tuple[_Tool, ...] = (
        tools.search,
        tools.get_documents,
        tools.list_collections,
        tools.status,
        tools.list_backups,
    )
    for tool in reading:
        server.add_tool(_in_thread(tool, readers, calls), annotations=_READS)
    if not read_only:
        server.add_tool(_in_thread(tools.add_documents, writers, calls), annotations=_ADDS)
        server.add_tool(_in_thread(tools.backup, writers, calls), annotations=_SAVES)
        server.add_tool(_in_thread(tools.delete_documents, writers, calls), annotations=_REPLACES)
        server.add_tool(_in_thread(tools.restore, writers, calls), annotations=_REPLACES)
    return server


class _Tools:
    def __init__(self, keeper: StoreKeeper) -> None:
        self._keeper = keeper

    def search(self, query: str, n_results: int = 5, where: dict[str, Any] | None = None) -> dict[str, Any]:
        """Find the documents nearest in meaning to a text, best first: results of id, document, metadata and distance
        (smaller is nearer). where filters by metadata, as {"author": "Ada"} or {"year": {"$gte": 2020}}."""
        return {"results": rows.find(self._keeper.store(), query, n_results, where)}

    def get_documents(
        self, ids: list[str] | None = None, where: dict[str, Any] | None = None, limit: int = 100
    ) -> dict[str, Any]:
        """Get documents by their ids or by a filter of their metadata, at most limit (up to 1000): id, document and
        metadata of each."""
        return {"documents": rows.get(self._keeper.store(), ids, where, limit)}

    def list_collections(self) -> dict[str, Any]:
        """List the collections of the store, with how many documents each has."""
        return {"collections": rows.collections(self._keeper.store())}

    def status(self) -> dict[str, Any]:
        """Tell how the store is doing: documents, newest checkpoint, position in the write log, entries of it that are
        not applied here yet (behind), rows that no checkpoint has (pending)."""
        return rows.status(self._keeper.store())

    def list_backups(self) -> dict[str, Any]:
        """List the names of the backups, newest first."""
        return {"backups": self._keeper.store().list_backups()}

    def add_documents(
        self,
        documents: list[str],
        ids: list[str] | None = None,
        metadatas: list[dict[str, Any] | None] | None = None,
    ) -> dict[str, Any]:
        """Store documents, durable when this returns, and get their ids. An id that exists is replaced. Without ids
        they are made of document and metadata, so that the same call again stores nothing twice. A request may have
        4 MiB if nothing else is configured: send a few hundred documents a call."""
        with self._keeper.writing() as store:
            added = rows.add(store, documents, ids, metadatas)
        return {"ids": added, "count": len(set(added))}

    def delete_documents(self, ids: list[str] | None = None, where: dict[str, Any] | None = None) -> dict[str, Any]:
        """Delete documents by their ids or by a filter of their metadata; one of the two is needed. Ids that are not
        there are no error. documents is how many the collection has then."""
        with self._keeper.writing() as store:
            store.delete_documents(ids, where)
            return {"documents": store.get_document_count()}

    def backup(self, name: str | None = None) -> dict[str, Any]:
        """Store a snapshot of the whole store under a name; without one it is called after the time."""
        with self._keeper.writing() as store:
            return rows.snapshot_fields(store.backup(name))

    def restore(self, name: str) -> dict[str, Any]:
        """Go back to a backup, by its name or id. All instances follow. What was written since the last checkpoint is
        kept as a snapshot first."""
        with self._keeper.writing() as store:
            return {"name": name, "files": store.restore(name), "documents": store.get_document_count()}


def _in_thread(
    tool: _Tool, limiter: anyio.CapacityLimiter, calls: Durations
) -> Callable[..., Awaitable[dict[str, Any]]]:
    """A tool as MCP wants it: off the event loop, counted, with our errors told whole and no others."""

    @functools.wraps(tool)
    async def call(**arguments: Any) -> dict[str, Any]:
        began, outcome = time.monotonic(), "failed"
        try:
            work = functools.partial(tool, **arguments)
            result = await anyio.to_thread.run_sync(work, limiter=limiter)
            outcome = "done"
            return result
        except StorageError as error:
            outcome = type(error).__name__
            note_failure(tool.__name__, error)
            raise ToolError(str(error)) from error
        finally:
            calls.add(time.monotonic() - began, tool=tool.__name__, outcome=outcome)

    return call
