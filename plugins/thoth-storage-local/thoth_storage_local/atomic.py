"""Files that are whole or not there, and still there after a power cut.

A file is written under a temporary name in the same folder, flushed to the disk, and then given its name by one
system call; then the folder is flushed, since a name lives there. ``link`` decides between creators, as it fails
if the name exists; ``rename`` replaces.
"""

from __future__ import annotations

import errno
import os
import stat
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from thoth_storage.errors import ConflictError

__all__ = ["create", "remove", "replace"]

_TEMPORARY = ".thoth-tmp-"
_RACES = 20
_flushed: set[tuple[int, int]] = set()
"""The folders whose names this process knows to be on the disk."""


def replace(path: Path, data: bytes, root: Path) -> None:
    """Store ``data`` at ``path`` below ``root``; a reader sees the old file or the new one."""
    _store(path, data, root, lambda temporary: os.replace(temporary, path))  # noqa: PTH105 - as os.link below


def create(path: Path, data: bytes, root: Path) -> None:
    """Store ``data`` at ``path`` below ``root``, which must not exist: FileExistsError if it does."""
    if os.path.lexists(path):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
    _store(path, data, root, lambda temporary: _link(temporary, path))


def remove(path: Path, root: Path) -> None:
    """Remove a file and the folders that this leaves empty, up to ``root``; a missing file is no error."""
    try:
        path.unlink()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return
    except PermissionError:
        if path.is_dir():  # macOS tells EPERM here
            return
        raise
    _flush_folder(path.parent)
    for folder in path.parents:
        if folder == root or root not in folder.parents:
            return
        try:
            folder.rmdir()
        except OSError:
            return


def _link(temporary: Path, path: Path) -> None:
    try:
        os.link(temporary, path)
    except FileExistsError:
        # NFS may have linked, lost the reply and tried again: then both names are one file.
        if not os.path.samestat(temporary.stat(), path.lstat()):
            raise
    # The file has its name now; what is left over must not make a success look like a failure.
    with suppress(OSError):
        temporary.unlink()


def _store(path: Path, data: bytes, root: Path, name: Callable[[Path], None]) -> None:
    for attempt in range(_RACES):
        temporary = path.parent / f"{_TEMPORARY}{uuid.uuid4().hex}"
        try:
            _make_folders(path.parent, root)
            _write(temporary, data)
            name(temporary)
        except FileNotFoundError:
            # ``remove`` in another process took the empty folder away under us.
            if attempt == _RACES - 1:
                raise
            continue
        except BaseException:
            with suppress(OSError):
                temporary.unlink()
            raise
        _flush_folder(path.parent)
        return


def _write(temporary: Path, data: bytes) -> None:
    with temporary.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _make_folders(folder: Path, root: Path) -> None:
    """Make what is missing, and make the names of all folders from ``root`` down durable, once a process: one that is
    there already may have been made a moment ago by another, who has not flushed it yet, or died."""
    chain = []
    for each in (folder, *folder.parents):
        in_store = each == root or root in each.parents
        if _identity(each) in _flushed or (not in_store and each.is_dir()):
            break
        chain.append(each)
    for each in reversed(chain):
        try:
            each.mkdir()
        except FileExistsError:
            # If it is gone again, that is for the caller's next attempt.
            if not stat.S_ISDIR(each.stat().st_mode):
                raise ConflictError(f"a file is where a folder is needed: {each}") from None
        _flush_folder(each.parent)
        if identity := _identity(each):
            _flushed.add(identity)


def _identity(folder: Path) -> tuple[int, int] | None:
    """What a folder is, whatever its name; None for one that is not there."""
    try:
        status = folder.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return status.st_dev, status.st_ino


def _flush_folder(folder: Path) -> None:
    try:
        descriptor = os.open(folder, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
    except FileNotFoundError:
        return
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some network and FUSE file systems cannot flush a folder; they have nothing to lose there.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EBADF):
            raise
    finally:
        os.close(descriptor)
