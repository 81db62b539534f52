"""Counts what goes through: benchmarks, cost estimates and crash tests reckon in requests, not in seconds alone."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from thoth_storage.backend import Backend, ObjectInfo
from thoth_storage.wrappers.base import WrappedBackend

__all__ = ["MeteredBackend", "VerbMeter"]


@dataclass(slots=True)
class VerbMeter:
    """What one verb did so far. ``bytes`` of payload, sent or received; ``seconds`` summed over all threads."""

    requests: int = 0
    bytes: int = 0
    seconds: float = 0.0
    errors: int = 0


class MeteredBackend(WrappedBackend):
    """Keeps a VerbMeter a verb in ``meters``. Exact under threads; a pickled copy starts from zero."""

    def __init__(self, inner: Backend) -> None:
        super().__init__(inner)
        self._lock = threading.Lock()
        self.meters: dict[str, VerbMeter] = {}
        self.reset()

    def reset(self) -> None:
        """Set all meters to zero."""
        with self._lock:
            self.meters = {verb: VerbMeter() for verb in ("get", "put", "create", "head", "list", "delete")}

    def total(self) -> VerbMeter:
        """All verbs together."""
        with self._lock:
            each = list(self.meters.values())
        return VerbMeter(
            sum(m.requests for m in each),
            sum(m.bytes for m in each),
            sum(m.seconds for m in each),
            sum(m.errors for m in each),
        )

    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        with self._measure("get") as meter:
            data = self.inner.get(key, start, end)
            meter.bytes += len(data)
        return data

    def put(self, key: str, data: bytes) -> None:
        with self._measure("put") as meter:
            self.inner.put(key, data)
            meter.bytes += len(data)

    def create(self, key: str, data: bytes) -> None:
        with self._measure("create") as meter:
            self.inner.create(key, data)
            meter.bytes += len(data)

    def head(self, key: str) -> ObjectInfo:
        with self._measure("head"):
            return self.inner.head(key)

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        with self._measure("list"):
            return iter(list(self.inner.list(prefix)))

    def delete(self, *keys: str) -> None:
        with self._measure("delete"):
            self.inner.delete(*keys)

    @contextmanager
    def _measure(self, verb: str) -> Iterator[VerbMeter]:
        mine = VerbMeter(requests=1)
        began = time.perf_counter()
        try:
            yield mine
        except BaseException:
            mine.errors = 1
            raise
        finally:
            mine.seconds = time.perf_counter() - began
            with self._lock:
                meter = self.meters[verb]
                meter.requests += mine.requests
                meter.bytes += mine.bytes
                meter.seconds += mine.seconds
                meter.errors += mine.errors

    def __reduce__(self) -> tuple[type[MeteredBackend], tuple[Backend]]:
        return MeteredBackend, (self.inner,)
