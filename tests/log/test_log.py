"""An entry is created once, and who created it knows, whatever replies were lost."""

from __future__ import annotations

import pytest

from tests.log.logs import Meanwhile, Sealing, memory
from thoth_storage.backend import Capabilities
from thoth_storage.errors import CapabilityError, CapacityError, CorruptionError, UnavailableError
from thoth_storage.log import Log
from thoth_storage.log.entry import MAX_PAYLOAD
from thoth_storage.log.layout import entry_key
from thoth_storage.memory import MemoryBackend
from thoth_storage.testing import FaultyBackend
from thoth_storage.wrappers import RetryingBackend
from thoth_storage.wrappers.base import WrappedBackend


class Careless(WrappedBackend):
    """One on which two creates of a key may both succeed."""

    capabilities = Capabilities()


def test_who_is_first_wins_and_the_other_gets_that_entry() -> None:
    backend = memory()
    first, ours = Log(backend, "one").create(1, b"first")
    assert ours
    second, ours = Log(backend, "two").create(1, b"second")
    assert not ours
    assert second == first == Log(backend, "three").read(1)
    assert (first.sequence, first.writer, first.payload) == (1, "one", b"first")
    assert first.size == len(backend.get(entry_key(1)))


def test_the_same_payload_of_another_is_not_ours() -> None:
    backend = memory()
    log = Log(backend, "same")
    log.create(1, b"same")
    assert not log.create(1, b"same")[1]
    assert not Log(backend, "same").create(1, b"same")[1]


def test_none_is_there() -> None:
    log = Log(memory(), "reader")
    assert log.read(1) is None
    log.create(1, b"")
    assert (log.read(1) is None, log.read(2) is None) == (False, True)


def test_encrypted() -> None:
    backend = memory()
    made, _ = Log(backend, "w", Sealing()).create(1, b"secret")
    assert Log(backend, "r", Sealing()).read(1) == made
    with pytest.raises(CorruptionError):
        Log(backend, "r").read(1)
    with pytest.raises(CorruptionError):
        Log(backend, "r").create(1, b"mine")


def test_a_lost_reply_is_told_and_the_entry_is_there() -> None:
    inner = memory()
    faulty = FaultyBackend(inner)
    faulty.add("after", "create")
    log = Log(faulty, "w")
    with pytest.raises(UnavailableError):
        log.create(1, b"lost")
    there = log.read(1)
    assert there is not None
    assert there.payload == b"lost"
    found, ours = log.create(1, b"next")
    assert (found, ours) == (there, False)


@pytest.mark.parametrize("kind", ["before", "after"])
def test_with_retries_a_lost_reply_is_seen_through(kind: str) -> None:
    inner = memory()
    faulty = FaultyBackend(inner)
    faulty.add(kind, "create")
    log = Log(RetryingBackend(faulty, first_pause=0.001), "w")
    made, ours = log.create(1, b"mine")
    assert ours
    assert faulty.pending == 0
    assert log.read(1) == made


class Forgetful(WrappedBackend):
    """Meets its own earlier attempt and says so, as a client library does that tries again by itself."""

    def create(self, key: str, data: bytes) -> None:
        self.inner.create(key, data)
        self.inner.create(key, data)


def test_who_lost_against_itself_has_won() -> None:
    made, ours = Log(Forgetful(memory()), "w").create(1, b"mine")
    assert (ours, made.payload) == (True, b"mine")


def test_one_that_came_and_went_is_tried_again_later() -> None:
    inner = memory()
    inner.create(entry_key(1), b"stray")
    backend = Meanwhile(inner)
    backend.plan("get", lambda: inner.delete(entry_key(1)))
    log = Log(backend, "w")
    with pytest.raises(UnavailableError, match="was there and is not"):
        log.create(1, b"mine")
    assert log.create(1, b"mine")[1]


def test_a_backend_that_cannot_decide_is_refused_before_anything_is_written() -> None:
    inner = memory()
    log = Log(Careless(inner), "w")
    for refused in (log.check_writable, lambda: log.create(1, b"x")):
        with pytest.raises(CapabilityError) as caught:
            refused()
        assert caught.value.url == inner.url
        assert caught.value.hint
    assert list(inner.list()) == []
    Log(inner, "w").create(1, b"readable")
    assert log.read(1) is not None


def test_too_large_is_refused_before_anything_is_written() -> None:
    backend: MemoryBackend = memory()
    with pytest.raises(CapacityError):
        Log(backend, "w").create(1, bytes(MAX_PAYLOAD + 1))
    assert list(backend.list()) == []


def test_a_damaged_entry_is_nobodys() -> None:
    backend = memory()
    log = Log(backend, "w")
    log.create(1, b"whole")
    backend.put(entry_key(1), backend.get(entry_key(1))[:-1])
    with pytest.raises(CorruptionError) as caught:
        log.create(1, b"mine")
    assert caught.value.key == entry_key(1)
    log.withdraw(1)
    log.withdraw(1)
    assert log.read(1) is None
