"""The verbs over a file system of objects: what fsspec would do otherwise, and what is put right."""

from __future__ import annotations

import errno
from typing import Any

import pytest

from tests.unit.fake_fs import UnitBackend, UnitFileSystem, box
from thoth_storage.errors import InvalidArgumentError, NotFoundError, PermissionError_


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
    root = backend.root()
    for foreign in ("2/x", "-old", "//x", "/a//b", "/.thoth-tmp-1", "/d/.thoth-tmp-2", "/back\\slash"):
        backend.fs.store[root + foreign] = backend.fs.store[f"{root}/b"]
    assert [info.key for info in backend.list()] == ["A", "a.b", "a/c", "b"]
    assert [info.key for info in backend.list("a")] == ["a.b", "a/c"]
    assert [info.key for info in backend.list("a/")] == ["a/c"]
    assert [info.key for info in backend.list("a/c")] == ["a/c"]
    assert list(backend.list("a/cd")) == []


def test_neighbours_that_a_service_lists_by_their_beginning_are_left_out() -> None:
    """Object stores list by the beginning of a name, in which a slash is a letter like any other."""

    class ByBeginning(UnitBackend):
        def find(self, folder: str, leaf: str) -> Any:
            for name in (f"{folder}-old", f"{folder}2", f"{folder}-old/x", f"{folder}/mine", folder):
                yield {"name": name, "size": 1, "type": "file"}

    assert [info.key for info in ByBeginning(box()._full_url).list()] == ["mine"]


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


@pytest.mark.parametrize("key", ["", "/a", "a/", "a//b", "../a", "a/..", ".thoth-tmp-1", "a\n", 7])
def test_a_bad_key_or_range_is_refused_before_any_request(key: Any) -> None:
    asked: list[str] = []
    UnitFileSystem.fail = lambda verb, path: asked.append(verb)
    backend = box()
    for call in (
        backend.get,
        backend.head,
        backend.delete,
        lambda k: backend.put(k, b""),
        lambda k: backend.create(k, b""),
    ):
        with pytest.raises(InvalidArgumentError, match="invalid key"):
            call(key)
    for start, end in ((-1, None), (0, -1), (-3, -1)):
        with pytest.raises(InvalidArgumentError, match="invalid range"):
            backend.get("a", start, end)
    with pytest.raises(InvalidArgumentError, match="invalid prefix"):
        backend.list("a//b")
    assert (asked, UnitFileSystem.made) == ([], [])


@pytest.mark.parametrize("data", ["text", 5, None, [1]])
def test_content_is_bytes(data: Any) -> None:
    backend = box()
    for call in (backend.put, backend.create):
        with pytest.raises(InvalidArgumentError, match=f"not {type(data).__name__}"):
            call("a", data)
    assert list(backend.list()) == []
