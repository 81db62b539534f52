"""Deletes what no snapshot needs, beside running backups, without a lock: see ``marks`` for why that is safe.

In this order, so that a kill after any request leaves every snapshot whole: frames of mostly unneeded packs are stored
anew and a record tells where; packs that nothing needs are marked; the snapshots are listed once more; packs whose
marks are old enough, and which still nothing needs, are deleted; then the marks.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from thoth_storage.backend import ObjectInfo
from thoth_storage.errors import InvalidArgumentError
from thoth_storage.repository.index import Index
from thoth_storage.repository.layout import PACKS, pack_key
from thoth_storage.repository.marks import Mark, load_marks, write_mark
from thoth_storage.repository.moves import load_moves, write_moves
from thoth_storage.repository.records import list_keys
from thoth_storage.repository.repack import repack
from thoth_storage.repository.reports import ProgressCallback
from thoth_storage.repository.survey import Survey
from thoth_storage.repository.sweep import store_now, sweep
from thoth_storage.repository.vault import Vault

__all__ = ["GRACE", "UNUSED", "PruneReport", "prune"]

GRACE = timedelta(hours=24)
"""Longer than any backup takes."""
UNUSED = 0.5
"""The part of a pack that may be unneeded before it is packed anew: at a half, each byte that is written frees one."""
_DELETES = 100
"""Packs in one call: a kill in between leaves little to find out again."""


@dataclass(frozen=True)
class PruneReport:
    """What was done, or with ``dry_run`` would be. Packs in number, sizes in bytes.

    ``deleted``: packs that are gone. ``marked``: those that this run has found unneeded, and that a later one deletes.
    ``waiting``: those that were marked before, or are too young to be. ``spared``: marked before, and needed again.
    ``repacked``: those whose live frames, ``rewritten_bytes``, were stored anew. ``unused_bytes``: what is unneeded and
    stays, in packs that are mostly needed. ``ready``: when all that is marked can be deleted. ``problems``: damaged packs,
    which were left as they are.
    """

    snapshots: int
    packs: int
    bytes: int
    deleted: int = 0
    deleted_bytes: int = 0
    marked: int = 0
    marked_bytes: int = 0
    waiting: int = 0
    waiting_bytes: int = 0
    spared: int = 0
    repacked: int = 0
    repacked_bytes: int = 0
    rewritten_bytes: int = 0
    unused_bytes: int = 0
    ready: datetime | None = None
    dry_run: bool = False
    problems: list[str] = field(default_factory=list)


class _Prune:
    """One run: what is there, what is needed, what is marked."""

    def __init__(self, vault: Vault, grace: timedelta, dry_run: bool) -> None:
        self.vault = vault
        self.grace = grace
        self.index = Index(vault)
        # Strict: who does not know all that is said must not delete.
        self.moves = load_moves(vault, self.index, strict=True)
        self.marks = load_marks(vault, self.index, strict=True)
        self.packs: dict[str, ObjectInfo] = {
            info.key.rpartition("/")[2]: info
            for info in vault.backend.list(PACKS)
            if info.key == pack_key(info.key.rpartition("/")[2])
        }
        self.survey = Survey(vault, self.moves)
        self.survey.add(list_keys(vault.backend))
        self.now = datetime.now(UTC) if dry_run else store_now(vault)

    def size(self, packs: Iterable[str]) -> int:
        return sum(self.packs[pack].size for pack in packs if pack in self.packs)

    def unneeded(self) -> set[str]:
        return self.packs.keys() - self.survey.live.keys()

    def mostly_unneeded(self, max_unused: float) -> set[str]:
        """Packs to be packed anew; none where older programs would not find what was moved."""
        if not self.vault.may_move:
            return set()
        return {
            pack
            for pack in self.survey.live.keys() & self.packs.keys()
            if self.survey.unused(pack, self.packs[pack].size) > max_unused * self.packs[pack].size
        }

    def to_mark(self, unneeded: set[str], repacked: set[str]) -> set[str]:
        """Those that have no mark yet that is due as soon. Young packs are passed over: some backup is about to name
        them. But what was just repacked is known to be of no use, whatever its age."""
        marked = {pack for mark in self.marks if mark.grace <= self.grace for pack in mark.packs}
        return {
            pack for pack in unneeded - marked if pack in repacked or self._age(self.packs[pack].mtime) >= self.grace
        }

    def due(self, mark: Mark) -> bool:
        return self._age(mark.since) >= max(mark.grace, self.grace)

    def _age(self, since: datetime | None) -> timedelta:
        # A service that tells no times leaves nothing but the grace between two runs to go by, and none is kept here.
        return self.now - since if since else timedelta.max


def prune(
    vault: Vault, grace: timedelta, max_unused: float, dry_run: bool, progress: ProgressCallback | None
) -> PruneReport:
    """Mark, delete, repack. Raises CorruptionError where a snapshot or record cannot be read, and PermissionError_ for
    who may not delete; then nothing that is needed is gone."""
    if grace < timedelta(0) or not 0 <= max_unused <= 1:
        raise InvalidArgumentError(
            f"a prune with a grace of {grace} and {max_unused} unused is not possible",
            hint="grace is not negative, max_unused is from 0 to 1",
        )
    run = _Prune(vault, grace, dry_run)
    before = PruneReport(run.survey.snapshots, len(run.packs), run.size(run.packs), dry_run=dry_run)
    mostly = run.mostly_unneeded(max_unused)
    if dry_run:
        return _plan(run, before, mostly)
    moved = repack(vault, mostly, run.survey, progress)
    moves = run.survey.move(moved.places)
    if moved.places:
        write_moves(vault, moves, run.index)
    to_mark = run.to_mark(run.unneeded(), moved.packs)
    if to_mark:
        write_mark(vault, to_mark, grace)
    # Now the marks are there for all to see. What was committed before them is found by this listing, and who commits
    # after it finds the marks.
    index = Index(vault)
    run.marks = load_marks(vault, index, strict=True)
    run.now = store_now(vault) if to_mark else run.now
    run.survey.add(list_keys(vault.backend))
    unneeded = run.unneeded()
    due = [mark for mark in run.marks if run.due(mark)]
    deletable = sorted({pack for mark in due for pack in mark.packs} & unneeded)
    for first in range(0, len(deletable), _DELETES):
        vault.backend.delete(*(pack_key(pack) for pack in deletable[first : first + _DELETES]))
    vault.backend.delete(*(mark.key.key for mark in due))
    sweep(vault, index, moves, run.now, grace)
    report = _report(run, before, due, set(deletable), to_mark)
    return replace(
        report,
        repacked=len(moved.packs),
        repacked_bytes=run.size(moved.packs),
        rewritten_bytes=moved.stored,
        problems=moved.problems,
    )


def _plan(run: _Prune, before: PruneReport, mostly: set[str]) -> PruneReport:
    unneeded = run.unneeded()
    to_mark = run.to_mark(unneeded, set()) | mostly
    due = [mark for mark in run.marks if run.due(mark)]
    deletable = {pack for mark in due for pack in mark.packs} & unneeded
    if not run.grace:
        deletable |= to_mark
    kept = sum(block.stored for pack in mostly for block in run.survey.live[pack].values())
    report = _report(run, before, due, deletable, to_mark)
    return replace(report, repacked=len(mostly), repacked_bytes=run.size(mostly), rewritten_bytes=kept)


def _report(run: _Prune, before: PruneReport, due: list[Mark], deletable: set[str], to_mark: set[str]) -> PruneReport:
    marked = to_mark - deletable
    still = [mark for mark in run.marks if mark not in due]
    needed = run.survey.live.keys()
    waiting = run.packs.keys() - needed - deletable - marked
    ready = [mark.since + max(mark.grace, run.grace) for mark in still if mark.since]
    return replace(
        before,
        deleted=len(deletable),
        deleted_bytes=run.size(deletable),
        marked=len(marked),
        marked_bytes=run.size(marked),
        waiting=len(waiting),
        waiting_bytes=run.size(waiting),
        spared=len({pack for mark in run.marks for pack in mark.packs} & needed),
        unused_bytes=sum(run.survey.unused(pack, run.packs[pack].size) for pack in needed & run.packs.keys()),
        ready=max(ready, default=None),
    )
