"""When an instance may be sent requests: servers that are slow, silent or ahead."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import pytest

from tests.cli.helpers import invoke
from tests.servers.clients import hurry
from tests.servers.gcs import GcsServer
from tests.service.helpers import call, hosted, service
from tests.store.helpers import wait_until
from thoth_storage import Repository, VectorStore
from thoth_storage.errors import NotFoundError, StorageError, UnavailableError
from thoth_storage.service import readiness
from thoth_storage.service.lifecycle import StoreKeeper
from thoth_storage.service.readiness import Readiness
from thoth_storage.service.watching import Watch

URL = "gs://bucket/store"


@pytest.fixture
def server() -> Iterator[GcsServer]:
    with GcsServer() as server:
        server.create_bucket("bucket")
        yield server


def test_alive_at_once_and_ready_when_the_store_is_here(server: GcsServer, tmp_path: Path) -> None:
    with VectorStore(URL, embedder="lexical", cache_dir=tmp_path, storage_options=server.options()) as store:
        store.add_documents([f"document {number}" for number in range(20)])
    server.faults.add("slow", 3, methods=("GET",), seconds=0.8)
    options = [f"-o{name}={value}" for name, value in server.options().items()]
    with service(tmp_path / "service", URL, *options, ready=False) as started:
        assert started.ask("/health").status_code == 200
        answer = started.ask("/ready")
        assert answer.status_code == 503
        assert answer.json()["reasons"][0].startswith("the store is being opened")
        waiting = started.ask("/").text
        assert ">opening<" in waiting
        assert "The store is being opened" in waiting
        assert "thoth_store_ready 0\n" in started.ask("/metrics").text
        assert "the store is still being opened; try again" in call(started.address, "search", query="x").text
        started.wait_until_ready()
        assert call(started.address, "status").data["documents"] == 20
        assert server.faults.pending == 0


def keeper_of(store: VectorStore) -> StoreKeeper:
    keeper = StoreKeeper(lambda _progress: store)
    keeper.start()
    wait_until(lambda: keeper.is_open)
    return keeper


def test_a_storage_that_does_not_answer(server: GcsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch)
    monkeypatch.setattr(readiness, "_KEEP", 0.0)
    monkeypatch.setattr(readiness, "_PATIENCE", 0.5)
    with VectorStore(URL, embedder="lexical", cache_dir=tmp_path, storage_options=server.options()) as store:
        ready = Readiness(keeper_of(store), 1000)

        async def ask() -> None:
            assert await ready.reasons() == []
            server.faults.add("503-before", 1 << 30, methods=("GET",))
            assert await ready.reasons() == ["the storage does not answer"]
            server.faults.clear()
            for _ in range(50):  # a look that began before tries again for a while
                if not (reasons := await ready.reasons()):
                    break
            assert reasons == []

        anyio.run(ask)


def test_an_instance_that_lags_behind(tmp_path: Path) -> None:
    with VectorStore("memory://lag", embedder="lexical", cache_dir=tmp_path / "a") as writer:
        writer.add_documents(["first"])
        with VectorStore("memory://lag", embedder="lexical", cache_dir=tmp_path / "b", mode="r") as reader:
            for number in range(3):
                writer.add_documents([f"more {number}"])
            keeper = keeper_of(reader)
            assert anyio.run(Readiness(keeper, 3).reasons) == []
            assert anyio.run(Readiness(keeper, 2).reasons) == ["3 entries of the log are not applied yet; 2 may be"]
            reader.client.refresh()
            assert anyio.run(Readiness(keeper, 2).reasons) == []


def test_a_replica_waits_for_the_first_writer(tmp_path: Path) -> None:
    """And says meanwhile what it waits for, without telling strangers where."""
    opener = partial(VectorStore, tmp_path / "store", embedder="lexical", cache_dir=tmp_path / "replica", mode="r")
    keeper = StoreKeeper(lambda progress: opener(progress=progress))
    with hosted(tmp_path / "store", tmp_path, keeper, read_only=True) as started:
        wait_until(lambda: "NotFoundError" in started.ready()["reasons"][0])
        assert str(tmp_path) not in str(started.ready())
        assert str(tmp_path / "store") in started.ask("/").text
        with VectorStore(tmp_path / "store", embedder="lexical", cache_dir=tmp_path / "c") as store:
            store.add_documents(["there now"])
        started.wait_until_ready()
        assert call(started.address, "search", query="there").data["results"][0]["document"] == "there now"


def test_what_stays_wrong_ends_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Repository.open(tmp_path / "store", create=True).close()
    monkeypatch.setenv("THOTH_STORAGE_KEY", "superfluous")
    said = invoke("serve", tmp_path / "store", "--port", "0", "--quiet")
    assert said.code == 2
    assert [line[:7] for line in said.err.splitlines()] == ["error: "]


def test_an_address_that_cannot_be_had() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = invoke("serve", "memory://x", "--port", str(port), "--json")
    assert said.code == 2
    assert said.error["message"] == f"cannot listen on 127.0.0.1 port {port}: Address already in use"
    said = invoke("serve", "memory://x", "--host", "no such host", "--json")
    assert said.code == 2
    assert re.fullmatch(r"cannot listen on no such host port 8080: \w.+", said.error["message"])


def test_a_keeper_tries_again_while_that_may_help() -> None:
    tries: list[StorageError] = [UnavailableError("down"), NotFoundError("no bucket")]
    opened: Any = object()

    def opener(_progress: Any) -> Any:
        if tries:
            raise tries.pop(0)
        return opened

    keeper = StoreKeeper(opener)
    keeper.start()
    wait_until(lambda: isinstance(keeper.problem, UnavailableError))
    with pytest.raises(UnavailableError, match="still being opened"):
        keeper.store()
    keeper.stop_writes()  # the wait ends with it


def test_one_look_for_all_who_ask() -> None:
    looks, gate = [0], threading.Event()

    def look() -> int:
        looks[0] += 1
        gate.wait(10)
        return looks[0]

    async def ask() -> list[int | None]:
        watch = Watch(look, keep=60, patience=0.2)
        seen: list[int | None] = []

        async def one() -> None:
            seen.append(await watch.see())

        async with anyio.create_task_group() as group:
            for _ in range(10):
                group.start_soon(one)
        gate.set()
        return [*seen, await watch.see()]

    assert anyio.run(ask) == [*[None] * 10, 1]
    assert looks == [1]
