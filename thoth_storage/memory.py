"""The reference backend: a dict and a lock. What the contract means, in the fewest lines; and ``memory://``.

Stores live as long as the process and are shared within it: two backends on one URL see the same objects.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, ClassVar

from thoth_storage import urls
from thoth_storage.backend import Capabilities, ObjectInfo
from thoth_storage.errors import AlreadyExistsError, ConfigurationError, NotFoundError
from thoth_storage.keys import check_data, check_key, check_prefix, check_range

__all__ = ["MemoryBackend"]

_Objects = dict[str, tuple[bytes, datetime]]


class MemoryBackend:
    """Objects of this process, below ``memory://name/prefix``."""

    capabilities: ClassVar[Capabilities] = Capabilities(atomic_create=True, process_local=True)

    _lock: ClassVar[threading.Lock] = threading.Lock()
    _objects: ClassVar[_Objects] = {}

    def __init__(self, url: str, **storage_options: Any) -> None:
        if storage_options:
            raise ConfigurationError(f"memory:// takes no storage options, got {', '.join(storage_options)}")
        scheme, location = urls.check_bucket_url(url)
        self.url = urls.mask_url(f"{scheme}://{location}")
        self._url, self._root = url, location + "/"

    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        check_range(start, end)
        return self._find(key)[0][start:end]

    def put(self, key: str, data: bytes) -> None:
        item = check_data(data), datetime.now(UTC)
        with self._lock:
            self._objects[self._root + check_key(key)] = item

    def create(self, key: str, data: bytes) -> None:
        item = check_data(data), datetime.now(UTC)
        with self._lock:
            if self._objects.setdefault(self._root + check_key(key), item) is not item:
                raise AlreadyExistsError("the object already exists", url=self.url, key=key)

    def head(self, key: str) -> ObjectInfo:
        data, mtime = self._find(key)
        return ObjectInfo(key, len(data), mtime)

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        start = self._root + check_prefix(prefix)
        with self._lock:
            every = self._objects.items()
            found = [(name, len(data), mtime) for name, (data, mtime) in every if name.startswith(start)]
        return iter([ObjectInfo(name[len(self._root) :], size, mtime) for name, size, mtime in sorted(found)])

    def delete(self, *keys: str) -> None:
        names = [self._root + check_key(key) for key in keys]
        with self._lock:
            for name in names:
                self._objects.pop(name, None)

    def close(self) -> None:
        pass

    def _find(self, key: str) -> tuple[bytes, datetime]:
        with self._lock:
            item = self._objects.get(self._root + check_key(key))
        if item is None:
            raise NotFoundError("no such object", url=self.url, key=key)
        return item

    def __repr__(self) -> str:
        return f"MemoryBackend({self.url!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return MemoryBackend, (self._url,)
