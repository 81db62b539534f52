"""Local Chroma directories: always disposable, each owned by one process, swept away when their owner died.

A directory that was not closed is never trusted (one in eight does not even open after a kill). One that was closed
says so in a mark, and what snapshot it holds: the next opening takes it over, and takes the mark away before Chroma
comes. Two processes on one machine have two directories.
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
from thoth_storage.repository.flushing import flush_files
from thoth_storage.store.warm import CHROMA, is_marked, mark, marked_as, unmark

__all__ = ["CacheDirectory", "cache_error", "trim"]

_LOCK = "lock"
_IN_THE_WAY = {AlreadyExistsError, ConflictError, NotFoundError}
"""What a file in a folder's place is told as: for a caller nothing exists or is missing, the setting is wrong."""


class CacheDirectory:
    """A folder for the store at ``url`` below ``root``, held by an OS lock until ``remove``, ``keep`` or ``give_up``.

    Fresh; or with ``warm``, if there is one, one that was closed and kept: then ``snapshot`` is the id of what it
    holds. ``path`` is where Chroma's files go, ``folder`` has room for what goes with them. Raises PermissionError_,
    CapacityError or ConfigurationError where the disk does not take it.
    """

    def __init__(self, root: Path, url: str, *, warm: bool = False) -> None:
        base = root / hashlib.blake2b(url.encode(), digest_size=8).hexdigest()
        self.snapshot: str | None = None
        self._lock: int | None = None
        try:
            base.mkdir(parents=True, exist_ok=True)
            _sweep(base)
            found = _take_over(base) if warm else None
            if found:
                self.folder, self._lock, self.snapshot = found
            else:
                self.folder = base / uuid.uuid4().hex
                self.folder.mkdir()
                self._lock = _lock(self.folder / _LOCK)
        except OSError as error:
            raise cache_error(error, base) from error
        self.path = self.folder / CHROMA

    def remove(self) -> None:
        """Delete all of it and give up the lock. Repeating it is harmless."""
        if self._lock is not None:
            shutil.rmtree(self.folder, ignore_errors=True)
            self._give_up_lock()

    def keep(self, snapshot: str) -> None:
        """Leave Chroma's files for the next opening: they are closed, and hold what that snapshot holds; from now on on
        the disk. What else is in the folder goes. Instead of ``remove``; after it, that does nothing."""
        if self._lock is None:
            return
        try:
            for entry in self.folder.iterdir():
                if entry.name not in (CHROMA, _LOCK):
                    shutil.rmtree(entry, ignore_errors=True)
            flush_files(self.path)
            mark(self.folder, snapshot)
        except OSError:
            # It is but a cache: what cannot be kept is fetched again.
            self.remove()
            return
        self._give_up_lock()

    def begin(self) -> None:
        """Chroma is about to open the files: from here on they are what this process makes of them."""
        try:
            unmark(self.folder)
        except OSError as error:
            raise cache_error(error, self.folder) from error

    def give_up(self) -> None:
        """It could not be brought to what was wanted. One that was kept is left for the next opening as it was: whether
        its files still are what its mark tells of is seen then."""
        if self._lock is not None and is_marked(self.folder):
            self._give_up_lock()
        else:
            self.remove()

    def abandon(self) -> None:
        """In a forked child: it is the parent's, whose lock is not to last as long as this process."""
        self._give_up_lock()

    def _give_up_lock(self) -> None:
        if self._lock is not None:
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
    """Remove the directories of processes that are gone without a mark: their locks are free."""
    for folder in base.iterdir():
        descriptor = _try_lock(folder)
        if descriptor is not None:
            # Looked at under the lock: the mark is made before that is given up.
            if not is_marked(folder):
                shutil.rmtree(folder, ignore_errors=True)
            os.close(descriptor)


def _take_over(base: Path) -> tuple[Path, int, str] | None:
    """The newest directory that was closed and kept, with its lock, and the snapshot that it holds."""
    for folder in sorted(filter(is_marked, base.iterdir()), key=_age, reverse=True):
        descriptor = _try_lock(folder)
        if descriptor is None:
            continue
        try:
            snapshot = marked_as(folder)
        except BaseException:
            os.close(descriptor)
            raise
        if snapshot:
            return folder, descriptor, snapshot
        shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)
    return None


def trim(root: Path, limit: int) -> None:
    """Remove directories that are kept for no running process until all of them below ``root`` have at most ``limit``
    bytes: first those that are too large by themselves, so that they take no others along; then the one that was not
    used for longest, and so on."""
    sizes = {folder: _size(folder) for folder in sorted(filter(is_marked, root.glob("*/*")), key=_age)}
    too_large = [folder for folder, size in sizes.items() if size > limit]
    taken = sum(sizes.values())
    for folder in dict.fromkeys([*too_large, *sizes]):
        if taken <= limit:
            break
        taken -= sizes[folder]
        descriptor = _try_lock(folder)
        if descriptor is not None:
            if is_marked(folder):
                shutil.rmtree(folder, ignore_errors=True)
            os.close(descriptor)


def _size(folder: Path) -> int:
    """Bytes of its files; those that another process takes away meanwhile are none."""
    total = 0
    for above, _, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError):
                total += Path(above, name).stat().st_size
    return total


def _age(folder: Path) -> float:
    try:
        return folder.stat().st_mtime
    except OSError:
        return 0.0


def _try_lock(folder: Path) -> int | None:
    """The lock of a folder, if nobody holds it. One without a lock file is about to be locked by its maker."""
    with suppress(OSError):
        descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            return None
        if (folder / _LOCK).exists():
            return descriptor
        os.close(descriptor)  # swept away by another process before we had it
    return None
