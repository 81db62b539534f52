"""SIGTERM, as Cloud Run sends it: in the middle of everything, and seconds before SIGKILL."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest

from tests.servers.gcs import GcsServer
from tests.service.helpers import Answer, answer, call, client, service
from tests.store.helpers import wait_until
from thoth_storage import VectorStore
from thoth_storage.errors import UnavailableError
from thoth_storage.service.lifecycle import StoreKeeper

URL = "gs://bucket/store"


@pytest.fixture
def server() -> Iterator[GcsServer]:
    with GcsServer() as server:
        server.create_bucket("bucket")
        yield server


def options(server: GcsServer) -> list[str]:
    return [f"-o{name}={value}" for name, value in server.options().items()]


def test_a_write_under_way_is_waited_for(server: GcsServer, tmp_path: Path) -> None:
    with service(tmp_path / "service", URL, *options(server)) as started:
        told: list[Answer] = []

        async def write() -> None:
            async with client(started.address) as connected:
                await connected.list_tools()  # else it asks for them behind the answer, to check that
                told.append(await answer(connected, "add_documents", {"documents": ["late"], "ids": ["late"]}))

        writing = threading.Thread(target=lambda: anyio.run(write))
        server.faults.add("slow", 1, match="log/", methods=("POST",), seconds=1.5)
        writing.start()
        wait_until(lambda: server.faults.fired)
        assert started.ask("/health").status_code == 200  # nobody else waits for that
        assert started.ready() == {"ready": True, "reasons": []}
        assert told == []
        assert started.terminate() == 0
        writing.join(10)
    assert told[0].data == {"ids": ["late"], "count": 1}


def test_while_the_store_is_coming(server: GcsServer, tmp_path: Path) -> None:
    server.faults.add("slow", 1 << 30, methods=("GET",), seconds=20)
    with service(tmp_path / "service", URL, *options(server), ready=False) as started:
        wait_until(lambda: server.faults.fired)
        began = time.monotonic()
        assert started.terminate() == 0
        assert time.monotonic() - began < 4


def hanging(server: GcsServer, folder: Path, *ends: int, deadline: str) -> float:
    """How long a service lives on after the first of the signals ``ends``, when its last checkpoint cannot be had.
    What it acknowledged is there all the same."""
    env = {"THOTH_STORAGE_DEADLINE": deadline}
    with service(folder / "service", URL, *options(server), env=env) as started:
        assert call(started.address, "add_documents", documents=["kept"], ids=["kept"]).data["count"] == 1
        server.faults.add("slow", 1 << 30, match="packs/", seconds=30)
        began = time.monotonic()
        for number in ends:
            started.process.send_signal(number)
            wait_until(lambda: server.faults.fired)
        assert started.process.wait(20) == 0
        lived = time.monotonic() - began
    server.faults.clear()
    with VectorStore(URL, embedder="lexical", cache_dir=folder, storage_options=server.options()) as store:
        assert store.get_documents()["ids"] == ["kept"]
    return lived


def test_a_storage_that_hangs_does_not_keep_it(server: GcsServer, tmp_path: Path) -> None:
    assert 1 < hanging(server, tmp_path, signal.SIGTERM, deadline="1.2") < 5


def test_the_second_signal_ends_it_at_once(server: GcsServer, tmp_path: Path) -> None:
    assert hanging(server, tmp_path, signal.SIGTERM, signal.SIGINT, deadline="25") < 10


def test_after_the_signal_reads_go_on_and_writes_do_not(tmp_path: Path) -> None:
    store = VectorStore("memory://ending", embedder="lexical", cache_dir=tmp_path)
    keeper = StoreKeeper(lambda _progress: store)
    keeper.start()
    wait_until(lambda: keeper.is_open)
    with keeper.writing() as open_store:
        open_store.add_documents(["before"])
        keeper.stop_writes()
        with pytest.raises(UnavailableError, match=r"takes no more writes.*another instance"), keeper.writing():
            pass
        assert keeper.store().get_document_count() == 1
        closing = threading.Thread(target=keeper.close, args=(10,))
        closing.start()
        time.sleep(0.2)
        assert closing.is_alive()
        open_store.add_documents(["under way"])
    closing.join(10)
    with VectorStore("memory://ending", embedder="lexical", cache_dir=tmp_path, mode="r") as after:
        assert after.get_document_count() == 2
