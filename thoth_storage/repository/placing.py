"""Puts the blocks of a restore in their places: those that the old target has already from there, the rest fetched.

By offset, in whatever order they arrive, several at once. A block of zeros is not written: the file was made with its
length, so a hole is there, and a sparse file comes back sparse.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from thoth_storage.repository.fetch import fetch
from thoth_storage.repository.manifest import Block, FileEntry, Row
from thoth_storage.repository.ranges import batches
from thoth_storage.repository.reports import Progress, ProgressCallback
from thoth_storage.repository.vault import Vault

__all__ = ["Plan"]

_HASHERS = min(os.cpu_count() or 1, 8)
_SPAN = 16
"""Blocks of an old file that one thread looks at in a row: 4 MiB."""


class _Old(NamedTuple):
    """Blocks in a row of one file."""

    path: str
    offset: int
    rows: list[int]


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
        self._places: dict[int, list[Row]] = defaultdict(list)
        self.total = sum(file.size for file, _ in files)
        self.reused = self.to_read = self.requests = 0
        for file, rows in files:
            offset = 0
            for row in rows:
                self._places[row].append(Row(file.path, offset))
                offset += blocks[row].plain
        self._by_digest = {blocks[row].digest: row for row in self._places}

    def look(self, progress: ProgressCallback | None) -> None:
        """Reckon what a restore would take. Nothing is written."""
        self._tell(progress, 0)
        self._reckon(self._places.keys() - self._reuse(None))
        self._tell(progress, self.total)

    def write(self, staging: Path, progress: ProgressCallback | None) -> None:
        """Make all files below ``staging``, whose folders are there."""
        for file, _ in self._files:
            with (staging / file.path).open("xb") as handle:
                handle.truncate(file.size)
        self._tell(progress, 0)
        there = self._reuse(staging)
        missing = [row for row in self._places if row not in there]
        self._reckon(missing)
        done = self.reused
        if there:
            self._tell(progress, done)

        def use(block: Block, plain: bytes | memoryview) -> None:
            self._put(staging, self._by_digest[block.digest], plain)

        # Closed at once on an error, so that no thread writes into what is being removed.
        with closing(fetch(self._vault, (self._blocks[row] for row in missing), use)) as results:
            for fetched in results:
                if fetched.error:
                    raise fetched.error
                done += fetched.block.plain * len(self._places[self._by_digest[fetched.block.digest]])
                self._tell(progress, done)

    def _reuse(self, staging: Path | None) -> set[int]:
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
        with ThreadPoolExecutor(_HASHERS, thread_name_prefix="thoth-reuse") as pool:
            for rows in pool.map(lambda span: self._compare(span, found, staging), spans):
                found.update(rows)
        self.reused = sum(self._blocks[row].plain * len(self._places[row]) for row in found)
        return found

    def _compare(self, span: _Old, found: set[int], staging: Path | None) -> list[int]:
        assert self._old
        equal = []
        try:
            descriptor = os.open(self._old / span.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            return []
        try:
            offset = span.offset
            for row in span.rows:
                block = self._blocks[row]
                if row not in found:
                    data = os.pread(descriptor, block.plain, offset)
                    if len(data) == block.plain and self._vault.cipher.name(data) == block.digest:
                        if staging:
                            self._put(staging, row, data)
                        equal.append(row)
                offset += block.plain
        except OSError:
            # Unreadable or no file: what it might have had is fetched. A failure to write shows there again.
            return equal
        finally:
            os.close(descriptor)
        return equal

    def _put(self, staging: Path, row: int, plain: bytes | memoryview) -> None:
        if plain[0] == 0 and not bytes(plain).strip(b"\0"):
            return
        for place in self._places[row]:
            descriptor = os.open(staging / place.path, os.O_WRONLY)
            try:
                _write_all(descriptor, plain, place.offset)
            finally:
                os.close(descriptor)

    def _reckon(self, rows: Iterable[int]) -> None:
        for batch in batches(self._blocks[row] for row in rows):
            for each in [*batch.links, *batch.roots]:
                self.requests += 1
                self.to_read += each.end - each.start

    def _tell(self, progress: ProgressCallback | None, done: int) -> None:
        if progress:
            count = len(self._files)
            progress(Progress("restore", done, self.total, 0 if done < self.total else count, count))


def _write_all(descriptor: int, data: bytes | memoryview, offset: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(descriptor, view, offset)
        view, offset = view[written:], offset + written
