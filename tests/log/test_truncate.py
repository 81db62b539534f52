"""What is old and covered goes, oldest first, the mark before it; whatever kills it, the next one goes on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.log.logs import fill, memory, truncate_all
from tests.repository.wrappers import Killed, Killer
from thoth_storage.backend import Backend, ObjectInfo
from thoth_storage.errors import UnavailableError
from thoth_storage.log import FellBehindError, Log, Tail, list_all, truncate, truncated
from thoth_storage.log.layout import MARKS, entry_key, mark_key
from thoth_storage.testing import FaultyBackend
from thoth_storage.wrappers import MeteredBackend
from thoth_storage.wrappers.base import WrappedBackend

NOW = datetime(2026, 5, 6, 7, 8, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Aged(WrappedBackend):
    """Tells the ages that it is given, by the key; what it was given none for is an hour old."""

    def __init__(self, inner: Backend, ages: dict[str, timedelta | None]) -> None:
        super().__init__(inner)
        self.ages = ages

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        for info in self.inner.list(prefix):
            age = self.ages.get(info.key, HOUR)
            yield replace(info, mtime=None if age is None else NOW - age)


def present(backend: Backend) -> list[int]:
    return [each.sequence for each in list_all(backend).entries]


def marks(backend: Backend) -> list[str]:
    return [info.key.removeprefix(MARKS) for info in backend.list(MARKS)]


def test_what_is_covered_goes_and_a_mark_stays() -> None:
    backend = memory()
    fill(backend, 10)
    assert truncate_all(backend, 6) == [1, 2, 3, 4, 5, 6]
    assert (present(backend), truncated(backend)) == ([7, 8, 9, 10], 6)
    assert Tail(Log(backend, "r"), 6).read()[-1].sequence == 10
    with pytest.raises(FellBehindError):
        Tail(Log(backend, "r"), 5).read()


def test_all_may_go_and_the_log_goes_on_with_the_next_number() -> None:
    backend = memory()
    fill(backend, 3)
    assert truncate_all(backend, 99) == [1, 2, 3]
    assert (present(backend), truncated(backend)) == ([], 3)
    entry, ours = Tail(Log(backend, "w"), 3).append(b"x")
    assert (entry.sequence, ours) == (4, True)


@pytest.mark.parametrize("through", [-1, 0])
def test_nothing_to_do_changes_nothing(through: int) -> None:
    backend = memory()
    assert truncate_all(backend, 5) == []
    fill(backend, 3)
    metered = MeteredBackend(backend)
    assert truncate_all(metered, through) == []
    assert metered.total().requests == metered.meters["list"].requests
    assert (present(backend), marks(backend)) == ([1, 2, 3], [])


@pytest.mark.parametrize(
    ("ages", "goes"),
    [
        ({}, 8),
        ({5: timedelta(0)}, 4),
        ({5: None}, 4),
        ({1: None}, 0),
        ({5: timedelta(minutes=30)}, 4),
        ({8: timedelta(days=9), 3: timedelta(seconds=5)}, 2),
    ],
)
def test_the_young_and_those_of_unknown_age_stay_and_all_behind_them(
    ages: dict[int, timedelta | None], goes: int
) -> None:
    inner = memory()
    fill(inner, 10)
    backend = Aged(inner, {entry_key(number): age for number, age in ages.items()})
    gone = truncate(backend, 8, NOW - timedelta(minutes=30))
    assert [each.sequence for each in gone] == list(range(1, goes + 1))
    assert (present(inner), truncated(inner)) == (list(range(goes + 1, 11)), goes)


def test_a_dry_run_tells_and_does_nothing() -> None:
    backend = memory()
    fill(backend, 5)
    metered = MeteredBackend(backend)
    told = truncate(metered, 3, datetime.now(UTC) + HOUR, dry_run=True)
    assert [each.sequence for each in told] == [1, 2, 3]
    assert metered.total().requests == metered.meters["list"].requests
    assert truncate_all(backend, 3) == [1, 2, 3]


def test_the_mark_is_there_before_anything_goes() -> None:
    inner = memory()
    fill(inner, 5)
    faulty = FaultyBackend(inner)
    faulty.add("before", "delete")
    with pytest.raises(UnavailableError):
        truncate_all(faulty, 3)
    assert (present(inner), truncated(inner)) == ([1, 2, 3, 4, 5], 3)
    with pytest.raises(FellBehindError):
        Tail(Log(inner, "r"), 1).read()


@pytest.mark.parametrize("late", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("number", range(1, 8))
def test_killed_at_any_request_the_next_one_goes_on(number: int, late: bool) -> None:
    inner = memory()
    inner.put(mark_key(1), b"")
    inner.put(mark_key(2), b"")
    payloads = fill(inner, 8, first=3)
    backend = Killer(inner, number, late=late)
    try:
        truncate_all(backend, 6)
        assert number > backend.count
    except Killed:
        pass
    # All that was there behind the mark is there, and one that stands before it is told so.
    mark = truncated(inner)
    assert mark in {2, 6}
    assert [each.payload for each in Tail(Log(inner, "r"), mark).read()] == payloads[mark - 2 :]
    if mark == 6:
        with pytest.raises(FellBehindError):
            Tail(Log(inner, "r"), 5).read()
    truncate_all(inner, 7)
    assert (present(inner), marks(inner)) == ([8, 9, 10], ["000000000007"])


@pytest.mark.parametrize("number", range(1, 8))
def test_a_request_that_is_lost_or_half_done_too(number: int) -> None:
    for kind in ("before", "after", "torn"):
        inner = memory()
        fill(inner, 8)
        faulty = FaultyBackend(inner)
        faulty.add(kind, ["list", "delete"] if kind == "torn" else (), every=number)
        try:
            truncate_all(faulty, 6)
        except UnavailableError:
            assert faulty.injected
        assert [each.sequence for each in Tail(Log(inner, "r"), 6).read()] == [7, 8]
        assert truncated(inner) == 6 or present(inner) == list(range(1, 9))
        truncate_all(inner, 6)
        assert (present(inner), truncated(inner)) == ([7, 8], 6)


def test_what_is_left_of_one_that_was_killed_goes_whatever_is_asked_for() -> None:
    """Nobody reads it: neither its age nor a smaller number saves it."""
    inner = memory()
    fill(inner, 8)
    inner.put(mark_key(4), b"")
    backend = Aged(inner, {entry_key(number): None for number in range(1, 9)})
    assert [each.sequence for each in truncate(backend, 2, NOW)] == [1, 2, 3, 4]
    assert (present(inner), marks(inner)) == ([5, 6, 7, 8], ["000000000004"])


def test_a_mark_goes_when_a_higher_one_is_old() -> None:
    """Not before: a listing that is being made may show neither."""
    inner = memory()
    fill(inner, 8)
    for number in (1, 2, 3, 4):
        inner.put(mark_key(number), b"")
    inner.put(f"{MARKS}stray", b"")
    young = {mark_key(4): timedelta(0), mark_key(3): timedelta(minutes=59), mark_key(1): None}
    truncate(Aged(inner, {**young, mark_key(6): timedelta(0)}), 6, NOW - timedelta(minutes=59))
    assert marks(inner) == [f"{number:012d}" for number in (2, 3, 4, 6)] + ["stray"]
    truncate(Aged(inner, {mark_key(7): timedelta(0)}), 7, NOW - timedelta(minutes=59))
    assert marks(inner) == [f"{number:012d}" for number in (6, 7)] + ["stray"]


def test_two_at_once_do_no_harm() -> None:
    inner = memory()
    fill(inner, 8)

    class Other(WrappedBackend):
        """Another one truncates further just before the mark is made."""

        def create(self, key: str, data: bytes) -> None:
            truncate_all(self.inner, 7)
            self.inner.create(key, data)

    truncate_all(Other(inner), 4)
    assert (present(inner), truncated(inner)) == ([8], 7)
    assert truncate_all(inner, 8) == [8]
    assert marks(inner) == ["000000000008"]
