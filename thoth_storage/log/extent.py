"""What of a log is there: one listing tells its end from a hole, and a mark tells a hole from what was truncated."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from thoth_storage.backend import Backend
from thoth_storage.log.layout import ENTRIES, FOLDER, MARKS, folder_of, parse_entry, parse_mark

__all__ = ["Extent", "Listed", "list_all", "look", "truncated"]


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
    """The number up to which entries are or will be deleted; 0 where none were."""
    return max((parse_mark(info.key) or 0 for info in backend.list(MARKS)), default=0)


def look(backend: Backend, after: int) -> Extent:
    """The entries behind ``after``: folder by folder, until one behind it has none. Entries first and the mark then:
    what is deleted between the two listings is in the mark already."""
    entries: list[Listed] = []
    number = max(after, 0) + 1
    while True:
        found = _list(backend, folder_of(number))
        entries += [each for each in found if each.sequence > after]
        if not found and number // FOLDER > (after + 1) // FOLDER:
            return Extent(truncated(backend), tuple(entries))
        number = (number // FOLDER + 1) * FOLDER


def list_all(backend: Backend) -> Extent:
    """Every entry that is there, by one listing of all of them."""
    entries = tuple(_list(backend, ENTRIES))
    return Extent(truncated(backend), entries)


def _list(backend: Backend, prefix: str) -> list[Listed]:
    found = []
    for info in backend.list(prefix):
        sequence = parse_entry(info.key)
        if sequence is not None:
            found.append(Listed(sequence, info.size, info.mtime))
    return sorted(found, key=lambda each: each.sequence)
