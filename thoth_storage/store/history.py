"""Points in the past of a store: which entry was the last one at a time, and which checkpoint to begin from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from thoth_storage.errors import NotFoundError
from thoth_storage.log import Entry, Listed, Log, list_all
from thoth_storage.store.line import Checkpoint, Line
from thoth_storage.store.start import state_of

__all__ = ["Point", "find_point"]

_DOUBT = timedelta(seconds=60)
"""What an entry's writer says of the time is believed as long as the service's clock says about the same: it is finer
than that of many a service, but nobody sets it right."""


@dataclass(frozen=True)
class Point:
    """The state after entry ``sequence``: ``snapshot`` (None: nothing) holds it up to ``position``, the entries behind
    that, none of which sets the state, do the rest."""

    sequence: int
    snapshot: str | None
    position: int

    @property
    def is_snapshot(self) -> bool:
        return self.snapshot is not None and self.position == self.sequence


def find_point(line: Line, log: Log, at: datetime) -> Point | None:
    """The last state that was not made after ``at``; None where the log knows nothing that old.

    Raises NotFoundError where it was so once, but the log was truncated since.
    """
    moment = at.astimezone(UTC)
    extent = list_all(log.backend)
    listed = [each for each in extent.entries if each.sequence > extent.truncated]
    sequence = _last_before(listed, moment, log)
    checkpoints = [each for each in line.visible() if each.position is not None]
    # The entry that makes work the state which was not logged is written when that is uploaded: the work itself is as
    # old as its snapshot.
    following = (sequence or extent.truncated) + 1
    stored = next((each.time for each in listed if each.sequence == following), None)
    bulk = (each for each in checkpoints if each.is_bulk and each.position == following)
    if any(_is_old(each, stored, moment, log) for each in bulk):
        sequence = following
    if sequence is None:
        if not extent.truncated:
            return None
        # Of one that has less it is not known when that ceased to be the state.
        of_that = [each for each in checkpoints if each.position == extent.truncated and not each.is_bulk]
        begin = next((each for each in of_that if each.time and each.time <= moment), None)
        if begin is None:
            raise _too_old(moment, log)
        return Point(extent.truncated, begin.id, extent.truncated)
    begin = _newest(each for each in checkpoints if (each.position or 0) <= sequence and _holds(each, log))
    position = (begin.position or 0) if begin else 0
    if position < extent.truncated:
        raise _too_old(moment, log)
    for number in range(sequence, position, -1):
        state = state_of(_entry(log, number), log)
        if state:
            return Point(sequence, state, number)
    return Point(sequence, begin.id if begin else None, position)


def _last_before(listed: Sequence[Listed], moment: datetime, log: Log) -> int | None:
    """Entries are read only around the time in question: the service's clock tells for all others."""
    last = None
    for each in listed:
        stored = each.time
        if stored is None or abs(stored - moment) <= _DOUBT:
            said = _entry(log, each.sequence).time
            stored = said if stored is None or abs(stored - said) <= _DOUBT else stored
        if stored > moment:
            break
        last = each.sequence
    return last


def _newest(checkpoints: Iterable[Checkpoint]) -> Checkpoint | None:
    return max(checkpoints, key=lambda each: each.position or 0, default=None)


def _too_old(moment: datetime, log: Log) -> NotFoundError:
    return NotFoundError(
        f"no checkpoint and no log reach back to {moment.isoformat()}",
        url=log.url,
        hint="thoth-storage log and thoth-storage snapshots tell what is kept",
    )


def _is_old(checkpoint: Checkpoint, stored: datetime | None, moment: datetime, log: Log) -> bool:
    """How far its writer's clock is off is told by the entry that makes it the state: that was ``stored`` at once."""
    if checkpoint.time is None or not _holds(checkpoint, log):
        return False
    off = _entry(log, checkpoint.position or 0).time - stored if stored else timedelta()
    return checkpoint.time - (off if abs(off) > _DOUBT else timedelta()) <= moment


def _holds(checkpoint: Checkpoint, log: Log) -> bool:
    if not checkpoint.is_bulk:
        return True
    entry = log.read(checkpoint.position or 0)
    return entry is not None and state_of(entry, log) == checkpoint.id


def _entry(log: Log, sequence: int) -> Entry:
    entry = log.read(sequence)
    if entry is None:
        raise NotFoundError(f"log entry {sequence} went while it was read", url=log.url, hint="try again")
    return entry
