"""Refuses to change anything: for replicas, drills and looking at somebody else's store."""

from __future__ import annotations

from typing import NoReturn

from thoth_storage.errors import PermissionError_
from thoth_storage.wrappers.base import WrappedBackend

__all__ = ["ReadOnlyBackend"]


class ReadOnlyBackend(WrappedBackend):
    """Reads go through; ``put``, ``create`` and ``delete`` raise PermissionError_ without a request."""

    def put(self, key: str, data: bytes) -> None:
        self._refuse(key)

    def create(self, key: str, data: bytes) -> None:
        self._refuse(key)

    def delete(self, *keys: str) -> None:
        self._refuse(keys[0] if keys else None)

    def _refuse(self, key: str | None) -> NoReturn:
        raise PermissionError_("this store is opened read-only", url=self.url, key=key, hint="open it for writing")
