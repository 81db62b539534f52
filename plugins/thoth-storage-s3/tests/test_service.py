"""What is particular to S3 and to s3fs."""

import pickle
from concurrent.futures import ThreadPoolExecutor

import pytest

import thoth_storage as ts
from tests.servers.faults import READS, WRITES
from tests.servers.s3 import S3Server
from thoth_storage.testing.samples import pattern

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"  # as long as Amazon's, with the slash that they may have


@pytest.fixture
def backend(server: S3Server, url: str) -> ts.Backend:
    return ts.open_backend(url, **server.options())


def test_a_conflict_of_conditional_requests_is_tried_again(server: S3Server, backend: ts.Backend) -> None:
    """409: two creates met, and neither was decided. s3fs raises a plain EIO for it."""
    server.faults.add("409-before", 2)
    backend.create("key", b"mine")
    assert server.faults.pending == 0
    assert backend.get("key") == b"mine"
    server.faults.add("409-before")
    with pytest.raises(ts.errors.AlreadyExistsError):
        backend.create("key", b"another")


def test_an_empty_object_is_created_once(backend: ts.Backend) -> None:
    """s3fs's own files, closed without a byte, send a plain PUT, which overwrites."""
    backend.put("full", b"content")
    with pytest.raises(ts.errors.AlreadyExistsError):
        backend.create("full", b"")
    assert backend.get("full") == b"content"
    backend.create("empty", b"")
    with pytest.raises(ts.errors.AlreadyExistsError):
        backend.create("empty", b"")


def test_a_large_object_is_read_in_one_request(server: S3Server, backend: ts.Backend) -> None:
    """In parts, as s3fs reads it on its own, two versions of it might be put together."""
    data = pattern("large", 60 * 2**20)
    backend.put("large", data)
    server.stats.reset()
    assert backend.get("large") == data
    assert server.stats.snapshot()["operations"] == {"read": 1}


def test_a_large_object_is_created_once(server: S3Server, backend: ts.Backend) -> None:
    """In parts; the precondition goes with the request that puts them together. An upload that lost is given up."""
    data = pattern("large", 55 * 2**20)
    backend.create("large", data)
    with pytest.raises(ts.errors.AlreadyExistsError):
        backend.create("large", data[:-1])
    assert backend.head("large").size == len(data)
    server.faults.add("drop", operations=["write", "upload-finish"])
    backend.create("lost", data)
    assert backend.head("lost").size == len(data)


def test_a_batch_of_deletes_that_is_refused_inside_a_success(server: S3Server, backend: ts.Backend) -> None:
    backend.put("a", b"x")
    backend.put("b", b"x")
    server.faults.add("403", methods=["POST"], operations=["delete"])
    with pytest.raises(ts.errors.PermissionError_):
        backend.delete("a", "b")
    assert [info.key for info in backend.list()] == ["a", "b"]


def test_deletes_go_a_thousand_at_a_time(server: S3Server, backend: ts.Backend) -> None:
    there = [f"key-{number}" for number in (0, 1, 999, 1000, 1001, 1999, 2000, 2499)]
    for key in [*there, "key-2500"]:
        backend.put(key, b"x")
    server.stats.reset()
    backend.delete(*(f"key-{number}" for number in range(2500)))
    assert server.stats.snapshot()["operations"] == {"delete": 3}
    assert [info.key for info in backend.list()] == ["key-2500"]


def test_each_verb_is_one_request(server: S3Server, backend: ts.Backend) -> None:
    backend.put("warm", b"up")
    server.stats.reset()
    for _ in range(2):
        backend.put("folder/key", b"0123456789")
        backend.get("folder/key")
        backend.get("folder/key", 2, 5)
        backend.head("folder/key")
        list(backend.list("folder/"))
    backend.create("new", b"x")
    counts = {"write": 3, "read": 4, "stat": 2, "list": 2}
    assert server.stats.snapshot()["operations"] == counts


def test_a_missing_bucket_is_never_an_empty_store(server: S3Server) -> None:
    for url in ("s3://no-such-bucket", "s3://no-such-bucket/db"):
        backend = ts.open_backend(url, **server.options())
        for prefix in ("", "a", "a/b"):
            with pytest.raises(ts.errors.NotFoundError, match="bucket"):
                list(backend.list(prefix))


def test_the_bucket_itself_as_a_store(server: S3Server) -> None:
    backend = ts.open_backend("s3a://bucket", **server.options())
    backend.put("folder/key", b"x")
    assert [info.key for info in backend.list()] == ["folder/key"]
    assert ts.open_backend("s3://bucket/folder", **server.options()).get("key") == b"x"


def test_an_endpoint_named_by_the_environment(server: S3Server, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    backend = ts.open_backend(url)
    backend.put("key", b"x")
    assert backend.get("key") == b"x"


def test_keys_in_the_url_are_used_and_not_shown(server: S3Server, url: str) -> None:
    with_keys = url.replace("s3://", f"s3://AKIAIOSFODNN7EXAMPLE:{SECRET}@")
    backend = ts.open_backend(with_keys, endpoint_url=server.endpoint)
    backend.put("key", b"x")
    assert backend.get("key") == b"x"
    assert pickle.loads(pickle.dumps(backend)).get("key") == b"x"
    server.faults.add("403", methods=READS)
    with pytest.raises(ts.errors.PermissionError_) as caught:
        backend.head("key")
    told = [repr(backend), backend.url, str(caught.value), repr(caught.value), repr(caught.value.__cause__)]
    assert not [text for text in told if SECRET in text or "AKIAIOSFODNN7EXAMPLE" in text]


def test_overloads_are_waited_out(server: S3Server, backend: ts.Backend) -> None:
    backend.put("key", b"x")
    for verb, methods in ((lambda: backend.get("key"), READS), (lambda: backend.put("key", b"y"), WRITES)):
        for fault in ("503-before", "429-before"):
            server.faults.add(fault, methods=methods)
        verb()
        assert server.faults.pending == 0


def test_the_one_name_that_s3fs_takes_for_something_else_is_refused(backend: ts.Backend) -> None:
    for verb in (lambda: backend.put("a?versionId=1", b"x"), lambda: backend.get("a?versionId=1")):
        with pytest.raises(ts.errors.InvalidArgumentError, match="versionId"):
            verb()


def test_many_threads_share_one_client(server: S3Server, backend: ts.Backend) -> None:
    server.latency = 0.02
    with ThreadPoolExecutor(32) as pool:
        list(pool.map(lambda number: backend.put(f"{number}", b"x"), range(64)))
    server.latency = 0.0
    assert len(list(backend.list())) == 64


def test_a_foreign_error_is_the_cause(backend: ts.Backend) -> None:
    for verb in (lambda: backend.get("missing"), lambda: backend.head("missing")):
        with pytest.raises(ts.errors.NotFoundError) as caught:
            verb()
        assert isinstance(caught.value.__cause__, FileNotFoundError)


@pytest.mark.parametrize(("count", "pages"), [(0, 1), (3, 1)])
def test_a_listing_is_a_request_a_page(count: int, pages: int, server: S3Server, backend: ts.Backend) -> None:
    for number in range(count):
        backend.put(f"folder/{number:04d}", b"x")
    server.stats.reset()
    assert [info.key for info in backend.list("folder/")] == [f"folder/{number:04d}" for number in range(count)]
    assert server.stats.requests == pages
