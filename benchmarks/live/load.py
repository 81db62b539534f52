"""Two threads that write and one that searches, and what each of their calls took."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

from benchmarks.live.rows import Rows

__all__ = ["Load"]

_WRITERS = 2
_BATCH = 10


class Load:
    """Goes on for as long as the ``with`` block lasts. Times are those of the monotonic clock."""

    def __init__(self, collection: Any, documents: int) -> None:
        self._collection = collection
        self._documents = documents
        self._stopped = threading.Event()
        self._failures: list[BaseException] = []
        self._writes: list[tuple[float, float]] = []
        self._answers: list[float] = []
        works = [lambda seed=seed: self._write(seed) for seed in range(_WRITERS)]
        self._threads = [threading.Thread(target=self._run, args=(work,)) for work in (*works, self._read)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join()

    @contextmanager
    def ending_after(self, seconds: float) -> Iterator[None]:
        """The load ends if the ``with`` block lasts longer than that."""
        timer = threading.Timer(seconds, self._stopped.set)
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    @property
    def stopped(self) -> bool:
        return self._stopped.is_set()

    def check(self) -> None:
        """Raises what a thread ended with."""
        for failure in self._failures:
            raise failure

    def longest_write(self, began: float, ended: float) -> float:
        """Seconds of the longest write that was under way within that time."""
        return max((end - begin for begin, end in self._writes if end >= began and begin <= ended), default=0.0)

    def longest_gap(self, began: float, ended: float) -> float:
        """Seconds between two answers of the reader, the longest of those that were under way within that time."""
        pairs = zip(self._answers, self._answers[1:], strict=False)
        return max((end - begin for begin, end in pairs if end >= began and begin <= ended), default=0.0)

    def _run(self, work: Callable[[], None]) -> None:
        try:
            while not self._stopped.is_set():
                work()
        except BaseException as failure:
            self._failures.append(failure)

    def _write(self, seed: int) -> None:
        chance, rows = random.Random(seed), Rows(seed)
        while not self._stopped.is_set():
            numbers = sorted(chance.sample(range(self._documents), _BATCH))
            arguments = rows.of(numbers)
            began = time.monotonic()
            self._collection.upsert(**arguments)
            self._writes.append((began, time.monotonic()))

    def _read(self) -> None:
        vectors = Rows(_WRITERS).vectors(100)
        while not self._stopped.is_set():
            for vector in vectors:
                self._collection.query(query_embeddings=[vector], n_results=10)
                self._answers.append(time.monotonic())
                if self._stopped.is_set():
                    return
