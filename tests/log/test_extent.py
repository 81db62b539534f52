"""What a listing tells: where the log ends, what is missing, and that strangers' objects are none of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.log.logs import Sleep, fill, memory
from thoth_storage.backend import Backend, ObjectInfo
from thoth_storage.log import Extent, list_all, look, truncated
from thoth_storage.log.clock import GRACE
from thoth_storage.log.layout import entry_key, mark_key
from thoth_storage.wrappers import MeteredBackend
from thoth_storage.wrappers.base import WrappedBackend

STRAYS = (
    "log/000000000/000000000000",
    "log/000000000/000000001000",
    "log/000000000/1",
    "log/000000000/000000000004.bak",
    "log/999999999/999999999998/x",
    "log/readme",
    "log/truncated/12",
    "log/truncated/000000000009x",
    "logs/000000000/000000000009",
)


def put(backend: Backend, *numbers: int) -> None:
    for number in numbers:
        backend.put(entry_key(number), b"12345")


def numbers(extent: Extent) -> list[int]:
    return [each.sequence for each in extent.entries]


@pytest.mark.parametrize("after", [0, 1, 997, 998, 999, 1000, 1001, 1002, 1998, 1999, 2000, 2001])
def test_it_goes_on_over_the_edges_of_folders(after: int) -> None:
    backend = memory()
    put(backend, *range(1, 2002))
    extent = look(backend, after)
    assert numbers(extent) == list(range(after + 1, 2002))
    assert extent.size == 5 * (2001 - after)
    assert extent.last == (2001 if after < 2001 else 0)


@pytest.mark.parametrize("after", [0, 998, 999, 1000, 1001])
def test_the_end_is_where_nothing_follows(after: int) -> None:
    backend = memory()
    put(backend, *range(1, after + 1))
    assert look(backend, after) == Extent(0, ())


@pytest.mark.parametrize(
    ("after", "next_one"), [(1, 3), (500, 1000), (998, 1000), (998, 1999), (999, 1001), (999, 2999)]
)
def test_a_hole_is_seen(after: int, next_one: int) -> None:
    backend = memory()
    put(backend, *range(1, after + 1), next_one)
    assert numbers(look(backend, after)) == [next_one]


@pytest.mark.parametrize("after", [0, 5, 999, 1500])
def test_what_a_rule_of_the_bucket_deleted_is_seen_however_much_it_was(after: int) -> None:
    backend = memory()
    put(backend, 70_001, 70_002)
    assert numbers(look(backend, after)) == [70_001, 70_002]


def test_strays_are_passed_over() -> None:
    backend = memory()
    for key in STRAYS:
        backend.put(key, b"stray")
    assert look(backend, 0) == list_all(backend) == Extent(0, ())
    put(backend, 1, 2, 3)
    assert numbers(look(backend, 1)) == [2, 3]
    assert numbers(list_all(backend)) == [1, 2, 3]
    assert truncated(backend) == 0


def test_the_highest_mark_counts() -> None:
    backend = memory()
    for number in (7, 1000, 3):
        backend.put(mark_key(number), b"")
    put(backend, 1001)
    assert truncated(backend) == 1000
    assert look(backend, 1001) == Extent(1000, ())
    assert look(backend, 1001).last == 1000
    assert (list_all(backend).truncated, list_all(backend).last) == (1000, 1001)


def test_times_and_sizes_are_the_services() -> None:
    backend = memory()
    before = datetime.now(UTC)
    put(backend, 1)
    only = look(backend, 0).entries[0]
    assert only.size == 5
    assert only.time is not None
    assert timedelta(0) <= only.time - before < timedelta(minutes=1)


def test_requests() -> None:
    """A look at the end of a log of any length: its folder, the one behind, the marks."""
    inner = memory()
    put(inner, *range(1, 5))
    backend = MeteredBackend(inner)
    assert look(backend, 4).entries == ()
    assert backend.total().requests == backend.meters["list"].requests == 3
    backend.reset()
    put(inner, *range(5, 2500))
    look(backend, 2499)
    assert backend.total().requests == 3


class _Swapping(WrappedBackend):
    """Lists a folder as a file system may while two truncations pass: the old mark is gone, the new not there yet."""

    def __init__(self, inner: Backend, sleep: Sleep) -> None:
        super().__init__(inner)
        self.sleep: Sleep | None = sleep

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        if self.sleep:
            self.sleep(GRACE)
            self.sleep = None
            return iter(())
        return self.inner.list(prefix)


def test_a_listing_that_slept_is_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    inner = memory()
    inner.put(mark_key(8), b"")
    assert truncated(_Swapping(inner, Sleep(monkeypatch))) == 8


def test_fill_is_what_the_other_tests_think() -> None:
    backend = memory()
    assert fill(backend, 3, first=5) == [b"5", b"6", b"7"]
    assert numbers(list_all(backend)) == [5, 6, 7]
