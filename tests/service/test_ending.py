"""SIGTERM, as Cloud Run sends it: in the middle of everything, and seconds before SIGKILL."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest

from tests.cli.helpers import environment
from tests.servers.gcs import GcsServer
from tests.service.helpers import Answer, Service, answer, call, client, service
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


IMPATIENT = """
import sys
from thoth_storage.service.serving import serve
from thoth_storage.service.settings import configured
import dataclasses
settings = configured(sys.argv[1], dict(each.split("=", 1) for each in sys.argv[2:]), port=0)
serve(dataclasses.replace(settings, deadline=1.5), lambda address: print(address, flush=True))
"""


def test_a_storage_that_hangs_does_not_keep_it(server: GcsServer, tmp_path: Path) -> None:
    """The checkpoint cannot be had in time; what was acknowledged is in the log."""
    pairs = [f"{name}={value}" for name, value in server.options().items()]
    env = {"THOTH_STORAGE_EMBEDDER": "lexical", "THOTH_STORAGE_CACHE_DIR": str(tmp_path / "cache")}
    with subprocess.Popen(
        [sys.executable, "-c", IMPATIENT, URL, *pairs],
        env=environment(env),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        started = Service(address, URL, process, tmp_path / "none")  # type: ignore[arg-type]
        started.wait_until_ready()
        assert call(started.address, "add_documents", documents=["kept"], ids=["kept"]).data["count"] == 1
        server.faults.add("slow", 1 << 30, match="packs/", seconds=30)
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        assert 1 < time.monotonic() - began < 5
    server.faults.clear()
    with VectorStore(URL, embedder="lexical", cache_dir=tmp_path, storage_options=server.options()) as store:
        assert store.get_documents()["ids"] == ["kept"]


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
