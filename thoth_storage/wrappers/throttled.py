"""Keeps a backup from eating the line: a limit in bytes a second, over all threads together."""

from __future__ import annotations

import threading
import time

from thoth_storage.backend import Backend
from thoth_storage.errors import ConfigurationError
from thoth_storage.keys import check_data
from thoth_storage.wrappers.base import WrappedBackend

__all__ = ["ThrottledBackend"]


class ThrottledBackend(WrappedBackend):
    """Payload of ``put``, ``create`` and ``get`` passes at ``bytes_per_second`` in the mean.

    Each transfer books its bytes on one time line and waits for its turn, writes before and reads after they
    are done (their size is not known sooner). The monotonic clock is used, so a jump of the wall clock is harmless.
    """

    def __init__(self, inner: Backend, bytes_per_second: float) -> None:
        super().__init__(inner)
        if not bytes_per_second > 0:
            raise ConfigurationError(f"a throttle needs more than {bytes_per_second} bytes a second")
        self.bytes_per_second = bytes_per_second
        self._lock = threading.Lock()
        self._free_at = 0.0

    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        data = self.inner.get(key, start, end)
        self._pass(len(data))
        return data

    def put(self, key: str, data: bytes) -> None:
        self._pass(len(check_data(data)))
        self.inner.put(key, data)

    def create(self, key: str, data: bytes) -> None:
        self._pass(len(check_data(data)))
        self.inner.create(key, data)

    def _pass(self, size: int) -> None:
        with self._lock:
            now = time.monotonic()
            self._free_at = max(self._free_at, now) + size / self.bytes_per_second
            wait = self._free_at - now
        time.sleep(wait)

    def __reduce__(self) -> tuple[type[ThrottledBackend], tuple[Backend, float]]:
        return ThrottledBackend, (self.inner, self.bytes_per_second)

    def __repr__(self) -> str:
        return f"ThrottledBackend({self.inner!r}, {self.bytes_per_second:g})"
