"""A backend that fails on purpose: what a caller does when the service does not can only be tested where it fails.

The failures are those that object stores really have. The worst is the lost reply: the work is done and the caller
is told that it may not be.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeVar

from thoth_storage.backend import Backend, ObjectInfo
from thoth_storage.errors import InvalidArgumentError, StorageError, UnavailableError
from thoth_storage.wrappers.base import WrappedBackend

__all__ = ["Fault", "FaultyBackend", "Injected"]

_T = TypeVar("_T")
_VERBS = frozenset({"get", "put", "create", "head", "list", "delete"})
_KINDS = {
    "before": _VERBS,
    "after": _VERBS,
    "slow": _VERBS,
    "torn": frozenset({"put", "create", "list", "delete"}),
    "flip": frozenset({"get"}),
    "truncate": frozenset({"get"}),
}


@dataclass
class Fault:
    """Strikes calls of ``verbs`` (none named: all) with ``key`` in their key, or for a listing in its prefix: each
    ``every``-th of them, ``count`` times at most (None: for ever).

    ``kind`` is one of

    - ``before``: nothing is done, and ``error`` is raised;
    - ``after``: all is done, then ``error`` is raised: a lost reply;
    - ``torn``: half is done (of the bytes stored, the keys deleted, the objects listed), then ``error`` is raised;
    - ``slow``: it takes ``seconds`` longer, and succeeds;
    - ``flip``, ``truncate``: ``get`` gives one bit wrong, or half of the bytes, and no error.
    """

    kind: str
    verbs: Iterable[str] = ()
    key: str = ""
    every: int = 1
    count: int | None = 1
    seconds: float = 0.0
    error: type[StorageError] = UnavailableError
    calls: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        possible = _KINDS.get(self.kind, frozenset())
        self.verbs = frozenset([self.verbs] if isinstance(self.verbs, str) else self.verbs) or possible
        if not possible or not self.verbs <= possible or self.every < 1:
            raise InvalidArgumentError(f"a fault that would never strike: {self!r}", hint=f"kinds and verbs: {_KINDS}")

    def strikes(self, verb: str, keys: tuple[str, ...]) -> bool:
        """Count this call, and tell whether it is one to be struck."""
        if self.count == 0 or verb not in self.verbs or not (self.key == "" or any(self.key in key for key in keys)):
            return False
        self.calls += 1
        if self.calls % self.every:
            return False
        if self.count is not None:
            self.count -= 1
        return True


@dataclass(frozen=True)
class Injected:
    """One fault that struck."""

    kind: str
    verb: str
    keys: tuple[str, ...]


class FaultyBackend(WrappedBackend):
    """Hands every verb to ``inner``, and makes some of them fail as its faults say. The oldest fault that fits strikes.

    Exact under threads: with ``every=3`` each third call is struck, whoever makes it. A pickled copy has the same
    faults and counts on by itself.
    """

    def __init__(self, inner: Backend, *faults: Fault) -> None:
        super().__init__(inner)
        self.injected: list[Injected] = []
        self._faults = list(faults)
        self._lock = threading.Lock()

    def add(self, kind: str, verbs: Iterable[str] = (), **how: Any) -> Fault:
        """Arm a fault; the arguments are those of ``Fault``."""
        fault = Fault(kind, verbs, **how)
        with self._lock:
            self._faults.append(fault)
        return fault

    def clear(self) -> None:
        """Behave from now on. What was injected stays on record."""
        with self._lock:
            self._faults.clear()

    @property
    def pending(self) -> int:
        """How many bounded strikes are still to come: 0 proves that a test met all the faults it armed."""
        with self._lock:
            return sum(fault.count or 0 for fault in self._faults)

    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        fault = self._take("get", key)
        data = self._around(fault, (key,), lambda: self.inner.get(key, start, end))
        if fault and fault.kind == "truncate":
            return data[: len(data) // 2]
        if fault and fault.kind == "flip" and data:
            middle = len(data) // 2
            return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]
        return data

    def put(self, key: str, data: bytes) -> None:
        self._store("put", key, data, self.inner.put)

    def create(self, key: str, data: bytes) -> None:
        self._store("create", key, data, self.inner.create)

    def head(self, key: str) -> ObjectInfo:
        return self._around(self._take("head", key), (key,), lambda: self.inner.head(key))

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        fault = self._take("list", prefix)
        found = self._around(fault, (prefix,), lambda: list(self.inner.list(prefix)))
        if fault and fault.kind == "torn":
            return _half(found, self._error(fault, (prefix,)))
        return iter(found)

    def delete(self, *keys: str) -> None:
        fault = self._take("delete", *keys)
        torn = fault is not None and fault.kind == "torn"
        self._around(fault, keys, lambda: self.inner.delete(*keys[: len(keys) // 2 if torn else len(keys)]))
        if fault and torn:
            raise self._error(fault, keys)

    def _store(self, verb: str, key: str, data: bytes, store: Callable[[str, bytes], None]) -> None:
        fault = self._take(verb, key)
        torn = fault is not None and fault.kind == "torn"
        self._around(fault, (key,), lambda: store(key, data[: len(data) // 2] if torn else data))
        if fault and torn:
            raise self._error(fault, (key,))

    def _take(self, verb: str, *keys: str) -> Fault | None:
        with self._lock:
            fault = next((fault for fault in self._faults if fault.strikes(verb, keys)), None)
            if fault:
                self.injected.append(Injected(fault.kind, verb, keys))
        return fault

    def _around(self, fault: Fault | None, keys: tuple[str, ...], do: Callable[[], _T]) -> _T:
        if fault and fault.kind == "before":
            raise self._error(fault, keys)
        if fault and fault.kind == "slow":
            time.sleep(fault.seconds)
        done = do()
        if fault and fault.kind == "after":
            raise self._error(fault, keys)
        return done

    def _error(self, fault: Fault, keys: tuple[str, ...]) -> StorageError:
        return fault.error(f"injected fault: {fault.kind}", url=self.url, key=keys[0] if len(keys) == 1 else None)

    def __reduce__(self) -> tuple[Any, ...]:
        return FaultyBackend, (self.inner, *self._faults)


def _half(found: list[ObjectInfo], error: StorageError) -> Iterator[ObjectInfo]:
    yield from islice(found, len(found) // 2)
    raise error
