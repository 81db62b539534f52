"""Threads that search and write while backups, restores, resets and a close go on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.store.conftest import OpenStore
from tests.store.helpers import bare_chroma, contents, random_vectors
from thoth_storage import Repository, StorageError, VectorStore

ROWS = 20
VECTORS = random_vectors(ROWS, 8, seed=6).tolist()


@contextmanager
def running(threads: int, work: Callable[[], object]) -> Iterator[list[int]]:
    """``work`` over and over in ``threads`` threads; each has done it at least twice, and none failed, at the end."""
    stop = threading.Event()
    done = [0] * threads

    def loop(number: int) -> None:
        while not stop.is_set() or done[number] < 2:
            work()
            done[number] += 1

    with ThreadPoolExecutor(threads) as pool:
        loops = [pool.submit(loop, number) for number in range(threads)]
        try:
            yield done
        finally:
            stop.set()
        for each in loops:
            each.result()


def fill(store: VectorStore, letter: str) -> None:
    store.add_documents(
        [letter] * ROWS,
        ids=[f"{number:02}" for number in range(ROWS)],
        embeddings=VECTORS,
        metadatas=[{"of": letter}] * ROWS,
    )


def look(store: VectorStore) -> None:
    """Each answer is whole, and of one state."""
    found = store.search_similar(None, ROWS + 5, query_embedding=VECTORS[0])
    assert found["ids"][0] == "00"
    assert len(found["ids"]) == ROWS
    assert set(found["documents"]) in ({"a"}, {"b"})
    assert {each["of"] for each in found["metadatas"]} == set(found["documents"])
    rows = store.get_documents()
    assert len(rows["ids"]) == ROWS
    assert set(rows["documents"]) in ({"a"}, {"b"})
    assert store.get_document_count() == ROWS


def test_searches_go_on_while_states_are_restored_and_backed_up(store: VectorStore) -> None:
    for letter in "ab":
        fill(store, letter)
        store.backup(letter)
    with running(4, lambda: look(store)):
        for letter in "abab":
            store.restore(letter)
            store.backup()
            assert set(store.get_documents()["documents"]) == {letter}


def test_searches_go_on_while_the_store_is_reset(store: VectorStore) -> None:
    def search() -> None:
        found = store.search_similar(None, ROWS, query_embedding=VECTORS[0])
        assert len(found["ids"]) in {0, ROWS}
        assert len(store.get_documents()["ids"]) in {0, ROWS}
        assert store.get_document_count() in {0, ROWS}

    with running(4, search):
        for _ in range(6):
            fill(store, "a")
            store.reset()


def test_searches_meet_the_first_write(open_store: OpenStore) -> None:
    """Chroma alone fails one of eight of them: there is a row, and no index yet."""
    for number in range(6):
        store = open_store(f"memory://tests/first-write-{number}")
        with running(4, lambda: store.search_similar(None, ROWS, query_embedding=VECTORS[0])):  # noqa: B023
            fill(store, "a")
        look(store)
        store.close()


def test_a_close_lets_searches_end(open_store: OpenStore) -> None:
    store = open_store()
    fill(store, "a")
    refused = threading.Event()

    def search() -> None:
        try:
            look(store)
        except StorageError as error:
            assert error.message == "the store is closed"  # and nothing else  # noqa: PT017
            refused.set()

    with running(4, search):
        store.close()
    assert refused.is_set()


WRITERS = 3
BATCH = 3


def test_every_backup_under_writes_is_whole(store: VectorStore, url: str, tmp_path: Path) -> None:
    """Each of ten backups holds, of every writer, a prefix of what it wrote without gaps, all that was acknowledged
    before the backup began included, and Chroma finds each of these documents by its vector.
    """
    acknowledged = [0] * WRITERS
    numbers = iter(range(WRITERS))
    mine = threading.local()

    def write() -> None:
        if not hasattr(mine, "number"):
            mine.number = next(numbers)
        first = acknowledged[mine.number]
        batch = range(first, first + BATCH)
        store.add_documents(
            [f"{mine.number} {n}" for n in batch],
            ids=[f"{mine.number}-{n}" for n in batch],
            embeddings=[[float(mine.number + 1), float(n), 1.0] for n in batch],
        )
        acknowledged[mine.number] += BATCH

    seen: dict[str, tuple[list[int], list[int]]] = {}
    with running(WRITERS, write):
        for number in range(10):
            before = list(acknowledged)
            store.backup(f"backup-{number}")
            seen[f"backup-{number}"] = before, list(acknowledged)
    for name, (before, after) in seen.items():
        counts = _open_and_count(url, name, tmp_path / name)
        for low, count, high in zip(before, counts, after, strict=True):
            assert low <= count <= high + BATCH  # one more may be stored and not yet acknowledged
            assert count % BATCH == 0
    assert sum(acknowledged) == store.get_document_count()


def _open_and_count(url: str, name: str, folder: Path) -> list[int]:
    """How many documents of each writer a backup holds, after a look at all of them."""
    Repository.open(url).restore(name, folder)
    with bare_chroma(folder) as client:
        collection = client.get_collection("tests")
        rows: Any = collection.get(include=["documents", "embeddings"])
        counts = [sum(each.startswith(f"{writer}-") for each in rows["ids"]) for writer in range(WRITERS)]
        assert sorted(rows["ids"]) == sorted(
            f"{writer}-{n}" for writer in range(WRITERS) for n in range(counts[writer])
        )
        assert rows["documents"] == [each.replace("-", " ") for each in rows["ids"]]
        assert len(rows["ids"]) == collection.count()
        if rows["ids"]:
            found: Any = collection.query(query_embeddings=rows["embeddings"], n_results=1, include=["distances"])
            assert max(distances[0] for distances in found["distances"]) < 1e-5
    return counts


def test_writes_and_syncs_of_one_store_are_no_conflict(store: VectorStore, open_store: OpenStore) -> None:
    added: list[str] = []

    def work() -> None:
        added.extend(store.add_documents(["text"], embeddings=[[1.0, 2.0]]))
        store.sync()

    with running(4, work):
        pass
    store.close()
    assert set(contents(open_store())) == set(added)


def test_what_was_written_before_a_sync_is_published_after_it(store: VectorStore, url: str, tmp_path: Path) -> None:
    """Also where the upload that holds it was begun by another thread."""
    names = iter(range(1000))

    def work() -> None:
        each = f"document-{next(names)}"
        store.add_documents([each], ids=[each], embeddings=[[1.0, 2.0]])
        store.sync()
        Repository.open(url).restore("latest", tmp_path / each)
        with bare_chroma(tmp_path / each) as client:
            assert client.get_collection("tests").get(ids=[each])["ids"] == [each]

    with running(3, work):
        store.backup("during")
    assert store.sync()["changed"] is False


@pytest.mark.parametrize("verb", ["backup", "sync", "close", "reset"])
def test_many_threads_at_once(store: VectorStore, verb: str) -> None:
    fill(store, "a")
    with ThreadPoolExecutor(4) as pool:
        for each in [pool.submit(getattr(store, verb)) for _ in range(8)]:
            each.result()
