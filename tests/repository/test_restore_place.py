"""The last step: what came to be at the target meanwhile, and a rename that fails."""

from __future__ import annotations

import ctypes
import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.repository.trees import contents, walk, write_tree
from thoth_storage.errors import AlreadyExistsError, ConfigurationError
from thoth_storage.repository import Progress, Repository, moving, swap


def at_the_end(do: Callable[[], Any]) -> Callable[[Progress], None]:
    def tell(progress: Progress) -> None:
        if progress.done == progress.total:
            do()

    return tell


@pytest.fixture
def filled(repository: Repository, source: Path) -> Repository:
    repository.backup(source)
    return repository


def test_what_came_to_be_meanwhile_is_kept(filled: Repository, tmp_path: Path) -> None:
    target = tmp_path / "target"
    for empty in (False, True):
        if empty:
            target.mkdir()
        with pytest.raises(AlreadyExistsError, match="meanwhile"):
            filled.restore("latest", target, progress=at_the_end(lambda: write_tree(target, {"new": b"precious"})))
        assert contents(tmp_path / "target") == {"new": b"precious"}
        assert {path.name for path in tmp_path.iterdir()} == {"source", "target"}
        (target / "new").unlink()
        target.rmdir()


def test_an_empty_folder_that_came_to_be_is_free(filled: Repository, source: Path, tmp_path: Path) -> None:
    filled.restore("latest", tmp_path / "target", progress=at_the_end((tmp_path / "target").mkdir))
    assert walk(tmp_path / "target") == walk(source)


def test_a_file_that_came_to_be_is_kept(filled: Repository, tmp_path: Path) -> None:
    target = tmp_path / "target"
    with pytest.raises(ConfigurationError):
        filled.restore("latest", target, progress=at_the_end(lambda: target.write_bytes(b"precious")))
    assert target.read_bytes() == b"precious"


def test_with_overwrite_what_came_to_be_is_replaced(filled: Repository, source: Path, tmp_path: Path) -> None:
    target = write_tree(tmp_path / "target", {"old": b"old"})
    more = at_the_end(lambda: write_tree(target, {"new": b"new"}))
    filled.restore("latest", target, overwrite=True, progress=more)
    assert walk(target) == walk(source)


@pytest.mark.parametrize("failing", [1, 2])
def test_a_rename_that_fails_leaves_the_old_in_its_place(
    failing: int, filled: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = write_tree(tmp_path / "target", {"old/file": b"precious"})
    before = walk(tmp_path)
    calls: list[Path] = []
    rename = Path.rename

    def counted(self: Path, other: Path) -> Path:
        calls.append(self)
        if len(calls) == failing:
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
        return rename(self, other)

    monkeypatch.setattr(moving, "exchange", lambda one, other: False)
    monkeypatch.setattr(Path, "rename", counted)
    with pytest.raises(ConfigurationError, match="busy"):
        filled.restore("latest", target, overwrite=True)
    assert walk(tmp_path) == before


def test_links_in_an_old_target_are_removed_and_what_they_point_to_is_not(
    filled: Repository, source: Path, tmp_path: Path
) -> None:
    outside = write_tree(tmp_path / "outside", {"file": b"precious"})
    outside.chmod(0o755)
    (outside / "file").chmod(0o640)
    target = write_tree(tmp_path / "target", {"old": b"old"})
    (target / "folder").symlink_to(outside)
    (target / "file").symlink_to(outside / "file")
    before = walk(outside), outside.stat().st_mode
    filled.restore("latest", target, overwrite=True)
    assert walk(target) == walk(source)
    assert (walk(outside), outside.stat().st_mode) == before


def test_two_folders_change_places(tmp_path: Path) -> None:
    one, other = write_tree(tmp_path / "one", {"1": b"1"}), write_tree(tmp_path / "other", {"2": b"2"})
    if not swap.exchange(one, other):
        one.rename(tmp_path / "between")
        other.rename(one)
        (tmp_path / "between").rename(other)
    assert (contents(one), contents(other)) == ({"2": b"2"}, {"1": b"1"})
    with pytest.raises(FileNotFoundError):
        swap.exchange(one, tmp_path / "missing")


@pytest.mark.parametrize("code", [errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP])
def test_a_system_that_cannot_exchange_folders(
    code: int, filled: Repository, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unable(*_: object) -> int:
        ctypes.set_errno(code)
        return -1

    for call in (unable, None):
        monkeypatch.setattr(swap, "_renameat2", lambda call=call: call)
        target = write_tree(tmp_path / "target", {"old": b"old"})
        filled.restore("latest", target, overwrite=True)
        assert walk(target) == walk(source)
        assert {path.name for path in tmp_path.iterdir()} == {"source", "target"}


def test_a_file_in_the_place_of_an_old_target_is_kept(filled: Repository, tmp_path: Path) -> None:
    target = write_tree(tmp_path / "target", {"old": b"old"})

    def swap_in() -> None:
        target.rename(tmp_path / "away")
        target.write_bytes(b"precious")

    with pytest.raises(ConfigurationError, match="meanwhile"):
        filled.restore("latest", target, overwrite=True, progress=at_the_end(swap_in))
    assert target.read_bytes() == b"precious"


def test_a_folder_above_that_cannot_be_flushed(
    filled: Repository, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then the new one is in its place, and nobody says that nothing was changed."""
    flush, above = os.fsync, tmp_path.stat().st_ino

    def fsync(descriptor: int) -> None:
        if os.fstat(descriptor).st_ino == above:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        flush(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    for old in (None, {"old": b"old"}):
        write_tree(tmp_path / "target", old or {})
        with pytest.raises(ConfigurationError, match="is restored, but"):
            filled.restore("latest", tmp_path / "target", overwrite=True)
        assert walk(tmp_path / "target") == walk(source)
        assert {path.name for path in tmp_path.iterdir()} == {"source", "target"}


@pytest.mark.parametrize("durable", [True, False])
def test_a_restore_that_need_not_be_durable_flushes_nothing(
    filled: Repository, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, durable: bool
) -> None:
    flushed: list[int] = []
    monkeypatch.setattr(os, "fsync", flushed.append)
    for old in (None, {"old": b"old"}):
        write_tree(tmp_path / "target", old or {})
        filled.restore("latest", tmp_path / "target", overwrite=True, durable=durable)
        assert walk(tmp_path / "target") == walk(source)
        assert bool(flushed) is durable


def test_a_file_that_cannot_be_closed_fails_a_restore(
    filled: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A network file system tells there that a file did not arrive, where nobody flushed it before."""
    close = os.close

    def fails(descriptor: int) -> None:
        written = Path(f"/proc/self/fd/{descriptor}").readlink()
        close(descriptor)
        if written.name == "empty":  # which is made, handed over, and closed behind the back of who made it
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "close", fails)
    with pytest.raises(ConfigurationError, match="Input/output error"):
        filled.restore("latest", tmp_path / "target", durable=False)
    assert not (tmp_path / "target").exists()
