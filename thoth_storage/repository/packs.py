"""Gathers blocks into packs and uploads them beside the reading, with a bounded number of packs in memory."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import Self

from thoth_storage.errors import CorruptionError, FormatError
from thoth_storage.repository.layout import FORMAT_VERSION, PACK_SIZE, new_id, pack_key
from thoth_storage.repository.manifest import Block
from thoth_storage.repository.vault import Vault
from thoth_storage.telemetry import ThreadPool

__all__ = ["PACK_HEADER_SIZE", "PackWriter", "check_pack_header", "pack_header"]

_MAGIC = b"THOTHPAK"
PACK_HEADER_SIZE = 16
"""Bytes that a pack begins with: magic, version, zeros. Its frames follow without gaps."""


def pack_header(version: int) -> bytes:
    """Version 1 has frames that are full and not encrypted."""
    return _MAGIC + version.to_bytes(2, "little") + bytes(6)


def check_pack_header(data: bytes | memoryview, *, url: str, key: str) -> None:
    """Whether a pack begins as one. Raises CorruptionError, FormatError for a newer version."""
    found = bytes(data[:PACK_HEADER_SIZE])
    version = int.from_bytes(found[8:10], "little")
    if found[:8] == _MAGIC and version > FORMAT_VERSION:
        raise FormatError(
            f"the pack has format version {version}; this program reads up to {FORMAT_VERSION}",
            url=url,
            key=key,
            hint="upgrade thoth-storage",
        )
    if version < 1 or found != pack_header(version):
        raise CorruptionError("the object does not begin as a pack", url=url, key=key)


class PackWriter:
    """``add`` frames, then ``finish``: only then is all that was added stored.

    A failed upload shows at the next call. Used by one thread; leaving the ``with`` block by an error waits for the
    uploads under way and drops the rest: packs that no snapshot names are harmless, and prune removes them.
    """

    def __init__(self, vault: Vault) -> None:
        self._backend = vault.backend
        self._lowest = 2 if vault.cipher.encrypts else 1
        self._pool = ThreadPool(vault.uploads, thread_name_prefix="thoth-upload")
        self._slots = threading.BoundedSemaphore(vault.uploads)
        self._uploads: list[tuple[Future[None], list[Block]]] = []
        self._done: list[Block] = []
        self._version = self._lowest
        self._begin()
        self.stored = 0
        self.packs: set[str] = set()

    def add(self, digest: bytes, frame: bytes, plain: int, base: Block | None = None) -> Block:
        """Put a frame into the current pack and tell where it is. May wait for an upload."""
        block = Block(digest, self._id, self._length, len(frame), plain, base)
        self._parts.append(frame)
        self._blocks.append(block)
        if base:
            self._version = 2
        self._length += len(frame)
        if self._length >= PACK_SIZE:
            self._close_pack()
        return block

    def finish(self) -> None:
        """Upload what is left and wait until every pack is stored. Raises what an upload raised."""
        if self._length > PACK_HEADER_SIZE:
            self._close_pack()
        for upload, blocks in self._uploads:
            upload.result()
            self._done.extend(blocks)
        self._uploads.clear()

    def take_stored(self) -> list[Block]:
        """The blocks whose packs were found to be stored for good since the last call."""
        done, self._done = self._done, []
        return done

    def _begin(self) -> None:
        self._id = new_id()
        self._version = self._lowest
        self._parts: list[bytes] = [b""]
        self._blocks: list[Block] = []
        self._length: int = PACK_HEADER_SIZE

    def _close_pack(self) -> None:
        parts, blocks, key = self._parts, self._blocks, pack_key(self._id)
        parts[0] = pack_header(self._version)
        self.stored += self._length
        self.packs.add(self._id)
        self._begin()
        self._slots.acquire()
        self._uploads.append((self._pool.submit(self._upload, key, parts), blocks))
        still_running = []
        for upload, mine in self._uploads:
            if upload.done():
                upload.result()
                self._done.extend(mine)
            else:
                still_running.append((upload, mine))
        self._uploads = still_running

    def _upload(self, key: str, parts: list[bytes]) -> None:
        try:
            data = b"".join(parts)
            parts.clear()
            # Its name is new and random, so a plain put replaces nothing and may be repeated.
            self._backend.put(key, data)
        finally:
            self._slots.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
