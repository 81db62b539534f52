"""What several checks look at, made once, by whichever comes first."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Generic, NamedTuple, TypeVar

from thoth_storage import config
from thoth_storage.backend import Backend
from thoth_storage.errors import StorageError
from thoth_storage.health.report import NotLookedError
from thoth_storage.registry import open_backend
from thoth_storage.repository import Repository
from thoth_storage.store.overview import StoreOverview, look_at

__all__ = ["Probe", "Scene"]

T = TypeVar("T")


class Probe(NamedTuple):
    """A small object that was written, read and deleted: seconds for the first two, and by how many seconds the store's
    clock is ahead of this machine's (0 within the time that the write took), None where it does not tell. ``left``: why
    it could not be deleted."""

    key: str
    put: float
    get: float
    skew: float | None
    left: StorageError | None


class _Once(Generic[T]):
    """Makes something, or fails to, once; who comes meanwhile waits."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._made: list[T] = []
        self._error: Exception | None = None

    def __call__(self) -> T:
        with self._lock:
            if not self._made and self._error is None:
                try:
                    self._made.append(self._make())
                except Exception as error:
                    # Whatever it is: each who needs it is told.
                    self._error = error
            if self._error is not None:
                raise self._error
            return self._made[0]

    def within(self, seconds: float) -> T | None:
        """The same, or None where that fails or takes longer."""
        thread = threading.Thread(target=self._try, daemon=True)
        thread.start()
        thread.join(seconds)
        return self.made

    def _try(self) -> None:
        with suppress(Exception):  # kept for who asks
            self()

    @property
    def made(self) -> T | None:
        """What there is, without a wait."""
        return self._made[0] if self._made else None


class Scene:
    """The store that is looked at. ``write``: whether the backend is to be tried with a write. ``patience``: seconds to
    wait for what only makes an answer better."""

    def __init__(
        self,
        url: Any = None,
        storage_options: Mapping[str, Any] | None = None,
        encryption_key: object = None,
        *,
        write: bool = True,
        cache_dir: Any = None,
        patience: float = 5.0,
    ) -> None:
        self._asked = url, storage_options
        self._key = encryption_key
        self.write = write
        self.cache_dir = cache_dir
        self.patience = patience
        self.settings = _Once(lambda: config.store_settings(*self._asked))
        self.backend = _Once(self._open)
        self.probe = _Once(self._probe)
        self.repository = _Once(self._open_repository)
        self.overview = _Once(self._look)
        self.size = _Once(lambda: self.opened().get("latest").size)

    @property
    def url(self) -> str | None:
        """Without secrets; None where there is no backend yet."""
        backend = self.backend.made
        return backend.url if backend else None

    def opened(self) -> Repository:
        """The repository, for checks that come after the one of that name."""
        return _needed(self.repository, "repository")

    def setting(self, name: str) -> Any:
        return config.get(name, self.settings().url)

    def close(self) -> None:
        """Give back connections."""
        backend = self.backend.made
        if backend and backend is not self._asked[0]:
            with suppress(StorageError):
                backend.close()

    def _open(self) -> Backend:
        settings = _needed(self.settings, "configuration")
        if isinstance(settings.url, Backend):
            return settings.url
        return open_backend(settings.url, **settings.storage_options)

    def _open_repository(self) -> Repository:
        key = self._key
        backend = _needed(self.backend, "backend")
        if key is None:
            key = config.encryption_key(self.settings().url)
        return Repository.open(backend, encryption_key=key)

    def _look(self) -> StoreOverview:
        return look_at(self.opened())

    def _probe(self) -> Probe | None:
        if not self.write:
            return None
        backend = _needed(self.backend, "backend")
        key = f"thoth-check-{uuid.uuid4().hex}/health"
        before = datetime.now(UTC)
        began = time.perf_counter()
        backend.put(key, b"written by 'thoth-storage health', which deletes it at once")
        put = time.perf_counter() - began
        after = datetime.now(UTC)
        left: StorageError | None = None
        try:
            began = time.perf_counter()
            backend.get(key)
            get = time.perf_counter() - began
            stored = backend.head(key).mtime
        finally:
            try:
                backend.delete(key)
            except StorageError as error:
                left = error
        return Probe(key, put, get, None if stored is None else _skew(before, stored, after), left)


def _needed(make: _Once[T], check: str) -> T:
    try:
        return make()
    except NotLookedError:
        raise
    except Exception as error:
        raise NotLookedError(f"not looked at, since the check {check!r} failed") from error


def _skew(before: datetime, stored: datetime, after: datetime) -> float:
    if stored < before:
        return (stored - before).total_seconds()
    return max((stored - after).total_seconds(), 0.0)
