"""A consistent capture where files are memory: blocks are hashed in place, and only those that changed are copied.

A second copy of the store would take its size again, and on Cloud Run that is the instance's memory. So the names of
the blocks in the last checkpoint are kept, 32 bytes for each; a capture holds writers for one pass over the plain bytes
and copies what has another name, into files that are holes for the rest.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from thoth_storage.store.cache import cache_error
from thoth_storage.store.captured import Captured, walk, write_all

__all__ = ["InPlace"]

_Names = Mapping[str, Sequence[bytes]]


class InPlace:
    """``name`` gives a block's name, ``size`` is its bytes. Used by one thread at a time."""

    def __init__(self, live: Path, folder: Path, name: Callable[[bytes], bytes], size: int) -> None:
        self._live = live
        self._copy = folder / "changed"
        self._name = name
        self._size = size
        self._taken: _Names = {}
        self.stored: _Names | None = None
        """The blocks of the last checkpoint, by path; None where that is not known yet."""

    def capture(self, writers: Callable[[], AbstractContextManager[object]]) -> Captured:
        """What changed since ``stored``; ``writers`` holds them back for as long as its ``with`` block lasts.

        Raises CapacityError for a full disk and what else a cache directory raises.
        """
        self.remove()
        taken: dict[str, list[bytes]] = {}
        try:
            with writers():
                began = time.perf_counter()
                for path in sorted(walk(self._live, "", lambda _: True)):
                    taken[path] = self._copy_changed(path)
                pause = time.perf_counter() - began
        except OSError as error:
            self.remove()
            raise cache_error(error, self._copy) from error
        self._taken = taken
        held = {path: self._unchanged(path, names) for path, names in taken.items()}
        return Captured(self._copy, pause, held={path: same for path, same in held.items() if same})

    def keep(self) -> None:
        """The last capture was stored."""
        self.stored = self._taken
        self.remove()

    def remove(self) -> None:
        """Delete what was copied."""
        shutil.rmtree(self._copy, ignore_errors=True)

    def _copy_changed(self, path: str) -> list[bytes]:
        """The names of a file's blocks; those that are not stored under the same number are copied."""
        target = self._copy / path
        target.parent.mkdir(parents=True, exist_ok=True)
        before = (self.stored or {}).get(path, ())
        names: list[bytes] = []
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with (self._live / path).open("rb", buffering=0) as file:
                offset = 0
                while block := os.pread(file.fileno(), self._size, offset):
                    number = len(names)
                    names.append(self._name(block))
                    if number >= len(before) or before[number] != names[number]:
                        write_all(descriptor, block, offset)
                    offset += len(block)
            os.ftruncate(descriptor, offset)
        finally:
            os.close(descriptor)
        return names

    def _unchanged(self, path: str, names: list[bytes]) -> dict[int, bytes]:
        before = (self.stored or {}).get(path, ())
        return {number: name for number, (name, old) in enumerate(zip(names, before, strict=False)) if name == old}
