"""Writes a snapshot out: into a fresh folder beside the target, every block checked, then moved into place."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import closing, suppress
from fnmatch import fnmatchcase
from pathlib import Path

from thoth_storage.backend import Backend
from thoth_storage.errors import AlreadyExistsError, CapacityError, ConfigurationError, NotFoundError, PermissionError_
from thoth_storage.fsspec_errors import classify, raise_from
from thoth_storage.repository.blocks import MAX_PLAIN
from thoth_storage.repository.checks import checked_blocks, checked_files
from thoth_storage.repository.fetch import fetch
from thoth_storage.repository.layout import new_id
from thoth_storage.repository.manifest import Block, Body, FileEntry, Row
from thoth_storage.repository.reports import Progress, ProgressCallback, RestoreReport

__all__ = ["restore_body"]


def restore_body(
    backend: Backend,
    key: str,
    snapshot_id: str,
    body: Body,
    target: str | os.PathLike[str],
    *,
    include: str | Sequence[str] | None,
    overwrite: bool,
    progress: ProgressCallback | None,
) -> RestoreReport:
    """Restore the files of a manifest to ``target``.

    All checks come first: the manifest is sound, the target is free (or ``overwrite``), ``include`` matches something.
    An old target stays where it is until the new one is whole. Raises CorruptionError that names the damaged object,
    AlreadyExistsError, NotFoundError, CapacityError for a full disk; then nothing is left behind.
    """
    began = time.perf_counter()
    blocks = checked_blocks(body, url=backend.url, key=key)
    rows = checked_files(body, blocks, url=backend.url, key=key)
    wanted = _select(body.files, include)
    path = Path(target).expanduser().resolve()
    staging = path.parent / f".{path.name}.thoth-restore-{new_id()[:8]}"
    new_parents: list[Path] = []
    try:
        _check_target(path, overwrite)
        new_parents = [folder for folder in path.parents if not folder.exists()]
        path.parent.mkdir(parents=True, exist_ok=True)
        staging.mkdir()
        _make_folders(staging, body, wanted, everything=include is None)
        _write_files(backend, staging, [(body.files[i], rows[i]) for i in wanted], blocks, progress)
        _finish(staging, body, wanted, everything=include is None)
        _move_into_place(staging, path, overwrite)
    except OSError as error:
        raise_from(_local(error, path), error)
    finally:
        _remove(staging)
        for folder in new_parents:
            with suppress(OSError):  # not empty: the restore succeeded
                folder.rmdir()
    size = sum(body.files[i].size for i in wanted)
    return RestoreReport(snapshot_id, str(path), len(wanted), size, time.perf_counter() - began)


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


def _write_files(
    backend: Backend,
    staging: Path,
    files: list[tuple[FileEntry, list[int]]],
    blocks: list[Block],
    progress: ProgressCallback | None,
) -> None:
    """Fetch the blocks and put each in all its places, by offset, in whatever order they arrive."""
    places: dict[int, list[Row]] = defaultdict(list)
    total = sum(file.size for file, _ in files)
    for file, rows in files:
        with (staging / file.path).open("xb") as handle:
            handle.truncate(file.size)
        offset = 0
        for row in rows:
            places[row].append(Row(file.path, offset))
            offset += blocks[row].plain
    by_digest = {blocks[row].digest: row for row in places}
    done = 0

    def write(block: Block, plain: bytes | memoryview) -> None:
        for place in places[by_digest[block.digest]]:
            descriptor = os.open(staging / place.path, os.O_WRONLY)
            try:
                _write_all(descriptor, plain, place.offset)
            finally:
                os.close(descriptor)

    def tell() -> None:
        if progress:
            progress(Progress("restore", done, total, 0 if done < total else len(files), len(files)))

    tell()
    # Closed at once on an error, so that no thread writes into what is being removed.
    with closing(fetch(backend, (blocks[row] for row in places), write)) as results:
        for fetched in results:
            if fetched.error:
                raise fetched.error
            done += fetched.block.plain * len(places[by_digest[fetched.block.digest]])
            tell()


def _write_all(descriptor: int, data: bytes | memoryview, offset: int) -> None:
    view = memoryview(data)
    assert len(view) <= MAX_PLAIN
    while view:
        written = os.pwrite(descriptor, view, offset)
        view, offset = view[written:], offset + written


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
