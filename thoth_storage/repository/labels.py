"""Names and tags that are given to a snapshot after it was made: it never changes, so they are events beside it.

A name means what it was given to last: by a backup that bears it, or by an event, whichever is later. So
``prod-good`` can move to an older snapshot and back, and a nightly backup may bear the same name each time. Events
carry an id and can be repeated or merged without harm. Who writes one where many records are merges them: so whoever
looks reads a few, even if nobody prunes and the writer may not delete.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence

import msgspec

from thoth_storage.errors import ConflictError, CorruptionError, FormatError, NotFoundError, StorageError
from thoth_storage.repository.index import Entry, Index, read_entry, write_entry
from thoth_storage.repository.layout import IndexKey, new_id
from thoth_storage.repository.vault import Vault
from thoth_storage.telemetry import ThreadPool

__all__ = [
    "FIRST_TIME",
    "LABELS",
    "LAST_TIME",
    "NO_LABELS",
    "Event",
    "Labels",
    "load_labels",
    "merge_labels",
    "new_event",
    "write_labels",
]

_log = logging.getLogger(__name__)
LABELS = "labels"
_MANY = 16
"""Records that a reader reads one by one; who writes where there are more merges them."""
_REQUESTS = 8
_LISTINGS = 20
_ID = 16
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


class _Body(msgspec.Struct, frozen=True, omit_defaults=True):
    """``covers``: the ids, 16 bytes each, of records whose events are all in this one."""

    events: tuple[Event, ...]
    covers: bytes = b""

    def __post_init__(self) -> None:
        if len(self.covers) % _ID:
            raise ValueError("the ids of the records that are covered are cut off")

    @property
    def covered(self) -> set[str]:
        return {self.covers[start : start + _ID].hex() for start in range(0, len(self.covers), _ID)}


class Labels:
    """What all events together say. ``records`` are those that say it, oldest first, and ``read`` how many of them had
    to be read: the others are covered by these."""

    def __init__(self, events: Iterable[Event] = (), records: Sequence[Entry] = (), read: int = 0) -> None:
        self.records = tuple(records)
        self.read = read
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
    """All events that are recorded. ``strict`` raises where a record is damaged, for who is about to delete.

    A record that is gone when it is read was covered by one that came later: so the listing is made anew. What was
    read stays read, since records never change; so who reads beside many writers gets on. Raises ConflictError where a
    record is gone again and again.
    """
    bodies: dict[str, _Body] = {}
    for _ in range(_LISTINGS):
        entries = index.of(LABELS)
        if not entries:
            return NO_LABELS
        try:
            return _load(vault, entries, bodies, strict)
        except NotFoundError:
            index = Index(vault)
    raise ConflictError(f"the records of {LABELS} change faster than they can be read", url=vault.url, hint="try again")


def new_event(
    time: int, snapshot: str | None, *, name: str | None = None, add: Iterable[str] = (), remove: Iterable[str] = ()
) -> Event:
    return Event(new_id(), time, snapshot, name, tuple(add), tuple(remove))


def write_labels(vault: Vault, events: Iterable[Event], index: Index, labels: Labels = NO_LABELS) -> IndexKey:
    """Store events; from then on all readers heed them. Where many records say the ``labels`` that are there, these are
    merged with the new ones, and go as far as this writer may delete."""
    if labels.read <= _MANY:
        return write_entry(vault, LABELS, _Body(tuple(events)), index.newest)
    key = merge_labels(vault, [*labels.events, *events], index, labels)
    try:
        vault.backend.delete(*(entry.key.key for entry in labels.records))
    except StorageError as error:
        _log.info("records of names and tags that are covered by a later one were left: %s", error)
    return key


def merge_labels(vault: Vault, events: Iterable[Event], index: Index, labels: Labels) -> IndexKey:
    """Store one record that says ``events`` in the place of all that say ``labels``, which may go then."""
    covers = b"".join(bytes.fromhex(entry.key.id) for entry in labels.records)
    times = [index.newest, *(entry.key.time for entry in labels.records[-1:])]
    return write_entry(vault, LABELS, _Body(tuple(events), covers), max(time for time in times if time))


def _load(vault: Vault, entries: Sequence[Entry], bodies: dict[str, _Body], strict: bool) -> Labels:
    """Newest first, several at once. What is covered by one that was read is passed over, whatever became of it.
    ``bodies``: those that were read before, by id, and then also those that were read now."""
    covered: set[str] = set()
    read: dict[str, _Body] = {}
    waiting = list(reversed(entries))
    with ThreadPool(_REQUESTS, thread_name_prefix="thoth-labels") as pool:
        while waiting:
            batch, waiting = waiting[:_REQUESTS], waiting[_REQUESTS:]
            for entry, found in zip(
                batch, pool.map(lambda entry: bodies.get(entry.key.id) or _attempt(vault, entry), batch), strict=True
            ):
                if isinstance(found, _Body):
                    bodies[entry.key.id] = found
                if entry.key.id in covered:
                    continue
                if isinstance(found, _Body):
                    read[entry.key.id] = found
                    covered |= found.covered
                elif strict or isinstance(found, NotFoundError):
                    raise found
                else:
                    _log.warning("left out a record of the index that cannot be read: %s", found)
            waiting = [entry for entry in waiting if entry.key.id not in covered]
    events = (event for body in read.values() for event in body.events)
    said = covered | read.keys()
    return Labels(events, [entry for entry in entries if entry.key.id in said], len(read))


def _attempt(vault: Vault, entry: Entry) -> _Body | CorruptionError | FormatError | NotFoundError:
    try:
        return read_entry(vault, entry, _Body)
    except (CorruptionError, FormatError, NotFoundError) as error:
        return error
