"""Processes that write one store at once and keep a record of every call: when it began and ended, what came of it.

python -m tests.shared.writers PLAN: says "ready", works when it is told "go", gives its records, gives the rows that it
sees when it is told "rows", and closes and ends when it is told "end".
"""

from __future__ import annotations

import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from tests.shared.model import DIMENSIONS, Row, Write

__all__ = ["COLLECTION", "Call", "Plan", "Worker", "rows_of", "working"]

COLLECTION = "shared"
_GROUPS = 5


class Plan(msgspec.Struct, frozen=True):
    """What one process does. ``faults``: each so manieth request of a verb fails, by the kind of fault."""

    url: str
    options: dict[str, Any]
    cache: str
    number: int
    calls: int
    threads: int = 1
    names: int = 30
    faults: dict[str, int] = {}
    checkpoints: bool = False


class Call(msgspec.Struct, frozen=True):
    """``write`` or a read of ``ids``, answered ``rows``. ``outcome``: done, unknown, or refused. Times of the machine's
    monotonic clock. ``deleted`` as Chroma tells it."""

    process: int
    called: float
    returned: float
    outcome: str
    write: Write | None = None
    ids: tuple[str, ...] = ()
    rows: dict[str, Row] = {}
    deleted: int | None = None


def rows_of(found: Any) -> dict[str, Row]:
    """What ``get`` told, as rows."""
    columns = zip(found["ids"], found["embeddings"], found["documents"], found["metadatas"], strict=True)
    return {
        name: Row(tuple(np.asarray(vector).tolist()), document, tuple(sorted((metadata or {}).items())))
        for name, vector, document, metadata in columns
    }


class Worker:
    """A process with a plan, seen from the test."""

    def __init__(self, plan: Plan) -> None:
        command = [sys.executable, "-m", "tests.shared.writers", msgspec.json.encode(plan).decode()]
        pipe = subprocess.PIPE
        root = Path(__file__).parents[2]
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, cwd=root)

    def tell(self, word: str) -> None:
        assert self.process.stdin
        print(word, file=self.process.stdin, flush=True)

    def answer(self, kind: Any) -> Any:
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError(self.process.communicate()[1])
        return msgspec.json.decode(line, type=kind)


@contextmanager
def working(plans: Sequence[Plan]) -> Iterator[tuple[list[Worker], list[Call]]]:
    """All of them at once; gives them when they have done their calls, still open, and the calls."""
    workers = [Worker(plan) for plan in plans]
    try:
        for each in workers:
            assert each.answer(str) == "ready"
        for each in workers:
            each.tell("go")
        yield workers, [call for each in workers for call in each.answer(list[Call])]
        for each in workers:
            each.tell("end")
        for each in workers:
            assert each.process.wait(60) == 0, each.process.communicate()[1]
    finally:
        for each in workers:
            each.process.kill()
            each.process.communicate()


class _Writer:
    """One thread of such a process."""

    def __init__(self, plan: Plan, collection: Any, thread: int) -> None:
        self._plan = plan
        self._collection = collection
        self._thread = thread
        self._chance = random.Random(100 * plan.number + thread)
        self.calls: list[Call] = []

    def begin(self) -> None:
        """A collection takes its dimension from the first row, so that must not be one that is to be refused."""
        tag = f"{self._plan.number}.{self._thread}.first"
        self._write(Write("upsert", (f"first {tag}",), ((1.0,) * DIMENSIONS,), metadatas=({"by": tag},)))

    def run(self) -> None:
        for number in range(self._plan.calls):
            self._write(self._next(f"{self._plan.number}.{self._thread}.{number}"))
            self._read()
            # A write has just caught up with the others. So that a reader who does not look can be told from one who
            # does, they have to have time to write.
            time.sleep(self._chance.uniform(0.02, 0.1))
            self._read()

    def _next(self, tag: str) -> Write:
        """Every write tells in what it asks for which one it is."""
        kind = self._chance.choices(["add", "upsert", "update", "delete"], [3, 4, 3, 2])[0]
        ids = tuple(f"id {each}" for each in self._chance.sample(range(self._plan.names), self._chance.randint(1, 20)))
        if kind == "delete":
            if self._chance.random() < 0.3:
                return Write(kind, (f"never {tag}",), group=f"group {self._chance.randrange(_GROUPS)}")
            return Write(kind, (*ids[:5], f"never {tag}"))
        texts = tuple(f"{each} by {tag}" for each in ids)
        told = tuple(self._metadata(tag, kind) for _ in ids)
        size = DIMENSIONS + (self._chance.random() < 0.1)  # Chroma refuses one more than there are
        vectors = tuple(tuple(self._chance.randrange(800) / 8 for _ in range(size)) for _ in ids)
        shape = self._chance.choice(["all", "no documents", "no vectors"]) if kind != "add" else "all"
        if kind == "update" and shape == "no vectors":
            return Write(kind, ids, metadatas=told)
        return Write(kind, ids, vectors, None if shape == "no documents" else texts, told)

    def _metadata(self, tag: str, kind: str) -> dict[str, Any]:
        values = [1, 2.5, True, "text", *([None] * 3 if kind == "update" else ())]
        word, value = self._chance.choice("xyz"), self._chance.choice(values)
        return {"by": tag, "group": f"group {self._chance.randrange(_GROUPS)}", word: value}

    def _write(self, write: Write) -> None:
        from chromadb.errors import InvalidArgumentError

        from thoth_storage.errors import UnavailableError

        asked: dict[str, Any] = {"ids": list(write.ids)}
        if write.group is not None:
            # The tag is in the filter too: it has to tell which call this was.
            never = {"by": {"$eq": write.ids[0]}}
            asked = {"where": {"$or": [{"group": {"$eq": write.group}}, never]}}
        for column, given in (
            ("embeddings", None if write.vectors is None else [list(each) for each in write.vectors]),
            ("documents", write.documents),
            ("metadatas", write.metadatas),
        ):
            if given is not None:
                asked[column] = list(given)
        outcome, result = "done", None
        called = time.monotonic()
        try:
            result = getattr(self._collection, write.kind)(**asked)
        except UnavailableError:
            outcome = "unknown"
        except InvalidArgumentError:
            outcome = "refused"
        returned = time.monotonic()
        deleted = result["deleted"] if isinstance(result, dict) else None
        self.calls.append(Call(self._plan.number, called, returned, outcome, write, deleted=deleted))

    def _read(self) -> None:
        from thoth_storage.errors import UnavailableError

        ids = [f"id {each}" for each in self._chance.sample(range(self._plan.names), 6)]
        called = time.monotonic()
        try:
            found = self._collection.get(ids=ids, include=["embeddings", "documents", "metadatas"])
        except UnavailableError:
            return
        returned = time.monotonic()
        self.calls.append(Call(self._plan.number, called, returned, "done", None, tuple(ids), rows_of(found)))


def _checkpoint(client: Any) -> None:
    """Again where a request failed, as any program would."""
    from thoth_storage.errors import UnavailableError

    for _ in range(20):
        with suppress(UnavailableError):
            client.checkpoint()
            return
    raise AssertionError("no checkpoint in twenty attempts")


def _say(what: Any) -> None:
    sys.stdout.write(msgspec.json.encode(what).decode() + "\n")
    sys.stdout.flush()


def _hear(word: str) -> None:
    heard = sys.stdin.readline().strip()
    assert heard == word, f"{heard!r} instead of {word!r}"


def _main(plan: Plan) -> None:
    from thoth_storage import PersistentClient
    from thoth_storage.testing import Fault, FaultyBackend

    if "://bucket" in plan.url:
        import pytest

        from tests.servers.clients import hurry

        hurry(pytest.MonkeyPatch())
    client = PersistentClient(plan.url, storage_options=plan.options, cache_dir=plan.cache, cache_limit=0, refresh=0)
    collection: Any = client.get_or_create_collection(COLLECTION, embedding_function=None)
    writers = [_Writer(plan, collection, number) for number in range(plan.threads)]
    for each in writers:
        each.begin()
    _say("ready")
    _hear("go")
    shared = client.live.shared
    assert shared
    whole = shared.log.backend
    kinds = (each.split() for each in plan.faults)
    faults = [Fault(kind, verb, key="log/", every=plan.faults[f"{kind} {verb}"], count=None) for kind, verb in kinds]
    shared.log.backend = FaultyBackend(whole, *faults)
    threads = [threading.Thread(target=each.run) for each in writers]
    for thread in threads:
        thread.start()
    if plan.checkpoints:
        _checkpoint(client)
    for thread in threads:
        thread.join()
    shared.log.backend = whole
    calls = [call for each in writers for call in each.calls]
    assert len([each for each in calls if each.write]) == (plan.calls + 1) * plan.threads, "a thread failed"
    _say(calls)
    for line in sys.stdin:
        if line.strip() == "end":
            break
        _say(rows_of(collection.get(include=["embeddings", "documents", "metadatas"])))
    client.close()


if __name__ == "__main__":
    _main(msgspec.json.decode(sys.argv[1], type=Plan))
