"""Packs that a prune has found unneeded or is deleting, and how a writer that relies on one finds out in time.

A prune that finds a pack unneeded marks it, and a prune that comes a grace time later deletes it. Writers do not
build on marked packs. Before it deletes anything a prune *dooms* the packs by another record, and only then looks
for snapshots that need them. A writer looks for such a record after its commit. So either the snapshot was there when
the prune looked, and the packs are spared; or the record was there when the writer looked, and the writer takes its
snapshot back and begins anew. If the prune is through by then, its record is gone and so are the packs, which the
writer sees. There is no lock in this and no clock.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from thoth_storage.backend import Backend
from thoth_storage.errors import ConflictError, StorageError
from thoth_storage.repository.index import Index, read_entries, write_entry
from thoth_storage.repository.layout import PACKS, IndexKey, SnapshotKey, pack_key
from thoth_storage.repository.vault import Vault

__all__ = [
    "DOOMED",
    "MARKS",
    "Mark",
    "OvertakenError",
    "commit",
    "load_doomed",
    "load_marks",
    "pack_sizes",
    "write_doomed",
    "write_mark",
]

MARKS = "marks"
DOOMED = "doomed"
_LONGEST = 1e10
"""Seconds: three hundred years. A calendar ends, and what is reckoned from a grace must not be behind it."""


class _Body(msgspec.Struct, frozen=True):
    """``packs`` 16 bytes an id; ``grace`` in seconds: nothing is deleted sooner after the mark was stored."""

    packs: bytes
    grace: float

    def __post_init__(self) -> None:
        # For what is read: msgspec makes it an error of the record.
        if len(self.packs) % 16 or not 0 <= self.grace <= _LONGEST:
            raise ValueError("a pack's id is cut off, or the grace is no time that anybody waits")


class Mark(NamedTuple):
    """``since`` by the service's clock, None where it does not tell."""

    key: IndexKey
    since: datetime | None
    packs: frozenset[str]
    grace: timedelta


class OvertakenError(ConflictError):
    """A prune got ahead of a writer; nothing was committed. The writer begins anew."""


def load_marks(vault: Vault, index: Index, *, strict: bool = False) -> list[Mark]:
    """What prunes have found unneeded, oldest first."""
    return _load(vault, index, MARKS, strict)


def load_doomed(vault: Vault, index: Index, *, strict: bool = False) -> list[Mark]:
    """What prunes are deleting, or were deleting when they were killed."""
    return _load(vault, index, DOOMED, strict)


def write_mark(vault: Vault, packs: Iterable[str], grace: timedelta) -> IndexKey:
    """From now on no writer builds on these packs."""
    return write_entry(vault, MARKS, _body(packs, grace))


def write_doomed(vault: Vault, packs: Iterable[str]) -> IndexKey:
    """From now on no writer relies on these packs, even if it began before."""
    return write_entry(vault, DOOMED, _body(packs, timedelta(0)))


def pack_sizes(backend: Backend) -> dict[str, int]:
    """Bytes of each pack that is there, by id."""
    return {info.key.rpartition("/")[2]: info.size for info in backend.list(PACKS)}


def commit(
    vault: Vault, key: SnapshotKey, record: bytes, relied: set[str], heeded: Collection[str], *, late: bool
) -> None:
    """Create a snapshot that relies on some packs, unless a prune got ahead.

    ``heeded`` are the ids of the records that the writer knew of; ``late`` says that it took long, so that a look
    before the commit is worth its requests. Raises OvertakenError, and what keeps it from looking; then the snapshot
    was taken back.
    """
    if late and relied:
        _look(vault, relied, heeded)
    vault.backend.create(key.key, record)
    if not relied:
        return
    try:
        _look(vault, relied, heeded)
    except OvertakenError:
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
    except StorageError:
        # The caller is told that there is no snapshot. So none is to be there that nobody has looked behind.
        with suppress(StorageError):
            vault.backend.delete(key.key)
        raise


def _look(vault: Vault, relied: set[str], heeded: Collection[str]) -> None:
    # The records first: who finds none of a prune that is through sees in the listing of packs what it deleted.
    for doomed in load_doomed(vault, Index(vault)):
        if doomed.key.id not in heeded and not relied.isdisjoint(doomed.packs):
            raise OvertakenError("a prune is deleting packs that this snapshot relies on", url=vault.url)
    missing = relied - pack_sizes(vault.backend).keys()
    if missing:
        raise OvertakenError(
            "a prune deleted packs that this snapshot relies on", url=vault.url, key=pack_key(min(missing))
        )


def _load(vault: Vault, index: Index, kind: str, strict: bool) -> list[Mark]:
    return [
        Mark(
            entry.key,
            entry.mtime,
            frozenset(body.packs[i : i + 16].hex() for i in range(0, len(body.packs), 16)),
            timedelta(seconds=body.grace),
        )
        for entry, body in read_entries(vault, index.of(kind), _Body, strict=strict)
    ]


def _body(packs: Iterable[str], grace: timedelta) -> _Body:
    return _Body(b"".join(bytes.fromhex(pack) for pack in sorted(packs)), min(grace.total_seconds(), _LONGEST))
