"""A process that slept while the log was truncated: it writes nothing that nobody reads, and takes no end for one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.log.logs import Meanwhile, Sleep, fill, memory, truncate_all
from thoth_storage.errors import CorruptionError, UnavailableError
from thoth_storage.log import Entry, FellBehindError, Log, Tail, list_all, truncated
from thoth_storage.log.clock import GRACE, TRUST
from thoth_storage.log.layout import entry_key, mark_key
from thoth_storage.testing import FaultyBackend

DAY = 86_400.0


def take(where: Tail, entries: list[Entry]) -> list[bytes]:
    for each in entries:
        where.take(each)
    return [each.payload for each in entries]


def at(backend: object, position: int, trust: float = TRUST) -> Tail:
    """One that has just been to the end there."""
    where = Tail(Log(backend, "sleeper"), position, trust=trust)  # type: ignore[arg-type]
    assert where.read() == []
    return where


@pytest.fixture
def sleep(monkeypatch: pytest.MonkeyPatch) -> Sleep:
    return Sleep(monkeypatch)


@pytest.mark.parametrize("through", [4, 6, 9])
@pytest.mark.parametrize("seconds", [TRUST, GRACE, DAY])
def test_a_reader_is_told(sleep: Sleep, seconds: float, through: int) -> None:
    backend = memory()
    fill(backend, 3)
    where = at(backend, 3)
    fill(backend, 6, first=4)
    sleep(seconds)
    truncate_all(backend, through)
    with pytest.raises(FellBehindError, match=f"up to entry {through}, this reader has come to 3"):
        where.read()
    with pytest.raises(FellBehindError):
        where.append(b"x")
    assert [each.sequence for each in list_all(backend).entries] == list(range(through + 1, 10))


def test_one_who_is_up_to_the_mark_is_not(sleep: Sleep) -> None:
    backend = memory()
    fill(backend, 5)
    where = at(backend, 5)
    sleep(DAY)
    truncate_all(backend, 5)
    assert where.read() == []
    entry, ours = where.append(b"6")
    assert (entry.sequence, ours) == (6, True)


def test_an_end_that_was_seen_further_on_says_nothing_to_who_took_less(sleep: Sleep) -> None:
    """Read to the end, applied a part of it. The rest may be old, and gone the next moment."""
    backend = memory()
    fill(backend, 10)
    where = Tail(Log(backend, "reader"), 0)
    take(where, where.read()[:4])
    sleep(60)
    truncate_all(backend, 7)
    with pytest.raises(FellBehindError):
        where.read()
    with pytest.raises(FellBehindError):
        where.append(b"x")


def test_a_create_that_succeeds_behind_a_truncation_is_withdrawn() -> None:
    """Asleep just before the request is sent. A trust of none stands for the time: what was seen is never fresh."""
    inner = memory()
    fill(inner, 3)
    backend = Meanwhile(inner)
    where = at(backend, 3, trust=0.0)

    def others() -> None:
        fill(inner, 4, first=4)
        truncate_all(inner, 5)

    backend.plan("create", others)
    with pytest.raises(FellBehindError):
        where.append(b"stray")
    assert [each.sequence for each in list_all(inner).entries] == [6, 7]


@pytest.mark.parametrize("late", [False, True], ids=["before the request", "before the reply"])
def test_who_slept_long_in_a_create_knows_less(sleep: Sleep, late: bool) -> None:
    """It may have been stored at once, read by all, and truncated since: to write it again might be once too many."""
    inner = memory()
    fill(inner, 3)
    backend = Meanwhile(inner)
    where = at(backend, 3)

    def others() -> None:
        sleep(DAY)
        fill(inner, 3, first=4 + late)
        truncate_all(inner, 6)

    backend.plan("create", others, late=late)
    with pytest.raises(UnavailableError, match="slept") as caught:
        where.append(b"perhaps")
    assert caught.value.hint
    assert [each.sequence for each in list_all(inner).entries] == ([7] if late else [])
    with pytest.raises(FellBehindError):
        where.append(b"x")


def test_a_stray_that_cannot_be_withdrawn_is_nobodys() -> None:
    inner = memory()
    fill(inner, 3)
    faulty = FaultyBackend(inner)
    backend = Meanwhile(faulty)
    where = at(backend, 3, trust=0.0)

    def others() -> None:
        fill(inner, 3, first=4)
        truncate_all(inner, 5)

    backend.plan("create", others)
    faulty.add("before", "delete", key=entry_key(4))
    with pytest.raises(FellBehindError):
        where.append(b"stray")
    assert faulty.pending == 0
    assert inner.head(entry_key(4)).size > 0
    for other in (Tail(Log(inner, "late"), 3), where):
        with pytest.raises(FellBehindError):
            other.read()
        with pytest.raises(FellBehindError):
            other.append(b"x")
    assert truncate_all(inner, 0) == [4]


@pytest.mark.parametrize("act", [lambda where: where.read(), lambda where: where.append(b"x")], ids=["read", "append"])
def test_damage_among_what_was_truncated_is_nobodys(sleep: Sleep, act: Callable[[Tail], object]) -> None:
    backend = memory()
    fill(backend, 3)
    where = at(backend, 3)
    fill(backend, 3, first=4)
    sleep(DAY)
    backend.put(mark_key(5), b"")
    backend.put(entry_key(4), b"damaged")
    with pytest.raises(FellBehindError):
        act(where)
    backend.delete(mark_key(5))
    with pytest.raises(CorruptionError):
        act(where)


def test_damage_that_is_met_by_a_create_that_slept() -> None:
    inner = memory()
    fill(inner, 3)
    backend = Meanwhile(inner)
    where = at(backend, 3, trust=0.0)

    def others() -> None:
        inner.put(mark_key(5), b"")
        inner.put(entry_key(4), b"damaged")

    backend.plan("create", others)
    with pytest.raises(FellBehindError):
        where.append(b"x")


def test_the_next_entries_go_while_the_end_is_looked_for(sleep: Sleep) -> None:
    """There was no entry 4; a day later the listing shows 7. That is no hole: the mark is read behind the listing."""
    inner = memory()
    fill(inner, 3)
    backend = Meanwhile(inner)
    where = at(backend, 3)
    sleep(TRUST)

    def others() -> None:
        fill(inner, 4, first=4)
        truncate_all(inner, 6)

    backend.plan("get", others, late=True)
    with pytest.raises(FellBehindError):
        where.read()


def test_they_go_while_a_hole_is_looked_into(sleep: Sleep) -> None:
    """Listed just when 5 was stored and 4 was not yet; asked for a day later, 4 is gone."""
    inner = memory()
    fill(inner, 3)
    backend = Meanwhile(inner)
    where = at(backend, 3)
    sleep(TRUST)
    fill(inner, 1, first=5)

    def others() -> None:
        fill(inner, 1, first=4)
        truncate_all(inner, 4)

    backend.plan("get", lambda: backend.plan("get", others))
    with pytest.raises(FellBehindError):
        where.read()


@pytest.mark.parametrize("seconds", [0.0, TRUST - 60])
def test_who_did_not_sleep_need_not_ask(sleep: Sleep, seconds: float) -> None:
    """Nothing that was stored since can have been deleted, so nobody looks: not even at a mark that is wrong."""
    backend = memory()
    fill(backend, 3)
    where = at(backend, 3)
    sleep(seconds)
    backend.put(mark_key(9), b"")
    assert where.read() == []
    assert where.append(b"4")[1]
    sleep(TRUST)
    with pytest.raises(FellBehindError):
        where.read()


@pytest.mark.parametrize("jump", [-DAY, DAY])
def test_a_clock_that_jumps_costs_a_look_and_no_more(sleep: Sleep, jump: float) -> None:
    backend = memory()
    fill(backend, 3)
    where = at(backend, 3)
    sleep(jump)
    assert where.append(b"4")[1]
    assert take(where, where.read()) == [b"4"]
    assert truncated(backend) == 0
