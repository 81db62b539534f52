"""Makes deltas: a window of changed blocks at a time, while the next one is being read and hashed.

The old bytes come from a staging copy, a directory that holds what the previous snapshot was made of, as far as its
blocks still have their digests; else from the repository by range reads.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import closing
from pathlib import Path
from typing import Self

import msgspec

from thoth_storage.repository.blocks import full_frame
from thoth_storage.repository.deltas import base_for, delta_frame
from thoth_storage.repository.fetch import fetch
from thoth_storage.repository.manifest import Block
from thoth_storage.repository.vault import Vault
from thoth_storage.telemetry import ThreadPool

__all__ = ["Changed", "DeltaWriter"]

_WINDOW = 8 * 1024 * 1024
"""Plain bytes of changed blocks that are made into deltas together. Two windows are in memory at most."""


class Changed(msgspec.Struct):
    """A block that is to be stored, with the one that was at its place; ``frame`` is what became of it, and ``base``
    is None where that is the full block after all."""

    row: int
    digest: bytes
    data: bytes
    base: Block
    path: str
    offset: int
    frame: bytes = b""
    is_delta: bool = False


class DeltaWriter:
    """``add`` changed blocks in order, and take those that are ready; ``rest`` gives what is left."""

    def __init__(self, vault: Vault, staging: str | os.PathLike[str] | None) -> None:
        self._vault = vault
        self._staging = Path(staging) if staging is not None else None
        self._pool = ThreadPool(1, thread_name_prefix="thoth-deltas")
        self._window: list[Changed] = []
        self._bytes = 0
        self._running: Future[list[Changed]] | None = None

    def add(self, row: int, digest: bytes, data: bytes, previous: Block, path: str, offset: int) -> Iterator[Changed]:
        self._window.append(Changed(row, digest, data, base_for(previous), path, offset))
        self._bytes += len(data)
        if self._bytes >= _WINDOW:
            yield from self._next()

    def rest(self) -> Iterator[Changed]:
        while self._window or self._running:
            yield from self._next()

    def _next(self) -> Iterator[Changed]:
        running, self._running = self._running, None
        if self._window:
            self._running = self._pool.submit(self._encode, self._window)
            self._window, self._bytes = [], 0
        if running:
            yield from running.result()

    def _encode(self, window: list[Changed]) -> list[Changed]:
        bases: dict[tuple[str, int], Block] = {}
        standing: dict[tuple[str, int], list[Changed]] = defaultdict(list)
        for changed in window:
            old = self._local(changed)
            if old is None:
                bases[changed.base.place] = changed.base
                standing[changed.base.place].append(changed)
            else:
                self._make(changed, changed.base.digest, old)

        def use(base: Block, old: bytes | memoryview) -> None:
            for changed in standing[base.place]:
                self._make(changed, base.digest, old)

        with closing(fetch(self._vault, bases.values(), use)) as results:
            for _ in results:
                pass  # a base that is damaged leaves its block without a frame
        for changed in window:
            if not changed.frame:
                changed.frame = full_frame(changed.digest, changed.data, self._vault.cipher)
        return window

    def _make(self, changed: Changed, name: bytes, old: bytes | memoryview) -> None:
        changed.frame, changed.is_delta = delta_frame(changed.digest, changed.data, name, old, self._vault.cipher)

    def _local(self, changed: Changed) -> bytes | None:
        """The old bytes from the staging copy, if it has just those that the base is named after."""
        if self._staging is None or not changed.base.digest:
            return None
        try:
            with (self._staging / changed.path).open("rb") as file:
                file.seek(changed.offset)
                old = file.read(changed.base.plain)
        except OSError:
            return None
        return old if self._vault.cipher.name(old) == changed.base.digest else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
