"""Any number of writers at once, in one process or several: all succeed, and each snapshot is its own directory."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier as ProcessBarrier
from pathlib import Path
from threading import Barrier

import pytest

from tests.repository.stores import SMALL, new_repository
from tests.repository.trees import contents, noise, text, write_tree
from thoth_storage.repository import Repository


def sources(folder: Path, count: int) -> list[Path]:
    """Directories of which each has some of its own and some in common with all."""
    common = {"common": noise(4 * SMALL), "text": text(4 * SMALL)}
    return [write_tree(folder / f"s{n}", {**common, "own": noise(3 * SMALL, n)}) for n in range(count)]


def check(repository: Repository, directories: list[Path], target: Path) -> None:
    snapshots = {snapshot.name: snapshot for snapshot in repository.snapshots()}
    assert set(snapshots) == {directory.name for directory in directories}
    assert repository.verify().ok
    for directory in directories:
        repository.restore(directory.name, target / directory.name)
        assert contents(target / directory.name) == contents(directory)


@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("kind", ["memory", "file"])
def test_threads(kind: str, shared: bool, tmp_path: Path) -> None:
    repository = new_repository(tmp_path / "repository" if kind == "file" else None)
    directories = sources(tmp_path, 6)
    barrier = Barrier(len(directories))

    def backup(directory: Path) -> str:
        mine = repository if shared else Repository.open(repository.url)
        barrier.wait()
        return mine.backup(directory, name=directory.name).id

    with ThreadPoolExecutor(len(directories)) as pool:
        ids = set(pool.map(backup, directories))
    assert ids == {snapshot.id for snapshot in repository.snapshots()}
    assert len(ids) == len(directories)
    check(repository, directories, tmp_path / "target")


def backup_in_a_process(url: str, directory: Path, barrier: ProcessBarrier, results: Queue[str]) -> None:
    with Repository.open(url, create=True) as repository:
        barrier.wait(60)
        results.put(repository.backup(directory, name=directory.name).id)


def test_two_processes(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    url = f"file://{tmp_path / 'repository'}"
    directories = sources(tmp_path, 2)
    barrier, results = context.Barrier(len(directories)), context.Queue()
    processes = [
        context.Process(target=backup_in_a_process, args=(url, directory, barrier, results))
        for directory in directories
    ]
    for process in processes:
        process.start()
    ids = {results.get(timeout=60) for _ in processes}
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    repository = Repository.open(url)
    assert {snapshot.id for snapshot in repository.snapshots()} == ids
    check(repository, directories, tmp_path / "target")


def test_restores_and_verifies_beside_backups(repository: Repository, source: Path, tmp_path: Path) -> None:
    first = repository.backup(source)
    directories = sources(tmp_path, 4)
    with ThreadPoolExecutor(12) as pool:
        backups = [pool.submit(repository.backup, directory, directory.name) for directory in directories]
        restores = [pool.submit(repository.restore, first.id, tmp_path / f"t{n}") for n in range(4)]
        verifies = [pool.submit(repository.verify) for _ in range(4)]
        assert all(future.result().ok for future in verifies)
        assert len({future.result().id for future in backups}) == 4
        assert {future.result().snapshot for future in restores} == {first.id}
    for n in range(4):
        assert contents(tmp_path / f"t{n}") == contents(source)
