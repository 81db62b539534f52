"""The servers under the real clients: what both must do alike."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.servers.clients import connect, fresh
from tests.servers.common import ObjectServer
from tests.servers.gcs import GcsServer
from tests.servers.s3 import S3Server
from tests.servers.wire import send


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


def test_of_sixteen_creators_one_wins(fs: Any) -> None:
    start = threading.Barrier(16)

    def create(number: int) -> bytes | None:
        start.wait()
        try:
            fs.pipe_file(key, b"%d" % number, mode="create")
        except FileExistsError:
            return None
        return b"%d" % number

    with ThreadPoolExecutor(16) as racers:
        for attempt in range(5):
            key = f"bucket/race-{attempt}"
            winners = [bytes_ for bytes_ in racers.map(create, range(16)) if bytes_ is not None]
            assert winners == [fs.cat_file(key)]


def test_requests_and_bytes_are_counted(server: ObjectServer, fs: Any) -> None:
    fs.pipe_file("bucket/key", b"x" * 1000)
    fs.cat_file("bucket/key", start=0, end=100)
    assert server.stats.operations == {"write": 1, "read": 1}
    assert 1000 <= server.stats.bytes_in < 1500
    assert 100 <= server.stats.bytes_out < 1500
    server.stats.reset()
    assert server.stats.requests == 0


def test_ranges(fs: Any) -> None:
    fs.pipe_file("bucket/key", b"0123456789")
    assert fs.cat_file("bucket/key", start=2, end=5) == b"234"
    assert fs.cat_file("bucket/key", start=7, end=99) == b"789"
    assert fs.cat_file("bucket/key", start=-3) == b"789"
    with pytest.raises(Exception, match="not satisfiable"):
        fs.cat_file("bucket/key", start=10, end=12)


@pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")  # aiohttp's, of every large upload
def test_a_large_upload_goes_in_steps(server: ObjectServer, fs: Any) -> None:
    content = bytes(range(256)) * (11 << 12)
    with fs.open("bucket/key", "wb", block_size=5 << 20) as file:
        file.write(content[:-1])
        file.write(content[-1:])
    assert fs.cat_file("bucket/key") == content
    assert server.stats.operations["upload-start"] == server.stats.operations["upload-finish"] == 1
    assert server.stats.operations["upload-chunk"] >= 1


def test_a_bucket_whose_metadata_is_denied_still_serves_objects(server: ObjectServer, fs: Any) -> None:
    server.deny_bucket_get = True
    fs.pipe_file("bucket/key", b"x")
    assert fs.ls("bucket") == ["bucket/key"]
    status = send(server.endpoint, *{"gs": ("GET", "/storage/v1/b/bucket"), "s3": ("HEAD", "/bucket")}[server.scheme])
    assert status.status == 403


def test_a_server_that_was_away_comes_back_with_its_objects(server: ObjectServer, fs: Any) -> None:
    fs.pipe_file("bucket/key", b"x")
    endpoint = server.endpoint
    server.stop()
    with pytest.raises(ConnectionRefusedError):
        send(endpoint, "GET", "/_stats")
    server.start()
    assert server.endpoint == endpoint
    assert fs.cat_file("bucket/key") == b"x"


@pytest.mark.parametrize("running", [S3Server], indirect=True, ids=["s3"])
def test_two_stores_of_moto_would_be_one(running: ObjectServer) -> None:
    with pytest.raises(RuntimeError, match="another S3Server is running"):
        S3Server().start()


@pytest.mark.parametrize("module", ["gcs", "s3"])
def test_a_process_of_its_own_is_controlled_over_http(module: str) -> None:
    command = [sys.executable, "-m", f"tests.servers.{module}", "0", "--bucket", "bucket"]
    with subprocess.Popen(command, cwd=Path(__file__).parents[1], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        endpoint = process.stdout.readline().strip()
        try:
            path = {"gcs": "/storage/v1/b/bucket/o", "s3": "/bucket"}[module]
            fault = {"kind": "403", "methods": ["GET"], "operations": ["list"]}
            assert send(endpoint, "POST", "/_fault", fault).status == 200
            assert send(endpoint, "POST", "/_fault", {"kind": "oops"}).status == 400
            assert [send(endpoint, "GET", path).status for _ in range(2)] == [403, 200]
            assert send(endpoint, "GET", "/_stats").json["operations"] == {"list": 2}
            assert send(endpoint, "POST", "/_reset").status == 200
            assert send(endpoint, "GET", path).status == 404
        finally:
            process.terminate()
