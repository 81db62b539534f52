"""What a checkpoint of a store that is in use takes: how long writers wait, how long it lasts, what it uploads.

First with nobody else about, then beside two threads that write and one that searches.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import thoth_storage as ts
from benchmarks.live.load import Load
from benchmarks.live.rows import COLLECTION, Rows
from benchmarks.live.told import answer, arguments, forget_peak, peak, resident

_LONGEST = 60.0
"""Seconds after which the load of a checkpoint ends. Writers hold Python's lock for most of the time, and a checkpoint
of a large store would go on for many minutes beside them."""


class Checkpoints:
    """Of one open store, whose objects are at ``url``."""

    def __init__(self, client: Any, url: str, options: dict[str, str], documents: int) -> None:
        self._client = client
        # One for all looks: each has connections of its own, and their memory would be counted as a checkpoint's.
        self._backend = ts.open_backend(url, **options)
        self._documents = documents
        self._rows = Rows(documents)
        self._turn = 0
        self.collection = client.get_collection(COLLECTION, embedding_function=None)

    def update(self, every: int) -> None:
        """One document of so many, spread over all, and other ones than the last time."""
        self._turn += 1
        numbers = range(self._turn % every, self._documents, every)
        for start in range(0, len(numbers), 1000):
            self.collection.update(**self._rows.of(numbers[start : start + 1000]))

    def take(self) -> dict[str, float]:
        """Seconds, bytes, objects."""
        before = self._objects()
        forget_peak()
        had = resident()
        began = time.monotonic()
        snapshot = self._client.checkpoint()
        ended = time.monotonic()
        most = peak()
        new = [size for key, size in self._objects().items() if key not in before]
        return {
            "began": began,
            "ended": ended,
            "seconds": ended - began,
            "pause": self._client.status().pause,
            "size": snapshot.size,
            "uploaded": sum(new),
            "objects": len(new),
            "had": had,
            "peak": most,
        }

    def _objects(self) -> dict[str, int]:
        return {found.key: found.size for found in self._backend.list()}

    def close(self) -> None:
        self._backend.close()


def main(
    url: str,
    options: dict[str, str],
    cache: str,
    documents: int,
    changes: dict[str, int],
    repeat: int,
    loaded: int,
    still: float,
) -> None:
    """``changes``: one document of how many is updated before a checkpoint, by name. ``loaded``: checkpoints under
    load; ``still``: seconds of load before each, without one."""
    with ts.PersistentClient(url, storage_options=options, cache_dir=cache, durability="checkpoint") as client:
        checkpoints = Checkpoints(client, url, options, documents)
        checkpoints.collection.query(query_embeddings=Rows(0).vectors(1), n_results=10)
        checkpoints.update(next(iter(changes.values())))
        found = {"first": [checkpoints.take()]}
        for name, every in changes.items():
            found[name] = []
            for _ in range(repeat):
                checkpoints.update(every)
                found[name].append(checkpoints.take())
        found["loaded"] = _loaded(checkpoints, documents, loaded, still) if loaded else []
        checkpoints.close()
        staged = (Path(client.status().local_path).parent / "staging").exists()
    answer(checkpoints=found, staged=staged)


def _loaded(checkpoints: Checkpoints, documents: int, times: int, still: float) -> list[dict[str, float]]:
    """Each with the longest call of a writer and the longest gap between two answers of a reader, while it was taken
    and in as much time without it (no more than ``still``)."""
    found = []
    for _ in range(times):
        with Load(checkpoints.collection, documents) as load:
            time.sleep(still)
            with load.ending_after(_LONGEST):
                one = checkpoints.take()
            one["outlasted"] = load.stopped
        load.check()
        began, ended = one["began"], one["ended"]
        before = began - min(still, ended - began), began
        one["writer"], one["writer before"] = load.longest_write(began, ended), load.longest_write(*before)
        one["reader"], one["reader before"] = load.longest_gap(began, ended), load.longest_gap(*before)
        found.append(one)
    return found


if __name__ == "__main__":
    main(**arguments())
