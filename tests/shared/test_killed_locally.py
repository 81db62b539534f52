"""Failures of this machine's own while an entry is applied: the log is right, no reader sees a part of an entry, and
the replica begins anew as soon as it can."""

from __future__ import annotations

import inspect
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from chromadb.api.rust import RustBindingsAPI
from chromadb.errors import InternalError

from tests.live.places import mounted
from tests.shared.killing import State, Step, after, agree, do, read, tags_in_log
from thoth_storage import PersistentClient, StorageError
from thoth_storage.store.applying import Applier

FIRST = (Step("create", "first"), Step("add", "first", "one", ("a", "b", "c")))
MANY = Step("add", "first", "many", tuple(f"m{number}" for number in range(1200)))
Work = Callable[[dict[str, Any]], None]


def model(*steps: Step) -> State:
    state: State = {}
    for step in steps:
        state = after(state, step)
    return state


@contextmanager
def before(monkeypatch: pytest.MonkeyPatch, verb: str, work: Work) -> Iterator[None]:
    """Chroma's own method, with ``work`` called before each that finds its collection."""
    plain = getattr(RustBindingsAPI, verb)

    def call(self: Any, **arguments: Any) -> Any:
        if any(arguments["collection_id"] == each.id for each in RustBindingsAPI.list_collections(self)):
            work(arguments)
        return plain(self, **arguments)

    with monkeypatch.context() as patch:
        call.__signature__ = inspect.signature(plain)  # type: ignore[attr-defined]
        patch.setattr(RustBindingsAPI, verb, call)
        yield


def failing(message: str, *numbers: int, ids: frozenset[str] = frozenset()) -> Work:
    """An InternalError at those calls, from 1, or at each that has one of ``ids``."""
    calls = 0

    def work(arguments: dict[str, Any]) -> None:
        nonlocal calls
        calls += 1
        if calls in numbers or ids & set(arguments["ids"]):
            raise InternalError(message)

    return work


@pytest.fixture
def place(tmp_path: Path) -> str:
    return f"file://{tmp_path}/store"


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.mark.parametrize(
    ("message", "number"), [("something odd", 1), ("disk I/O error", 2), ("something odd", 3)], ids=str
)
def test_a_failure_that_does_not_repeat(
    place: str, cache: Path, monkeypatch: pytest.MonkeyPatch, message: str, number: int
) -> None:
    """In each slice of a write: the replica begins anew with it, and the caller is told of success."""
    with PersistentClient(place, cache_dir=cache) as client:
        for step in FIRST:
            do(client, step)
        with before(monkeypatch, "_add", failing(message, number)):
            do(client, MANY)
        assert read(client) == model(*FIRST, MANY)
    agree(place, cache, [model(*FIRST, MANY)])
    assert tags_in_log(place)[:2] == ["one", "many"]


@pytest.mark.parametrize("verb", ["create", "rename", "delete", "drop"])
def test_what_a_call_gives_that_succeeded_at_the_second_attempt(
    place: str, cache: Path, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    plain, calls = Applier.apply, []

    def apply(self: Applier, told: Any) -> Any:
        calls.append(told)
        if len(calls) == 1:
            raise InternalError("something odd")
        return plain(self, told)

    with PersistentClient(place, cache_dir=cache) as client:
        for step in FIRST:
            do(client, step)
        notes = client.get_collection("first", embedding_function=None)
        monkeypatch.setattr(Applier, "apply", apply)
        if verb == "create":
            made: Any = client.create_collection("second", embedding_function=None)
            made.add(ids=["x"], embeddings=[[1.0, 0.0]])
            assert made.count() == 1
        elif verb == "rename":
            notes.modify(name="third")
            assert client.get_collection("third", embedding_function=None).count() == notes.count() == 3
        elif verb == "delete":
            assert notes.delete(where={"by": "one"}) in ({"deleted": 3}, None)
            assert notes.count() == 0
        else:
            client.delete_collection("first")
            assert not client.list_collections()
        assert len(calls) > 1


def test_a_failure_that_repeats_on_a_fresh_state_is_a_refusal(
    place: str, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everywhere, also among neighbours with which it is put together, and for those who open the store later."""
    wrong = Step("add", "first", "wrong", ("w",))
    with before(monkeypatch, "_add", failing("something odd", ids=frozenset("w"))):
        with PersistentClient(place, cache_dir=cache) as client:
            follower = PersistentClient(place, cache_dir=cache.with_name("follower"))
            for step in FIRST:
                do(client, step)
            with pytest.raises(InternalError, match="something odd"):
                do(client, wrong)
            do(client, Step("add", "first", "after", ("after",)))
            wanted = model(*FIRST, Step("add", "first", "after", ("after",)))
            assert read(client) == wanted
            follower.refresh()
            assert read(follower) == wanted
            with PersistentClient(place, cache_dir=cache.with_name("third"), mode="r") as reader:
                assert read(reader) == wanted
            follower.close()
        agree(place, cache, [wanted])


@pytest.mark.parametrize("verb", ["add", "delete"])
def test_no_reader_sees_half_of_an_entry_that_fails(
    place: str, cache: Path, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    """Reading goes on all the while: nothing of it or, once it is made anew, all of it."""
    step = MANY if verb == "add" else MANY._replace(verb="delete")
    seen: set[int] = set()
    failures: list[Exception] = []
    stop, inside = threading.Event(), threading.Event()

    def look() -> None:
        notes = reader.get_collection("first", embedding_function=None)
        while not stop.is_set():
            try:
                seen.add(notes.count())
                inside.set()
            except Exception as error:
                failures.append(error)

    with PersistentClient(place, cache_dir=cache) as client:
        reader = client
        for each in FIRST if verb == "add" else (*FIRST, MANY):
            do(client, each)
        threads = [threading.Thread(target=look) for _ in range(3)]
        for thread in threads:
            thread.start()
        inside.wait()
        fails = failing("something odd", 3)

        def work(arguments: dict[str, Any]) -> None:
            inside.clear()
            inside.wait(0.2)  # readers look now, if they may
            fails(arguments)

        with before(monkeypatch, f"_{verb}", work):
            do(client, step)
        stop.set()
        for thread in threads:
            thread.join()
    assert not failures
    assert seen == {3, 1203}


def test_a_client_that_is_closed_with_half_of_an_entry_leaves_nothing_of_it(
    place: str, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its directory is not kept as that of the checkpoint."""
    calls = iter([False, True])

    def interrupt(_: dict[str, Any]) -> None:
        if next(calls):
            raise KeyboardInterrupt

    for kept in (1, 0):
        client = PersistentClient(place, cache_dir=cache)
        if kept:
            for step in FIRST:
                do(client, step)
        client.checkpoint()
        if not kept:
            with before(monkeypatch, "_add", interrupt), pytest.raises(KeyboardInterrupt):
                do(client, MANY)
        client.close()
        # On a busy machine Chroma may take too long to close its files: then nothing is kept.
        assert len(list(cache.glob("*/*/closed.json"))) <= kept
    agree(place, cache, [model(*FIRST, MANY)])


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount")
def test_a_full_disk(place: str, tmp_path: Path) -> None:
    """What was written while the disk was full is in the log; with room again, this process goes on."""
    wanted = model(*FIRST)
    failed, number = 0, 0
    with mounted(tmp_path / "small", "size=24m") as small:
        client = PersistentClient(place, cache_dir=small)
        for step in FIRST:
            do(client, step)
        filler = small / "filler"
        filler.write_bytes(b"\0" * (21 * 2**20))
        while failed < 2 and number < 40:
            number += 1
            step = Step("add", "first", f"full{number}", tuple(f"{number}-{each}" for each in range(1200)))
            try:
                do(client, step)
            except (StorageError, InternalError):
                failed += 1
            if step.tag in tags_in_log(place):
                wanted = after(wanted, step)
            with suppress(StorageError, InternalError):  # rather than the past, or a part of an entry
                assert read(client) == wanted
        assert failed == 2
        filler.unlink()
        last = Step("add", "first", "last", ("last",))
        do(client, last)
        assert read(client) == after(wanted, last)
        client.close()
    agree(place, tmp_path / "cache", [after(wanted, last)])
