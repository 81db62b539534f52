"""Writes a snapshot out: into a fresh folder beside the target, every block checked, then moved into place."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from thoth_storage.errors import AlreadyExistsError, CapacityError, ConfigurationError, NotFoundError, PermissionError_
from thoth_storage.fsspec_errors import classify, raise_from
from thoth_storage.repository.checks import checked_files
from thoth_storage.repository.layout import SnapshotKey, new_id
from thoth_storage.repository.manifest import Body, FileEntry
from thoth_storage.repository.moves import Moves
from thoth_storage.repository.placing import Plan
from thoth_storage.repository.records import read_blocks
from thoth_storage.repository.reports import ProgressCallback, RestoreReport
from thoth_storage.repository.vault import Vault

__all__ = ["Wanted", "restore_snapshot"]


@dataclass(frozen=True)
class Wanted:
    """What of a snapshot is to be restored, and how. ``dry_run`` writes nothing and tells what would be done."""

    target: str | os.PathLike[str]
    include: str | Sequence[str] | None = None
    overwrite: bool = False
    dry_run: bool = False


def restore_snapshot(
    vault: Vault, key: SnapshotKey, moves: Moves, wanted: Wanted, progress: ProgressCallback | None
) -> RestoreReport:
    """Restore the files of a snapshot.

    All checks come first: the manifest is sound, the target is free (or ``overwrite``), ``include`` matches something.
    An old target stays where it is until the new one is whole. Raises CorruptionError that names the damaged object,
    AlreadyExistsError, NotFoundError, CapacityError for a full disk; then nothing is left behind.
    """
    began = time.perf_counter()
    body, blocks = read_blocks(vault, key, moves)
    rows = checked_files(body, blocks, url=vault.url, key=key.key)
    chosen = _select(body.files, wanted.include)
    everything = wanted.include is None
    path = Path(wanted.target).expanduser().resolve()
    files = [(body.files[i], rows[i]) for i in chosen]
    try:
        _check_target(path, wanted.overwrite)
        old = path if wanted.overwrite and path.is_dir() else None
        plan = Plan(vault, files, blocks, old)
        if wanted.dry_run:
            plan.look(progress)
        else:
            with _staged(path, wanted.overwrite) as staging:
                _make_folders(staging, body, chosen, everything=everything)
                plan.write(staging, progress)
                _finish(staging, body, chosen, everything=everything)
    except OSError as error:
        raise_from(_local(error, path), error)
    return RestoreReport(
        snapshot=key.id,
        target=str(path),
        files=len(chosen),
        bytes=plan.total,
        seconds=time.perf_counter() - began,
        reused=plan.reused,
        read=plan.to_read,
        requests=plan.requests,
        dry_run=wanted.dry_run,
        paths=tuple(file.path for file, _ in files) if wanted.dry_run else (),
    )


@contextmanager
def _staged(path: Path, overwrite: bool) -> Iterator[Path]:
    """A fresh folder beside ``path``, which takes its place at the end and goes without a trace on an error."""
    staging = path.parent / f".{path.name}.thoth-restore-{new_id()[:8]}"
    new_parents: list[Path] = []
    try:
        new_parents = [folder for folder in path.parents if not folder.exists()]
        path.parent.mkdir(parents=True, exist_ok=True)
        staging.mkdir()
        yield staging
        _move_into_place(staging, path, overwrite)
    finally:
        _remove(staging)
        for folder in new_parents:
            with suppress(OSError):  # not empty: the restore succeeded
                folder.rmdir()


def _select(files: Sequence[FileEntry], include: str | Sequence[str] | None) -> list[int]:
    """The numbers of the files to restore: those that a pattern matches, or that lie in a folder which one names."""
    if include is None:
        return list(range(len(files)))
    patterns = [include] if isinstance(include, str) else list(include)
    wanted = [
        number
        for number, file in enumerate(files)
        if any(fnmatchcase(file.path, p) or file.path.startswith(p.rstrip("/") + "/") for p in patterns)
    ]
    if not wanted:
        raise NotFoundError(f"no file of the snapshot matches {', '.join(patterns)}", hint="nothing was restored")
    return wanted


def _check_target(path: Path, overwrite: bool) -> None:
    if path.exists() and not path.is_dir():
        raise ConfigurationError(f"{path} is a file, a directory is expected", hint="name another target")
    if path.is_dir() and any(path.iterdir()) and not overwrite:
        raise AlreadyExistsError(f"{path} exists and is not empty", hint="name another target, or pass overwrite")


def _make_folders(staging: Path, body: Body, wanted: list[int], *, everything: bool) -> None:
    if everything:
        for folder in body.folders:
            (staging / folder.path).mkdir(parents=True, exist_ok=True)
    for number in wanted:
        (staging / body.files[number].path).parent.mkdir(parents=True, exist_ok=True)


def _finish(staging: Path, body: Body, wanted: list[int], *, everything: bool) -> None:
    """Times, permissions (never set-uid and the like) and all of it on the disk, files before their folders."""
    for number in wanted:
        file = body.files[number]
        path = staging / file.path
        with path.open("rb") as handle:
            os.fsync(handle.fileno())
        os.utime(path, ns=(file.mtime_ns, file.mtime_ns))
        path.chmod(file.mode & 0o777)
    modes = {folder.path: folder.mode for folder in body.folders} if everything else {}
    for folder, _, _ in os.walk(staging, topdown=False):
        path = Path(folder)
        mode = modes.get(path.relative_to(staging).as_posix())
        _flush_folder(path)
        if mode is not None:
            path.chmod(mode & 0o777)


def _move_into_place(staging: Path, path: Path, overwrite: bool) -> None:
    old = path.parent / f".{path.name}.thoth-old-{new_id()[:8]}"
    had = overwrite and path.exists()
    if had:
        path.rename(old)
    try:
        # This replaces an empty folder, and no other.
        staging.rename(path)
    except BaseException as error:
        if had:
            old.rename(path)
        if isinstance(error, OSError) and error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            raise AlreadyExistsError(f"{path} came to be meanwhile", hint="nothing was changed there") from error
        raise
    if had:
        _remove(old)
    _flush_folder(path.parent)


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some network and FUSE file systems cannot flush a folder; they have nothing to lose there.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EBADF):
            raise
    finally:
        os.close(descriptor)


def _remove(folder: Path) -> None:
    """Delete a folder as far as it goes. What is in a read-only folder can be deleted only when that is no more so."""
    _unlock(folder)
    for parent, names, _ in os.walk(folder):
        for name in names:
            _unlock(Path(parent, name))
    shutil.rmtree(folder, ignore_errors=True)


def _unlock(folder: Path) -> None:
    with suppress(OSError):
        if not folder.is_symlink():
            folder.chmod(stat.S_IRWXU)


def _local(error: OSError, path: Path) -> CapacityError | PermissionError_ | ConfigurationError:
    kind = classify(error)
    if kind is CapacityError:
        return CapacityError(f"the disk of {path} is full ({error})", hint="make room, or restore elsewhere")
    if kind is PermissionError_:
        return PermissionError_(f"{path} cannot be written ({error})", hint="choose a target that this user may write")
    return ConfigurationError(f"cannot restore to {path}: {error}", hint="nothing was changed there")
