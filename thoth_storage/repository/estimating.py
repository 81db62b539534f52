"""Dry runs of the verbs that write: what they would do, and about what that takes. Nothing is written anywhere."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from thoth_storage.backend import Backend
from thoth_storage.errors import NotFoundError
from thoth_storage.prices import Estimate, Usage, estimate
from thoth_storage.repository.backup import Request, back_up
from thoth_storage.repository.copying import CopyReport, copy_snapshots
from thoth_storage.repository.facade import Facade
from thoth_storage.repository.finding import check_name
from thoth_storage.repository.forgetting import ForgetReport, drop
from thoth_storage.repository.index import Index
from thoth_storage.repository.moves import load_moves
from thoth_storage.repository.opening import open_vault
from thoth_storage.repository.planned_copy import planned
from thoth_storage.repository.prune import prune
from thoth_storage.repository.ranges import batches
from thoth_storage.repository.records import list_keys, read_blocks, to_snapshot
from thoth_storage.repository.rehearsal import Rehearsal, scheme_of
from thoth_storage.repository.reports import ProgressCallback, Snapshot, timed
from thoth_storage.repository.repository import Repository
from thoth_storage.repository.upkeep import Upkeep

__all__ = [
    "CopyEstimate",
    "estimate_backup",
    "estimate_copy",
    "estimate_forget",
    "estimate_opening",
    "estimate_prune",
    "estimate_storage",
]


@dataclass(frozen=True)
class CopyEstimate:
    """``source`` is what is asked of the repository that is copied, ``target`` of the other one."""

    report: CopyReport
    source: Estimate
    target: Estimate


def estimate_backup(
    backend: Backend,
    directory: str | os.PathLike[str],
    name: str | None = None,
    tags: Iterable[str] = (),
    progress: ProgressCallback | None = None,
    *,
    encryption_key: object = None,
    deltas: bool = True,
) -> tuple[Snapshot, Estimate]:
    """The snapshot that a backup would make in the repository at ``backend``, which need not be there, and what that
    takes. The directory is read, cut and compressed, and of the repository is read what a backup reads. Raises what
    ``Repository.backup`` raises.
    """
    stage = Rehearsal(backend)
    vault = open_vault(stage.backend, encryption_key, create=True)
    labels = tuple(dict.fromkeys(check_name(tag) for tag in tags))
    request = Request(directory, name if name is None else check_name(name), labels, None, None, deltas)
    return to_snapshot(back_up(vault, request, timed(progress))), stage.estimate()


def estimate_copy(
    source: Facade,
    target: Backend,
    snapshots: Iterable[str] | None = None,
    progress: ProgressCallback | None = None,
    *,
    encryption_key: object = None,
) -> CopyEstimate:
    """What copying would take. No block is read, only manifests: of a delta that would have to be unpacked the size is
    a guess. Raises what ``Repository.copy_to`` raises."""
    here, there = Rehearsal(source.backend), Rehearsal(target)
    vault = open_vault(there.backend, encryption_key, create=True)
    wanted = None if snapshots is None else list(snapshots)
    report = copy_snapshots(here.vault(source.vault), vault, wanted, timed(progress), planned(here))
    return CopyEstimate(report, here.estimate(), there.estimate())


def estimate_prune(
    repository: Upkeep, grace: timedelta, max_unused: float, also: Callable[[Repository], object] | None = None
) -> Estimate:
    """What a prune would take now, and what ``also`` does after it with the repository that it is given. Nothing of
    what would be packed anew is read. Raises what ``Repository.prune`` raises."""
    stage = Rehearsal(repository.backend)
    vault = stage.vault(repository.vault)
    prune(vault, grace, max_unused, dry_run=False, progress=None, read=stage.read_nothing)
    if also:
        also(Repository(vault))
    return stage.estimate()


def estimate_forget(repository: Upkeep, *args: Any, **kwargs: Any) -> tuple[ForgetReport, Estimate]:
    """A dry run of ``Repository.forget``, which takes the same arguments, and what the real one takes. The bytes go
    with a prune."""
    stage = Rehearsal(repository.backend)
    vault = stage.vault(repository.vault)
    report = Repository(vault).forget(*args, **kwargs, dry_run=True)
    drop(vault, list_keys(repository.backend), report)
    return report, stage.estimate()


def estimate_opening(repository: Upkeep, snapshot: str | None, entries: int = 0, size: int = 0) -> Estimate:
    """What it takes to bring a snapshot to a machine that has nothing of it, and ``entries`` of a log with ``size``
    bytes. The snapshot's manifest is read, and no block. Raises NotFoundError, CorruptionError."""
    stage = Rehearsal(repository.backend)
    vault = stage.vault(repository.vault)
    if snapshot:
        index = Index(vault)
        key = next((each for each in list_keys(vault.backend) if each.id == snapshot), None)
        if key is None:
            raise NotFoundError(f"there is no snapshot {snapshot}", url=repository.url)
        for batch in batches(read_blocks(vault, key, load_moves(vault, index))[1]):
            for run in (*batch.links, *batch.roots):
                stage.book(run)
    usage = stage.usage()
    more = {**usage.requests, "get": usage.requests["get"] + entries}
    return estimate(scheme_of(repository.backend), replace(usage, requests=more, received=usage.received + size))


def estimate_storage(backend: Backend) -> tuple[int, Estimate]:
    """How many objects are stored below a URL, and what they cost a month. Takes a listing of all of them."""
    objects = list(backend.list())
    return len(objects), estimate(scheme_of(backend), Usage(added=sum(info.size for info in objects)))
