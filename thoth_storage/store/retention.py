"""How much of the log is kept: as far back as the oldest checkpoint that can be gone back to, so that any time from
then on can be restored. What snapshots are kept is thus the one policy for both."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from thoth_storage.log import GRACE, list_all, truncate
from thoth_storage.repository import Repository
from thoth_storage.repository.records import list_keys, read_header
from thoth_storage.store.line import Line
from thoth_storage.store.log_opening import open_log
from thoth_storage.store.start import find_start, has_lost

__all__ = ["TruncateReport", "needed_by_openings", "truncate_log"]


@dataclass(frozen=True)
class TruncateReport:
    """``deleted`` entries of ``bytes`` went, or would with ``dry_run``; ``kept`` are left. ``through`` is the last one
    that no checkpoint needs."""

    deleted: int
    bytes: int
    kept: int
    through: int
    dry_run: bool


def needed_by_openings(repository: Repository) -> frozenset[str]:
    """The snapshot without which the store cannot be opened as it is, where it has a log. The newest of all, which
    rules keep, may be another: it may have lost a conflict, or the log does not go on from it any more."""
    log, line = open_log(repository), Line(repository)
    if log is None or not list_all(log.backend).last:
        return frozenset()
    start = find_start(line, log)
    return frozenset({start.snapshot} if start.snapshot else ())


def truncate_log(repository: Repository, *, dry_run: bool = False) -> TruncateReport:
    """Delete the entries that every checkpoint covers and that are older than the grace time.

    Raises CorruptionError or FormatError where a snapshot, or the entry that would make it count, cannot be read: it
    might need any.
    """
    log = open_log(repository)
    extent = list_all(repository.backend)
    for key in list_keys(repository.backend):
        read_header(repository.vault, key)
    # A checkpoint of work that was not logged counts by the entry at its position, which has to stay.
    checkpoints = [each for each in Line(repository).visible() if not (log and has_lost(each, log))]
    through = min((each.position - each.is_bulk for each in checkpoints if each.position is not None), default=0)
    # No clock but the service's: it is at least as late as the last thing that it stored.
    times = [info.mtime for prefix in ("log/", "snapshots/") for info in repository.backend.list(prefix)]
    now = max((time for time in times if time is not None), default=None)
    if log is None or not through or now is None:
        return TruncateReport(0, 0, len(extent.entries), through, dry_run)
    gone = truncate(log.backend, through, now - timedelta(seconds=GRACE), dry_run=dry_run)
    return TruncateReport(len(gone), sum(each.size for each in gone), len(extent.entries) - len(gone), through, dry_run)
