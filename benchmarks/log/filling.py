"""Writes a log without a checkpoint, as a writer leaves it that was killed."""

from __future__ import annotations

from benchmarks.live.rows import Rows
from benchmarks.live.told import answer, arguments
from benchmarks.log.probe import ready
from benchmarks.log.store import collection, leave, opened


def main(url: str, options: dict[str, str], work: str, documents: int, batch: int) -> None:
    written, rows = collection(opened(url, options, work)), Rows(0)
    ready()
    for start in range(0, documents, batch):
        written.upsert(**rows.of(range(start, start + batch)))
    answer(rows=written.count())
    leave()


if __name__ == "__main__":
    main(**arguments())
