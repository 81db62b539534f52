"""The log on live servers under the real clients, while replies are lost and services refuse."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.log.logs import truncate_all
from tests.log.racing import append_all, everything
from tests.servers.clients import fresh
from tests.servers.common import ObjectServer
from tests.servers.gcs import GcsServer
from tests.servers.s3 import S3Server
from thoth_storage.backend import Backend
from thoth_storage.log import FellBehindError, Log, Tail
from thoth_storage.registry import open_backend

COUNT = 12
NAMES = ["a", "b", "c"]


@pytest.fixture(scope="module", params=[GcsServer, S3Server], ids=["gcs", "s3"])
def running(request: pytest.FixtureRequest) -> Iterator[ObjectServer]:
    with request.param() as server:
        yield server


@pytest.fixture
def server(running: ObjectServer, monkeypatch: pytest.MonkeyPatch) -> ObjectServer:
    return fresh(running, monkeypatch)


def opened(server: ObjectServer) -> Backend:
    return open_backend(f"{server.scheme}://bucket/store", **server.options())


@pytest.mark.parametrize("kind", ["drop", "503", "503-before"])
def test_every_payload_exactly_once(server: ObjectServer, kind: str) -> None:
    backends = [opened(server) for _ in NAMES]
    server.faults.add(kind, 10, match="log/")
    with ThreadPoolExecutor(len(NAMES)) as pool:
        saw = list(pool.map(lambda name, at: append_all(Log(at, name), name, COUNT), NAMES, backends))
    assert server.faults.pending == 0
    found = everything(Log(backends[0], "reader"))
    assert sorted(found) == sorted(f"{name} {number}".encode() for name in NAMES for number in range(COUNT))
    assert all(one == found[: len(one)] for one in saw)


def test_a_poll_and_an_append_are_one_request(server: ObjectServer) -> None:
    tail = Tail(Log(opened(server), "w"), 0)
    tail.read()
    for act in (tail.read, lambda: tail.take(tail.append(b"x")[0]), tail.read):
        server.stats.reset()
        act()
        assert sum(server.stats.operations.values()) == 1


def test_truncated(server: ObjectServer) -> None:
    backend = opened(server)
    append_all(Log(backend, "w"), "w", 12)
    assert truncate_all(backend, 9) == list(range(1, 10))
    assert [each.payload for each in Tail(Log(backend, "r"), 9).read()] == [b"w 9", b"w 10", b"w 11"]
    with pytest.raises(FellBehindError):
        Tail(Log(backend, "r"), 8).read()
