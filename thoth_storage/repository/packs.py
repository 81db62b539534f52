"""Gathers blocks into packs and uploads them beside the reading, with a bounded number of packs in memory."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Self

from thoth_storage.backend import Backend
from thoth_storage.errors import CorruptionError, FormatError
from thoth_storage.repository.layout import FORMAT_VERSION, PACK_SIZE, new_id, pack_key
from thoth_storage.repository.manifest import Block

__all__ = ["PACK_HEADER", "PackWriter", "check_pack_header"]

_MAGIC = b"THOTHPAK"
PACK_HEADER = _MAGIC + FORMAT_VERSION.to_bytes(2, "little") + bytes(6)
"""What a pack begins with; its frames follow without gaps."""

_UPLOADS = 3
"""Packs in flight. With the one that is being filled, and the copy that an HTTP client makes, that is about 112 MiB."""


def check_pack_header(data: bytes | memoryview, *, url: str, key: str) -> None:
    """Whether a pack begins as one. Raises CorruptionError, FormatError for a newer version."""
    found = bytes(data[: len(PACK_HEADER)])
    version = int.from_bytes(found[8:10], "little")
    if found[:8] == _MAGIC and version > FORMAT_VERSION:
        raise FormatError(
            f"the pack has format version {version}; this program reads up to {FORMAT_VERSION}",
            url=url,
            key=key,
            hint="upgrade thoth-storage",
        )
    if found != PACK_HEADER:
        raise CorruptionError("the object does not begin as a pack", url=url, key=key)


class PackWriter:
    """``add`` frames, then ``finish``: only then is all that was added stored.

    A failed upload shows at the next call. Used by one thread; leaving the ``with`` block by an error waits for the
    uploads under way and drops the rest: packs that no snapshot names are harmless, and prune removes them.
    """

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._pool = ThreadPoolExecutor(_UPLOADS, thread_name_prefix="thoth-upload")
        self._slots = threading.BoundedSemaphore(_UPLOADS)
        self._uploads: list[Future[None]] = []
        self._begin()
        self.stored = 0

    def add(self, digest: bytes, frame: bytes, plain: int) -> Block:
        """Put a frame into the current pack and tell where it is. May wait for an upload."""
        block = Block(digest, self._id, self._length, len(frame), plain)
        self._parts.append(frame)
        self._length += len(frame)
        if self._length >= PACK_SIZE:
            self._close_pack()
        return block

    def finish(self) -> None:
        """Upload what is left and wait until every pack is stored. Raises what an upload raised."""
        if self._length > len(PACK_HEADER):
            self._close_pack()
        for upload in self._uploads:
            upload.result()
        self._uploads.clear()

    def _begin(self) -> None:
        self._id = new_id()
        self._parts = [PACK_HEADER]
        self._length = len(PACK_HEADER)

    def _close_pack(self) -> None:
        parts, key = self._parts, pack_key(self._id)
        self.stored += self._length
        self._begin()
        self._slots.acquire()
        self._uploads.append(self._pool.submit(self._upload, key, parts))
        still_running = []
        for upload in self._uploads:
            if upload.done():
                upload.result()
            else:
                still_running.append(upload)
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
