"""The faults of the servers, under the real clients: each does what it says, no more and no less."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.servers.clients import connect, fresh
from tests.servers.common import ObjectServer
from tests.servers.faults import FOREVER, READS
from tests.servers.gcs import GcsServer
from tests.servers.s3 import S3Server
from tests.servers.wire import send

FORBIDDEN = {"gs": "Forbidden", "s3": "Access Denied|Forbidden"}


@pytest.fixture(scope="module", params=[GcsServer, S3Server], ids=["gcs", "s3"])
def running(request: pytest.FixtureRequest) -> Iterator[ObjectServer]:
    with request.param() as server:
        yield server


@pytest.fixture
def server(running: ObjectServer, monkeypatch: pytest.MonkeyPatch) -> ObjectServer:
    return fresh(running, monkeypatch)


@pytest.fixture
def fs(server: ObjectServer) -> Any:
    return connect(server)


@pytest.mark.parametrize("kind", ["drop", "503"])
def test_a_reply_is_lost_after_the_write_is_done(server: ObjectServer, fs: Any, kind: str) -> None:
    """The client tries again and loses against itself: this is what every create above must see through."""
    server.faults.add(kind)
    with pytest.raises(FileExistsError):
        fs.pipe_file("bucket/key", b"mine", mode="create")
    assert server.faults.pending == 0
    assert server.stats.operations["write"] == 2
    assert fs.cat_file("bucket/key") == b"mine"


def test_a_dropped_reply_ends_the_connection(server: ObjectServer) -> None:
    """At once: a client that is left waiting would prove its timeout, not its retries."""
    upload = {
        "gs": ("POST", "/upload/storage/v1/b/bucket/o?uploadType=media&name=key"),
        "s3": ("PUT", "/bucket/key"),
    }
    server.faults.add("drop")
    with pytest.raises(ConnectionResetError):
        send(server.endpoint, *upload[server.scheme], b"x")


@pytest.mark.parametrize("kind", ["503-before", "429-before"])
def test_a_refusal_leaves_nothing_done(server: ObjectServer, fs: Any, kind: str) -> None:
    server.faults.add(kind)
    fs.pipe_file("bucket/key", b"mine", mode="create")
    assert server.stats.operations["write"] == 2


def test_403_on_writes_or_reads_or_one_operation(server: ObjectServer, fs: Any) -> None:
    fs.pipe_file("bucket/key", b"old")
    server.faults.add("403", FOREVER)
    with pytest.raises(OSError, match=FORBIDDEN[server.scheme]):
        fs.pipe_file("bucket/key", b"new")
    assert fs.cat_file("bucket/key") == b"old"
    server.faults.clear()
    server.faults.add("403", FOREVER, methods=READS, operations=["list"])
    with pytest.raises(OSError, match=FORBIDDEN[server.scheme]):
        fs.ls("bucket")
    assert fs.cat_file("bucket/key") == b"old"


def test_a_fault_strikes_as_often_as_told_and_only_what_it_names(server: ObjectServer, fs: Any) -> None:
    server.faults.add("403", 2, match="log/")
    fs.pipe_file("bucket/other", b"")
    for _ in range(2):
        with pytest.raises(OSError, match=FORBIDDEN[server.scheme]):
            fs.pipe_file("bucket/log/1", b"")
    fs.pipe_file("bucket/log/1", b"")
    assert (server.faults.fired, server.faults.pending) == (2, 0)


def test_a_fault_that_would_never_strike_is_an_error(server: ObjectServer) -> None:
    for arguments in (
        {"kind": "oops"},
        {"kind": "drop", "operations": ["wirte"]},
        {"kind": "drop", "methods": "PUT"},
    ):
        with pytest.raises(ValueError, match="no "):
            server.faults.add(**arguments)


def test_delays_are_kept_and_do_not_add_up(server: ObjectServer, fs: Any) -> None:
    server.faults.add("slow", seconds=0.3)
    began = time.monotonic()
    fs.pipe_file("bucket/key", b"x")
    assert time.monotonic() - began >= 0.3
    server.latency = 0.5
    with ThreadPoolExecutor(8) as readers:
        began = time.monotonic()
        list(readers.map(fs.cat_file, ["bucket/key"] * 8))
    assert 0.5 <= time.monotonic() - began < 8 * 0.5


@pytest.mark.parametrize("running", [S3Server], indirect=True, ids=["s3"])
def test_deletions_are_denied_key_by_key(server: ObjectServer, fs: Any) -> None:
    """As S3 does it: with success, and an error for each key inside, of which s3fs says nothing."""
    fs.pipe_file("bucket/key", b"x")
    server.faults.add("403", FOREVER)
    assert fs.rm(["bucket/key"]) == []
    assert fs.exists("bucket/key")
