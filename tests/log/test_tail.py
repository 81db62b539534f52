"""A place in the log: what is read from there, and with how few requests."""

from __future__ import annotations

import pytest

from tests.log.logs import Meanwhile, Sleep, fill, memory
from thoth_storage.errors import CorruptionError, FormatError, StorageError, UnavailableError
from thoth_storage.log import Entry, Log, Tail, tail
from thoth_storage.log.clock import TRUST
from thoth_storage.log.layout import entry_key
from thoth_storage.memory import MemoryBackend
from thoth_storage.testing import FaultyBackend
from thoth_storage.wrappers import MeteredBackend


def place(backend: object, position: int = 0, trust: float = TRUST) -> Tail:
    return Tail(Log(backend, "me"), position, trust=trust)  # type: ignore[arg-type]


def take(where: Tail, entries: list[Entry]) -> list[bytes]:
    for each in entries:
        assert each.sequence == where.position + 1
        where.take(each)
    return [each.payload for each in entries]


def read_on(where: Tail, got: list[bytes]) -> None:
    """Until there is nothing more, or an error."""
    while entries := where.read():
        got += take(where, entries)


@pytest.mark.parametrize("trust", [TRUST, 0.0])
@pytest.mark.parametrize("count", [0, 1, 2, 3, 9, 40, 1003])
def test_all_to_the_end(count: int, trust: float) -> None:
    backend = memory()
    payloads = fill(backend, count)
    where = place(backend, trust=trust)
    assert take(where, where.read()) == payloads
    assert where.read() == []
    later = fill(backend, 2, first=count + 1)
    assert take(where, where.read()) == later
    assert take(place(backend, count), place(backend, count).read()) == later


def test_read_takes_nothing() -> None:
    backend = memory()
    fill(backend, 3)
    where = place(backend)
    assert where.read() == where.read()
    assert where.position == 0


def test_as_much_as_a_run_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tail, "RUN", 1000)
    backend = memory()
    log, payloads = Log(backend, "w"), [bytes([number]) * 100 for number in range(60)]
    for number, payload in enumerate(payloads, 1):
        log.create(number, payload)
    where, got, runs = place(backend), list[bytes](), list[int]()
    while entries := where.read():
        runs.append(len(entries))
        got += take(where, entries)
    assert got == payloads
    assert max(runs) <= 10 + 8


def test_a_poll_without_news_is_one_request_and_an_append_is_one() -> None:
    backend = MeteredBackend(memory())
    where = place(backend)
    where.read()
    backend.reset()
    for _ in range(5):
        assert where.read() == []
    assert backend.total().requests == backend.meters["get"].requests == 5
    backend.reset()
    for _ in range(5):
        entry, ours = where.append(b"x")
        assert ours
        where.take(entry)
    assert backend.total().requests == backend.meters["create"].requests == 5
    backend.reset()
    fill(backend.inner, 1, first=where.position + 1)
    assert take(where, where.read()) == [b"6"]
    assert backend.meters["get"].requests == backend.total().requests <= 3


def test_to_come_first_to_a_place_costs_three_more() -> None:
    backend = MeteredBackend(memory())
    fill(backend.inner, 5)
    where = place(backend, 5)
    where.read()
    assert (backend.meters["get"].requests, backend.meters["list"].requests, backend.total().requests) == (1, 3, 4)
    backend.reset()
    place(backend, 5).append(b"x")
    assert (backend.meters["create"].requests, backend.meters["list"].requests, backend.total().requests) == (1, 3, 4)


def test_another_was_first() -> None:
    backend = memory()
    one, two = place(backend), place(backend)
    take(one, [one.append(b"one")[0]])
    entry, ours = two.append(b"two")
    assert (entry.payload, ours, two.position) == (b"one", False, 0)
    two.take(entry)
    entry, ours = two.append(b"two")
    assert (entry.sequence, ours) == (2, True)
    assert take(one, one.read()) == [b"two"]


@pytest.mark.parametrize("trust", [TRUST, 0.0])
def test_a_lost_reply_is_in_the_log_and_read_as_anybodys(trust: float) -> None:
    faulty = FaultyBackend(memory())
    where = place(faulty, trust=trust)
    where.read()
    faulty.add("after", "create")
    with pytest.raises(UnavailableError):
        where.append(b"lost")
    entry, ours = where.append(b"again")
    assert (entry.payload, ours) == (b"lost", False)
    assert take(where, where.read()) == [b"lost"]
    assert where.append(b"again")[1]


@pytest.mark.parametrize("trust", [TRUST, 0.0])
@pytest.mark.parametrize("missing", [1, 2, 3, 4, 17, 40])
def test_a_hole_is_an_error_behind_what_is_before_it(missing: int, trust: float) -> None:
    backend = memory()
    payloads = fill(backend, 50)
    backend.delete(entry_key(missing))
    where, got = place(backend, trust=trust), list[bytes]()
    with pytest.raises(CorruptionError, match=f"log entry {missing} is missing, though {missing + 1}") as caught:
        read_on(where, got)
    assert caught.value.key == entry_key(missing)
    assert got == payloads[: missing - 1]
    with pytest.raises(CorruptionError):
        where.append(b"into the hole")
    assert where.log.read(missing) is None


def test_a_hole_that_opens_before_one_who_saw_the_end() -> None:
    """What was asked for together tells: the end is not believed in for another half an hour."""
    backend = memory()
    where = place(backend)
    assert where.read() == []
    fill(backend, 20)
    backend.delete(entry_key(5))
    take(where, where.read())
    assert where.position == 4
    with pytest.raises(CorruptionError):
        where.read()


def test_one_that_never_was_read_is_not_written_over() -> None:
    """Who appends where he has not looked for long looks first."""
    backend = memory()
    fill(backend, 3)
    backend.delete(entry_key(2))
    with pytest.raises(CorruptionError, match="entry 2 is missing"):
        place(backend, 1).append(b"into the hole")


def test_two_are_stored_while_one_looks() -> None:
    """Entry 1 was missed, and then both were there: no hole."""
    inner = memory()
    backend = Meanwhile(inner)
    backend.plan("get", lambda: fill(inner, 2), late=True)
    where = place(backend)
    assert where.read() == []
    assert take(where, where.read()) == [b"1", b"2"]


@pytest.mark.parametrize(("kind", "byte"), [(CorruptionError, 80), (FormatError, 8)])
@pytest.mark.parametrize("bad", [1, 2, 6])
def test_a_bad_entry_is_an_error_behind_what_is_before_it(bad: int, kind: type[StorageError], byte: int) -> None:
    backend = memory()
    payloads = fill(backend, 20)
    data = bytearray(backend.get(entry_key(bad)))
    data[byte] ^= 2
    backend.put(entry_key(bad), bytes(data))
    where, got = place(backend), list[bytes]()
    with pytest.raises(kind):
        read_on(where, got)
    assert got == payloads[: bad - 1]
    with pytest.raises(kind):
        where.append(b"over it")


@pytest.mark.parametrize("number", [1, 2, 5])
def test_what_was_read_before_a_service_went_away_is_handed_out(number: int) -> None:
    inner = memory()
    payloads = fill(inner, 20)
    faulty = FaultyBackend(inner)
    where = place(faulty)
    faulty.add("before", "get", key=entry_key(number))
    got: list[bytes] = []
    if number == 1:
        with pytest.raises(UnavailableError):
            where.read()
        assert len(faulty.injected) == 1
    else:
        got += take(where, where.read())
        assert got == payloads[: number - 1]
    got += take(where, where.read())
    assert got == payloads


def test_an_end_seen_further_on_says_nothing_to_who_took_less(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read to the end, applied a part; the rest may be old, and gone the next moment."""
    backend: MemoryBackend = memory()
    fill(backend, 10)
    where = place(backend)
    take(where, where.read()[:4])
    Sleep(monkeypatch)(60)
    backend.delete(*(entry_key(number) for number in range(1, 8)))
    with pytest.raises(CorruptionError):
        where.read()
