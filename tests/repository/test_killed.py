"""A program that is killed at any request of a backup leaves the old snapshots whole and no new one visible."""

from __future__ import annotations

import multiprocessing
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.repository.stores import SMALL, fresh_backend, new_repository, objects, over, put_back
from tests.repository.trees import contents, noise, write_tree
from tests.repository.wrappers import AtRequest, Do, Killed, Killer
from thoth_storage.repository import Repository, packs

pytestmark = pytest.mark.exhaustive

OLD = {"same": noise(2 * SMALL), "changed": noise(3 * SMALL, 1)}
NEW = {**OLD, "changed": noise(3 * SMALL, 2), "added": noise(4 * SMALL, 3)}


class Counts(AtRequest):
    """Tells how many requests there are, and which of them is the commit."""

    commit = 0

    def create(self, key: str, data: bytes) -> None:
        super().create(key, data)
        if key.startswith("snapshots/"):
            self.commit = self.count


def check_unharmed(repository: Repository, ids: list[str], source: Path, target: Path) -> None:
    assert [snapshot.id for snapshot in repository.snapshots()] == ids
    assert repository.verify().ok
    repository.restore(ids[-1], target / "old", overwrite=True)
    assert contents(target / "old") == OLD
    repository.backup(source)
    repository.restore("latest", target / "new", overwrite=True)
    assert contents(target / "new") == NEW
    assert repository.verify().ok


@pytest.fixture
def small_packs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pack for each block or two, so that there are many requests to be killed at."""
    monkeypatch.setattr(packs, "PACK_SIZE", SMALL)


@pytest.mark.usefixtures("small_packs")
@pytest.mark.parametrize("late", [False, True])
def test_at_each_request(late: bool, tmp_path: Path) -> None:
    source = tmp_path / "source"
    first = new_repository()
    first.backup(write_tree(source, OLD))
    stored = objects(first.backend)
    write_tree(source, NEW)
    counts = Counts(fresh_backend(), -1)
    for key, data in stored.items():
        counts.inner.put(key, data)
    over(first, counts).backup(source)
    assert 12 <= counts.commit < counts.count
    for number in range(1, counts.count + 1):
        repository = over(first, fresh_backend())
        for key, data in stored.items():
            repository.backend.put(key, data)
        old = [snapshot.id for snapshot in repository.snapshots()]
        with pytest.raises(Killed):
            over(first, Killer(repository.backend, number, late=late)).backup(source)
        assert {key: repository.backend.get(key) for key in stored} == stored
        ids = [snapshot.id for snapshot in repository.snapshots()]
        if number > counts.commit or (late and number == counts.commit):
            # The commit itself was done: all of the snapshot is there, and the program did not live to tell.
            assert ids[1:] == old
            repository.restore("latest", tmp_path / "committed", overwrite=True)
            assert contents(tmp_path / "committed") == NEW
        else:
            assert ids == old
        check_unharmed(repository, ids, source, tmp_path / "target")


class Dies(Killer):
    """The whole process, by the signal that cannot be caught."""

    def strike(self, verb: str, key: str, do: Do) -> Any:
        if self.late:
            do()
        os.kill(os.getpid(), signal.SIGKILL)


def die_at(url: str, source: Path, number: int, late: bool) -> None:
    vars(packs)["PACK_SIZE"] = SMALL
    repository = Repository.open(url)
    over(repository, Dies(repository.backend, number, late=late)).backup(source)


@pytest.mark.parametrize("late", [False, True])
def test_a_process_killed_at_each_request(late: bool, tmp_path: Path) -> None:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.repository.test_killed"])
    source = tmp_path / "source"
    repository = new_repository(tmp_path / "repository")
    old = [repository.backup(write_tree(source, OLD)).id]
    stored = objects(repository.backend)
    write_tree(source, NEW)
    outcomes = ""
    for number in range(1, 100):
        put_back(repository.backend, stored)
        process = context.Process(target=die_at, args=(repository.url, source, number, late))
        process.start()
        process.join(60)
        if process.exitcode == 0:
            break
        assert process.exitcode == -signal.SIGKILL
        ids = [snapshot.id for snapshot in repository.snapshots()]
        assert ids[-1:] == old
        outcomes += "-+"[len(ids) - 1]
        if len(ids) > 1:
            repository.restore("latest", tmp_path / "committed", overwrite=True)
            assert contents(tmp_path / "committed") == NEW
        check_unharmed(repository, ids, source, tmp_path / "target")
    # None is visible up to some request, the commit, and all of it from then on.
    assert outcomes == "-" * outcomes.count("-") + "+" * outcomes.count("+")
    assert outcomes.count("-") > 10
    assert outcomes.count("+") >= 1
