"""A copy that is killed at any request is finished by doing it again, and what it stored is not moved twice."""

from __future__ import annotations

import multiprocessing
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.effort import sample
from tests.repository.copies import KEYS, check_equal, make, write_history
from tests.repository.stores import SMALL, fresh_backend, objects, over, put_back
from tests.repository.trees import noise, write_tree
from tests.repository.wrappers import Do, Killed, Killer
from thoth_storage.repository import Repository, packs, partials
from thoth_storage.wrappers import MeteredBackend
from thoth_storage.wrappers.base import WrappedBackend

pytestmark = pytest.mark.exhaustive


@pytest.fixture
def small_packs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packs, "PACK_SIZE", 8 * SMALL)
    monkeypatch.setattr(partials, "_EVERY", 2)


@pytest.mark.usefixtures("small_packs")
@pytest.mark.parametrize(
    ("key", "late"),
    [
        pytest.param(None, False, id="plain-early"),
        pytest.param(KEYS[0], True, id="encrypting-late"),
        pytest.param(None, True, id="plain-late"),
        pytest.param(KEYS[0], False, id="encrypting-early"),
    ],
)
def test_at_each_request(key: bytes | None, late: bool, tmp_path: Path) -> None:
    source, target = make(), make(key)
    ids = write_history(source, tmp_path / "source", 3)
    source.set_name("good", ids[1])
    empty = objects(target.backend)
    meter = MeteredBackend(target.backend)
    source.copy_to(over(target, meter))
    count = meter.total().requests
    assert count >= 15
    points = range(1, count + 1)
    for number in sample(points, 6) if key or late else points:
        put_back(target.backend, empty)
        with pytest.raises(Killed):
            source.copy_to(over(target, Killer(target.backend, number, late=late)))
        done = [each.id for each in target.snapshots()]
        assert done == list(reversed(ids[: len(done)]))
        assert target.verify().ok
        report = source.copy_to(target)
        assert report.skipped == tuple(ids[: len(done)])
        check_equal(source, target, tmp_path)


class Dies(Killer):
    """The whole process, by the signal that cannot be caught."""

    def strike(self, verb: str, key: str, do: Do) -> Any:
        if self.late:
            do()
        os.kill(os.getpid(), signal.SIGKILL)


def die_at(source: str, target: str, number: int, late: bool) -> None:
    vars(packs)["PACK_SIZE"] = 8 * SMALL
    vars(partials)["_EVERY"] = 2
    opened = Repository.open(target, encryption_key=KEYS[0])
    Repository.open(source).copy_to(over(opened, Dies(opened.backend, number, late=late)))


def run(*arguments: Any) -> int | None:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.repository.test_copy_killed"])
    process = context.Process(target=die_at, args=arguments)
    process.start()
    process.join(60)
    return process.exitcode


@pytest.mark.parametrize("late", [False, True])
def test_a_process_killed_at_each_request(late: bool, tmp_path: Path) -> None:
    source, target = make(None, tmp_path / "from"), make(KEYS[0], tmp_path / "to")
    ids = write_history(source, tmp_path / "source", 2)
    empty = objects(target.backend)
    meter = MeteredBackend(target.backend)
    source.copy_to(over(target, meter))
    count = meter.total().requests
    assert count > 10
    killed = 0
    points = sample(range(1, count + 1), 6)
    for number in [*points, 99]:
        put_back(target.backend, empty)
        code = run(source.url, target.url, number, late)
        assert target.verify().ok
        assert {each.id for each in target.snapshots()} <= set(ids)
        source.copy_to(target)
        check_equal(source, target, tmp_path)
        killed += code == -signal.SIGKILL
        assert code == -signal.SIGKILL or (code == 0 and number >= count)
    assert killed >= len(points) - 1


class AtCommit(WrappedBackend):
    """The program is killed when all is stored, and nothing is visible yet."""

    def create(self, key: str, data: bytes) -> None:
        if key.startswith("snapshots/"):
            raise Killed
        super().create(key, data)


@pytest.mark.usefixtures("small_packs")
def test_a_large_one_goes_on(tmp_path: Path) -> None:
    """One snapshot of many packs, killed at its end: what was noted is neither read nor stored again."""
    source, target = make(), make()
    source.backup(write_tree(tmp_path / "source", {"large": noise(200 * SMALL)}))
    whole = source.copy_to(make()).stored
    with pytest.raises(Killed):
        source.copy_to(over(target, AtCommit(target.backend)))
    assert target.snapshots() == []
    assert objects(target.backend, "index/partial")
    report = source.copy_to(target)
    assert report.stored < whole / 2
    assert report.read < whole / 2
    check_equal(source, target, tmp_path)


@pytest.mark.usefixtures("small_packs")
def test_a_large_one_under_another_key(tmp_path: Path) -> None:
    """Its blocks must be read to be known, and are not stored again."""
    source, target = make(KEYS[0]), make(KEYS[1], fresh_backend())
    source.backup(write_tree(tmp_path / "source", {"large": noise(200 * SMALL)}))
    whole = source.copy_to(make()).stored
    with pytest.raises(Killed):
        source.copy_to(over(target, AtCommit(target.backend)))
    report = source.copy_to(target)
    assert report.stored < whole / 2
    check_equal(source, target, tmp_path)
