"""An opening does not wait for the disk, for what it fetched can be fetched again. What is kept for later is on the
disk before a mark says so: else a loss of power would leave a directory that looks whole."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from tests.live.conftest import OpenClient
from tests.live.programs import add, directories, ids

KEEP = 10**9


class Disk:
    """Notes which files were flushed, or takes none."""

    def __init__(self, patch: pytest.MonkeyPatch, below: Path) -> None:
        self.full = False
        self.flushed: dict[str, bool] = {}
        """Whether there was a mark at that moment, by name."""
        self._below = below
        self._flush = os.fsync
        patch.setattr(os, "fsync", self._fsync)

    def _fsync(self, descriptor: int) -> None:
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        if path.is_relative_to(self._below) and path.is_file():
            if self.full:
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            self.flushed[path.name] = any(self._below.rglob("closed.json"))
        self._flush(descriptor)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch, cache: Path) -> Disk:
    return Disk(monkeypatch, cache)


@pytest.fixture
def stored(connect: OpenClient, tmp_path: Path) -> None:
    with connect(cache_dir=tmp_path / "elsewhere") as client:
        add(client, "1", "2")
        client.checkpoint()


@pytest.mark.usefixtures("stored")
def test_what_is_kept_is_flushed_before_its_mark(connect: OpenClient, cache: Path, disk: Disk) -> None:
    client = connect(cache_limit=KEEP)
    assert ids(client) == {"1", "2"}
    assert disk.flushed == {}
    client.close()
    [folder] = directories(cache)
    files = [path.name for path in (folder / "chroma").rglob("*") if path.is_file()]
    assert disk.flushed == dict.fromkeys(files, False)
    assert "chroma.sqlite3" in files
    assert (folder / "closed.json").is_file()


@pytest.mark.usefixtures("stored")
def test_what_cannot_be_flushed_is_not_kept(connect: OpenClient, cache: Path, disk: Disk) -> None:
    with connect(cache_limit=KEEP) as client:
        assert ids(client) == {"1", "2"}
        disk.full = True
    assert directories(cache) == set()


@pytest.mark.usefixtures("stored")
def test_what_is_not_kept_need_not_be_flushed(connect: OpenClient, disk: Disk) -> None:
    with connect(cache_limit=0) as client:
        assert ids(client) == {"1", "2"}
    assert disk.flushed == {}
