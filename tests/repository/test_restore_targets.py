"""Targets that cannot be renamed, and what is no target at all."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from tests.repository.plain_user import as_plain_user
from tests.repository.trees import contents, walk, write_tree
from thoth_storage.errors import AlreadyExistsError, ConfigurationError, InvalidArgumentError, NotFoundError
from thoth_storage.repository import Progress, Repository, folders, merging, moving, targets


@pytest.fixture
def filled(repository: Repository, source: Path) -> Repository:
    (source / "closed").mkdir()
    (source / "closed" / "file").write_bytes(b"closed")
    (source / "closed").chmod(0o500)
    repository.backup(source)
    return repository


@pytest.fixture
def volume(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is taken for a mount point, and that nothing may be renamed to or from."""
    path = tmp_path / "volume"
    path.mkdir()
    monkeypatch.setattr(targets, "mounts", lambda: {path})
    monkeypatch.setattr(moving, "exchange", lambda one, other: pytest.fail("a volume cannot be exchanged"))
    return path


def test_a_volume(volume: Path, filled: Repository, source: Path, tmp_path: Path) -> None:
    (volume / "lost+found").mkdir()
    inode = volume.stat().st_ino
    filled.restore("latest", volume)
    (volume / "lost+found").rmdir()
    assert walk(volume) == walk(source)
    write_tree(volume, {"more": b"old", "closed2/file": b"old"})
    with pytest.raises(AlreadyExistsError):
        filled.restore("latest", volume)
    (volume / "closed2").chmod(0o500)
    filled.restore("latest", volume, overwrite=True)
    assert walk(volume) == walk(source)
    assert volume.stat().st_ino == inode
    assert {path.name for path in tmp_path.iterdir()} == {"source", "volume"}


def test_a_part_into_a_volume(volume: Path, filled: Repository, source: Path) -> None:
    write_tree(volume, {"more": b"old"})
    filled.restore("latest", volume, "closed", overwrite=True)
    assert contents(volume) == {"more": b"old", "closed/file": b"closed"}
    assert walk(volume)["closed"] == walk(source)["closed"]


def test_a_target_in_a_folder_that_may_not_be_written(filled: Repository, source: Path, tmp_path: Path) -> None:
    write_tree(tmp_path / "locked" / "target", {"old": b"old", "closed3/file": b"old"})
    with as_plain_user(tmp_path / "locked"):
        (tmp_path / "locked" / "target" / "closed3").chmod(0o500)
        (tmp_path / "locked").chmod(0o500)
        plan = filled.restore("latest", tmp_path / "locked" / "target", overwrite=True, dry_run=True)
        assert contents(tmp_path / "locked" / "target") == {"old": b"old", "closed3/file": b"old"}
        done = filled.restore("latest", tmp_path / "locked" / "target", overwrite=True)
        (tmp_path / "locked").chmod(0o700)
    assert (plan.files, plan.bytes) == (done.files, done.bytes)
    assert walk(tmp_path / "locked" / "target") == walk(source)


def test_an_error_puts_all_back(
    volume: Path, filled: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_tree(volume, {"old": b"old", "folder/file": b"old", "void": None})
    (volume / "folder").chmod(0o500)
    before = walk(volume)
    move = folders.move
    for failing in range(1, 3 + len(list((tmp_path / "source").iterdir()))):
        calls: list[Path] = []

        def fails(source: Path, place: Path, calls: list[Path] = calls, failing: int = failing) -> None:
            calls.append(source)
            if len(calls) == failing:
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            move(source, place)

        monkeypatch.setattr(moving, "move", fails)
        with pytest.raises(ConfigurationError):
            filled.restore("latest", volume, overwrite=True)
        assert walk(volume) == before


def test_what_a_killed_restore_left_in_a_volume_goes_and_what_it_put_aside_stays(
    volume: Path, filled: Repository, source: Path
) -> None:
    write_tree(volume, {".thoth-restore-0123abcd/part": b"", ".thoth-old-0123abcd/file": b"precious"})
    for overwrite in (False, True):
        filled.restore("latest", volume, overwrite=overwrite)
        found = contents(volume)
        assert found.pop(".thoth-old-0123abcd/file") == b"precious"
        assert found == contents(source)


def test_what_came_to_be_in_a_volume_meanwhile_is_kept(volume: Path, filled: Repository) -> None:
    def write(progress: Progress) -> None:
        if progress.done == progress.total:
            write_tree(volume, {"new": b"precious"})

    with pytest.raises(AlreadyExistsError, match="meanwhile"):
        filled.restore("latest", volume, progress=write)
    assert contents(volume) == {"new": b"precious"}


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_mount_point_below_the_target(
    dry_run: bool, filled: Repository, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = write_tree(tmp_path / "target", {"closed/volume/file": b"precious"})
    for module in (targets, merging):
        monkeypatch.setattr(module, "mounts", lambda: {target / "closed"})
    before = walk(target)
    for include in (None, "closed/file"):
        with pytest.raises(ConfigurationError, match="mount point"):
            filled.restore("latest", target, include, overwrite=True, dry_run=dry_run)
    assert walk(target) == before


def test_what_the_kernel_says_is_mounted() -> None:
    assert Path("/") in targets.mounts()
    assert all(path.is_absolute() for path in targets.mounts())


@pytest.mark.parametrize("target", [5, None, b"bytes", "", "nul\0", "\ud800", "~nobody-of-this-name/x", ["a"]])
def test_what_is_no_path(target: Any, filled: Repository) -> None:
    for overwrite in (False, True):
        with pytest.raises(ConfigurationError):
            filled.restore("latest", target, overwrite=overwrite)


LINKS: list[Callable[[Path], Path]] = [
    lambda folder: folder / "self",
    lambda folder: folder / "self" / "below",
    lambda folder: folder / "one" / "below" / "deep",
]


@pytest.mark.parametrize("target", LINKS)
@pytest.mark.parametrize("overwrite", [False, True])
def test_links_that_lead_in_a_circle(
    overwrite: bool, target: Callable[[Path], Path], filled: Repository, tmp_path: Path
) -> None:
    (tmp_path / "self").symlink_to("self")
    (tmp_path / "one").symlink_to("other")
    (tmp_path / "other").symlink_to("one")
    before = walk(tmp_path)
    with pytest.raises(ConfigurationError):
        filled.restore("latest", target(tmp_path), overwrite=overwrite)
    assert walk(tmp_path) == before


@pytest.mark.parametrize("wanted", [5, b"latest", ["latest"], Path("latest")])
def test_what_is_no_snapshot(wanted: Any, filled: Repository, tmp_path: Path) -> None:
    with pytest.raises(InvalidArgumentError):
        filled.restore(wanted, tmp_path / "target")


def test_times_at_the_end_of_all_times(filled: Repository, tmp_path: Path) -> None:
    newest, oldest = datetime(9999, 12, 31, 23), datetime(1, 1, 1)  # noqa: DTZ001 - UTC is meant where nothing is said
    for at in (newest, newest.replace(tzinfo=timezone(timedelta(hours=-11)))):
        assert filled.restore(None, tmp_path / "target", overwrite=True, at=at).files > 0
    for at in (oldest, oldest.replace(tzinfo=timezone(timedelta(hours=11)))):
        with pytest.raises(NotFoundError):
            filled.restore(None, tmp_path / "target", overwrite=True, at=at)
