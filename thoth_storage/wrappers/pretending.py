"""Takes every write and does none: what a dry run works on, so that it does all that the real one would, and no more
is stored than before."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from heapq import merge

from thoth_storage.backend import Backend, ObjectInfo
from thoth_storage.errors import AlreadyExistsError, NotFoundError, StorageError
from thoth_storage.keys import check_data, check_key, check_range
from thoth_storage.wrappers.base import WrappedBackend

__all__ = ["PretendBackend"]

_PAGE = 1000
"""Objects that services list in one request."""


class PretendBackend(WrappedBackend):
    """Reads what ``inner`` has, and over that what was written here, which is kept in memory and goes with this object.

    ``hollow``: prefixes below which only the sizes of objects are kept, since whoever writes them does not read them
    back: a dry run of a large backup is not to hold it in memory. ``added`` and ``removed``: the bytes of objects that
    would be there more, and of those that would go. ``pages``: requests that listings would take beside the first ones.
    """

    def __init__(self, inner: Backend, hollow: tuple[str, ...] = ()) -> None:
        super().__init__(inner)
        self._hollow = hollow
        self._lock = threading.Lock()
        self._written: dict[str, tuple[ObjectInfo, bytes | None]] = {}
        self._gone: set[str] = set()
        self._sizes: dict[str, int] = {}
        self.removed = self.pages = 0

    @property
    def added(self) -> int:
        with self._lock:
            return sum(info.size for info, _ in self._written.values())

    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        check_range(start, end)
        with self._lock:
            written = self._written.get(key)
            self._check_there(key, written is not None)
        if written is None:
            return self.inner.get(key, start, end)
        if written[1] is None:
            raise StorageError("only the size of this object was kept in a dry run", url=self.url, key=key)
        return written[1][start:end]

    def put(self, key: str, data: bytes) -> None:
        self._write(key, data)

    def create(self, key: str, data: bytes) -> None:
        try:
            self.head(key)
        except NotFoundError:
            self._write(key, data)
            return
        raise AlreadyExistsError("the object already exists", url=self.url, key=key)

    def head(self, key: str) -> ObjectInfo:
        with self._lock:
            written = self._written.get(key)
            self._check_there(key, written is not None)
        return written[0] if written else self.inner.head(key)

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        with self._lock:
            mine = sorted((info for info, _ in self._written.values() if info.key.startswith(prefix)), key=_key)
            hidden = self._gone | self._written.keys()
        theirs = [info for info in self.inner.list(prefix) if info.key not in hidden]
        self._sizes.update((info.key, info.size) for info in theirs)
        with self._lock:
            self.pages += max(len(mine) + len(theirs) - 1, 0) // _PAGE
        return merge(mine, theirs, key=_key)

    def delete(self, *keys: str) -> None:
        for key in keys:
            check_key(key)
            with self._lock:
                mine = self._written.pop(key, None)
                gone = key in self._gone
                self._gone.add(key)
            if mine is None and not gone:
                self.removed += self._size(key)

    def _write(self, key: str, data: bytes) -> None:
        size = len(check_data(data))
        kept = None if key.startswith(self._hollow) else bytes(data)
        with self._lock:
            self._written[check_key(key)] = ObjectInfo(key, size, datetime.now(UTC)), kept

    def _size(self, key: str) -> int:
        try:
            return self._sizes[key] if key in self._sizes else self.inner.head(key).size
        except NotFoundError:
            return 0

    def _check_there(self, key: str, written: bool) -> None:
        if not written and key in self._gone:
            raise NotFoundError("no such object", url=self.url, key=key)

    def __reduce__(self) -> tuple[type[PretendBackend], tuple[Backend, tuple[str, ...]]]:
        return PretendBackend, (self.inner, self._hollow)


def _key(info: ObjectInfo) -> str:
    return info.key
