"""Every stored object, damaged in every way: verify names it and the snapshots it touches; never a wrong byte."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.repository.subject import SECOND, Subject
from tests.repository.trees import contents, walk, write_tree
from thoth_storage.errors import StorageError


@pytest.mark.parametrize("keep", [0, 1, 15, 16, 17, 63, 64, 87, 88, 89, 0.3, 0.5, 0.9, -1])
def test_each_truncation(keep: float, subject: Subject) -> None:
    for key in subject.users:
        data = subject.stored[key]
        subject.check(key, data[: int(keep if keep in {0, -1} or keep >= 1 else keep * len(data))])


def test_each_object_deleted(subject: Subject) -> None:
    for key in subject.users:
        subject.check(key, None)


def test_each_object_in_the_place_of_another_of_its_kind(subject: Subject) -> None:
    for key in subject.users:
        for other in subject.users:
            if key != other:
                subject.check(key, subject.stored[other])


def test_each_run_of_bytes_lost(subject: Subject) -> None:
    """A zeroed sector, and bytes that went missing in the middle."""
    for key in subject.users:
        data = subject.stored[key]
        middle = len(data) // 2
        subject.check(key, data[:middle] + bytes(100) + data[middle + 100 :])
        subject.check(key, data[:middle] + data[middle + 1 :])
        subject.check(key, data[:middle] + b"\0" + data[middle:])


def test_structure_alone_finds_what_is_missing_or_short_without_reading_packs(subject: Subject) -> None:
    backend = subject.repository.backend
    for key in (key for key in subject.users if key.startswith("packs/")):
        for damaged in (None, subject.stored[key][:-1]):
            backend.delete(key)
            if damaged is not None:
                backend.put(key, damaged)
            report = subject.repository.verify(read_data=False)
            assert {(p.key, frozenset(p.snapshots)) for p in report.problems} == {(key, frozenset(subject.users[key]))}
            assert (report.blocks, report.bytes) == (0, 0)
        backend.put(key, subject.stored[key])


def test_a_failed_restore_leaves_an_old_target_and_no_staging(subject: Subject, tmp_path: Path) -> None:
    target = write_tree(tmp_path / "target", {"old": b"precious"})
    before = walk(tmp_path)
    for key in subject.users:
        subject.repository.backend.put(key, subject.stored[key][:-1])
        with pytest.raises(StorageError):
            subject.repository.restore(
                subject.second if subject.second in subject.users[key] else subject.first, target, overwrite=True
            )
        assert walk(tmp_path) == before
        subject.repository.backend.put(key, subject.stored[key])


def test_an_undamaged_part_can_be_restored(subject: Subject, tmp_path: Path) -> None:
    shared = next(key for key, users in subject.users.items() if key.startswith("packs/") and len(users) == 2)
    subject.repository.backend.delete(shared)
    subject.repository.restore(subject.second, tmp_path / "part", include=["c", "d"])
    assert contents(tmp_path / "part") == {"c": SECOND["c"], "d": SECOND["d"]}
    subject.repository.backend.put(shared, subject.stored[shared])
