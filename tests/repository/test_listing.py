"""Snapshots are listed newest first whatever the clock does, with their names and tags."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.repository.stores import new_repository, over
from thoth_storage.backend import ObjectInfo
from thoth_storage.errors import InvalidArgumentError
from thoth_storage.repository import Repository
from thoth_storage.repository import backup as module
from thoth_storage.repository.records import list_keys
from thoth_storage.wrappers.base import WrappedBackend

START = datetime(2024, 2, 29, 23, 59, 59, 999_999, UTC)


class Clock:
    """Stands in for the module's ``datetime``: shows what it is set to."""

    time = START

    @classmethod
    def now(cls, zone: object) -> datetime:
        assert zone is UTC
        return cls.time


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> type[Clock]:
    monkeypatch.setattr(module, "datetime", Clock)
    Clock.time = START
    return Clock


def test_newest_first(repository: Repository, source: Path) -> None:
    made = [repository.backup(source, name=f"n{n}") for n in range(5)]
    assert repository.snapshots() == made[::-1]
    assert Repository.open(repository.backend).snapshots() == made[::-1]
    assert [snapshot.parent for snapshot in made] == [None, *(snapshot.id for snapshot in made[:-1])]


def test_times_are_those_of_the_clock(repository: Repository, source: Path, clock: type[Clock]) -> None:
    assert repository.backup(source).time == START
    clock.time += timedelta(microseconds=1)
    assert repository.backup(source).time == START + timedelta(microseconds=1)
    assert [info.key.split("-")[0] for info in repository.backend.list("snapshots/")] == [
        "snapshots/20240229T235959999999Z",
        "snapshots/20240301T000000000000Z",
    ]


@pytest.mark.parametrize("jump", [timedelta(0), timedelta(microseconds=-1), timedelta(hours=-1), timedelta(days=-9999)])
def test_a_clock_that_stands_or_jumps_back(
    jump: timedelta, repository: Repository, source: Path, clock: type[Clock]
) -> None:
    made = [repository.backup(source)]
    clock.time += jump
    made += [repository.backup(source) for _ in range(3)]
    assert repository.snapshots() == made[::-1]
    assert repository.get("latest") == made[-1]
    assert [snapshot.time for snapshot in made] == [START, *[clock.time] * 3]
    keys = [key.time for key in list_keys(repository.backend)]
    assert keys == sorted(set(keys), reverse=True)
    assert repository.verify().ok
    clock.time = START + timedelta(days=1)
    assert repository.backup(source).time == clock.time


def test_a_clock_before_1970(repository: Repository, source: Path, clock: type[Clock]) -> None:
    clock.time = datetime(1969, 7, 20, 20, 17, 40, 123_456, UTC)
    assert repository.backup(source).time == clock.time
    assert repository.get("latest").time == clock.time
    assert repository.verify().ok


@pytest.mark.parametrize("name", ["nightly", "Zürich 漢字", "x" * 200, "a/b", "-", "deadbeef", "0" * 32])
def test_names_and_tags(name: str, repository: Repository, source: Path) -> None:
    made = repository.backup(source, name=name, tags=[name, "prod", name, "two words"])
    assert (made.name, made.tags) == (name, tuple(dict.fromkeys((name, "prod", "two words"))))
    assert repository.snapshots() == [made]
    assert repository.get(name) == made


@pytest.mark.parametrize("name", ["", "latest", " lead", "trail ", "tab\t", "line\n", "nul\0", "x" * 201, "\ud800"])
def test_invalid_names_and_tags(name: str, repository: Repository, source: Path) -> None:
    with pytest.raises(InvalidArgumentError):
        repository.backup(source, name=name)
    with pytest.raises(InvalidArgumentError):
        repository.backup(source, tags=["fine", name])
    assert repository.snapshots() == []


def test_tags_are_not_one_string(repository: Repository, source: Path) -> None:
    with pytest.raises(InvalidArgumentError, match="prod"):
        repository.backup(source, tags="prod")


def test_the_position_of_the_log_is_kept(repository: Repository, source: Path) -> None:
    assert repository.backup(source, position=12345678901).position == 12345678901
    assert repository.get("latest").position == 12345678901


def test_a_damaged_snapshot_hides_no_other(
    repository: Repository, source: Path, caplog: pytest.LogCaptureFixture
) -> None:
    made = [repository.backup(source) for _ in range(3)]
    key = next(info.key for info in repository.backend.list("snapshots/") if made[1].id in info.key)
    repository.backend.put(key, b"junk")
    with caplog.at_level(logging.WARNING):
        assert repository.snapshots() == [made[2], made[0]]
    assert key in caplog.text


def test_stray_objects_are_passed_over_and_named(repository: Repository, source: Path) -> None:
    made = repository.backup(source)
    strays = [
        "snapshots/readme.txt",
        f"snapshots/20249999T000000000000Z-{made.id}",
        f"snapshots/x/20240101T000000000000Z-{made.id}",
        f"snapshots/20240101T000000000000Z-{made.id.upper()[:-1]}A",
        f"snapshots/\u0662\u0660240101T000000000000Z-{made.id}",
    ]
    for key in strays:
        repository.backend.put(key, b"whatever")
    assert repository.snapshots() == [made]
    assert repository.get("latest") == made
    assert {problem.key for problem in repository.verify().problems} == set(strays)
    assert repository.backup(source).added == 0


class Forgets(WrappedBackend):
    """A snapshot goes between the list and the reading."""

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        found = list(self.inner.list(prefix))
        if prefix != "snapshots/":
            return iter(found)
        self.inner.delete(found[0].key)
        return iter(found)


def test_one_that_is_forgotten_meanwhile_is_left_out(repository: Repository, source: Path) -> None:
    made = [repository.backup(source) for _ in range(3)]
    assert over(repository, Forgets(repository.backend)).snapshots() == made[:0:-1]


def test_of_an_empty_repository() -> None:
    assert new_repository().snapshots() == []
