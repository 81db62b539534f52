"""The verbs that keep a repository sound and small: verify, repair, forget, prune, copy."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING

from thoth_storage.errors import InvalidArgumentError
from thoth_storage.repository.facade import Facade
from thoth_storage.repository.reports import timed
from thoth_storage.telemetry import operation

if TYPE_CHECKING:
    from thoth_storage.repository.copying import CopyReport
    from thoth_storage.repository.forgetting import ForgetReport
    from thoth_storage.repository.prune import PruneReport
    from thoth_storage.repository.repair import RepairReport
    from thoth_storage.repository.reports import ProgressCallback, VerifyReport

__all__ = ["GRACE", "UNUSED", "Upkeep"]

GRACE = timedelta(hours=24)
"""Longer than any backup or restore takes."""
UNUSED = 0.5
"""The part of a pack that may be unneeded before it is packed anew: at a half, each byte that is written frees one."""


class Upkeep(Facade):
    """None of these takes a lock, and all may run beside backups and restores. Their code is imported when they are
    called: a backup is not to pay for it."""

    def verify(self, read_data: bool | float | str = True, progress: ProgressCallback | None = None) -> VerifyReport:
        """Check every snapshot, pack and record; with ``read_data`` also the stored bytes: all of them, or a part.

        ``"5%"`` (or ``0.05``) reads the part whose turn it is today (UTC), so that twenty days in a row read all;
        ``"3/30"`` the third of thirty parts. Damage is reported, not raised.
        """
        from thoth_storage.repository.verify import verify

        with operation("verify", self.url) as under_way:
            report = verify(self.vault, read_data, timed(progress))
            under_way.set(ok=report.ok, problems=len(report.problems), bytes=report.bytes, part=report.part)
        return report

    def repair(
        self,
        drop: bool = False,
        dry_run: bool = False,
        source: str | os.PathLike[str] | None = None,
        progress: ProgressCallback | None = None,
    ) -> RepairReport:
        """Mend what ``verify`` finds. A damaged block is taken from another pack that has it, or from ``source``, a
        directory that may still hold the files. What cannot be saved is told, and dropped only with ``drop``: a damaged
        snapshot is then replaced by one without the files that are lost, an unreadable one is removed.
        """
        from thoth_storage.repository.repair import repair

        with operation("repair", self.url, dry_run=dry_run):
            return repair(self.vault, drop, dry_run, source, timed(progress))

    def forget(
        self,
        snapshots: Iterable[str] | None = None,
        *,
        keep_last: int = 0,
        keep_hourly: int = 0,
        keep_daily: int = 0,
        keep_weekly: int = 0,
        keep_monthly: int = 0,
        keep_tags: Iterable[str] = (),
        keep_ids: Iterable[str] = (),
        dry_run: bool = False,
    ) -> ForgetReport:
        """Drop snapshots: those that are named, or those that no rule keeps. Hours, days, ISO weeks and months are
        those of UTC. A rule keeps the newest snapshot of each of the last so many periods that have one; tags are kept
        always, and so are the snapshots ``keep_ids`` (whole ids; no rule by themselves) and what a name was moved to.
        The bytes go at the next ``prune``.

        Raises InvalidArgumentError for a policy that keeps nothing, NotFoundError.
        """
        from thoth_storage.repository.finding import check_name
        from thoth_storage.repository.forgetting import forget
        from thoth_storage.repository.retention import Policy

        tags = frozenset(check_name(tag) for tag in ([keep_tags] if isinstance(keep_tags, str) else keep_tags))
        counts = (keep_last, keep_hourly, keep_daily, keep_weekly, keep_monthly)
        policy = Policy(*counts, tags, frozenset(keep_ids)) if snapshots is None or any(counts) or tags else None
        with operation("forget", self.url, dry_run=dry_run) as under_way:
            report = forget(self.vault, policy, _listed(snapshots), dry_run)
            under_way.set(forgotten=len(report.forgotten))
        return report

    def prune(
        self,
        dry_run: bool = False,
        grace: timedelta = GRACE,
        max_unused: float = UNUSED,
        progress: ProgressCallback | None = None,
    ) -> PruneReport:
        """Delete what no snapshot needs, beside running backups. What is found unneeded is marked now and deleted by a
        prune that comes ``grace`` later, if that still holds; with a grace of zero both are done at once. A pack of
        which more than the part ``max_unused`` is unneeded is packed anew.

        Raises CorruptionError where a snapshot cannot be read: then nothing is deleted, for it might need anything; and
        InvalidArgumentError.
        """
        from thoth_storage.repository.prune import prune

        if not isinstance(grace, timedelta):
            raise InvalidArgumentError(
                f"a grace is a timedelta, not the {type(grace).__name__} {grace!r:.80}", hint="timedelta(hours=24), say"
            )
        with operation("prune", self.url, dry_run=dry_run) as under_way:
            report = prune(self.vault, grace, max_unused, dry_run, timed(progress))
            under_way.set(deleted=report.deleted, bytes=report.deleted_bytes, marked=report.marked)
        return report

    def copy_to(
        self,
        other: Facade,
        snapshots: Iterable[str] | None = None,
        progress: ProgressCallback | None = None,
    ) -> CopyReport:
        """Copy snapshots (all, unless some are named) to another repository, with their ids, times, names and tags.

        What is there already is not moved; every block is verified on the way. Keys may differ, so this is also how a
        repository gets encrypted. After a kill, doing it again goes on from there.
        """
        from thoth_storage.repository.copying import copy_snapshots

        with operation("copy", self.url, target=other.url) as under_way:
            report = copy_snapshots(self.vault, other.vault, _listed(snapshots), timed(progress))
            under_way.set(snapshots=len(report.snapshots), bytes=report.stored)
        return report


def _listed(snapshots: Iterable[str] | None) -> list[str] | None:
    """One name alone is a list of one, not of its letters."""
    if snapshots is None:
        return None
    return [snapshots] if isinstance(snapshots, str) else list(snapshots)
