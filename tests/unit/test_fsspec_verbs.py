"""The verbs over a file system of objects: what fsspec would do otherwise, and what is put right."""

from __future__ import annotations

import errno
from typing import Any

import pytest

from tests.unit.fake_fs import UnitBackend, UnitFileSystem, box
from thoth_storage.errors import InvalidArgumentError, NotFoundError, PermissionError_, StorageError, UnavailableError


class RangeError(Exception):
    """As services answer to a range that starts behind the end."""

    status = 416


def test_a_range_that_the_service_refuses_is_a_slice() -> None:
    def refuse(verb: str, path: str) -> None:
        if verb == "range":
            raise RangeError

    backend = box()
    backend.put("a", b"0123")
    UnitFileSystem.fail = refuse
    assert backend.get("a", 4) == backend.get("a", 9, 12) == b""
    with pytest.raises(StorageError):
        backend.get("a", 3)  # there is a byte; an empty answer would lose it


def test_an_empty_range_of_nothing_is_not_found() -> None:
    with pytest.raises(NotFoundError):
        box().get("absent", 3, 3)
    with pytest.raises(NotFoundError):
        box().get("absent", 7)


@pytest.mark.parametrize(("foreign", "cls"), [(TimeoutError, UnavailableError), (PermissionError, PermissionError_)])
def test_a_range_that_fails_otherwise_is_no_empty_slice(foreign: type[Exception], cls: type[StorageError]) -> None:
    def fail(verb: str, path: str) -> None:
        if verb == "range":
            raise foreign("x")

    backend = box()
    backend.put("a", b"")
    UnitFileSystem.fail = fail
    with pytest.raises(cls):
        backend.get("a", 5)


def test_a_folder_is_no_object() -> None:
    backend = box()
    backend.put("a/b", b"")
    for call in (backend.get, backend.head, lambda key: backend.get(key, 1, 1)):
        with pytest.raises(NotFoundError) as caught:
            call("a")
        assert (caught.value.url, caught.value.key) == (backend.url, "a")
    backend.delete("a")
    assert [info.key for info in backend.list()] == ["a/b"]


def test_a_listing_leaves_out_what_is_no_key_of_this_store() -> None:
    backend = box()
    for key in ("b", "a/c", "a.b", "A"):
        backend.put(key, b"1")
    root = backend._root()
    for foreign in ("2/x", "-old", "//x", "/a//b", "/.thoth-tmp-1", "/d/.thoth-tmp-2", "/back\\slash"):
        backend.fs.store[root + foreign] = backend.fs.store[f"{root}/b"]
    assert [info.key for info in backend.list()] == ["A", "a.b", "a/c", "b"]
    assert [info.key for info in backend.list("a")] == ["a.b", "a/c"]
    assert [info.key for info in backend.list("a/")] == ["a/c"]
    assert [info.key for info in backend.list("a/c")] == ["a/c"]
    assert list(backend.list("a/cd")) == []


def test_an_empty_listing_asks_whether_the_bucket_exists() -> None:
    asked: list[str] = []

    class Asking(UnitBackend):
        def check_container(self) -> None:
            asked.append("?")
            raise FileNotFoundError("no such bucket")

    backend = Asking(box()._full_url)
    with pytest.raises(NotFoundError, match="no such bucket") as caught:
        backend.list("x")
    assert (caught.value.url, caught.value.key) == (backend.url, None)
    backend.put("x1", b"")
    assert [info.key for info in backend.list("x")] == ["x1"]
    assert asked == ["?"]


def test_a_listing_that_fails_half_way_fails_at_once() -> None:
    class Torn(UnitBackend):
        def find(self, folder: str, leaf: str) -> Any:
            yield {"name": f"{folder}/a", "size": 1, "type": "file"}
            raise PermissionError(errno.EACCES, "no access to the next page")

    with pytest.raises(PermissionError_, match="next page"):
        Torn(box()._full_url).list()


@pytest.mark.parametrize("key", ["*", "a?", "[ab]", "~", "$HOME", "a b", "%2e%2e", "é", "#1", "a::b", "?versionId=1"])
def test_keys_are_never_patterns(key: str) -> None:
    backend = box()
    for each in ("a", "ab", "b", key):
        backend.put(each, each.encode())
    backend.delete(key, "absent*")
    assert [info.key for info in backend.list()] == ["a", "ab", "b"]
    with pytest.raises(NotFoundError):
        backend.get(key)


def test_many_are_deleted_and_the_missing_are_no_error() -> None:
    backend = box()
    for n in range(60):
        backend.put(f"k{n}", b"")
    backend.delete(*(f"k{n}" for n in range(1, 90)), "k3", "k3")
    assert [info.key for info in backend.list()] == ["k0"]
    backend.delete()


def test_a_delete_that_fails_among_many_is_told() -> None:
    def fail(verb: str, path: str) -> None:
        if verb == "remove" and path.endswith("k7"):
            raise PermissionError("kept by a lock")

    backend = box()
    UnitFileSystem.fail = fail
    with pytest.raises(PermissionError_, match="kept by a lock"):
        backend.delete(*(f"k{n}" for n in range(20)))


@pytest.mark.parametrize("data", ["text", 5, None, [1]])
def test_content_is_bytes(data: Any) -> None:
    backend = box()
    for call in (backend.put, backend.create):
        with pytest.raises(InvalidArgumentError, match=f"not {type(data).__name__}"):
            call("a", data)
    assert list(backend.list()) == []
