"""Counts what goes through: for the figures of the process, for estimates of cost, and for tests, which reckon in
requests and not in seconds alone."""

from __future__ import annotations

import time
from collections.abc import Iterator

from thoth_storage.backend import Backend, ObjectInfo
from thoth_storage.telemetry import VERBS, Meter, Meters, meters_of, request_over
from thoth_storage.wrappers.base import WrappedBackend

__all__ = ["MeteredBackend", "VerbMeter"]

VerbMeter = Meter


class MeteredBackend(WrappedBackend):
    """Keeps a VerbMeter a verb in ``meters``. Exact under threads.

    With a ``scheme`` it counts for the whole process, together with all others of that scheme, and tells OpenTelemetry
    too; a pickled copy does so in its own process. Without, it counts for itself alone, and a copy starts from zero.
    """

    def __init__(self, inner: Backend, scheme: str | None = None) -> None:
        super().__init__(inner)
        self._scheme = scheme
        self._meters = Meters() if scheme is None else meters_of(scheme)

    @property
    def meters(self) -> dict[str, VerbMeter]:
        """By verb, what was counted so far; zeros for what was not asked for."""
        return {verb: VerbMeter() for verb in VERBS} | self._meters.read()

    def reset(self) -> None:
        """Set all meters to zero."""
        self._meters.reset()

    def total(self) -> VerbMeter:
        """All verbs together."""
        each = list(self.meters.values())
        return VerbMeter(
            sum(m.requests for m in each),
            sum(m.bytes for m in each),
            sum(m.seconds for m in each),
            sum(m.errors for m in each),
            sum(m.objects for m in each),
        )

    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        began = time.perf_counter()
        try:
            data = self.inner.get(key, start, end)
        except BaseException as error:
            self._note("get", began, key, error=error)
            raise
        self._note("get", began, key, len(data))
        return data

    def put(self, key: str, data: bytes) -> None:
        began = time.perf_counter()
        try:
            self.inner.put(key, data)
        except BaseException as error:
            self._note("put", began, key, error=error)
            raise
        self._note("put", began, key, len(data))

    def create(self, key: str, data: bytes) -> None:
        began = time.perf_counter()
        try:
            self.inner.create(key, data)
        except BaseException as error:
            self._note("create", began, key, error=error)
            raise
        self._note("create", began, key, len(data))

    def head(self, key: str) -> ObjectInfo:
        began = time.perf_counter()
        try:
            found = self.inner.head(key)
        except BaseException as error:
            self._note("head", began, key, error=error)
            raise
        self._note("head", began, key)
        return found

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        began = time.perf_counter()
        try:
            found = list(self.inner.list(prefix))
        except BaseException as error:
            self._note("list", began, prefix, error=error)
            raise
        self._note("list", began, prefix, objects=len(found))
        return iter(found)

    def delete(self, *keys: str) -> None:
        began = time.perf_counter()
        first = keys[0] if keys else ""
        try:
            self.inner.delete(*keys)
        except BaseException as error:
            self._note("delete", began, first, error=error)
            raise
        self._note("delete", began, first, objects=len(keys))

    def _note(
        self,
        verb: str,
        began: float,
        key: str,
        size: int = 0,
        objects: int = 0,
        error: BaseException | None = None,
    ) -> None:
        seconds = time.perf_counter() - began
        if self._scheme is None:
            self._meters.note(verb, seconds, size, objects, error)
        else:
            request_over(self._meters, self._scheme, verb, seconds, size=size, objects=objects, key=key, error=error)

    def __reduce__(self) -> tuple[type[MeteredBackend], tuple[Backend, str | None]]:
        return MeteredBackend, (self.inner, self._scheme)
