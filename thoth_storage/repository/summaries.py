"""What all snapshots tell of themselves, in one object: so that a thousand of them are a listing, not a thousand reads.

The listing of keys says which snapshots exist; the newest catalogue has the headers of most of them, and the few that
came later are read one by one. It is a cache of what never changes: a missing or damaged one costs time and no more.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

import msgspec

from thoth_storage.errors import CorruptionError, FormatError, NotFoundError, StorageError
from thoth_storage.repository.index import Entry, Index, read_entry, write_entry
from thoth_storage.repository.labels import Labels
from thoth_storage.repository.layout import SnapshotKey
from thoth_storage.repository.manifest import Header
from thoth_storage.repository.records import read_header, to_microseconds, to_snapshot
from thoth_storage.repository.reports import Snapshot
from thoth_storage.repository.vault import Vault
from thoth_storage.telemetry import ThreadPool

__all__ = ["CATALOGUE", "read_catalogue", "read_headers", "read_stored", "summarize", "update_catalogue"]

_log = logging.getLogger(__name__)
CATALOGUE = "catalogue"
_REQUESTS = 8
_BEHIND = 32
"""Snapshots that may be missing from the catalogue before a backup writes a new one: a listing reads at most so many
headers, eight at once, and each backup pays for one on average."""


class _Body(msgspec.Struct, frozen=True):
    headers: tuple[Header, ...]


def read_headers(vault: Vault, keys: Sequence[SnapshotKey], index: Index) -> list[Header]:
    """The headers of many snapshots, in their order. One that is damaged is left out and told in the log, and
    verification names it: it must not hide the others. One that was forgotten meanwhile is left out too."""
    known = _catalogued(vault, index) if len(keys) > 1 else {}

    def read(key: SnapshotKey) -> Header:
        header = known.get(key.id)
        # The key's time is what a listing sorts by, and a record that tells another is not to be believed.
        return header if header and header.time == to_microseconds(key.time) else read_header(vault, key)

    return _read(keys, read)[0]


def read_stored(vault: Vault, keys: Sequence[SnapshotKey]) -> tuple[list[Header], list[SnapshotKey]]:
    """The headers that the snapshots themselves have now, and the keys of those that cannot be read. For who is about
    to delete: a catalogue tells nothing of what became of a snapshot since."""
    return _read(keys, lambda key: read_header(vault, key))


def summarize(vault: Vault, keys: Sequence[SnapshotKey], index: Index, labels: Labels) -> list[Snapshot]:
    """The same as people see them."""
    return [to_snapshot(header, labels) for header in read_headers(vault, keys, index)]


def update_catalogue(vault: Vault, keys: Sequence[SnapshotKey], index: Index) -> None:
    """Write a new catalogue if many snapshots came since the last. A failure is told in the log: what the caller was
    about is done, and the next one tries again."""
    try:
        known = _catalogued(vault, index) if len(keys) > _BEHIND else {}
        if sum(key.id not in known for key in keys) > _BEHIND:
            write_entry(vault, CATALOGUE, _Body(tuple(read_headers(vault, keys, index))), index.newest)
    except StorageError as error:
        _log.warning("no catalogue of the snapshots was written: %s", error)


def read_catalogue(vault: Vault, entry: Entry) -> dict[str, Header]:
    """What one catalogue tells of each snapshot, by id. Raises CorruptionError, FormatError, NotFoundError."""
    return {header.id: header for header in read_entry(vault, entry, _Body).headers}


def _read(keys: Sequence[SnapshotKey], read: Callable[[SnapshotKey], Header]) -> tuple[list[Header], list[SnapshotKey]]:
    """In order; one that was forgotten meanwhile is in neither list."""
    damaged: set[SnapshotKey] = set()

    def attempt(key: SnapshotKey) -> Header | None:
        try:
            return read(key)
        except NotFoundError:
            return None
        except (CorruptionError, FormatError) as error:
            _log.warning("left out a snapshot that cannot be read: %s", error)
            damaged.add(key)
            return None

    with ThreadPool(_REQUESTS, thread_name_prefix="thoth-headers") as pool:
        headers = [header for header in pool.map(attempt, keys) if header]
    return headers, [key for key in keys if key in damaged]


def _catalogued(vault: Vault, index: Index) -> dict[str, Header]:
    for entry in reversed(index.of(CATALOGUE)):
        try:
            return read_catalogue(vault, entry)
        except (CorruptionError, FormatError, NotFoundError) as error:
            _log.info("passed over a catalogue that cannot be read: %s", error)
    return {}
