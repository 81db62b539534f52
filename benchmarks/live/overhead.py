"""What the live store costs over a bare client: the same calls, on copies of one directory, in one process, in turn.

Each call is made on three clients: the live store, a bare ``chromadb.PersistentClient``, and a second bare one. How the
two bare ones differ is what this machine's noise is; without it a difference of two percent says nothing. The order
goes through all permutations. Queries are short, so they come in bursts: else each would find another client's index in
the processor's cache, and a slow query hides what is added to it. A figure is that of one process: the median of its
calls (or bursts), and the median of the quotients of those that were made right after each other.
"""

from __future__ import annotations

import gc
import itertools
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

import chromadb
from chromadb.config import Settings

import thoth_storage as ts
from benchmarks.live.rows import COLLECTION, Rows
from benchmarks.live.told import answer, arguments

_SIDES = ("bare", "live", "again")
_WHERE = {"source": "file-7.md"}
_BURST = 10
"""Queries of one client before it is the next one's turn."""
_UPSERTED = 1000
"""Rows of existing ids at most: Chroma takes nearly a minute for 5,000 of them, and they tell what new ones tell."""
_FLUSHED = 500
"""Rows from which on the disk is waited for before each call: what one call left is not paid for by the next."""

_Call = Callable[[Any], object]
_Turn = list[_Call]


def main(url: str, base: str, work: str, documents: int, seed: int, queries: int, writes: dict[str, int]) -> None:
    """``url`` holds ``base``, whose number of documents is ``documents``. ``queries``: bursts of one vector's;
    ``writes``: repetitions by rows."""
    folder = Path(work)
    for side in ("bare", "again"):
        shutil.copytree(base, folder / side)
    settings = [Settings(anonymized_telemetry=False) for _ in range(2)]
    live = ts.PersistentClient(url, cache_dir=folder / "cache", durability="checkpoint")
    clients: list[Any] = [
        chromadb.PersistentClient(str(folder / "bare"), settings[0]),
        live,
        chromadb.PersistentClient(str(folder / "again"), settings[1]),
    ]
    sides = [client.get_collection(COLLECTION, embedding_function=None) for client in clients]
    rows = Rows(seed)
    found = {}
    for name, turns in _queries(rows, queries):
        found[name] = _compared(sides, turns, flush=False)
    for name, count, turns in _writes(rows, documents, {int(size): times for size, times in writes.items()}):
        found[name] = _compared(sides, turns, flush=count >= _FLUSHED)
    counts = {collection.count() for collection in sides}
    assert len(counts) == 1, counts
    answer(cases=found)
    # Closing would store what was written, which takes longer than it took to measure; the folder is thrown away.
    sys.stdout.flush()
    os._exit(0)


def _queries(rows: Rows, times: int) -> Iterator[tuple[str, Iterator[_Turn]]]:
    for vectors, repeat in ((1, times), (10, max(times // 2, 2))):
        for where in (None, _WHERE):
            name = f"query, {vectors} vector{'s' * (vectors > 1)}{', where' * bool(where)}"
            yield name, ([_query(rows.vectors(vectors), where) for _ in range(_BURST)] for _ in range(repeat))


def _query(vectors: Any, where: dict[str, str] | None) -> _Call:
    return lambda collection: collection.query(query_embeddings=vectors, n_results=10, where=where)


def _writes(rows: Rows, documents: int, sizes: dict[int, int]) -> Iterator[tuple[str, int, Iterator[_Turn]]]:
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


def _write(verb: str, row: dict[str, Any]) -> _Call:
    return lambda collection: getattr(collection, verb)(**row)


def _compared(sides: list[Any], turns: Iterator[_Turn], *, flush: bool) -> dict[str, float]:
    """Seconds of a call by side, and the quotients to the bare client: of the seconds that passed, and of those that
    processors worked, which others on the machine change less."""
    seconds: dict[str, list[float]] = {side: [] for side in _SIDES}
    worked: dict[str, list[float]] = {side: [] for side in _SIDES}
    orders = itertools.cycle(itertools.permutations(range(len(sides))))
    gc.collect()
    gc.disable()
    for number, turn in enumerate(turns):
        for side in next(orders):
            if flush:
                os.sync()
            began, had = time.perf_counter(), time.process_time()
            for call in turn:
                call(sides[side])
            worked[_SIDES[side]].append(time.process_time() - had)
            seconds[_SIDES[side]].append((time.perf_counter() - began) / len(turn))
        if number == 0 and not flush:
            # The first calls of a kind load code, and index files.
            for kept in (*seconds.values(), *worked.values()):
                kept.clear()
    gc.enable()
    quotients = {}
    for kind, found in (("", seconds), ("work ", worked)):
        for what, other_side in (("ratio", "live"), ("noise", "again")):
            pairs = zip(found["bare"], found[other_side], strict=True)
            quotients[kind + what] = median(other / one for one, other in pairs)
    return {side: median(found) for side, found in seconds.items()} | quotients


if __name__ == "__main__":
    main(**arguments())
