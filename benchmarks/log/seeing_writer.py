"""Writes a document now and then, and tells when each was acknowledged."""

from __future__ import annotations

import time

from benchmarks.live.rows import Rows
from benchmarks.live.told import answer, arguments
from benchmarks.log.probe import ready
from benchmarks.log.store import collection, leave, opened


def main(url: str, options: dict[str, str], work: str, writes: int, pause: float) -> None:
    documents, rows = collection(opened(url, options, work)), Rows(0)
    ready()
    acknowledged: list[float] = []
    for number in range(writes):
        time.sleep(pause)
        documents.add(**rows.of([number]))
        acknowledged.append(time.monotonic())
    answer(acknowledged=acknowledged)
    leave()


if __name__ == "__main__":
    main(**arguments())
