"""A consistent copy of a Chroma directory that is in use: plain bytes, read while its writers wait.

A copy under writes is corrupt more often than not, and never may another SQLite open the file in this process: POSIX
locks do not hold within one. So the copy that the last capture left (the staging copy) is first brought up to date
while writers go on, torn or not; then they wait while what changed since is patched, which is little; upload comes
after that.

The blocks that were overwritten are kept beside it, in files that are holes for the rest: a backup stores what changed
as deltas upon them, and need not read them back from the repository.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from thoth_storage.errors import StorageError
from thoth_storage.store.cache import cache_error
from thoth_storage.store.captured import Captured, walk, write_all

__all__ = ["Staging"]

_BLOCK = 256 * 1024
"""Bytes compared at once: the block of a repository, so that each overwritten one is a whole one."""
_SEGMENT = 16 * _BLOCK
"""Bytes read at once: each call lets Python's lock go, and writers, who hold it for long, take it."""
_DATABASE = "chroma.sqlite3"
_TICK = 20_000_000
"""Nanoseconds in which a second change may leave all times of a file as they are: see ``repository.scan``."""


class _Look(NamedTuple):
    """A file as it was before it was copied."""

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int
    at: int

    def is_of(self, now: os.stat_result) -> bool:
        """Whether the file cannot have changed since."""
        settled = max(self.mtime_ns, self.ctime_ns) + _TICK < self.at
        return settled and self[:4] == (now.st_size, now.st_mtime_ns, now.st_ctime_ns, now.st_ino)


class Staging:
    """The copy of one live directory, which outlives its captures. Used by one thread at a time."""

    def __init__(self, live: Path, folder: Path) -> None:
        self._live = live
        self.path = folder / "staging"
        self._previous = folder / "previous"
        self._looks: dict[str, _Look] = {}

    def capture(self, writers: Callable[[], AbstractContextManager[object]]) -> Captured:
        """Bring the copy up to date; ``writers`` holds them back for as long as its ``with`` block lasts.

        Raises CapacityError for a full disk and what else a cache directory raises; then the copy is begun anew by the
        next capture.
        """
        try:
            shutil.rmtree(self._previous, ignore_errors=True)
            self._bring_up(self._files())
            with writers():
                began = time.perf_counter()
                self._bring_up([_DATABASE])
                wanted = self._files(self._segments())
                self._bring_up(wanted)
                self._drop_others(set(wanted))
                pause = time.perf_counter() - began
        except OSError as error:
            self.remove()
            raise cache_error(error, self.path) from error
        except BaseException:
            self.remove()
            raise
        return Captured(self.path, pause, previous=self._previous)

    def remove(self) -> None:
        """Forget the copy and delete it."""
        self._looks.clear()
        for folder in (self.path, self._previous):
            shutil.rmtree(folder, ignore_errors=True)

    def _files(self, segments: set[str] | None = None) -> list[str]:
        """Paths below the live directory; of folders of segments only those that are in ``segments``, if given."""
        return sorted(walk(self._live, "", lambda name: segments is None or not _is_id(name) or name in segments))

    def _segments(self) -> set[str]:
        """The folders that the database knows: Chroma leaves those of deleted collections where they are. Asked of the
        copy, which no Chroma has open, and which no writer left a transaction in."""
        uri = f"{(self.path / _DATABASE).absolute().as_uri()}?immutable=1"
        try:
            with closing(sqlite3.connect(uri, uri=True)) as database:
                return {row[0] for row in database.execute("SELECT id FROM segments")}
        except sqlite3.Error as error:
            raise StorageError(f"the copy of {_DATABASE} cannot be read: {error}", hint="try again") from error

    def _bring_up(self, paths: list[str]) -> None:
        for path in paths:
            source = self._live / path
            old = self._looks.get(path)
            try:
                # Most files are as they were, and each call that lets Python's lock go may wait for a writer to let it
                # go.
                if old and old.is_of(source.stat()):
                    continue
                with source.open("rb", buffering=0) as file:
                    now = os.fstat(file.fileno())
                    at = time.time_ns()
                    self._patch(path, file.fileno())
                    self._looks[path] = _Look(now.st_size, now.st_mtime_ns, now.st_ctime_ns, now.st_ino, at)
            except FileNotFoundError:
                self._looks.pop(path, None)  # a journal, say; whether it is there again is seen under the lock

    def _patch(self, path: str, source: int) -> None:
        """Make the copy of a file equal to it, block by block."""
        target = self.path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(target, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            had = os.fstat(descriptor).st_size
            offset = 0
            while segment := os.pread(source, _SEGMENT, offset):
                old = os.pread(descriptor, len(segment), offset) if offset < had else b""
                if old != segment:
                    self._patch_blocks(path, descriptor, segment, old, offset)
                offset += len(segment)
            if offset != had:
                os.ftruncate(descriptor, offset)
        finally:
            os.close(descriptor)

    def _patch_blocks(self, path: str, descriptor: int, segment: bytes, old: bytes, offset: int) -> None:
        for start in range(0, len(segment), _BLOCK):
            block, before = segment[start : start + _BLOCK], old[start : start + _BLOCK]
            if before != block:
                self._keep(path, before, offset + start)
                write_all(descriptor, block, offset + start)

    def _keep(self, path: str, old: bytes, offset: int) -> None:
        """Put aside what is about to be overwritten. What was put aside before, in this capture, is older and stays."""
        if not old:
            return
        target = self._previous / path
        target.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(target, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            if not os.pread(descriptor, len(old), offset).strip(b"\0"):
                write_all(descriptor, old, offset)
        finally:
            os.close(descriptor)

    def _drop_others(self, wanted: set[str]) -> None:
        """Take away what is no more: files that went, and folders of deleted collections."""
        for path in set(walk(self.path, "", lambda _: True)) - wanted:
            (self.path / path).unlink()
            self._looks.pop(path, None)
        for folder in sorted(self.path.rglob("*"), reverse=True):
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()


def _is_id(name: str) -> bool:
    try:
        UUID(name)
    except ValueError:
        return False
    return True
