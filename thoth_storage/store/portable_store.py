"""A store at a URL, opened for all of its rows to be read as one state, or for collections to come in as one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from thoth_storage.errors import StorageError
from thoth_storage.store.portable import PortableReader, Telling
from thoth_storage.store.portable_writing import PortableWriter

if TYPE_CHECKING:
    from thoth_storage.repository import Progress
    from thoth_storage.store.client import LiveClient

__all__ = ["StoreState", "reading_store", "writing_store"]

_ROWS = 1000
"""Rows of one write."""


@dataclass(frozen=True)
class StoreState:
    """Which state of a store is read: its newest checkpoint, and the last entry of the log that is on top of it.
    ``databases`` are the others of the tenant, which are not read."""

    url: str
    checkpoint: str | None
    position: int | None
    databases: tuple[str, ...] = ()


@contextmanager
def reading_store(
    url: Any,
    tenant: str,
    database: str,
    snapshot: str | None = None,
    *,
    storage_options: Mapping[str, Any] | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Iterator[tuple[PortableReader, StoreState]]:
    """The store's newest state, or that of a snapshot, held as it is until the ``with`` block ends. Raises
    NotFoundError, and what ``PersistentClient`` raises."""
    from thoth_storage.store.chroma_errors import chroma_errors
    from thoth_storage.store.opening import PersistentClient
    from thoth_storage.store.plain_server import unhooked

    with chroma_errors():
        client = PersistentClient(
            url, tenant=tenant, database=database, storage_options=storage_options, mode="r", progress=progress
        )
    with client:
        if snapshot:
            snapshot = client.restore(snapshot).id
        live = client.live
        live.before_read()
        # Nobody follows the log while this is held, so pages are of one state, and no other takes its place.
        with live.gate.writers:
            server = Telling(unhooked(client._server), chroma_errors)  # noqa: SLF001 - where every call passes
            try:
                others = tuple(name for name in _databases(server, tenant) if name != database)
                state = StoreState(live.url, snapshot or live.base, None if snapshot else live.position, others)
                yield PortableReader(server, tenant, database, live.url), state
            finally:
                server.let_go()


@contextmanager
def writing_store(
    url: Any,
    tenant: str,
    database: str,
    *,
    merge: bool,
    durability: str,
    storage_options: Mapping[str, Any] | None = None,
) -> Iterator[PortableWriter]:
    """The store, made if it is not there. With ``durability="checkpoint"`` what was written becomes visible at the URL
    as a whole when the ``with`` block ends, and not at all where it fails; with "log" as it is written."""
    from thoth_storage.store.chroma_errors import chroma_errors
    from thoth_storage.store.opening import PersistentClient
    from thoth_storage.store.plain_server import unhooked

    with chroma_errors():
        client = PersistentClient(
            url, tenant=tenant, database=database, storage_options=storage_options, durability=durability
        )
    server: Any = client._server  # noqa: SLF001 - where every call passes
    try:
        yield PortableWriter(
            Telling(server, chroma_errors),
            lambda: Telling(unhooked(server), chroma_errors),
            tenant,
            database,
            client.url,
            most=_ROWS,
            merge=merge,
        )
    except BaseException:
        _give_up(client)
        raise
    client.close()


def _give_up(client: LiveClient) -> None:
    with suppress(StorageError):  # the first failure is the one to be told
        if client.live.is_durable:
            client.close()
        else:
            client.discard()


def _databases(server: Any, tenant: str) -> list[str]:
    return [each["name"] for each in server.list_databases(tenant=tenant)]
