"""The GCS server: names, listings, errors, preconditions, batches, as Google has them."""

import itertools
import random
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from gcsfs.retry import HttpError

from tests.servers.clients import connect, fresh
from tests.servers.faults import FOREVER, READS
from tests.servers.gcs import GcsServer
from tests.servers.gcs.listing import list_page
from tests.servers.wire import send

OBJECTS = "/storage/v1/b/bucket/o"


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


def test_listings_are_paged_at_a_thousand(server: GcsServer, fs: Any) -> None:
    names = [f"key-{number:04}" for number in range(2500)]
    for name in names:
        server.store.put("bucket", name, b"", {})
    assert fs.find("bucket") == [f"bucket/{name}" for name in names]
    assert server.stats.operations["list"] == 3
    page = send(server.endpoint, "GET", f"{OBJECTS}?maxResults=5000").json
    assert len(page["items"]) == 1000
    assert page["nextPageToken"]


def test_pages_of_any_size_give_what_one_page_gives() -> None:
    rng = random.Random(1)
    names = sorted({"".join(rng.choices("ab/-é", k=rng.randint(1, 5))) for _ in range(80)})
    sizes, delimiters, prefixes, bounds = (1, 2, 3, 7), ("", "/"), ("", "a", "a/", "b/a"), ("", "a/", "b")
    for size, delimiter, prefix, start, end in itertools.product(sizes, delimiters, prefixes, bounds, bounds):
        wanted = {"prefix": prefix, "delimiter": delimiter, "startOffset": start, "endOffset": end}
        inside = [n for n in names if n.startswith(prefix) and n >= start and (not end or n < end)]
        rests = [(n[: len(prefix)], n[len(prefix) :].partition(delimiter or "\0")) for n in inside]
        keys: list[str] = []
        folders: list[str] = []
        token: str | None = ""
        while token is not None:
            page = list_page(names, {**wanted, "pageToken": token, "maxResults": str(size)})
            assert len(page.names) + len(page.prefixes) <= size
            keys += page.names
            folders += page.prefixes
            token = page.token
        assert keys == [head + rest for head, (rest, cut, _) in rests if not cut]
        assert folders == list(dict.fromkeys(head + rest + cut for head, (rest, cut, _) in rests if cut))


@pytest.mark.parametrize("name", ["a/b", "sp ace", "ü/é", "q?x#y", "pct%2Fz", "x//y", "plus+", "br{ace}", "new\nline"])
def test_names_survive(fs: Any, name: str) -> None:
    fs.pipe_file(f"bucket/{name}", name.encode())
    assert fs.cat_file(f"bucket/{name}") == name.encode()
    assert fs.find("bucket") == [f"bucket/{name}"]


def test_metadata_is_kept_through_copy_and_move(fs: Any) -> None:
    fs.pipe_file("bucket/a", b"x", metadata={"colour": "blue"}, content_type="text/plain")
    fs.cp_file("bucket/a", "bucket/b")
    fs.mv_file("bucket/b", "bucket/c")
    found = fs.info("bucket/c")
    assert (found["metadata"], found["contentType"], found["size"]) == ({"colour": "blue"}, "text/plain", 1)
    assert found["md5Hash"] == "ndTkYSaMgDT1yFZOFVxnpg=="
    assert not fs.exists("bucket/b")


def test_what_is_missing_is_named(server: GcsServer) -> None:
    missing_object = send(server.endpoint, "GET", f"{OBJECTS}/{quote('a/b', safe='')}")
    missing_bucket = send(server.endpoint, "GET", "/storage/v1/b/none/o/x")
    assert missing_object.status == missing_bucket.status == 404
    assert missing_object.json["error"]["message"] == "No such object: bucket/a/b"
    assert missing_bucket.json["error"]["message"] == "The specified bucket does not exist."
    assert missing_bucket.json["error"]["errors"][0]["reason"] == "notFound"
    assert send(server.endpoint, "GET", f"{OBJECTS}/x?alt=media").body == b"No such object: bucket/x"


def test_401_is_retried_for_expired_credentials_only(server: GcsServer, fs: Any) -> None:
    for kind, tries in (("401", 6), ("401-anonymous", 1)):
        server.stats.reset()
        server.faults.add(kind, FOREVER, methods=READS)
        with pytest.raises(HttpError):
            fs.cat_file("bucket/key")
        assert server.stats.operations["read"] == tries
        server.faults.clear()


def test_generations_guard_every_way_to_change_an_object(server: GcsServer) -> None:
    store, upload = server.store, "/upload/storage/v1/b/bucket/o?uploadType=media&name=key"
    other = store.put("bucket", "other", b"other", {}).generation
    requests = [
        ("POST", upload),
        ("POST", f"{OBJECTS}/other/rewriteTo{OBJECTS.removeprefix('/storage/v1')}/key"),
        ("POST", f"{OBJECTS}/other/copyTo{OBJECTS.removeprefix('/storage/v1')}/key"),
        ("DELETE", f"{OBJECTS}/key"),
        ("GET", f"{OBJECTS}/key"),
    ]
    for method, path in requests:
        live = store.put("bucket", "key", b"old", {}).generation
        query = path + ("&" if "?" in path else "?")
        for failing in (f"ifGenerationMatch={other}", "ifGenerationMatch=0", f"ifGenerationNotMatch={live}"):
            status = send(server.endpoint, method, query + failing, b"new").status
            assert status == (304 if method == "GET" and "Not" in failing else 412), (method, path, failing)
        assert store.get("bucket", "key").generation == live
        assert send(server.endpoint, method, f"{query}ifGenerationMatch={live}", b"new").status in (200, 204)
    assert send(server.endpoint, "DELETE", f"{OBJECTS}/other?ifMetagenerationMatch=1").status == 400
