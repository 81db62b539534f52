"""Forgetting: what goes, what stays and why, and what is refused before anything goes."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from pathlib import Path
from threading import Barrier

import pytest

from tests.repository.stores import objects
from tests.repository.trees import write_tree
from thoth_storage.backend import Backend
from thoth_storage.errors import CorruptionError, InvalidArgumentError, NotFoundError, UnavailableError
from thoth_storage.repository import Repository
from thoth_storage.repository.index import Index
from thoth_storage.repository.records import list_keys
from thoth_storage.repository.summaries import CATALOGUE, update_catalogue


@pytest.fixture
def three(repository: Repository, tmp_path: Path) -> list[str]:
    """The ids of three snapshots, oldest first: ``one`` (tagged), ``two``, ``three``."""
    ids = []
    for name, tags in (("one", ["prod"]), ("two", []), ("three", ["test"])):
        source = write_tree(tmp_path / "source", {name: name.encode() * 3000})
        ids.append(repository.backup(source, name=name, tags=tags, position=7).id)
    return ids


def left(repository: Repository) -> list[str | None]:
    return [each.name for each in repository.snapshots()]


def damage(backend: Backend, snapshot_id: str) -> str:
    [key] = [key.key for key in list_keys(backend) if key.id == snapshot_id]
    data = bytearray(backend.get(key))
    data[100] ^= 1
    backend.put(key, bytes(data))
    return key


def test_by_policy(repository: Repository, three: list[str]) -> None:
    packs = objects(repository.backend, "packs/")
    report = repository.forget(keep_last=1, keep_tags="prod")
    assert [(each.snapshot.name, each.reasons) for each in report.decisions] == [
        ("three", ("last",)),
        ("two", ()),
        ("one", ("tag prod",)),
    ]
    assert [each.name for each in report.kept] == ["three", "one"]
    assert [each.name for each in report.forgotten] == ["two"]
    assert (report.unreadable, report.dry_run) == ((), False)
    assert left(repository) == ["three", "one"]
    assert objects(repository.backend, "packs/") == packs
    assert repository.verify().ok


def test_a_dry_run_decides_the_same_and_deletes_nothing(repository: Repository, three: list[str]) -> None:
    before = objects(repository.backend)
    for arguments in ({"keep_last": 1}, {"snapshots": ["one", "two"]}):
        planned = repository.forget(**arguments, dry_run=True)
        assert planned.dry_run
        assert [each.name for each in planned.forgotten] == ["two", "one"]
        assert objects(repository.backend) == before
    planned = repository.forget(keep_last=1, dry_run=True)
    assert repository.forget(keep_last=1).decisions == planned.decisions
    assert left(repository) == ["three"]


def test_by_name_id_and_beginning(repository: Repository, three: list[str]) -> None:
    report = repository.forget(["one", three[0], three[2][:10], "latest"])
    assert [each.name for each in report.forgotten] == ["three", "one"]
    assert report.kept == []
    assert left(repository) == ["two"]


def test_all_can_go_if_they_are_named(repository: Repository, three: list[str]) -> None:
    repository.forget(three)
    assert left(repository) == []
    assert repository.forget(keep_last=1).decisions == ()


def test_nothing_named_nothing_done(repository: Repository, three: list[str]) -> None:
    assert repository.forget([]).decisions == ()
    assert len(left(repository)) == 3


@pytest.mark.parametrize("wanted", [["one", "typo"], ["typo"]])
def test_one_that_is_not_there_keeps_all(repository: Repository, three: list[str], wanted: list[str]) -> None:
    with pytest.raises(NotFoundError):
        repository.forget(wanted)
    assert len(left(repository)) == 3


def test_names_and_rules_at_once_are_refused(repository: Repository, three: list[str]) -> None:
    for arguments in ({"keep_last": 1}, {"keep_tags": ["prod"]}):
        with pytest.raises(InvalidArgumentError, match="both snapshots and rules"):
            repository.forget(["one"], **arguments)
    assert len(left(repository)) == 3


def test_no_rule_at_all_is_refused(repository: Repository, three: list[str]) -> None:
    with pytest.raises(InvalidArgumentError, match="keeps no snapshot"):
        repository.forget()
    assert len(left(repository)) == 3


def test_rules_that_keep_none_are_refused(repository: Repository, three: list[str]) -> None:
    """As a tag with a slip of the pen."""
    with pytest.raises(InvalidArgumentError, match="keep none of the 3 snapshots"):
        repository.forget(keep_tags=["produ"])
    assert len(left(repository)) == 3


def test_what_a_name_was_moved_to_stays(repository: Repository, three: list[str]) -> None:
    repository.set_name("good", "one")
    report = repository.forget(keep_last=1)
    assert [(each.snapshot.name, each.reasons) for each in report.decisions if each.keep] == [
        ("three", ("last",)),
        ("one", ("name good",)),
    ]
    with pytest.raises(InvalidArgumentError, match="what the name 'good' means; nothing was forgotten") as caught:
        repository.forget(["one", "three"])
    assert caught.value.hint
    assert "thoth-storage name good --remove" in caught.value.hint
    assert left(repository) == ["three", "one"]
    repository.remove_name("good")
    repository.forget(["one"])
    assert left(repository) == ["three"]


def test_a_name_that_moved_on_keeps_nothing(repository: Repository, three: list[str], tmp_path: Path) -> None:
    """By an event, and by a later backup that bears it."""
    repository.set_name("good", "one")
    repository.set_name("good", "two")
    repository.set_name("nightly", "one")
    repository.backup(tmp_path / "source", name="nightly")
    report = repository.forget(keep_last=1)
    assert [each.name for each in report.forgotten] == ["three", "one"]
    assert left(repository) == ["nightly", "two"]
    repository.set_name("nightly", "two")
    repository.backup(tmp_path / "source", name="nightly")
    repository.remove_name("good")
    repository.forget(["two"])
    assert left(repository) == ["nightly", "nightly"]


def test_tags_given_later_count(repository: Repository, three: list[str]) -> None:
    repository.tag("two", add=["prod"])
    repository.tag("one", remove=["prod"])
    repository.forget(keep_tags=["prod"])
    assert left(repository) == ["two"]


def test_a_damaged_snapshot_is_never_forgotten_by_a_policy(
    repository: Repository, three: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    key = damage(repository.backend, three[0])
    with caplog.at_level(logging.ERROR):
        report = repository.forget(keep_last=1)
    assert report.unreadable == (three[0],)
    assert [each.name for each in report.forgotten] == ["two"]
    assert key in objects(repository.backend)


def test_no_catalogue_makes_a_damaged_snapshot_worth_keeping(repository: Repository, tmp_path: Path) -> None:
    """It tells what was there once. Were that believed, the sound ones would go for the sake of what is lost."""
    source = write_tree(tmp_path / "source", {"a": b"1"})
    made = [repository.backup(source).id for _ in range(40)][::-1]
    update_catalogue(repository.vault, list_keys(repository.backend), Index(repository.vault))
    assert Index(repository.vault).of(CATALOGUE)
    broken = made[:10] + made[30:35]
    for key in list_keys(repository.backend):
        if key.id in broken:
            repository.backend.put(key.key, b"garbage" * 1000)
    plan = repository.forget(keep_last=1, dry_run=True)
    report = repository.forget(keep_last=1)
    assert report.decisions == plan.decisions
    assert report.unreadable == plan.unreadable == tuple(broken)
    assert [each.id for each in report.kept] == [made[10]]
    assert [key.id for key in list_keys(repository.backend)] == [*made[:11], *made[30:35]]
    repository.restore(made[10], tmp_path / "target")


def test_headers_are_read_side_by_side(repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a thousand snapshots on a bucket each takes some 50 ms."""
    source = write_tree(tmp_path / "source", {"a": b"1"})
    made = [repository.backup(source).id for _ in range(16)]
    get, together = repository.backend.get, Barrier(8, timeout=20)

    def wait(key: str, start: int = 0, end: int | None = None) -> bytes:
        if key.startswith("snapshots/"):
            assert (start, end) == (0, 4096)
            together.wait()
        return get(key, start, end)

    monkeypatch.setattr(repository.backend, "get", wait)
    assert [each.id for each in repository.forget(keep_last=1).kept] == made[-1:]


def test_a_damaged_snapshot_can_be_named(repository: Repository, three: list[str]) -> None:
    key = damage(repository.backend, three[0])
    report = repository.forget([three[0]])
    assert [(each.id, each.name) for each in report.forgotten] == [(three[0], None)]
    assert key not in objects(repository.backend)
    assert repository.verify().ok


def test_a_damaged_record_of_names_keeps_all(repository: Repository, three: list[str]) -> None:
    """It might say that a name means one of them."""
    repository.set_name("good", "one")
    [key] = objects(repository.backend, "index/labels-")
    repository.backend.put(key, repository.backend.get(key)[:-1])
    for arguments in ({"keep_last": 1}, {"snapshots": [three[0]]}):
        with pytest.raises(CorruptionError):
            repository.forget(**arguments)
    assert len(list_keys(repository.backend)) == 3


def test_the_oldest_go_first(repository: Repository, three: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is interrupted keeps the newest."""
    monkeypatch.setattr("thoth_storage.repository.forgetting._AT_ONCE", 1)
    deleted: list[str] = []
    delete = repository.backend.delete

    def fail_later(*keys: str) -> None:
        if deleted:
            raise UnavailableError("away")
        deleted.extend(keys)
        delete(*keys)

    monkeypatch.setattr(repository.backend, "delete", fail_later)
    with pytest.raises(UnavailableError):
        repository.forget(three)
    assert three[0] in deleted[0]
    assert left(repository) == ["three", "two"]


def test_a_policy_goes_by_the_times_of_the_snapshots(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write_tree(tmp_path / "source", {"a": b"1"})
    days = [datetime(2026, 2, day, hour, tzinfo=UTC) for day in (1, 2, 3) for hour in (1, 13)]
    for day in days:
        _backup_at(repository, source, day, monkeypatch)
    report = repository.forget(keep_daily=2)
    assert [each.time for each in report.kept] == [days[5], days[3]]


def _backup_at(repository: Repository, source: Path, moment: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    class Clock(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return moment

    with monkeypatch.context() as patch:
        patch.setattr("thoth_storage.repository.backup.datetime", Clock)
        repository.backup(source)
