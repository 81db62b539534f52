"""A file system with real folders below the base class: whole files, no leftovers, no file lost in a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.fake_fs import DiskBackend
from thoth_storage.errors import AlreadyExistsError, ConflictError, NotFoundError


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
    assert disk.get("b/c/d", 1, 2) == b"1"
    assert disk.get("b/c/d", 9) == b""
    assert disk.head("b/c/d").size == 4


def test_before_the_first_write_there_is_nothing_and_it_is_no_error(disk: DiskBackend, root: Path) -> None:
    assert list(disk.list()) == list(disk.list("a/b")) == []
    disk.delete("a", "b/c")
    with pytest.raises(NotFoundError):
        disk.get("a")
    assert not root.exists()


def test_a_folder_is_no_object(disk: DiskBackend) -> None:
    disk.put("a/b", b"1")
    for read in (disk.get, disk.head, lambda key: disk.get(key, 1, 2)):
        with pytest.raises(NotFoundError, match="a folder is there") as caught:
            read("a")
        assert (caught.value.url, caught.value.key) == (disk.url, "a")


def test_a_create_leaves_what_is_there(disk: DiskBackend) -> None:
    disk.create("a", b"first")
    with pytest.raises(AlreadyExistsError) as caught:
        disk.create("a", b"second")
    assert (caught.value.url, caught.value.key) == (disk.url, "a")
    assert disk.get("a") == b"first"


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
