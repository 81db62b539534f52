"""Writes a snapshot out: into a fresh folder beside the target, every block checked, then moved into place."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from thoth_storage.errors import CapacityError, ConfigurationError, PermissionError_
from thoth_storage.fsspec_errors import classify, raise_from
from thoth_storage.repository.checks import checked_files
from thoth_storage.repository.flushing import Flusher, leave
from thoth_storage.repository.folders import default_mode, sync_folder
from thoth_storage.repository.layout import SnapshotKey
from thoth_storage.repository.merging import check_fits, merge
from thoth_storage.repository.moves import Moves
from thoth_storage.repository.moving import move_inside, move_whole
from thoth_storage.repository.placing import Plan
from thoth_storage.repository.records import read_blocks
from thoth_storage.repository.reports import ProgressCallback, RestoreReport
from thoth_storage.repository.selecting import Include, Selection, select
from thoth_storage.repository.staging import staged
from thoth_storage.repository.targets import Site, look_at
from thoth_storage.repository.vault import Vault

__all__ = ["Wanted", "restore_snapshot"]


@dataclass(frozen=True)
class Wanted:
    """What of a snapshot is to be restored, to which absolute path, and how. ``dry_run`` writes nothing and tells what
    would be done. ``reuse``: a directory that may have some of it. ``durable``: wait until all is on the disk."""

    target: Path
    include: Include = None
    overwrite: bool = False
    dry_run: bool = False
    reuse: Path | None = None
    durable: bool = True


def restore_snapshot(
    vault: Vault, key: SnapshotKey, moves: Moves, wanted: Wanted, progress: ProgressCallback | None
) -> RestoreReport:
    """Restore the files of a snapshot.

    All checks come first: the manifest is sound, ``include`` matches something, the target is free (or ``overwrite``)
    and can be written. An old target stays where it is until the new one is whole. Raises CorruptionError that names
    the damaged object, AlreadyExistsError, NotFoundError, CapacityError for a full disk; then nothing is left behind.
    """
    began = time.perf_counter()
    body, blocks = read_blocks(vault, key, moves)
    rows = checked_files(body, blocks, url=vault.url, key=key.key)
    chosen = select(body, wanted.include)
    files = [(body.files[i], rows[i]) for i in chosen.files]
    path = wanted.target
    try:
        site = look_at(path, overwrite=wanted.overwrite, part=wanted.include is not None)
        if site.merges:
            check_fits(path, (file.path for file, _ in files), chosen.folders)
        old = path if wanted.overwrite and path.is_dir() else wanted.reuse
        plan = Plan(vault, files, blocks, old)
        if wanted.dry_run:
            plan.look(progress)
        else:
            _write(plan, site, chosen, body.mode, progress, durable=wanted.durable)
    except OSError as error:
        raise_from(_local(error, path), error)
    return RestoreReport(
        snapshot=key.id,
        target=str(path),
        files=len(files),
        bytes=plan.total,
        seconds=time.perf_counter() - began,
        reused=plan.reused,
        read=plan.to_read,
        requests=plan.requests,
        dry_run=wanted.dry_run,
        paths=tuple(file.path for file, _ in files) if wanted.dry_run else (),
    )


def _write(
    plan: Plan, site: Site, chosen: Selection, mode: int | None, progress: ProgressCallback | None, *, durable: bool
) -> None:
    with staged(site) as staging:
        usual = default_mode(staging)
        for folder in chosen.folders:
            (staging / folder).mkdir(mode=0o700)
        plan.write(staging, progress, durable=durable)
        # Those below come first: into a folder that has its permissions one may not get any more.
        modes = {folder: usual if bits is None else bits for folder, bits in reversed(chosen.folders.items())}
        if not site.merges and not site.inside:
            old = site.path.stat().st_mode if site.path.is_dir() else usual
            modes["."] = old if mode is None else mode
        _finish(staging, modes.items(), durable=durable)
        if site.merges:
            _merge(staging, site.path)
        elif site.inside:
            move_inside(staging, site, mode)
        else:
            move_whole(staging, site, durable=durable)


def _finish(staging: Path, modes: Iterable[tuple[str, int]], *, durable: bool) -> None:
    """Permissions of folders, never set-gid and the like, and what they hold on the disk."""
    with Flusher(sync_folder if durable else leave) as flusher:
        for folder, mode in modes:
            descriptor = os.open(staging / folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fchmod(descriptor, mode & 0o777)
            except BaseException:
                os.close(descriptor)
                raise
            flusher.take(descriptor)
        flusher.wait()


def _merge(staging: Path, path: Path) -> None:
    try:
        merge(staging, path)
    except OSError as error:
        raise ConfigurationError(
            f"{path} has some of the files, each of them whole, but not all ({error})", hint="restore once more"
        ) from error


def _local(error: OSError, path: Path) -> CapacityError | PermissionError_ | ConfigurationError:
    kind = classify(error)
    if kind is CapacityError:
        return CapacityError(f"the disk of {path} is full ({error})", hint="make room, or restore elsewhere")
    if kind is PermissionError_:
        return PermissionError_(f"{path} cannot be written ({error})", hint="choose a target that this user may write")
    return ConfigurationError(f"cannot restore to {path}: {error}", hint="nothing was changed there")
