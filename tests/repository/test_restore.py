"""Where a restore may write, what it refuses, and that it leaves the target's neighbours alone."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from tests.repository.plain_user import as_plain_user
from tests.repository.stores import new_repository, objects
from tests.repository.trees import walk, write_tree
from thoth_storage.errors import (
    AlreadyExistsError,
    ConfigurationError,
    NotFoundError,
    PermissionError_,
    StorageError,
)
from thoth_storage.repository import Repository


@pytest.fixture
def filled(repository: Repository, source: Path) -> Repository:
    repository.backup(source)
    return repository


def test_a_target_that_exists_needs_overwrite(filled: Repository, source: Path, tmp_path: Path) -> None:
    target = write_tree(tmp_path / "target", {"old/file": b"precious"})
    before = walk(target)
    with pytest.raises(AlreadyExistsError, match="overwrite"):
        filled.restore("latest", target)
    assert walk(target) == before
    filled.restore("latest", target, overwrite=True)
    assert walk(target) == walk(source)
    assert {path.name for path in tmp_path.iterdir()} == {"source", "target"}


def test_an_empty_target_is_free(filled: Repository, source: Path, tmp_path: Path) -> None:
    (tmp_path / "target").mkdir()
    filled.restore("latest", tmp_path / "target")
    filled.restore("latest", tmp_path / "other", overwrite=True)
    assert walk(tmp_path / "target") == walk(tmp_path / "other") == walk(source)
    assert {path.name for path in tmp_path.iterdir()} == {"source", "target", "other"}


def test_a_link_to_the_target_is_followed_and_kept(filled: Repository, source: Path, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    filled.restore("latest", tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert walk(tmp_path / "real") == walk(source)


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("where", ["file", "file/below", "file/below/deep", "x" * 300, "x" * 250])
def test_impossible_targets(where: str, overwrite: bool, filled: Repository, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"precious")
    before = walk(tmp_path)
    for dry_run in (True, False):
        with pytest.raises(ConfigurationError):
            filled.restore("latest", tmp_path / where, overwrite=overwrite, dry_run=dry_run)
    assert walk(tmp_path) == before


def test_a_target_that_may_not_be_written(filled: Repository, tmp_path: Path) -> None:
    (tmp_path / "locked" / "inner").mkdir(parents=True)
    with as_plain_user(tmp_path / "locked"):
        for mode in (0o500, 0o300, 0o000):
            (tmp_path / "locked").chmod(mode)
            for target in ("new", "inner", "inner/x", "new/x"):
                if mode != 0o000 and target.startswith("inner"):
                    continue
                for dry_run in (True, False):
                    with pytest.raises(PermissionError_):
                        filled.restore("latest", tmp_path / "locked" / target, overwrite=True, dry_run=dry_run)
        (tmp_path / "locked").chmod(0o700)
        assert walk(tmp_path / "locked").keys() == {"inner"}


def test_read_only_folders_do_not_stay_behind(source: Path, tmp_path: Path) -> None:
    repository = new_repository()
    (source / "folder").chmod(0o500)
    repository.backup(source)
    (tmp_path / "work").mkdir()
    with as_plain_user(tmp_path / "work"):
        for _ in range(3):
            repository.restore("latest", tmp_path / "work" / "target", overwrite=True)
    assert [path.name for path in (tmp_path / "work").iterdir()] == ["target"]
    assert walk(tmp_path / "work" / "target") == walk(source)


SPELLINGS: list[Callable[[Path], Path]] = [
    lambda repository: repository,
    lambda repository: repository.parent,
    lambda repository: repository / "packs" / "..",
    lambda repository: repository / "packs",
    lambda repository: repository / "snapshots" / "mine",
    lambda repository: repository / "repository.json",
    lambda repository: repository / "keys",
    lambda repository: repository / "index" / "x",
    lambda repository: repository / "log",
    lambda repository: repository / "mine" / "deep",
    lambda repository: repository.parent / "link",
    lambda repository: repository.parent / "link" / "packs" / "ab",
]


@pytest.mark.parametrize("opened", ["repository", "link"])
@pytest.mark.parametrize("target", SPELLINGS)
def test_the_repository_is_no_target(target: Callable[[Path], Path], opened: str, source: Path, tmp_path: Path) -> None:
    folder = tmp_path / "a" / "repository"
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "link").symlink_to(folder)
    new_repository(folder)
    repository = Repository.open(tmp_path / "a" / opened)
    repository.backup(source)
    before = objects(repository.backend)
    with pytest.raises(ConfigurationError, match="repository itself"):
        repository.restore("latest", target(folder), overwrite=True)
    assert objects(repository.backend) == before
    assert repository.verify().ok


def test_unknown_snapshots(filled: Repository, tmp_path: Path) -> None:
    before = walk(tmp_path)
    with pytest.raises(NotFoundError):
        filled.restore("unknown", tmp_path / "new" / "target")
    assert walk(tmp_path) == before


def test_of_two_restores_to_one_target_one_wins(filled: Repository, source: Path, tmp_path: Path) -> None:
    for round_ in range(10):
        barrier = Barrier(4)

        def restore(target: Path = tmp_path / f"t{round_}", barrier: Barrier = barrier) -> str:
            barrier.wait()
            try:
                filled.restore("latest", target)
            except StorageError as error:
                return type(error).__name__
            return "won"

        with ThreadPoolExecutor(4) as pool:
            outcomes = [future.result() for future in [pool.submit(restore) for _ in range(4)]]
        assert outcomes.count("won") == 1, outcomes
        assert outcomes.count("AlreadyExistsError") == 3, outcomes
        assert walk(tmp_path / f"t{round_}") == walk(source)
    assert len(list(tmp_path.iterdir())) == 11
