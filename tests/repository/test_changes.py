"""A directory that is written to while it is read gives no snapshot at all."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.repository.stores import SMALL, over
from tests.repository.trees import contents, noise, walk
from tests.repository.wrappers import AtRequest, Do
from thoth_storage.errors import ConflictError
from thoth_storage.repository import Progress, Repository, scan
from thoth_storage.repository.scan import Source


def overwrite(source: Path) -> None:
    (source / "text").write_bytes(noise(3 * SMALL, "other"))


def overwrite_in_place_and_put_the_time_back(source: Path) -> None:
    before = (source / "text").stat()
    with (source / "text").open("r+b") as handle:
        handle.write(b"other")
    os.utime(source / "text", ns=(before.st_atime_ns, before.st_mtime_ns))


def append(source: Path) -> None:
    with (source / "noise").open("ab") as handle:
        handle.write(b"x")


def replace(source: Path) -> None:
    shutil.copy2(source / "text", source.parent / "copy")
    (source.parent / "copy").replace(source / "text")


CHANGES: list[Callable[[Path], Any]] = [
    overwrite,
    overwrite_in_place_and_put_the_time_back,
    replace,
    append,
    lambda source: os.truncate(source / "noise", 10),
    lambda source: (source / "noise").unlink(),
    lambda source: (source / "new").write_bytes(b""),
    lambda source: (source / "noise").rename(source / "renamed"),
    lambda source: (source / "folder").rename(source / "renamed"),
    lambda source: (source / "noise").chmod(0o400),
    lambda source: (source / "link").symlink_to("noise"),
    lambda source: os.mkfifo(source / "pipe"),
    lambda source: source.rename(source.parent / "elsewhere"),
    shutil.rmtree,
]


class Meanwhile(AtRequest):
    """Somebody changes the source while the first pack is sent."""

    def __init__(self, inner: Any, change: Do) -> None:
        super().__init__(inner, 1, writes=True)
        self.change = change

    def strike(self, verb: str, key: str, do: Do) -> Any:
        assert key.startswith("packs/")
        self.change()
        return do()


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_behind_the_reading(change: Callable[[Path], Any], repository: Repository, source: Path) -> None:
    meanwhile = over(repository, Meanwhile(repository.backend, lambda: change(source)))
    with pytest.raises(ConflictError, match="changed while it was read") as caught:
        meanwhile.backup(source)
    assert caught.value.hint
    assert repository.snapshots() == []


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_before_the_reading(change: Callable[[Path], Any], repository: Repository, source: Path) -> None:
    def at_begin(progress: Progress) -> None:
        if not changed:
            changed.append(change(source))

    changed: list[Any] = []
    with pytest.raises(ConflictError, match="changed while it was read"):
        repository.backup(source, progress=at_begin)
    assert repository.snapshots() == []


@pytest.mark.parametrize("kind", ["pipe", "link", "folder", "gone", "shorter"])
def test_what_takes_a_files_place_is_neither_followed_nor_waited_for(kind: str, source: Path) -> None:
    seen = scan.scan(source)
    file = next(file for file in seen.files if file.path == "noise")
    assert len(scan.read(seen, file, 0, file.size)) == file.size
    (source / "noise").rename(source.parent / "noise")
    if kind == "pipe":
        os.mkfifo(source / "noise")
    elif kind == "link":
        (source / "noise").symlink_to(source.parent / "noise")
    elif kind == "folder":
        (source / "noise").mkdir()
    elif kind == "shorter":
        (source / "noise").write_bytes(b"short")
    with pytest.raises(ConflictError):
        scan.read(seen, file, 0, file.size)


def test_reading_begins_a_tick_behind_the_newest_change(
    repository: Repository, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    began: list[int] = []

    def settle(seen: Source) -> None:
        scan.settle(seen)
        began.append(time.time_ns())

    monkeypatch.setattr("thoth_storage.repository.backup.settle", settle)
    overwrite(source)
    repository.backup(source)
    assert began[0] - (source / "text").stat().st_ctime_ns >= 20_000_000


def test_reading_a_directory_does_not_change_it(repository: Repository, source: Path, tmp_path: Path) -> None:
    before = walk(source), source.stat().st_mtime_ns
    repository.backup(source)
    repository.backup(source)
    assert (walk(source), source.stat().st_mtime_ns) == before
    repository.restore("latest", tmp_path / "target")
    assert contents(tmp_path / "target") == contents(source)


@pytest.mark.parametrize("how", ["new", "gone", "mode", "root"])
def test_a_folder_that_changes_is_a_change(how: str, repository: Repository, source: Path) -> None:
    """An empty folder belongs to a snapshot, and so do permissions."""

    def change() -> None:
        if how == "new":
            (source / "brand-new").mkdir()
        elif how == "gone":
            (source / "void").rmdir()
        elif how == "mode":
            (source / "void").chmod(0o711)
        else:
            source.chmod(0o711)

    meanwhile = over(repository, Meanwhile(repository.backend, change))
    with pytest.raises(ConflictError, match="changed while it was read"):
        meanwhile.backup(source)
    assert repository.snapshots() == []
