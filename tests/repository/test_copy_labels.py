"""Names and tags go along, also those that were given later; what was said later in the target stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.repository.copies import KEYS, check_equal, make, write_history
from tests.repository.stores import objects
from thoth_storage.repository import Repository


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Repository, Repository, list[str]]:
    source, target = make(), make(KEYS[0])
    ids = write_history(source, tmp_path / "source", 4)
    source.tag(ids[0], add=["gold"], remove=["t"])
    source.set_name("good", ids[1])
    source.set_name("n0", ids[0])
    source.copy_to(target)
    return source, target, ids


def test_as_they_are_now(pair: tuple[Repository, Repository, list[str]], tmp_path: Path) -> None:
    source, target, ids = pair
    check_equal(source, target, tmp_path)
    assert target.get("good").id == ids[1]
    assert target.get("n0").id == ids[0]
    assert target.get("n1").id == ids[3]
    assert target.get(ids[0]).tags == ("t0", "gold")


def test_what_was_said_since(pair: tuple[Repository, Repository, list[str]], tmp_path: Path) -> None:
    source, target, ids = pair
    source.set_name("good", ids[2])
    source.remove_name("n0")
    source.tag(ids[3], add=["silver"])
    source.tag(ids[0], remove=["gold"])
    report = source.copy_to(target)
    assert report.snapshots == ()
    check_equal(source, target, tmp_path)
    assert target.get("good").id == ids[2]
    assert target.get("n0").id == ids[2] == source.get("n0").id
    assert target.get(ids[3]).tags == ("t", "t3", "silver")
    assert target.get(ids[0]).tags == ("t0",)
    stored = objects(target.backend)
    source.copy_to(target)
    assert objects(target.backend) == stored


def test_later_words_of_the_target_win(pair: tuple[Repository, Repository, list[str]]) -> None:
    source, target, ids = pair
    target.set_name("good", ids[3])
    target.tag(ids[0], add=["mine"], remove=["gold"])
    for _ in range(2):
        source.copy_to(target)
        assert target.get("good").id == ids[3]
        assert target.get(ids[0]).tags == ("t0", "mine")
    source.set_name("good", ids[0])
    source.copy_to(target)
    assert target.get("good").id == ids[0]


def test_names_of_what_is_not_copied(tmp_path: Path) -> None:
    source, target = make(), make()
    ids = write_history(source, tmp_path / "source", 3)
    source.set_name("good", ids[0])
    source.set_name("bad", ids[2])
    source.copy_to(target, ["bad"])
    assert target.get("bad").names == ("bad",)
    assert not any("good" in each.names for each in target.snapshots())
    source.set_name("bad", ids[1])
    source.copy_to(target, [ids[2]])
    assert target.get("bad").id == ids[2], "what it means now is not there"
