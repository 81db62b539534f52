"""Gives names and tags to snapshots that are there already.

The time of an event decides what a name means, so it must not depend on which machine's clock is right: it is always
behind whatever is stored.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from thoth_storage.errors import InvalidArgumentError, NotFoundError
from thoth_storage.repository.finding import check_name
from thoth_storage.repository.index import Index
from thoth_storage.repository.labels import LABELS, Event, Labels, load_labels, new_event, write_labels
from thoth_storage.repository.layout import SnapshotKey, new_index_key
from thoth_storage.repository.records import list_keys, read_header, to_microseconds, to_snapshot, to_time
from thoth_storage.repository.reports import Snapshot
from thoth_storage.repository.vault import Vault

__all__ = ["give_name", "give_tags", "take_name"]


def give_name(vault: Vault, key: SnapshotKey, name: str, index: Index) -> Snapshot:
    """Let ``name`` mean this snapshot, and give the snapshot with it. Raises InvalidArgumentError, CorruptionError."""
    check_name(name)
    labels = load_labels(vault, index)
    return _record(vault, key, new_event(_now(vault, index, labels), key.id, name=name), index, labels)


def give_tags(vault: Vault, key: SnapshotKey, add: Iterable[str], remove: Iterable[str], index: Index) -> Snapshot:
    """Add tags and remove others; one that is there already, or is not there, is no error. Raises
    InvalidArgumentError, CorruptionError."""
    new, old = _tags(add), _tags(remove)
    both = [tag for tag in new if tag in old]
    if both:
        raise InvalidArgumentError(f"the tag {both[0]!r:.80} is to be added and removed at once", hint="say which")
    labels = load_labels(vault, index)
    if not new and not old:
        return to_snapshot(read_header(vault, key), labels)
    return _record(vault, key, new_event(_now(vault, index, labels), key.id, add=new, remove=old), index, labels)


def take_name(vault: Vault, name: str, index: Index) -> None:
    """Take back a name that was given. Raises NotFoundError."""
    check_name(name)
    labels = load_labels(vault, index)
    if labels.given(name) is None:
        raise NotFoundError(
            f"the name {name!r:.80} was not given to any snapshot",
            url=vault.url,
            hint="what a snapshot was called when it was made, it keeps",
        )
    write_labels(vault, [new_event(_now(vault, index, labels), None, name=name)], index, labels)


def _record(vault: Vault, key: SnapshotKey, event: Event, index: Index, labels: Labels) -> Snapshot:
    # Read first: a snapshot that is damaged is told before anything is said of it.
    header = read_header(vault, key)
    write_labels(vault, [event], index, labels)
    return to_snapshot(header, Labels([*labels.events, event]))


def _now(vault: Vault, index: Index, labels: Labels) -> int:
    """Microseconds, behind the newest snapshot, index entry and event."""
    newest = [key.time for key in list_keys(vault.backend)[:1]]
    newest += [index.newest] if index.newest else []
    newest += [to_time(event.time) for event in labels.events[-1:]]
    return to_microseconds(new_index_key(LABELS, datetime.now(UTC), max(newest, default=None)).time)


def _tags(tags: Iterable[str]) -> list[str]:
    if isinstance(tags, str):
        raise InvalidArgumentError(f"tags are a list of strings, not the string {tags!r:.80}")
    return list(dict.fromkeys(check_name(tag) for tag in tags))
