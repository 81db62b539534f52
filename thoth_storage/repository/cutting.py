"""Reads files in order and cuts them into blocks: hashed, and compressed at once where nothing similar is stored."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from typing import NamedTuple

from thoth_storage.repository.blocks import full_frame
from thoth_storage.repository.held import check_held
from thoth_storage.repository.known import Known
from thoth_storage.repository.manifest import Block
from thoth_storage.repository.scan import Found, Source, read
from thoth_storage.repository.vault import Vault
from thoth_storage.telemetry import ThreadPool

__all__ = ["Cut", "cut_files"]

_SEGMENT = 512 * 1024
"""Bytes read at once by a worker: some blocks, so that the hand-over costs little."""

_WORKERS = min(os.cpu_count() or 1, 8)
"""Threads that hash and compress: eight outrun any network, and each more would hold some MiB."""


class Cut(NamedTuple):
    """A block that was read: its name and length. What is not stored yet has its ``frame`` too, or, where
    ``previous`` is similar, its plain ``data``."""

    digest: bytes
    plain: int
    frame: bytes | None = None
    data: bytes | None = None
    previous: Block | None = None


@contextmanager
def cut_files(source: Source, known: Known, vault: Vault) -> Iterator[Iterator[tuple[Found, list[Cut], bool]]]:
    """Segments in the order of the files, each with its file and whether it is that file's last.

    Hashing and compression run on several cores (both leave the GIL), in a window of segments that bounds memory; their
    results are taken in order, so equal directories give equal manifests.
    """
    block_size = vault.settings.block_size
    segment = max(_SEGMENT // block_size, 1) * block_size
    with ThreadPool(_WORKERS, thread_name_prefix="thoth-hash") as pool:
        jobs = (
            partial(_cut, source, file, start, segment, known, vault)
            for file in source.files
            for start in range(0, max(file.size, 1), segment)
        )
        yield _in_order(pool, jobs)


def _cut(
    source: Source, file: Found, start: int, length: int, known: Known, vault: Vault
) -> tuple[Found, list[Cut], bool]:
    block_size = vault.settings.block_size
    wanted = min(length, file.size - start)
    held = source.held.get(file.path, {})
    data = memoryview(b"" if held else read(source, file, start, wanted))
    before = known.previous.get(file.path, ())
    cuts = []
    for offset in range(0, wanted, block_size):
        name = held.get((start + offset) // block_size)
        if name:
            part = min(block_size, wanted - offset)
            check_held(known.blocks.get(name), part, path=file.path, url=vault.url)
            cuts.append(Cut(name, part))
            continue
        if held:
            plain = memoryview(read(source, file, start + offset, min(block_size, wanted - offset)))
        else:
            plain = data[offset : offset + block_size]
        digest = vault.cipher.name(plain)
        stored = known.blocks.get(digest)
        number = (start + offset) // block_size
        previous = before[number] if number < len(before) else None
        if stored and stored.plain == len(plain):
            cuts.append(Cut(digest, len(plain)))
        elif previous:
            # A copy: the window that waits for the old block must not hold the whole segment.
            cuts.append(Cut(digest, len(plain), data=bytes(plain), previous=previous))
        else:
            cuts.append(Cut(digest, len(plain), frame=full_frame(digest, plain, vault.cipher)))
    return file, cuts, start + length >= file.size


def _in_order(
    pool: ThreadPool, jobs: Iterator[Callable[[], tuple[Found, list[Cut], bool]]]
) -> Iterator[tuple[Found, list[Cut], bool]]:
    """Results in the order of the jobs, with at most a few of them begun ahead."""
    ahead: deque[Future[tuple[Found, list[Cut], bool]]] = deque()
    window = 2 * _WORKERS
    for job in jobs:
        ahead.append(pool.submit(job))
        if len(ahead) > window:
            yield ahead.popleft().result()
    while ahead:
        yield ahead.popleft().result()
