"""A backend that writes nothing and is believed all the same: what the conformance kit's state machine cannot tell from
a real one."""

from __future__ import annotations

import pickle
import uuid

import pytest

from tests.unit.helpers import memory
from thoth_storage.backend import Backend
from thoth_storage.errors import AlreadyExistsError, NotFoundError, StorageError
from thoth_storage.memory import MemoryBackend
from thoth_storage.testing import BackendMachine
from thoth_storage.wrappers import PretendBackend, ReadOnlyBackend

THEIRS = {"a": b"1", "folder/a": b"22", "folder/b": b"333", "zz": b"4444"}


def pretend(hollow: tuple[str, ...] = ()) -> tuple[PretendBackend, Backend]:
    store = memory()
    for key, data in THEIRS.items():
        store.put(key, data)
    return PretendBackend(ReadOnlyBackend(store), hollow), store


def emptied() -> Backend:
    """Over a store that has objects of these very names, all of which are gone as far as this one tells."""
    store = MemoryBackend(f"memory://{uuid.uuid4().hex}/store")
    for key, data in THEIRS.items():
        store.put(key, data)
    backend = PretendBackend(ReadOnlyBackend(store))
    backend.delete(*THEIRS)
    return backend


TestAsStateMachine = BackendMachine.for_backend(emptied, lambda first: first).TestCase
TestAsStateMachine.settings = BackendMachine.bounded(30, 30, shrink=True)


def test_what_is_there_is_seen_below_what_is_written() -> None:
    backend, store = pretend()
    backend.put("folder/a", b"new")
    backend.create("folder/c", b"5")
    backend.delete("zz", "none")
    assert (backend.get("folder/a"), backend.get("a"), backend.get("folder/a", 1, 2)) == (b"new", b"1", b"e")
    assert [(each.key, each.size) for each in backend.list()] == [
        *(("a", 1), ("folder/a", 3), ("folder/b", 3), ("folder/c", 1))
    ]
    assert [each.key for each in backend.list("folder/a")] == ["folder/a"]
    for key in ("a", "folder/c"):
        with pytest.raises(AlreadyExistsError):
            backend.create(key, b"")
    for look in (backend.get, backend.head):
        with pytest.raises(NotFoundError):
            look("zz")
    backend.create("zz", b"back")
    assert backend.head("zz").size == 4
    assert {each.key: store.get(each.key) for each in store.list()} == THEIRS


def test_it_reckons_what_would_be_stored_and_what_would_go() -> None:
    backend, _ = pretend()
    list(backend.list("folder/"))
    backend.delete("zz", "folder/b", "none")
    backend.delete("zz")
    backend.put("new", b"12345")
    backend.put("spent", b"123")
    backend.delete("spent")
    assert (backend.added, backend.removed) == (5, 7)


def test_of_what_is_hollow_only_the_size_is_kept() -> None:
    backend, _ = pretend(("packs/",))
    backend.put("packs/1", bytes(1000))
    assert backend.head("packs/1").size == 1000
    assert next(backend.list("packs/")).size == 1000
    with pytest.raises(StorageError, match="only the size"):
        backend.get("packs/1")


def test_a_pickle_has_written_nothing() -> None:
    backend, _ = pretend()
    backend.put("new", b"1")
    again = pickle.loads(pickle.dumps(backend))
    with pytest.raises(NotFoundError):
        again.head("new")
    assert again.get("a") == b"1"
