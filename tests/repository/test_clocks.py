"""Machines whose clocks are wrong: the order of what they make holds, and nobody else's times change."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.repository.stores import new_repository, over
from tests.repository.trees import write_tree
from thoth_storage.errors import NotFoundError
from thoth_storage.repository import Repository
from thoth_storage.repository import backup as module
from thoth_storage.repository.index import Index
from thoth_storage.repository.records import list_keys, read_header
from thoth_storage.repository.reports import Snapshot
from thoth_storage.repository.summaries import CATALOGUE
from thoth_storage.wrappers import MeteredBackend

FUTURE = datetime(2099, 1, 1, tzinfo=UTC)
FIRST = datetime(2026, 2, 1, 12, tzinfo=UTC)
BackUp = Callable[..., Snapshot]


@pytest.fixture
def back_up(repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BackUp:
    """Makes a snapshot on a machine that has this time."""
    source = write_tree(tmp_path / "source", {"a": b"1"})

    def make(moment: datetime, name: str | None = None) -> Snapshot:
        class Clock(datetime):
            @classmethod
            def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
                return moment

        with monkeypatch.context() as patch:
            patch.setattr(module, "datetime", Clock)
            return repository.backup(source, name=name)

    return make


def days(back_up: BackUp, count: int) -> list[Snapshot]:
    return [back_up(FIRST + timedelta(days=day)) for day in range(count)]


def test_one_from_the_future_moves_the_times_of_no_other(repository: Repository, back_up: BackUp) -> None:
    made = [back_up(FUTURE), *days(back_up, 5)]
    assert [each.time for each in made] == [FUTURE, *(FIRST + timedelta(days=day) for day in range(5))]
    assert repository.snapshots() == made[::-1]
    assert repository.get("latest") == made[-1]
    assert [key.time for key in list_keys(repository.backend)][::-1] == [
        FUTURE + timedelta(microseconds=number) for number in range(6)
    ]
    assert repository.verify().ok


def test_a_clock_that_is_right_leaves_nothing_to_tell(repository: Repository, back_up: BackUp) -> None:
    days(back_up, 2)
    for key in list_keys(repository.backend):
        assert read_header(repository.vault, key).taken is None


def test_retention_goes_by_the_times_at_which_they_were_taken(repository: Repository, back_up: BackUp) -> None:
    back_up(FUTURE)
    made = days(back_up, 5)
    report = repository.forget(keep_daily=3)
    assert [each.id for each in report.kept] == [each.id for each in made[:1:-1]]
    assert repository.snapshots() == made[:1:-1]


def test_a_restore_of_a_time(repository: Repository, back_up: BackUp, tmp_path: Path) -> None:
    before = back_up(FIRST - timedelta(days=9))
    back_up(FUTURE)
    made = days(back_up, 5)

    def found(at: datetime) -> str:
        return repository.restore(None, tmp_path / "target", at=at, dry_run=True).snapshot

    for day, each in enumerate(made):
        assert found(FIRST + timedelta(days=day)) == each.id
        assert found(FIRST + timedelta(days=day, hours=23)) == each.id
    assert found(FIRST - timedelta(microseconds=1)) == before.id
    assert found(FUTURE + timedelta(days=1)) == made[-1].id
    with pytest.raises(NotFoundError, match=before.time.isoformat().replace("+", r"\+")):
        found(FIRST - timedelta(days=10))
    with pytest.raises(NotFoundError, match="there is none"):
        new_repository().restore(None, tmp_path / "target", at=FIRST)


def test_a_restore_of_a_time_takes_few_requests(repository: Repository, back_up: BackUp, tmp_path: Path) -> None:
    back_up(FUTURE)
    made = days(back_up, 70)
    assert Index(repository.vault).of(CATALOGUE)
    meter = MeteredBackend(repository.backend)
    again = over(repository, meter)
    plan = again.restore(None, tmp_path / "target", at=FIRST + timedelta(days=7, hours=1), dry_run=True)
    assert plan.snapshot == made[7].id
    assert meter.total().requests < 40


def test_a_copy_and_a_name_keep_the_time(repository: Repository, back_up: BackUp) -> None:
    back_up(FUTURE, name="same")
    made = back_up(FIRST, name="same")
    assert repository.get("same") == made
    other = new_repository()
    repository.copy_to(other)
    assert [each.time for each in other.snapshots()] == [FIRST, FUTURE]
    assert other.get("latest").id == made.id
