"""Prune frees what nothing needs, in two steps or at once, and no more than that."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from tests.repository.pruning import NOW, Ages, change, forget_all_but, grown, restored
from tests.repository.stores import SMALL, new_repository, objects, pack_bytes
from tests.repository.trees import contents, noise, write_tree
from thoth_storage.errors import CorruptionError, InvalidArgumentError, PermissionError_
from thoth_storage.memory import MemoryBackend
from thoth_storage.repository import Repository
from thoth_storage.repository.settings import new_settings
from thoth_storage.repository.vault import Vault
from thoth_storage.wrappers import ReadOnlyBackend


def replaced(repository: Repository, folder: Path) -> list[str]:
    """Two snapshots that share nothing."""
    return [
        repository.backup(write_tree(folder / "source", {"a": noise(5 * SMALL, seed)})).id for seed in ("one", "two")
    ]


def test_nothing_to_do(repository: Repository, source: Path) -> None:
    repository.backup(source)
    stored = objects(repository.backend)
    report = repository.prune(grace=NOW)
    assert (report.snapshots, report.deleted, report.marked, report.repacked) == (1, 0, 0, 0)
    assert objects(repository.backend) == stored


def test_at_once_without_grace(repository: Repository, tmp_path: Path) -> None:
    ids = grown(repository, tmp_path, 3)
    forget_all_but(repository, ids[-1])
    before = pack_bytes(repository.backend)
    plan = repository.prune(dry_run=True, grace=NOW)
    report = repository.prune(grace=NOW)
    assert report.deleted > 0
    assert before - pack_bytes(repository.backend) >= report.deleted_bytes - report.rewritten_bytes > 0
    assert (plan.deleted, plan.deleted_bytes, plan.repacked) == (report.deleted, report.deleted_bytes, report.repacked)
    assert restored(repository, ids[-1], tmp_path) == contents(tmp_path / "source")
    assert repository.verify().ok
    assert not [key for key in objects(repository.backend, "index/") if "marks" in key or "clock" in key]


def test_a_dry_run_changes_nothing(repository: Repository, tmp_path: Path) -> None:
    ids = grown(repository, tmp_path, 3)
    forget_all_but(repository, ids[-1])
    stored = objects(repository.backend)
    assert repository.prune(dry_run=True, grace=NOW).dry_run
    assert repository.prune(dry_run=True).dry_run
    assert objects(repository.backend) == stored


def test_two_runs_with_a_grace_between(tmp_path: Path) -> None:
    backend = Ages()
    repository = new_repository(backend)
    ids = replaced(repository, tmp_path)
    forget_all_but(repository, ids[-1])
    packs = objects(backend, "packs/")
    young = repository.prune(max_unused=1)
    assert (young.marked, young.deleted) == (0, 0)
    assert young.waiting > 0
    backend.later(timedelta(hours=25))
    first = repository.prune(max_unused=1)
    assert (first.deleted, first.waiting) == (0, 0)
    assert first.marked == young.waiting
    assert objects(backend, "packs/") == packs
    backend.later(timedelta(hours=23))
    assert (repository.prune(max_unused=1).deleted, repository.prune(max_unused=1).waiting) == (0, first.marked)
    backend.later(timedelta(hours=2))
    last = repository.prune(max_unused=1)
    assert (last.deleted, last.deleted_bytes) == (first.marked, first.marked_bytes)
    assert repository.verify().ok
    assert not objects(backend, "index/")


def test_a_marked_pack_is_spared_where_it_is_needed_again(tmp_path: Path) -> None:
    backend = Ages()
    repository = new_repository(backend)
    ids = replaced(repository, tmp_path)
    manifest = {key: data for key, data in objects(backend, "snapshots/").items() if ids[0] in key}
    forget_all_but(repository, ids[-1])
    backend.later(timedelta(hours=25))
    assert repository.prune(max_unused=1).marked > 0
    for key, data in manifest.items():  # a backup that began before the mark commits now
        backend.put(key, data)
    backend.later(timedelta(hours=25))
    report = repository.prune(max_unused=1)
    assert report.deleted == 0
    assert report.spared > 0
    assert repository.verify().ok
    assert not objects(backend, "index/")


def test_writers_do_not_build_on_marked_packs(tmp_path: Path) -> None:
    backend = Ages()
    repository = new_repository(backend)
    source = write_tree(tmp_path / "source", {"a": noise(5 * SMALL)})
    repository.backup(source)
    kept = write_tree(tmp_path / "other", {"b": noise(SMALL, 2)})
    last = repository.backup(kept)
    old = {key: data for key, data in objects(backend, "snapshots/").items() if last.id not in key}
    forget_all_but(repository, last.id)
    backend.later(timedelta(hours=25))
    assert repository.prune(max_unused=1).marked == 1
    for key, data in old.items():
        backend.put(key, data)
    assert repository.backup(source).added > 5 * SMALL
    backend.later(timedelta(hours=25))
    backend.delete(*old)
    assert repository.prune(max_unused=1).deleted == 1
    assert repository.verify().ok


def test_packs_that_are_mostly_unneeded_are_packed_anew(repository: Repository, tmp_path: Path) -> None:
    source = write_tree(tmp_path / "source", {"a": noise(2 * SMALL, 1), "b": noise(40 * SMALL, 2)})
    first = repository.backup(source)
    (source / "b").unlink()
    last = repository.backup(source)
    forget_all_but(repository, last.id)
    before = objects(repository.backend, "snapshots/")
    report = repository.prune(grace=NOW)
    assert (report.repacked, report.deleted) == (1, 1)
    assert 2 * SMALL < report.rewritten_bytes < 3 * SMALL
    assert pack_bytes(repository.backend) == report.rewritten_bytes
    assert objects(repository.backend, "snapshots/") == before
    assert repository.verify().ok
    assert restored(repository, last.id, tmp_path) == contents(source)
    assert repository.backup(source).added == 0
    again = repository.prune(grace=NOW)
    assert (again.repacked, again.deleted, again.marked) == (0, 0, 0)
    assert first.id != last.id


def test_chains_survive_repacking_again_and_again(tmp_path: Path) -> None:
    repository = new_repository(block=64 * SMALL)
    ids = grown(repository, tmp_path, 7, size=64 * SMALL)
    kept = [ids[1], ids[4], ids[6]]
    want = {}
    for each in kept:
        want[each] = restored(repository, each, tmp_path)
    forget_all_but(repository, *kept)
    repository.prune(grace=NOW, max_unused=0)
    for each in reversed(kept):
        assert {key: restored(repository, key, tmp_path) for key in want} == want
        assert repository.verify().ok
        forget_all_but(repository, *(key for key in want if key != each))
        del want[each]
        report = repository.prune(grace=NOW, max_unused=0)
        assert report.unused_bytes <= 16 * max(report.packs, 1)
        assert len([key for key in objects(repository.backend, "index/") if "moves" in key]) <= 1
    assert not objects(repository.backend, "packs/")
    assert not objects(repository.backend, "index/")


def test_a_repository_of_version_1_is_never_repacked(repository: Repository, tmp_path: Path) -> None:
    """A program that knows version 1 alone would look for the blocks where they were."""
    old = new_settings(SMALL)
    vault = Vault(repository.backend, repository.vault.cipher, msgspec.structs.replace(old, version=1))
    ids = grown(Repository(vault), tmp_path, 3)
    forget_all_but(repository, ids[-1])
    report = Repository(vault).prune(grace=NOW, max_unused=0)
    assert report.repacked == 0
    assert not objects(repository.backend, "index/")


def test_an_unreadable_snapshot_stops_everything(repository: Repository, tmp_path: Path) -> None:
    ids = grown(repository, tmp_path, 3)
    forget_all_but(repository, *ids[1:])
    key = next(key for key in objects(repository.backend, "snapshots/") if ids[1] in key)
    repository.backend.put(key, repository.backend.get(key)[:-1])
    stored = objects(repository.backend)
    with pytest.raises(CorruptionError) as caught:
        repository.prune(grace=NOW)
    assert caught.value.key == key
    assert objects(repository.backend) == stored


@pytest.mark.parametrize(("grace", "unused"), [(timedelta(-1), 0.5), (NOW, -0.1), (NOW, 1.1)])
def test_impossible_arguments(repository: Repository, grace: timedelta, unused: float) -> None:
    with pytest.raises(InvalidArgumentError):
        repository.prune(grace=grace, max_unused=unused)


def test_who_may_not_write_is_told(repository: Repository, tmp_path: Path) -> None:
    grown(repository, tmp_path, 2)
    stored = objects(repository.backend)
    reader = Repository.open(ReadOnlyBackend(repository.backend))
    with pytest.raises(PermissionError_):
        reader.prune(grace=NOW)
    assert reader.prune(dry_run=True, grace=NOW).deleted == 0
    assert objects(repository.backend) == stored


class NoDeletes(MemoryBackend):
    """A writer that may add and not delete, as a backup job should be."""

    def delete(self, *keys: str) -> None:
        if keys:
            raise PermissionError_("may not delete", url=self.url, key=keys[0])


def test_a_writer_that_may_not_delete(tmp_path: Path) -> None:
    plain = new_repository()
    repository = Repository.open(NoDeletes(plain.url))
    ids = grown(repository, tmp_path, 3)
    assert repository.verify().ok
    assert restored(repository, ids[-1], tmp_path) == contents(tmp_path / "source")
    change(tmp_path / "source", 9)
    assert repository.backup(tmp_path / "source").id
    with pytest.raises(PermissionError_):
        repository.prune(grace=NOW)
    forget_all_but(plain, ids[-1])
    plain.prune(grace=NOW)
    assert plain.verify().ok
