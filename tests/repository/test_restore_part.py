"""A part of a snapshot into a folder that has files: those that match are replaced, all else there stays."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from tests.repository.plain_user import as_plain_user
from tests.repository.stores import SMALL
from tests.repository.trees import contents, noise, walk, write_tree
from thoth_storage.errors import AlreadyExistsError, ConfigurationError, PermissionError_
from thoth_storage.repository import Repository

TREE = {"a/x": noise(3 * SMALL, 1), "a/b/y": noise(SMALL, 2), "c/z": b"z", "top": noise(2 * SMALL, 3), "empty": b""}
OLD = {"a/x": b"old x", "a/other": b"precious", "top": b"old top", "mine/file": b"precious", "empty": b"full"}


@pytest.fixture
def filled(repository: Repository, tmp_path: Path) -> Repository:
    source = write_tree(tmp_path / "source", {**TREE, "void": None})
    (source / "a" / "b").chmod(0o510)
    (source / "c").chmod(0o700)
    repository.backup(source)
    write_tree(tmp_path / "target", OLD)
    return repository


@pytest.mark.parametrize("include", ["a/x", "a", "a/b", ["c", "top"], "*", "empty", ["a/b/y", "c/z"], "void"])
def test_only_what_matches_is_replaced(include: str | list[str], filled: Repository, tmp_path: Path) -> None:
    source, before = walk(tmp_path / "source"), walk(tmp_path / "target")
    (tmp_path / "target").chmod(0o750)
    filled.restore("latest", tmp_path / "fresh", include)
    fresh = walk(tmp_path / "fresh")
    assert fresh == {path: source[path] for path in fresh}
    report = filled.restore("latest", tmp_path / "target", include, overwrite=True)
    assert report.files == len(contents(tmp_path / "fresh"))
    new = {path: seen for path, seen in fresh.items() if seen[0] == "file" or path not in before}
    assert walk(tmp_path / "target") == {**before, **new}
    assert (tmp_path / "target").stat().st_mode & 0o777 == 0o750
    assert {path.name for path in tmp_path.iterdir()} == {"source", "target", "fresh"}


def test_without_overwrite_nothing_is_replaced(filled: Repository, tmp_path: Path) -> None:
    before = walk(tmp_path)
    with pytest.raises(AlreadyExistsError):
        filled.restore("latest", tmp_path / "target", "c/z")
    assert walk(tmp_path) == before


def test_who_has_a_file_open_reads_the_old_one_to_its_end(filled: Repository, tmp_path: Path) -> None:
    """Each takes its place in one step: the old file itself is never written to."""
    with (tmp_path / "target" / "a" / "x").open("rb") as handle:
        filled.restore("latest", tmp_path / "target", "a/x", overwrite=True)
        assert handle.read() == b"old x"


WRONG = ["link to a folder", "link to nothing", "file for a folder", "folder for a file", "link for an empty folder"]


@pytest.mark.parametrize("dry_run", [True, False])
@pytest.mark.parametrize("what", WRONG)
def test_what_is_in_the_way_is_neither_replaced_nor_gone_through(
    what: str, dry_run: bool, filled: Repository, tmp_path: Path
) -> None:
    target, outside = tmp_path / "target", write_tree(tmp_path / "outside", {"z": b"precious"})
    if what == "link to a folder":
        (target / "c").symlink_to(outside)
    elif what == "link to nothing":
        (target / "c").symlink_to(tmp_path / "nothing")
    elif what == "file for a folder":
        (target / "c").write_bytes(b"precious")
    elif what == "folder for a file":
        write_tree(target, {"c/z/precious": b"precious"})
    else:
        (target / "void").symlink_to(outside)
    before = walk(tmp_path)
    with pytest.raises(ConfigurationError, match="in the way"):
        filled.restore("latest", target, ["top", "c", "void"], overwrite=True, dry_run=dry_run)
    assert walk(tmp_path) == before


def test_a_link_that_came_to_be_after_the_check_is_not_gone_through(filled: Repository, tmp_path: Path) -> None:
    target, outside = tmp_path / "target", write_tree(tmp_path / "outside", {"x": b"precious"})

    def replace(_: object) -> None:
        if not (target / "a").is_symlink():
            (target / "a").rename(tmp_path / "away")
            (target / "a").symlink_to(outside)

    with pytest.raises(ConfigurationError):
        filled.restore("latest", target, "a/x", overwrite=True, progress=replace)
    assert contents(outside) == {"x": b"precious"}


def test_a_link_in_the_place_of_a_file_is_replaced_and_what_it_points_to_is_not(
    filled: Repository, tmp_path: Path
) -> None:
    precious = tmp_path / "precious"
    precious.write_bytes(b"precious")
    (tmp_path / "target" / "top").unlink()
    (tmp_path / "target" / "top").symlink_to(precious)
    filled.restore("latest", tmp_path / "target", "top", overwrite=True)
    assert precious.read_bytes() == b"precious"
    assert contents(tmp_path / "target")["top"] == TREE["top"]


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_folder_in_the_target_that_may_not_be_written(dry_run: bool, filled: Repository, tmp_path: Path) -> None:
    with as_plain_user(tmp_path / "target"):
        (tmp_path / "target" / "a").chmod(0o500)
        before = walk(tmp_path / "target")
        with pytest.raises(PermissionError_):
            filled.restore("latest", tmp_path / "target", ["top", "a/x"], overwrite=True, dry_run=dry_run)
        assert walk(tmp_path / "target") == before


def test_an_error_in_the_middle_tells_that_some_files_are_new(
    filled: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace, calls = os.replace, []

    def fails(source: str, name: str, *, dst_dir_fd: int) -> None:
        calls.append(name)
        if len(calls) == 3:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        replace(source, name, dst_dir_fd=dst_dir_fd)

    monkeypatch.setattr(os, "replace", fails)
    with pytest.raises(ConfigurationError, match="some of the files"):
        filled.restore("latest", tmp_path / "target", "*", overwrite=True)
    found = contents(tmp_path / "target")
    assert all(content in {OLD.get(path), TREE.get(path)} for path, content in found.items())
    assert {path.name for path in tmp_path.iterdir()} == {"source", "target"}
