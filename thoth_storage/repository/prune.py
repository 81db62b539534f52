"""Deletes what no snapshot needs, beside running backups, without a lock: see ``marks`` for why that is safe.

In this order, so that a kill after any request leaves every snapshot whole: frames of mostly unneeded packs are stored
anew and a record tells where; packs that nothing needs are marked; those whose marks are old enough are doomed; the
snapshots are listed once more; what still nothing needs is deleted.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from thoth_storage.errors import InvalidArgumentError
from thoth_storage.repository.claims import claimed, live_claims
from thoth_storage.repository.layout import pack_key
from thoth_storage.repository.marks import Mark, load_marks, write_doomed, write_mark
from thoth_storage.repository.repack import Read, Repacked, move_blocks, read_checked
from thoth_storage.repository.reports import ProgressCallback
from thoth_storage.repository.state import State
from thoth_storage.repository.sweep import store_now, sweep
from thoth_storage.repository.vault import Vault

__all__ = ["PruneReport", "prune"]

_DELETES = 100
"""Packs in one call: a kill in between leaves little to find out again."""
_FRESH = 600.0
"""Seconds for which a look at the snapshots holds: a machine that slept looks again."""


@dataclass(frozen=True)
class PruneReport:
    """What was done, or with ``dry_run`` would be. Packs in number, sizes in bytes.

    ``deleted``: packs that are gone. ``marked``: those that this run has found unneeded, and that a later one deletes.
    ``waiting``: those that were marked before, or are too young to be. ``spared``: marked before, and needed again.
    ``repacked``: those whose live frames, ``rewritten_bytes``, were stored anew. ``unused_bytes``: what is unneeded and
    stays, in packs that are mostly needed. ``ready``: when all that is marked can be deleted. ``problems``: what was
    left as it is, such as damaged packs.
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


def prune(
    vault: Vault,
    grace: timedelta,
    max_unused: float,
    dry_run: bool,
    progress: ProgressCallback | None,
    read: Read = read_checked,
) -> PruneReport:
    """Mark, delete, repack; ``read`` is how that reads what it packs anew. Raises CorruptionError where a snapshot or
    record cannot be read, and PermissionError_ for who may not delete; then nothing that is needed is gone."""
    if grace < timedelta(0) or not 0 <= max_unused <= 1:
        raise InvalidArgumentError(
            f"a prune with a grace of {grace} and {max_unused} unused is not possible",
            hint="grace is not negative, max_unused is from 0 to 1",
        )
    state = State(vault)
    run = _Prune(vault, grace, datetime.now(UTC) if dry_run else store_now(vault))
    report = PruneReport(state.survey.snapshots, len(state.packs), state.size(state.packs), dry_run=dry_run)
    if dry_run:
        return run.plan(state, report, max_unused)
    moved = run.repack(state, max_unused, progress, read)
    state = state.again()
    report = replace(
        report,
        repacked=len(moved.packs),
        repacked_bytes=state.size(moved.packs),
        rewritten_bytes=moved.stored,
        problems=moved.problems,
    )
    return run.delete(state, report, moved.packs)


class _Prune:
    """One run, at one time of the service's clock."""

    def __init__(self, vault: Vault, grace: timedelta, now: datetime) -> None:
        self.vault = vault
        self.grace = grace
        self.now = now

    def plan(self, state: State, report: PruneReport, max_unused: float) -> PruneReport:
        """What a run would do now."""
        mostly = state.mostly_unneeded(max_unused)
        to_mark = self._to_mark(state, set()) | mostly
        due = {pack for mark in state.marks if self._due(mark) for pack in mark.packs} & state.unneeded
        if not self.grace:
            due |= to_mark
        live = sum(block.stored for pack in mostly for block in state.survey.live[pack].values())
        report = replace(report, repacked=len(mostly), repacked_bytes=state.size(mostly), rewritten_bytes=live)
        return self._report(report, state, state.marks, due, to_mark)

    def repack(self, state: State, max_unused: float, progress: ProgressCallback | None, read: Read) -> Repacked:
        """Pack anew what is mostly unneeded, unless another prune is about that."""
        if not state.mostly_unneeded(max_unused) and not state.moves.places:
            return Repacked()
        with claimed(self.vault, self.now) as claim:
            if claim is None:
                return Repacked(problems=["another prune is repacking; nothing was packed anew by this one"])
            # What was seen before the claim may be of the claimant before.
            return move_blocks(self.vault, State(self.vault, state), max_unused, claim, progress, read)

    def delete(self, state: State, report: PruneReport, repacked: set[str]) -> PruneReport:
        """Mark what is unneeded, delete what was marked long ago."""
        to_mark = self._to_mark(state, repacked)
        if to_mark:
            write_mark(self.vault, to_mark, self.grace)
        marks = load_marks(self.vault, state.again().index, strict=True)
        if to_mark:
            self.now = store_now(self.vault)
        due = [mark for mark in marks if self._due(mark)]
        wanted = {pack for mark in due for pack in mark.packs} & state.packs.keys()
        deleted: set[str] = set()
        if wanted & state.unneeded:
            doomed = write_doomed(self.vault, wanted & state.unneeded)
            state, deleted = self._delete(state, wanted & state.unneeded)
            self.vault.backend.delete(doomed.key)
        if due:
            self.vault.backend.delete(*(mark.key.key for mark in due))
        sweep(self.vault, state.index, self.now, self.grace)
        return self._report(report, state, marks, deleted, to_mark)

    def _delete(self, state: State, doomed: set[str]) -> tuple[State, set[str]]:
        """Delete doomed packs that still nothing needs."""
        left = sorted(doomed)
        deleted: set[str] = set()
        looked = -_FRESH
        while left:
            if time.monotonic() - looked > _FRESH:
                looked = time.monotonic()
                packs = state.packs
                state = state.again()
                state.packs = packs  # what is deleted here is still to be reckoned
                young = [entry.mtime for entry in live_claims(state.index, self.now)]
            batch, left = left[:_DELETES], left[_DELETES:]
            going = [pack for pack in batch if pack in state.unneeded and not self._claimed(state, pack, young)]
            if going:
                self.vault.backend.delete(*(pack_key(pack) for pack in going))
            deleted.update(going)
        return state, deleted

    def _claimed(self, state: State, pack: str, claims: list[datetime | None]) -> bool:
        stored = state.packs[pack].mtime
        return any(since is None or stored is None or stored >= since for since in claims)

    def _to_mark(self, state: State, repacked: set[str]) -> set[str]:
        """Those that have no mark yet that is due as soon. Young packs are passed over: some backup is about to name
        them. But what was just repacked is known to be of no use, whatever its age."""
        marked = {pack for mark in state.marks if mark.grace <= self.grace for pack in mark.packs}
        return {
            pack
            for pack in state.unneeded - marked
            if pack in repacked or self._age(state.packs[pack].mtime) >= self.grace
        }

    def _due(self, mark: Mark) -> bool:
        return self._age(mark.since) >= max(mark.grace, self.grace)

    def _age(self, since: datetime | None) -> timedelta:
        # A service that tells no times leaves nothing to reckon by.
        return self.now - since if since else timedelta.max

    def _report(
        self, report: PruneReport, state: State, marks: list[Mark], deleted: set[str], to_mark: set[str]
    ) -> PruneReport:
        live = state.survey.live.keys()
        marked = to_mark - deleted
        waiting = state.packs.keys() - live - deleted - marked
        still = [mark for mark in marks if not self._due(mark) and mark.since]
        return replace(
            report,
            deleted=len(deleted),
            deleted_bytes=state.size(deleted),
            marked=len(marked),
            marked_bytes=state.size(marked),
            waiting=len(waiting),
            waiting_bytes=state.size(waiting),
            spared=len({pack for mark in marks for pack in mark.packs} & live),
            unused_bytes=state.unused_bytes,
            ready=max((mark.since + max(mark.grace, self.grace) for mark in still if mark.since), default=None),
        )
