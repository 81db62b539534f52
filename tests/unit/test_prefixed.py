"""A part of a store as a store of its own: nobody inside can see, or be told of, what lies outside."""

from __future__ import annotations

import pickle
from collections.abc import Callable

import pytest

from tests.unit.helpers import OnCue, memory, outage
from thoth_storage.backend import Backend
from thoth_storage.errors import (
    AlreadyExistsError,
    ConfigurationError,
    InvalidArgumentError,
    NotFoundError,
    StorageError,
    UnavailableError,
)
from thoth_storage.wrappers import PrefixedBackend

VERBS: dict[str, Callable[[Backend], object]] = {
    "get": lambda backend: backend.get("a/b"),
    "put": lambda backend: backend.put("a/b", b""),
    "create": lambda backend: backend.create("a/b", b""),
    "head": lambda backend: backend.head("a/b"),
    "list": lambda backend: list(backend.list("a/b")),
    "delete": lambda backend: backend.delete("a/b"),
}


def test_keys_are_long_inside_and_short_outside() -> None:
    inner = memory()
    part = PrefixedBackend(inner, "tenants/one/")
    part.put("a", b"0123")
    part.create("b/c", b"")
    inner.put("tenants/one-and-a-half/a", b"")
    inner.put("tenants/a", b"")
    assert inner.get("tenants/one/a") == part.get("a") == b"0123"
    assert part.get("a", 1, 2) == b"1"
    assert [info.key for info in part.list()] == ["a", "b/c"]
    assert [info.key for info in part.list("b")] == ["b/c"]
    assert part.head("a").key == "a"
    assert part.head("a").mtime == inner.head("tenants/one/a").mtime
    part.delete("a", "b/c", "absent")
    assert [info.key for info in inner.list()] == ["tenants/a", "tenants/one-and-a-half/a"]


def test_listings_keep_the_order_of_keys() -> None:
    part = PrefixedBackend(memory(), "p")
    keys = ["a", "a-", "a.b", "a/b", "a0", "é", "漢", "🦜", "B"]
    for key in reversed(keys):
        part.put(key.replace("a/b", "x/b"), b"")
    listed = [info.key for info in part.list()]
    assert listed == sorted(listed)
    assert len(listed) == len(keys)


@pytest.mark.parametrize("verb", VERBS)
def test_errors_speak_of_the_part(verb: str) -> None:
    def fail(_: object) -> None:
        raise UnavailableError("away", url=inner.url, key="tenants/one/a/b")

    inner = OnCue(fail)
    part = PrefixedBackend(inner, "tenants/one")
    with pytest.raises(UnavailableError) as caught:
        VERBS[verb](part)
    assert (caught.value.url, caught.value.key) == (f"{inner.url}/tenants/one", "a/b")
    assert str(caught.value) == f"away [{inner.url}/tenants/one/a/b]"


def test_real_errors_of_a_real_backend_do_so_too() -> None:
    part = PrefixedBackend(memory(), "p")
    part.put("a", b"")
    for call in (lambda: part.get("b"), lambda: part.head("b")):
        with pytest.raises(NotFoundError) as caught:
            call()
        assert (caught.value.url, caught.value.key) == (part.url, "b")
    with pytest.raises(AlreadyExistsError) as conflict:
        part.create("a", b"")
    assert (conflict.value.url, conflict.value.key) == (part.url, "a")


@pytest.mark.parametrize("key", [None, "other/a", "tenants/one"])
def test_an_error_about_something_else_is_left_alone(key: str | None) -> None:
    def fail(_: object) -> None:
        raise StorageError("broken", url="gs://b", key=key)

    with pytest.raises(StorageError) as caught:
        PrefixedBackend(OnCue(fail), "tenants/one").put("a", b"")
    assert (caught.value.url, caught.value.key) == ("gs://b", key)


def test_parts_of_parts() -> None:
    inner = memory()
    part = PrefixedBackend(PrefixedBackend(inner, "one"), "two")
    part.put("a", b"1")
    assert inner.get("one/two/a") == b"1"
    assert [info.key for info in part.list()] == ["a"]
    assert part.url == f"{inner.url}/one/two"
    with pytest.raises(NotFoundError) as caught:
        part.get("b")
    assert (caught.value.url, caught.value.key) == (part.url, "b")


@pytest.mark.parametrize("key", ["", "/a", "../a", "../../other/a", "a/..", "./a"])
def test_no_key_leads_out(key: str) -> None:
    inner = OnCue()
    part = PrefixedBackend(inner, "p")
    for call in (part.get, part.head, part.delete, lambda key: part.put(key, b""), lambda key: part.create(key, b"")):
        with pytest.raises(InvalidArgumentError):
            call(key)
    assert inner.calls == []


@pytest.mark.parametrize("prefix", ["/", "../x", "a//b", 7])
def test_a_bad_listing_is_refused_when_it_is_asked_for(prefix: str) -> None:
    with pytest.raises(InvalidArgumentError):
        PrefixedBackend(memory(), "p").list(prefix)


def test_a_listing_that_fails_does_so_when_it_is_asked_for() -> None:
    """As with every other backend; a caller's try need not span the loop."""
    with pytest.raises(UnavailableError):
        PrefixedBackend(OnCue(outage), "p").list()


@pytest.mark.parametrize("prefix", ["", "/", "/p", "p//", "..", "a/../b"])
def test_a_part_has_a_name_that_is_a_key(prefix: str) -> None:
    with pytest.raises(ConfigurationError):
        PrefixedBackend(memory(), prefix)


def test_pickle_and_repr() -> None:
    part = PrefixedBackend(memory(), "p")
    part.put("a", b"1")
    assert pickle.loads(pickle.dumps(part)).get("a") == b"1"
    assert repr(part) == f"PrefixedBackend({part.inner!r}, 'p/')"
