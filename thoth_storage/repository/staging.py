"""The folder in which a restore gathers its files: nobody else can look into it, and it goes without a trace.

A process that is killed leaves its folder behind. So each holds a lock on its own, which the system gives back
whatever becomes of it, and the next restore to the same target removes those whose lock nobody holds.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from thoth_storage.repository.folders import remove
from thoth_storage.repository.targets import Site

__all__ = ["staged"]


@contextmanager
def staged(site: Site) -> Iterator[Path]:
    """A fresh folder for ``site``. What is left in it is removed, and so are folders that were made for it in vain."""
    new_parents = [folder for folder in site.path.parents if not folder.exists()]
    made: tuple[Path, int] | None = None
    try:
        site.path.parent.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(site)
        made = _make(site)
        yield made[0]
    finally:
        if made:
            remove(made[0])
            os.close(made[1])
        for folder in new_parents:
            with suppress(OSError):  # not empty: the restore succeeded
                folder.rmdir()


def _make(site: Site) -> tuple[Path, int]:
    while True:
        staging = site.new_staging()
        staging.mkdir(mode=0o700)
        try:
            lock = os.open(staging, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except FileNotFoundError:
            continue
        # Some network file systems have no locks: then nobody else gets one, and nothing is taken for abandoned.
        with suppress(OSError):
            fcntl.flock(lock, fcntl.LOCK_EX)
        # Another restore may have come first, and taken it for abandoned.
        if _is_at(lock, staging):
            return staging, lock
        os.close(lock)


def _remove_abandoned(site: Site) -> None:
    pattern = re.compile(re.escape(site.prefix) + "[0-9a-f]{8}")
    for name in os.listdir(site.parent):  # noqa: PTH208 - names are wanted
        if pattern.fullmatch(name):
            _remove_if_abandoned(site.parent / name)


def _remove_if_abandoned(folder: Path) -> None:
    try:
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return
    else:
        if _is_at(lock, folder):
            remove(folder)
    finally:
        os.close(lock)


def _is_at(descriptor: int, path: Path) -> bool:
    """Whether an open folder still has its name."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.lstat())
    except FileNotFoundError:
        return False
