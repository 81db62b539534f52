"""A service that fails beneath a writer: what an error calls uncertain is there whole or not at all, never twice, and
the writer goes on."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.shared.killing import State, Step, after, agree, do, read, tags_in_log
from thoth_storage import PersistentClient
from thoth_storage.backend import Backend
from thoth_storage.errors import UnavailableError
from thoth_storage.registry import open_backend
from thoth_storage.testing import FaultyBackend
from thoth_storage.wrappers import RetryingBackend

NAMES = ("first", "second")
KINDS = (pytest.param("before", marks=pytest.mark.exhaustive), "after")


def some_step(chance: random.Random, state: State, number: int) -> Step:
    """A call that Chroma does not refuse in this state."""
    name = chance.choice(NAMES)
    if name not in state:
        return Step("create", name)
    if chance.random() < 0.08:
        return Step("drop", name)
    verb = chance.choice(("add", "add", "upsert", "update", "delete"))
    ids = tuple(f"r{each}" for each in chance.sample(range(12), 4))
    return Step(verb, name, f"step{number}", ids)


def seen_by_another(place: str, cache: Path) -> State:
    with PersistentClient(place, cache_dir=cache, cache_limit=0) as reader:
        return read(reader)


@pytest.fixture
def place(tmp_path: Path) -> str:
    return f"file://{tmp_path}/store"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("verb", ["create", pytest.param("get", marks=pytest.mark.exhaustive)])
def test_without_retries(place: str, tmp_path: Path, kind: str, verb: str) -> None:
    backend = FaultyBackend(_bare(place))
    chance = random.Random(f"{kind} {verb}")
    state: State = {}
    uncertain = sure = 0
    with (
        PersistentClient(backend, cache_dir=tmp_path / "cache") as client,
        PersistentClient(place, cache_dir=tmp_path / "other") as other,
    ):
        backend.add(kind, verb, key="log/", every=3 if verb == "create" else 2, count=None)
        for number in range(18):
            if number % 6 == 5:
                # Another writer, so that the one that fails has something to catch up with.
                mine = Step("add", "others", f"other{number}", (f"o{number}",))
                other.get_or_create_collection("others", embedding_function=None)
                do(other, mine)
                state = after({"others": {}, **state}, mine)
            step = some_step(chance, state, number)
            try:
                do(client, step)
            except UnavailableError:
                uncertain += 1
                found = seen_by_another(place, tmp_path / "looking")
                assert found in (state, after(state, step)), step
                state = found
            else:
                sure += 1
                state = after(state, step)
        backend.clear()
        last = Step("upsert", "others", "last", ("last",))
        do(client, last)
        state = after(state, last)
        other.refresh()
        assert read(client) == read(other) == state
    assert sure > 3
    assert uncertain  # few writes read anything
    tags = tags_in_log(place)
    assert len(tags) == len(set(tags))
    agree(place, tmp_path / "cache", [state])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("verb", ["create", pytest.param("get", marks=pytest.mark.exhaustive)])
def test_with_retries(place: str, tmp_path: Path, kind: str, verb: str) -> None:
    """Nobody notices, and what a lost reply made twice is there once."""
    faulty = FaultyBackend(_bare(place))
    faulty.add(kind, verb, every=2, count=None)
    backend = RetryingBackend(faulty, first_pause=0.001, longest_pause=0.01)
    chance = random.Random(kind)
    state: State = {}
    with PersistentClient(backend, cache_dir=tmp_path / "cache") as client:
        for number in range(18):
            step = some_step(chance, state, number)
            do(client, step)
            state = after(state, step)
        client.checkpoint()
        assert read(client) == state
    assert len(faulty.injected) > (8 if verb == "create" else 1)
    tags = tags_in_log(place)
    assert len(tags) == len(set(tags))
    agree(place, tmp_path / "cache", [state])


def _bare(place: str) -> Backend:
    """The service itself, without the retries that come with every URL."""
    backend = open_backend(place)
    assert isinstance(backend, RetryingBackend)
    return backend.inner
