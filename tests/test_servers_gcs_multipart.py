"""The GCS server: bodies of many parts, which are uploads in one request and batches."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.servers.clients import connect, fresh
from tests.servers.gcs import GcsServer
from tests.servers.gcs.errors import ApiError
from tests.servers.gcs.multipart import parse_related
from tests.servers.wire import send


@pytest.fixture(scope="module")
def running() -> Iterator[GcsServer]:
    with GcsServer() as server:
        yield server


@pytest.fixture
def server(running: GcsServer, monkeypatch: pytest.MonkeyPatch) -> GcsServer:
    return fresh(running, monkeypatch)


@pytest.fixture
def fs(server: GcsServer) -> Any:
    return connect(server)


def related(data: bytes, eol: bytes = b"\n") -> bytes:
    lines = [b"--==0==", b"Content-Type: application/json", b"", b'{"name": "key"}']
    return eol.join([*lines, b"--==0==", b"Content-Type: text/plain", b"", data, b"--==0==--"])


@pytest.mark.parametrize("eol", [b"\n", b"\r\n"])
@pytest.mark.parametrize("data", [b"", b"x", b"\n", b"a\n\nb\r\n\r\nc\r", b"in a line --==0==", b"--==0=\n\n--"])
def test_multipart_gives_back_the_bytes(data: bytes, eol: bytes) -> None:
    resource, content = parse_related('multipart/related; boundary="==0=="', related(data, eol))
    assert (resource, content) == ({"name": "key", "contentType": "text/plain"}, data)


@pytest.mark.parametrize(("data", "kept"), [(b"ab\n--==0==\ncd", b"ab"), (b"--==0==cd", b""), (b"\n--==0==--", b"")])
def test_multipart_ends_at_the_first_delimiter_line(server: GcsServer, fs: Any, data: bytes, kept: bytes) -> None:
    """gcsfs does not look for its boundary in the data, and is told of success."""
    fs.pipe_file("bucket/key", data)
    assert server.store.get("bucket", "key").data == kept
    with fs.open("bucket/key", "wb") as file:
        file.write(data)
    assert server.store.get("bucket", "key").data == data


def test_multipart_that_is_none_is_refused() -> None:
    for body in (b"", b"--==0==", related(b"x").removesuffix(b"\n--==0==--"), b"--==0==\n\n{}\n--==0==--"):
        with pytest.raises(ApiError):
            parse_related("multipart/related; boundary===0==", body)


def test_what_the_client_says_of_the_content_must_be_true(server: GcsServer) -> None:
    for md5, status in (("ndTkYSaMgDT1yFZOFVxnpg==", 200), ("AAAAAAAAAAAAAAAAAAAAAA==", 400)):
        body = related(b"x").replace(b'{"name"', b'{"md5Hash": "%s", "name"' % md5.encode())
        headers = {"Content-Type": 'multipart/related; boundary="==0=="'}
        assert (
            send(server.endpoint, "POST", "/upload/storage/v1/b/bucket/o?uploadType=multipart", body, headers).status
            == status
        )


def test_a_batch_deletes_a_hundred_at_a_time(server: GcsServer) -> None:
    fs = connect(server, **server.options(batch_delete=True))
    for number in range(250):
        server.store.put("bucket", f"dir/{number}", b"", {})
    fs.rm("bucket/dir", recursive=True)
    assert server.stats.operations["batch"] == 3
    assert fs.find("bucket") == []


def test_each_deletion_of_a_batch_has_an_answer_of_its_own(server: GcsServer) -> None:
    fs = connect(server, **server.options(batch_delete=True))
    for name in ("a", "b", "c"):
        server.store.put("bucket", name, b"", {})
    server.faults.add("403", match="b")
    with pytest.raises(OSError, match=r"does not have storage\.objects\.delete access"):
        fs.rm(["bucket/a", "bucket/b", "bucket/c", "bucket/none"])
    assert fs.find("bucket") == ["bucket/b"]


def test_a_batch_is_struck_as_a_whole_only_by_its_name(server: GcsServer) -> None:
    fs = connect(server, **server.options(batch_delete=True))
    server.store.put("bucket", "a", b"", {})
    server.faults.add("503-before", operations=["batch"])
    fs.rm(["bucket/a"])
    assert server.stats.operations["batch"] == 2
    assert fs.find("bucket") == []
