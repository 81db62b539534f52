"""Threads: of those that create one key exactly one wins, and those that work on keys of their own do not notice."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from thoth_storage.backend import Backend
from thoth_storage.errors import AlreadyExistsError
from thoth_storage.testing.samples import pattern
from thoth_storage.testing.suite_base import SuiteBase, eager_threads, keys_of, read

__all__ = ["Races"]

_WORKERS = 8


class Races(SuiteBase):
    """A backend that does not claim ``atomic_create`` is not raced: it said what it cannot do, and callers are told."""

    def test_one_of_many_threads_creates(self, backend: Backend, second: Backend) -> None:
        self._race(backend, second, self.rounds, lambda racer: f"racer {racer}".encode())

    def test_one_of_many_threads_creates_with_identical_bytes(self, backend: Backend, second: Backend) -> None:
        self._race(backend, second, self.rounds // 2, lambda _: b"the same bytes from all of them")

    def test_one_of_many_threads_creates_an_empty_object(self, backend: Backend, second: Backend) -> None:
        self._race(backend, second, self.rounds // 2, lambda _: b"")

    def test_one_of_many_threads_creates_a_large_object(self, backend: Backend, second: Backend) -> None:
        self._race(backend, second, 2, lambda racer: pattern(f"racer {racer}", 2**20 + racer))

    def test_a_race_between_create_and_put(self, backend: Backend, second: Backend) -> None:
        """Put always succeeds, so at the end its object is there, unless create came behind it and was refused."""
        racers = ((backend, "create"), (second, "put"))
        allowed = {b"put"} if backend.capabilities.atomic_create else {b"put", b"create"}
        with eager_threads(), ThreadPoolExecutor(2) as pool:
            for number in range(self.rounds):
                together = threading.Barrier(2)
                # The one that comes last to the barrier is the first to leave it.
                for run in [
                    pool.submit(_write, opening, verb, f"mixed/{number}", verb.encode(), together, self.patience)
                    for opening, verb in (racers if number % 2 else reversed(racers))
                ]:
                    run.result()
                assert read(backend, f"mixed/{number}") in allowed

    def test_threads_work_side_by_side(self, second: Backend) -> None:
        """All at once on an opening that nobody used before: what is made on first use is made then."""
        together = threading.Barrier(_WORKERS)

        def work(worker: int) -> None:
            mine = [f"worker-{worker}/{number}" for number in range(6)]
            together.wait(self.patience)
            for number, key in enumerate(mine):
                data = pattern(key, 1000 * number)
                (second.put if number % 2 else second.create)(key, data)
                assert second.get(key) == data
                assert second.head(key).size == len(data)
                assert second.get(key, 5, 50) == data[5:50]
            assert keys_of(second, f"worker-{worker}/") == mine
            second.delete(*mine[:3])
            assert keys_of(second, f"worker-{worker}/") == mine[3:]

        with eager_threads(), ThreadPoolExecutor(_WORKERS) as pool:
            for _ in pool.map(work, range(_WORKERS)):
                pass
        assert len(keys_of(second)) == 3 * _WORKERS

    def _race(self, backend: Backend, second: Backend, rounds: int, content: Callable[[int], bytes]) -> None:
        if not backend.capabilities.atomic_create:
            return
        openings = (backend, second)
        contents = [content(racer) for racer in range(self.racers)]
        with eager_threads(), ThreadPoolExecutor(self.racers) as pool:
            for number in range(rounds):
                together = threading.Barrier(self.racers)
                racers = [
                    pool.submit(_write, openings[racer % 2], "create", f"race/{number}", data, together, self.patience)
                    for racer, data in enumerate(contents)
                ]
                winners = [racer for racer, run in enumerate(racers) if run.result()]
                assert len(winners) == 1, f"{len(winners)} of {self.racers} threads created one object"
                assert read(backend, f"race/{number}") == contents[winners[0]], "the object is not the winner's"


def _write(backend: Backend, verb: str, key: str, data: bytes, together: threading.Barrier, patience: float) -> bool:
    """Put or create at the same moment as the others; whether it was not refused."""
    together.wait(patience)
    try:
        (backend.create if verb == "create" else backend.put)(key, data)
    except AlreadyExistsError:
        return False
    return True
