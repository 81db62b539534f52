"""Opened, used, closed to the last descriptor."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.store.conftest import OpenStore
from tests.store.helpers import contents, descriptors, open_below, wait_until
from thoth_storage import Repository, StorageError, VectorStore
from thoth_storage.errors import CapacityError, UnavailableError
from thoth_storage.testing import FaultyBackend

VERBS: dict[str, Callable[[VectorStore], Any]] = {
    "add": lambda store: store.add_documents(["x"]),
    "search": lambda store: store.search_similar("x"),
    "get": lambda store: store.get_documents(),
    "count": lambda store: store.get_document_count(),
    "delete": lambda store: store.delete_documents(ids=["x"]),
    "delete by path": lambda store: store.delete_by_file_path("x"),
    "reset": lambda store: store.reset(),
    "backup": lambda store: store.backup("again"),
    "restore": lambda store: store.restore("kept"),
    "sync": lambda store: store.sync(),
    "list": lambda store: store.list_backups(),
    "enter": lambda store: store.__enter__(),
}


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def left(cache: Path) -> list[Path]:
    """Files and folders of stores: each has its own, two levels down."""
    return list(cache.glob("*/*"))


def test_close_gives_everything_back(open_store: OpenStore, cache: Path) -> None:
    store = open_store()
    store.add_documents(["text"])
    assert open_below(cache)
    assert left(cache)
    store.close()
    assert not left(cache)
    wait_until(lambda: not open_below(cache))


def test_close_is_repeatable(store: VectorStore, url: str) -> None:
    store.add_documents(["text"])
    for _ in range(3):
        store.close()
    assert len(Repository.open(url).snapshots()) == 1


def test_the_end_of_a_with_block_publishes(open_store: OpenStore, cache: Path) -> None:
    with open_store() as store:
        store.add_documents(["text"], ids=["1"])
    assert not left(cache)
    assert contents(open_store()) == {"1": ("text", None)}


def test_a_with_block_that_fails_publishes_too(open_store: OpenStore) -> None:
    """What was acknowledged stays, and the error is the caller's own."""

    def work() -> None:
        with open_store() as store:
            store.add_documents(["text"], ids=["1"])
            raise LookupError("of the caller")

    with pytest.raises(LookupError, match="of the caller"):
        work()
    assert contents(open_store()) == {"1": ("text", None)}


@pytest.mark.parametrize("verb", VERBS)
def test_use_after_close(store: VectorStore, cache: Path, verb: str) -> None:
    store.add_documents(["text"], ids=["x"])
    store.backup("kept")
    store.close()
    with pytest.raises(StorageError, match="the store is closed") as told:
        VERBS[verb](store)
    assert told.value.hint == "open it again"
    assert told.value.url == store.url
    assert not left(cache)


def test_twenty_cycles_leave_nothing(open_store: OpenStore, cache: Path) -> None:
    def cycle(number: int) -> None:
        with open_store() as store:
            store.add_documents([f"text {number}"], embeddings=[[float(number), 1.0]])
            store.search_similar(None, query_embedding=[1.0, 1.0])

    for number in range(3):  # what libraries open once and keep
        cycle(number)
    wait_until(lambda: not open_below(cache))
    before, threads = descriptors(), threading.active_count()
    for number in range(20):
        cycle(number)
    wait_until(lambda: not open_below(cache))
    wait_until(lambda: descriptors() <= before)
    assert threading.active_count() <= threads
    assert not left(cache)


def test_restores_and_resets_leave_nothing(store: VectorStore, cache: Path) -> None:
    store.add_documents(["text"])
    store.backup("first")
    for _ in range(5):
        store.restore("first")
        store.reset()
    wait_until(lambda: len(left(cache)) == 1)
    [own] = left(cache)
    wait_until(lambda: all(target.startswith(f"{own}/") for target in open_below(cache)))
    store.close()
    assert not left(cache)
    wait_until(lambda: not open_below(cache))


def test_a_reader_at_work_is_not_cut_off_by_close(store: VectorStore, cache: Path) -> None:
    store.add_documents(["text"])
    with ThreadPoolExecutor(1) as pool:
        with store._live.gate.reading():
            closing = pool.submit(store.close)
            wait_until(lambda: store._live._state.local.closed)
            assert left(cache)
            assert not closing.done()
        closing.result()
    assert not left(cache)


def test_an_opening_that_fails_leaves_nothing(open_store: OpenStore, cache: Path) -> None:
    store = open_store()
    store.add_documents(["text"])
    store.close()
    with pytest.raises(StorageError):
        open_store(embedder=lambda texts: [[1.0] for _ in texts])
    assert not left(cache)
    wait_until(lambda: not open_below(cache))


def test_an_opening_whose_snapshot_cannot_be_fetched_leaves_nothing(
    open_store: OpenStore, url: str, cache: Path
) -> None:
    store = open_store()
    store.add_documents(["text"])
    store.close()
    backend = FaultyBackend(Repository.open(url).backend)
    backend.add("before", "get", key="packs/", count=None)
    with pytest.raises(UnavailableError):
        open_store(backend)
    assert not left(cache)
    backend.clear()
    assert open_store(backend).get_document_count() == 1


@pytest.mark.parametrize("durability", ["checkpoint"])
@pytest.mark.parametrize(("verb", "key"), [("put", "packs/"), ("create", "snapshots/"), ("list", "")])
@pytest.mark.parametrize("how", ["close", "sync", "backup"])
def test_a_backend_that_fails_loses_nothing(
    open_store: OpenStore, url: str, cache: Path, verb: str, key: str, how: str
) -> None:
    backend = FaultyBackend(Repository.open(url, create=True).backend)
    store = open_store(backend)
    store.add_documents(["first"], ids=["1"])
    backend.add("before", verb, key=key, count=None)
    with pytest.raises(UnavailableError):
        getattr(store, how)()
    store.add_documents(["second"], ids=["2"])
    assert store.search_similar("second", 1)["ids"] == ["2"]
    with pytest.raises(UnavailableError):
        store.sync()
    assert not list(cache.glob("*/*/capture-*"))
    backend.clear()
    store.close()
    assert not left(cache)
    assert set(contents(open_store())) == {"1", "2"}
    assert len(Repository.open(url).snapshots()) == 1


@pytest.mark.parametrize("durability", ["checkpoint"])
def test_a_with_block_whose_publishing_fails_leaves_the_store_usable(open_store: OpenStore, url: str) -> None:
    backend = FaultyBackend(Repository.open(url, create=True).backend)
    store = open_store(backend)
    store.add_documents(["text"], ids=["1"])
    backend.add("before", "create", count=None)
    with pytest.raises(UnavailableError), store:
        pass
    assert store.get_document_count() == 1
    backend.clear()
    store.close()
    assert set(contents(open_store())) == {"1"}


@pytest.mark.parametrize("durability", ["checkpoint"])
def test_a_full_disk_at_the_capture_is_told(
    store: VectorStore, cache: Path, monkeypatch: pytest.MonkeyPatch, open_store: OpenStore
) -> None:
    store.add_documents(["text"], ids=["1"])

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("os.pwrite", full)
        with pytest.raises(CapacityError, match="No space left on device") as told:
            store.close()
    assert told.value.hint is not None
    assert "THOTH_STORAGE_CACHE_DIR" in told.value.hint
    assert not list(cache.glob("*/*/capture-*"))
    assert store.get_document_count() == 1
    store.close()
    assert set(contents(open_store())) == {"1"}
