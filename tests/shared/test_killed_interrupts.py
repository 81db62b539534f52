"""Ctrl-C at any moment of a write: what was under way is there whole or not at all, the client works on, and no other
thread waits for ever."""

from __future__ import annotations

import random
import signal
import threading
import time
import traceback
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from tests.shared.killing import State, Step, after, agree, child, do, read, received
from thoth_storage import CheckpointPolicy, PersistentClient, StorageError

NAMES = ("first", "second")
PATIENCE = 60.0
"""Seconds for which a write of another thread may take, on a busy machine."""


def some_step(chance: random.Random, state: State, number: int) -> Step:
    """A call that Chroma does not refuse in this state."""
    name = chance.choice(NAMES)
    if name not in state:
        return Step("create", name)
    if chance.random() < 0.1:
        return Step("drop", name)
    if len(state[name]) > 100:
        return Step("delete", name, ids=tuple(state[name]))
    verb = chance.choice(("add", "add", "upsert", "update", "delete"))
    count = 700 if verb == "add" and chance.random() < 0.3 else 5
    return Step(verb, name, f"step{number}", tuple(f"r{each}" for each in chance.sample(range(1000), count)))


class Beside(threading.Thread):
    """Another thread of the same program, which writes rows of its own."""

    def __init__(self, client: Any, name: str) -> None:
        super().__init__(daemon=True)
        self.collection = client.create_collection(name, embedding_function=None)
        self.wrote: set[str] = set()
        self.uncertain: set[str] = set()
        self.begun = time.monotonic()
        self.stop = threading.Event()
        self.wrong: BaseException | None = None

    def run(self) -> None:
        number = 0
        while not self.stop.is_set():
            number += 1
            row = f"row{number}"
            self.begun = time.monotonic()
            try:
                self.collection.add(ids=[row], embeddings=[[1.0, 2.0]])
                self.wrote.add(row)
            except StorageError as error:
                self.uncertain.add(row)
                if "interrupted" not in str(error):
                    self.wrong = error
            except BaseException as error:
                self.wrong = error
                raise
            self.stop.wait(0.02)

    def check(self) -> None:
        assert self.wrong is None, self.wrong
        assert time.monotonic() - self.begun < PATIENCE, "a write of another thread hangs"

    def check_rows(self, client: Any) -> None:
        found = set(client.get_collection(self.collection.name, embedding_function=None).get()["ids"])
        assert self.wrote <= found <= self.wrote | self.uncertain


def interrupted(client: Any, step: Step, delay: float) -> bool:
    """Do it, with Ctrl-C after so many seconds; whether that came before it was done."""
    done = False
    try:
        signal.setitimer(signal.ITIMER_REAL, delay)
        do(client, step)
        done = True
        signal.setitimer(signal.ITIMER_REAL, 0)
    except KeyboardInterrupt:
        return not done
    return False


def interrupt_again_and_again(wire: Connection, place: str, cache: Path, seed: int, times: int) -> None:
    """Tells the state at the end, and how often it was interrupted."""

    def ctrl_c(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGALRM, ctrl_c)
    chance, state, count, usual = random.Random(seed), State(), 0, 0.02
    client = PersistentClient(place, cache_dir=cache, policy=CheckpointPolicy(rows=3000))
    beside = [Beside(client, f"beside{number}") for number in range(2)]
    for each in beside:
        each.start()
    for number in range(times):
        step = some_step(chance, state, number)
        began = time.monotonic()
        if not interrupted(client, step, chance.uniform(0.0001, 1.5 * usual)):
            state = after(state, step)
            usual = (3 * usual + time.monotonic() - began) / 4
        else:
            count += 1
            client.refresh()
            found = _mine(client)
            assert found in (state, after(state, step)), f"{number} {step._replace(ids=step.ids[:3])}"
            state = found
        for each in beside:
            each.check()
    for each in beside:
        each.stop.set()
        each.join(PATIENCE)
        assert not each.is_alive(), "a write of another thread hangs"
        each.check()
        each.check_rows(client)
    assert _mine(client) == state
    with PersistentClient(place, cache_dir=cache.with_name("fresh"), mode="r") as reader:
        assert _mine(reader) == state
        for each in beside:
            each.check_rows(reader)
    for each in beside:
        client.delete_collection(each.collection.name)
    client.close()
    wire.send((state, count))


def _mine(client: Any) -> State:
    class Only:
        """The client without what others write."""

        get_collection = client.get_collection

        def list_collections(self) -> list[Any]:
            return [each for each in client.list_collections() if each.name in NAMES]

    return read(Only())


def _or_tell(wire: Connection, *arguments: Any) -> None:
    try:
        interrupt_again_and_again(wire, *arguments)
    except BaseException:
        with suppress(OSError):
            wire.send(traceback.format_exc())
        raise


def go_through(tmp_path: Path, seed: int, times: int) -> int:
    place, cache = f"file://{tmp_path}/store", tmp_path / "cache"
    process, wire = child(_or_tell, place, cache, seed, times)
    try:
        told = received(wire)
    finally:
        process.kill()
        process.join()
    assert told, "it died without a word"
    assert not isinstance(told[0], str), told[0]
    ((state, count),) = told
    agree(place, cache, [state])
    return int(count)


def test_some_moments(tmp_path: Path) -> None:
    assert go_through(tmp_path, 1, 25) > 4


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(4))
def test_many_moments(tmp_path: Path, seed: int) -> None:
    assert go_through(tmp_path, 100 + seed, 150) > 25
