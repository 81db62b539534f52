"""Puts the blocks of a restore in their places: those that the old target has already from there, the rest fetched.

By offset, in whatever order they arrive, several at once. A file of one block, as most are where there are many, is
made when that block arrives, and never opened again. A block of zeros is not written: the file was made with its
length, so a hole is there, and a sparse file comes back sparse.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from thoth_storage.repository.fetch import fetch
from thoth_storage.repository.flushing import Flusher, finish, leave
from thoth_storage.repository.manifest import Block, FileEntry
from thoth_storage.repository.patching import Patch, patch
from thoth_storage.repository.ranges import batches
from thoth_storage.repository.reports import Progress, ProgressCallback
from thoth_storage.repository.vault import Vault
from thoth_storage.telemetry import ThreadPool

__all__ = ["Plan"]

_HASHERS = min(os.cpu_count() or 1, 8)
_SPAN = 16
"""Blocks of an old file that one thread looks at in a row: 4 MiB."""
_EARLY = 32 * 1024 * 1024
"""Bytes of a large file after which it is flushed, while the rest is still being fetched."""


class _Old(NamedTuple):
    """Blocks in a row of one file."""

    path: str
    offset: int
    rows: list[int]


class _Place(NamedTuple):
    """Where a block stands: the number of the file, and the offset in it."""

    file: int
    offset: int


class Plan:
    """Which block goes where. ``look`` reckons, ``write`` does it; ``reused``, ``to_read`` and ``requests`` are told
    afterwards."""

    def __init__(
        self, vault: Vault, files: list[tuple[FileEntry, list[int]]], blocks: list[Block], old: Path | None
    ) -> None:
        self._vault = vault
        self._files = files
        self._blocks = blocks
        self._old = old
        self._places: dict[int, list[_Place]] = defaultdict(list)
        self._missing = [len(rows) for _, rows in files]
        self._whole = self._missing.count(0)
        self._dirty: dict[int, int] = defaultdict(int)
        self.total = sum(file.size for file, _ in files)
        self.reused = self.to_read = self.requests = 0
        for number, (_, rows) in enumerate(files):
            offset = 0
            for row in rows:
                self._places[row].append(_Place(number, offset))
                offset += blocks[row].plain
        self._olds: dict[int, tuple[str, int, bytes]] = {}
        """Of blocks that the old target has not: the path and offset of what it has there, and how that is called."""
        self._by_digest = {blocks[row].digest: row for row in self._places}

    def look(self, progress: ProgressCallback | None) -> None:
        """Reckon what a restore would take. Nothing is written."""
        self._tell(progress, 0)
        self._reckon(self._places.keys() - self._reuse(None))
        self._whole = len(self._files)
        self._tell(progress, self.total)

    def write(self, staging: Path, progress: ProgressCallback | None, *, durable: bool) -> None:
        """Make all files below ``staging``, whose folders are there: their content, times and permissions; on the disk
        when it returns, where that is wanted."""
        with Flusher(os.fsync if durable else leave) as flusher:
            files = _Files(str(staging), self._files, flusher)
            files.make_all()
            self._tell(progress, 0)
            there = self._reuse(files)
            done = self.reused
            for row in there:
                self._note(row, files)
            for row in self._patch(files, there):
                there.add(row)
                self._note(row, files)
                done += self._blocks[row].plain * len(self._places[row])
            missing = [row for row in self._places if row not in there]
            self._reckon(missing)
            if there:
                self._tell(progress, done)

            def use(block: Block, plain: bytes | memoryview) -> None:
                self._put(files, self._by_digest[block.digest], plain)

            # Closed at once on an error, so that no thread writes into what is being removed.
            with closing(fetch(self._vault, (self._blocks[row] for row in missing), use)) as results:
                for fetched in results:
                    if fetched.error:
                        raise fetched.error
                    row = self._by_digest[fetched.block.digest]
                    self._note(row, files)
                    done += fetched.block.plain * len(self._places[row])
                    self._tell(progress, done)
            flusher.wait()

    def _note(self, row: int, files: _Files) -> None:
        """A block is in all its places: what is whole now is finished, what has grown much is flushed."""
        for number, _ in self._places[row]:
            self._missing[number] -= 1
            self._whole += not self._missing[number]
            if len(self._files[number][1]) > 1:
                self._dirty[number] += self._blocks[row].plain
                if not self._missing[number]:
                    files.finish(number)
                elif self._dirty[number] >= _EARLY:
                    files.flush(number)
                    self._dirty[number] = 0

    def _reuse(self, files: _Files | None) -> set[int]:
        """The blocks that the old target has at one of their places; they are put to all of them."""
        if self._old is None:
            return set()
        spans = []
        for file, rows in self._files:
            offset = 0
            for first in range(0, len(rows), _SPAN):
                part = rows[first : first + _SPAN]
                spans.append(_Old(file.path, offset, part))
                offset += sum(self._blocks[row].plain for row in part)
        found: set[int] = set()
        lock = Lock()
        with ThreadPool(_HASHERS, thread_name_prefix="thoth-reuse") as pool:
            for _ in pool.map(lambda span: self._compare(span, found, lock, files), spans):
                pass
        self.reused = sum(self._blocks[row].plain * len(self._places[row]) for row in found)
        return found

    def _patch(self, files: _Files, there: set[int]) -> Iterator[int]:
        """Those that are made of what the old target has and a delta upon it."""
        if not self._olds:
            return

        def use(block: Block, plain: bytes) -> None:
            self._put(files, self._by_digest[block.digest], plain)

        patches = (
            Patch(self._blocks[row], digest, partial(self._read_old, path, offset, self._blocks[row].plain))
            for row, (path, offset, digest) in sorted(self._olds.items())
            if row not in there
        )
        with closing(patch(self._vault, patches, use)) as results:
            for run, blocks in results:
                self.requests += 1
                self.to_read += run.end - run.start
                yield from (self._by_digest[block.digest] for block in blocks)

    def _read_old(self, path: str, offset: int, length: int) -> bytes | None:
        try:
            descriptor = os.open(f"{self._old}/{path}", os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            return None
        try:
            return os.pread(descriptor, length, offset)
        except OSError:
            return None
        finally:
            os.close(descriptor)

    def _compare(self, span: _Old, found: set[int], lock: Lock, files: _Files | None) -> None:
        assert self._old
        try:
            descriptor = os.open(f"{self._old}/{span.path}", os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            return
        try:
            offset = span.offset
            for row in span.rows:
                block = self._blocks[row]
                if row not in found:
                    try:
                        data = os.pread(descriptor, block.plain, offset)
                    except OSError:
                        # Unreadable or no file: what it might have had is fetched.
                        return
                    digest = self._vault.cipher.name(data)
                    if digest != block.digest:
                        if block.base:
                            self._olds.setdefault(row, (span.path, offset, digest))
                    elif len(data) == block.plain:
                        with lock:
                            first = row not in found
                            found.add(row)
                        if files and first:
                            self._put(files, row, data)
                offset += block.plain
        finally:
            os.close(descriptor)

    def _put(self, files: _Files, row: int, plain: bytes | memoryview) -> None:
        zeros = plain[0] == 0 and not bytes(plain).strip(b"\0")
        for number, offset in self._places[row]:
            if len(self._files[number][1]) == 1:
                files.make(number, b"" if zeros else plain)
            elif not zeros:
                files.put(number, plain, offset)

    def _reckon(self, rows: Iterable[int]) -> None:
        for batch in batches(self._blocks[row] for row in rows):
            for each in [*batch.links, *batch.roots]:
                self.requests += 1
                self.to_read += each.end - each.start

    def _tell(self, progress: ProgressCallback | None, done: int) -> None:
        if progress:
            progress(Progress("restore", done, self.total, self._whole, len(self._files)))


class _Files:
    """The files below the staging folder, by number."""

    def __init__(self, staging: str, files: list[tuple[FileEntry, list[int]]], flusher: Flusher) -> None:
        self._staging = staging
        self._files = files
        self._flusher = flusher

    def make_all(self) -> None:
        """Empty files; and those of several blocks, which come in any order, with their length."""
        for number, (_, rows) in enumerate(self._files):
            if not rows:
                self.make(number, b"")
            elif len(rows) > 1:
                os.close(self._create(number, self._files[number][0].size))

    def make(self, number: int, content: bytes | memoryview) -> None:
        """A whole file at once; without content it is one hole."""
        descriptor = self._create(number, 0 if content else self._files[number][0].size)
        try:
            _write_all(descriptor, content, 0)
            finish(descriptor, self._files[number][0])
        except BaseException:
            os.close(descriptor)
            raise
        self._flusher.take(descriptor)

    def put(self, number: int, content: bytes | memoryview, offset: int) -> None:
        descriptor = self._open(number)
        try:
            _write_all(descriptor, content, offset)
        finally:
            os.close(descriptor)

    def finish(self, number: int) -> None:
        """All blocks of a file are there."""
        descriptor = self._open(number)
        try:
            finish(descriptor, self._files[number][0])
        except BaseException:
            os.close(descriptor)
            raise
        self._flusher.take(descriptor)

    def flush(self, number: int) -> None:
        """Some blocks of a file are there."""
        self._flusher.take(self._open(number))

    def _create(self, number: int, size: int) -> int:
        path = f"{self._staging}/{self._files[number][0].path}"
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        try:
            if size:
                os.ftruncate(descriptor, size)
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor

    def _open(self, number: int) -> int:
        return os.open(f"{self._staging}/{self._files[number][0].path}", os.O_WRONLY)


def _write_all(descriptor: int, data: bytes | memoryview, offset: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(descriptor, view, offset)
        view, offset = view[written:], offset + written
