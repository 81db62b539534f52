"""A process that is killed at any step of a restore over an old target: the old or the new is there, whole."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.repository.stores import SMALL, new_repository
from tests.repository.trees import contents, noise, write_tree
from thoth_storage.repository import Repository

OLD = {"old": b"precious", "folder/old": noise(SMALL)}
NEW = {"a": noise(3 * SMALL, 1), "b/c": noise(SMALL, 2), "d": b""}
STEPS = ("mkdir", "open", "pwrite", "fsync", "utime", "chmod", "rename", "rmdir", "unlink")


def restore_and_die(url: str, target: Path, number: int) -> None:
    """Killed before the ``number``-th system call that changes something."""
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


def die_at_each_step(url: str, folder: Path) -> None:
    """A child for each step, forked from a process without threads; the last one has no step left to die at."""
    for number in range(1, 1000):
        write_tree(folder / f"{number:03d}" / "target", OLD)
        child = os.fork()
        if child == 0:
            restore_and_die(url, folder / f"{number:03d}" / "target", number)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if status == 0:
            return
        assert os.WTERMSIG(status) == signal.SIGKILL


def test_at_each_step(tmp_path: Path) -> None:
    repository = new_repository(tmp_path / "repository")
    repository.backup(write_tree(tmp_path / "source", NEW))
    process = multiprocessing.get_context("spawn").Process(
        target=die_at_each_step, args=(repository.url, tmp_path / "work")
    )
    process.start()
    process.join(100)
    assert process.exitcode == 0
    outcomes = []
    for parent in sorted((tmp_path / "work").iterdir()):
        found = contents(parent / "target") if (parent / "target").exists() else None
        outcomes.append("old" if found == OLD else "new" if found == NEW else "between" if found is None else "WRONG")
        if outcomes[-1] == "between":
            # Between two renames. The old one is whole beside its place, by a name that tells what it is.
            (kept,) = parent.glob(".target.thoth-old-*")
            assert contents(kept) == OLD
    repository.restore("latest", parent / "target", overwrite=True)
    assert contents(parent / "target") == NEW
    assert outcomes == ["old"] * outcomes.count("old") + ["between"] + ["new"] * outcomes.count("new")
    assert outcomes.count("old") > 20
    assert outcomes.count("new") > 1
