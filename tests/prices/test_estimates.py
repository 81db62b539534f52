"""Dry runs against what they foretell: the same verb is done on the same repository, and both are counted.

Stated in docs/cost.md, and held here: of a backup, a prune and a forget requests are right but for one, bytes to one
part in a hundred; of a copy bytes to five in a hundred.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from thoth_storage.backend import Backend
from thoth_storage.errors import NotFoundError, PermissionError_
from thoth_storage.memory import MemoryBackend
from thoth_storage.prices import Estimate
from thoth_storage.repository import Repository
from thoth_storage.repository.estimating import (
    estimate_backup,
    estimate_copy,
    estimate_forget,
    estimate_opening,
    estimate_prune,
    estimate_storage,
)
from thoth_storage.repository.rehearsal import Rehearsal
from thoth_storage.repository.vault import Vault
from thoth_storage.wrappers import MeteredBackend, ReadOnlyBackend

_names = itertools.count()


@pytest.fixture
def place() -> Iterator[MemoryBackend]:
    yield MemoryBackend(f"memory://estimates-{next(_names)}")
    MemoryBackend._objects.clear()


def fresh() -> MemoryBackend:
    return MemoryBackend(f"memory://estimates-{next(_names)}")


def write(folder: Path, seed: int, size: int = 20 << 20) -> Path:
    """A directory whose bytes do not shrink, but for a text that does."""
    folder.mkdir(exist_ok=True)
    (folder / "data.bin").write_bytes(random.Random(seed).randbytes(size))
    (folder / "text").write_text("the same words again\n" * 50_000)
    return folder


def change(folder: Path, seed: int) -> None:
    """A few bytes here and there, as a write to HNSW does."""
    chance = random.Random(seed)
    with (folder / "data.bin").open("r+b") as file:
        for start in range(0, (folder / "data.bin").stat().st_size, 1 << 18):
            file.seek(start + chance.randrange(1 << 17))
            file.write(chance.randbytes(64))


def contents(backend: Backend) -> list[tuple[str, int]]:
    return [(info.key, info.size) for info in backend.list()]


def agree(told: Estimate, meter: MeteredBackend, *, bytes_within: float = 0.01, requests_within: int = 1) -> None:
    real = meter.meters
    for verb, meters in real.items():
        assert abs(told.requests[verb] - meters.requests) <= requests_within, (verb, told.requests, real)
    for mine, theirs in ((told.sent, real["put"].bytes + real["create"].bytes), (told.received, real["get"].bytes)):
        assert mine == pytest.approx(theirs, rel=bytes_within, abs=300), (told, real)


def stored(backend: Backend) -> int:
    return sum(size for _, size in contents(backend))


@pytest.mark.parametrize("key", [None, "correct horse"])
def test_of_the_first_backup_and_of_one_after_changes(place: MemoryBackend, tmp_path: Path, key: str | None) -> None:
    tree = write(tmp_path / "tree", 1)
    for round_ in range(2):
        before, size = contents(place), stored(place)
        snapshot, told = estimate_backup(ReadOnlyBackend(place), tree, encryption_key=key)
        assert contents(place) == before
        meter = MeteredBackend(place)
        made = Repository.open(meter, create=True, encryption_key=key).backup(tree)
        agree(told, meter)
        assert (snapshot.files, snapshot.size) == (made.files, made.size)
        assert snapshot.added == pytest.approx(made.added, rel=0.01)
        assert told.added - told.removed == pytest.approx(stored(place) - size, rel=0.01, abs=300)
        if round_ == 0:
            assert made.added > 20 << 20
            change(tree, 2)
    # The second was mostly deltas, and their old blocks had to be read.
    assert told.sent < 4 << 20
    assert told.received > 16 << 20


def test_of_a_copy_and_of_the_next_one(place: MemoryBackend, tmp_path: Path) -> None:
    tree = write(tmp_path / "tree", 1)
    source = Repository.open(place, create=True)
    source.backup(tree)
    change(tree, 2)
    source.backup(tree)
    for key in (None, "correct horse"):
        target = fresh()
        for more in range(2):
            if more:
                change(tree, 3)
                source.backup(tree)
            before = contents(place), contents(target)
            there = ReadOnlyBackend(target)
            told = estimate_copy(_read_only(place), there, encryption_key=key)
            assert (contents(place), contents(target)) == before
            read, wrote = MeteredBackend(place), MeteredBackend(target)
            report = Repository.open(read).copy_to(Repository.open(wrote, create=True, encryption_key=key))
            assert (told.report.snapshots, told.report.skipped) == (report.snapshots, report.skipped)
            assert told.report.read == report.read
            assert told.report.stored == pytest.approx(report.stored, rel=0.05)
            agree(told.target, wrote, bytes_within=0.05)
            # Opening the source was not foretold: it is one request.
            agree(told.source, read, bytes_within=0.05, requests_within=2)


def test_of_a_copy_of_deltas_whose_base_is_left_out(place: MemoryBackend, tmp_path: Path) -> None:
    """They become full blocks there, of a length that can only be guessed."""
    tree = write(tmp_path / "tree", 1)
    source = Repository.open(place, create=True)
    first = source.backup(tree)
    change(tree, 2)
    assert source.backup(tree).added < 1 << 20
    source.forget([first.id])
    target = fresh()
    told = estimate_copy(_read_only(place), ReadOnlyBackend(target))
    report = source.copy_to(Repository.open(target, create=True))
    assert report.stored > 20 << 20
    assert told.report.stored == pytest.approx(report.stored, rel=0.05)


def test_long_listings_take_more_requests(place: MemoryBackend) -> None:
    for number in range(2001):
        place.put(f"a/{number}", b"")
    for number in range(1000):
        place.put(f"b/{number}", b"")
    stage = Rehearsal(place)
    for prefix, more in (("a/", 3), ("b/", 1), ("b/1", 1), ("c/", 1), ("", 4)):
        before = stage.usage().requests["list"]
        list(stage.backend.list(prefix))
        assert stage.usage().requests["list"] - before == more


def _read_only(backend: Backend) -> Repository:
    return Repository.open(ReadOnlyBackend(backend))


def test_of_a_prune_that_packs_anew_and_of_one_that_deletes(place: MemoryBackend, tmp_path: Path) -> None:
    repository = Repository.open(place, create=True)
    first = repository.backup(write(tmp_path / "one", 1))
    (tmp_path / "one" / "data.bin").write_bytes((tmp_path / "one" / "data.bin").read_bytes()[: 6 << 20])
    repository.backup(tmp_path / "one")
    repository.forget([first.id])
    received = []
    for _ in range(2):
        before, size = contents(place), stored(place)
        told = estimate_prune(_read_only(place), timedelta(0), 0.5)
        assert contents(place) == before
        meter = MeteredBackend(place)
        report = Repository(_vault(repository, meter)).prune(grace=timedelta(0))
        agree(told, meter)
        assert told.added - told.removed == pytest.approx(stored(place) - size, rel=0.01, abs=300)
        received.append((report.repacked, told.received))
    assert received[0][0] >= 1
    assert received[0][1] > 5 << 20
    assert received[1][0] == 0


def _vault(repository: Repository, backend: Backend) -> Vault:
    return replace(repository.vault, backend=backend)


def test_of_a_forget(place: MemoryBackend, tmp_path: Path) -> None:
    repository = Repository.open(place, create=True)
    for seed in range(4):
        repository.backup(write(tmp_path / "tree", seed, 1000))
    before = contents(place)
    report, told = estimate_forget(_read_only(place), keep_last=1)
    assert contents(place) == before
    assert len(report.forgotten) == 3
    meter, size = MeteredBackend(place), stored(place)
    Repository(_vault(repository, meter)).forget(keep_last=1)
    agree(told, meter)
    assert told.removed == size - stored(place) > 0


def test_of_reading_a_snapshot_whole(place: MemoryBackend, tmp_path: Path) -> None:
    repository = Repository.open(place, create=True)
    tree = write(tmp_path / "tree", 1)
    repository.backup(tree)
    change(tree, 2)
    snapshot = repository.backup(tree)
    told = estimate_opening(_read_only(place), snapshot.id, entries=3, size=1000)
    meter = MeteredBackend(place)
    Repository(_vault(repository, meter)).restore(snapshot.id, tmp_path / "out")
    assert told.received - 1000 == pytest.approx(meter.meters["get"].bytes, rel=0.01)
    assert abs(told.requests["get"] - 3 - meter.meters["get"].requests) <= 1
    assert estimate_opening(_read_only(place), None).received == 0
    with pytest.raises(NotFoundError):
        estimate_opening(repository, "0" * 32)


def test_of_what_is_stored(place: MemoryBackend) -> None:
    place.put("a", b"12")
    place.put("b/c", b"345")
    objects, told = estimate_storage(ReadOnlyBackend(place))
    assert (objects, told.added, told.class_a, told.class_b) == (2, 5, 0, 0)


def test_a_read_only_backend_does_prove_it(place: MemoryBackend, tmp_path: Path) -> None:
    """The proof above is worth something: the real verb is refused there."""
    with pytest.raises(PermissionError_):
        Repository.open(ReadOnlyBackend(place), create=True)
    Repository.open(place, create=True)
    with pytest.raises(PermissionError_):
        _read_only(place).backup(write(tmp_path / "tree", 1, 1000))
