"""A file system with real folders that fails or holds what is not ours: no half of a file, no half of a listing."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import fsspec
import pytest
from fsspec.implementations.local import LocalFileSystem

from tests.unit.fake_fs import DiskBackend
from thoth_storage.errors import CapacityError, PermissionError_


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "store"


@pytest.fixture
def disk(root: Path) -> DiskBackend:
    return DiskBackend(f"disk://{root}")


def files(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


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
