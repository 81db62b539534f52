"""What the live store costs over a bare client: the same calls, in one process, in turn.

Writes are made on copies of one directory: by the live store, by a bare ``chromadb.PersistentClient``, and by a second
bare one. How the two bare ones differ is the noise; without it a difference of two percent says nothing.

Queries differ by more than two percent between two bare clients of one process, by where the memory of each came to
lie. So they are also asked of one and the same store, as the live client does and past its hooks, which leaves Chroma's
own client on that directory; twice past them, for the noise of that.
"""

from __future__ import annotations

import itertools
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

import chromadb
from chromadb.api.models.Collection import Collection
from chromadb.config import Settings

import thoth_storage as ts
from benchmarks.live.compared import Call, Turn, quotients_of_neighbours, quotients_of_steady_means, timed
from benchmarks.live.rows import COLLECTION, Rows
from benchmarks.live.told import answer, arguments
from thoth_storage.store.plain_server import unhooked

_WHERE = {"source": "file-7.md"}
_BURSTS = {(1, False): 10, (1, True): 4, (10, False): 4, (10, True): 1}
"""Queries of one side before it is the next one's turn, by vectors and filter: about 60 ms."""
_UPSERTED = 1000
"""Rows of existing ids at most: Chroma takes nearly a minute for 5,000 of them, and they tell what new ones tell."""
_FLUSHED = 500
"""Rows from which on the disk is waited for before each call."""
_QUOTIENTS = {"ratio": ("live", "bare"), "noise": ("again", "bare")}
_OF_ONE_STORE = {"hooks": ("live", "past"), "hooks noise": ("past again", "past")}

_Quotient = Callable[[Any, str, str], float]


def main(url: str, base: str, work: str, documents: int, seed: int, queries: int, writes: dict[str, int]) -> None:
    """``url`` holds ``base``, whose number of documents is ``documents``. ``queries``: bursts of each kind; ``writes``:
    repetitions by rows."""
    folder = Path(work)
    for side in ("bare", "again"):
        shutil.copytree(base, folder / side)
    clients: dict[str, Any] = {
        "bare": chromadb.PersistentClient(str(folder / "bare"), Settings(anonymized_telemetry=False)),
        "live": ts.PersistentClient(url, cache_dir=folder / "cache", durability="checkpoint"),
        "again": chromadb.PersistentClient(str(folder / "again"), Settings(anonymized_telemetry=False)),
    }
    sides = {side: client.get_collection(COLLECTION, embedding_function=None) for side, client in clients.items()}
    rows = Rows(seed)
    found = {}
    past = {name: _past_hooks(sides["live"]) for name in ("past", "past again")}
    for name, turns in _queries(rows, queries):
        samples = timed({**sides, **past}, turns, first=seed, warm=True)
        found[name] = _figures(*samples, quotients_of_steady_means, {**_QUOTIENTS, **_OF_ONE_STORE})
    for name, count, turns in _writes(rows, documents, {int(size): times for size, times in writes.items()}):
        samples = timed(sides, turns, first=seed, flush=count >= _FLUSHED)
        found[name] = _figures(*samples, quotients_of_neighbours, _QUOTIENTS)
    counts = {collection.count() for collection in sides.values()}
    assert len(counts) == 1, counts
    answer(cases=found)
    # Closing would store what was written, which takes longer than it took to measure; the folder is thrown away.
    sys.stdout.flush()
    os._exit(0)


def _past_hooks(collection: Any) -> Collection:
    """The same collection of the same store, by chromadb's own methods alone."""
    server, model = collection._client, collection._model  # noqa: SLF001 - nothing else leads past the hooks
    return Collection(client=unhooked(server), model=model, embedding_function=None)


def _queries(rows: Rows, times: int) -> Iterator[tuple[str, Iterator[Turn]]]:
    for (vectors, filtered), burst in _BURSTS.items():
        name = f"query, {vectors} vector{'s' * (vectors > 1)}{', where' * filtered}"
        where = _WHERE if filtered else None
        yield name, ([_query(rows.vectors(vectors), where) for _ in range(burst)] for _ in range(times))


def _query(vectors: Any, where: dict[str, str] | None) -> Call:
    return lambda collection: collection.query(query_embeddings=vectors, n_results=10, where=where)


def _writes(rows: Rows, documents: int, sizes: dict[int, int]) -> Iterator[tuple[str, int, Iterator[Turn]]]:
    """New ids to ``add``, ids of the base to ``upsert``."""
    after = itertools.count(documents)
    for verb in ("add", "upsert"):
        within = itertools.cycle(range(documents))
        source = after if verb == "add" else within
        for size, times in sizes.items():
            if verb == "upsert" and size > _UPSERTED:
                continue
            turns = ([_write(verb, rows.of(list(itertools.islice(source, size))))] for _ in range(times))
            yield f"{verb}, {size} row{'s' * (size > 1)}", size, turns


def _write(verb: str, row: dict[str, Any]) -> Call:
    return lambda collection: getattr(collection, verb)(**row)


def _figures(seconds: Any, worked: Any, quotient: _Quotient, wanted: dict[str, tuple[str, str]]) -> dict[str, float]:
    """The median of each side's seconds, and the quotients, those of processors with ``work`` before their names."""
    quotients = {
        before + name: quotient(samples, side, base)
        for before, samples in (("", seconds), ("work ", worked))
        for name, (side, base) in wanted.items()
    }
    return {side: median(samples) for side, samples in seconds.items()} | quotients


if __name__ == "__main__":
    main(**arguments())
