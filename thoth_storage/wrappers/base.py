"""A sleeve that changes nothing: the base of the wrappers, each of which overrides the verbs of its concern."""

from __future__ import annotations

from collections.abc import Iterator

from thoth_storage.backend import Backend, Capabilities, ObjectInfo

__all__ = ["WrappedBackend"]


class WrappedBackend:
    """Hands every verb to ``inner``. Pickles if ``inner`` does."""

    def __init__(self, inner: Backend) -> None:
        self.inner = inner

    @property
    def url(self) -> str:
        return self.inner.url

    @property
    def capabilities(self) -> Capabilities:
        return self.inner.capabilities

    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        return self.inner.get(key, start, end)

    def put(self, key: str, data: bytes) -> None:
        self.inner.put(key, data)

    def create(self, key: str, data: bytes) -> None:
        self.inner.create(key, data)

    def head(self, key: str) -> ObjectInfo:
        return self.inner.head(key)

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        return self.inner.list(prefix)

    def delete(self, *keys: str) -> None:
        self.inner.delete(*keys)

    def close(self) -> None:
        self.inner.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.inner!r})"
