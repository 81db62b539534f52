"""Local Chroma directories: always disposable, each owned by one process, swept away when their owner died.

A directory that was not closed is never trusted (one in eight does not even open after a kill), so each opening makes
a fresh one, and two processes on one machine have two.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import uuid
from contextlib import suppress
from pathlib import Path

from thoth_storage.errors import AlreadyExistsError, ConfigurationError, ConflictError, NotFoundError, StorageError
from thoth_storage.fsspec_errors import classify

__all__ = ["CacheDirectory", "cache_error"]

_LOCK = "lock"
_IN_THE_WAY = {AlreadyExistsError, ConflictError, NotFoundError}
"""What a file in a folder's place is told as: for a caller nothing exists or is missing, the setting is wrong."""


class CacheDirectory:
    """A fresh folder for the store at ``url`` below ``root``, held by an OS lock until ``remove``.

    ``path`` is where Chroma's files go; ``sibling`` makes further names in the same folder.
    Raises PermissionError_, CapacityError or ConfigurationError where the disk does not take it.
    """

    def __init__(self, root: Path, url: str) -> None:
        base = root / hashlib.blake2b(url.encode(), digest_size=8).hexdigest()
        try:
            base.mkdir(parents=True, exist_ok=True)
            _sweep(base)
            self._folder = base / uuid.uuid4().hex
            self._folder.mkdir()
            self._lock: int | None = _lock(self._folder / _LOCK)
        except OSError as error:
            raise cache_error(error, base) from error
        self.path = self._folder / "chroma"

    def sibling(self, name: str) -> Path:
        """A path beside ``path``, on the same disk, that goes with it."""
        return self._folder / f"{name}-{uuid.uuid4().hex[:8]}"

    def remove(self) -> None:
        """Delete all of it and give up the lock. Repeating it is harmless."""
        if self._lock is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            os.close(self._lock)
            self._lock = None


def cache_error(error: OSError, folder: Path) -> StorageError:
    """What the disk below ``folder`` refused, as an error of ours that tells the way out."""
    kind = classify(error)
    return (ConfigurationError if kind in _IN_THE_WAY else kind)(
        f"the cache directory {folder} cannot be used: {error}",
        hint="set THOTH_STORAGE_CACHE_DIR or cache_dir to a folder that can be written",
    )


def _lock(path: Path) -> int:
    """Hold a new lock file. It gets its name when it is locked: a sweep that met it before would take it for a dead
    process's."""
    unnamed = path.with_suffix(".new")
    descriptor = os.open(unnamed, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        unnamed.rename(path)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _sweep(base: Path) -> None:
    """Remove the directories of processes that are gone: their locks are free."""
    for folder in base.iterdir():
        # One without a lock file is about to be locked by its maker.
        with suppress(OSError):
            descriptor = os.open(folder / _LOCK, os.O_RDWR)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(descriptor)
