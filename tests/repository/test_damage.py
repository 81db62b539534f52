"""Every stored object, damaged in every way: verify names it and the snapshots it touches; never a wrong byte."""

from __future__ import annotations

from datetime import timedelta
from itertools import combinations, permutations
from pathlib import Path

import pytest

from tests.repository.stores import objects
from tests.repository.subject import SECOND, SECRET, THIRD, Subject
from tests.repository.trees import contents, walk, write_tree
from tests.repository.wounded import flip
from thoth_storage.errors import CorruptionError, EncryptionKeyError, NotFoundError, StorageError
from thoth_storage.repository import Repository

pytestmark = pytest.mark.exhaustive


@pytest.mark.parametrize("keep", [0, 1, 15, 16, 17, 63, 64, 87, 88, 89, 0.3, 0.5, 0.9, -1])
def test_each_truncation(keep: float, subject: Subject) -> None:
    for key, data in subject.stored.items():
        subject.check({key: data[: int(keep if keep in {0, -1} or keep >= 1 else keep * len(data))]})


def test_each_object_deleted(subject: Subject) -> None:
    for key in subject.stored:
        subject.check({key: None})


def test_each_object_in_the_place_of_another(subject: Subject) -> None:
    """Of its kind or not."""
    for key, other in permutations(subject.stored, 2):
        subject.check({key: subject.stored[other]}, restore=key.partition("/")[0] == other.partition("/")[0])


def test_each_two_objects_of_a_kind_swapped(subject: Subject) -> None:
    for key, other in combinations(subject.stored, 2):
        if key.partition("/")[0] == other.partition("/")[0]:
            subject.check({key: subject.stored[other], other: subject.stored[key]})


def test_each_run_of_bytes_lost(subject: Subject) -> None:
    """A zeroed sector, and bytes that went missing in the middle."""
    for key, data in subject.stored.items():
        middle = len(data) // 2
        subject.check({key: data[:middle] + bytes(100) + data[middle + 100 :]})
        subject.check({key: data[:middle] + data[middle + 1 :]})
        subject.check({key: data[:middle] + b"\0" + data[middle:]})


def test_structure_alone_finds_what_is_missing_or_short_without_reading_packs(subject: Subject) -> None:
    backend = subject.repository.backend
    for key in (key for key in subject.of("packs/") if subject.users[key]):
        for damaged in (None, subject.stored[key][:-1]):
            backend.delete(key)
            if damaged is not None:
                backend.put(key, damaged)
            report = subject.repository.verify(read_data=False)
            assert {(p.key, frozenset(p.snapshots)) for p in report.problems} == {(key, frozenset(subject.users[key]))}
            assert (report.blocks, report.bytes) == (0, 0)
        subject.reset()


def test_a_failed_restore_leaves_an_old_target_and_no_staging(subject: Subject, tmp_path: Path) -> None:
    target = write_tree(tmp_path / "target", {"old": b"precious"})
    before = walk(tmp_path)
    for key in subject.of("packs/", "snapshots/", "index/moves-"):
        for id_ in subject.users[key]:
            subject.repository.backend.put(key, subject.stored[key][:-1])
            with pytest.raises(StorageError):
                subject.repository.restore(id_, target, overwrite=True)
            assert walk(tmp_path) == before
            subject.reset()


def test_an_undamaged_part_can_be_restored(subject: Subject, tmp_path: Path) -> None:
    shared = next(key for key in subject.of("packs/") if subject.users[key] == set(subject.ids))
    subject.repository.backend.delete(shared)
    subject.repository.restore(subject.second, tmp_path / "second", include=["c"])
    subject.repository.restore(subject.third, tmp_path / "third", include=["c", "d"])
    assert contents(tmp_path / "second") == {"c": SECOND["c"]}
    assert contents(tmp_path / "third") == {"c": THIRD["c"], "d": THIRD["d"]}
    subject.reset()


@pytest.mark.parametrize("kind", ["catalogue", "partial"])
@pytest.mark.parametrize("how", ["flipped", "deleted"])
def test_what_only_saves_requests_does_no_harm_and_is_told(how: str, kind: str, subject: Subject) -> None:
    (key,) = subject.of(f"index/{kind}-")
    expected = subject.repository.snapshots()
    subject.repository.backend.delete(key)
    if how == "flipped":
        subject.repository.backend.put(key, flip(subject.stored[key]))
    named = {key: ()} if how == "flipped" else {}
    assert {problem.key: problem.snapshots for problem in subject.repository.verify().problems} == named
    assert subject.repository.snapshots() == expected
    assert subject.repository.get("good").id == subject.first
    again = subject.repository.backup(write_tree(subject.folder / "again", THIRD))
    assert again.added == 0
    subject.repository.restore(again.id, subject.folder / "target", overwrite=True)
    assert contents(subject.folder / "target") == THIRD
    subject.reset()


@pytest.mark.parametrize("kind", ["moves", "marks"])
def test_a_prune_that_cannot_read_what_it_must_heed_deletes_nothing(kind: str, subject: Subject) -> None:
    (key,) = subject.of(f"index/{kind}-")
    subject.repository.backend.put(key, flip(subject.stored[key]))
    with pytest.raises(CorruptionError) as caught:
        subject.repository.prune(grace=timedelta(0))
    assert caught.value.key == key
    assert objects(subject.repository.backend).keys() == subject.stored.keys()
    subject.reset()


def test_damaged_moves_touch_who_lacks_a_pack_since_they_may_have_told_of_it(subject: Subject) -> None:
    (key,) = subject.of("index/moves-")
    subject.repository.backend.put(key, flip(subject.stored[key]))
    everyone = tuple(sorted(subject.ids))
    found = {problem.key: problem.snapshots for problem in subject.repository.verify().problems}
    assert found == {key: everyone, subject.lost: everyone}
    subject.reset()


def test_a_name_that_is_lost_means_nothing_rather_than_another(subject: Subject) -> None:
    (key,) = subject.of("index/labels-")
    subject.repository.backend.put(key, flip(subject.stored[key]))
    with pytest.raises(NotFoundError):
        subject.repository.get("good")
    assert [problem.key for problem in subject.repository.verify().problems] == [key]
    subject.reset()


def test_a_damaged_key_object_keeps_no_other_key_out(tmp_path: Path) -> None:
    subject = Subject(tmp_path, encrypted=True)
    backend = subject.repository.backend
    (key,) = subject.of("keys/")
    added = subject.repository.add_key(b"another key, of as many bytes...", SECRET)
    for damaged in (flip(subject.stored[key]), backend.get(f"keys/{added}")):
        backend.put(key, damaged)
        assert [(problem.key, problem.snapshots) for problem in subject.repository.verify().problems] == [(key, ())]
        with pytest.raises(EncryptionKeyError, match="wrong encryption key"):
            Repository.open(backend, encryption_key=SECRET)
    again = Repository.open(backend, encryption_key=b"another key, of as many bytes...")
    again.restore("latest", tmp_path / "restored")
    assert contents(tmp_path / "restored") == THIRD
