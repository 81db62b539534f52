"""The last step of a restore of some files into a folder that has others: each takes its place, the rest stays.

A link in the target could lead out of it, so none is ever gone through, not even one that came to be after the check:
folders are opened one in the other, and files are put into what is open.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from thoth_storage.errors import ConfigurationError, PermissionError_
from thoth_storage.repository.folders import move, sync_folder
from thoth_storage.repository.targets import may_write, mounts

__all__ = ["check_fits", "merge"]

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW


def check_fits(target: Path, files: Iterable[str], folders: Iterable[str]) -> None:
    """Whether all could take their places. ``folders`` has those above the files too, each behind the one above it.

    Raises ConfigurationError for a link or a file where a folder is needed, and the other way round.
    """
    known = mounts()
    device = target.stat().st_dev
    there = {"": True}
    touched: set[str] = set()
    for folder in folders:
        above = folder.rpartition("/")[0]
        status = _look(target / folder) if there[above] else None
        there[folder] = status is not None
        if status is None:
            touched.add(above)
        elif not stat.S_ISDIR(status.st_mode):
            raise _unfit(target / folder, "a folder is needed, and no link is followed")
        elif status.st_dev != device or target / folder in known:
            raise _unfit(target / folder, "it is a mount point: restore to it by itself")
    for file in files:
        above = file.rpartition("/")[0]
        status = _look(target / file) if there[above] else None
        touched.add(above)
        if status is not None and stat.S_ISDIR(status.st_mode):
            raise _unfit(target / file, "it is a folder, and a file is to be there")
        if target / file in known:
            raise _unfit(target / file, "it is a mount point")
    for folder in touched:
        if there[folder] and not may_write(target / folder):
            raise PermissionError_(f"{target / folder} cannot be written", hint="nothing was changed there")


def _look(path: Path) -> os.stat_result | None:
    try:
        return path.lstat()
    except FileNotFoundError:
        return None


def _unfit(path: Path, why: str) -> ConfigurationError:
    return ConfigurationError(f"{path} is in the way: {why}", hint="nothing was changed there")


def merge(staging: Path, target: Path) -> None:
    """Move all that is below ``staging`` into the target, each file in one step. Folders that the target has stay as
    they are; others come as they are."""
    pending = [""]
    while pending:
        below = pending.pop()
        source = staging / below
        source.chmod(stat.S_IRWXU)
        with _opened(target, below) as into, os.scandir(source) as scanned:
            for entry in list(scanned):
                if not entry.is_dir(follow_symlinks=False):
                    os.replace(entry.path, entry.name, dst_dir_fd=into)
                elif _has_folder(into, entry.name):
                    pending.append(f"{below}{entry.name}/")
                else:
                    move(entry.path, entry.name, into)
            sync_folder(into)


def _has_folder(within: int, name: str) -> bool:
    try:
        return stat.S_ISDIR(os.stat(name, dir_fd=within, follow_symlinks=False).st_mode)
    except FileNotFoundError:
        return False


@contextmanager
def _opened(target: Path, below: str) -> Iterator[int]:
    descriptor = os.open(target, _FOLDER)
    try:
        for name in below.split("/")[:-1]:
            inner = os.open(name, _FOLDER, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = inner
        yield descriptor
    finally:
        os.close(descriptor)
