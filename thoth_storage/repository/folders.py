"""What a restore does to folders of this machine: make them durable, move them, remove them, whatever their mode."""

from __future__ import annotations

import errno
import os
import shutil
import stat
from contextlib import suppress
from pathlib import Path

__all__ = ["default_mode", "flush_folder", "move", "remove", "sync_folder"]


def flush_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        sync_folder(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(descriptor: int) -> None:
    """The same for one that is open."""
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some network and FUSE file systems cannot flush a folder; they have nothing to lose there.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EBADF):
            raise


def default_mode(inside: Path) -> int:
    """The mode that a new folder gets here. Tried out: the mask can be asked for only by changing it, which would
    change it for other threads too."""
    probe = inside / "probe"
    probe.mkdir()
    try:
        return stat.S_IMODE(probe.stat().st_mode) & 0o777
    finally:
        probe.rmdir()


def move(path: str | os.PathLike[str], name: str | os.PathLike[str], into: int | None = None) -> None:
    """Rename, also to a name in the open folder ``into``. A folder that its owner may not write gets no new parent,
    since that changes what it holds as ``..``; so it is made writable on the way."""
    try:
        os.rename(path, name, dst_dir_fd=into)
    except PermissionError:
        mode = os.lstat(path).st_mode
        if not stat.S_ISDIR(mode):
            raise
        os.chmod(path, stat.S_IMODE(mode) | stat.S_IRWXU)  # noqa: PTH101 - as above
        try:
            os.rename(path, name, dst_dir_fd=into)
        except BaseException:
            os.chmod(path, stat.S_IMODE(mode))  # noqa: PTH101 - as above
            raise
        os.chmod(name, stat.S_IMODE(mode), dir_fd=into)


def remove(folder: Path) -> None:
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
