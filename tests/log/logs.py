"""What the tests of the log have in common: places, a cipher, a clock to set, and somebody who acts in between."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from thoth_storage.backend import Backend
from thoth_storage.log import Log, Unsealable, clock, truncate
from thoth_storage.log.entry import NO_CIPHER, Cipher, Entry
from thoth_storage.memory import MemoryBackend
from thoth_storage.repository.cipher import AesGcm, SealedError
from thoth_storage.wrappers.base import WrappedBackend

__all__ = ["CIPHERS", "KEY", "Meanwhile", "Sealing", "Sleep", "entry", "fill", "memory", "truncate_all"]

KEY = bytes(range(32))
TIME = datetime(2026, 5, 6, 7, 8, 9, 123_456, UTC)


def memory() -> MemoryBackend:
    return MemoryBackend(f"memory://log-{uuid.uuid4().hex}/store")


class Sealing:
    """The cipher of an encrypted repository, as the log wants it."""

    encrypts = True

    def __init__(self, data_key: bytes = KEY) -> None:
        self._inner = AesGcm(data_key)
        self.overhead = self._inner.overhead

    def seal(self, plain: bytes, context: bytes) -> bytes:
        return self._inner.seal(plain, context)

    def open(self, stored: bytes, context: bytes) -> bytes:
        try:
            return self._inner.open(stored, context)
        except SealedError as error:
            raise Unsealable(str(error)) from error


CIPHERS: list[Cipher] = [NO_CIPHER, Sealing()]


def entry(sequence: int = 7, payload: bytes = b"payload " * 20) -> Entry:
    return Entry(sequence, bytes(range(16)), "writer", TIME, payload, 0)


def fill(backend: Backend, count: int, first: int = 1) -> list[bytes]:
    """Entries as they are, without asking anybody."""
    log, payloads = Log(backend, "filler"), [b"%d" % number for number in range(first, first + count)]
    for number, payload in enumerate(payloads, first):
        assert log.create(number, payload)[1]
    return payloads


def truncate_all(backend: Backend, through: int) -> list[int]:
    """Whatever its age: as if more than the grace time had passed."""
    return [each.sequence for each in truncate(backend, through, datetime.now(UTC) + timedelta(hours=1))]


class Sleep:
    """The clock of this process, set ahead. The service's goes on as it does."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._ahead = 0.0
        real = clock.now
        monkeypatch.setattr(clock, "now", lambda: tuple(each + self._ahead for each in real()))

    def __call__(self, seconds: float) -> None:
        self._ahead += seconds


class Meanwhile(WrappedBackend):
    """Somebody acts just before the next request of a verb, or (``late``) when it is done and not yet answered."""

    def __init__(self, inner: Backend) -> None:
        super().__init__(inner)
        self._plans: dict[tuple[str, bool], Callable[[], object]] = {}

    def plan(self, verb: str, act: Callable[[], object], *, late: bool = False) -> None:
        self._plans[verb, late] = act

    def get(self, key: str, start: int = 0, end: int | None = None) -> bytes:
        self._act("get", late=False)
        try:
            return self.inner.get(key, start, end)
        finally:
            self._act("get", late=True)

    def create(self, key: str, data: bytes) -> None:
        self._act("create", late=False)
        self.inner.create(key, data)
        self._act("create", late=True)

    def delete(self, *keys: str) -> None:
        self._act("delete", late=False)
        self.inner.delete(*keys)
        self._act("delete", late=True)

    def _act(self, verb: str, *, late: bool) -> None:
        act = self._plans.pop((verb, late), None)
        if act:
            act()
