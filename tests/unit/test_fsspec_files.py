"""A file system with real folders below the base class: whole files, no leftovers, no file lost in a folder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import fsspec
import pytest
from fsspec.implementations.local import LocalFileSystem

from thoth_storage import FsspecBackend
from thoth_storage.errors import AlreadyExistsError, CapacityError, ConflictError, NotFoundError, PermissionError_
from thoth_storage.urls import split_url


class DiskBackend(FsspecBackend):
    """What a plugin for SMB or SFTP has: a protocol, ``file_like``, and its own idea of a location."""

    protocol = "file"
    file_like = True

    def split(self, url: str) -> tuple[str, str]:
        return split_url(url)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "store"


@pytest.fixture
def disk(root: Path) -> DiskBackend:
    return DiskBackend(f"disk://{root}")


def files(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def test_keys_become_files_and_nothing_else(disk: DiskBackend, root: Path) -> None:
    disk.put("a", b"1")
    disk.create("b/c/d", b"0123")
    assert (root / "b/c/d").read_bytes() == b"0123"
    assert files(root) == ["a", "b/c/d"]
    assert [info.key for info in disk.list()] == ["a", "b/c/d"]
    assert disk.get("b/c/d", 1, 3) == b"12"
    assert disk.get("b/c/d", 2) == b"23"
    assert disk.get("b/c/d", 9) == b""
    assert disk.head("b/c/d").size == 4


def test_before_the_first_write_there_is_nothing_and_it_is_no_error(disk: DiskBackend, root: Path) -> None:
    assert list(disk.list()) == list(disk.list("a/b")) == []
    disk.delete("a", "b/c")
    with pytest.raises(NotFoundError):
        disk.get("a")
    assert not root.exists()


def test_a_create_leaves_what_is_there(disk: DiskBackend) -> None:
    disk.create("a", b"first")
    with pytest.raises(AlreadyExistsError) as caught:
        disk.create("a", b"second")
    assert (caught.value.url, caught.value.key) == (disk.url, "a")
    assert disk.get("a") == b"first"


class FailingFiles(LocalFileSystem):  # type: ignore[misc]
    """Breaks off in the middle of a file, or before its renaming."""

    when = ""

    def pipe_file(self, path: str, value: bytes, mode: str = "overwrite", **options: Any) -> None:
        if self.when == "write":
            Path(path).write_bytes(value[: len(value) // 2])
            raise OSError(28, "No space left on device", path)
        super().pipe_file(path, value, mode=mode, **options)

    def mv(self, path1: str, path2: str, **options: Any) -> None:
        if self.when == "rename":
            raise PermissionError(13, "may not rename", path2)
        super().mv(path1, path2, **options)


@pytest.mark.parametrize(("when", "cls"), [("write", CapacityError), ("rename", PermissionError_)])
def test_a_write_that_fails_leaves_the_old_file_and_no_other(when: str, cls: type[Exception], root: Path) -> None:
    class FailingDisk(DiskBackend):
        def make_fs(self) -> fsspec.AbstractFileSystem:
            return FailingFiles(skip_instance_cache=True)

    disk = FailingDisk(f"disk://{root}")
    disk.put("a", b"old and whole")
    disk.fs.when = when
    with pytest.raises(cls):
        disk.put("a", b"new and torn")
    with pytest.raises(cls):
        disk.create("b", b"new and torn")
    assert files(root) == ["a"]
    assert disk.get("a") == b"old and whole"


def test_a_file_is_never_lost_in_a_folder_of_its_name(disk: DiskBackend, root: Path) -> None:
    """shutil.move would put it inside and be content; then no key names it."""
    disk.put("a/b", b"1")
    for write in (disk.put, disk.create):
        with pytest.raises(ConflictError, match="folder") as caught:
            write("a", b"2")
        assert (caught.value.url, caught.value.key) == (disk.url, "a")
    assert files(root) == ["a/b"]


@pytest.mark.parametrize("key", ["a/b", "a/b/c"])
def test_a_file_in_the_way_of_a_folder_is_named(disk: DiskBackend, root: Path, key: str) -> None:
    disk.put("a", b"1")
    for write in (disk.put, disk.create):
        with pytest.raises(ConflictError, match="a file is where a folder is needed") as caught:
            write(key, b"2")
        assert str(root / "a") in str(caught.value)
        assert (caught.value.url, caught.value.key) == (disk.url, key)
    for read in (disk.get, disk.head):
        with pytest.raises(NotFoundError):
            read(key)
    assert list(disk.list(key)) == []
    disk.delete(key)
    assert files(root) == ["a"]


def test_half_written_files_of_others_are_not_listed(disk: DiskBackend, root: Path) -> None:
    disk.put("d/a", b"1")
    (root / "d" / ".thoth-tmp-0123").write_bytes(b"half")
    (root / "d" / "with\nnewline").write_bytes(b"")
    (root / "d" / "dangling").symlink_to("nowhere")
    assert [info.key for info in disk.list() if info.key != "d/dangling"] == ["d/a"]


def test_a_folder_that_cannot_be_read_is_an_error(disk: DiskBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a listing would let a prune delete what the other half needs."""
    disk.put("d/a", b"1")

    def refuse(*args: object, **options: object) -> None:
        raise PermissionError(13, "Permission denied", "d")

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(PermissionError_):
        disk.list()
