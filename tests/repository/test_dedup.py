"""Nothing is stored twice: not within a backup, not over backups, not by several directories."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.repository.stores import BLOCK, SMALL, new_repository, objects, over, pack_bytes
from tests.repository.trees import contents, noise, text, write_tree
from thoth_storage.repository import Repository, known
from thoth_storage.wrappers import MeteredBackend

_FRAME = 48
_PACK = 16


def test_an_unchanged_directory_adds_nothing(repository: Repository, source: Path) -> None:
    first = repository.backup(source)
    assert first.added == pack_bytes(repository.backend) > 0
    before = objects(repository.backend)
    second = repository.backup(source)
    assert (second.added, second.size, second.parent) == (0, first.size, first.id)
    after = objects(repository.backend)
    new = after.keys() - before.keys()
    assert len(new) == 1
    assert new.pop().startswith("snapshots/")
    assert {key: after[key] for key in before} == before


def test_touching_and_renaming_adds_nothing(repository: Repository, source: Path) -> None:
    repository.backup(source)
    os.utime(source / "noise", ns=(1, 1))
    (source / "text").rename(source / "moved")
    (source / "moved").chmod(0o400)
    assert repository.backup(source).added == 0


@pytest.mark.parametrize("block", [SMALL, BLOCK])
def test_one_changed_block_adds_one_block(block: int, tmp_path: Path) -> None:
    repository = new_repository(block=block)
    content = bytearray(noise(8 * block))
    source = write_tree(tmp_path / "source", {"file": bytes(content)})
    repository.backup(source)
    content[3 * block + 17] ^= 1
    (source / "file").write_bytes(content)
    assert repository.backup(source, deltas=False).added == _PACK + _FRAME + block


def test_equal_files_and_blocks_are_stored_once(tmp_path: Path) -> None:
    repository = new_repository()
    data = noise(2 * SMALL)
    source = write_tree(tmp_path / "source", {"a": data, "b": data, "c/d": data + data[:SMALL], "e": data[SMALL:]})
    assert repository.backup(source).added == _PACK + 2 * (_FRAME + SMALL)
    repository.restore("latest", tmp_path / "target")
    assert contents(tmp_path / "target") == contents(source)


def test_what_compresses_is_stored_compressed_and_what_does_not_as_it_is(tmp_path: Path) -> None:
    repository = new_repository()
    assert repository.backup(write_tree(tmp_path / "text", {"f": text(20 * SMALL)})).added < 5 * SMALL
    nearly = noise(SMALL - SMALL // 40) + bytes(SMALL // 40)  # zstd saves less than a thirty-second part
    assert repository.backup(write_tree(tmp_path / "noise", {"f": nearly})).added == _PACK + _FRAME + SMALL


def test_blocks_of_older_snapshots_and_other_directories_are_found(repository: Repository, tmp_path: Path) -> None:
    directories = [write_tree(tmp_path / f"s{n}", {"f": noise(3 * SMALL, n)}) for n in range(5)]
    assert all(repository.backup(directory).added for directory in directories)
    both = write_tree(tmp_path / "both", {"a": noise(3 * SMALL, 0), "b": noise(3 * SMALL, 4)})
    assert repository.backup(both).added == 0


def test_only_the_newest_manifests_are_read(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known, "_SNAPSHOTS", 2)
    for n in range(3):
        repository.backup(write_tree(tmp_path / f"s{n}", {"f": noise(SMALL, n)}))
    assert repository.backup(tmp_path / "s1").added == 0
    assert repository.backup(tmp_path / "s0").added > 0
    assert repository.verify().ok


def test_of_large_manifests_the_newest_are_enough(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A backup of a large store is not to begin with the download of sixteen large manifests."""
    monkeypatch.setattr(known, "_ROWS", 30)
    source = tmp_path / "source"
    for n in range(8):
        repository.backup(write_tree(source, {"f": noise(40 * SMALL), f"{n}": noise(SMALL, n)}))
    meter = MeteredBackend(repository.backend)
    assert over(repository, meter).backup(source).added == 0
    assert meter.meters["get"].requests == 1


@pytest.mark.parametrize("how", ["missing", "cut off", "empty"])
def test_a_pack_that_was_lost_is_not_built_on(how: str, repository: Repository, source: Path, tmp_path: Path) -> None:
    old = repository.backup(source)
    pack = next(iter(repository.backend.list("packs/"))).key
    data = repository.backend.get(pack)
    repository.backend.delete(pack)
    if how != "missing":
        repository.backend.put(pack, data[:-1] if how == "cut off" else b"")
    new = repository.backup(source)
    assert new.added == old.added
    repository.restore(new.id, tmp_path / "target")
    assert contents(tmp_path / "target") == contents(source)
    assert {id_ for problem in repository.verify().problems for id_ in problem.snapshots} == {old.id}


def test_a_damaged_older_snapshot_does_not_keep_new_ones_from_being_made(
    repository: Repository, source: Path, tmp_path: Path
) -> None:
    repository.backup(source)
    key = next(iter(repository.backend.list("snapshots/"))).key
    repository.backend.put(key, repository.backend.get(key)[:-1])
    assert repository.backup(source).added > 0
    shutil.rmtree(tmp_path / "target", ignore_errors=True)
    repository.restore("latest", tmp_path / "target")
    assert contents(tmp_path / "target") == contents(source)
