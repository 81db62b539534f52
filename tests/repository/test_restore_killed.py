"""A process that is killed at any step of a restore over an old target: the old or the new is there, whole."""

from __future__ import annotations

import fcntl
import multiprocessing
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.repository.stores import SMALL, new_repository
from tests.repository.trees import contents, noise, write_tree
from thoth_storage.repository import Progress, Repository, moving
from thoth_storage.repository.swap import exchange

pytestmark = pytest.mark.exhaustive

OLD = {"old": b"precious", "folder/old": noise(SMALL)}
NEW = {"a": noise(3 * SMALL, 1), "b/c": noise(SMALL, 2), "d": b""}
STEPS = ("mkdir", "open", "pwrite", "ftruncate", "fsync", "utime", "chmod", "fchmod", "rename", "rmdir", "unlink")


def restore_and_die(url: str, target: Path, number: int, exchanges: bool) -> None:
    """Killed before the ``number``-th system call that changes something."""
    if not exchanges:
        setattr(moving, "exchange", lambda one, other: False)  # noqa: B010 - mypy wants it so
    repository = Repository.open(url)
    repository.snapshots()
    count = 0

    def deadly(call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any, **options: Any) -> Any:
            nonlocal count
            count += 1
            if count == number:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*args, **options)

        return counted

    for name in STEPS:
        setattr(os, name, deadly(getattr(os, name)))
    repository.restore("latest", target, overwrite=True)


def die_at_each_step(url: str, folder: Path, exchanges: bool) -> None:
    """A child for each step, forked from a process without threads; the last one has no step left to die at."""
    for number in range(1, 1000):
        write_tree(folder / f"{number:03d}" / "target", OLD)
        child = os.fork()
        if child == 0:
            restore_and_die(url, folder / f"{number:03d}" / "target", number, exchanges)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if status == 0:
            return
        assert os.WTERMSIG(status) == signal.SIGKILL


@pytest.mark.parametrize("exchanges", [True, False])
def test_at_each_step(exchanges: bool, tmp_path: Path) -> None:
    """Between two renames there is no target; where folders can be exchanged, there is one at every moment."""
    repository = new_repository(tmp_path / "repository")
    repository.backup(write_tree(tmp_path / "source", NEW))
    process = multiprocessing.get_context("spawn").Process(
        target=die_at_each_step, args=(repository.url, tmp_path / "work", exchanges)
    )
    process.start()
    process.join(100)
    assert process.exitcode == 0
    outcomes = []
    for parent in sorted((tmp_path / "work").iterdir()):
        found = contents(parent / "target") if (parent / "target").exists() else None
        outcomes.append("old" if found == OLD else "new" if found == NEW else "between" if found is None else "WRONG")
        if outcomes[-1] == "between":
            # The old one is whole beside its place, by a name that tells what it is, and stays there.
            (kept,) = parent.glob(".target.thoth-old-*")
            repository.restore("latest", parent / "target", overwrite=True)
            assert contents(kept) == OLD
        repository.restore("latest", parent / "target", overwrite=True)
        assert contents(parent / "target") == NEW
        assert not list(parent.glob(".target.thoth-restore-*"))
    between = [] if exchanges and can_exchange(tmp_path) else ["between"]
    assert outcomes == ["old"] * outcomes.count("old") + between + ["new"] * outcomes.count("new")
    assert outcomes.count("old") > 20
    assert outcomes.count("new") > 1


def can_exchange(folder: Path) -> bool:
    (folder / "one").mkdir()
    (folder / "other").mkdir()
    return exchange(folder / "one", folder / "other")


def test_only_what_is_abandoned_and_of_the_same_target_is_removed(repository: Repository, tmp_path: Path) -> None:
    repository.backup(write_tree(tmp_path / "source", NEW))
    work = write_tree(tmp_path / "work", {"other": b"precious"})
    gone = write_tree(work / ".target.thoth-restore-0123abcd", {"read-only/part": b""})
    (gone / "read-only").chmod(0o500)
    kept = {
        write_tree(work / name, {"precious": b"precious"})
        for name in (
            ".target.thoth-restore-0123abcd.bak",
            ".target2.thoth-restore-0123abcd",
            ".target.thoth-old-0123abcd",
            ".target.thoth-restore-alive000",
            ".target.thoth-restore-a11fe000",
        )
    }
    (work / ".target.thoth-restore-00000000").symlink_to(tmp_path / "source")
    lock = os.open(work / ".target.thoth-restore-a11fe000", os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        repository.restore("latest", work / "target", dry_run=True)
        assert gone.exists()
        repository.restore("latest", work / "target")
    finally:
        os.close(lock)
    assert not gone.exists()
    assert all(contents(folder) == {"precious": b"precious"} for folder in kept)
    assert contents(tmp_path / "source") == contents(work / "target") == NEW


def test_a_restore_under_way_holds_its_lock(repository: Repository, tmp_path: Path) -> None:
    repository.backup(write_tree(tmp_path / "source", NEW))
    nested: list[int] = []

    def restore_again(progress: Progress) -> None:
        if not nested:
            nested.append(progress.done)
            repository.restore("latest", tmp_path / "target", overwrite=True)

    repository.restore("latest", tmp_path / "target", overwrite=True, progress=restore_again)
    assert contents(tmp_path / "target") == NEW
    assert {path.name for path in tmp_path.iterdir()} == {"source", "target"}
