"""Checkpoints of a store that has a log: what was logged needs no more than a snapshot, what was not needs an entry."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from thoth_storage.log import FellBehindError
from thoth_storage.repository import Snapshot
from thoth_storage.store.line import BULK_TAG, Line
from thoth_storage.store.operations import Operation, State, encode, pack
from thoth_storage.store.start import state_of

if TYPE_CHECKING:
    from thoth_storage.store.captured import Captured
    from thoth_storage.store.replica import Replica

__all__ = ["publish_bulk", "state_entry"]


def state_entry(snapshot: str) -> bytes:
    """The payload of an entry after which the state is that of a snapshot."""
    return encode([Operation("state", "", "", "", pack(State(snapshot)))])


def publish_bulk(
    line: Line,
    replica: Replica,
    writers: AbstractContextManager[object],
    captured: Captured,
    base: str | None,
    name: str | None,
    tags: Iterable[str],
) -> tuple[Snapshot, str | None]:
    """Publish work upon ``base`` that was not logged: a snapshot, and an entry that makes it the state, right behind
    the one upon which the work began. Where another entry came first the snapshot is marked as one that lost, and what
    came first is told."""
    labels = tuple(tags)
    newest = line.newest_stored() if not replica.position else base
    if newest != base:
        # Nothing is logged, and somebody stored another directory.
        rival = f"stored the snapshot {newest[:12]}" if newest else "deleted the snapshot that was newest"
        return line.store(captured, name, labels, rival), rival
    position = replica.position + 1
    snapshot = line.store(captured, name, (*labels, BULK_TAG), position=position)
    try:
        with writers:
            entry, ours = replica.tail.append(state_entry(snapshot.id))
            if ours:
                replica.tail.take(entry)
                return snapshot, None
        state = state_of(entry, replica.log)
        rival = f"stored the snapshot {state[:12]}" if state else f"wrote entry {entry.sequence} of the log"
    except FellBehindError:
        rival = f"wrote entry {position} of the log, which is truncated by now,"
    lost = line.store(captured, name, labels, rival)
    line.withdraw(snapshot.id)
    return lost, rival
