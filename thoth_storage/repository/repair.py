"""Mends what verification finds: heals damaged blocks, and drops what cannot be saved only where that is asked.

A healed block gets a new place, and snapshots that need it are replaced by new ones that name it. Moves (see ``moves``)
would spare that, but a moved frame must have the length and the base that manifests know, and what heals it may be a
block in full where a delta was lost, or come from another version of zstd. Nor do repositories of version 1 know moves.
So there is one way for all, and a snapshot's manifest stays the one thing to be believed.

Nothing is deleted before what replaces it is stored: packs, then snapshots, then what was said of them later, and only
then the damaged ones go. A repair that is killed is simply begun again.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from thoth_storage.errors import AlreadyExistsError, CorruptionError, StorageError
from thoth_storage.repository.gathered import Taken
from thoth_storage.repository.healing import Healer
from thoth_storage.repository.labels import load_labels, write_labels
from thoth_storage.repository.layout import PACKS, SNAPSHOTS, SnapshotKey
from thoth_storage.repository.manifest import MAGIC, Block, Body, version_of
from thoth_storage.repository.marks import OvertakenError, commit, load_doomed, load_marks
from thoth_storage.repository.meanwhile import ATTEMPTS, have_moved, is_listed, outrun
from thoth_storage.repository.packs import PackWriter
from thoth_storage.repository.partials import load_partials
from thoth_storage.repository.record_checks import spent_records
from thoth_storage.repository.reports import Problem, ProgressCallback
from thoth_storage.repository.rewriting import relabelled, rewrite
from thoth_storage.repository.sampling import ALL
from thoth_storage.repository.source_blocks import SourceBlocks
from thoth_storage.repository.vault import Vault
from thoth_storage.repository.verify import Examined, examine

__all__ = ["Lost", "LostFile", "RepairReport", "repair"]


@dataclass(frozen=True)
class LostFile:
    """A file of which a block could not be healed; ``size`` in bytes."""

    path: str
    size: int


@dataclass(frozen=True)
class Lost:
    """The files of a snapshot that could not be saved; without ``drop`` it still names them."""

    snapshot: str
    name: str | None
    files: tuple[LostFile, ...]


@dataclass(frozen=True)
class RepairReport:
    """What was done, or with ``dry_run`` would be. ``healed_blocks`` in number, ``healed_bytes`` plain.

    ``replaced``: ids of damaged snapshots, and of those that took their place. ``lost``: files that could not be saved;
    only ``drop`` makes snapshots without them. ``removed``: ids of unreadable snapshots, ``records``: keys of damaged
    records of the index. ``problems`` are left.
    """

    snapshots: int
    seconds: float
    healed_blocks: int = 0
    healed_bytes: int = 0
    replaced: dict[str, str] = field(default_factory=dict)
    lost: list[Lost] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    records: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    dry_run: bool = False

    @property
    def ok(self) -> bool:
        """Whether nothing is damaged any more."""
        return not self.problems


@dataclass(frozen=True)
class _Case:
    """A damaged snapshot that is to be replaced, and the numbers of the files that it loses."""

    taken: Taken
    lost: list[int]


def repair(
    vault: Vault,
    drop: bool,
    dry_run: bool,
    source: str | os.PathLike[str] | None,
    progress: ProgressCallback | None,
) -> RepairReport:
    """Read all that snapshots need, heal what can be healed and replace the snapshots that need it.

    A prune may run beside it. What that moves meanwhile seems to be lost; so nothing counts as lost that is not so
    by the moves of now: where those changed, all is examined anew. A snapshot whose blocks it deletes is left as it is,
    and told. Who may not delete leaves the damaged snapshots beside the new ones, which is told too. Raises
    NotFoundError where ``source`` is not there, ConflictError where prunes get ahead again and again.
    """
    began = time.monotonic()
    for _ in range(ATTEMPTS):
        run = _Repair(vault, drop, dry_run, source)
        try:
            run.examine(progress)
            run.decide()
            run.replace()
        except _MovedError:
            # What was replaced already stays so: the next attempt finds it.
            continue
        run.remove()
        return run.report(time.monotonic() - began)
    raise outrun(vault)


class _MovedError(Exception):
    """Blocks were moved since they were examined: what seems to be lost may be elsewhere."""


class _Repair:
    """One run, a step after the other."""

    def __init__(self, vault: Vault, drop: bool, dry_run: bool, source: str | os.PathLike[str] | None) -> None:
        self._vault = vault
        self._drop = drop
        self._dry_run = dry_run
        self._source = source
        self._cases: list[_Case] = []
        self._lost: list[Lost] = []
        self._healed: dict[Block, Block] = {}
        self._replaced: dict[str, tuple[SnapshotKey, SnapshotKey]] = {}
        self._gone: set[str] = set()
        self._removed: list[str] = []
        self._records: list[str] = []
        self._problems: list[Problem] = []

    def examine(self, progress: ProgressCallback | None) -> None:
        """What is damaged, and where it might be found again."""
        self._found: Examined = examine(self._vault, ALL, "repair", progress)
        faults = self._found.damage.faults
        marks = load_marks(self._vault, self._found.index) + load_doomed(self._vault, self._found.index)
        marked = {pack for mark in marks for pack in mark.packs}

        def may_stay(block: Block) -> bool:
            return marked.isdisjoint(link.pack for link in block.chain)

        names = {block.digest for block in faults}
        sound = (block for block in self._found.gathered.blocks if block not in faults)
        partials = load_partials(self._vault, self._found.index) if faults else []
        files = SourceBlocks(self._vault, self._source) if self._source is not None else None
        self._healer = Healer(
            self._vault,
            # All of them: what a damaged delta stands on may be among them, by a name that only its frame tells.
            filter(may_stay, sound) if faults else (),
            (block for block in partials if block.digest in names and may_stay(block)),
            files,
        )

    def decide(self) -> None:
        """Which snapshots are replaced, and what they lose."""
        damage = self._found.damage
        ids = {id_ for problem in self._found.problems for id_ in problem.snapshots}
        # The oldest first, so that those behind learn what their parent is called now.
        for taken in self._found.gathered.again(key for key in reversed(self._found.keys) if key.id in ids):
            bad = {row for row, block in enumerate(taken.blocks) if block in damage.faults}
            if not bad or any(taken.blocks[row] in damage.newer for row in bad):
                continue
            dead = {row for row in bad if not self._healer.find(taken.blocks[row])}
            lost = [number for number, rows in enumerate(taken.rows) if not dead.isdisjoint(rows)]
            if lost:
                files = (taken.body.files[number] for number in lost)
                told = tuple(LostFile(file.path, file.size) for file in files)
                self._lost.append(Lost(taken.key.id, taken.header.name, told))
            if not lost or self._drop:
                self._cases.append(_Case(taken, lost))
        if damage.faults:
            self._check_moves()

    def replace(self) -> None:
        """Store healed blocks, then new snapshots, then what was said of the old ones."""
        with PackWriter(self._vault) as writer:
            for case in self._cases:
                for block in self._needed(case):
                    self._heal(block, writer)
            writer.finish()
        for case in self._cases:
            self._commit(case)
        if self._dry_run or not self._replaced:
            return
        labels = load_labels(self._vault, self._found.index)
        events = [event for old, (_, new) in self._replaced.items() for event in relabelled(labels, old, new.id)]
        if events:
            write_labels(self._vault, events, self._found.index)

    def remove(self) -> None:
        """Delete what was replaced and, where that was asked, what cannot be read."""
        for old, _ in self._replaced.values():
            self._delete(old.key, old.id)
        if not self._drop:
            return
        for key, error in self._found.gathered.unreadable.items():
            if isinstance(error, CorruptionError) and self._delete(key.key, key.id):
                self._removed.append(key.id)
        touched = {id_ for problem in self._found.problems for id_ in problem.snapshots} - self._gone
        for record in spent_records(self._vault, self._found.index, self._found.problems, needed=bool(touched)):
            if self._delete(record, None):
                self._records.append(record)

    def report(self, seconds: float) -> RepairReport:
        used = {block.digest: block.plain for block in self._healed}
        return RepairReport(
            snapshots=len(self._found.keys),
            seconds=seconds,
            healed_blocks=len(used),
            healed_bytes=sum(used.values()),
            replaced={old: new.id for old, (_, new) in self._replaced.items()},
            lost=self._lost,
            removed=self._removed,
            records=self._records,
            problems=[*self._left(), *self._problems],
            dry_run=self._dry_run,
        )

    def _needed(self, case: _Case) -> Iterable[Block]:
        """The damaged blocks of the files that are kept."""
        kept = {row for number, rows in enumerate(case.taken.rows) if number not in case.lost for row in rows}
        return (case.taken.blocks[row] for row in sorted(kept) if case.taken.blocks[row] in self._found.damage.faults)

    def _heal(self, block: Block, writer: PackWriter) -> None:
        if block in self._healed:
            return
        healed = block if self._dry_run else self._healer.place(block, writer)
        if healed:
            self._healed[block] = healed

    def _commit(self, case: _Case) -> None:
        old = case.taken.key
        if any(block not in self._healed for block in self._needed(case)):
            self._problems.append(Problem(old.key, "what would heal it changed meanwhile: repair again", (old.id,)))
            return
        ids, damaged = self._ids()
        parent = case.taken.header.parent
        new_parent = self._replaced[parent][1].id if parent in self._replaced else parent
        key, header, body = rewrite(self._vault, case.taken, self._healed, case.lost, damaged, new_parent)
        if key.id not in ids and not self._dry_run:
            self._check_moves()
            if not is_listed(self._vault, old) and not is_listed(self._vault, key):
                # Neither is there, so another repair did not do this: it was forgotten, and is not to come back.
                self._gone.update([old.key, old.id])
                return
            record = self._vault.seal(MAGIC, header, body, version=version_of(body))
            try:
                # No mark is heeded: nothing here stands on a pack that had one, and what is needed is not deleted.
                commit(self._vault, key, record, _packs(body), set(), late=True)
            except AlreadyExistsError:
                pass  # another repair made the same
            except OvertakenError as error:
                self._check_moves()
                self._problems.append(Problem(old.key, f"{error.message}: repair again", (old.id,)))
                return
        self._replaced[old.id] = (old, key)

    def _check_moves(self) -> None:
        if have_moved(self._vault, self._found.index):
            raise _MovedError

    def _ids(self) -> tuple[set[str], set[str]]:
        """The ids of snapshots that are sound, and of those that are not."""
        bad = {id_ for problem in self._found.problems for id_ in problem.snapshots}
        return self._found.gathered.headers.keys() - bad, bad

    def _delete(self, key: str, snapshot: str | None) -> bool:
        ids = (snapshot,) if snapshot else ()
        if not self._dry_run:
            try:
                self._vault.backend.delete(key)
            except StorageError as error:
                self._problems.append(Problem(key, f"it is of no use any more and could not be deleted: {error}", ids))
                return False
        self._gone.update([key, *ids])
        return True

    def _left(self) -> list[Problem]:
        """What was found, and touches a snapshot that is still there."""
        left = []
        for problem in self._found.problems:
            rest = tuple(id_ for id_ in problem.snapshots if id_ not in self._gone)
            by_snapshots = problem.key.startswith((PACKS, SNAPSHOTS)) and problem.snapshots
            if problem.key not in self._gone and (rest or not by_snapshots):
                left.append(Problem(problem.key, problem.message, rest))
        return left


def _packs(body: Body) -> set[str]:
    return {body.packs[i : i + 16].hex() for i in range(0, len(body.packs), 16)}
