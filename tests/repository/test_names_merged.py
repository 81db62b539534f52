"""A prune merges the records of names and tags, and each name means after that what it meant before."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.repository.pruning import grown
from tests.repository.stores import objects
from thoth_storage.errors import NotFoundError
from thoth_storage.repository import Repository, sweep


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "_MANY", 2)


def merged(repository: Repository) -> None:
    repository.prune()
    assert len(objects(repository.backend, "index/labels-")) == 1


def test_a_name_does_not_go_back_to_what_had_it_before(repository: Repository, tmp_path: Path) -> None:
    """It moved from one snapshot to another, and on to a backup that bears it; then both of the later ones went."""
    first, second, last = grown(repository, tmp_path, 3)
    repository.set_name("good", first)
    repository.set_name("good", second)
    born = repository.backup(tmp_path / "source", name="good")
    repository.forget([second])
    repository.forget([born.id])
    merged(repository)
    assert [snapshot.names for snapshot in repository.snapshots()] == [(), ()]
    with pytest.raises(NotFoundError):
        repository.get("good")
    # Nobody relies on it any more.
    assert [snapshot.id for snapshot in repository.forget(keep_last=1).kept] == [last]


def test_what_is_there_keeps_all_it_has(repository: Repository, tmp_path: Path) -> None:
    first, second = grown(repository, tmp_path, 2)
    repository.tag(first, ["a", "b"])
    repository.set_name("good", second)
    repository.set_name("good", first)
    repository.set_name("gone", second)
    repository.remove_name("gone")
    repository.tag(first, remove=["a"])
    before = repository.snapshots()
    merged(repository)
    assert repository.snapshots() == before
    assert repository.get(first).names == ("good",)
    assert repository.get(first).tags == ("b",)
