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


def replace(path: Path, data: bytes) -> None:
    """Store ``data`` at ``path``; a reader sees the old file or the new one."""
    _store(path, data, lambda temporary: os.replace(temporary, path))  # noqa: PTH105 - as os.link below


def create(path: Path, data: bytes) -> None:
    """Store ``data`` at ``path``, which must not exist: FileExistsError if it does."""
    if os.path.lexists(path):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
    _store(path, data, lambda temporary: _link(temporary, path))


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


def _store(path: Path, data: bytes, name: Callable[[Path], None]) -> None:
    for attempt in range(_RACES):
        temporary = path.parent / f"{_TEMPORARY}{uuid.uuid4().hex}"
        try:
            _make_folders(path.parent)
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


def _make_folders(folder: Path) -> None:
    """Make the folder durable too: each new one is flushed into its parent."""
    missing = []
    while not folder.is_dir():
        missing.append(folder)
        folder = folder.parent
    for each in reversed(missing):
        try:
            each.mkdir()
        except FileExistsError:
            # Another writer made it, or it is a file. If it is gone again, that is for the caller's next attempt.
            if not stat.S_ISDIR(each.stat().st_mode):
                raise ConflictError(f"a file is where a folder is needed: {each}") from None
        _flush_folder(each.parent)


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
