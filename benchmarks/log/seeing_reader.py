"""Counts again and again, and tells when each further document was seen first."""

from __future__ import annotations

import time
from statistics import median

from benchmarks.live.told import answer, arguments
from benchmarks.log.probe import ready
from benchmarks.log.store import collection, leave, opened

_REST = 0.005


def main(url: str, options: dict[str, str], work: str, refresh: float, writes: int) -> None:
    """``refresh``: as ``PersistentClient`` takes it."""
    documents = collection(opened(url, options, work, refresh=refresh))
    documents.count()
    ready()
    seen: list[float] = []
    took: list[float] = []
    while len(seen) < writes:
        began = time.monotonic()
        count = documents.count()
        ended = time.monotonic()
        took.append(ended - began)
        seen += [ended] * (count - len(seen))
        time.sleep(_REST)
    answer(seen=seen, read=median(took))
    leave()


if __name__ == "__main__":
    main(**arguments())
