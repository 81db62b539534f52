"""Mode "r": follows what others store, changes nothing, and never takes a store that it cannot reach for an empty
one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.live.conftest import OpenClient
from tests.live.programs import add, directories, ids, querying
from tests.servers.faults import ANY, FOREVER
from tests.servers.gcs import GcsServer
from tests.store.helpers import wait_until
from thoth_storage import CheckpointPolicy, Repository
from thoth_storage.errors import (
    InvalidArgumentError,
    NotFoundError,
    PermissionError_,
    StorageError,
    UnavailableError,
)
from thoth_storage.testing import FaultyBackend

MUTATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "add": lambda client, collection: collection.add(ids=["x"], embeddings=[[1.0, 1.0]]),
    "upsert": lambda client, collection: collection.upsert(ids=["1"], embeddings=[[1.0, 1.0]]),
    "update": lambda client, collection: collection.update(ids=["1"], embeddings=[[2.0, 1.0]]),
    "delete": lambda client, collection: collection.delete(ids=["1"]),
    "modify": lambda client, collection: collection.modify(name="renamed"),
    "fork": lambda client, collection: collection.fork("forked"),
    "create": lambda client, collection: client.create_collection("another", embedding_function=None),
    "get or create": lambda client, collection: client.get_or_create_collection("another", embedding_function=None),
    "delete collection": lambda client, collection: client.delete_collection("notes"),
    "reset": lambda client, collection: client.reset(),
    "checkpoint": lambda client, collection: client.checkpoint(),
}


@pytest.fixture
def durability() -> str:
    """Nothing is logged here: what is tested is what checkpoints alone give."""
    return "checkpoint"


@pytest.fixture
def filled(connect: OpenClient) -> None:
    with connect() as client:
        add(client, "1")
        client.checkpoint("first")


def objects(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_store_that_is_not_there(connect: OpenClient, tmp_path: Path, cache: Path) -> None:
    with pytest.raises(NotFoundError):
        connect(mode="r")
    assert not (tmp_path / "store").exists()
    assert not directories(cache)


def test_a_store_without_a_checkpoint(connect: OpenClient, place: str, tmp_path: Path, cache: Path) -> None:
    Repository.open(place, create=True).close()
    before = objects(tmp_path / "store")
    with pytest.raises(NotFoundError, match="no checkpoint yet") as told:
        connect(mode="r")
    assert told.value.hint == "write to it first"
    assert objects(tmp_path / "store") == before
    assert not directories(cache)


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_every_mutation_is_refused(connect: OpenClient, filled: None, tmp_path: Path, mutation: str) -> None:
    before = objects(tmp_path / "store")
    client = connect(mode="r")
    collection = client.get_collection("notes", embedding_function=None)
    with pytest.raises(PermissionError_, match="opened read-only") as told:
        MUTATIONS[mutation](client, collection)
    assert told.value.hint == 'open it with mode="rw"'
    assert ids(client) == {"1"}
    assert client.status().pending == 0
    client.close()
    assert objects(tmp_path / "store") == before


def test_what_only_reads_writes_nothing_at_the_url(connect: OpenClient, filled: None, tmp_path: Path) -> None:
    before = objects(tmp_path / "store")
    with connect(mode="r") as client:
        collection = client.get_or_create_collection("notes", embedding_function=None)
        assert collection.query(query_embeddings=[1.0, 1.0])["ids"] == [["1"]]
        assert client.refresh() is False
        assert [snapshot.name for snapshot in client.snapshots()] == ["first"]
        client.restore("first")
        assert client.status().behind == 0
        assert client.status().mode == "r"
    assert objects(tmp_path / "store") == before


def test_a_refresh_follows(connect: OpenClient, filled: None) -> None:
    replica, writer = connect(mode="r"), connect()
    collection = replica.get_collection("notes", embedding_function=None)
    for number in ("2", "3"):
        add(writer, number)
        assert replica.refresh() is False
        stored = writer.checkpoint()
        assert replica.status().behind == 1
        assert ids(replica) < {"1", "2", "3"}
        assert replica.refresh() is True
        assert replica.status().checkpoint == stored.id
        assert replica.status().behind == 0
        assert collection.count() == int(number)


def test_it_goes_back_and_forward_again(connect: OpenClient, filled: None) -> None:
    with connect() as writer:
        add(writer, "2")
    replica = connect(mode="r")
    replica.restore("first")
    assert ids(replica) == {"1"}
    assert replica.status().behind == 1
    assert replica.refresh() is True
    assert ids(replica) == {"1", "2"}


def test_it_follows_by_itself_while_threads_query(connect: OpenClient, filled: None) -> None:
    replica, writer = connect(mode="r", refresh=0.2), connect()
    collection = replica.get_collection("notes", embedding_function=None)

    def answer() -> frozenset[str]:
        return frozenset(collection.query(query_embeddings=[1.0, 1.0], n_results=10)["ids"][0])

    with querying(answer) as answers:
        for number in range(2, 6):
            add(writer, str(number))
            writer.checkpoint()
            wait_until(lambda number=number: len(answers[-1]) == number)  # type: ignore[misc]
    assert set(answers) >= {frozenset(str(each) for each in range(1, number + 1)) for number in range(2, 6)}
    assert replica.status().last_error is None


def test_following_goes_on_after_a_failure_and_tells_of_it_until_then(
    connect: OpenClient, filled: None, place: str
) -> None:
    backend = FaultyBackend(Repository.open(place).backend)
    replica, writer = connect(backend, mode="r", refresh=0.05), connect()
    backend.add("before", "list", count=None)
    wait_until(lambda: replica.status().last_error)
    assert "UnavailableError" in str(replica.status().last_error)
    assert replica.status().behind is None
    add(writer, "2")
    writer.checkpoint()
    assert ids(replica) == {"1"}
    backend.clear()
    wait_until(lambda: ids(replica) == {"1", "2"})
    wait_until(lambda: replica.status().last_error is None)


@pytest.mark.parametrize("mode", ["r", "rw"])
@pytest.mark.parametrize("error", [UnavailableError, PermissionError_])
@pytest.mark.parametrize("verb", ["get", "list"])
def test_a_failing_backend_is_no_empty_store(
    connect: OpenClient, filled: None, place: str, cache: Path, mode: str, error: type[StorageError], verb: str
) -> None:
    backend = FaultyBackend(Repository.open(place).backend)
    backend.add("before", verb, count=None, error=error)
    with pytest.raises(error):
        connect(backend, mode=mode)
    assert not directories(cache)
    backend.clear()
    assert ids(connect(backend, mode=mode)) == {"1"}
    assert len(Repository.open(place).snapshots()) == 1


@pytest.mark.parametrize("mode", ["r", "rw"])
def test_checkpoints_that_are_listed_and_not_found_are_no_empty_store(
    connect: OpenClient, filled: None, place: str, mode: str
) -> None:
    """As where a service tells nobody what he may not read."""
    backend = FaultyBackend(Repository.open(place).backend)
    backend.add("before", "get", key="snapshots/", count=None, error=NotFoundError)
    with pytest.raises(NotFoundError, match="injected fault"):
        connect(backend, mode=mode)
    backend.clear()
    assert ids(connect(backend, mode=mode)) == {"1"}


@pytest.mark.parametrize("mode", ["r", "rw"])
@pytest.mark.parametrize(("fault", "error"), [("403", PermissionError_), ("401", PermissionError_)])
def test_a_bucket_that_may_not_be_read_is_no_empty_store(
    connect: OpenClient, mode: str, fault: str, error: type[StorageError]
) -> None:
    with GcsServer() as server:
        server.create_bucket("bucket")
        options = server.options()
        with connect("gs://bucket/store", storage_options=options) as client:
            add(client, "1")
        server.faults.add(fault, FOREVER, methods=ANY)
        with pytest.raises(error):
            connect("gs://bucket/store", storage_options=options, mode=mode)
        server.faults.clear()
        with connect("gs://bucket/store", storage_options=options, mode=mode) as client:
            assert ids(client) == {"1"}


def test_arguments_that_mean_nothing(connect: OpenClient, tmp_path: Path) -> None:
    for more in (
        {"mode": "w"},
        {"mode": "r", "refresh": -1},
        {"mode": "r", "refresh": float("nan")},
        {"refresh": 1.0, "durability": "checkpoint"},
        {"mode": "r", "policy": CheckpointPolicy(rows=1)},
        {"durability": "write"},
    ):
        with pytest.raises(InvalidArgumentError):
            connect(**more)
    assert not (tmp_path / "store").exists()
