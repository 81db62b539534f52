"""What restore drills found, kept where the snapshots are: when was it last proven that they restore?

Each drill is a record of the index, so a listing that every verb makes anyway shows them, and they are sealed like all
else. One that failed takes nothing from the last that succeeded: both are kept, and what is older than both goes. They
tell of this place only: a copy of the repository elsewhere is not proven by them.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import msgspec

from thoth_storage.errors import CorruptionError, FormatError, NotFoundError, StorageError
from thoth_storage.repository.index import Entry, Index, read_entry, write_entry
from thoth_storage.repository.labels import FIRST_TIME, LAST_TIME
from thoth_storage.repository.records import to_microseconds, to_time
from thoth_storage.repository.vault import Vault

__all__ = ["DRILL", "DrillRecord", "Drills", "read_drills", "write_drill"]

_log = logging.getLogger(__name__)
DRILL = "drill"
_MOST = 50
"""Records that a reader looks at, newest first, for one that succeeded."""
_PROBLEMS, _LENGTH = 20, 500


@dataclass(frozen=True)
class DrillRecord:
    """One restore drill.

    ``time``: when it ended, UTC; ``ok``: whether all that was compared is right; ``damaged``: whether what is stored is
    wrong (and not only the machine that tried); ``snapshot``: the id, None where none could be chosen;
    ``snapshot_time``: when that was taken; ``seconds``, ``bytes`` and ``files`` of the restore; ``compared``:
    ``"recorded"`` with what the checkpoint said of itself when it was made, ``"itself"`` Chroma's answers with the
    store's own tables, or ``"files"`` for a snapshot that is no Chroma store; ``collections`` and ``records`` that were
    counted; ``samples`` that were read and compared; ``queries`` that found what they had to, of ``asked``; ``entries``
    of the log behind the checkpoint that were read; ``problems``: what is wrong, empty where all is well; ``program``:
    who drilled, with versions.
    """

    time: datetime
    ok: bool
    damaged: bool
    snapshot: str | None
    snapshot_time: datetime | None
    seconds: float
    bytes: int
    files: int
    compared: str
    collections: int
    records: int
    samples: int
    queries: int
    asked: int
    entries: int
    problems: tuple[str, ...]
    program: str


class Drills(NamedTuple):
    """The newest drill, and the newest that succeeded; None where there was none."""

    last: DrillRecord | None
    proven: DrillRecord | None


class _Body(msgspec.Struct, frozen=True):
    """Times in microseconds since 1970 UTC."""

    time: int
    ok: bool
    damaged: bool
    snapshot: str | None
    snapshot_time: int | None
    seconds: float
    bytes: int
    files: int
    compared: str
    collections: int
    records: int
    samples: int
    queries: int
    asked: int
    entries: int
    problems: tuple[str, ...]
    program: str

    def __post_init__(self) -> None:
        # For what is read: msgspec makes it an error of the record.
        if any(not FIRST_TIME <= time <= LAST_TIME for time in (self.time, self.snapshot_time or 0)):
            raise ValueError("the time of a drill is none of the calendar")


def write_drill(vault: Vault, record: DrillRecord) -> None:
    """Store it, behind all that is there, and take away what it makes useless, as far as this writer may delete.

    Raises PermissionError_ for who may not write, and what else storing raises."""
    fields = {name: getattr(record, name) for name in _Body.__struct_fields__}
    taken = record.snapshot_time
    fields["time"], fields["snapshot_time"] = (
        to_microseconds(record.time),
        None if taken is None else to_microseconds(taken),
    )
    fields["problems"] = tuple(each[:_LENGTH] for each in record.problems[:_PROBLEMS])
    index = Index(vault)
    write_entry(vault, DRILL, _Body(**fields), index.newest)
    earlier = _newest_first(vault, index.of(DRILL))
    spent = [entry.key.key for entry, found in earlier if record.ok or not found.ok]
    try:
        vault.backend.delete(*spent)
    except StorageError as error:
        _log.info("records of earlier drills were left: %s", error)


def read_drills(vault: Vault, index: Index | None = None) -> Drills:
    """One listing and, most often, one read. A record that is damaged is passed over with a warning."""
    found = [record for _, record in _newest_first(vault, (index or Index(vault)).of(DRILL))]
    return Drills(found[0] if found else None, next((each for each in found if each.ok), None))


def _newest_first(vault: Vault, entries: Sequence[Entry]) -> list[tuple[Entry, DrillRecord]]:
    """What can be read, from the newest back to one that succeeded."""
    found = []
    for entry in list(reversed(entries))[:_MOST]:
        try:
            body = read_entry(vault, entry, _Body)
        except NotFoundError:
            continue  # a later one took it away
        except (CorruptionError, FormatError) as error:
            _log.warning("left out the record of a drill that cannot be read: %s", error)
            continue
        fields = {name: getattr(body, name) for name in _Body.__struct_fields__}
        taken = body.snapshot_time
        fields["time"], fields["snapshot_time"] = to_time(body.time), None if taken is None else to_time(taken)
        found.append((entry, DrillRecord(**fields)))
        if body.ok:
            break
    return found
