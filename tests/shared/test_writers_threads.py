"""Threads of one process: what they write at once shares entries, and each gets what is its own."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from chromadb.errors import InvalidArgumentError, NotFoundError

from tests.live.conftest import OpenClient
from tests.live.programs import directories
from tests.shared.logged import Logged, read_writes
from tests.store.helpers import wait_until
from thoth_storage.backend import Backend
from thoth_storage.errors import ConflictError, StorageError, UnavailableError
from thoth_storage.memory import MemoryBackend
from thoth_storage.registry import open_backend
from thoth_storage.store.client import LiveClient
from thoth_storage.testing import FaultyBackend
from thoth_storage.wrappers import ThrottledBackend

THREADS = 8
EACH = 10


def notes(client: LiveClient, name: str = "notes") -> Any:
    return client.get_or_create_collection(name, embedding_function=None)


def rows(collection: Any) -> set[str]:
    return set(collection.get(include=[])["ids"])


def queued(client: LiveClient, calls: Sequence[Callable[[], object]]) -> list[Future[object]]:
    """The calls on a thread each, all of which wait in just this order before the first is stored."""
    live = client.live
    assert live.journal
    waiting = live.journal._queue
    pool = ThreadPoolExecutor(len(calls))
    with live.gate.writers:
        futures: list[Future[object]] = []
        for call in calls:
            futures.append(pool.submit(call))
            wait_until(lambda: len(waiting) == len(futures))
    pool.shutdown()
    return futures


def behind(url: str, before: int) -> list[Logged]:
    return [each for each in read_writes(open_backend(url)) if each.sequence > before]


def slow(backend: Backend) -> Backend:
    far = FaultyBackend(backend)
    far.add("slow", "create", key="log/", count=None, seconds=0.05)
    return far


def throttled(backend: Backend) -> Backend:
    return ThrottledBackend(backend, 8000)


@pytest.mark.parametrize("made_slow", [slow, throttled])
def test_what_waits_goes_into_one_entry(connect: OpenClient, made_slow: Callable[[Backend], Backend]) -> None:
    inner = MemoryBackend(f"memory://shared/{made_slow.__name__}")
    client = connect(made_slow(inner))
    collection = notes(client)

    def write(thread: int) -> None:
        for number in range(EACH):
            collection.add(ids=[f"{thread} {number}"], embeddings=[[float(thread), float(number)]])

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(write, range(THREADS)))
    logged = [each for each in read_writes(inner) if each.write]
    assert len(logged) == THREADS * EACH
    entries = len({each.sequence for each in logged})
    assert entries <= THREADS * EACH / 2
    assert rows(collection) == {f"{thread} {number}" for thread in range(THREADS) for number in range(EACH)}
    assert rows(notes(connect(inner, mode="r"))) == rows(collection)


def test_each_its_own_result_or_refusal(connect: OpenClient, place: str) -> None:
    client, other = connect(), connect(refresh=0)
    collection = notes(client)
    for group in range(4):
        ids = [f"{group} {number}" for number in range(group + 1)]
        collection.add(ids=ids, embeddings=[[1.0, 2.0]] * len(ids), metadatas=[{"group": group}] * len(ids))
    before = client.status().position
    assert before
    outcomes = queued(
        client,
        [
            lambda: collection.delete(where={"group": 3}),
            lambda: collection.add(ids=["bad"], embeddings=[[1.0, 2.0, 3.0]]),
            lambda: collection.delete(where={"group": 1}),
            lambda: collection.add(ids=["good"], embeddings=[[1.0, 2.0]]),
            lambda: collection.upsert(ids=["good", "worse"], embeddings=[[5.0, 2.0], [1.0]]),
            lambda: collection.update(ids=["good"], embeddings=[[3.0, 4.0]], metadatas=[{"group": 9}]),
        ],
    )
    assert len({each.sequence for each in behind(place, before)}) == 1
    assert [each.exception() is None for each in outcomes] == [True, False, True, True, False, True]
    assert isinstance(outcomes[1].exception(), InvalidArgumentError)
    assert "2" in str(outcomes[1].exception())
    counts: list[Any] = [outcomes[0].result(), outcomes[2].result()]
    assert [each and each["deleted"] for each in counts] in ([4, 2], [None, None])
    wanted = {"0 0", *(f"2 {number}" for number in range(3)), "good"}
    for each in (client, other):
        found = notes(each).get(ids=["good"], include=["embeddings", "metadatas"])
        assert found["embeddings"].tolist() == [[3.0, 4.0]]
        assert found["metadatas"] == [{"group": 9}]
        assert rows(notes(each)) == wanted


def test_names_change_between_writes_in_the_order_of_the_calls(connect: OpenClient, place: str) -> None:
    client, other = connect(), connect(refresh=0)
    collection = notes(client)
    collection.add(ids=["0"], embeddings=[[1.0, 1.0]])
    before = client.status().position
    assert before

    def add(name: str) -> Callable[[], object]:
        return lambda: collection.add(ids=[name], embeddings=[[1.0, 1.0]])

    outcomes = queued(
        client,
        [
            *(add("1"), add("2"), lambda: client.get_collection("notes").modify(name="renamed"), add("3"), add("4")),
            *(lambda: client.delete_collection("renamed"), add("5")),
            *(lambda: client.create_collection("renamed", embedding_function=None), add("6")),
        ],
    )
    told = [type(each.exception()) for each in outcomes]
    assert told == [type(None)] * 6 + [NotFoundError, type(None), NotFoundError]
    assert [(each.kind, each.collection, each.write and each.write.ids[0]) for each in behind(place, before)] == [
        *(("add", "notes", "1"), ("add", "notes", "2"), ("modify_collection", "notes", None)),
        *(("add", "renamed", "3"), ("add", "renamed", "4"), ("delete_collection", "renamed", None)),
        ("create_collection", "renamed", None),
    ]
    for each in (client, other):
        assert [found.name for found in each.list_collections()] == ["renamed"]
        assert not rows(notes(each, "renamed"))


def test_a_collection_is_renamed_again_and_again_beside_writes(connect: OpenClient) -> None:
    clients = [connect(), connect()]
    collection = notes(clients[0])
    done = threading.Event()
    acknowledged: list[str] = []

    def write(thread: int) -> None:
        number = 0
        while not done.is_set():
            name = f"{thread} {(number := number + 1)}"
            collection.add(ids=[name], embeddings=[[1.0, 1.0]])
            acknowledged.append(name)

    with ThreadPoolExecutor(4) as pool:
        running = [pool.submit(write, thread) for thread in range(3)]
        try:
            for number in range(8):
                clients[1].refresh()
                clients[1].list_collections()[0].modify(name=f"renamed-{number}")
        finally:
            done.set()
        for future in running:
            future.result()
    for each in clients:
        each.refresh()
        assert [found.name for found in each.list_collections()] == ["renamed-7"]
        assert rows(notes(each, "renamed-7")) == set(acknowledged)


def test_many_make_one_collection_at_once(connect: OpenClient) -> None:
    clients = [connect() for _ in range(4)]

    def make(client: LiveClient) -> str:
        try:
            client.create_collection("notes", embedding_function=None)
        except Exception as error:
            return type(error).__name__
        return "made"

    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(make, clients))
    assert made.count("made") == 1
    assert len(set(made)) == 2, "all others are refused alike"


def test_a_look_that_fails_is_no_look(connect: OpenClient, place: str) -> None:
    """Of readers that wait at once one looks for all; where that fails, none of the others has seen anything."""
    backend = FaultyBackend(open_backend(place))
    writer, reader = connect(), connect(backend, refresh=0)
    notes(writer).add(ids=["old"], embeddings=[[1.0, 1.0]])
    collection = notes(reader)
    assert rows(collection) == {"old"}
    told: list[object] = []

    def read() -> None:
        try:
            told.append(rows(collection))
        except UnavailableError as error:
            told.append(type(error))

    threads = [threading.Thread(target=read, name=f"reads {number}") for number in range(4)]
    with reader.live.gate.writers:
        for each in threads:
            each.start()
        wait_until(lambda: len([each for each in threads if each.is_alive()]) == len(threads))
        threading.Event().wait(0.3)  # until they all wait for the lock
        notes(writer).add(ids=["new"], embeddings=[[1.0, 1.0]])
        backend.add("before", "get", key="log/")
    for each in threads:
        each.join()
    assert backend.pending == 0
    assert told.count(UnavailableError) == 1
    assert {"old"} not in told


def test_a_store_that_is_closed_takes_no_write_that_waited(connect: OpenClient, place: str, cache: Path) -> None:
    client = connect(slow(open_backend(place)), refresh=0)
    collection = notes(client)
    acknowledged: list[str] = []
    refused: list[str] = []
    odd: list[BaseException] = []

    def write(thread: int) -> None:
        for number in range(1000):
            name = f"{thread} {number}"
            try:
                collection.add(ids=[name], embeddings=[[1.0, 1.0]])
                acknowledged.append(name)
                assert collection.get(ids=[name])["ids"] == [name]
            except StorageError:
                refused.append(name)
                return
            except BaseException as error:
                odd.append(error)
                return

    threads = [threading.Thread(target=write, args=[number]) for number in range(THREADS)]
    for each in threads:
        each.start()
    wait_until(lambda: len(acknowledged) > THREADS)
    client.close()
    for each in threads:
        each.join()
    assert not odd
    assert len(refused) == THREADS
    logged = [each.write.ids[0] for each in read_writes(open_backend(place)) if each.write]
    assert sorted(logged) == sorted(acknowledged)
    assert not directories(cache)


def test_a_refusal_does_not_keep_files_open_beyond_the_close(connect: OpenClient, cache: Path) -> None:
    """Its error holds frames, these hold Chroma, and in a circle all of it."""
    client = connect(cache_limit=2**30)
    collection = notes(client)
    collection.add(ids=["a"], embeddings=[[1.0, 1.0]])
    gc.disable()
    try:
        with suppress(InvalidArgumentError):
            collection.add(ids=["b"], embeddings=[[1.0, 1.0, 1.0]])
        client.close()
    finally:
        gc.enable()
    assert directories(cache), "it was not sure that Chroma had closed its files, so they could not be kept"


def test_starved(connect: OpenClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """A writer that loses every number has written nothing and says so."""
    client, rival = connect(), connect()
    collection, other = notes(client), notes(rival)
    monkeypatch.setattr("thoth_storage.store.journal._ATTEMPTS", 3)
    assert client.live.shared
    tail = client.live.shared.replica.tail
    append = tail.append

    def late(payload: bytes) -> Any:
        other.upsert(ids=["rival"], embeddings=[[1.0, 1.0]])
        return append(payload)

    monkeypatch.setattr(tail, "append", late)
    with pytest.raises(ConflictError) as told:
        collection.add(ids=["mine"], embeddings=[[1.0, 1.0]])
    assert told.value.hint
    monkeypatch.undo()
    for each in (client, rival):
        each.refresh()
        assert rows(notes(each)) == {"rival"}
    collection.add(ids=["mine"], embeddings=[[1.0, 1.0]])
    rival.refresh()
    assert rows(other) == {"rival", "mine"}
