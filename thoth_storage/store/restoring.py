"""A store as it was at some time, into a directory: a checkpoint and the entries of the log behind it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from thoth_storage import config
from thoth_storage.log import list_all
from thoth_storage.repository import Repository, RestoreReport
from thoth_storage.store.history import Point, find_point
from thoth_storage.store.hydration import Hydrator
from thoth_storage.store.line import Line
from thoth_storage.store.log_opening import open_log

__all__ = ["Restore", "newer_entries", "restore_at"]

Restore = Callable[[Repository, str | None, datetime | None], RestoreReport]
"""Restores a snapshot, or the newest that is not later than a time, from a repository to where it is wanted."""


def restore_at(repository: Repository, at: datetime, restore: Restore) -> RestoreReport:
    """Let ``restore`` write the state at that time. Where it is that of no snapshot, it is made in the cache directory
    first; nothing is written at the URL.

    Raises NotFoundError where neither a snapshot nor the log reaches back so far.
    """
    log, line = open_log(repository), Line(repository)
    point = find_point(line, log, at) if log else None
    if log is None or point is None:
        return restore(repository, None, at)
    if point.is_snapshot:
        return restore(repository, point.snapshot, None)
    return _replayed(repository, point, restore)


def newer_entries(repository: Repository, report: RestoreReport) -> int:
    """How many entries of the log what was restored has not, if it is a checkpoint."""
    position = repository.get(report.snapshot).position
    return 0 if position is None else max(list_all(repository.backend).last - position, 0)


def _replayed(repository: Repository, point: Point, restore: Restore) -> RestoreReport:
    from thoth_storage.store.aside import state_at

    log = open_log(repository)
    assert log is not None
    root = config.cache_root(url=repository.url)
    root.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="restore-", dir=root) as scratch,
        state_at(point, log, Hydrator(repository, Path(scratch), 0), None) as path,
        Repository.open(f"file://{scratch}/at", create=True, encryption_key=None) as made,
    ):
        made.backup(path, deltas=False)
        return restore(made, "latest", None)
