"""Makes a snapshot of a directory: read, cut, hash, leave out what is stored already, pack, upload, commit."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import NamedTuple

from thoth_storage.repository.blocks import digest_of, to_frame
from thoth_storage.repository.manifest import Block, Body, FileEntry, pack_u32, to_body
from thoth_storage.repository.packs import PackWriter
from thoth_storage.repository.reports import Progress, ProgressCallback
from thoth_storage.repository.scan import Found, Source, read

__all__ = ["store_files"]

_SEGMENT = 1024 * 1024
"""Bytes read at once by a worker: some blocks, so that the hand-over costs little."""

_WORKERS = min(os.cpu_count() or 1, 8)
"""Threads that hash and compress: eight outrun any network, and each more would hold some MiB."""


class _Cut(NamedTuple):
    """A block that was read: its name, its length and, where it is not stored yet, its frame."""

    digest: bytes
    plain: int
    frame: bytes | None


def store_files(
    source: Source,
    known: Mapping[bytes, Block],
    writer: PackWriter,
    block_size: int,
    progress: ProgressCallback | None,
) -> Body:
    """Store the blocks of all files that ``known`` does not have, and give the manifest's body.

    Hashing and compression run on several cores (both leave the GIL), in a window of segments that bounds memory; their
    results are taken in order, so equal directories give equal manifests.
    """
    segment = max(_SEGMENT // block_size, 1) * block_size
    rows: dict[bytes, int] = {}
    blocks: list[Block] = []
    entries: list[FileEntry] = []
    done = 0
    total = source.size

    def tell() -> None:
        if progress:
            progress(Progress("backup", done, total, len(entries), len(source.files), writer.stored))

    tell()
    with ThreadPoolExecutor(_WORKERS, thread_name_prefix="thoth-hash") as pool:
        jobs = (
            partial(_cut, source, file, start, segment, block_size, known)
            for file in source.files
            for start in range(0, max(file.size, 1), segment)
        )
        cuts = _in_order(pool, jobs)
        for file in source.files:
            mine: list[int] = []
            for _ in range(0, max(file.size, 1), segment):
                for cut in next(cuts):
                    row = rows.get(cut.digest)
                    if row is None:
                        row = rows[cut.digest] = len(blocks)
                        blocks.append(known[cut.digest] if cut.frame is None else writer.add(*_frame(cut)))
                    mine.append(row)
                    done += cut.plain
                tell()
            entries.append(FileEntry(file.path, file.size, file.mode, file.mtime_ns, pack_u32(mine)))
    writer.finish()
    tell()
    return to_body(entries, source.folders, blocks)


def _frame(cut: _Cut) -> tuple[bytes, bytes, int]:
    assert cut.frame is not None
    return cut.digest, cut.frame, cut.plain


def _cut(
    source: Source, file: Found, start: int, length: int, block_size: int, known: Mapping[bytes, Block]
) -> list[_Cut]:
    wanted = min(length, file.size - start)
    data = memoryview(read(source, file, start, wanted))
    cuts = []
    for offset in range(0, wanted, block_size):
        plain = data[offset : offset + block_size]
        digest = digest_of(plain)
        stored = known.get(digest)
        frame = None if stored and stored.plain == len(plain) else to_frame(digest, plain)
        cuts.append(_Cut(digest, len(plain), frame))
    return cuts


def _in_order(pool: ThreadPoolExecutor, jobs: Iterator[Callable[[], list[_Cut]]]) -> Iterator[list[_Cut]]:
    """Results in the order of the jobs, with at most a few of them begun ahead."""
    ahead: deque[Future[list[_Cut]]] = deque()
    window = 2 * _WORKERS
    for job in jobs:
        ahead.append(pool.submit(job))
        if len(ahead) > window:
            yield ahead.popleft().result()
    while ahead:
        yield ahead.popleft().result()
