"""The local directories: disposable, one for each opening, swept away when their process died."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.store.conftest import OpenStore
from thoth_storage import VectorStore
from thoth_storage.errors import CapacityError, ConfigurationError, PermissionError_
from thoth_storage.store.cache import CacheDirectory, cache_error

HOLD = """
import sys
from thoth_storage import VectorStore
store = VectorStore(sys.argv[1], "tests", "lexical", cache_dir=sys.argv[2])
store.add_documents(["never published"])
print("open", flush=True)
sys.stdin.read()
"""


@contextmanager
def holder(url: Path, cache: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that has a store open, until it is killed."""
    command = [sys.executable, "-c", HOLD, str(url), str(cache)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "open\n"
            yield process
        finally:
            process.kill()


def test_a_killed_process_is_swept_and_a_live_one_is_not(tmp_path: Path, open_store: OpenStore) -> None:
    url, cache = tmp_path / "store", tmp_path / "cache"
    with holder(url, cache) as alive, holder(url, cache) as killed:
        folders = set(cache.glob("*/*"))
        assert len(folders) == 2
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        store = open_store(url)
        kept = folders & set(cache.glob("*/*"))
        assert len(kept) == 1
        assert all((folder / "chroma" / "chroma.sqlite3").exists() for folder in kept)
        assert store.get_document_count() == 2  # what was acknowledged is in the log
        assert alive.poll() is None
        alive.kill()
        alive.wait()
        store.restore(store.backup().id)  # makes a directory, and sweeps
        assert not folders & set(cache.glob("*/*"))


def test_every_opening_has_a_directory_of_its_own(tmp_path: Path, open_store: OpenStore) -> None:
    for _ in range(3):
        open_store()
    assert len(list((tmp_path / "cache").glob("*/*/chroma/chroma.sqlite3"))) == 3
    open_store("memory://tests/another-place")
    assert len(list((tmp_path / "cache").glob("*"))) == 2


def test_two_spellings_of_a_place_share_nothing_open(tmp_path: Path) -> None:
    root = tmp_path / "cache"
    one, other = CacheDirectory(root, "memory://a"), CacheDirectory(root, "memory://a")
    assert one.path != other.path
    one.remove()
    one.remove()
    assert other.path.parent.exists()
    other.remove()
    assert not list(root.glob("*/*"))


def test_a_sweep_leaves_one_that_is_being_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the making of a lock file and its locking, another process may sweep."""
    root = tmp_path / "cache"
    swept: list[bool] = []
    lock = fcntl.flock

    def sweep_first(descriptor: int, operation: int) -> None:
        if not swept:
            swept.append(True)
            CacheDirectory(root, "memory://a").remove()
        lock(descriptor, operation)

    monkeypatch.setattr("fcntl.flock", sweep_first)
    cache = CacheDirectory(root, "memory://a")
    assert swept
    assert cache.path.parent.is_dir()
    cache.remove()


def test_strangers_in_the_folder_are_left_alone(tmp_path: Path, open_store: OpenStore) -> None:
    open_store().close()
    [base] = (tmp_path / "cache").glob("*")
    (base / "a file").write_text("of somebody")
    (base / "a folder").mkdir()
    open_store().close()
    assert {path.name for path in base.iterdir()} == {"a file", "a folder"}


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_a_file_in_the_way(tmp_path: Path, open_store: OpenStore, place: str) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ConfigurationError, match=r"the cache directory .* cannot be used") as told:
        open_store(cache_dir=tmp_path / place)
    assert told.value.hint == "set THOTH_STORAGE_CACHE_DIR or cache_dir to a folder that can be written"


@pytest.mark.parametrize(
    ("number", "kind"), [(13, PermissionError_), (30, PermissionError_), (28, CapacityError), (20, ConfigurationError)]
)
def test_what_a_disk_refuses(tmp_path: Path, number: int, kind: type[Exception]) -> None:
    error = cache_error(OSError(number, os.strerror(number)), tmp_path)
    assert type(error) is kind
    assert os.strerror(number) in str(error)
    assert str(tmp_path) in str(error)


def test_a_folder_that_may_not_be_written(
    tmp_path: Path, open_store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root may write everywhere, so the refusal is played."""

    def refuse(path: Path, *_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(PermissionError_, match="the cache directory") as told:
        open_store(cache_dir=tmp_path / "locked")
    assert "THOTH_STORAGE_CACHE_DIR" in str(told.value)


def test_a_store_that_was_lost_in_this_process_is_not_swept_by_it(tmp_path: Path, open_store: OpenStore) -> None:
    """Its locks are held until the process ends: nothing is taken from under a client that may still be open."""
    VectorStore(tmp_path / "store", "tests", "lexical", cache_dir=tmp_path / "cache")
    before = set((tmp_path / "cache").glob("*/*"))
    open_store(tmp_path / "store").close()
    assert set((tmp_path / "cache").glob("*/*")) == before
