"""Copies beside each other, and beside prunes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from tests.repository.copies import KEYS, check_equal, make, write_history
from tests.repository.stores import over
from tests.repository.wrappers import AtRequest, Do
from thoth_storage.errors import ConflictError
from thoth_storage.repository import Repository
from thoth_storage.repository.reports import Progress
from thoth_storage.wrappers import MeteredBackend

pytestmark = pytest.mark.exhaustive


@pytest.mark.parametrize("key", [None, KEYS[0]], ids=["plain", "encrypting"])
def test_two_at_once(key: bytes | None, tmp_path: Path) -> None:
    source, target = make(), make(key)
    ids = write_history(source, tmp_path / "source")
    barrier = Barrier(2)

    def copy() -> tuple[str, ...]:
        first: list[Progress] = []

        def together(progress: Progress) -> None:
            if not first:
                first.append(progress)
                barrier.wait(30)

        report = source.copy_to(target, progress=together)
        assert sorted([*report.snapshots, *report.skipped]) == sorted(ids)
        return report.snapshots

    with ThreadPoolExecutor(2) as pool:
        done = [job.result() for job in [pool.submit(copy), pool.submit(copy)]]
    assert sorted(done[0] + done[1]) == sorted(ids)
    check_equal(source, target, tmp_path)


class Between(AtRequest):
    """Somebody else does something before this request."""

    def __init__(self, inner: Any, number: int, act: Do) -> None:
        super().__init__(inner, number)
        self.act = act

    def strike(self, verb: str, key: str, do: Do) -> Any:
        self.act()
        return do()


def requests(source: Repository, target: Repository) -> int:
    meter = MeteredBackend(target.backend)
    source.copy_to(over(target, meter))
    return meter.total().requests


def test_another_copy_before_each_request(tmp_path: Path) -> None:
    source = make()
    ids = write_history(source, tmp_path / "source", 3)
    for number in range(1, requests(source, make()) + 1):
        target = make(KEYS[0])
        report = source.copy_to(over(target, Between(target.backend, number, partial(source.copy_to, target))))
        assert sorted([*report.snapshots, *report.skipped]) == sorted(ids)
        check_equal(source, target, tmp_path)


def test_a_prune_without_grace_before_each_request(tmp_path: Path) -> None:
    """It takes what no snapshot names yet, also what the copy has just stored; the copy begins anew."""
    source, count = make(), 99
    write_history(source, tmp_path / "source", 3)
    for number in range(1, count):
        target = make()
        between = Between(target.backend, number, partial(target.prune, grace=timedelta(0)))
        source.copy_to(over(target, between))
        check_equal(source, target, tmp_path)
        if between.count < number:
            break
    assert 10 < number < count - 1


def test_prunes_without_end(tmp_path: Path) -> None:
    """After some attempts the copy says so; nothing half is left."""
    source, target = make(), make()
    write_history(source, tmp_path / "source", 1)

    class Always(AtRequest):
        def create(self, key: str, data: bytes) -> None:
            super().create(key, data)
            if key.startswith("snapshots/"):
                self.inner.delete(*(info.key for info in self.inner.list("packs/")))

    with pytest.raises(ConflictError, match="overtaken by prunes"):
        source.copy_to(over(target, Always(target.backend, -1)))
    assert target.snapshots() == []
    source.copy_to(target)
    check_equal(source, target, tmp_path)


def test_a_source_that_is_packed_anew(tmp_path: Path) -> None:
    source, target = make(), make()
    ids = write_history(source, tmp_path / "source")
    source.forget(ids[1:-1])
    source.prune(grace=timedelta(0), max_unused=0)
    source.copy_to(target)
    check_equal(source, target, tmp_path)
