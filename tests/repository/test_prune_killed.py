"""A process that is killed at any request of a forget or a prune leaves old snapshots whole, and the next run finishes.

The process is a real one, and its store are files: what is left is what a machine that lost its power would find.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.effort import NIGHT
from tests.repository.pruning import NOW, forget_all_but, grown, restored
from tests.repository.stores import SMALL, new_repository, objects, over, put_back
from tests.repository.wrappers import Do, Killer
from thoth_storage.repository import Repository, packs

pytestmark = pytest.mark.exhaustive

_DAY = 25 * 3600
_PACK = 10 * SMALL
_MOST = 200
"""More requests than any of these makes."""


class Dies(Killer):
    """The whole process, by the signal that cannot be caught."""

    def strike(self, verb: str, key: str, do: Do) -> Any:
        if self.late:
            do()
        os.kill(os.getpid(), signal.SIGKILL)


def prune(repository: Repository) -> None:
    repository.prune(grace=NOW, max_unused=0)


def forget(repository: Repository) -> None:
    repository.forget(keep_last=1)


def die_at(url: str, act: Callable[[Repository], None], number: int, late: bool) -> None:
    vars(packs)["PACK_SIZE"] = _PACK
    opened = Repository.open(url)
    act(over(opened, Dies(opened.backend, number, late=late)))


def run(*arguments: Any) -> int | None:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.repository.test_prune_killed"])
    process = context.Process(target=die_at, args=arguments)
    process.start()
    process.join(60)
    return process.exitcode


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """Of small packs, so that there is something to delete, something to pack anew, and something to leave."""
    monkeypatch.setattr(packs, "PACK_SIZE", _PACK)
    return new_repository(tmp_path / "store")


def age(store: Path, seconds: float) -> None:
    """Let all objects be older than they are."""
    then = time.time() - seconds
    for path in store.rglob("*"):
        if path.is_file():
            os.utime(path, (then, then))


def frame_bytes(repository: Repository) -> int:
    """Bytes of all packs but for their headers: however often it is packed anew, what is needed stays as it is."""
    return sum(len(data) - packs.PACK_HEADER_SIZE for data in objects(repository.backend, "packs/").values())


def kinds(repository: Repository) -> list[str]:
    """What lies in the index."""
    return [key.removeprefix("index/").partition("-")[0] for key in objects(repository.backend, "index/")]


@pytest.mark.parametrize("every", [6, pytest.param(1, marks=pytest.mark.soak)])
@pytest.mark.parametrize("late", [False, True])
def test_a_prune_killed_at_each_request(late: bool, every: int, repository: Repository, tmp_path: Path) -> None:
    """By day at each sixth, by night at each; ``test_prune_races`` has each of them by day, without a real kill."""
    ids = grown(repository, tmp_path, 4)
    kept = ids[1:3]
    whole = {each: restored(repository, each, tmp_path) for each in kept}
    forget_all_but(repository, *kept)
    forgotten = objects(repository.backend)
    report = repository.prune(grace=NOW, max_unused=0)
    assert report.repacked
    assert report.deleted > report.repacked
    needed = frame_bytes(repository)
    for number in range(1, _MOST, every):
        put_back(repository.backend, forgotten)
        code = run(repository.url, prune, number, late)
        assert repository.verify().ok
        assert {each: restored(repository, each, tmp_path) for each in kept} == whole
        prune(repository)
        # What a killed prune says of itself holds for a while, since it might be alive: and then it goes.
        assert set(kinds(repository)) <= {"moves", "clock", "claims", "doomed"}
        age(tmp_path / "store", _DAY)
        prune(repository)
        assert kinds(repository) == ["moves"]
        assert frame_bytes(repository) == needed
        assert repository.verify().ok
        assert {each: restored(repository, each, tmp_path) for each in kept} == whole
        if code == 0:
            break
        assert code == -signal.SIGKILL
    assert 25 < number < _MOST - 1


@pytest.mark.parametrize("late", [False, True])
def test_a_forget_killed_at_each_request(late: bool, repository: Repository, tmp_path: Path) -> None:
    """One call deletes all that go. A kill within it may leave some of them, of which the newest are left."""
    ids = grown(repository, tmp_path, 4)
    repository.tag(ids[2], ["kept"])
    whole = {each: restored(repository, each, tmp_path) for each in ids}
    stored = objects(repository.backend)
    for number in range(1, _MOST, 3 if late and not NIGHT else 1):
        put_back(repository.backend, stored)
        code = run(repository.url, forget, number, late)
        there = [snapshot.id for snapshot in reversed(repository.snapshots())]
        assert there == ids[len(ids) - len(there) :]
        assert len(there) in {1, len(ids)}
        assert objects(repository.backend, "packs/").keys() == {key for key in stored if key.startswith("packs/")}
        assert repository.verify().ok
        assert {each: restored(repository, each, tmp_path) for each in there} == {each: whole[each] for each in there}
        forget(repository)
        assert [snapshot.id for snapshot in repository.snapshots()] == ids[-1:]
        assert restored(repository, ids[-1], tmp_path) == whole[ids[-1]]
        if code == 0:
            break
        assert code == -signal.SIGKILL
    assert 3 < number < _MOST - 1
