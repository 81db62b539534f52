"""Clears away what is spent in ``index/``: records that a newer one has taken over, notes of writers long gone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from thoth_storage.repository.claims import CLAIMS, STALE
from thoth_storage.repository.index import Index, write_entry
from thoth_storage.repository.labels import LABELS, Labels, load_labels, merge_labels
from thoth_storage.repository.marks import DOOMED
from thoth_storage.repository.partials import PARTIAL
from thoth_storage.repository.records import list_keys
from thoth_storage.repository.summaries import CATALOGUE
from thoth_storage.repository.vault import Vault

__all__ = ["store_now", "sweep"]

_CLOCK = "clock"
_LONG = timedelta(hours=24)
"""After this a prune that was deleting is surely dead, and its record of what it doomed says nothing any more."""
_MANY = 16
"""Records of labels that are read one by one before they are merged."""


class _Nothing(msgspec.Struct, frozen=True):
    """A record that is stored for the time that it is given."""


def store_now(vault: Vault) -> datetime:
    """What the service's clock says, by which all ages are reckoned: a small object is stored, looked at and removed.
    This machine's clock where the service does not tell times."""
    key = write_entry(vault, _CLOCK, _Nothing())
    try:
        return vault.backend.head(key.key).mtime or datetime.now(UTC)
    finally:
        vault.backend.delete(key.key)


def sweep(vault: Vault, index: Index, now: datetime, grace: timedelta) -> None:
    """What replaces a record is stored before that goes: a reader that misses one lists again and finds it."""
    spent = [entry.key.key for entry in index.of(CATALOGUE)[:-1]]
    spent += _older(index, now, grace, PARTIAL)
    spent += _older(index, now, STALE, CLAIMS, _CLOCK)
    spent += _older(index, now, _LONG, DOOMED)
    spent += _sweep_labels(vault, index)
    if spent:
        vault.backend.delete(*spent)


def _older(index: Index, now: datetime, age: timedelta, *kinds: str) -> list[str]:
    return [
        entry.key.key
        for kind in kinds
        for entry in index.of(kind)
        if entry.mtime is not None and now - entry.mtime >= age
    ]


def _sweep_labels(vault: Vault, index: Index) -> list[str]:
    if len(index.of(LABELS)) < _MANY:
        return []
    labels: Labels = load_labels(vault, index, strict=True)
    there = {key.id for key in list_keys(vault.backend)}
    # Of a name the last event says it all: also that it was taken away, or given to what is gone by now. Without that
    # one an older event would hold again. A backup may bear the name, and time decides then.
    last = {event.name: event.id for event in labels.events if event.name is not None}
    kept = [
        event
        for event in labels.events
        if (event.snapshot in there if event.name is None else event.id == last[event.name])
    ]
    merge_labels(vault, kept, index, labels)
    return [entry.key.key for entry in labels.records]
