"""A consistent capture where files are memory: blocks are hashed in place, and only those that changed are copied.

A second copy of the store would take its size again, and on Cloud Run that is the instance's memory. So the names of
the blocks in the last checkpoint are kept, 32 bytes for each; what has another name is copied, into files that are
holes for the rest. Files that were not written to for a while are gone through ahead, and writers wait for the others
only: for the database, most often, and for those that changed since.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import NamedTuple

from thoth_storage.store.cache import cache_error
from thoth_storage.store.captured import DATABASE, Captured, Look, deleted, drop, files, write_all
from thoth_storage.store.contents import encoded_contents

__all__ = ["InPlace"]

_Names = Mapping[str, Sequence[bytes]]
_SEGMENT = 4 * 1024 * 1024
"""Bytes read at once."""
_FRESH = 50_000_000
"""Nanoseconds. Who wrote to a file so lately writes to it again before the writers wait, most likely: what a run of
writes does, while one who saves after a write is quiet."""


class _Seen(NamedTuple):
    """A file as it was when it was gone through last, and the names of its blocks then."""

    look: Look
    names: list[bytes]


class InPlace:
    """``name`` gives a block's name, ``size`` is its bytes. Used by one thread at a time."""

    def __init__(self, live: Path, folder: Path, name: Callable[[bytes | memoryview], bytes], size: int) -> None:
        self._live = live
        self._copy = folder / "changed"
        self._name = name
        self._size = size
        self._segment = max(_SEGMENT // size, 1) * size
        self._seen: dict[str, _Seen] = {}
        self._copied: dict[str, list[bytes]] = {}
        """The files of this capture, with the names that their blocks had when what changed was copied."""
        self._deleted: set[str] = set()
        self._taken: _Names = {}
        self.stored: _Names | None = None
        """The blocks of the last checkpoint, by path; None where that is not known yet."""

    def capture(self, writers: Callable[[], AbstractContextManager[object]]) -> Captured:
        """What changed since ``stored``; ``writers`` holds them back for as long as its ``with`` block lasts.

        Raises CapacityError for a full disk and what else a cache directory raises.
        """
        self.remove()
        try:
            self._go_through(self._quiet())
            with writers():
                began = time.perf_counter()
                self._deleted = deleted(self._live, self._live / DATABASE)
                wanted = files(self._live, self._deleted)
                self._go_through(wanted)
                # The copy has holes, so of the live one, which nobody writes to now.
                contents = encoded_contents(self._live / DATABASE)
                pause = time.perf_counter() - began
            self._drop(wanted)
        except OSError as error:
            self.remove()
            raise cache_error(error, self._copy) from error
        except BaseException:
            self.remove()
            raise
        self._taken = dict(self._copied)
        held = {path: self._unchanged(path, names) for path, names in self._taken.items()}
        same = {path: names for path, names in held.items() if names}
        return Captured(self._copy, pause, held=same, contents=contents)

    def keep(self) -> None:
        """The last capture was stored."""
        self.stored = self._taken
        self.remove()

    def remove(self) -> None:
        """Delete what was copied."""
        shutil.rmtree(self._copy, ignore_errors=True)
        self._copied.clear()

    def _quiet(self) -> dict[str, os.stat_result]:
        """The files that it is of use to go through ahead, after a moment for those that were just written to."""
        now = files(self._live, self._deleted)
        if any(self._is_fresh(path, status) for path, status in now.items()):
            time.sleep(_FRESH / 1e9)
            now = files(self._live, self._deleted)
        return {path: status for path, status in now.items() if not self._is_fresh(path, status)}

    def _is_fresh(self, path: str, status: os.stat_result) -> bool:
        """Whether a file is being written to. One that is not stored yet is to be copied as a whole, so it is gone
        through whatever happens to it."""
        return path in (self.stored or {}) and time.time_ns() - status.st_mtime_ns < _FRESH

    def _drop(self, wanted: Mapping[str, object]) -> None:
        """Take away what was copied ahead and is no more."""
        drop(self._copy, self._copied.keys() - wanted.keys())
        for known in (self._copied, self._seen):
            for path in known.keys() - wanted.keys():
                del known[path]

    def _go_through(self, now: Mapping[str, os.stat_result]) -> None:
        for path, status in now.items():
            seen = self._seen.get(path)
            names = seen.names if seen and seen.look.is_of(status) else None
            if names is not None and names == self._copied.get(path):
                continue
            with suppress(FileNotFoundError):  # a journal, say; whether it is there again is seen under the lock
                if names is not None and names == (self.stored or {}).get(path):
                    self._make_hole(path, status.st_size)
                else:
                    names = self._copy_changed(path)
                self._copied[path] = names

    def _make_hole(self, path: str, size: int) -> None:
        """A file of which all is held."""
        target = self._target(path)
        try:
            os.ftruncate(target, size)
        finally:
            os.close(target)

    def _target(self, path: str) -> int:
        place = self._copy / path
        place.parent.mkdir(parents=True, exist_ok=True)
        return os.open(place, os.O_WRONLY | os.O_CREAT, 0o600)

    def _copy_changed(self, path: str) -> list[bytes]:
        """The names of a file's blocks; those that are not stored under the same number are copied."""
        names: list[bytes] = []
        before, ahead = (self.stored or {}).get(path, ()), self._copied.get(path, ())
        source = os.open(self._live / path, os.O_RDONLY)
        try:
            look = Look.at_open(source)
            target = self._target(path)
            try:
                offset = 0
                # To the first short read: were a gap left by a file that is being truncated, names behind it would be
                # those of other places.
                while segment := memoryview(os.pread(source, self._segment, offset)):
                    for start in range(0, len(segment), self._size):
                        block, number = segment[start : start + self._size], len(names)
                        names.append(self._name(block))
                        if names[number] not in (*before[number : number + 1], *ahead[number : number + 1]):
                            write_all(target, block, offset + start)
                    offset += len(segment)
                    if len(segment) < self._segment:
                        break
                os.ftruncate(target, offset)
            finally:
                os.close(target)
        finally:
            os.close(source)
        self._seen[path] = _Seen(look, names)
        return names

    def _unchanged(self, path: str, names: Sequence[bytes]) -> dict[int, bytes]:
        before = (self.stored or {}).get(path, ())
        return {number: name for number, (name, old) in enumerate(zip(names, before, strict=False)) if name == old}
