"""Manifests are read a few at once, in order, and once each."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.repository.pruning import NOW, forget_all_but, grown, restored
from tests.repository.stores import fresh_backend, new_repository, objects, over, pack_bytes, put_back
from tests.repository.wrappers import AtRequest, Do
from thoth_storage.backend import Backend
from thoth_storage.repository import Repository
from thoth_storage.repository.ahead import ahead


def test_order_and_number() -> None:
    under_way, most, lock, several = 0, 0, threading.Lock(), threading.Event()

    def read(number: int) -> int:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
            if most == 4:
                several.set()
        several.wait(20)
        time.sleep(0.002 * (number % 3))  # so that they end in another order
        with lock:
            under_way -= 1
        return number

    assert list(ahead(read, range(50))) == list(range(50))
    assert most == 4
    assert list(ahead(read, [])) == []


def test_no_more_is_held_than_a_few() -> None:
    begun: list[int] = []
    with closing(ahead(begun.append, range(1000))) as results:
        for _ in range(10):
            next(results)
        time.sleep(0.02)
        assert len(begun) <= 14
    assert len(begun) <= 14


def test_an_error_comes_when_its_turn_does() -> None:
    def read(number: int) -> int:
        if number == 5:
            raise ValueError("five")
        return number

    results = ahead(read, range(100))
    assert [next(results) for _ in range(5)] == [0, 1, 2, 3, 4]
    with pytest.raises(ValueError, match="five"):
        next(results)
    assert list(results) == []


class Slow(AtRequest):
    """Reads of snapshots wait until as many as ``wanted`` are under way. It tells how many were, and how often each."""

    def __init__(self, inner: Backend, wanted: int) -> None:
        super().__init__(inner, -1)
        self._wanted = wanted
        self.read: Counter[str] = Counter()
        self.most = self._now = 0
        self._guard = threading.Lock()
        self._enough = threading.Event()

    def _through(self, verb: str, key: str, do: Do) -> Any:
        if verb != "get" or not key.startswith("snapshots/"):
            return super()._through(verb, key, do)
        with self._guard:
            self.read[key] += 1
            self._now += 1
            self.most = max(self.most, self._now)
            if self.most == self._wanted:
                self._enough.set()
        self._enough.wait(20)
        try:
            return super()._through(verb, key, do)
        finally:
            with self._guard:
                self._now -= 1


@pytest.fixture
def history(tmp_path: Path) -> tuple[Repository, list[str]]:
    repository = new_repository()
    return repository, grown(repository, tmp_path, 8)


@pytest.mark.parametrize(
    "act",
    [
        lambda repository: repository.verify(),
        lambda repository: repository.prune(),
        lambda repository: repository.prune(dry_run=True),
    ],
    ids=["verify", "prune", "dry run"],
)
def test_several_manifests_wait_at_once(
    act: Callable[[Repository], object], history: tuple[Repository, list[str]]
) -> None:
    repository, ids = history
    slow = Slow(repository.backend, 4)
    act(over(repository, slow))
    assert slow.most == 4
    assert list(slow.read.values()) == [1] * len(ids)


def test_a_prune_that_packs_anew_reads_each_manifest_once(
    history: tuple[Repository, list[str]], tmp_path: Path
) -> None:
    repository, ids = history
    kept = ids[2::2]
    want = {id_: restored(repository, id_, tmp_path) for id_ in kept}
    forget_all_but(repository, *kept)
    slow = Slow(repository.backend, 1)
    report = over(repository, slow).prune(grace=NOW, max_unused=0)
    assert report.repacked > 0
    assert list(slow.read.values()) == [1] * len(kept)
    assert repository.verify().ok
    assert {id_: restored(repository, id_, tmp_path) for id_ in kept} == want
    # And again, now that moves are to be followed that moves follow.
    forget_all_but(repository, *kept[1:])
    slow = Slow(repository.backend, 1)
    assert over(repository, slow).prune(grace=NOW, max_unused=0).repacked > 0
    assert list(slow.read.values()) == [1] * len(kept[1:])
    assert repository.verify().ok
    assert {id_: restored(repository, id_, tmp_path) for id_ in kept[1:]} == {id_: want[id_] for id_ in kept[1:]}


def test_what_was_forgotten_meanwhile_is_not_packed_anew(history: tuple[Repository, list[str]], tmp_path: Path) -> None:
    repository, ids = history
    forget_all_but(repository, *ids[3:5])
    stored = objects(repository.backend)

    class Forgets(AtRequest):
        def create(self, key: str, data: bytes) -> None:
            if key.startswith("index/claims-"):
                forget_all_but(Repository.open(self.inner), ids[4])
            super().create(key, data)

    first, second = fresh_backend(), fresh_backend()
    for backend in (first, second):
        put_back(backend, stored)
    forget_all_but(Repository.open(first), ids[4])
    before = Repository.open(first).prune(grace=NOW, max_unused=0)
    meanwhile = over(Repository.open(second), Forgets(second, -1)).prune(grace=NOW, max_unused=0)
    assert meanwhile.rewritten_bytes == before.rewritten_bytes
    assert pack_bytes(second) == pack_bytes(first)
    assert Repository.open(second).verify().ok
    assert restored(Repository.open(second), ids[4], tmp_path) == restored(repository, ids[4], tmp_path / "as it was")
