"""Some threads of one process that write without a rest; several such processes make several writers of one store."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from benchmarks.live.rows import Rows
from benchmarks.live.told import answer, arguments
from benchmarks.log.probe import ready
from benchmarks.log.store import collection, leave, opened


def main(url: str, options: dict[str, str], work: str, number: int, threads: int, batch: int, seconds: float) -> None:
    """``number``: of this process. No two threads, of whatever process, write the same ids."""
    client = opened(url, options, work)
    documents = collection(client)
    rows = [_prepared(number * threads + each, batch) for each in range(threads)]
    before = client.status().position
    ready()
    began = time.monotonic()
    with ThreadPoolExecutor(threads) as pool:
        latencies = list(pool.map(lambda row: _write(documents, row, batch, began + seconds), rows))
    ended = time.monotonic()
    took = [each for some in latencies for each in some]
    answer(began=began, ended=ended, latencies=took, before=before, after=client.status().position)
    leave()


def _prepared(writer: int, batch: int) -> dict[str, Any]:
    """Made before the clock starts: texts and vectors are the same in each write, ids are not."""
    row = Rows(writer).of(range(batch))
    return {**row, "ids": f"writer-{writer}"}


def _write(documents: Any, row: dict[str, Any], batch: int, end: float) -> list[float]:
    took: list[float] = []
    while not took or time.monotonic() < end:
        ids = [f"{row['ids']}-{len(took)}-{each}" for each in range(batch)]
        began = time.perf_counter()
        documents.add(**{**row, "ids": ids})
        took.append(time.perf_counter() - began)
    return took


if __name__ == "__main__":
    main(**arguments())
