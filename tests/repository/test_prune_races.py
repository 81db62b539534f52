"""Prunes without grace beside backups, at every pair of requests that matters: no snapshot is ever broken."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.effort import sample
from tests.repository.pruning import NOW, change, forget_all_but, grown, restored
from tests.repository.stores import fresh_backend, new_repository, objects, put_back
from tests.repository.trees import contents
from tests.repository.wrappers import AtRequest, Do, Killed, Killer
from thoth_storage.backend import Backend
from thoth_storage.errors import ConflictError, PermissionError_
from thoth_storage.repository import Repository
from thoth_storage.wrappers import MeteredBackend

pytestmark = pytest.mark.exhaustive


class Meanwhile(AtRequest):
    """Somebody else does something just before a request."""

    def __init__(self, inner: Backend, number: int, act: Callable[[], Any]) -> None:
        super().__init__(inner, number)
        self._act = act

    def strike(self, verb: str, key: str, do: Do) -> Any:
        self._act()
        return do()


def prepared(folder: Path) -> tuple[dict[str, bytes], list[str], Path]:
    """A repository, as its objects, of which a prune can delete, repack and mark; and a source of which a backup shares
    blocks with snapshots that are about to be forgotten."""
    repository = new_repository()
    ids = grown(repository, folder, 4)
    repository.prune(grace=NOW)
    return objects(repository.backend), ids, folder / "source"


def repository_of(stored: dict[str, bytes]) -> Repository:
    backend = fresh_backend()
    put_back(backend, stored)
    return Repository.open(backend)


def requests(repository: Repository, act: Callable[[Repository], Any]) -> int:
    meter = MeteredBackend(repository.backend)
    metered = Repository.open(meter)
    meter.reset()
    act(metered)
    return meter.total().requests


def test_a_prune_at_each_request_of_a_backup(tmp_path: Path) -> None:
    stored, ids, source = prepared(tmp_path)
    want = contents(source)  # the newest state, whose snapshot is forgotten while it is backed up again

    def forget_and_prune(repository: Repository) -> None:
        forget_all_but(repository, ids[0], *(s.id for s in repository.snapshots() if s.id not in ids))
        repository.prune(grace=NOW)

    count = requests(repository_of(stored), lambda repository: repository.backup(source))
    for number in range(2, count + 20):
        repository = repository_of(stored)
        racing = Meanwhile(repository.backend, number, lambda: forget_and_prune(repository))  # noqa: B023
        snapshot = Repository.open(racing).backup(source)
        report = repository.verify()
        assert report.ok, (number, report.problems)
        assert restored(repository, snapshot.id, tmp_path) == want
        if racing.count < number:
            break
    assert number > count


def test_a_backup_at_each_request_of_a_prune(tmp_path: Path) -> None:
    stored, ids, source = prepared(tmp_path)
    forgotten = {key: data for key, data in stored.items() if not key.startswith("snapshots/") or ids[0] in key}
    want = contents(source)
    count = requests(repository_of(forgotten), lambda repository: repository.prune(grace=NOW, max_unused=0.1))
    assert count > 15
    for number in sample(range(2, count + 2), 10):
        repository = repository_of(forgotten)
        made = []
        racing = Meanwhile(repository.backend, number, lambda: made.append(repository.backup(source)))  # noqa: B023
        Repository.open(racing).prune(grace=NOW, max_unused=0.1)
        report = repository.verify()
        assert report.ok, (number, report.problems)
        assert restored(repository, made[0].id, tmp_path) == want
        repository.prune(grace=NOW, max_unused=0.1)
        assert repository.verify().ok
        assert restored(repository, made[0].id, tmp_path) == want


def test_a_prune_at_each_request_of_a_prune(tmp_path: Path) -> None:
    stored, ids, _ = prepared(tmp_path)
    forgotten = {key: data for key, data in stored.items() if not key.startswith("snapshots/") or ids[1] in key}
    want = restored(repository_of(stored), ids[1], tmp_path)
    count = requests(repository_of(forgotten), lambda repository: repository.prune(grace=NOW, max_unused=0))
    for number in sample(range(2, count + 2), 10):
        repository = repository_of(forgotten)
        racing = Meanwhile(repository.backend, number, lambda: repository.prune(grace=NOW, max_unused=0))  # noqa: B023
        Repository.open(racing).prune(grace=NOW, max_unused=0)
        report = repository.verify()
        assert report.ok, (number, report.problems)
        assert restored(repository, ids[1], tmp_path) == want


def test_a_prune_at_each_request_of_a_restore(tmp_path: Path) -> None:
    """With a grace, since what a reader has looked up must stay for as long as it reads."""
    stored, ids, _ = prepared(tmp_path)
    forgotten = {key: data for key, data in stored.items() if not key.startswith("snapshots/") or ids[1] in key}
    want = restored(repository_of(stored), ids[1], tmp_path)
    count = requests(repository_of(forgotten), lambda repository: repository.restore(ids[1], tmp_path / "count"))
    for number in sample(range(2, count + 2), 10):
        repository = repository_of(forgotten)
        racing = Meanwhile(repository.backend, number, lambda: repository.prune(max_unused=0))  # noqa: B023
        assert restored(Repository.open(racing), ids[1], tmp_path) == want


@pytest.mark.parametrize("late", [False, True])
def test_killed_at_each_request(late: bool, tmp_path: Path) -> None:
    """Before each; and behind each, of which the day has some."""
    stored, ids, source = prepared(tmp_path)
    kept = ids[1:3]
    forgotten = {
        key: data for key, data in stored.items() if not key.startswith("snapshots/") or key.rpartition("-")[2] in kept
    }
    want = {each: restored(repository_of(stored), each, tmp_path) for each in kept}
    count = requests(repository_of(forgotten), lambda repository: repository.prune(grace=NOW, max_unused=0))
    points = range(2, count + 2)
    for number in sample(points, 6) if late else points:
        repository = repository_of(forgotten)
        with pytest.raises(Killed):
            Repository.open(Killer(repository.backend, number, late=late)).prune(grace=NOW, max_unused=0)
        assert repository.verify().ok
        assert {each: restored(repository, each, tmp_path) for each in kept} == want
        change(source, number)
        snapshot = repository.backup(source)
        repository.prune(grace=NOW, max_unused=0)
        assert repository.verify().ok
        assert restored(repository, snapshot.id, tmp_path) == contents(source)
        assert {each: restored(repository, each, tmp_path) for each in kept} == want
        # What a killed prune says of itself is passed over, and cleared away when it is surely dead.
        spent = ("index/moves-", "index/clock-", "index/claims-", "index/doomed-")
        assert [key for key in objects(repository.backend, "index/") if not key.startswith(spent)] == []


class Forbids(AtRequest):
    """May not take its snapshot back."""

    def strike(self, verb: str, key: str, do: Do) -> Any:
        raise NotImplementedError

    def delete(self, *keys: str) -> None:
        raise PermissionError_("may not delete", url=self.url, key=keys[0])


def test_a_writer_that_may_not_take_its_snapshot_back_says_so(tmp_path: Path) -> None:
    stored, _, source = prepared(tmp_path)
    repository = repository_of(stored)

    class Late(Forbids):
        def create(self, key: str, data: bytes) -> None:
            if key.startswith("snapshots/"):
                forget_all_but(repository)
                repository.prune(grace=NOW)
            super().create(key, data)

    with pytest.raises(ConflictError, match="could not be taken back") as caught:
        Repository.open(Late(repository.backend, 10**9)).backup(source)
    assert caught.value.key
    assert caught.value.key in objects(repository.backend)
    assert caught.value.hint
