"""Packs that a prune is about to delete, and how a writer that relies on one of them finds out in time.

A prune marks the packs that no snapshot needs, and deletes them a grace time later if that still holds. Writers do not
build on marked packs. One that began before the mark looks again after its commit. Either its snapshot was there when
the prune looked last, and the prune spares the packs; or the mark was there when the writer looked, and the writer takes its
snapshot back and begins anew. There is no lock and no clock in this but the service's own.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from thoth_storage.backend import Backend
from thoth_storage.errors import ConflictError, NotFoundError, StorageError
from thoth_storage.repository.index import Index, read_entries, write_entry
from thoth_storage.repository.layout import PACKS, IndexKey, SnapshotKey, pack_key
from thoth_storage.repository.vault import Vault

__all__ = ["MARKS", "Mark", "Overtaken", "commit", "load_marks", "pack_sizes", "write_mark"]

MARKS = "marks"


class _Body(msgspec.Struct, frozen=True):
    """``packs`` 16 bytes an id; ``grace`` in seconds: nothing is deleted sooner after the mark was stored."""

    packs: bytes
    grace: float


class Mark(NamedTuple):
    """``since`` by the service's clock, None where it does not tell."""

    key: IndexKey
    since: datetime | None
    packs: frozenset[str]
    grace: timedelta


class Overtaken(ConflictError):
    """A prune got ahead of a writer; nothing was committed. The writer begins anew."""


def load_marks(vault: Vault, index: Index, *, strict: bool = False) -> list[Mark]:
    """All marks, oldest first."""
    return [
        Mark(
            entry.key,
            entry.mtime,
            frozenset(body.packs[i : i + 16].hex() for i in range(0, len(body.packs), 16)),
            timedelta(seconds=body.grace),
        )
        for entry, body in read_entries(vault, index.of(MARKS), _Body, strict=strict)
    ]


def write_mark(vault: Vault, packs: Iterable[str], grace: timedelta) -> IndexKey:
    """From now on no writer builds on these packs."""
    return write_entry(
        vault, MARKS, _Body(b"".join(bytes.fromhex(pack) for pack in sorted(packs)), grace.total_seconds())
    )


def pack_sizes(backend: Backend) -> dict[str, int]:
    """Bytes of each pack that is there, by id."""
    return {info.key.rpartition("/")[2]: info.size for info in backend.list(PACKS)}


def commit(vault: Vault, key: SnapshotKey, record: bytes, relied: set[str], heeded: set[str], *, late: bool) -> None:
    """Create a snapshot that relies on some packs, unless a prune got ahead.

    ``heeded`` are the ids of the marks that the writer knew of; ``late`` says that it took long, so that a look
    before the commit is worth its requests. Raises Overtaken; then no snapshot is there.
    """
    if late and relied:
        _look(vault, relied, heeded, None)
    vault.backend.create(key.key, record)
    if not relied:
        return
    try:
        _look(vault, relied, heeded, key)
    except Overtaken:
        try:
            vault.backend.delete(key.key)
        except StorageError as error:
            raise ConflictError(
                f"a prune deletes packs that the snapshot {key.id} relies on, and it could not be taken back ({error})",
                url=vault.url,
                key=key.key,
                hint="remove that object, then run the backup again",
            ) from error
        raise


def _look(vault: Vault, relied: set[str], heeded: set[str], committed: SnapshotKey | None) -> None:
    # The marks first: who finds none of a prune that is through sees in the listing of packs what it deleted.
    endangered = [
        mark
        for mark in load_marks(vault, Index(vault))
        if mark.key.id not in heeded and not relied.isdisjoint(mark.packs)
    ]
    if endangered and not (committed and _fresh(vault, endangered, committed)):
        raise Overtaken("a prune is about to delete packs that this snapshot relies on", url=vault.url)
    missing = relied - pack_sizes(vault.backend).keys()
    if missing:
        raise Overtaken("a prune deleted packs that this snapshot relies on", url=vault.url, key=pack_key(min(missing)))


def _fresh(vault: Vault, marks: list[Mark], committed: SnapshotKey) -> bool:
    """Whether the snapshot is there so long before the marks' deletions that the prune is sure to see it."""
    try:
        now = vault.backend.head(committed.key).mtime
    except NotFoundError:
        return False
    return now is not None and all(mark.since is not None and now - mark.since < mark.grace / 2 for mark in marks)
