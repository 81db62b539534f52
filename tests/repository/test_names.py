"""Names and tags that are given later: what they mean, in which order, and that no clock decides it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.repository.stores import objects
from tests.repository.trees import write_tree
from thoth_storage.errors import CorruptionError, InvalidArgumentError, NotFoundError
from thoth_storage.repository import Repository
from thoth_storage.repository.index import Index
from thoth_storage.repository.labels import load_labels


@pytest.fixture
def two(repository: Repository, tmp_path: Path) -> list[str]:
    """The ids of two snapshots, ``old`` (tagged t) and ``new``."""
    source = write_tree(tmp_path / "source", {"a": b"1" * 5000})
    return [repository.backup(source, name="old", tags=["t"]).id, repository.backup(source, name="new").id]


def set_clock(monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    class Clock(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return moment

    for module in ("naming", "backup", "index"):
        monkeypatch.setattr(f"thoth_storage.repository.{module}.datetime", Clock)


def test_a_name_moves(repository: Repository, two: list[str]) -> None:
    assert repository.set_name("good", "new").names == ("good",)
    assert repository.get("good").id == two[1]
    found = repository.set_name("good", "old")
    assert (found.id, found.name, found.names, found.tags) == (two[0], "old", ("good",), ("t",))
    assert repository.get("good") == found
    assert [each.names for each in repository.snapshots()] == [(), ("good",)]


def test_a_name_that_a_backup_bears_can_move_and_be_borne_again(
    repository: Repository, two: list[str], tmp_path: Path
) -> None:
    repository.set_name("new", "old")
    assert repository.get("new").id == two[0]
    repository.remove_name("new")
    assert repository.get("new").id == two[1]
    repository.set_name("new", "old")
    third = repository.backup(tmp_path / "source", name="new")
    assert repository.get("new").id == third.id


def test_a_name_is_taken_away(repository: Repository, two: list[str]) -> None:
    repository.set_name("good", "old")
    repository.remove_name("good")
    with pytest.raises(NotFoundError):
        repository.get("good")
    for name in ("good", "old", "never"):
        with pytest.raises(NotFoundError, match="was not given"):
            repository.remove_name(name)
    assert repository.get("old").id == two[0]


def test_a_name_outlives_its_snapshot_harmlessly(repository: Repository, two: list[str]) -> None:
    repository.set_name("good", "old")
    [key] = objects(repository.backend, "snapshots/").keys() - {
        key for key in objects(repository.backend, "snapshots/") if two[1] in key
    }
    repository.backend.delete(key)
    with pytest.raises(NotFoundError):
        repository.get("good")
    repository.remove_name("good")


def test_tags(repository: Repository, two: list[str]) -> None:
    assert repository.tag("old", add=["a", "b", "a"]).tags == ("t", "a", "b")
    assert repository.tag("old", add=["b"], remove=["t", "never"]).tags == ("a", "b")
    assert repository.tag("old").tags == ("a", "b")
    assert repository.get("old").tags == ("a", "b")
    assert repository.get("new").tags == ()
    assert repository.tag("old", add=["t"]).tags == ("a", "b", "t")


@pytest.mark.parametrize("bad", ["", "latest", " x", "x\n", "x" * 201, 7])
def test_bad_names_are_refused(repository: Repository, two: list[str], bad: str) -> None:
    before = objects(repository.backend)
    for call in (
        lambda: repository.set_name(bad, "old"),
        lambda: repository.remove_name(bad),
        lambda: repository.tag("old", add=[bad]),
        lambda: repository.tag("old", remove=[bad]),
    ):
        with pytest.raises(InvalidArgumentError):
            call()
    assert objects(repository.backend) == before


def test_slips_with_tags_are_refused(repository: Repository, two: list[str]) -> None:
    before = objects(repository.backend)
    with pytest.raises(InvalidArgumentError, match="not the string 'prod'"):
        repository.tag("old", add="prod")
    with pytest.raises(InvalidArgumentError, match="not the string 'prod'"):
        repository.tag("old", remove="prod")
    with pytest.raises(InvalidArgumentError, match="added and removed at once"):
        repository.tag("old", add=["a", "b"], remove=["b"])
    assert objects(repository.backend) == before


def test_a_snapshot_that_is_not_there(repository: Repository, two: list[str]) -> None:
    with pytest.raises(NotFoundError):
        repository.set_name("good", "typo")
    with pytest.raises(NotFoundError):
        repository.tag("typo", ["x"])
    assert objects(repository.backend, "index/labels-") == {}


def test_a_damaged_snapshot_gets_no_name(repository: Repository, two: list[str]) -> None:
    [key] = [key for key in objects(repository.backend, "snapshots/") if two[0] in key]
    repository.backend.put(key, repository.backend.get(key)[:100])
    with pytest.raises(CorruptionError):
        repository.set_name("good", two[0])
    assert objects(repository.backend, "index/labels-") == {}


def test_order_does_not_hang_on_clocks(repository: Repository, two: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Each from a machine whose clock is further behind."""
    past = datetime(2001, 1, 1, tzinfo=UTC)
    for step, wanted in enumerate(("old", "new", "old", "new", "old")):
        set_clock(monkeypatch, past - timedelta(days=step))
        repository.set_name("good", wanted)
        repository.tag(wanted, add=["x"])
        repository.tag(wanted, remove=["x"])
    assert repository.get("good").id == two[0]
    assert [each.tags for each in repository.snapshots()] == [(), ("t",)]
    events = load_labels(repository.vault, Index(repository.vault)).events
    assert len({event.time for event in events}) == len(events) == 15


def test_a_snapshot_of_the_future(
    repository: Repository, two: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        set_clock(patch, datetime(2101, 1, 1, tzinfo=UTC))
        repository.backup(tmp_path / "source", name="good")
    for wanted in ("old", "new", "old"):
        repository.set_name("good", wanted)
    assert repository.get("good").id == two[0]


def test_names_in_an_encrypted_repository(tmp_path: Path) -> None:
    repository = Repository.open(tmp_path / "repository", create=True, encryption_key="a password")
    source = write_tree(tmp_path / "source", {"a": b"1"})
    made = repository.backup(source)
    repository.set_name("a-name-to-find", made.id)
    repository.tag(made.id, add=["a-tag-to-find"])
    assert repository.get("a-name-to-find").tags == ("a-tag-to-find",)
    stored = b"".join(path.read_bytes() for path in (tmp_path / "repository").rglob("*") if path.is_file())
    assert b"to-find" not in stored
