"""Threads that write as fast as they can, each with a record of what it did, and a judge that shares no code with
Chroma."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection

__all__ = ["DIMENSIONS", "Writer", "check", "writing"]

DIMENSIONS = 24
_QUERIES = 20
"""Searches for vectors in a collection, all over it. Chroma itself, reopened with nobody about, misses one of two
thousand that were updated: its index is approximate."""
Row = tuple[str, int, tuple[float, ...]]
"""Document, number of the call that wrote it, vector."""


@dataclass
class Writer:
    """One thread with a collection of its own: batches of adds, upserts, updates and deletes. Each call has a number,
    and every row tells the call that wrote it last, so that a state tells how far it got."""

    client: ClientAPI
    name: str
    seed: int
    batch: int
    keeps: int
    """Rows at most, so that a small collection stays small."""
    threshold: int = 1000
    """Writes after which Chroma writes the index, and again after as many."""
    most: int | None = None
    """Calls at most: what counts for Chroma's threshold is what was ever written, not what is there."""
    begun: int = 0
    done: int = 0
    """Numbers of the last call that was begun, and of the last that Chroma acknowledged."""
    calls: list[tuple[str, dict[str, Row | None]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)
        self._rows: dict[str, Row] = {}
        self._collection: Collection = self.client.create_collection(
            self.name, metadata={"hnsw:sync_threshold": self.threshold, "hnsw:batch_size": self.threshold // 2}
        )

    def step(self) -> None:
        """One call of Chroma."""
        if self.done == self.most:
            time.sleep(0.05)
            return
        number = self.done + 1
        verb = self._chance.choice(["add", "upsert", "update", "delete"]) if self._rows else "add"
        if len(self._rows) > self.keeps:
            verb = "delete"
        old = self._chance.sample(sorted(self._rows), min(self.batch, len(self._rows)))
        fresh = [f"{self.name}-{number}-{each}" for each in range(self.batch)]
        ids = {"add": fresh, "upsert": [*fresh[: self.batch // 2], *old[: self.batch // 2]]}.get(verb, old)
        changed: dict[str, Row | None] = {each: self._row(each, number) for each in ids}
        if verb == "delete":
            changed = dict.fromkeys(ids)
        self.calls.append((verb, changed))
        self.begun = number
        self._call(verb, changed)
        self.done = number
        for each, row in changed.items():
            if row is None:
                del self._rows[each]
            else:
                self._rows[each] = row

    def _row(self, each: str, number: int) -> Row:
        vector = np.asarray([self._chance.random() for _ in range(DIMENSIONS)], dtype=np.float32)
        return f"document {each} of call {number}", number, tuple(vector.tolist())

    def _call(self, verb: str, changed: dict[str, Row | None]) -> None:
        if verb == "delete":
            self._collection.delete(ids=list(changed))
            return
        rows: list[Any] = list(changed.values())
        getattr(self._collection, verb)(
            ids=list(changed),
            documents=[row[0] for row in rows],
            metadatas=[{"call": row[1]} for row in rows],
            embeddings=[list(row[2]) for row in rows],
        )

    def reached(self, rows: dict[str, Row], least: int, most: int) -> int | None:
        """After how many calls, so many at least and at most, the collection had just these rows."""
        now: dict[str, Row] = {}
        for number, (_, changed) in enumerate([("", {}), *self.calls[:most]]):
            for each, row in changed.items():
                if row is None:
                    now.pop(each, None)
                else:
                    now[each] = row
            if number >= least and now == rows:
                return number
        return None


@contextmanager
def writing(writers: list[Writer], also: list[Any]) -> Iterator[list[BaseException]]:
    """All of them at once, on a thread each, and ``also`` what else is to be called again and again, until the ``with``
    block ends. Gives what went wrong."""
    stop = threading.Event()
    errors: list[BaseException] = []

    def run(step: Any) -> None:
        try:
            while not stop.is_set():
                step()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=[step]) for step in (*(writer.step for writer in writers), *also)]
    for thread in threads:
        thread.start()
    try:
        yield errors
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def check(client: ClientAPI, writer: Writer, least: int, most: int, folder: Path) -> int:
    """Whether a restored store has of ``writer`` all of its first calls, so many at least and at most, and of no other
    call a trace: row by row, and as searches tell. Gives how many calls that is."""
    collection: Any = client.get_collection(writer.name)
    found = collection.get(include=["documents", "metadatas", "embeddings"])
    rows = {
        each: (document, metadata["call"], tuple(np.asarray(vector, dtype=np.float32).tolist()))
        for each, document, metadata, vector in zip(
            found["ids"], found["documents"], found["metadatas"], found["embeddings"], strict=True
        )
    }
    reached = writer.reached(rows, least, most)
    assert reached is not None, f"{folder}: {writer.name} never had these {len(rows)} rows from call {least} to {most}"
    assert collection.count() == len(rows)
    asked = sorted(rows)[:: max(len(rows) // _QUERIES, 1)]
    if asked:
        nearest = collection.query(query_embeddings=[list(rows[each][2]) for each in asked], n_results=1)["ids"]
        missed = [each for each, found_ids in zip(asked, nearest, strict=True) if found_ids != [each]]
        assert len(missed) <= max(len(asked) // 10, 1), f"{folder}: {writer.name} finds {missed} no more"
    for document, call, _ in [rows[each] for each in asked[::5]]:
        same = {each for each, row in rows.items() if row[1] == call}
        assert set(collection.get(where={"call": call})["ids"]) == same
        same = {each for each, row in rows.items() if document in row[0]}
        assert set(collection.get(where_document={"$contains": document})["ids"]) == same
    return reached
