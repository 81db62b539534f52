"""What of a log is there: one listing tells its end from a hole, and a mark tells a hole from what was truncated."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from thoth_storage.backend import Backend
from thoth_storage.log import clock
from thoth_storage.log.layout import ENTRIES, FOLDER, MARKS, folder_of, parse_entry, parse_mark

__all__ = ["Extent", "Listed", "list_all", "list_marks", "look", "truncated"]


@dataclass(frozen=True, slots=True)
class Listed:
    """An entry that is there. ``time`` is when the service stored it, by the service's clock, where it tells."""

    sequence: int
    size: int
    time: datetime | None


@dataclass(frozen=True, slots=True)
class Extent:
    """``entries`` in order; those up to ``truncated`` are or will be deleted."""

    truncated: int
    entries: tuple[Listed, ...]

    @property
    def last(self) -> int:
        """The highest number; that up to which the log was truncated where nothing came since."""
        return max(self.truncated, self.entries[-1].sequence if self.entries else 0)

    @property
    def size(self) -> int:
        """Bytes of all of ``entries``."""
        return sum(each.size for each in self.entries)


def truncated(backend: Backend) -> int:
    """The number up to which entries are or will be deleted; 0 where none were.

    A listing may miss a mark that is deleted while it is made, and the higher one that was stored since. But a mark
    goes only when a higher one has been there for ``clock.GRACE``: a listing that took so long is made again.
    """
    while True:
        began = clock.now()
        through = max((each.sequence for each in list_marks(backend)), default=0)
        if clock.since(began) < clock.TRUST:
            return through


def list_marks(backend: Backend) -> list[Listed]:
    """The marks of what was truncated, by the numbers up to which it was."""
    found = [(parse_mark(info.key), info) for info in backend.list(MARKS)]
    return [Listed(through, info.size, info.mtime) for through, info in found if through is not None]


def look(backend: Backend, after: int) -> Extent:
    """The entries behind ``after``: folder by folder, until one behind it has none. Entries first and the mark then:
    what is deleted between the two listings is in the mark already.

    Where not even entry ``after`` is there, and none follows, all of the log is listed: a rule of the bucket that
    deletes what is old takes more than a folder, and leaves no mark.
    """
    found = _list_on(backend, after) if after > 0 else []
    if not any(each.sequence >= after for each in found):
        found = _list(backend, ENTRIES)
    entries = tuple(each for each in found if each.sequence > after)
    return Extent(truncated(backend), entries)


def list_all(backend: Backend) -> Extent:
    """Every entry that is there, by one listing of all of them."""
    entries = tuple(_list(backend, ENTRIES))
    return Extent(truncated(backend), entries)


def _list_on(backend: Backend, number: int) -> list[Listed]:
    """Folders from that of ``number`` to the first empty one, at least that of the number behind it."""
    entries: list[Listed] = []
    folder = number // FOLDER
    while True:
        found = _list(backend, folder_of(folder * FOLDER))
        entries += found
        if not found and folder > (number + 1) // FOLDER:
            return entries
        folder += 1


def _list(backend: Backend, prefix: str) -> list[Listed]:
    found = []
    for info in backend.list(prefix):
        sequence = parse_entry(info.key)
        if sequence is not None:
            found.append(Listed(sequence, info.size, info.mtime))
    return sorted(found, key=lambda each: each.sequence)
