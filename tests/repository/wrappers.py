"""Backends that do something at the n-th request: die, fail, lose the reply, or let somebody else at the files."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from thoth_storage.backend import Backend, ObjectInfo
from thoth_storage.errors import UnavailableError
from thoth_storage.wrappers.base import WrappedBackend

__all__ = ["AtRequest", "Killed", "Killer", "LosesReply", "Refuses"]

_T = TypeVar("_T")
Do = Callable[[], Any]
_WRITES = ("put", "create", "delete")


class Killed(BaseException):
    """What ends a program without a word: no ``except Exception`` may hold it back."""


class AtRequest(WrappedBackend):
    """Counts requests (or writes alone), and gives the ``number``-th to ``strike`` in place of the backend."""

    def __init__(self, inner: Backend, number: int, *, writes: bool = False) -> None:
        super().__init__(inner)
        self.number = number
        self.writes = writes
        self.count = 0
        self._lock = threading.Lock()

    def strike(self, verb: str, key: str, do: Do) -> Any:
        """Override me."""
        raise NotImplementedError

    def later(self) -> None:
        """What happens before each request behind the struck one."""

    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        return self._through("get", key, lambda: self.inner.get(key, start, end))

    def put(self, key: str, data: bytes) -> None:
        self._through("put", key, lambda: self.inner.put(key, data))

    def create(self, key: str, data: bytes) -> None:
        self._through("create", key, lambda: self.inner.create(key, data))

    def head(self, key: str) -> ObjectInfo:
        return self._through("head", key, lambda: self.inner.head(key))

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        return iter(self._through("list", prefix, lambda: list(self.inner.list(prefix))))

    def delete(self, *keys: str) -> None:
        self._through("delete", keys[0], lambda: self.inner.delete(*keys))

    def _through(self, verb: str, key: str, do: Callable[[], _T]) -> _T:
        with self._lock:
            if not self.writes or verb in _WRITES:
                self.count += 1
                number = self.count
            else:
                number = -1
        if number == self.number:
            return self.strike(verb, key, do)  # type: ignore[no-any-return]
        if number > self.number:
            self.later()
        return do()


class Killer(AtRequest):
    """The program is killed at this request, before it or (``late``) when it is done; no later one is made."""

    def __init__(self, inner: Backend, number: int, *, late: bool = False) -> None:
        super().__init__(inner, number)
        self.late = late

    def strike(self, verb: str, key: str, do: Do) -> Any:
        if self.late:
            do()
        raise Killed

    def later(self) -> None:
        raise Killed


class Refuses(AtRequest):
    """One request is not done, and an error tells so."""

    def strike(self, verb: str, key: str, do: Do) -> Any:
        raise UnavailableError("refused", url=self.url, key=key)


class LosesReply(AtRequest):
    """One request is done, and an error tells that it may not be."""

    def strike(self, verb: str, key: str, do: Do) -> Any:
        do()
        raise UnavailableError("the reply was lost", url=self.url, key=key)
