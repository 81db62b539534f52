"""Opens a log that no checkpoint covers, and brings the same rows into bare Chromas."""

from __future__ import annotations

import time
from typing import Any

from benchmarks.live.rows import COLLECTION, Rows
from benchmarks.live.told import answer, arguments
from benchmarks.log.probe import ready
from benchmarks.log.store import bare, collection, leave, opened

_LEAST = 0.001
"""Seconds of a replay, where a small one took no longer than opening an empty store."""


def main(url: str, empty: str, options: dict[str, str], work: str, documents: int, batch: int, most: int) -> None:
    """``empty``: where an empty store is made; what opening it takes is no replay. ``most``: rows of large calls."""
    collection(bare(f"{work}/warm"))
    opened(empty, options, f"{work}/made").close()
    ready()
    began = time.perf_counter()
    opened(empty, options, f"{work}/empty")
    opening = time.perf_counter() - began
    began = time.perf_counter()
    client = opened(url, options, f"{work}/cache")
    opened_after = time.perf_counter() - began
    seconds = max(opened_after - opening, _LEAST)
    assert client.get_collection(COLLECTION, embedding_function=None).count() == documents
    same, large = (_bare(f"{work}/{each}", documents, batch, each) for each in (batch, most))
    answer(
        seconds=opened_after,
        empty=opening,
        rate=documents / seconds,
        same=documents / same,
        large=documents / large,
        over_same=same / seconds,
        over_large=large / seconds,
    )
    leave()


def _bare(directory: str, documents: int, batch: int, at_once: int) -> float:
    """Seconds for rows as ``filling`` made them, in calls of ``at_once``; only the calls are timed."""
    written, rows, seconds = collection(bare(directory)), Rows(0), 0.0
    parts = (rows.of(range(start, start + batch)) for start in range(0, documents, batch))
    waiting: list[dict[str, Any]] = []
    for number, part in enumerate(parts, 1):
        waiting.append(part)
        if len(waiting) * batch >= at_once or number * batch >= documents:
            row = {name: [value for each in waiting for value in each[name]] for name in part}
            began = time.perf_counter()
            written.upsert(**row)
            seconds += time.perf_counter() - began
            waiting = []
    assert written.count() == documents
    return seconds


if __name__ == "__main__":
    main(**arguments())
