"""What is particular to Google Cloud Storage and to gcsfs."""

import pickle
from typing import Any

import pytest

import thoth_storage as ts
from tests.servers.faults import READS, WRITES
from tests.servers.gcs import GcsServer
from thoth_storage.testing.samples import pattern

BOUNDARY = b"\r\n--==0==--\r\n"


@pytest.fixture
def backend(server: GcsServer, url: str) -> ts.Backend:
    return ts.open_backend(url, **server.options())


def stored(server: GcsServer, backend: ts.Backend, key: str) -> Any:
    """What the service has, whatever a client was told."""
    return server.store.get("bucket", f"{backend.url.removeprefix('gs://bucket/')}/{key}")


def test_content_with_the_boundary_of_its_own_upload(server: GcsServer, backend: ts.Backend) -> None:
    """gcsfs stored it cut short, and reported success. Plain and resumable uploads have no boundary."""
    for number, data in enumerate((BOUNDARY, b"a" + BOUNDARY + b"b", pattern("x", 3 * 2**20) + BOUNDARY + b"end")):
        server.stats.reset()
        backend.put(f"put/{number}", data)
        backend.create(f"create/{number}", data)
        assert server.stats.operations["upload-finish"] == 1
        assert server.stats.operations["write"] == 1
        assert stored(server, backend, f"put/{number}").data == stored(server, backend, f"create/{number}").data == data
        with pytest.raises(ts.errors.AlreadyExistsError):
            backend.create(f"create/{number}", BOUNDARY)
    server.stats.reset()
    backend.create("plain", b"--==0")
    assert server.stats.operations["write"] == server.stats.requests == 1


@pytest.mark.parametrize("fault", ["drop", "503"])
def test_a_resumable_create_whose_reply_is_lost(server: GcsServer, backend: ts.Backend, fault: str) -> None:
    server.faults.add(fault, operations=["upload-finish"])
    backend.create("key", BOUNDARY)
    assert server.faults.pending == 0
    assert backend.get("key") == BOUNDARY


def test_an_object_of_more_than_one_upload_chunk(server: GcsServer, backend: ts.Backend) -> None:
    """From 50 MiB on gcsfs sends chunks. The precondition holds all the same."""
    data = pattern("large", 50 * 2**20 + 1)
    backend.create("large", data)
    assert server.stats.operations["upload-start"] == 1
    assert server.stats.operations["upload-chunk"] + server.stats.operations["upload-finish"] == 2
    assert backend.get("large") == data
    with pytest.raises(ts.errors.AlreadyExistsError):
        backend.create("large", data[:-1])
    assert backend.head("large").size == len(data)
    assert backend.get("large", 2**20, 2**20 + 5) == data[2**20 : 2**20 + 5]


def test_a_create_is_stamped_and_a_put_is_not(server: GcsServer, backend: ts.Backend) -> None:
    backend.create("one", b"same")
    backend.create("two", b"same")
    backend.put("three", b"same")
    stamps = [stored(server, backend, key).settable.get("metadata", {}).get("thoth-stamp") for key in ("one", "two")]
    assert all(stamps)
    assert len(set(stamps)) == 2
    assert "metadata" not in stored(server, backend, "three").settable


def test_a_lost_reply_is_told_from_somebody_else_with_the_same_bytes(server: GcsServer, backend: ts.Backend) -> None:
    """By the stamp: content alone could not tell. Ours is stored and its reply lost; theirs meets an object."""
    server.faults.add("drop")
    backend.create("ours", b"same")
    with pytest.raises(ts.errors.AlreadyExistsError):
        ts.open_backend(backend.url, **server.options()).create("ours", b"same")


def test_an_identity_that_may_not_read_the_buckets_metadata(server: GcsServer, backend: ts.Backend) -> None:
    """roles/storage.objectAdmin lacks storage.buckets.get: nothing here may ask for it."""
    server.deny_bucket_get = True
    assert list(backend.list()) == []
    backend.put("a", b"1")
    backend.create("b", b"2")
    assert backend.get("a") == b"1"
    assert [info.key for info in backend.list()] == ["a", "b"]
    backend.delete("a", "b", "c")
    with pytest.raises(ts.errors.NotFoundError):
        backend.get("a")
    assert list(backend.list("folder/")) == []


def test_a_missing_bucket_is_never_an_empty_store(server: GcsServer) -> None:
    for url in ("gs://no-such-bucket", "gs://no-such-bucket/db"):
        backend = ts.open_backend(url, **server.options())
        for prefix in ("", "a", "a/b"):
            with pytest.raises(ts.errors.NotFoundError, match="bucket"):
                list(backend.list(prefix))


def test_the_bucket_itself_as_a_store(server: GcsServer) -> None:
    backend = ts.open_backend("gcs://bucket", **server.options())
    backend.put("folder/key", b"x")
    assert server.store.get("bucket", "folder/key").data == b"x"
    assert [info.key for info in backend.list()] == ["folder/key"]


def test_an_emulator_named_by_the_environment(server: GcsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", server.endpoint)
    backend = ts.open_backend("gs://bucket/db", project="test", token="anon")
    backend.put("key", b"x")
    assert server.store.get("bucket", "db/key").data == b"x"


def test_overloads_are_waited_out(server: GcsServer, backend: ts.Backend) -> None:
    backend.put("key", b"x")
    for verb, methods in ((lambda: backend.get("key"), READS), (lambda: backend.put("key", b"y"), WRITES)):
        for fault in ("503-before", "429-before"):
            server.faults.add(fault, methods=methods)
        verb()
        assert server.faults.pending == 0


def test_each_verb_is_one_request(server: GcsServer, backend: ts.Backend) -> None:
    """Requests are what it costs: money and latency."""
    backend.put("warm", b"up")
    server.stats.reset()
    for _ in range(2):
        backend.put("folder/key", b"0123456789")
        backend.get("folder/key")
        backend.get("folder/key", 2, 5)
        backend.head("folder/key")
        list(backend.list("folder/"))
    backend.create("new", b"x")
    backend.delete("new")
    counts = {"write": 3, "read": 4, "stat": 2, "list": 2, "delete": 1}
    assert server.stats.snapshot()["operations"] == counts


def test_a_pickled_backend_keeps_its_options(server: GcsServer, backend: ts.Backend) -> None:
    backend.put("key", b"x")
    assert pickle.loads(pickle.dumps(backend)).get("key") == b"x"


def test_a_foreign_error_is_the_cause(server: GcsServer, backend: ts.Backend) -> None:
    for verb in (lambda: backend.get("missing"), lambda: backend.head("missing")):
        with pytest.raises(ts.errors.NotFoundError) as caught:
            verb()
        assert isinstance(caught.value.__cause__, FileNotFoundError)
    backend.put("key", b"x")
    with pytest.raises(ts.errors.AlreadyExistsError) as refused:
        backend.create("key", b"y")
    assert refused.value.__cause__ is not None


@pytest.mark.parametrize(("count", "pages"), [(0, 1), (3, 1), (1001, 2)])
def test_a_listing_is_a_request_a_page(count: int, pages: int, server: GcsServer, backend: ts.Backend) -> None:
    for number in range(count):
        backend.put(f"folder/{number:04d}", b"x")
    server.stats.reset()
    assert [info.key for info in backend.list("folder/")] == [f"folder/{number:04d}" for number in range(count)]
    assert server.stats.requests == pages
