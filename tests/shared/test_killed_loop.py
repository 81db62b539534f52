"""Writers that are killed again and again, each going on with what the last one left: all that was acknowledged is
there, and nothing else but at most the call of each thread that was under way."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from tests.shared.killing import State, Step, after, agree, child, do, hears, read
from thoth_storage import CheckpointPolicy, PersistentClient

THREADS = 3
COMMON = "common"
"""A collection in which all threads write, each its own rows."""


def part(state: State, thread: int) -> State:
    """What only one thread writes: its collections, and its rows in the common one."""
    mine = {name: rows for name, rows in state.items() if name.startswith(f"own{thread}")}
    rows = state.get(COMMON, {})
    return {**mine, COMMON: {each: row for each, row in rows.items() if each.startswith(f"{thread}-")}}


def next_step(chance: random.Random, mine: State, thread: int, tag: str) -> Step:
    """A call that Chroma does not refuse, and that leaves few rows."""
    own = next((name for name in mine if name != COMMON), None)
    if own is None:
        return Step("create", f"own{thread}{tag}")
    kind = chance.random()
    if kind < 0.03:
        return Step("drop", own)
    if kind < 0.06:
        return Step("rename", own, f"own{thread}{tag}")
    name = chance.choice((own, COMMON))
    if len(mine[name]) > 60:
        return Step("delete", name, ids=tuple(mine[name])[: max(len(mine[name]) - 20, 20)])
    if kind < 0.09:
        return Step("add", name, tag, tuple(f"{thread}-{tag}-{number}" for number in range(700)))
    verb = chance.choice(("add", "upsert", "update", "delete"))
    return Step(verb, name, tag, tuple(f"{thread}-{each}" for each in chance.sample(range(40), chance.randint(1, 10))))


def write_on(wire: Connection, place: str, cache: Path, generation: int) -> None:
    """Tell what is there, then write on all threads until somebody kills this."""
    client = PersistentClient(place, cache_dir=cache, policy=CheckpointPolicy(rows=400))
    client.get_or_create_collection(COMMON, embedding_function=None)
    state = read(client)
    wire.send(state)
    lock = threading.Lock()

    def say(*words: Any) -> None:
        with lock:
            wire.send(words)

    def run(thread: int) -> None:
        chance, mine, number = random.Random(f"{generation} {thread}"), part(state, thread), 0
        while True:
            number += 1
            step = next_step(chance, mine, thread, f"g{generation}n{number}")
            say(thread, step)
            do(client, step)
            say(thread, None)
            mine = after(mine, step)

    threads = [threading.Thread(target=_or_tell, args=(say, run, each)) for each in range(THREADS)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()


def _or_tell(say: Callable[..., None], run: Callable[[int], None], thread: int) -> None:
    try:
        run(thread)
    except BaseException as error:
        say(thread, repr(error))
        raise


class Ledger:
    """What each thread was told is written, and what it had begun when it was killed."""

    def __init__(self) -> None:
        self.sure: list[State] = [{COMMON: {}} for _ in range(THREADS)]
        self.begun: list[Step | None] = [None] * THREADS
        self.acknowledged = 0

    def hear(self, thread: int, step: Step | str | None) -> None:
        assert not isinstance(step, str), f"thread {thread}: {step}"
        begun = self.begun[thread]
        if step is None:
            assert begun
            self.sure[thread] = after(self.sure[thread], begun)
            self.acknowledged += 1
        self.begun[thread] = None if step is None else Step(*step)

    def settle(self, state: State) -> None:
        """What was found by the next one: each call that was under way is there whole, or not at all."""
        for thread in range(THREADS):
            begun, found = self.begun[thread], part(state, thread)
            possible = [self.sure[thread], *([after(self.sure[thread], begun)] if begun else [])]
            assert found in possible, f"thread {thread}, {begun and begun._replace(ids=begun.ids[:3])}"
            self.sure[thread], self.begun[thread] = found, None
        assert set(state) == {name for mine in self.sure for name in mine}


def kill_again_and_again(place: str, cache: Path, times: int, chance: random.Random) -> int:
    """How many calls were acknowledged."""
    ledger = Ledger()
    for generation in range(times):
        process, wire = child(write_on, place, cache, generation)
        try:
            state = hears(wire)
            assert state is not None, "it died by itself"
            ledger.settle(state)
            end = time.monotonic() + chance.uniform(0.02, 0.5)
            while (left := end - time.monotonic()) > 0 and wire.poll(left):
                ledger.hear(*wire.recv())
        finally:
            process.kill()
        while (told := hears(wire)) is not None:
            ledger.hear(*told)
        process.join(60)
        wire.close()
    with PersistentClient(place, cache_dir=cache, mode="r") as reader:
        state = read(reader)
    ledger.settle(state)
    agree(place, cache, [state])
    return ledger.acknowledged


def test_some_times(tmp_path: Path) -> None:
    assert kill_again_and_again(f"file://{tmp_path}/store", tmp_path / "cache", 7, random.Random(1)) > 7


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(4))
def test_two_hundred(seed: int, tmp_path: Path) -> None:
    assert kill_again_and_again(f"file://{tmp_path}/store", tmp_path / "cache", 50, random.Random(f"many {seed}")) > 50
