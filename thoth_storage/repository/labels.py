"""Names and tags that are given to a snapshot after it was made: it never changes, so they are events beside it.

A name means what it was given to last: by a backup that bears it, or by an event, whichever is later. So
``prod-good`` can move to an older snapshot and back, and a nightly backup may bear the same name each time. Events
carry an id and can be repeated or merged without harm.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from thoth_storage.repository.index import Index, read_kind, write_entry
from thoth_storage.repository.layout import IndexKey, new_id
from thoth_storage.repository.vault import Vault

__all__ = [
    "FIRST_TIME",
    "LABELS",
    "LAST_TIME",
    "NO_LABELS",
    "Event",
    "Labels",
    "load_labels",
    "new_event",
    "write_labels",
]

LABELS = "labels"
FIRST_TIME, LAST_TIME = -62_135_596_800_000_000, 253_402_300_799_999_999
"""Microseconds since 1970 at which the years 1 and 9999 begin and end."""


class Event(msgspec.Struct, frozen=True):
    """``name`` was given to ``snapshot`` (taken away, where that is None); or tags were added to and removed from it.
    ``time`` in microseconds since 1970 UTC decides the order."""

    id: str
    time: int
    snapshot: str | None
    name: str | None = None
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        # For what is read: msgspec makes it an error of the record.
        if not FIRST_TIME <= self.time <= LAST_TIME:
            raise ValueError("the time of an event is none of the calendar")


class _Body(msgspec.Struct, frozen=True):
    events: tuple[Event, ...]


class Labels:
    """What all events together say."""

    def __init__(self, events: Iterable[Event] = ()) -> None:
        distinct = {event.id: event for event in events}
        self.events = sorted(distinct.values(), key=lambda event: (event.time, event.id))
        self._names: dict[str, Event] = {}
        self._tags: dict[str, list[Event]] = {}
        for event in self.events:
            if event.name is not None:
                self._names[event.name] = event
            elif event.snapshot is not None:
                self._tags.setdefault(event.snapshot, []).append(event)

    def given(self, name: str) -> Event | None:
        """The last event that gave ``name`` to a snapshot, unless it was taken away since."""
        event = self._names.get(name)
        return event if event and event.snapshot else None

    def names(self, snapshot_id: str) -> tuple[str, ...]:
        """The names that mean this snapshot by an event."""
        return tuple(sorted(name for name, event in self._names.items() if event.snapshot == snapshot_id))

    def tags(self, snapshot_id: str, born_with: tuple[str, ...]) -> tuple[str, ...]:
        """The tags it has now, in the order in which it got them."""
        tags = dict.fromkeys(born_with)
        for event in self._tags.get(snapshot_id, ()):
            for tag in event.remove:
                tags.pop(tag, None)
            tags.update(dict.fromkeys(event.add))
        return tuple(tags)


NO_LABELS = Labels()


def load_labels(vault: Vault, index: Index, *, strict: bool = False) -> Labels:
    """All events that are recorded. ``strict`` raises where a record is damaged, for who is about to delete."""
    if not index.of(LABELS):
        return NO_LABELS
    return Labels(event for _, body in read_kind(vault, index, LABELS, _Body, strict=strict) for event in body.events)


def new_event(
    time: int, snapshot: str | None, *, name: str | None = None, add: Iterable[str] = (), remove: Iterable[str] = ()
) -> Event:
    return Event(new_id(), time, snapshot, name, tuple(add), tuple(remove))


def write_labels(vault: Vault, events: Iterable[Event], index: Index) -> IndexKey:
    """Store events; from then on all readers heed them."""
    return write_entry(vault, LABELS, _Body(tuple(events)), index.newest)
