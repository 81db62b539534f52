"""Many names and tags cost few requests, whether or not anybody prunes, and whether or not the writer may delete."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import msgspec
import pytest

from tests.repository.stores import new_repository, objects, over, put_back
from tests.repository.trees import write_tree
from tests.repository.wrappers import Killed, Killer
from thoth_storage.backend import Backend, ObjectInfo
from thoth_storage.errors import CorruptionError, PermissionError_
from thoth_storage.repository import Repository, labels
from thoth_storage.repository.index import Index, read_entry, write_entry
from thoth_storage.repository.labels import LABELS, Event, Labels, load_labels
from thoth_storage.wrappers import MeteredBackend
from thoth_storage.wrappers.base import WrappedBackend


class NoDelete(WrappedBackend):
    """An identity that may add and not delete."""

    def delete(self, *keys: str) -> None:
        raise PermissionError_("you may not delete", url=self.url, key=keys[0])


@pytest.fixture
def made(repository: Repository, tmp_path: Path) -> str:
    return repository.backup(write_tree(tmp_path / "source", {"a": b"1"}), name="nightly").id


def records(repository: Repository) -> dict[str, bytes]:
    return objects(repository.backend, "index/labels-")


def tags(repository: Repository) -> set[str]:
    return set(repository.get("latest").tags)


def read_all(repository: Repository) -> Labels:
    """As a program does that knows nothing of records that cover others."""

    class Body(msgspec.Struct):
        events: tuple[Event, ...]

    vault = repository.vault
    return Labels(event for entry in Index(vault).of(LABELS) for event in read_entry(vault, entry, Body).events)


@pytest.mark.parametrize("may_delete", [True, False])
def test_many_cost_few_requests(may_delete: bool, repository: Repository, made: str) -> None:
    writer = repository if may_delete else over(repository, NoDelete(repository.backend))
    for number in range(200):
        writer.tag(made, add=[f"{number}"], remove=[f"{number - 100}"])
    writer.set_name("good", made)
    meter = MeteredBackend(repository.backend)
    [found] = over(repository, meter).snapshots()
    assert meter.total().requests <= 30
    assert (found.tags, found.names) == (tuple(f"{number}" for number in range(100, 200)), ("good",))
    events = load_labels(repository.vault, Index(repository.vault)).events
    assert len(events) == len({event.id for event in events}) == 201
    assert read_all(repository).events == events
    assert len(records(repository)) <= 18 if may_delete else len(records(repository)) == 201
    assert repository.verify().ok


def test_a_prune_clears_what_a_writer_might_not_delete(repository: Repository, made: str) -> None:
    writer = over(repository, NoDelete(repository.backend))
    for number in range(40):
        writer.tag(made, add=[f"{number}"])
    before = repository.snapshots()
    assert len(records(repository)) == 40
    repository.prune()
    assert len(records(repository)) == 1
    assert repository.snapshots() == before
    repository.tag(made, add=["later"])
    assert "later" in tags(repository)


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labels, "_MANY", 2)


def test_writers_at_once_lose_nothing(soon: None, repository: Repository, made: str) -> None:
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda number: repository.tag(made, add=[f"{number}"]), range(60)))
    assert tags(repository) == {f"{number}" for number in range(60)}
    assert len(records(repository)) < 30


class Meets(WrappedBackend):
    """Two who write have both looked, before either of them writes; and both have written, before either deletes."""

    def __init__(self, inner: Backend, barrier: Barrier) -> None:
        super().__init__(inner)
        self.barrier = barrier

    def create(self, key: str, data: bytes) -> None:
        self.barrier.wait(20)
        super().create(key, data)
        self.barrier.wait(20)


def test_two_that_merge_at_once(soon: None, repository: Repository, made: str) -> None:
    for number in range(3):
        repository.tag(made, add=[f"{number}"])
    barrier = Barrier(2)
    with ThreadPoolExecutor(2) as pool:
        list(
            pool.map(lambda tag: over(repository, Meets(repository.backend, barrier)).tag(made, add=[tag]), ["x", "y"])
        )
    assert len(records(repository)) == 2
    assert tags(repository) == {"0", "1", "2", "x", "y"}


@pytest.mark.parametrize("late", [False, True])
def test_a_merge_that_is_killed_changes_no_meaning(late: bool, soon: None, repository: Repository, made: str) -> None:
    for number in range(2):
        repository.tag(made, add=[f"{number}"])
    repository.set_name("good", made)
    stored = objects(repository.backend)
    for number in range(1, 30):
        put_back(repository.backend, stored)
        try:
            over(repository, Killer(repository.backend, number, late=late)).tag(made, add=["x"])
        except Killed:
            pass
        else:
            break
        found = repository.get("good")
        assert found.tags in {("0", "1"), ("0", "1", "x")}
        repository.tag(made, remove=["x"])
        assert tags(repository) == {"0", "1"}
    assert number > 5
    assert len(records(repository)) == 1


def test_a_covered_record_is_not_missed_and_its_damage_harms_nobody(
    soon: None, repository: Repository, made: str
) -> None:
    writer = over(repository, NoDelete(repository.backend))
    for number in range(4):
        writer.tag(made, add=[f"{number}"])
    covering = max(records(repository))
    first, second, third = sorted(records(repository))[:-1]
    repository.backend.put(first, b"garbage")
    repository.backend.delete(second)
    assert tags(repository) == {"0", "1", "2", "3"}
    assert repository.forget(keep_last=1).kept[0].tags == ("0", "1", "2", "3")
    assert [problem.key for problem in repository.verify().problems] == [first]
    # Without what covers it, it is missed, and who is about to delete is stopped.
    repository.backend.put(covering, b"garbage")
    with pytest.raises(CorruptionError):
        repository.forget(keep_last=1)
    assert tags(repository) == {"2"}
    assert third in records(repository)


class Overtaken(WrappedBackend):
    """Somebody merges the records right behind a listing of them."""

    def __init__(self, inner: Backend, other: Repository, made: str) -> None:
        super().__init__(inner)
        self.merge = [lambda: other.tag(made, add=["merged"])]

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        found = list(self.inner.list(prefix))
        if prefix == "index/" and self.merge:
            self.merge.pop()()
        return iter(found)


def test_a_reader_that_is_overtaken_looks_again(soon: None, repository: Repository, made: str) -> None:
    for number in range(3):
        repository.tag(made, add=[f"{number}"])
    reader = over(repository, Overtaken(repository.backend, repository, made))
    assert set(reader.snapshots()[0].tags) == {"0", "1", "2", "merged"}
    assert len(records(repository)) == 1


def test_records_are_read_side_by_side(repository: Repository, made: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(16):
        repository.tag(made, add=[f"{number}"])
    get, together = repository.backend.get, Barrier(8, timeout=20)

    def wait(key: str, start: int = 0, end: int | None = None) -> bytes:
        if key.startswith("index/labels-"):
            together.wait()
        return get(key, start, end)

    monkeypatch.setattr(repository.backend, "get", wait)
    assert len(tags(repository)) == 16


def test_a_copy_merges_as_well(soon: None, repository: Repository, made: str) -> None:
    other = new_repository()
    for number in range(8):
        repository.set_name(f"name {number}", made)
        repository.copy_to(other)
    assert other.get("latest").names == tuple(f"name {number}" for number in range(8))
    assert len(records(other)) <= 4


def test_ids_that_are_cut_off_are_damage(repository: Repository, made: str) -> None:
    write_entry(repository.vault, LABELS, labels._Body((), bytes(16)))
    repository.tag(made, add=["fine"])

    class Body(msgspec.Struct):
        events: tuple[Event, ...]
        covers: bytes

    key = write_entry(repository.vault, LABELS, Body((), bytes(15)))
    assert [problem.key for problem in repository.verify().problems] == [key.key]
    assert tags(repository) == {"fine"}
    with pytest.raises(CorruptionError):
        repository.forget(keep_last=1)
