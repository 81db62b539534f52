"""A part of a store as a store of its own: the snapshots of one tenant, a scratch area for a check."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from thoth_storage.backend import Backend, ObjectInfo
from thoth_storage.errors import StorageError
from thoth_storage.keys import check_key, check_prefix
from thoth_storage.wrappers.base import WrappedBackend

__all__ = ["PrefixedBackend"]


class PrefixedBackend(WrappedBackend):
    """The keys of ``inner`` below the folder ``prefix``, shown without it. Errors tell the short key."""

    def __init__(self, inner: Backend, prefix: str) -> None:
        super().__init__(inner)
        self.prefix = check_key(prefix.removesuffix("/")) + "/"

    @property
    def url(self) -> str:
        return f"{self.inner.url.rstrip('/')}/{self.prefix[:-1]}"

    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        with _Shorter(self):
            return self.inner.get(self._long(key), start, end)

    def put(self, key: str, data: bytes) -> None:
        with _Shorter(self):
            self.inner.put(self._long(key), data)

    def create(self, key: str, data: bytes) -> None:
        with _Shorter(self):
            self.inner.create(self._long(key), data)

    def head(self, key: str) -> ObjectInfo:
        with _Shorter(self):
            return replace(self.inner.head(self._long(key)), key=key)

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        check_prefix(prefix)
        with _Shorter(self):
            infos = self.inner.list(self.prefix + prefix)
        return self._shorten(infos)

    def delete(self, *keys: str) -> None:
        with _Shorter(self):
            self.inner.delete(*(self._long(key) for key in keys))

    def _shorten(self, infos: Iterator[ObjectInfo]) -> Iterator[ObjectInfo]:
        with _Shorter(self):
            for info in infos:
                yield replace(info, key=info.key[len(self.prefix) :])

    def _long(self, key: str) -> str:
        return self.prefix + check_key(key)

    def __repr__(self) -> str:
        return f"PrefixedBackend({self.inner!r}, {self.prefix!r})"


class _Shorter:
    """Makes the errors of the inner backend speak of this one: its URL and its keys."""

    def __init__(self, backend: PrefixedBackend) -> None:
        self._backend = backend

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, StorageError) and error.key and error.key.startswith(self._backend.prefix):
            error.url, error.key = self._backend.url, error.key[len(self._backend.prefix) :]
