"""The read-only sleeve: reads go through, changes are refused before any request, with the way out."""

from __future__ import annotations

import pickle
from collections.abc import Callable

import pytest

from tests.unit.helpers import OnCue, memory
from thoth_storage.backend import Backend
from thoth_storage.errors import NotFoundError, PermissionError_
from thoth_storage.wrappers import ReadOnlyBackend, RetryingBackend

CHANGES: dict[str, Callable[[Backend], None]] = {
    "put": lambda backend: backend.put("a", b"new"),
    "create": lambda backend: backend.create("a", b"new"),
    "delete": lambda backend: backend.delete("a", "b"),
}


@pytest.mark.parametrize("verb", CHANGES)
def test_a_change_is_refused_without_a_request(verb: str) -> None:
    inner = OnCue()
    inner.inner.put("a", b"old")
    with pytest.raises(PermissionError_) as caught:
        CHANGES[verb](RetryingBackend(ReadOnlyBackend(inner)))
    assert str(caught.value) == f"this store is opened read-only [{inner.url}/a]; open it for writing"
    assert (caught.value.url, caught.value.key) == (inner.url, "a")
    assert inner.calls == []
    assert inner.inner.get("a") == b"old"


def test_to_delete_nothing_is_refused_too() -> None:
    with pytest.raises(PermissionError_) as caught:
        ReadOnlyBackend(memory()).delete()
    assert caught.value.key is None


def test_reads_go_through() -> None:
    inner = memory()
    inner.put("a/b", b"0123")
    backend = ReadOnlyBackend(inner)
    assert backend.get("a/b", 1, 3) == b"12"
    assert backend.head("a/b") == inner.head("a/b")
    assert list(backend.list("a")) == list(inner.list("a"))
    assert (backend.url, backend.capabilities) == (inner.url, inner.capabilities)
    with pytest.raises(NotFoundError):
        backend.get("b")


def test_a_pickle_is_no_way_around_it() -> None:
    backend = pickle.loads(pickle.dumps(ReadOnlyBackend(memory())))
    with pytest.raises(PermissionError_):
        backend.put("a", b"")


def test_repr_tells_the_whole_tower() -> None:
    backend = RetryingBackend(ReadOnlyBackend(memory()))
    assert repr(backend) == f"RetryingBackend(ReadOnlyBackend(MemoryBackend({backend.url!r})))"
