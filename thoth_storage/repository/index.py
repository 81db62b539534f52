"""Small records below ``index/``: what is known of snapshots and packs beside what the snapshots themselves say.

One listing gives all of them, so a verb learns in one request whether there is anything to heed: packs that a prune has
marked, blocks that moved to other packs, labels that were given later, a catalogue of the snapshots. Like all objects
they are written once; newer ones add to older ones, and prune clears away what is spent.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from contextlib import suppress
from copy import copy
from datetime import UTC, datetime
from typing import NamedTuple, TypeVar

import msgspec

import thoth_storage
from thoth_storage.errors import ConflictError, CorruptionError, FormatError, NotFoundError
from thoth_storage.repository.layout import INDEX, IndexKey, new_index_key, parse_index_key
from thoth_storage.repository.vault import Vault

__all__ = ["Entry", "Index", "program", "read_entries", "read_entry", "read_kind", "write_entry"]

_log = logging.getLogger(__name__)
_MAGIC = b"THOTHIDX"
_T = TypeVar("_T")
_LISTINGS = 5


class _Header(msgspec.Struct, frozen=True):
    """Says again what the key says, so that no object passes for another."""

    id: str
    kind: str
    time: int
    program: str


class Entry(NamedTuple):
    """One object of the index; ``mtime`` by the service's clock, where it tells."""

    key: IndexKey
    mtime: datetime | None


class Index:
    """What one listing found, by kind and oldest first."""

    def __init__(self, vault: Vault) -> None:
        self._by_kind: dict[str, list[Entry]] = defaultdict(list)
        self.strays: list[str] = []
        for info in vault.backend.list(INDEX):
            try:
                key = parse_index_key(info.key, vault.url)
            except CorruptionError:
                self.strays.append(info.key)
                continue
            self._by_kind[key.kind].append(Entry(key, info.mtime))
        for entries in self._by_kind.values():
            entries.sort(key=lambda entry: (entry.key.time, entry.key.id))

    def of(self, kind: str) -> list[Entry]:
        return list(self._by_kind.get(kind, ()))

    @property
    def entries(self) -> list[Entry]:
        """All of them."""
        return [entry for entries in self._by_kind.values() for entry in entries]

    def only(self, entry: Entry) -> Index:
        """As if nothing else were there: to look at one record by itself."""
        alone = copy(self)
        alone._by_kind = defaultdict(list, {entry.key.kind: [entry]})  # noqa: SLF001 - of its own class
        return alone

    @property
    def newest(self) -> datetime | None:
        """The time of the newest entry, which a later one is to be behind."""
        return max((entries[-1].key.time for entries in self._by_kind.values()), default=None)


def write_entry(vault: Vault, kind: str, body: msgspec.Struct, newest: datetime | None = None) -> IndexKey:
    """Store a record, behind ``newest`` in time, and give its key."""
    key = new_index_key(kind, datetime.now(UTC), newest)
    header = _Header(key.id, kind, _microseconds(key.time), program())
    vault.backend.create(key.key, vault.seal(_MAGIC, header, body))
    return key


def read_entry(vault: Vault, entry: Entry, body: type[_T]) -> _T:
    """One record. Raises CorruptionError, FormatError, NotFoundError."""
    key = entry.key
    header, found = vault.open_record(vault.backend.get(key.key), _MAGIC, _Header, body, key.key)
    if (header.id, header.kind, header.time) != (key.id, key.kind, _microseconds(key.time)):
        raise CorruptionError("the object holds another record than its name says", url=vault.url, key=key.key)
    return found


def read_entries(vault: Vault, entries: list[Entry], body: type[_T], *, strict: bool = False) -> list[tuple[Entry, _T]]:
    """Many, each worth something by itself. One that was cleared away meanwhile is left out; one that is damaged is
    left out and told in the log, or, if ``strict``, raised: for who is about to delete."""
    found = []
    for entry in entries:
        with suppress(NotFoundError):
            found.extend(_read(vault, entry, body, strict))
    return found


def read_kind(vault: Vault, index: Index, kind: str, body: type[_T], *, strict: bool = False) -> list[tuple[Entry, _T]]:
    """All of a kind, which mean something together only. Where one is cleared away under the reader, another that was
    created before says the same: so the listing is made anew. Raises ConflictError where that happens again and again.
    """
    for _ in range(_LISTINGS):
        try:
            return [found for entry in index.of(kind) for found in _read(vault, entry, body, strict)]
        except NotFoundError:
            index = Index(vault)
    raise ConflictError(f"the records of {kind} change faster than they can be read", url=vault.url, hint="try again")


def _read(vault: Vault, entry: Entry, body: type[_T], strict: bool) -> list[tuple[Entry, _T]]:
    try:
        return [(entry, read_entry(vault, entry, body))]
    except (CorruptionError, FormatError) as error:
        if strict:
            raise
        _log.warning("left out a record of the index that cannot be read: %s", error)
        return []


def program() -> str:
    """Who writes, for people who look at what was stored."""
    return f"thoth-storage {thoth_storage.__version__}"


def _microseconds(time: datetime) -> int:
    return int(time.timestamp()) * 1_000_000 + time.microsecond
