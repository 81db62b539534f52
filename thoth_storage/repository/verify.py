"""Finds what is damaged before somebody needs it: structure always, and every byte where asked, at once or in parts."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import dataclass

from thoth_storage.repository.damage import MISSING, Damage, Fault, find_damage, touched
from thoth_storage.repository.gathered import Gathered
from thoth_storage.repository.index import Index
from thoth_storage.repository.layout import IndexKey, SnapshotKey
from thoth_storage.repository.meanwhile import ATTEMPTS, have_moved, outrun
from thoth_storage.repository.moves import MOVES, load_moves
from thoth_storage.repository.record_checks import check_index, check_keys, check_settings
from thoth_storage.repository.records import list_keys, stray_objects
from thoth_storage.repository.reports import Problem, Progress, ProgressCallback, VerifyReport
from thoth_storage.repository.sampling import Part, to_part
from thoth_storage.repository.vault import Vault

__all__ = ["Examined", "examine", "verify"]


@dataclass(frozen=True)
class Examined:
    """All that was found, for who reports it and for who mends it."""

    keys: list[SnapshotKey]
    index: Index
    gathered: Gathered
    damage: Damage
    problems: list[Problem]


def verify(vault: Vault, read_data: bool | float | str, progress: ProgressCallback | None) -> VerifyReport:
    """Check that each snapshot and record can be read and is sound, that the packs which snapshots need are there and
    long enough and, as far as ``read_data`` says, that each of their blocks gives the bytes that its name promises.

    Damage is reported, not raised; what keeps the check itself from going on (no permission, service away) is raised.
    Raises InvalidArgumentError for a ``read_data`` that means nothing, ConflictError where prunes never let it look.
    """
    began = time.monotonic()
    part = to_part(read_data)
    found = examine(vault, part, "verify", progress)
    return VerifyReport(
        snapshots=len(found.keys),
        packs=found.damage.packs,
        blocks=found.damage.blocks,
        bytes=found.damage.bytes,
        seconds=time.monotonic() - began,
        problems=found.problems,
        part=str(part),
    )


def examine(vault: Vault, part: Part, action: str, progress: ProgressCallback | None) -> Examined:
    """Look at everything, and read ``part`` of the bytes.

    What a prune moved meanwhile looks as if it were lost: then all is looked at anew. Raises ConflictError where that
    happens again and again.
    """
    for _ in range(ATTEMPTS):
        found = _examine(vault, part, action, progress)
        if not found.damage.faults or not have_moved(vault, found.index):
            return found
    raise outrun(vault)


def _examine(vault: Vault, part: Part, action: str, progress: ProgressCallback | None) -> Examined:
    def tell(done: int, total: int) -> None:
        if progress:
            progress(Progress(action, done, total))

    keys = list_keys(vault.backend)
    # Behind the listing of the snapshots: what one of them needs and a repack has moved is told by now.
    index = Index(vault)
    gathered = Gathered(vault, load_moves(vault, index))
    gathered.add(keys)
    problems = check_settings(vault, keys) + check_keys(vault, keys) + stray_objects(vault.backend)
    for key, error in gathered.unreadable.items():
        problems.append(Problem(error.key or key.key, error.message, (key.id,)))
    problems += check_index(vault, index, gathered.headers)
    damage = find_damage(vault, gathered, part, tell)
    users = touched(gathered, keys, damage)
    problems = [_of_moves(index, problem, users) for problem in problems]
    problems += [Problem(key, message, tuple(sorted(ids))) for (key, message), ids in users.items()]
    return Examined(keys, index, gathered, damage, _merged(problems))


def _of_moves(index: Index, problem: Problem, users: dict[Fault, set[str]]) -> Problem:
    """A damaged record of moves touches the snapshots whose packs are missing: it may have told where their blocks
    are."""
    moves: set[IndexKey] = {entry.key for entry in index.of(MOVES)}
    if problem.key not in {key.key for key in moves}:
        return problem
    lost = {id_ for (_, message), ids in users.items() if message == MISSING for id_ in ids}
    return Problem(problem.key, problem.message, tuple(sorted(lost)))


def _merged(problems: list[Problem]) -> list[Problem]:
    """One for each object and what is wrong with it."""
    ids: dict[Fault, set[str]] = defaultdict(set)
    for problem in problems:
        ids[problem.key, problem.message].update(problem.snapshots)
    return [Problem(key, message, tuple(sorted(users))) for (key, message), users in ids.items()]
