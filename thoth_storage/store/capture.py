"""A consistent copy of a Chroma directory that is in use: plain bytes, read while its writers wait.

A copy under writes is corrupt more often than not, and never may another SQLite open the file in this process: POSIX
locks do not hold within one. So the copy that the last capture left (the staging copy) is first brought up to date
while writers go on, torn or not; then they wait while what changed since is patched, which is little; upload comes
after that.

The blocks that were overwritten are kept beside it, in files that are holes for the rest: a backup stores what changed
as deltas upon them, and need not read them back from the repository.

Each call that lets Python's lock go may wait for a writer to let it go, and Chroma's hold it from end to end: hence few
and large ones.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

from thoth_storage.errors import StorageError
from thoth_storage.store.cache import cache_error
from thoth_storage.store.captured import DATABASE, Captured, Look, deleted, drop, files, write_all
from thoth_storage.store.contents import encoded_contents

__all__ = ["Staging"]

_BLOCK = 256 * 1024
"""Bytes compared at once: the block of a repository, so that each overwritten one is a whole one."""
_SEGMENT = 32 * _BLOCK
"""Bytes read at once, of the file and of its copy."""


class Staging:
    """The copy of one live directory, which outlives its captures. Used by one thread at a time."""

    def __init__(self, live: Path, folder: Path) -> None:
        self._live = live
        self.path = folder / "staging"
        self._previous = folder / "previous"
        self._looks: dict[str, Look] = {}
        """What is in the copy, and the file that it was last made equal to."""
        self._kept: dict[str, set[int]] = {}
        """Where the blocks begin whose old bytes were put aside, or that were not there before."""
        self._deleted: set[str] = set()

    def capture(self, writers: Callable[[], AbstractContextManager[object]]) -> Captured:
        """Bring the copy up to date; ``writers`` holds them back for as long as its ``with`` block lasts.

        Raises CapacityError for a full disk and what else a cache directory raises; then the copy is begun anew by the
        next capture.
        """
        try:
            if not self._looks:
                self.remove()  # what another process may have left
            self._bring_up_ahead()
            with writers():
                began = time.perf_counter()
                self._bring_up({DATABASE: (self._live / DATABASE).stat()})
                # Asked of the copy, which no Chroma has open.
                self._deleted = deleted(self._live, self.path / DATABASE)
                wanted = files(self._live, self._deleted)
                # Once is enough for the database, be it too fresh to be sure of outside.
                self._bring_up({path: status for path, status in wanted.items() if path != DATABASE})
                pause = time.perf_counter() - began
            self._drop(self._looks.keys() - wanted.keys())
        except OSError as error:
            self.remove()
            raise cache_error(error, self.path) from error
        except BaseException:
            self.remove()
            raise
        # Of the copy: writers go on.
        return Captured(self.path, pause, previous=self._previous, contents=encoded_contents(self.path / DATABASE))

    def stored(self) -> None:
        """The last capture is in the repository: what was put aside is the base of nothing that comes."""
        shutil.rmtree(self._previous, ignore_errors=True)
        self._kept.clear()

    def remove(self) -> None:
        """Forget the copy and delete it."""
        self._looks.clear()
        self.stored()
        shutil.rmtree(self.path, ignore_errors=True)

    def _bring_up_ahead(self) -> None:
        """While writers go on."""
        self._bring_up({DATABASE: (self._live / DATABASE).stat()})
        with suppress(StorageError):  # the copy may be torn, and tell wrong: it is asked again when writers wait
            self._deleted = deleted(self._live, self.path / DATABASE)
        known = files(self._live, self._deleted)
        self._bring_up({path: status for path, status in known.items() if path != DATABASE})

    def _drop(self, paths: Iterable[str]) -> None:
        """Take away what is no more: files that went, and folders of deleted collections."""
        gone = list(paths)
        drop(self.path, gone)
        for path in gone:
            del self._looks[path]

    def _bring_up(self, now: Mapping[str, os.stat_result]) -> None:
        for path, status in now.items():
            old = self._looks.get(path)
            if old and old.is_of(status):
                continue
            try:
                source = os.open(self._live / path, os.O_RDONLY)
            except FileNotFoundError:
                continue  # a journal, say; whether it is there again is seen under the lock
            try:
                look = Look.at_open(source)
                self._patch(path, source, look.size)
                self._looks[path] = look
            finally:
                os.close(source)

    def _patch(self, path: str, source: int, size: int) -> None:
        """Make the copy of a file of that size equal to it, block by block."""
        with _writable(self.path / path) as target:
            had = os.fstat(target).st_size
            for offset in range(0, max(size, had), _SEGMENT):
                new = os.pread(source, min(_SEGMENT, size - offset), offset) if offset < size else b""
                old = os.pread(target, min(_SEGMENT, had - offset), offset) if offset < had else b""
                if new != old:
                    self._patch_blocks(path, target, new, old, offset)
            if size < had:
                os.ftruncate(target, size)

    def _patch_blocks(self, path: str, target: int, new: bytes, old: bytes, offset: int) -> None:
        """Write what is new, and put aside what was there. What was put aside before, and is not in the repository yet
        with what followed it, is older and stays."""
        starts = range(0, max(len(new), len(old)), _BLOCK)
        changed = [start for start in starts if new[start : start + _BLOCK] != old[start : start + _BLOCK]]
        kept = self._kept.setdefault(path, set())
        aside = [start for start in changed if offset + start not in kept]
        kept.update(offset + start for start in aside)
        if aside and aside[0] < len(old):
            with _writable(self._previous / path) as previous:
                _write_runs(previous, old, offset, aside)
        _write_runs(target, new, offset, changed)


def _write_runs(target: int, data: bytes, offset: int, starts: Sequence[int]) -> None:
    """The blocks of ``data`` that begin at ``starts``, neighbours at once."""
    first = 0
    for number, start in enumerate(starts, 1):
        if number == len(starts) or starts[number] != start + _BLOCK:
            write_all(target, memoryview(data)[starts[first] : start + _BLOCK], offset + starts[first])
            first = number


@contextmanager
def _writable(path: Path) -> Iterator[int]:
    """A descriptor of a file, which is made where it is not there."""
    flags = os.O_RDWR | os.O_CREAT
    try:
        descriptor = os.open(path, flags, 0o600)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, flags, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
