"""No reader ever sees a part of an object, however large it is and however often it is replaced."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from thoth_storage.backend import Backend
from thoth_storage.errors import NotFoundError
from thoth_storage.testing.samples import pattern
from thoth_storage.testing.suite_base import SuiteBase, eager_threads, read

__all__ = ["Atomicity"]

_SMALL = pattern("small", 70_001)
_BIG = pattern("big", 1_500_007)
_LOOKS = 30
_SECONDS = 10.0


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

        self._watch(lambda number: backend.put("folder/object", _SMALL if number % 2 else _BIG), whole, part, size)

    def test_a_new_object_appears_whole(self, backend: Backend, second: Backend) -> None:
        newest = 0

        def write(number: int) -> None:
            nonlocal newest
            newest = number
            (backend.put if number % 2 else backend.create)(f"folder/{number}", _BIG)

        def watch() -> None:
            key = f"folder/{newest}"
            try:
                assert second.head(key).size == len(_BIG)
            except NotFoundError:
                return
            assert second.get(key) == _BIG
            assert all(info.size == len(_BIG) and info.key[7:].isdigit() for info in backend.list("folder/"))

        self._watch(write, watch, watch)

    def test_a_replaced_object_is_never_missing(self, backend: Backend, second: Backend) -> None:
        backend.put("object", b"0")

        def watch() -> None:
            assert read(second, "object") is not None, "the object was gone for a moment"
            assert [info.key for info in second.list("object")] == ["object"]

        self._watch(lambda number: backend.put("object", b"x" * (number % 5)), watch, watch)

    def _watch(self, write: Callable[[int], None], *watchers: Callable[[], None]) -> None:
        """Write over and over, while each watcher looks over and over in a thread of its own, and asserts what it sees.

        Goes on until there were enough writes, and enough looks of each watcher while they were under way.
        """
        done = threading.Event()
        looks = [0] * len(watchers)

        def run(number: int) -> None:
            while not done.is_set():
                watchers[number]()
                looks[number] += 1

        with eager_threads(), ThreadPoolExecutor(len(watchers)) as pool:
            runs = [pool.submit(run, number) for number in range(len(watchers))]
            try:
                number, deadline = 0, time.monotonic() + _SECONDS
                while number < self.overwrites or (min(looks) < _LOOKS and time.monotonic() < deadline):
                    write(number)
                    number += 1
                    if any(run.done() for run in runs):
                        break
            finally:
                done.set()
            for each in runs:
                each.result()
