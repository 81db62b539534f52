"""Opens a log that no checkpoint covers, and brings the same rows into bare Chromas."""

from __future__ import annotations

from typing import Any

from benchmarks.live.rows import COLLECTION, Rows
from benchmarks.live.told import answer, arguments
from benchmarks.log.meter import Span, span
from benchmarks.log.probe import ready
from benchmarks.log.store import bare, collection, leave, opened

_LEAST = 0.001
"""Seconds of a replay, where a small one took no longer than opening an empty store."""


def main(url: str, empty: str, options: dict[str, str], work: str, documents: int, batch: int, most: int) -> None:
    """``empty``: where an empty store is made; what opening it takes is no replay. ``most``: rows of large calls."""
    collection(bare(f"{work}/warm"))
    opened(empty, options, f"{work}/made").close()
    ready()
    opening = span(lambda: opened(empty, options, f"{work}/empty"))
    clients: list[Any] = []
    whole = span(lambda: clients.append(opened(url, options, f"{work}/cache")))
    replayed = Span(*(max(each, _LEAST) for each in whole.less(opening)))
    (client,) = clients
    assert client.get_collection(COLLECTION, embedding_function=None).count() == documents
    same, large = (_bare(f"{work}/{each}", documents, batch, each) for each in (batch, most))
    answer(
        seconds=whole.seconds,
        empty=opening.seconds,
        rate=documents / replayed.seconds,
        same=documents / same.seconds,
        large=documents / large.seconds,
        over_same=same.seconds / replayed.seconds,
        over_large=large.seconds / replayed.seconds,
        work_over_large=large.work / replayed.work,
    )
    leave()


def _bare(directory: str, documents: int, batch: int, at_once: int) -> Span:
    """What it took for rows as ``filling`` made them, in calls of ``at_once``; only the calls are timed."""
    written, rows, took = collection(bare(directory)), Rows(0), Span()
    parts = (rows.of(range(start, start + batch)) for start in range(0, documents, batch))
    waiting: list[dict[str, Any]] = []
    for number, part in enumerate(parts, 1):
        waiting.append(part)
        if len(waiting) * batch >= at_once or number * batch >= documents:
            row = {name: [value for each in waiting for value in each[name]] for name in part}
            took = took.more(span(lambda row=row: written.upsert(**row)))  # type: ignore[misc]
            waiting = []
    assert written.count() == documents
    return took


if __name__ == "__main__":
    main(**arguments())
