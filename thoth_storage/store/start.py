"""Where a replica begins: the newest checkpoint that the log still goes on from, and the entries behind it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from thoth_storage.errors import CorruptionError
from thoth_storage.log import Entry, FellBehindError, Log, Tail, look, truncated
from thoth_storage.store.line import Checkpoint, Line
from thoth_storage.store.operations import State, decode

__all__ = ["Start", "find_start", "has_lost", "start_behind", "state_of"]


@dataclass(frozen=True)
class Start:
    """``snapshot`` with entries up to ``position`` in it, None for no files at all; ``ahead`` are entries behind it,
    perhaps not all."""

    snapshot: str | None
    position: int
    ahead: Sequence[Entry] = ()


def find_start(line: Line, log: Log, without: Collection[str] = ()) -> Start:
    """``without``: checkpoints that are damaged; an older one and the log give the same state.

    Raises CorruptionError where the log was truncated and no checkpoint covers what is gone, and what reading the
    log raises."""
    gone = truncated(log.backend)
    usable = (each for each in line.visible() if each.id not in without)
    checkpoint = next((each for each in usable if _goes_on_from(each, gone, log)), None)
    position = checkpoint.position or 0 if checkpoint else 0
    if gone > position:
        later = start_behind(line, log, gone)
        if later:
            return later
        raise CorruptionError(
            f"the log was truncated up to entry {gone}, and no checkpoint holds what was in it",
            url=log.url,
            hint="bring the deleted snapshot back, or choose another state: thoth-storage log --set-state SNAPSHOT",
        )
    try:
        entries = Tail(log, position).read()
    except FellBehindError:
        return find_start(line, log, without)  # truncated just now
    except CorruptionError:
        later = start_behind(line, log, position)
        if later is None:
            raise
        return later
    for number in reversed(range(len(entries))):
        state = state_of(entries[number], log)
        if state:
            check_kept(line, state, entries[number].sequence)
            return Start(state, entries[number].sequence, entries[number + 1 :])
    if not position and not entries:
        # Snapshots of a directory that was never written to through the log.
        return Start(line.newest_stored(), 0)
    return Start(checkpoint.id if checkpoint else None, position, entries)


def start_behind(line: Line, log: Log, position: int) -> Start | None:
    """The last entry that sets the state, or else the last checkpoint, where the entries from ``position`` to it cannot
    all be applied."""
    gone = truncated(log.backend)
    later = (each for each in line.visible() if (each.position or 0) > position and _goes_on_from(each, gone, log))
    checkpoint = max(later, key=lambda each: each.position or 0, default=None)
    if checkpoint and checkpoint.position:
        position = checkpoint.position
    for listed in reversed(look(log.backend, position).entries):
        try:
            entry = log.read(listed.sequence)
            state = state_of(entry, log) if entry else None
        except CorruptionError:
            continue
        if state:
            check_kept(line, state, listed.sequence)
            return Start(state, listed.sequence, Tail(log, listed.sequence).read())
    return Start(checkpoint.id, position, Tail(log, position).read()) if checkpoint else None


def check_kept(line: Line, snapshot: str, sequence: int) -> None:
    """Raises CorruptionError where the snapshot that an entry makes the state was deleted."""
    if not line.has(snapshot):
        raise CorruptionError(
            f"log entry {sequence} makes the snapshot {snapshot[:12]} the state, and that was deleted",
            url=line.url,
            hint="choose another state: thoth-storage log --set-state SNAPSHOT",
        )


def state_of(entry: Entry, log: Log) -> str | None:
    """The snapshot that an entry makes the state, if it is such a one."""
    told = decode(entry.payload, url=log.url, sequence=entry.sequence)
    return next((each.arguments.snapshot for each in told if isinstance(each.arguments, State)), None)


def has_lost(checkpoint: Checkpoint, log: Log) -> bool:
    """Whether it is of work that was not logged, and another entry came first. Its own would still be there."""
    if not checkpoint.is_bulk or checkpoint.position is None:
        return False
    if checkpoint.position <= truncated(log.backend):
        return True
    entry = log.read(checkpoint.position)
    return entry is not None and state_of(entry, log) != checkpoint.id


def _goes_on_from(checkpoint: Checkpoint, gone: int, log: Log) -> bool:
    if checkpoint.position is None or checkpoint.position < gone:
        return False
    if not checkpoint.is_bulk:
        return True
    # Of work that was not logged; it counts if an entry says so. One that lost to another writer has none.
    try:
        entry = log.read(checkpoint.position)
        return entry is not None and state_of(entry, log) == checkpoint.id
    except CorruptionError:
        return False  # nobody knows; whoever begins before it comes upon the damage
