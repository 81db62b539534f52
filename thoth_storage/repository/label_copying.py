"""Carries names and tags that were given to a snapshot later to a copy of it.

As the events that they are, with their ids and times: doing it again changes nothing, and what was said later in the
target stays.
"""

from __future__ import annotations

from collections.abc import Collection

from thoth_storage.errors import NotFoundError
from thoth_storage.repository.index import Index
from thoth_storage.repository.labels import Event, Labels, load_labels, write_labels
from thoth_storage.repository.layout import SnapshotKey
from thoth_storage.repository.records import read_header
from thoth_storage.repository.vault import Vault

__all__ = ["copy_labels"]


def copy_labels(
    source: Vault, target: Vault, labels: Labels, copied: Collection[SnapshotKey], skipped: Collection[SnapshotKey]
) -> None:
    """Give the target what it lacks of the source's ``labels``: the names that mean one of these snapshots, and the
    tags of those that were there already. A copy that was made now bears its tags itself."""
    if not labels.events:
        return
    index = Index(target)
    there = load_labels(target, index)
    known = {event.id for event in there.events}
    events = [
        event for event in _names(labels, there, {key.id for key in (*copied, *skipped)}) if event.id not in known
    ]
    tagged = {event.snapshot for event in labels.events if event.name is None and event.id not in known}
    for key in skipped:
        if key.id in tagged and _differ(source, target, labels, there, key):
            events.extend(
                event
                for event in labels.events
                if event.name is None and event.snapshot == key.id and event.id not in known
            )
    if events:
        write_labels(target, events, index, there)


def _names(labels: Labels, there: Labels, ids: set[str]) -> list[Event]:
    """What the source says last of each name, where it means one of ``ids``; or where it was taken away, and the target
    has it from this source."""
    mine = {event.id for event in labels.events}
    found = []
    for event in {event.name: event for event in labels.events if event.name is not None}.values():
        given = there.given(event.name or "")
        if event.snapshot in ids or (event.snapshot is None and given and given.id in mine):
            found.append(event)
    return found


def _differ(source: Vault, target: Vault, labels: Labels, there: Labels, key: SnapshotKey) -> bool:
    try:
        mine, theirs = read_header(source, key).tags, read_header(target, key).tags
    except NotFoundError:
        return False
    return set(labels.tags(key.id, mine)) != set(there.tags(key.id, theirs))
