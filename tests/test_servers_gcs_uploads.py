"""The GCS server: how bytes come in."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from gcsfs.retry import HttpError

from tests.servers.clients import connect, fresh
from tests.servers.gcs import GcsServer
from tests.servers.wire import Reply, send

UPLOAD = "/upload/storage/v1/b/bucket/o"
CHUNK = 256 * 1024


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


class Resumable:
    """A session, driven by hand."""

    def __init__(self, server: GcsServer, query: str = "") -> None:
        opened = send(
            server.endpoint,
            "POST",
            f"{UPLOAD}?uploadType=resumable&name=key{query}",
            {"metadata": {"a": "b"}},
        )
        url = urlsplit(opened.headers["Location"])
        self.endpoint, self.path = server.endpoint, f"{url.path}?{url.query}"

    def put(self, content_range: str, body: bytes = b"") -> Reply:
        return send(self.endpoint, "PUT", self.path, body, {"Content-Range": content_range})


def test_resumable_keeps_whole_quanta_and_tells_what_it_has(server: GcsServer) -> None:
    content = bytes(range(256)) * 2500
    session = Resumable(server)
    asked = session.put("bytes */*")
    assert (asked.status, asked.headers["Range"]) == (308, None)
    assert session.put("bytes 0-9/*", content[:10]).status == 400
    assert session.put(f"bytes {CHUNK}-{2 * CHUNK - 1}/*", content[CHUNK : 2 * CHUNK]).status == 503
    for _ in range(2):  # sent again, as after a lost reply: kept once
        part = session.put(f"bytes 0-{CHUNK + 9}/{len(content)}", content[: CHUNK + 10])
        assert (part.status, part.headers["Range"]) == (308, f"bytes=0-{CHUNK - 1}")
    for _ in range(2):  # and the last one too
        done = session.put(f"bytes {CHUNK}-{len(content) - 1}/{len(content)}", content[CHUNK:])
        assert (done.status, done.json["size"], done.json["metadata"]) == (200, str(len(content)), {"a": "b"})
    assert session.put("bytes */*").json["generation"] == done.json["generation"]
    assert server.store.get("bucket", "key").data == content


def test_resumable_judges_preconditions_at_the_end(server: GcsServer) -> None:
    sessions = [Resumable(server, "&ifGenerationMatch=0") for _ in range(2)]
    first, second = (session.put("bytes 0-0/1", b"%d" % number) for number, session in enumerate(sessions))
    assert (first.status, second.status) == (200, 412)
    assert server.store.get("bucket", "key").data == b"0"
    assert [send(server.endpoint, "DELETE", session.path).status for session in sessions] == [499, 499]
    assert sessions[0].put("bytes */*").status == 404


@pytest.mark.parametrize("kind", ["drop", "503"])
def test_resumable_survives_the_loss_of_its_last_reply(server: GcsServer, fs: Any, kind: str) -> None:
    """Unlike an upload in one request: the session knows that it is done, so that trying again succeeds."""
    server.faults.add(kind)
    with fs.open("bucket/key", "xb") as file:
        file.write(b"mine")
    assert server.stats.operations == {"upload-start": 1, "upload-finish": 2}
    assert fs.cat_file("bucket/key") == b"mine"


@pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")
def test_resumable_survives_the_loss_of_a_reply_between(server: GcsServer, fs: Any) -> None:
    """The client sends the chunk again, and the server, which has it, does not keep it twice."""
    content = bytes(range(256)) * (7 << 12)
    server.faults.add("drop", operations=["upload-chunk"])
    with fs.open("bucket/key", "wb", block_size=5 << 20) as file:
        file.write(content[:-1])
        file.write(content[-1:])
    assert server.faults.pending == 0
    assert fs.cat_file("bucket/key") == content


def test_names_have_at_most_1024_bytes(server: GcsServer, fs: Any) -> None:
    fs.pipe_file("bucket/" + "é" * 512, b"x")
    with pytest.raises(HttpError, match="The maximum object length is 1024 characters"):
        fs.pipe_file("bucket/" + "é" * 512 + "e", b"x")


@pytest.mark.parametrize(
    ("header", "status", "body", "content_range"),
    [
        ("bytes=2-4", 206, b"234", "bytes 2-4/10"),
        ("bytes=8-99", 206, b"89", "bytes 8-9/10"),
        ("bytes=-3", 206, b"789", "bytes 7-9/10"),
        ("bytes=-99", 206, b"0123456789", "bytes 0-9/10"),
        ("bytes=10-", 416, b"Request range not satisfiable", "bytes */10"),
        ("bytes=4-2", 200, b"0123456789", None),
        ("lines=1-2", 200, b"0123456789", None),
    ],
)
def test_ranges(server: GcsServer, header: str, status: int, body: bytes, content_range: str | None) -> None:
    server.store.put("bucket", "key", b"0123456789", {})
    reply = send(server.endpoint, "GET", "/download/storage/v1/b/bucket/o/key?alt=media", b"", {"Range": header})
    assert (reply.status, reply.body, reply.headers["Content-Range"]) == (status, body, content_range)
