"""No reader ever sees a part of an object, however large it is and however often it is replaced."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from thoth_storage.backend import Backend
from thoth_storage.errors import NotFoundError
from thoth_storage.testing.samples import pattern
from thoth_storage.testing.suite_base import SuiteBase, read

__all__ = ["Atomicity"]

_SMALL = pattern("small", 70_001)
_BIG = pattern("big", 1_500_007)
_READS = 10


class Atomicity(SuiteBase):
    def test_readers_see_the_old_object_or_the_new(self, backend: Backend, second: Backend) -> None:
        backend.put("folder/object", _SMALL)

        def whole() -> None:
            data = second.get("folder/object")
            assert data in (_SMALL, _BIG), f"{len(data)} bytes that were never put"

        def part() -> None:
            start, end = len(_SMALL) - 11, len(_SMALL) + 20
            data = backend.get("folder/object", start, end)
            assert data in (_SMALL[start:end], _BIG[start:end]), "a range of an object that was never put"

        def size() -> None:
            assert second.head("folder/object").size in (len(_SMALL), len(_BIG))
            listed = [(info.key, info.size) for info in backend.list()]
            assert listed in ([("folder/object", len(_SMALL))], [("folder/object", len(_BIG))])

        with self._watched(whole, part, size):
            for number in range(self.overwrites):
                backend.put("folder/object", _SMALL if number % 2 else _BIG)

    def test_a_new_object_appears_whole(self, backend: Backend, second: Backend) -> None:
        keys = [f"folder/{number}" for number in range(self.overwrites)]

        def watch() -> None:
            for key in keys[-2::-1]:
                try:
                    size = second.head(key).size
                except NotFoundError:
                    continue
                assert size == len(_BIG)
                assert second.get(key) == _BIG
                break
            assert all(info.size == len(_BIG) and info.key in keys for info in backend.list("folder/"))

        with self._watched(watch, watch):
            for key in keys:
                (backend.create if key[-1] in "02468" else backend.put)(key, _BIG)

    def test_a_replaced_object_is_never_missing(self, backend: Backend, second: Backend) -> None:
        backend.put("object", b"0")

        def watch() -> None:
            assert read(second, "object") is not None, "the object was gone for a moment"
            assert [info.key for info in second.list("object")] == ["object"]

        with self._watched(watch, watch):
            for number in range(self.overwrites * 2):
                backend.put("object", b"x" * (number % 5))

    @contextmanager
    def _watched(self, *watchers: Callable[[], None]) -> Iterator[None]:
        """Run each watcher over and over in a thread of its own while the body writes; what it asserts must hold."""
        done = threading.Event()
        deadline = time.monotonic() + self.patience
        started = threading.Barrier(len(watchers) + 1)

        def run(watch: Callable[[], None]) -> int:
            started.wait(self.patience)
            count = 0
            while not done.is_set() or (count < _READS and time.monotonic() < deadline):
                watch()
                count += 1
            return count

        with ThreadPoolExecutor(len(watchers)) as pool:
            runs = [pool.submit(run, watch) for watch in watchers]
            started.wait(self.patience)
            try:
                yield
            finally:
                done.set()
            assert all(run.result() for run in runs)
